//! What the state has about nodes of Jenkins.

use super::credit::Credit;
use crate::domain::names::{MitaId, ServerId};
use crate::domain::rare::Rare;
use crate::domain::rule::Rule;
use crate::domain::world::{Node, Presence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A node of Jenkins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeMemory {
    /// The run that first saw it listed.
    pub first_seen: u64,
    /// The run that first saw it online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_online: Option<u64>,
    /// The first run that saw it away since it was last seen online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_from: Option<u64>,
    /// The last run that saw it away, once it had been online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_away: Option<u64>,
    /// Since when it stands still, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<Unchanged>,
    /// Wholly idle and online, counted against the idle grace.
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub idle: Rare<Credit>,
    /// Online with an idle executor since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_since: Option<Timestamp>,
    /// Offline, counted against the join timeout.
    #[serde(default, skip_serializing_if = "Rare::is_none")]
    pub offline: Rare<Credit>,
    /// Since when it has no connection and is busy all the same: a build waits for its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<Timestamp>,
    /// Who set it offline, as last known: Jenkins before 2.482 forgets it when the agent disconnects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_offline_by: Option<SetOfflineBy>,
    /// What its configuration had before mita closed it to new builds, on a Jenkins that would lose them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<ClosedNode>,
    /// The server of ours that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerId>,
    /// The order that mita made it for, as its description says, where the state knew that order and no server of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_for: Option<MitaId>,
    /// Why it takes no further build, where mita set it offline for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Rule>,
    /// When it was last seen at work, or seen to have worked since the run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worked_at: Option<Timestamp>,
    /// Whether Jenkins shows the mark on the node, or who disconnected it, no more, and may have forgotten that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mark_forgotten: bool,
    /// Whether somebody who holds it has cut its connection: no Jenkins shows that once it launched the agent again, or the
    /// node is renamed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Whether Jenkins refused to bring it back online, while mita's mark is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restore_refused: bool,
    /// How busy it was lately, as last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_average: Option<u32>,
}

/// A node that stands still, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    /// How it stands still.
    #[serde(rename = "as")]
    pub standstill: Standstill,
    /// The run that first saw it so.
    pub since: u64,
    /// When somebody set it offline, by Jenkins' clock. Who does so once more means what is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Timestamp>,
}

impl Unchanged {
    /// How a run sees the node stand still, if it does.
    pub fn of(node: &Node, run: u64) -> Option<Self> {
        let set_at = node.presence.cause().and_then(|cause| cause.since);
        Standstill::of(node).map(|standstill| Self { standstill, since: run, set_at })
    }

    /// Whether the node stands still as it did. Not every Jenkins, and no older state, says when it was set offline.
    pub fn is_as(&self, before: &Self) -> bool {
        let same_time = self.set_at.zip(before.set_at).is_none_or(|(now, then)| now == then);
        self.standstill == before.standstill && same_time
    }
}

/// How a node is that gives no sign of an agent, and that keeps a server all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standstill {
    /// Somebody set it offline or disconnected it, and no build holds it.
    SetOffline,
    /// A build holds it, and it has no connection.
    Lost,
    /// A build holds it, which began before somebody set it offline.
    BusySetOffline,
}

impl Standstill {
    fn of(node: &Node) -> Option<Self> {
        match (&node.presence, node.idle) {
            (Presence::Online, _) | (Presence::Disconnected, true) => None,
            (Presence::SetOffline(_) | Presence::DisconnectedBy(_), true) => Some(Self::SetOffline),
            (Presence::Disconnected, false) => Some(Self::Lost),
            (Presence::SetOffline(_) | Presence::DisconnectedBy(_), false) => Some(Self::BusySetOffline),
        }
    }
}

/// What the configuration of a node had before mita closed it, as the document of Jenkins has it: escaped for XML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedNode {
    /// NORMAL or EXCLUSIVE.
    pub mode: String,
    /// The label string.
    pub label: String,
}

impl ClosedNode {
    /// The label of a node while it is closed. No job asks for it.
    pub const LABEL: &str = "mita-retiring";

    /// The label string as a person writes it.
    pub fn plain_label(&self) -> String {
        const ESCAPES: [(&str, &str); 5] =
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
        ESCAPES.iter().fold(self.label.clone(), |label, (escape, plain)| label.replace(escape, plain))
    }
}

/// Who set a node offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetOfflineBy {
    /// This installation.
    Us,
    /// A node monitor of Jenkins.
    Monitor,
    /// A person, or who knows who.
    Person,
}
