//! The command line: arguments, one file for each command, and everything that a person or a program reads of mita.
//!
//! The commands ask the rest of the crate and show what it says; none decides anything. Results go to standard output,
//! everything else through the log to standard error. All free text passes [`crate::secret::redact`] on its way out.

pub(crate) mod args;
mod check;
mod completions;
pub(crate) mod exit;
pub(crate) mod failure;
mod init;
mod logger;
mod manual;
mod operator;
pub(crate) mod output;
mod panics;
pub(crate) mod publish;
mod reconcile;
mod recorder;
mod reference;
mod replay;
#[cfg(test)]
mod tests;

pub use args::Arguments;
pub use completions::completions;
pub use exit::Exit;
pub use failure::Failure;
pub use logger::start as start_log;
pub use manual::{Page, pages as manual_pages};
pub use panics::tell as tell_of_panics;
pub use reference::reference;

use crate::config;
use crate::config::{Config, Loaded};
use crate::plan::text::display::Detail;
use crate::progress::Progress;
use crate::reconcile::{Moment, Permits, Report, dry_run};
use args::{Command, Format};
use std::io;
use std::path::PathBuf;

/// Runs the command. The error is for the log, a line each, and has an exit status of its own.
pub fn run(arguments: Arguments, moment: Moment) -> Result<Exit, Failure> {
    let Arguments { command, config, verbose, quiet, log_format } = arguments;
    let progress = move || if quiet || log_format.is_json() { Progress::silent() } else { Progress::at_terminal() };
    let detail = if verbose > 0 { Detail::Full } else { Detail::Terse };
    match command {
        Command::Reconcile(wish) => reconcile::run(&wish, detail, load(config), moment, progress()),
        Command::Status(wish) => crate::view::status::run(wish, &load(config)?, moment, progress()),
        Command::Explain(wish) => crate::view::explain::run(&wish, &load(config)?, moment, progress()),
        Command::Hold(wish) => operator::run(&wish.into(), &load(config)?, moment, progress()),
        Command::Release(wish) => operator::run(&wish.into(), &load(config)?, moment, progress()),
        Command::Retire(wish) => operator::run(&wish.into(), &load(config)?, moment, progress()),
        Command::Check(wish) => check::run(wish, config, moment, progress()),
        Command::Replay(wish) => replay::run(&wish),
        Command::Init(wish) => init::run(&wish, moment, progress()),
        Command::Schema => schema(),
        Command::Completions { shell } => done(completions::run(shell)),
        Command::Man { page } => manual::run(page.as_deref()).map(|()| Exit::Done),
    }
}

/// Shows help and version on standard output, a mistake in the arguments on standard error.
pub fn usage(error: &clap::Error) -> Exit {
    // Where nobody reads the help, nobody misses it.
    let _ = error.print();
    if error.use_stderr() { Exit::Unusable } else { Exit::Done }
}

/// Prints the JSON Schema of the configuration, for editors.
fn schema() -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&config::schema()).map_err(io::Error::from)?;
    done(output::print_own(&(text + "\n")))
}

fn done(written: io::Result<()>) -> Result<Exit, Failure> {
    Ok(written.map(|()| Exit::Done)?)
}

fn load(named: Option<PathBuf>) -> Result<Loaded, Failure> {
    let path = config::locate(named)?;
    Ok(Config::load(&path)?)
}

/// What a run would see and decide, for the commands that show it.
pub(crate) fn dry_report(loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Report, Failure> {
    for warning in &loaded.warnings {
        log::warn!("{warning}");
    }
    let report = dry_run(&loaded.config, Permits::default(), moment, &progress)?;
    // The line of progress goes before anything else is written.
    drop(progress);
    Ok(report)
}

/// Warnings and problems of what was seen, and the exit status of a command that shows it. What a person has just read
/// on the terminal is not said twice.
pub(crate) fn tell_what_was_seen(report: &Report, output: Format) -> Exit {
    for warning in &report.plan.warnings {
        log::warn!("{warning}");
    }
    if report.plan.problems.is_empty() {
        return Exit::Done;
    }
    if output.is_json() || !output::is_terminal() {
        for problem in &report.plan.problems {
            log::error!("{}: {}", problem.place, problem.error);
        }
    }
    Exit::Failed
}
