//! `mita reconcile`: one run.
//!
//! Under cron it prints nothing if nothing went wrong, so that no mail is sent; at a terminal it shows what it did.

mod publish;
mod recorder;
pub(super) mod targets;

use crate::cli::args::Reconcile;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::output::Reader;
use crate::config::Loaded;

use crate::plan::model::Change;
use crate::plan::text::display::Detail;
use crate::plan::text::held_back::held_back;
use crate::progress::Progress;
use crate::reconcile::{Decision, Moment, Permits, Report, dry_run_with, reconcile_with};
use crate::view::document::run::{RunDocument, render, repeated, result_words};
use crate::view::exit::Exit;
use crate::view::text::plural;
use log::Level;
use recorder::Recorder;
use std::io::{IsTerminal, stderr};
use targets::Targets;

pub(crate) fn run(
    args: &Reconcile,
    detail: Detail,
    loaded: Result<Loaded, Failure>,
    moment: Moment,
    progress: Progress,
) -> Result<Exit, Failure> {
    let config = loaded.as_ref().ok().map(|loaded| loaded.config.clone());
    let targets = Targets::of(args, &loaded)?;
    let ended = loaded.and_then(|loaded| run_once(args, &targets, detail, &loaded, moment, progress));
    if let Err(failure) = &ended {
        report_unwritten(&targets.publish_failure(config.as_ref(), failure, moment));
    }
    ended
}

/// The error is that of a run that ended before it did anything.
fn run_once(
    args: &Reconcile,
    targets: &Targets,
    detail: Detail,
    loaded: &Loaded,
    moment: Moment,
    progress: Progress,
) -> Result<Exit, Failure> {
    let permits = Permits { allow_removals: args.allow_removals };
    // Not worth a mail each minute: `mita check` shows it to everybody.
    let is_quiet = !args.dry_run && !stderr().is_terminal();
    for warning in &loaded.warnings {
        log::log!(if is_quiet { Level::Info } else { Level::Warn }, "{warning}");
    }
    let mut recorder = Recorder::new(targets.record.as_ref());
    let watch = |decision: Decision<'_>| recorder.begin(decision);
    let report = if args.dry_run {
        dry_run_with(&loaded.config, permits, moment, &progress, watch).map(|report| (report, None))
    } else {
        reconcile_with(&loaded.config, permits, moment, &progress, watch).map(|(report, store)| (report, Some(store)))
    };
    let recorded = recorder.end(report.as_ref().ok().map(|(report, _)| report));
    drop(progress);
    let mut not_written: Vec<Failure> = recorded.err().into_iter().collect();
    let (report, store) = report.inspect_err(|_| report_unwritten(&not_written))?;
    let mut ended = exit(&report);
    if !not_written.is_empty() {
        ended = ended.and(Exit::Failed);
    }
    if let Some(store) = store {
        not_written.extend(targets.publish(&loaded.config, &report, ended, store));
    }
    report_unwritten(&not_written);
    if is_quiet && report.plan.actions.iter().any(|action| matches!(action.change, Change::CreateServer(_))) {
        // What `mita check` calls an error is worth one where it costs a server.
        loaded.unworkable.iter().for_each(|warning| log::warn!("{warning}"));
    }
    let mut verdicts_printed = false;
    let (written, shown) = if args.format.output.is_json() {
        (output::print_document(&RunDocument::of(&report)), false)
    } else if !targets.print() && (args.dry_run || output::is_terminal()) {
        let text = render(&report, detail);
        verdicts_printed = detail == Detail::Full;
        (output::print(&text), output::is_beside_errors())
    } else {
        (Ok(Reader::There), false)
    };
    log_report(&report, shown, verdicts_printed);
    if let Err(error) = written {
        // The run was made, and its exit status still counts.
        let failure = [Failure::Output(error)];
        report_unwritten(&failure);
        not_written.extend(failure);
    }
    // The program ends: in a large farm it takes a while to take all of it apart.
    std::mem::forget(report);
    Ok(if not_written.is_empty() { ended } else { ended.and(Exit::Failed) })
}

fn report_unwritten(failures: &[Failure]) {
    for failure in failures {
        log::error!("{failure}");
    }
}

/// The exit status of a run.
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

/// Logs everything that goes to standard error. What a person has just read on the terminal is not repeated, nor are
/// verdicts that went to standard output.
fn log_report(report: &Report, shown: bool, verdicts_printed: bool) {
    let plan = &report.plan;
    for warning in &plan.warnings {
        // A dry run does nothing of what they tell, and the run that does warns of it.
        if report.results.is_none() && report.state_warning.as_ref() != Some(warning) {
            log::warn!("the next run would warn: {warning}");
        } else {
            log::warn!("{warning}");
        }
    }
    for problem in &plan.problems {
        if shown {
            break;
        }
        log::error!("{}: {}", problem.place, problem.error);
    }
    if !shown && !verdicts_printed {
        for verdict in &plan.verdicts {
            log::debug!("{}", verdict.to_string().trim_start());
        }
    }
    let repeated = repeated(report);
    for result in report.results.iter().flatten() {
        let Some(action) = plan.actions.get(result.action) else { continue };
        let words = result_words(result);
        if result.outcome.is_failure() && !shown && !repeated.contains(&result.action) {
            // What went wrong first: of a mail, nobody sees more than the beginning.
            log::error!("{words} ({action})");
        } else {
            log::info!("{action}: {words}");
        }
    }
    if !repeated.is_empty() && !shown {
        log::error!(
            "{} for the same reason (mita reconcile -v logs each)",
            plural(repeated.len(), "more action") + " failed"
        );
    }
    if let Some(message) = held_back(plan) {
        log::error!("{message}");
    }
    log::info!("{} sent", plural(usize::try_from(report.requests()).unwrap_or(usize::MAX), "request"));
}
