//! Plans a recorded run again, and compares the plans. Things are compared by what they are about, not by their
//! position.

use crate::plan;
use crate::plan::decisions::brake;
use crate::record::document::{Record, RecordedPlan};
use crate::secret::REDACTED;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing that two plans do not agree on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// Which part of the plan.
    pub part: Part,
    /// What it is about: a server, a node, a queue item, a place; empty for a warning.
    pub about: String,
    /// The recorded one; none where there was none.
    pub was: Option<Value>,
    /// The new one; none where there is none any more.
    pub now: Option<Value>,
}

/// The parts of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Something to do.
    Action,
    /// Something to do that the brake held back.
    HeldBack,
    /// What mita thinks of one thing.
    Verdict,
    /// Something that went wrong.
    Problem,
    /// Something that a person should know.
    Warning,
    /// The actions are the same, in another order.
    ActionOrder,
}

impl Part {
    /// The part, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Action => "action",
            Part::HeldBack => "held back",
            Part::Verdict => "verdict",
            Part::Problem => "problem",
            Part::Warning => "warning",
            Part::ActionOrder => "order of actions",
        }
    }
}

impl Record {
    /// Plans again, and returns where that plan differs from the recorded one.
    pub fn replay(&self) -> Vec<Difference> {
        differences(&self.plan, &self.plan_again())
    }

    /// The record with the plan of this program in place of the recorded one, and without what followed that.
    #[must_use]
    pub fn planned_again(&self) -> Self {
        Record { mita: env!("CARGO_PKG_VERSION").to_owned(), plan: self.plan_again(), run: None, ..self.clone() }
    }

    fn plan_again(&self) -> RecordedPlan {
        let config = self.configuration.config();
        let mut state = self.state.clone();
        if !self.configuration_changed {
            state.fingerprint.clone_from(&config.fingerprint);
        }
        let mut plan = plan::plan(&config, &self.world, &state, self.now);
        brake::brake(&mut plan, self.permits.allow_removals);
        RecordedPlan::of(&plan)
    }
}

/// All differences, in the order of the plan's parts.
fn differences(was: &RecordedPlan, now: &RecordedPlan) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Part::Action, &was.actions, &now.actions, &mut found);
    if found.is_empty() {
        let order = |actions: &[Value]| actions.iter().map(about).collect::<Vec<_>>();
        let (was, now) = (order(&was.actions), order(&now.actions));
        if was.iter().zip(&now).any(|(was, now)| !same_text(was, now)) {
            let (about, list) = (String::new(), |names: Vec<String>| Some(Value::from(names)));
            found.push(Difference { part: Part::ActionOrder, about, was: list(was), now: list(now) });
        }
    }
    compare(Part::HeldBack, &was.held_back, &now.held_back, &mut found);
    compare(Part::Verdict, &was.verdicts, &now.verdicts, &mut found);
    compare(Part::Problem, &was.problems, &now.problems, &mut found);
    compare(Part::Warning, &was.warnings, &now.warnings, &mut found);
    found
}

/// Pairs what is about the same thing. Where several are, the ones that are the same are paired first.
fn compare(part: Part, was: &[Value], now: &[Value], found: &mut Vec<Difference>) {
    let mut left: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for value in now {
        left.entry(about(value)).or_default().push(value);
    }
    let mut unmatched = Vec::new();
    for value in was {
        let about = about(value);
        let partners = left.entry(about.clone()).or_default();
        match partners.iter().position(|now| same(value, now)) {
            Some(at) => drop(partners.remove(at)),
            None => unmatched.push((about, value)),
        }
    }
    for (about, was) in unmatched {
        let partners = left.entry(about.clone()).or_default();
        let now = (!partners.is_empty()).then(|| partners.remove(0).clone());
        found.push(Difference { part, about, was: Some(was.clone()), now });
    }
    for (about, values) in left {
        let new =
            values.into_iter().map(|now| Difference { part, about: about.clone(), was: None, now: Some(now.clone()) });
        found.extend(new);
    }
}

/// What an action, a verdict or a problem is about; warnings are only their text.
fn about(value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if let Some(action) = text("action") {
        let keys = match action {
            "create_server" => ["node_type", "id"],
            "retire_node" | "restore_node" | "delete_node" | "delete_server" => ["node", "server_id"],
            _ => ["volume_id", "server_id"],
        };
        let names: Vec<&str> = keys.into_iter().filter_map(text).collect();
        return format!("{action} {}", names.join(" "));
    }
    match (text("subject"), text("id"), text("name")) {
        (Some(subject), Some(id), Some(name)) if id != name => format!("{subject} {name} ({id})"),
        (Some(subject), Some(id), _) => format!("{subject} {id}"),
        _ => text("where").unwrap_or_default().to_owned(),
    }
}

