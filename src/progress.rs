//! The progress line, for a person at a terminal: what takes so long. Under cron there is none.
//!
//! A spinner of indicatif draws at once, also for a run that is over in a moment.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A run that takes less time shows nothing; a longer one is reported again each time.
const PATIENCE: Duration = Duration::from_secs(1);

/// The width of a terminal that does not report its own.
const USUAL_WIDTH: usize = 80;

/// Shows on standard error what the run is doing, once it takes longer than a second.
#[derive(Debug)]
pub struct Progress {
    reporter: Option<(Sender<&'static str>, JoinHandle<()>)>,
}

impl Progress {
    /// Reports to the terminal; shows nothing if standard error is not one.
    pub fn at_terminal() -> Self {
        if !stderr().is_terminal() {
            return Self::silent();
        }
        let (stages, receiver) = mpsc::channel();
        Self { reporter: Some((stages, thread::spawn(move || report(&receiver)))) }
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self { reporter: None }
    }

    /// The run begins with this.
    pub fn now(&self, stage: &'static str) {
        if let Some((stages, _)) = &self.reporter {
            // Without a reporter there is nobody to report to.
            let _ = stages.send(stage);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stages, reporter)) = self.reporter.take() {
            drop(stages);
            let _ = reporter.join();
        }
    }
}

fn report(stages: &Receiver<&'static str>) {
    let (mut stage, mut seconds) = ("starting", 0u32);
    loop {
        match stages.recv_timeout(PATIENCE) {
            Ok(next) => stage = next,
            Err(RecvTimeoutError::Timeout) => {
                seconds += 1;
                show(&format!("mita: {stage} ({seconds}s)"));
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if seconds > 0 {
        show("");
    }
}

/// Shows this in place of the line.
fn show(line: &str) {
    // A terminal that is gone is no reason to end the run.
    let _ = write!(stderr(), "{}{line}", clear());
    let _ = stderr().flush();
}

/// Clears the line of the terminal, with blanks: a person who wants no escape sequences gets none.
pub fn clear() -> String {
    let columns = terminal_size::terminal_size().map_or(USUAL_WIDTH, |(columns, _)| usize::from(columns.0));
    format!("\r{}\r", " ".repeat(columns.saturating_sub(1)))
}
