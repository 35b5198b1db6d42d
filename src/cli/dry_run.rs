//! A dry run, for the commands that show one.

use crate::cli::args::Format;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config::Loaded;
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, Report, dry_run};
use crate::view::exit::Exit;

/// What a run would see and decide.
pub(crate) fn look(loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Report, Failure> {
    for warning in &loaded.warnings {
        log::warn!("{warning}");
    }
    let report = dry_run(&loaded.config, Permits::default(), moment, &progress)?;
    // The line of progress is cleared before anything else is written.
    drop(progress);
    Ok(report)
}

/// Logs the problems of a run; gives the exit status of a command that shows them. Problems that a person reads in the same
/// place are not repeated. The warnings of the plan are not logged: they tell once of each thing that a run does or
/// first sees, and nothing is done or remembered here.
pub(crate) fn report_problems(report: &Report, output: Format) -> Exit {
    if let Some(warning) = &report.state_warning {
        log::warn!("{warning}");
    }
    if report.plan.problems.is_empty() {
        return Exit::Done;
    }
    if output.is_json() || !output::is_beside_errors() {
        for problem in &report.plan.problems {
            log::error!("{}: {}", problem.place, problem.error);
        }
    }
    Exit::Failed
}
