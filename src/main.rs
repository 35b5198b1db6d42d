//! The program: arguments, logger, clock, run, exit status.

use clap::Parser;
use jiff::Timestamp;
use mita::cli;
use mita::cli::Arguments;
use mita::reconcile::Moment;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    cli::report_panics();
    let moment = moment();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage(&error).into(),
    };
    cli::start_log(&arguments, moment);
    match cli::run(arguments, moment) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            for line in failure.lines() {
                log::error!("{line}");
            }
            failure.exit().into()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the only place that reads the clock")]
fn moment() -> Moment {
    Moment { now: Timestamp::now(), started: Instant::now() }
}
