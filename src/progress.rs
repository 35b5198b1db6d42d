//! A word on what takes so long, for a person at a terminal. Under cron there is none.

use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// A run that is over sooner says nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Says on standard error what the run is doing, once it takes longer than a second.
#[derive(Debug)]
pub struct Progress {
    stages: Option<Sender<&'static str>>,
    teller: Option<thread::JoinHandle<()>>,
}

impl Progress {
    /// Tells a terminal; says nothing where standard error is none.
    pub fn at_terminal() -> Self {
        if !stderr().is_terminal() {
            return Self::silent();
        }
        let (stages, receiver) = mpsc::channel();
        let teller = thread::spawn(move || tell(&receiver));
        Self { stages: Some(stages), teller: Some(teller) }
    }

    /// Says nothing.
    pub fn silent() -> Self {
        Self { stages: None, teller: None }
    }

    /// The run begins with this.
    pub fn now(&self, stage: &'static str) {
        if let Some(stages) = &self.stages {
            // A teller that is gone has nobody to tell.
            let _ = stages.send(stage);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stages = None;
        if let Some(teller) = self.teller.take() {
            let _ = teller.join();
        }
    }
}

fn tell(stages: &mpsc::Receiver<&'static str>) {
    let mut stage = "starting";
    let mut seconds = 0u32;
    let mut told = false;
    loop {
        match stages.recv_timeout(PATIENCE) {
            Ok(next) => stage = next,
            Err(RecvTimeoutError::Timeout) => {
                seconds += 1;
                told = true;
                // A terminal that is gone is no reason to end the run.
                let _ = write!(stderr(), "\r\x1b[Kmita: {stage} ({seconds}s)");
                let _ = stderr().flush();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if told {
        let _ = write!(stderr(), "\r\x1b[K");
        let _ = stderr().flush();
    }
}
