//! What to do: `Config, World, State, now -> Plan`. Pure: no clock, no network, no log; the same input gives the same
//! plan.
//!
//! | step | file |
//! | --- | --- |
//! | which node is which server | [`fleet`], `kinship` |
//! | what was seen is remembered | `remember` |
//! | what becomes of each server and its node | [`phase`] |
//! | which jobs wait, and for what | [`need`], `demand` |
//! | which job gets which executor | `market`, [`matching`], [`limits`] |
//! | which nodes mita makes, and which it made in vain | `registration` |
//! | what servers left behind | [`leftovers`], [`addresses`] |
//! | all of it as actions and verdicts | `decide`, `jobs`, `servers` |
//! | when too much would go at once | `brake` |
//! | all of it as text for a person | `display` |

pub mod addresses;
mod brake;
pub mod breaker;
mod decide;
mod demand;
mod display;
pub mod fleet;
mod jobs;
mod kinship;
pub mod leftovers;
pub mod limits;
mod market;
pub mod matching;
pub mod need;
mod notices;
pub mod phase;
mod registration;
mod remember;
mod rule;
mod servers;
mod strays;
pub mod words;

#[cfg(test)]
mod tests;

pub use brake::brake;
pub use decide::{plan, plan_again};
pub use display::{Detail, PlanText};
pub use rule::Rule;

use crate::naming::{FloatingIpId, MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId, VolumeId};
use crate::state::State;
use jiff::Timestamp;
use serde::Serialize;
use std::net::IpAddr;

/// Everything that one run decided.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The installation.
    pub owner: Owner,
    /// The time that the plan was made for.
    pub now: Timestamp,
    /// What to do, in a fixed order.
    pub actions: Vec<Action>,
    /// What mita thinks of everything it saw, acted upon or not.
    pub verdicts: Vec<Verdict>,
    /// What could not be seen or done: each one makes the exit status 1.
    pub problems: Vec<Problem>,
    /// What a person should know, once: exit status 0 all the same.
    pub warnings: Vec<String>,
    /// Removals that were held back; exit status 3.
    pub held_back: Vec<Action>,
    /// What to remember, before anything is done.
    pub memory: State,
}

/// Something that went wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `jenkins`, `provider NAME`, `state`, ...
    #[serde(rename = "where")]
    pub place: String,
    /// What happened and what to do.
    pub error: String,
}

