//! Why a cloud did not do what it was asked.

use std::fmt;

/// A request that a cloud did not grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the plan.
    pub kind: FailureKind,
    /// What happened, where, and what to do: for an operator.
    pub message: String,
}

/// What a failure means for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A quota is used up.
    Quota,
    /// The request is wrong: an unknown image, size, key, network (400, or a name that does not resolve).
    Wrong,
    /// Not allowed: credentials or a policy.
    Denied,
    /// The server is in a state that does not allow it.
    Conflict,
    /// Too many requests.
    RateLimited,
    /// Nothing was done: no connection, or the service said that it is not available.
    Unavailable,
    /// Sent, and no answer tells whether it was done.
    UnknownOutcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
