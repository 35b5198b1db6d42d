//! The command line: arguments and dispatch, then one file for each command.
//!
//! The commands ask the rest of the crate and print what it answers; none decides anything. Results go to standard output,
//! everything else through the log to standard error. All free text passes [`crate::secret::redact`] before it is printed.

pub(crate) mod args;
pub(crate) mod candidates;
mod check;
mod completions;
mod dry_run;
mod explain;
mod history;
mod init;
mod load;
mod manual;
mod operator;
mod pause;
pub(crate) mod process;
mod reconcile;
mod replay;
mod schema;
mod status;
#[cfg(test)]
mod tests;

pub use crate::view::Exit;
pub use args::Arguments;
pub use completions::{complete, completions};
pub use manual::reference::reference;
pub use manual::{Page, pages as manual_pages};
pub use process::failure::Failure;
pub use process::logger::start as start_log;
pub use process::panics::report as report_panics;
pub use process::terminal::end_as_interrupted;

use crate::plan::text::display::Detail;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::table::folded;
use args::Command;
use load::{load, load_for};
use process::output;
use std::io::{IsTerminal, Write, stderr};

/// Runs the command. The error is for the log, a line each, and has an exit status of its own.
pub fn run(arguments: Arguments, moment: Moment) -> Result<Exit, Failure> {
    let Arguments { command, config, verbose, quiet, log_format } = arguments;
    process::terminal::end_cleanly_on_signals();
    let quiet = quiet || process::output::is_dumb();
    let progress = move || if quiet || log_format.is_json() { Progress::silent() } else { Progress::at_terminal() };
    let detail = if verbose > 0 { Detail::Full } else { Detail::Terse };
    match command {
        Command::Reconcile(args) => reconcile::run(&args, detail, load(config), moment, progress()),
        Command::Status(args) => status::run(&args, &load(config)?, moment, progress()),
        Command::Explain(args) => explain::run(&args, detail, &load_for(config, &args.subject)?, moment, progress()),
        Command::Hold(args) => operator::run(&args.into(), config, moment, progress),
        Command::Release(args) => operator::run(&args.into(), config, moment, progress),
        Command::Retire(args) => operator::run(&args.into(), config, moment, progress),
        Command::Pause(args) => pause::run(&args.into(), &load(config)?, moment, progress()),
        Command::Resume(args) => pause::run(&args.into(), &load(config)?, moment, progress()),
        Command::History(args) => {
            let about = args.subject.clone().unwrap_or_default();
            history::run(&args, &load_for(config, &about)?, moment)
        }
        Command::Check(args) => check::run(args, config, moment, progress()),
        Command::Replay(args) => replay::run(&args),
        Command::Init(args) => init::run(&args, moment, progress),
        Command::Schema(_) => schema::run().map(|()| Exit::Done),
        Command::Completions { shell, .. } => completions::run(shell).map(|()| Exit::Done),
        Command::Man { page, .. } => manual::run(page.as_deref()).map(|()| Exit::Done),
        Command::Version(_) => {
            Ok(output::print_own(concat!("mita ", env!("CARGO_PKG_VERSION"), "\n")).map(|()| Exit::Done)?)
        }
    }
}

/// Prints help and version on standard output, a mistake in the arguments on standard error.
pub fn usage(error: &clap::Error) -> Exit {
    let text = error.render().to_string();
    let is_too_wide = text.lines().any(|line| line.chars().count() > output::width());
    // If it cannot be printed, nobody reads it.
    let _ = if error.use_stderr() && stderr().is_terminal() && is_too_wide {
        stderr().write_all(folded(&text, output::width()).as_bytes())
    } else {
        error.print()
    };
    if error.use_stderr() { Exit::Unusable } else { Exit::Done }
}
