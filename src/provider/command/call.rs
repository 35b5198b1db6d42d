//! One operation: a call of the program, its answer, and what goes wrong with either.

use super::contract::Verb;
use super::process::{self, Ending};
use crate::config::CommandConfig;
use crate::domain::format::shortened;
use crate::provider::failure::{Failure, FailureKind};
use crate::secret::redact_answer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Where the contract is explained.
const CONTRACT: &str = "the contract is in examples/backend.md";

/// The longest part of a fault that a message quotes, in characters.
const LONGEST_QUOTE: usize = 500;

/// Statuses with a meaning of their own, from sysexits.h: no shell and no interpreter ends with one of them by accident.
const MEANINGS: [(i32, FailureKind, &str); 6] = [
    (65, FailureKind::Wrong, "the request is wrong"),
    (69, FailureKind::Unavailable, "nothing was done"),
    (73, FailureKind::Quota, "there is no room"),
    (74, FailureKind::Conflict, "the state of the server does not allow it"),
    (75, FailureKind::RateLimited, "too many requests"),
    (77, FailureKind::Denied, "not allowed"),
];

/// Calls the program and reads its answer.
pub(crate) fn call<A: DeserializeOwned>(
    config: &CommandConfig,
    verb: Verb,
    request: &impl Serialize,
    time: Duration,
) -> Result<A, Failure> {
    let failure = |kind, text: &str| Err(Failure::new(kind, format!("{}: {text}", name(config, verb))));
    let request = match serde_json::to_vec(request) {
        Ok(request) => request,
        Err(error) => return failure(FailureKind::Wrong, &error.to_string()),
    };
    let answer = match process::call(config, verb.name(), request, time) {
        Ending::Answered(answer) => answer,
        Ending::NotStarted(error) => {
            let text = format!("cannot be started: {error}; see command, and the first line of the program");
            return failure(FailureKind::Unavailable, &text);
        }
        Ending::Failed { status, fault } => {
            let meaning = MEANINGS.iter().find(|(known, ..)| *known == status);
            let kind = meaning.map_or(FailureKind::UnknownOutcome, |(_, kind, _)| *kind);
            let meaning = meaning.map_or(String::new(), |(.., meaning)| format!(" ({meaning})"));
            return failure(kind, &format!("exit status {status}{meaning}{}", quoted(&fault)));
        }
        Ending::Killed { signal, fault } => {
            return failure(FailureKind::UnknownOutcome, &format!("killed by signal {signal}{}", quoted(&fault)));
        }
        Ending::TimedOut { after, fault } => {
            let text = format!("no end after {after:.1?}, so it was killed{}", quoted(&fault));
            return failure(FailureKind::UnknownOutcome, &text);
        }
        Ending::TooLong => return failure(FailureKind::UnknownOutcome, "its answer has no end, so it was killed"),
    };
    match read(&answer) {
        Ok(answer) => Ok(answer),
        Err(error) => failure(FailureKind::UnknownOutcome, &format!("{error}; {CONTRACT}")),
    }
}

fn read<A: DeserializeOwned>(answer: &[u8]) -> Result<A, String> {
    if answer.iter().all(u8::is_ascii_whitespace) {
        return Err("it printed no answer".to_owned());
    }
    serde_json::from_slice(answer).map_err(|error| {
        let text = String::from_utf8_lossy(answer);
        format!("its answer cannot be used: {error}; it begins with {:?}", shortened(redact_answer(&text).trim(), 80))
    })
}

/// The program with what it was asked for, as in messages.
pub(crate) fn name(config: &CommandConfig, verb: Verb) -> String {
    format!("{} {}", config.program.display(), verb.name())
}

/// What the program said: its last lines, in one.
fn quoted(fault: &str) -> String {
    let fault = redact_answer(fault);
    let lines: Vec<&str> = fault.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!(": {}", end_of(&lines.join(" / "))),
    }
}

/// The end of a text: programs say last what went wrong.
fn end_of(text: &str) -> String {
    let length = text.chars().count();
    match length > LONGEST_QUOTE {
        true => format!("...{}", text.chars().skip(length - LONGEST_QUOTE).collect::<String>()),
        false => text.to_owned(),
    }
}