/// Whether a value says what the recorded one does. Keys that the recorded one lacks are of a later version.
fn same(was: &Value, now: &Value) -> bool {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => {
            was.iter().all(|(key, was)| same(was, now.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(was), Value::Array(now)) => {
            was.len() == now.len() && was.iter().zip(now).all(|(was, now)| same(was, now))
        }
        (Value::String(was), Value::String(now)) => same_text(was, now),
        _ => was == now,
    }
}

/// Whether a text is the recorded one. A secret that was taken out of that one could have been any text.
fn same_text(was: &str, now: &str) -> bool {
    let Some((before, last)) = was.rsplit_once(REDACTED) else { return was == now };
    let mut pieces = before.split(REDACTED);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = now.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(actions: Value, verdicts: Value) -> RecordedPlan {
        let list = |value: Value| value.as_array().cloned().unwrap();
        RecordedPlan {
            actions: list(actions),
            held_back: Vec::new(),
            verdicts: list(verdicts),
            problems: Vec::new(),
            warnings: vec![json!("a warning")],
        }
    }

    fn retire(server: &str, reason: &str) -> Value {
        json!({"action": "retire_node", "node": "a+10.0.0.1", "server_id": server, "rule": "idle", "reason": reason})
    }

    fn parts(was: &RecordedPlan, now: &RecordedPlan) -> Vec<(Part, String, bool, bool)> {
        let part = |d: Difference| (d.part, d.about, d.was.is_some(), d.now.is_some());
        differences(was, now).into_iter().map(part).collect()
    }

    #[test]
    fn a_plan_does_not_differ_from_itself() {
        let one = plan(json!([retire("s1", "idle 40m"), retire("s1", "idle 40m")]), json!([]));
        assert_eq!(differences(&one, &one), []);
    }

    #[test]
    fn what_is_gone_what_is_new_and_what_is_another_is_told_apart() {
        let was = plan(json!([retire("s1", "idle 40m"), retire("s2", "idle 40m")]), json!([]));
        let verdict = json!({"subject": "node", "id": "b", "name": "b", "rule": "kept", "reason": "idle 1m"});
        let now = plan(json!([retire("s2", "idle 41m")]), json!([verdict]));
        let expected = [
            (Part::Action, "retire_node a+10.0.0.1 s1".to_owned(), true, false),
            (Part::Action, "retire_node a+10.0.0.1 s2".to_owned(), true, true),
            (Part::Verdict, "node b".to_owned(), false, true),
        ];
        assert_eq!(parts(&was, &now), expected);
    }

    #[test]
    fn actions_in_another_order_are_another_plan() {
        let was = plan(json!([retire("s1", ""), retire("s2", "")]), json!([]));
        let now = plan(json!([retire("s2", ""), retire("s1", "")]), json!([]));
        assert_eq!(parts(&was, &now), [(Part::ActionOrder, String::new(), true, true)]);
    }

    #[test]
    fn one_of_two_equal_actions_that_is_missing_is_told() {
        let was = plan(json!([retire("s1", ""), retire("s1", "")]), json!([]));
        let now = plan(json!([retire("s1", "")]), json!([]));
        assert_eq!(parts(&was, &now), [(Part::Action, "retire_node a+10.0.0.1 s1".to_owned(), true, false)]);
    }

    #[test]
    fn a_key_that_a_later_version_adds_is_no_difference_and_one_that_it_drops_is() {
        assert!(same(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
        assert!(!same(&json!({"a": 1, "b": 2}), &json!({"a": 1})));
    }

    #[test]
    fn a_secret_that_was_taken_out_could_have_been_anything() {
        assert!(same_text("node [secret]+10.0.0.1 and [secret]!", "node x+10.0.0.1 and y!"));
        assert!(same_text("[secret]", ""));
        assert!(!same_text("node [secret]+10.0.0.1", "node x+10.0.0.2"));
        assert!(!same_text("ab[secret]ba", "aba"));
        assert!(!same_text("a[secret]b[secret]c", "a-c"));
        assert!(!same_text("plain", "plainer"));
    }
}
