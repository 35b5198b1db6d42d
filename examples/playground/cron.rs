//! Runs mita as cron does: the whole program, in a process of its own.

use crate::events::{Event, What};
use crate::pause;
use anyhow::{Context, Result};
use clap::Parser;
use jiff::Timestamp;
use mita::cli::{self, Arguments};
use mita::reconcile::Moment;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Runs `mita reconcile` again and again, until nobody listens any more.
pub(crate) fn run_for_ever(config: &Path, interval: Duration, tell: &Sender<Vec<Event>>) {
    loop {
        let lines = run(config).unwrap_or_else(|error| vec![format!("{error:#}")]);
        let events = lines.into_iter().map(|text| Event { what: What::Mita, text }).collect();
        if tell.send(events).is_err() {
            return;
        }
        pause(interval);
    }
}

/// One run; what it told: as under cron, nothing where nothing went wrong.
fn run(config: &Path) -> Result<Vec<String>> {
    let program = std::env::current_exe().context("cannot find this program's own path")?;
    let mut command = Command::new(program);
    command.args(["mita", "reconcile", "--config"]).arg(config);
    let Output { status, stdout: _, stderr } = command.output().context("cannot start this program again")?;
    let told = String::from_utf8_lossy(&stderr);
    let mut lines: Vec<String> = told.lines().map(|line| line.trim_start_matches("mita: ").to_owned()).collect();
    if !status.success() {
        lines.push(status.to_string());
    }
    Ok(lines)
}

/// What the program mita does with these arguments.
pub(crate) fn mita(arguments: Vec<OsString>, now: Timestamp) -> ExitCode {
    let moment = Moment { now, started: started() };
    let arguments = match Arguments::try_parse_from([OsString::from("mita")].into_iter().chain(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => return cli::usage(&error).into(),
    };
    cli::start_log(&arguments, moment);
    match cli::run(arguments, moment) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.lines().iter().for_each(|line| log::error!("{line}"));
            failure.exit().into()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a run is real time")]
fn started() -> Instant {
    Instant::now()
}
