//! What runs have learnt: queue items, breakers, failures, mismatches, and why mita waits.

use super::credit::Credit;
use crate::domain::format::in_shell;
use crate::domain::names::{MitaId, NodeTypeName, ProviderName, ServerId};
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::small_set::SmallSet;
use crate::domain::world::QueueItem;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The controller's session, as last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `X-Jenkins-Session`.
    pub id: String,
    /// The sessions before it, the latest last. One that comes back is no restart: several controllers answer by turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<String>,
    /// When it was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether no list of nodes was read in it yet: the next one may show fewer marks than the last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// The run that first read a list of nodes in it; none where a list came without a session since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_in: Option<u64>,
    /// The last run that read a list of nodes, in this session or before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<Timestamp>,
    /// The last restart, for as long as builds that were there before may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
}

/// A restart of the controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// The last run before it that read a list of nodes.
    pub listed: Timestamp,
    /// The same for the restarts before it, where each came so soon that what ran before could not go on in between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Timestamp>,
    /// The time since it was seen.
    pub ago: Credit,
}

/// The labels of a node that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignLabels {
    /// All but its own name.
    pub labels: SmallSet<String>,
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
    /// The time since the last queue that lacked it, while it is a young item of a pipeline; none where no such queue was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_absent: Option<Credit>,
    /// Whether only a list without the labels of jobs shows it: it is not gone because another list lacks it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
    /// The last run that read the page of its run in Jenkins, whether it could be read or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_read_in: Option<u64>,
}

impl ItemMemory {
    /// Nothing but whose it is.
    pub fn of(item: &QueueItem) -> Self {
        Self { job: Some(item.name().into_owned()), queued_at: item.in_queue_since, ..Self::default() }
    }

    /// How long it has been in the queue, if a clock shows so much: no longer than since runs saw the queue without it.
    pub fn at_most(&self, age: SignedDuration) -> SignedDuration {
        self.since_absent.map_or(age, |seen| age.min(seen.credit))
    }

    /// Whether this is about another item that had the same number. What an earlier version of mita wrote says nothing.
    pub fn is_of_another(&self, item: &QueueItem) -> bool {
        let other_job = self.job.as_ref().is_some_and(|job| *job != item.name());
        let other_time = |at| item.in_queue_since.is_some_and(|since| since != at);
        other_job || self.queued_at.is_some_and(other_time)
    }
}

/// Failures of a node type at a provider since a server last joined. Below [`Breaker::OPENS_AT`] runs that saw some, one
/// server is tried at a time; from then on the pair is left alone until a time before each try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Nothing is ordered before this time.
    pub until: Timestamp,
    /// How long it was opened for the last time; none while it was not.
    pub pause: SignedDuration,
    /// What went wrong last.
    pub reason: String,
    /// How many runs saw failures.
    #[serde(default = "Breaker::opened")]
    pub failures: u32,
    /// The last run that saw one. What was ordered from then on is a try.
    #[serde(default)]
    pub failed_in: u64,
    /// Whether a server of the type has joined at another provider since then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined_elsewhere: bool,
}

impl Breaker {
    /// From so many runs with failures on, nothing is ordered for a while.
    pub const OPENS_AT: u32 = 3;

    /// A version of mita that did not count wrote breakers that were open.
    fn opened() -> u32 {
        Self::OPENS_AT
    }
}

/// A provider that asked for fewer orders, and has accepted none since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// Nothing is ordered there before this time.
    pub until: Timestamp,
    /// How long its last pause is.
    pub pause: SignedDuration,
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

/// A person's pause: no orders and no removals, except of what is half done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Of this node type only; of all where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_type: Option<NodeTypeName>,
    /// At this provider only; at all where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who paused.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Pause {
    /// Whether servers of this type at this provider are paused by it.
    pub fn covers(&self, node_type: &NodeTypeName, provider: &ProviderName) -> bool {
        self.node_type.as_ref().is_none_or(|paused| paused == node_type)
            && self.provider.as_ref().is_none_or(|paused| paused == provider)
    }

    /// The command that ends this pause; that of everything ends all pauses.
    pub fn resuming(&self) -> String {
        let node_type = self.node_type.iter().map(|name| format!(" --type {}", in_shell(name.as_str())));
        let provider = self.provider.iter().map(|name| format!(" --provider {}", in_shell(name.as_str())));
        format!("`mita resume{}`", node_type.chain(provider).collect::<String>())
    }

    /// What is paused, in words: `node type ubuntu at provider east`.
    pub fn scope(&self) -> String {
        match (&self.node_type, &self.provider) {
            (None, None) => "everything".to_owned(),
            (Some(node_type), None) => format!("node type {node_type}"),
            (None, Some(provider)) => format!("provider {provider}"),
            (Some(node_type), Some(provider)) => format!("node type {node_type} at provider {provider}"),
        }
    }
}

impl fmt::Display for Pause {
    /// Who paused, since when, until when, and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "paused by {} since {:.0}", self.by, self.since)?;
        match self.until {
            Some(until) => write!(f, ", until {until:.0}")?,
            None => write!(f, ", until {}", self.resuming())?,
        }
        self.reason.iter().try_for_each(|reason| write!(f, ": {reason}"))
    }
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
