//! One call of the program: a process group of its own, an empty environment, a document in, a document out.
//!
//! Only this file of the program starts processes. Whatever the other program does, a call ends at its time: then the
//! whole process group is killed. Its output is bounded, so that it cannot use up the memory.

use crate::config::CommandConfig;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest answer, in bytes: that of `list` with 20,000 servers has some 10 MB.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

/// The most of standard error that is read, in bytes.
const LONGEST_FAULT: u64 = 64 * 1024;

/// How long after the program's end somebody else may keep its output open.
const AFTER_THE_END: Duration = Duration::from_millis(500);

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The program could not be started: nothing was done.
    NotStarted(String),
    /// It ended with status 0.
    Answered(Vec<u8>),
    /// It ended with another status.
    Failed { status: i32, fault: String },
    /// It was killed by a signal that is not ours.
    Killed { signal: i32, fault: String },
    /// It took too long, and mita killed it.
    TimedOut { after: Duration, fault: String },
    /// Its answer was too long, and mita killed it.
    TooLong,
}

/// Calls the program with one more argument, and writes `request` to its standard input.
pub(crate) fn call(config: &CommandConfig, verb: &str, request: Vec<u8>, time: Duration) -> Ending {
    let until = now() + time;
    let mut child = match start(config, verb) {
        Ok(child) => child,
        Err(error) => return Ending::NotStarted(error.to_string()),
    };
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input closes it: then this write fails, and its answer says the rest.
        thread::spawn(move || drop(input.write_all(&request)));
    }
    let output = child.stdout.take().map(|output| read(output, LONGEST_ANSWER + 1));
    let fault = child.stderr.take().map(|fault| read(fault, LONGEST_FAULT));
    let status = wait(&mut child, output.as_ref(), until);
    if status.is_none() {
        let is_killed = kill(&child);
        let mut collect = move || drop(child.wait());
        if is_killed {
            // It is dead at once.
            collect();
        } else {
            // A program that became another user, as with sudo, cannot be killed. The run does not wait for it.
            thread::spawn(collect);
        }
    }
    let is_too_long = output.as_ref().is_some_and(Output::is_full);
    let answer = output.map(Output::into_text).unwrap_or_default();
    let fault = fault.map(Output::into_text).unwrap_or_default();
    let fault = String::from_utf8_lossy(&fault).into_owned();
    match status {
        _ if is_too_long => Ending::TooLong,
        None => Ending::TimedOut { after: time, fault },
        Some(status) => match (status.code(), status.signal()) {
            (Some(0), _) => Ending::Answered(answer),
            (Some(status), _) => Ending::Failed { status, fault },
            (None, signal) => Ending::Killed { signal: signal.unwrap_or_default(), fault },
        },
    }
}

fn start(config: &CommandConfig, verb: &str) -> std::io::Result<Child> {
    let mut command = Command::new(&config.program);
    command.args(&config.arguments).arg(verb).current_dir(&config.folder).env_clear();
    command.envs(config.environment.iter().map(|(name, value)| (name, value.expose())));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()
}

/// How the program ended; `None` if it has not by then, or if it writes without end.
fn wait(child: &mut Child, output: Option<&Output>, until: Instant) -> Option<std::process::ExitStatus> {
    let mut pause = Duration::from_micros(200);
    let mut output_ended = false;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if now() < until && output.is_none_or(|output| !output.is_full()) => {}
            Ok(None) | Err(_) => return None,
        }
        pause = (pause * 2).min(Duration::from_millis(20)).min(time_until(until));
        match output {
            // Most programs end right after they closed their output.
            Some(output) if !output_ended => output_ended = output.wait(pause),
            _ => sleep(pause),
        }
    }
}

/// Kills the program with everything that it started and that is still in its process group. Whether that was allowed.
fn kill(child: &Child) -> bool {
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    let killed = group.map_or(Ok(()), |group| killpg(group, Signal::SIGKILL));
    if let Err(error) = killed {
        log::debug!("process group {}: {error}", child.id());
    }
    killed != Err(Errno::EPERM)
}

/// What a thread reads from the program.
struct Output {
    text: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
    most: u64,
}

/// Reads up to so many bytes in a thread of its own, which ends when everybody has closed this output.
fn read(from: impl Read + Send + 'static, most: u64) -> Output {
    let text = Arc::new(Mutex::new(Vec::new()));
    let (send, ended) = channel();
    let shared = Arc::clone(&text);
    thread::spawn(move || {
        let mut from = from.take(most);
        let mut part = [0; 64 * 1024];
        // An error ends the output like its end does: the status of the program says whether it succeeded.
        while let Ok(length @ 1..) = from.read(&mut part) {
            shared.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..length]);
        }
        // Nobody waits any more: then nobody needs to know.
        let _ = send.send(());
    });
    Output { text, ended, most }
}

impl Output {
    /// Waits until everybody has closed it, or until there is too much of it. Whether that happened in this time.
    fn wait(&self, time: Duration) -> bool {
        !matches!(self.ended.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    fn is_full(&self) -> bool {
        let length = self.text.lock().unwrap_or_else(PoisonError::into_inner).len();
        u64::try_from(length).is_ok_and(|length| length >= self.most)
    }

    fn into_text(self) -> Vec<u8> {
        self.wait(AFTER_THE_END);
        std::mem::take(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How much time is left; zero if the moment has passed.
pub(crate) fn time_until(moment: Instant) -> Duration {
    moment.saturating_duration_since(now())
}

#[expect(clippy::disallowed_methods, reason = "a call has a deadline, like a request")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the standard library cannot wait for a process with a deadline")]
pub(super) fn sleep(time: Duration) {
    thread::sleep(time);
}
