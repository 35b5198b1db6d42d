//! What runs have learnt: queue items, breakers, failures, mismatches, and why mita waits.

use crate::domain::names::{MitaId, NodeTypeName, ServerId};
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::world::QueueItem;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The controller's session, as last seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `X-Jenkins-Session`.
    pub id: String,
    /// The sessions before it, the latest last. One that comes back is no restart: several controllers answer by turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
    /// When it was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// The labels of a node that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignLabels {
    /// All but its own name.
    pub labels: BTreeSet<String>,
    /// When a node with them was last seen.
    pub seen: Timestamp,
}

/// Why nothing is ordered or deleted for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// When it began.
    pub since: Timestamp,
    /// What happened.
    pub cause: SettlingCause,
}

/// What makes mita wait and see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettlingCause {
    /// Another `X-Jenkins-Session`: agents are still coming back.
    JenkinsRestarted,
    /// The state file was there but could not be read.
    StateUnreadable,
}

impl SettlingCause {
    /// What happened and what follows, in words.
    pub fn reason(self) -> &'static str {
        match self {
            SettlingCause::JenkinsRestarted => "Jenkins was restarted: for two minutes nothing is ordered or deleted",
            SettlingCause::StateUnreadable => {
                "the state file was unreadable: for two minutes nothing is ordered or deleted"
            }
        }
    }
}

/// A queue item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemMemory {
    /// The job: Jenkins may count its items from 1 again after a crash, and this is then about another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// When it entered the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Timestamp>,
    /// What it needs, once it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
    /// Waiting for an executor, as seen in every run since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// Pending, as seen in every run since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_since: Option<Timestamp>,
}

impl ItemMemory {
    /// Nothing but whose it is.
    pub fn of(item: &QueueItem) -> Self {
        Self { job: Some(item.name().into_owned()), queued_at: item.in_queue_since, ..Self::default() }
    }

    /// Whether this is about another item that had the same number. What an earlier version of mita wrote says nothing.
    pub fn is_of_another(&self, item: &QueueItem) -> bool {
        let other_job = self.job.as_ref().is_some_and(|job| *job != item.name());
        let other_time = |at| item.in_queue_since.is_some_and(|since| since != at);
        other_job || self.queued_at.is_some_and(other_time)
    }
}

/// A breaker that opened: the pair of provider and node type is left alone until a time, then one server is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Nothing is ordered before this time.
    pub until: Timestamp,
    /// How long it was opened for the last time.
    pub pause: SignedDuration,
    /// What went wrong last.
    pub reason: String,
}

/// A server that failed to be built or to join: what a person needs to know once it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFailure {
    /// When it was seen to have failed.
    pub at: Timestamp,
    /// Its order.
    pub id: MitaId,
    /// Its name.
    pub name: String,
    /// The cloud's id, where it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// How it failed.
    pub rule: Rule,
    /// The same in words, with the cloud's own where there were any.
    pub reason: String,
    /// The last lines of its console, where they could be read before it was deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub console: Vec<String>,
}

/// A job that a node type turned out not to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The job's name.
    pub job: String,
    /// What it needs.
    pub need: Need,
    /// The type that stood idle beside it.
    pub node_type: NodeTypeName,
    /// The queue item that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
    /// Until when this holds.
    pub until: Timestamp,
    /// Jenkins' own words.
    pub why: String,
}
