//! A run, or a dry run: its JSON document and its text.

use crate::apply::{ActionResult, Outcome};
use crate::domain::names::Owner;
use crate::plan::model::{Action, Change, Plan, Problem, Verdict};
use crate::plan::text::display::Detail;
use crate::reconcile::Report;
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a run, or a dry run, saw, decided and did.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita reconcile --output json")]
pub(crate) struct RunDocument<'a> {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    owner: &'a Owner,
    now: Time,
    dry_run: bool,
    actions: Vec<Action>,
    /// Removals that the brake holds back; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_back: Vec<Action>,
    verdicts: Vec<Verdict>,
    problems: Vec<Problem>,
    /// The results of the actions; absent in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ActionResult>>,
}

impl<'a> RunDocument<'a> {
    /// The document of a report; free text is redacted.
    pub(crate) fn of(report: &'a Report) -> Self {
        let Report { plan, results, .. } = report;
        let Plan { owner, now, actions, verdicts, problems, held_back, .. } = plan;
        RunDocument {
            version: VERSION,
            owner,
            now: Time(*now),
            dry_run: results.is_none(),
            actions: actions.iter().map(clean::action).collect(),
            held_back: held_back.iter().map(clean::action).collect(),
            verdicts: verdicts.iter().map(clean::verdict).collect(),
            problems: problems.iter().map(clean::problem).collect(),
            results: results.as_ref().map(|results| results.iter().map(clean::result).collect()),
        }
    }
}

/// The plan as text, each action with its result.
pub(crate) fn render(report: &Report, detail: Detail) -> String {
    let plan = &report.plan;
    let mut text = String::new();
    let is_done = |result: &&ActionResult| matches!(result.outcome, Outcome::Done | Outcome::AlreadyDone);
    let done =
        report.results.as_ref().map(|results| results.iter().filter(is_done).map(|result| result.action).collect());
    let shown = match &done {
        Some(done) => plan.display_done(detail, done),
        None => plan.display(detail),
    };
    let repeated = repeated(report);
    // The actions come first, a line each.
    for (index, line) in shown.of_world(&report.world).to_string().lines().enumerate() {
        text.push_str(line);
        if let Some(result) = report.results.iter().flatten().find(|result| result.action == index) {
            let words = if repeated.contains(&index) {
                format!("{}, as above", outcome_words(result.outcome))
            } else {
                result_words(result)
            };
            text.push_str(&format!("  [{words}]"));
        }
        text.push('\n');
    }
    text
}

/// The orders, by their indices, that failed for the reason of an earlier one: it is told once. Only the order and the
/// request differ.
pub(crate) fn repeated(report: &Report) -> BTreeSet<usize> {
    let mut told = BTreeSet::new();
    let failed = report.results.iter().flatten().filter(|result| result.outcome.is_failure());
    let again = failed.filter(|result| {
        let Some(Change::CreateServer(order)) = report.plan.actions.get(result.action).map(|action| &action.change)
        else {
            return false;
        };
        let error = result.error.as_deref().unwrap_or_default().replace(order.id.as_str(), "");
        let words: Vec<String> = error.split(' ').filter(|word| !word.starts_with("req-")).map(str::to_owned).collect();
        !told.insert((result.outcome.name(), words))
    });
    again.map(|result| result.action).collect()
}

/// The result of an action, in words.
pub(crate) fn result_words(result: &ActionResult) -> String {
    let outcome = outcome_words(result.outcome);
    match (&result.error, &result.server_id) {
        (Some(error), _) => format!("{outcome}: {error}"),
        (None, Some(server)) => format!("{outcome}, server {server}"),
        (None, None) => outcome.to_owned(),
    }
}

/// The outcome of an action, in words.
pub(crate) fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadyDone => "already done",
        Outcome::Skipped => "skipped",
        Outcome::Refused => "refused",
        Outcome::Unknown => "outcome unknown",
        Outcome::Failed => "failed",
    }
}
