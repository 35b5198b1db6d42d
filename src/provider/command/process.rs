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
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The most of standard error that is kept, in bytes: its end.
const LONGEST_FAULT: usize = 64 * 1024;

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
    let output = child.stdout.take().map(|output| read(output, Kept::Begin(LONGEST_ANSWER + 1)));
    let fault = child.stderr.take().map(|fault| read(fault, Kept::End(LONGEST_FAULT)));
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

/// What is kept of an output, in bytes.
#[derive(Clone, Copy)]
enum Kept {
    /// Its begin. It is not read any further.
    Begin(usize),
    /// Its end. All of it is read: a program that says much must not wait, or be killed because nobody reads.
    End(usize),
}

/// What a thread reads from the program.
struct Output {
    /// `None` once nobody needs more of it.
    text: Arc<Mutex<Option<Vec<u8>>>>,
    ended: Receiver<()>,
    kept: Kept,
}

/// Reads in a thread of its own, which ends when everybody has closed this output, or when nobody needs more of it.
fn read(mut from: impl Read + Send + 'static, kept: Kept) -> Output {
    let text = Arc::new(Mutex::new(Some(Vec::new())));
    let (send, ended) = channel();
    let shared = Arc::clone(&text);
    thread::spawn(move || {
        let mut part = [0; 64 * 1024];
        // An error ends the output like its end does: the status of the program says whether it succeeded.
        while let Ok(length @ 1..) = from.read(&mut part) {
            let mut text = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if !text.as_mut().is_some_and(|text| kept.add(text, &part[..length])) {
                break;
            }
        }
        // Nobody waits any more: then nobody needs to know.
        let _ = send.send(());
    });
    Output { text, ended, kept }
}

impl Kept {
    /// Adds a part to the text. Whether more is wanted.
    fn add(self, text: &mut Vec<u8>, part: &[u8]) -> bool {
        text.extend_from_slice(part);
        match self {
            Kept::Begin(most) => text.len() < most,
            Kept::End(most) => {
                text.drain(..text.len().saturating_sub(most));
                true
            }
        }
    }
}

impl Output {
    /// Waits until everybody has closed it, or until there is too much of it. Whether that happened in this time.
    fn wait(&self, time: Duration) -> bool {
        !matches!(self.ended.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    fn is_full(&self) -> bool {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(self.kept, Kept::Begin(most) if text.as_ref().is_some_and(|text| text.len() >= most))
    }

    fn into_text(self) -> Vec<u8> {
        self.wait(AFTER_THE_END);
        self.text.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
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
