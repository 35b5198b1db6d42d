//! What a person requests, and the answer.

use crate::domain::format::in_shell;
use crate::domain::names::{NodeName, ServerId};
use crate::jenkins::JenkinsError;

/// What a person requests for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The node takes no build, and is neither retired nor brought back until it is released.
    Hold {
        /// Why.
        reason: Option<String>,
    },
    /// Ends a person's hold, or a `Retire`.
    Release,
    /// Ends what runs on the node, deletes it in Jenkins, and has later runs remove its server.
    EndBuild(Consent),
    /// Removes the node and its server.
    Retire {
        /// Retires a busy node once it is idle. Otherwise such a node is refused.
        when_idle: bool,
    },
}

/// Whether a person agrees to the end of builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nobody was asked yet: what would end is the answer.
    Needed,
    /// To whatever runs there (`--yes`).
    Given,
    /// To what was shown of the node of exactly this name.
    GivenForThisName,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub ended: Ended,
    /// The node, where Jenkins has it.
    pub node: Option<NodeName>,
    /// The server that the node is, where it is one of ours.
    pub server_id: Option<ServerId>,
    /// What happened, or why not, and what to do.
    pub reason: String,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is done.
    Done,
    /// There was nothing to do.
    AlreadySo,
    /// Later runs do it.
    Remembered,
    /// It would be wrong or unsafe.
    Refused,
    /// A service did not do it.
    Failed,
    /// A person must confirm first that this ends, a line each.
    Asks(Vec<String>),
    /// Jenkins has no such node, but these.
    NoSuchNode(Vec<NodeName>),
}

impl Answer {
    pub(super) fn new(ended: Ended, reason: impl Into<String>) -> Self {
        Self { ended, node: None, server_id: None, reason: reason.into() }
    }
}

impl From<JenkinsError> for Answer {
    fn from(error: JenkinsError) -> Self {
        Self::new(Ended::Failed, error.to_string())
    }
}

/// A command for this name, to copy.
pub(super) fn command(words: &str, name: &str) -> String {
    format!("`mita {words} {}`", in_shell(name))
}
