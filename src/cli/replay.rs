//! `mita replay`: plans a recorded run again, and tells where the plan differs. Knows the record and nothing else: no
//! configuration, no service, no clock.

use crate::cli::args::Replay;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::DOCUMENT_VERSION;
use crate::record::{Difference, Record};
use crate::view::document::to_the_second;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

pub(crate) fn run(wish: &Replay) -> Result<Exit, Failure> {
    let record = Record::read(&wish.file)?;
    let replay = ReplayDocument::of(&record);
    if wish.shape.output.is_json() {
        output::print_document(&replay)?;
    } else {
        output::print(&replay.render(&record))?;
    }
    if let Some(file) = &wish.record {
        record.planned_again().write(file)?;
    }
    Ok(if replay.same { Exit::Done } else { Exit::Failed })
}

/// What came of a replay.
#[derive(Debug, Serialize)]
pub(crate) struct ReplayDocument {
    version: u32,
    now: String,
    /// The version of the program that planned.
    planned_by: String,
    /// The version of the program that planned again.
    replayed_by: &'static str,
    redacted: bool,
    same: bool,
    differences: Vec<Difference>,
}

impl ReplayDocument {
    pub(crate) fn of(record: &Record) -> Self {
        let differences = record.replay();
        ReplayDocument {
            version: DOCUMENT_VERSION,
            now: to_the_second(record.now()),
            planned_by: record.planned_by().to_owned(),
            replayed_by: env!("CARGO_PKG_VERSION"),
            redacted: record.is_redacted(),
            same: differences.is_empty(),
            differences,
        }
    }

    pub(crate) fn render(&self, record: &Record) -> String {
        let Self { version: _, now, planned_by, replayed_by, redacted, same, differences } = self;
        let mut text: String = differences.iter().map(render).collect();
        let (actions, verdicts) = record.size();
        let what = format!("{} and {}", counted(actions, "action"), counted(verdicts, "verdict"));
        let who = format!("planned by mita {planned_by} for {now}, replayed by mita {replayed_by}");
        // Writing to a String cannot fail.
        let _ = if *same {
            writeln!(text, "the plan is the same: {what}; {who}")
        } else {
            writeln!(text, "the plan differs in {} from {what}; {who}", counted(differences.len(), "thing"))
        };
        if *redacted && !*same {
            text.push_str(
                "secrets were taken out of this record: where one was a name or a label, that alone can differ\n",
            );
        }
        text
    }
}

/// `-` was planned and is no more, `+` is new, `~` is another.
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

/// The rule and its reason, or whatever else there is to say.
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

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
