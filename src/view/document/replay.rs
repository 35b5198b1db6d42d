//! What came of a replay: its JSON document and its text.

use crate::record::{Difference, Record};
use crate::view::document::{Time, VERSION};
use crate::view::text::plural;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether the plan of a recorded run is the same when it is planned again, and where it differs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita replay --output json")]
pub(crate) struct ReplayDocument {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// The time of the recorded run.
    now: Time,
    /// The version of mita that made the recorded plan.
    planned_by: String,
    /// The version of mita that planned again.
    replayed_by: &'static str,
    /// Whether secrets were removed from the record.
    redacted: bool,
    pub(crate) same: bool,
    differences: Vec<Difference>,
}

impl ReplayDocument {
    /// Plans the recorded run again.
    pub(crate) fn of(record: &Record) -> Self {
        let differences = record.replay();
        ReplayDocument {
            version: VERSION,
            now: Time(record.now()),
            planned_by: record.planned_by().to_owned(),
            replayed_by: env!("CARGO_PKG_VERSION"),
            redacted: record.is_redacted(),
            same: differences.is_empty(),
            differences,
        }
    }

    /// The differences as text, and a line that sums them up.
    pub(crate) fn render(&self, record: &Record) -> String {
        let Self { version: _, now, planned_by, replayed_by, redacted, same, differences } = self;
        let (actions, verdicts) = record.size();
        let what = format!("{} and {}", plural(actions, "action"), plural(verdicts, "verdict"));
        let who = format!("planned by mita {planned_by} for {now}, replayed by mita {replayed_by}");
        let mut text: String = differences.iter().map(render).collect();
        text.push_str(&if *same {
            format!("the plan is the same: {what}; {who}\n")
        } else {
            format!("the plan differs in {} from {what}; {who}\n", plural(differences.len(), "thing"))
        });
        if *redacted && !*same {
            text.push_str(
                "secrets were taken out of this record: where one was a name or a label, that alone can differ\n",
            );
        }
        text
    }
}

/// `-`: only in the recorded plan; `+`: only in the new plan; `~`: in both, and different.
fn render(difference: &Difference) -> String {
    let Difference { part, about, was, now } = difference;
    let part = part.name();
    let head = if about.is_empty() { part.to_owned() } else { format!("{part}: {about}") };
    match (was, now) {
        (Some(Value::Object(was)), Some(Value::Object(now))) => {
            let keys: BTreeSet<&String> =
                was.keys().chain(now.keys()).filter(|key| was.get(*key) != now.get(*key)).collect();
            let line = |key: &String| format!("    {key}: was {}, is {}\n", shown(was.get(key)), shown(now.get(key)));
            format!("~ {head}\n{}", keys.into_iter().map(line).collect::<String>())
        }
        (Some(was), Some(now)) => format!("~ {head}\n    was {}\n    is  {}\n", shown(Some(was)), shown(Some(now))),
        (Some(was), None) => format!("- {head}\n    was {}\n", gist(was)),
        (None, Some(now)) => format!("+ {head}\n    is {}\n", gist(now)),
        (None, None) => format!("~ {head}\n"),
    }
}

/// The rule and its reason, or else the whole value.
fn gist(value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    match (text("rule"), text("reason"), text("error")) {
        (Some(rule), Some(reason), _) => format!("{rule}: {reason}"),
        (_, _, Some(error)) => error.to_owned(),
        _ => shown(Some(value)),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