/// A job that an order is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Its queue item.
    pub queue_id: u64,
    /// Its name.
    pub job: String,
    /// What it needs: a label expression, or words.
    pub needs: String,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Order a server.
    CreateServer {
        /// Its node type.
        node_type: NodeTypeName,
        /// Where.
        provider: ProviderName,
        /// Its name.
        name: String,
        /// The order's id.
        id: MitaId,
        /// The jobs that it is for.
        jobs: Vec<Job>,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Make the node of a server in Jenkins.
    CreateNode {
        /// Its name.
        node: NodeName,
        /// The node type.
        node_type: NodeTypeName,
        /// Where the server is, or will be.
        provider: ProviderName,
        /// The server; none where the node is made before it.
        #[serde(skip_serializing_if = "Option::is_none")]
        server_id: Option<ServerId>,
        /// The order's id.
        id: MitaId,
        /// Where Jenkins connects to; none where the agent calls in.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Set the nodes of a server offline while a build runs there, so that no further one comes.
    DrainNode {
        /// The node; the first of them, where the server has several.
        node: NodeName,
        /// Every node that is the server and online.
        #[serde(skip)]
        nodes: Vec<NodeName>,
        /// Its node type.
        node_type: NodeTypeName,
        /// Where.
        provider: ProviderName,
        /// The server.
        server_id: ServerId,
        /// The order's id.
        #[serde(skip)]
        id: MitaId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Retire a server with its nodes.
    RetireNode {
        /// The node; the first of them, where the server has several.
        node: NodeName,
        /// Every node that is the server.
        #[serde(skip)]
        nodes: Vec<NodeName>,
        /// Its node type.
        node_type: NodeTypeName,
        /// Where.
        provider: ProviderName,
        /// The server; absent only where its node alone is left of the retirement.
        server_id: ServerId,
        /// The order's id.
        #[serde(skip)]
        id: MitaId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Delete a server that has no node.
    DeleteServer {
        /// The server.
        server_id: ServerId,
        /// Its name.
        #[serde(skip)]
        name: String,
        /// Its node type.
        #[serde(skip)]
        node_type: NodeTypeName,
        /// Where.
        #[serde(skip)]
        provider: ProviderName,
        /// The order's id.
        #[serde(skip)]
        id: MitaId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Bring a node back online that mita set offline.
    RestoreNode {
        /// The node.
        node: NodeName,
        /// Its node type.
        node_type: NodeTypeName,
        /// Where.
        provider: ProviderName,
        /// The server.
        server_id: ServerId,
        /// The order's id.
        #[serde(skip)]
        id: MitaId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Delete a volume whose server is gone.
    DeleteVolume {
        /// The volume.
        volume_id: VolumeId,
        /// Where.
        #[serde(skip)]
        provider: ProviderName,
        /// The server that it belonged to.
        #[serde(skip)]
        server_id: ServerId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Give a server a floating IP.
    AssignFloatingIp {
        /// Its node type.
        node_type: NodeTypeName,
        /// Where.
        provider: ProviderName,
        /// The server.
        server_id: ServerId,
        /// The order's id.
        #[serde(skip)]
        id: MitaId,
        /// The external network that it comes from.
        pool: String,
        /// One that was made for the server before and leads nowhere; a new one is made where there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        floating_ip_id: Option<FloatingIpId>,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Release a floating IP whose server is gone.
    ReleaseFloatingIp {
        /// The floating IP.
        floating_ip_id: FloatingIpId,
        /// Where.
        #[serde(skip)]
        provider: ProviderName,
        /// The server that it was made for.
        #[serde(skip)]
        server_id: ServerId,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
    /// Delete a node whose server is gone.
    DeleteNode {
        /// The node.
        node: NodeName,
        /// What proves that it is ours.
        #[serde(skip)]
        proof: Proof,
        /// Why.
        rule: Rule,
        /// Why, in words.
        reason: String,
    },
}

/// What proves that a node without a server is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was the node of this server, as the state remembers.
    Server(ServerId),
    /// Its description says that it was made for this order.
    Order(MitaId),
}

impl Action {
    /// Its name in documents.
    pub fn kind(&self) -> &'static str {
        match self {
            Action::CreateServer { .. } => "create_server",
            Action::DrainNode { .. } => "drain_node",
            Action::RetireNode { .. } => "retire_node",
            Action::DeleteServer { .. } => "delete_server",
            Action::RestoreNode { .. } => "restore_node",
            Action::DeleteVolume { .. } => "delete_volume",
            Action::AssignFloatingIp { .. } => "assign_floating_ip",
            Action::ReleaseFloatingIp { .. } => "release_floating_ip",
            Action::CreateNode { .. } => "create_node",
            Action::DeleteNode { .. } => "delete_node",
        }
    }

    /// Why it is done.
    pub fn rule(&self) -> Rule {
        self.why().0
    }

    /// Why it is done, in words.
    pub fn reason(&self) -> &str {
        self.why().1
    }

    fn why(&self) -> (Rule, &str) {
        match self {
            Action::CreateServer { rule, reason, .. }
            | Action::DrainNode { rule, reason, .. }
            | Action::RetireNode { rule, reason, .. }
            | Action::DeleteServer { rule, reason, .. }
            | Action::RestoreNode { rule, reason, .. }
            | Action::DeleteVolume { rule, reason, .. }
            | Action::AssignFloatingIp { rule, reason, .. }
            | Action::ReleaseFloatingIp { rule, reason, .. }
            | Action::CreateNode { rule, reason, .. }
            | Action::DeleteNode { rule, reason, .. } => (*rule, reason),
        }
    }
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An item of Jenkins' queue.
    QueueItem,
    /// A node of Jenkins.
    Node,
    /// A server of ours.
    Server,
    /// A volume of ours.
    Volume,
    /// A floating IP of ours.
    FloatingIp,
}

/// What mita thinks of one thing, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Verdict {
    /// What sort of thing.
    pub subject: Subject,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The rule that decided.
    pub rule: Rule,
    /// The evidence.
    pub reason: String,
}
