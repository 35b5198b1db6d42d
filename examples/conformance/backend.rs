//! Calls of a backend, in the way in which mita makes them, and its answers as far as every caller needs them.

use mita::provider::command::validate;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// How long one call may take: mita's default for `timeout`.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// How long the output of a call may stay open after its end.
const AFTER_THE_END: Duration = Duration::from_secs(2);

/// A backend.
pub(crate) struct Backend {
    /// The program and its arguments.
    command: Vec<String>,
    timeout: Duration,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status; `None` if the call was killed.
    pub(crate) status: Option<i32>,
    answer: String,
    fault: String,
    /// Whether something still held the output open when the program had ended.
    pub(crate) held_open: bool,
    /// Whether it was killed because it took too long.
    pub(crate) hangs: bool,
}

impl Backend {
    /// `timeout` is how long one call may take.
    pub(crate) fn new(command: Vec<String>, timeout: Duration) -> Self {
        Self { command, timeout }
    }

    /// One call with a request of version 1.
    pub(crate) fn call(&self, verb: &str, mut request: Value) -> Ended {
        request["version"] = json!(1);
        self.call_raw(verb, &request.to_string(), self.timeout)
    }

    /// The answer to a call that has to succeed.
    pub(crate) fn ask(&self, verb: &str, request: Value) -> Result<Value, String> {
        self.call(verb, request).answer(verb)
    }

    /// A call with this text on standard input, killed after this time.
    pub(crate) fn call_raw(&self, verb: &str, input: &str, time: Duration) -> Ended {
        let mut command = Command::new(self.command.first().map_or("", String::as_str));
        command.args(self.command.iter().skip(1)).arg(verb).env_clear();
        #[expect(clippy::disallowed_methods, reason = "a backend gets these variables of its caller")]
        command.envs(["PATH", "HOME", "LANG"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let fault = format!("cannot be started: {error}");
                return Ended { status: None, answer: String::new(), fault, held_open: false, hangs: false };
            }
        };
        let group = i32::try_from(child.id()).ok().map(Pid::from_raw);
        if let Some(mut pipe) = child.stdin.take() {
            let input = input.to_owned();
            thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
        }
        let (sender, receiver) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
            child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        ];
        for (number, output) in outputs.into_iter().enumerate() {
            let Some(mut output) = output else { continue };
            let sender = sender.clone();
            thread::spawn(move || {
                let mut text = Vec::new();
                drop(output.read_to_end(&mut text));
                drop(sender.send((number, String::from_utf8_lossy(&text).into_owned())));
            });
        }
        let (status, hangs) = wait(&mut child, time);
        if hangs && let Some(group) = group {
            let _ = killpg(group, Signal::SIGKILL);
        }
        drop(child.wait());
        let (mut answer, mut fault, mut held_open) = (String::new(), String::new(), false);
        for _ in 0..2 {
            match receiver.recv_timeout(AFTER_THE_END) {
                Ok((0, text)) => answer = text,
                Ok((_, text)) => fault = text,
                Err(_) => held_open = true,
            }
        }
        Ended { status, answer, fault, held_open, hangs }
    }
}

/// The status of a process; whether it took too long.
fn wait(child: &mut std::process::Child, time: Duration) -> (Option<i32>, bool) {
    let mut left = time;
    let step = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return (status.code(), false),
            Ok(None) if left > step => left -= step,
            Ok(None) | Err(_) => return (None, true),
        }
        pause(step);
    }
}

#[expect(clippy::disallowed_methods, reason = "a backend takes real time")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

impl Ended {
    /// The answer of a call that has to succeed, if mita can read it; else what is wrong.
    pub(crate) fn answer(&self, verb: &str) -> Result<Value, String> {
        let mut said = String::new();
        if let Some(line) = self.fault.trim().lines().last() {
            let _ = write!(said, "; standard error ends with {line:?}");
        }
        match self.status {
            _ if self.hangs => Err(format!("{verb} hangs: it did not end in time{said}")),
            None => Err(format!("{verb} did not end by itself{said}")),
            Some(0) if self.held_open => Err(format!(
                "{verb} ended, but something that it started holds its standard output open: start servers with other \
                 outputs and in a session of their own (setsid)"
            )),
            Some(0) => {
                let begin: String = self.answer.chars().take(60).collect();
                let answer = serde_json::from_str(&self.answer).map_err(|error| {
                    format!("{verb} printed something else than one JSON document ({error}): {begin:?}{said}")
                })?;
                validate(verb, &answer).map_err(|why| {
                    format!("the answer to {verb} is not as in backends/schemas/{verb}-answer.json ({why}): {begin:?}")
                })?;
                Ok(answer)
            }
            Some(status) => Err(format!("{verb} ended with status {status}, not 0{said}")),
        }
    }
}
