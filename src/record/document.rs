//! The document: a run, ready to be planned again.

use crate::config::Planning;
use crate::domain::names::{MitaId, NodeName};
use crate::domain::state::State;
use crate::domain::world::World;
use crate::plan::model::{Action, Change, Plan};
use crate::reconcile::{Decision, Permits, Report};
use crate::record::clean;
use crate::secret::redact_document;
use crate::store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the records that this program writes.
pub const VERSION: u32 = 1;

/// A run, ready to be planned again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(super) version: u32,
    /// The version of the program that planned.
    pub(super) mita: String,
    pub(super) now: Timestamp,
    pub(super) permits: Permits,
    /// Whether secrets were taken out. Where one was a label or a name, the plan can differ for that reason alone.
    pub(super) redacted: bool,
    /// Whether the run before had another configuration: what it learned is then forgotten.
    pub(super) configuration_changed: bool,
    pub(super) configuration: Planning,
    pub(super) state: State,
    pub(super) world: World,
    pub(super) plan: RecordedPlan,
    /// What followed the plan. Absent for a dry run, and for a run that did not finish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<Execution>,
}

/// A plan as JSON, so that one of another version can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordedPlan {
    pub(super) actions: Vec<Value>,
    pub(super) held_back: Vec<Value>,
    pub(super) verdicts: Vec<Value>,
    pub(super) problems: Vec<Value>,
    pub(super) warnings: Vec<Value>,
}

/// What followed a plan: for people; it is not planned again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Execution {
    /// Orders that replaced refused ones. Results count on from the plan's actions to these.
    more_actions: Vec<Value>,
    more_problems: Vec<Value>,
    more_warnings: Vec<Value>,
    results: Vec<Value>,
}

impl Record {
    /// The decision of a run, and what it depends on. Secrets are taken out.
    pub fn of(decision: Decision<'_>) -> Self {
        let Decision { config, permits, state, world, plan } = decision;
        let used = State { fingerprint: String::new(), ..state.clone() };
        let (clean_state, clean_world, clean_plan) =
            (store::without_secrets(&used), clean::world(world), clean::plan(plan));
        let mut record = Record {
            version: VERSION,
            mita: env!("CARGO_PKG_VERSION").to_owned(),
            now: plan.now,
            permits,
            redacted: clean_world != *world || *clean_state != used || clean_plan != *plan,
            configuration_changed: state.fingerprint != config.fingerprint,
            configuration: Planning::of(config),
            plan: RecordedPlan::of(&clean_plan),
            state: clean_state.into_owned(),
            world: clean_world,
            run: None,
        };
        // Long secrets within names are looked for in the document as a whole.
        record.redacted |= record.text().is_ok_and(|text| redact_document(&text) != text);
        record
    }

    /// Adds what followed the plan.
    pub fn conclude(&mut self, report: &Report) {
        let Some(results) = &report.results else { return };
        let all = RecordedPlan::of(&clean::plan(&report.plan));
        let since = |all: Vec<Value>, planned: &[Value]| all.into_iter().skip(planned.len()).collect();
        self.run = Some(Execution {
            more_actions: since(all.actions, &self.plan.actions),
            more_problems: since(all.problems, &self.plan.problems),
            more_warnings: since(all.warnings, &self.plan.warnings),
            results: results.iter().map(|result| value(&clean::result(result))).collect(),
        });
    }

    pub(super) fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// The version of the program that planned.
    pub fn planned_by(&self) -> &str {
        &self.mita
    }

    /// The time that the plan was made for.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether secrets were taken out, so that a plan can differ for that reason alone.
    pub fn is_redacted(&self) -> bool {
        self.redacted
    }

    /// The number of actions, with those held back, and of verdicts.
    pub fn size(&self) -> (usize, usize) {
        (self.plan.actions.len() + self.plan.held_back.len(), self.plan.verdicts.len())
    }
}

impl RecordedPlan {
    pub(super) fn of(plan: &Plan) -> Self {
        let Plan { actions, verdicts, problems, warnings, held_back, .. } = plan;
        RecordedPlan {
            actions: actions.iter().map(recorded).collect(),
            held_back: held_back.iter().map(recorded).collect(),
            verdicts: verdicts.iter().map(value).collect(),
            problems: problems.iter().map(value).collect(),
            warnings: warnings.iter().map(value).collect(),
        }
    }
}

/// An action with what its document leaves out.
fn recorded(action: &Action) -> Value {
    #[derive(Serialize)]
    struct RecordedAction<'a> {
        #[serde(flatten)]
        action: &'a Action,
        #[serde(skip_serializing_if = "Option::is_none")]
        order: Option<&'a MitaId>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        nodes: &'a [NodeName],
    }
    let nodes = match &action.change {
        Change::DrainNode(target) | Change::RetireNode(target) => target.nodes.as_slice(),
        _ => &[],
    };
    let order = action.change.target().map(|target| &target.order);
    value(&RecordedAction { action, order, nodes })
}

/// A part of the document as JSON. Its keys are all text, so this cannot fail.
fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}
