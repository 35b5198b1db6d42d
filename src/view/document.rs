//! The JSON of `reconcile`, for programs: keys and their order are a promise.

use crate::apply::ActionResult;
use crate::cli::output::DOCUMENT_VERSION;
use crate::domain::names::Owner;
use crate::plan::model::{Action, Plan, Problem, Verdict};
use crate::reconcile::Report;
use crate::record::clean::{action as clean_action, result as clean_result};
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use crate::record::clean::{problem as clean_problem, text as clean, verdict as clean_verdict};

/// What a run, or a dry run, says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct RunDocument<'a> {
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
    pub(crate) fn of(report: &'a Report) -> Self {
        let Report { plan, results, .. } = report;
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
pub(crate) fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
