//! The command line: arguments, one file for each command, and everything that a person or a program reads of mita.
//!
//! The commands ask the rest of the crate and show what it says; none decides anything. Results go to standard output,
//! everything else through the log to standard error. All free text passes [`crate::secret::redact`] on its way out.

mod args;
mod document;
mod exit;
mod failure;
mod logger;
mod output;
mod panics;
mod plan_text;
mod reconcile;

pub use args::Arguments;
pub use exit::Exit;
pub use failure::Failure;
pub use logger::start as start_log;
pub use panics::tell as tell_of_panics;

use crate::config::{self, Config, Loaded};
use crate::progress::Progress;
use crate::reconcile::Moment;
use args::Command;
use std::path::PathBuf;

/// Runs the command. The error is for the log, a line each, and has an exit status of its own.
pub fn run(arguments: Arguments, moment: Moment) -> Result<Exit, Failure> {
    let Arguments { command, config, verbose: _, quiet, log_format } = arguments;
    let progress = move || if quiet || log_format.is_json() { Progress::silent() } else { Progress::at_terminal() };
    match command {
        Command::Reconcile(wish) => reconcile::run(&wish, &load(config)?, moment, progress()),
    }
}

/// Shows help and version on standard output, a mistake in the arguments on standard error.
pub fn usage(error: &clap::Error) -> Exit {
    // Where nobody reads the help, nobody misses it.
    let _ = error.print();
    if error.use_stderr() { Exit::Unusable } else { Exit::Done }
}

fn load(named: Option<PathBuf>) -> Result<Loaded, Failure> {
    let path = config::locate(named)?;
    Ok(Config::load(&path)?)
}
