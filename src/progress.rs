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

/// What the run is doing.
#[derive(Debug)]
struct Stage {
    words: &'static str,
    at_once: bool,
}

/// Shows on standard error what the run is doing, once it takes longer than a second.
#[derive(Debug)]
pub struct Progress {
    reporter: Option<(Sender<Stage>, JoinHandle<()>)>,
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
    pub fn now(&self, words: &'static str) {
        self.send(Stage { words, at_once: false });
    }

    /// As [`Self::now`], shown without delay: it is known to take long.
    pub fn at_once(&self, words: &'static str) {
        self.send(Stage { words, at_once: true });
    }

    fn send(&self, stage: Stage) {
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

fn report(stages: &Receiver<Stage>) {
    let (mut words, mut seconds, mut is_shown) = ("starting", 0u32, false);
    loop {
        match stages.recv_timeout(PATIENCE) {
            Ok(next) => {
                words = next.words;
                if next.at_once {
                    is_shown = true;
                    show(&format!("mita: {words}"));
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                seconds += 1;
                is_shown = true;
                show(&format!("mita: {words} ({seconds}s)"));
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if is_shown {
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
