//! The program: arguments, logger, clock, run, exit status.

use log::Level;
use mita::cli;
use mita::cli::{Arguments, Exit, Failure};
use mita::concurrency::share_one_arena;
use mita::reconcile::Moment;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

fn main() -> ExitCode {
    share_one_arena();
    cli::report_panics();
    match cli::complete(std::env::args_os()) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => return cli::usage(&error).into(),
    }
    let moment = moment();
    let arguments = match Arguments::parse_words(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage(&error).into(),
    };
    cli::start_log(&arguments, moment);
    // Where a run takes longer than the time until the next one, that is no reason for a mail. A person's command always says it.
    let is_silent = arguments.is_run() && !io::stderr().is_terminal();
    match cli::run(arguments, moment) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let level = if failure.exit() == Exit::Busy && is_silent { Level::Info } else { Level::Error };
            for line in failure.lines() {
                log::log!(level, "{line}");
            }
            if matches!(failure, Failure::Interrupted) {
                cli::end_as_interrupted();
            }
            failure.exit().into()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the only place that reads the clock")]
fn moment() -> Moment {
    Moment::new(SystemTime::now(), Instant::now())
}
