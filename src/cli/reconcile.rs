//! `mita reconcile`: one run, and what it tells of itself.
//!
//! Under cron it is silent when nothing went wrong, so that no mail is sent; at a terminal it shows what it did.

use super::args::Reconcile;
use super::document::RunDocument;
use super::exit::Exit;
use super::failure::Failure;
use super::{output, plan_text};
use crate::apply::{ActionResult, Outcome};
use crate::config::Loaded;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::reconcile::{Decision, Moment, Permits, Report, dry_run_watched, reconcile_watched};
use crate::record::{Record, RecordError};
use std::fmt::Write;
use std::io::{IsTerminal, stderr};
use std::path::Path;

pub(super) fn run(wish: &Reconcile, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let permits = Permits { allow_removals: wish.allow_removals };
    for warning in &loaded.warnings {
        // The same each minute: it is not worth a mail each minute. `mita check` tells it to everybody.
        if wish.dry_run || stderr().is_terminal() {
            log::warn!("{warning}");
        } else {
            log::info!("{warning}");
        }
    }
    let mut recorder = Recorder { file: wish.record.as_deref(), record: None, failure: None };
    let watch = |decision: Decision<'_>| recorder.begin(decision);
    let report = if wish.dry_run {
        dry_run_watched(&loaded.config, permits, moment, &progress, watch)?
    } else {
        reconcile_watched(&loaded.config, permits, moment, &progress, watch)?
    };
    let recorded = recorder.end(&report);
    drop(progress);
    let shown = if wish.shape.output.is_json() {
        output::print_document(&RunDocument::of(&report))?;
        false
    } else if wish.dry_run || output::is_terminal() {
        output::print(&text(&report))?;
        output::is_terminal()
    } else {
        false
    };
    tell(&report, shown);
    if let Err(error) = recorded {
        log::error!("{error}");
        return Ok(exit(&report).and(Exit::Failed));
    }
    Ok(exit(&report))
}

/// Keeps a record of the run, where one is wished for. A record that cannot be written stops nothing.
struct Recorder<'a> {
    file: Option<&'a Path>,
    record: Option<Record>,
    failure: Option<RecordError>,
}

impl Recorder<'_> {
    /// Written before anything is done, so that there is a record of a run that does not come to its end.
    fn begin(&mut self, decision: Decision<'_>) {
        let Some(file) = self.file else { return };
        let record = Record::of(decision);
        match record.write(file) {
            Ok(()) => self.record = Some(record),
            Err(error) => self.failure = Some(error),
        }
    }

    /// Written once more, with what became of the plan.
    fn end(self, report: &Report) -> Result<(), RecordError> {
        match self {
            Recorder { failure: Some(error), .. } => Err(error),
            Recorder { file: Some(file), record: Some(mut record), .. } if report.results.is_some() => {
                record.conclude(report);
                record.write(file)
            }
            Recorder { .. } => Ok(()),
        }
    }
}

/// The exit status that a report asks for.
pub(super) fn exit(report: &Report) -> Exit {
    let failed = report.results.iter().flatten().any(|result| result.outcome.is_failure());
    let mut exit = Exit::Done;
    if failed || !report.plan.problems.is_empty() {
        exit = exit.and(Exit::Failed);
    }
    if !report.plan.held_back.is_empty() {
        exit = exit.and(Exit::HeldBack);
    }
    exit
}

/// Everything that belongs on standard error. What a person has just read on the terminal is not said twice.
fn tell(report: &Report, shown: bool) {
    let plan = &report.plan;
    for warning in &plan.warnings {
        log::warn!("{warning}");
    }
    for problem in &plan.problems {
        if shown {
            break;
        }
        log::error!("{}: {}", problem.place, problem.error);
    }
    for result in report.results.iter().flatten() {
        let Some(action) = plan.actions.get(result.action) else { continue };
        let line = format!("{}: {}", plan_text::action(action), outcome(result));
        if result.outcome.is_failure() && !shown {
            log::error!("{line}");
        } else {
            log::info!("{line}");
        }
    }
    if let Some(words) = held_back(plan) {
        log::error!("{words}");
    }
    log::info!("{} requests sent", report.requests);
}

fn held_back(plan: &Plan) -> Option<String> {
    let number = plan.held_back.len();
    (number > 0).then(|| {
        format!(
            "held back {number} removals, too many at once to be believed: look at these nodes and servers, and if \
             they are to go, run mita reconcile --allow-removals {number}"
        )
    })
}

/// The plan, each action with its outcome.
fn text(report: &Report) -> String {
    let plan = &report.plan;
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    };
    for (index, action) in plan.actions.iter().enumerate() {
        let result = report.results.iter().flatten().find(|result| result.action == index);
        let outcome = result.map_or_else(String::new, |result| format!("  [{}]", outcome(result)));
        line(format!("{}{outcome}", plan_text::action(action)));
    }
    for action in &plan.held_back {
        line(format!("held back: {}", plan_text::action(action)));
    }
    for problem in &plan.problems {
        line(format!("! {}: {}", problem.place, problem.error));
    }
    if plan.actions.is_empty() && plan.held_back.is_empty() {
        line("nothing to do".to_owned());
    }
    text
}

fn outcome(result: &ActionResult) -> String {
    let word = match result.outcome {
        Outcome::Done => "done",
        Outcome::AlreadyDone => "already done",
        Outcome::Skipped => "skipped",
        Outcome::Refused => "refused",
        Outcome::Unknown => "outcome unknown",
        Outcome::Failed => "failed",
    };
    match (&result.error, &result.server_id) {
        (Some(error), _) => format!("{word}: {error}"),
        (None, Some(server)) => format!("{word}, server {server}"),
        (None, None) => word.to_owned(),
    }
}
