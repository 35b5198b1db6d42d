//! Runs mita as cron does: the whole program, in a process of its own.

use crate::clock::{instant, now, pause};
use crate::events::{Event, EventKind};
use anyhow::{Context, Result};
use mita::cli;
use mita::cli::Arguments;
use mita::reconcile::Moment;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// Runs `mita reconcile` at this interval until the receiver is gone.
pub(crate) fn run_repeatedly(config: &Path, interval: Duration, events: &Sender<Vec<Event>>) {
    loop {
        let lines = run(config).unwrap_or_else(|error| vec![format!("{error:#}")]);
        let lines = lines.into_iter().map(|text| Event { kind: EventKind::Mita, text }).collect();
        if events.send(lines).is_err() {
            return;
        }
        pause(interval);
    }
}

/// One run. Gives what cron would mail: nothing where nothing went wrong.
fn run(config: &Path) -> Result<Vec<String>> {
    let program = std::env::current_exe().context("cannot find this program's own path")?;
    let mut command = Command::new(program);
    command.args(["mita", "reconcile", "--config"]).arg(config);
    let Output { status, stdout: _, stderr } = command.output().context("cannot start this program again")?;
    let log = String::from_utf8_lossy(&stderr);
    let mut lines: Vec<String> = log.lines().map(|line| line.trim_start_matches("mita: ").to_owned()).collect();
    if !status.success() {
        lines.push(status.to_string());
    }
    Ok(lines)
}

/// Does what the program mita does with these arguments.
pub(crate) fn mita(arguments: Vec<OsString>) -> ExitCode {
    let moment = Moment { now: now(), started: instant() };
    let arguments = match Arguments::parse_words([OsString::from("mita")].into_iter().chain(arguments)) {
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
