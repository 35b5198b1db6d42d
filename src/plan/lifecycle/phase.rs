//! The phases of a server and its node.

use crate::domain::rule::Rule;
use jiff::SignedDuration;

/// How far a server has come, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is done.
    LeftAlone(Rule),
    /// Its executors will be there.
    OnItsWay(Rule),
    /// Its node is online and idle, for so long.
    Idle {
        /// Counted idle time.
        idle: SignedDuration,
        /// Whether it was sighted more than once: without any grace the first sighting alone would be enough.
        confirmed: bool,
    },
    /// A retirement is under way: finish it, or bring the node back if a job wants it.
    Draining,
    /// To be removed.
    ToRemove(Rule),
}

/// A phase with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The phase.
    pub phase: Phase,
    /// The evidence, in words.
    pub reason: String,
}

pub(super) fn alone(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::LeftAlone(rule), reason: reason.into() }
}

pub(super) fn coming(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::OnItsWay(rule), reason: reason.into() }
}

pub(super) fn to_remove(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::ToRemove(rule), reason: reason.into() }
}
