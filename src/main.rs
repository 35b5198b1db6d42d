//! The program: arguments, logger, clock, run, exit status.

use jiff::Timestamp;
use mita::cli;
use mita::cli::Arguments;
use mita::reconcile::Moment;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
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
