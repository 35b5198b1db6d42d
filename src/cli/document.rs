//! The JSON of `reconcile`, for programs: keys and their order are a promise.

use super::output::DOCUMENT_VERSION;
use crate::apply::ActionResult;
use crate::naming::Owner;
use crate::plan::{Action, Plan, Problem, Verdict};
use crate::reconcile::Report;
use crate::secret::redact;
use jiff::Timestamp;
use serde::Serialize;

/// What a run, or a dry run, says of itself.
#[derive(Debug, Serialize)]
pub(super) struct RunDocument<'a> {
    version: u32,
    owner: &'a Owner,
    now: String,
    dry_run: bool,
    actions: Vec<Action>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_back: Vec<Action>,
    verdicts: Vec<Verdict>,
    problems: Vec<Problem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ActionResult>>,
}

impl<'a> RunDocument<'a> {
    /// The document of a report; its free text is redacted.
    pub(super) fn of(report: &'a Report) -> Self {
        let Report { plan, results, world: _, requests: _ } = report;
        let Plan { owner, now, actions, verdicts, problems, warnings: _, held_back, memory: _ } = plan;
        RunDocument {
            version: DOCUMENT_VERSION,
            owner,
            now: to_the_second(*now),
            dry_run: results.is_none(),
            actions: actions.iter().map(clean_action).collect(),
            held_back: held_back.iter().map(clean_action).collect(),
            verdicts: verdicts.iter().map(clean_verdict).collect(),
            problems: problems.iter().map(clean_problem).collect(),
            results: results.as_ref().map(|results| results.iter().map(clean_result).collect()),
        }
    }
}

/// A time as all documents write it: whole seconds, UTC.
pub(super) fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text without secrets.
pub(super) fn clean(text: &str) -> String {
    redact(text).into_owned()
}

fn clean_action(action: &Action) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::CreateServer { reason, .. }
        | Action::RetireNode { reason, .. }
        | Action::DeleteServer { reason, .. }
        | Action::RestoreNode { reason, .. }
        | Action::DeleteVolume { reason, .. }
        | Action::DeleteNode { reason, .. } => *reason = clean(reason),
    }
    action
}

/// The verdict with a clean reason.
pub(super) fn clean_verdict(verdict: &Verdict) -> Verdict {
    Verdict { reason: clean(&verdict.reason), ..verdict.clone() }
}

/// The problem with a clean text.
pub(super) fn clean_problem(problem: &Problem) -> Problem {
    Problem { error: clean(&problem.error), ..problem.clone() }
}

fn clean_result(result: &ActionResult) -> ActionResult {
    ActionResult { error: result.error.as_deref().map(clean), ..result.clone() }
}
