//! Why a cloud did not do what it was asked to do.

use jiff::SignedDuration;
use std::fmt;

/// A request to a cloud that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the plan.
    pub kind: FailureKind,
    /// What happened, where, and what to do: for an operator.
    pub message: String,
    /// For how long the cloud wants no more such requests, where it says so.
    pub retry_after: Option<SignedDuration>,
}

impl Failure {
    /// A failure of a cloud that says nothing of a pause.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    /// Whether the cloud asks for fewer requests, whatever became of this one.
    pub fn asks_for_pause(&self) -> bool {
        self.kind == FailureKind::RateLimited || self.retry_after.is_some()
    }
}

/// What a failure means for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A quota is used up.
    Quota,
    /// The request is wrong: an unknown image, flavor, key pair or network (400, or a name that nothing has).
    Wrong,
    /// Not allowed: credentials or a policy.
    Denied,
    /// The state of the server does not allow it.
    Conflict,
    /// Somebody locked the server.
    Locked,
    /// Too many requests.
    RateLimited,
    /// Nothing was done: there was no connection, or the service said that it is not available.
    Unavailable,
    /// The request was sent, and no answer shows whether it was done.
    UnknownOutcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
