//! `mita reconcile`: one run, and what it tells of itself.
//!
//! Under cron it is silent when nothing went wrong, so that no mail is sent; at a terminal it shows what it did.

use crate::apply::{ActionResult, Outcome};
use crate::cli::args::Reconcile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::Reader;
use crate::cli::publish::Destinations;
use crate::cli::recorder::Recorder;
use crate::config::Loaded;
use crate::plan::model::Plan;
use crate::plan::text::display::Detail;
use crate::progress::Progress;
use crate::reconcile::{Decision, Moment, Permits, Report, dry_run_with, reconcile_with};
use crate::view::document::RunDocument;
use std::io::{IsTerminal, stderr};

pub(crate) fn run(
    wish: &Reconcile,
    detail: Detail,
    loaded: Result<Loaded, Failure>,
    moment: Moment,
    progress: Progress,
) -> Result<Exit, Failure> {
    let config = loaded.as_ref().ok().map(|loaded| loaded.config.clone());
    let destinations = Destinations::of(wish, config.as_ref());
    let ended = loaded.and_then(|loaded| run_once(wish, &destinations, detail, &loaded, moment, progress));
    if let Err(failure) = &ended
        && let Err(error) = destinations.give_failure(config.as_ref(), failure, moment)
    {
        log::error!("{error}");
    }
    ended
}

/// The error is one of a run that ended before it did anything.
fn run_once(
    wish: &Reconcile,
    destinations: &Destinations,
    detail: Detail,
    loaded: &Loaded,
    moment: Moment,
    progress: Progress,
) -> Result<Exit, Failure> {
    let permits = Permits { allow_removals: wish.allow_removals };
    for warning in &loaded.warnings {
        // The same each minute: it is not worth a mail each minute. `mita check` tells it to everybody.
        if wish.dry_run || stderr().is_terminal() {
            log::warn!("{warning}");
        } else {
            log::info!("{warning}");
        }
    }
    let mut recorder = Recorder::new(wish.record.as_deref());
    let watch = |decision: Decision<'_>| recorder.begin(decision);
    let report = if wish.dry_run {
        dry_run_with(&loaded.config, permits, moment, &progress, watch).map(|report| (report, None))
    } else {
        reconcile_with(&loaded.config, permits, moment, &progress, watch).map(|(report, store)| (report, Some(store)))
    };
    let recorded = recorder.end(report.as_ref().ok().map(|(report, _)| report));
    drop(progress);
    let mut not_written: Vec<Failure> = recorded.err().into_iter().map(Failure::from).collect();
    let (report, store) = report.inspect_err(|_| tell_unwritten(&not_written))?;
    let mut ended = exit(&report);
    if !not_written.is_empty() {
        ended = ended.and(Exit::Failed);
    }
    if let Some(store) = store {
        not_written.extend(destinations.give(&loaded.config, &report, ended, store).err());
    }
    tell_unwritten(&not_written);
    let (written, shown) = if wish.shape.output.is_json() {
        (output::print_document(&RunDocument::of(&report)), false)
    } else if wish.dry_run || output::is_terminal() {
        (output::print(&text(&report, detail)), output::is_terminal())
    } else {
        (Ok(Reader::There), false)
    };
    tell(&report, shown);
    if let Err(error) = written {
        // The run was made all the same, and how it ended is still to be told.
        let failure = [Failure::Output(error)];
        tell_unwritten(&failure);
        not_written.extend(failure);
    }
    Ok(if not_written.is_empty() { ended } else { ended.and(Exit::Failed) })
}

fn tell_unwritten(failures: &[Failure]) {
    for failure in failures {
        log::error!("{failure}");
    }
}

/// The exit status that a report asks for.
pub(crate) fn exit(report: &Report) -> Exit {
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
    if !shown {
        for verdict in &plan.verdicts {
            log::debug!("{}", verdict.to_string().trim_start());
        }
    }
    for result in report.results.iter().flatten() {
        let Some(action) = plan.actions.get(result.action) else { continue };
        let line = format!("{action}: {}", outcome(result));
        if result.outcome.is_failure() && !shown {
            log::error!("{line}");
        } else {
            log::info!("{line}");
        }
    }
    if let Some(words) = held_back(plan) {
        log::error!("{words}");
    }
    log::info!("{} requests sent", report.requests());
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
pub(crate) fn text(report: &Report, detail: Detail) -> String {
    let plan = &report.plan;
    let mut text = String::new();
    // The actions come first, a line each.
    for (index, line) in plan.display(detail).to_string().lines().enumerate() {
        text.push_str(line);
        if let Some(result) = report.results.iter().flatten().find(|result| result.action == index) {
            text.push_str(&format!("  [{}]", outcome(result)));
        }
        text.push('\n');
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
