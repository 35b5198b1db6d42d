//! The parts of a plan: actions, verdicts and problems.

use crate::domain::names::{FloatingIpId, MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId, VolumeId};
use crate::domain::rule::Rule;
use crate::domain::state::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Everything that one run decided.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// How many idle servers of each node type should be ready, and why.
    pub at_hand: BTreeMap<NodeTypeName, AtHand>,
    /// Whether a job that waits would start on a node that mita closes: then none is closed.
    pub closed_nodes_draw_jobs: bool,
    /// The state to write before anything is done.
    pub state: State,
}

/// Idle servers of one type that should be ready, beyond those that waiting jobs need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtHand {
    /// So many are ordered if they are not there.
    pub order: u32,
    /// So many are kept if they are there; at least as many as are ordered.
    pub keep: u32,
    /// Those that are not kept go as soon as so many may go together.
    pub group: u32,
    /// What each rule wants, the largest number first.
    pub reasons: Vec<Forecast>,
}

/// How many idle servers one rule wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Idle servers.
    pub servers: u32,
    /// The key of the configuration.
    pub key: &'static str,
    /// Why, in words.
    pub text: String,
}

/// Something that went wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// `jenkins`, `provider NAME`, `state`, ...
    #[serde(rename = "where")]
    pub place: String,
    /// What happened and what to do.
    pub error: String,
}

/// One thing to do, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Action {
    /// What is done.
    #[serde(flatten)]
    pub change: Change,
    /// Why.
    pub rule: Rule,
    /// Why, in words.
    pub reason: String,
}

/// What an action changes, in the order in which actions are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Change {
    /// Order a server.
    CreateServer(Order),
    /// Make the node of a server in Jenkins.
    CreateNode(NodeToRegister),
    /// Give a server a floating IP.
    AssignFloatingIp(
        #[serde(serialize_with = "floating_ip_to_assign")]
        #[schemars(with = "AssignedFloatingIp<'_>")]
        FloatingIpToAssign,
    ),
    /// Bring the node of a server back online that mita set offline.
    RestoreNode(
        #[serde(serialize_with = "with_node")]
        #[schemars(with = "NodeOfServer<'_>")]
        Target,
    ),
    /// Set the nodes of a server offline while a build runs there, so that no further one comes.
    DrainNode(
        #[serde(serialize_with = "with_node")]
        #[schemars(with = "NodeOfServer<'_>")]
        Target,
    ),
    /// Retire a server with its nodes.
    RetireNode(
        #[serde(serialize_with = "with_node")]
        #[schemars(with = "NodeOfServer<'_>")]
        Target,
    ),
    /// Delete a server that has no node.
    DeleteServer(
        #[serde(serialize_with = "without_node")]
        #[schemars(with = "ServerAlone<'_>")]
        Target,
    ),
    /// Delete a node whose server is gone.
    DeleteNode {
        /// The node.
        node: NodeName,
        /// What proves that it is ours.
        #[serde(skip)]
        proof: Proof,
    },
    /// Delete a volume whose server is gone.
    DeleteVolume {
        /// The volume.
        volume_id: VolumeId,
        /// Where it was.
        #[serde(skip)]
        left_by: FormerServer,
    },
    /// Release a floating IP whose server is gone.
    ReleaseFloatingIp {
        /// The floating IP.
        floating_ip_id: FloatingIpId,
        /// The server that it was made for.
        #[serde(skip)]
        left_by: FormerServer,
    },
}

/// A server to be ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Order {
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Where.
    pub provider: ProviderName,
    /// Its name.
    pub name: String,
    /// The order's id.
    pub id: MitaId,
    /// The jobs that it is for.
    pub jobs: Vec<Job>,
}

/// A job that an order is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Job {
    /// Its queue item.
    pub queue_id: u64,
    /// Its name.
    pub job: String,
    /// What it needs: a label expression, or words.
    pub needs: String,
}

/// A node to be made in Jenkins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct NodeToRegister {
    /// Its name.
    pub node: NodeName,
    /// The node type.
    pub node_type: NodeTypeName,
    /// Where the server is, or will be.
    pub provider: ProviderName,
    /// The server; none where the node is made before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// The order's id.
    pub id: MitaId,
    /// Where Jenkins connects to; none where the agent connects to Jenkins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

/// A server of ours that something is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Where.
    pub provider: ProviderName,
    /// The server.
    pub server_id: ServerId,
    /// Its name.
    pub name: String,
    /// The order's id.
    pub order: MitaId,
    /// Its nodes that are concerned; of several, documents show the first.
    pub nodes: Vec<NodeName>,
}

/// A floating IP that a server is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatingIpToAssign {
    /// The server.
    pub target: Target,
    /// The external network that it comes from.
    pub pool: String,
    /// One that was made for the server before and leads nowhere; a new one is made where there is none.
    pub known: Option<FloatingIpId>,
}

/// A server that is gone and left something behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerServer {
    /// Where it was.
    pub provider: ProviderName,
    /// The server.
    pub server_id: ServerId,
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
    /// An action.
    pub fn new(change: Change, rule: Rule, reason: impl Into<String>) -> Self {
        Self { change, rule, reason: reason.into() }
    }

    /// Whether it orders a server, or makes the node of one that is ordered.
    pub fn is_order(&self) -> bool {
        match &self.change {
            Change::CreateServer(_) => true,
            Change::CreateNode(node) => node.server_id.is_none(),
            _ => false,
        }
    }

    /// The server that it takes away, where it does.
    pub fn removed(&self) -> Option<&Target> {
        match &self.change {
            Change::RetireNode(target) | Change::DeleteServer(target) => Some(target),
            _ => None,
        }
    }
}

impl Change {
    /// The server of ours that is changed, with all that is known of it.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Change::RestoreNode(target)
            | Change::DrainNode(target)
            | Change::RetireNode(target)
            | Change::DeleteServer(target) => Some(target),
            Change::AssignFloatingIp(wanted) => Some(&wanted.target),
            _ => None,
        }
    }

    /// The server that it is about, where the cloud has or had one.
    pub fn server_id(&self) -> Option<&ServerId> {
        match self {
            Change::CreateServer(_) | Change::DeleteNode { proof: Proof::Order(_), .. } => None,
            Change::CreateNode(node) => node.server_id.as_ref(),
            Change::DeleteNode { proof: Proof::Server(server), .. } => Some(server),
            Change::DeleteVolume { left_by, .. } | Change::ReleaseFloatingIp { left_by, .. } => {
                Some(&left_by.server_id)
            }
            _ => self.target().map(|target| &target.server_id),
        }
    }

    /// Its name in documents.
    pub fn kind(&self) -> &'static str {
        match self {
            Change::CreateServer(_) => "create_server",
            Change::CreateNode(_) => "create_node",
            Change::AssignFloatingIp(_) => "assign_floating_ip",
            Change::RestoreNode(_) => "restore_node",
            Change::DrainNode(_) => "drain_node",
            Change::RetireNode(_) => "retire_node",
            Change::DeleteServer(_) => "delete_server",
            Change::DeleteNode { .. } => "delete_node",
            Change::DeleteVolume { .. } => "delete_volume",
            Change::ReleaseFloatingIp { .. } => "release_floating_ip",
        }
    }

    /// Its place among all actions of a plan. What a new server gets shares one.
    pub fn position(&self) -> u8 {
        match self {
            Change::CreateServer(_) => 0,
            Change::CreateNode(_) | Change::AssignFloatingIp(_) => 1,
            Change::RestoreNode(_) => 2,
            Change::DrainNode(_) => 3,
            Change::RetireNode(_) => 4,
            Change::DeleteServer(_) => 5,
            Change::DeleteNode { .. } => 6,
            Change::DeleteVolume { .. } => 7,
            Change::ReleaseFloatingIp { .. } => 8,
        }
    }
}

/// What documents show of a target whose nodes are concerned.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct NodeOfServer<'a> {
    /// The first of its nodes that are concerned.
    node: Option<&'a NodeName>,
    node_type: &'a NodeTypeName,
    provider: &'a ProviderName,
    server_id: &'a ServerId,
}

/// What documents show of a target without a node.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct ServerAlone<'a> {
    server_id: &'a ServerId,
}

/// What documents show of a floating IP to assign.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct AssignedFloatingIp<'a> {
    node_type: &'a NodeTypeName,
    provider: &'a ProviderName,
    server_id: &'a ServerId,
    /// The external network that it comes from.
    pool: &'a str,
    /// Absent if a new one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    floating_ip_id: Option<&'a FloatingIpId>,
}

fn with_node<S: Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
    let Target { node_type, provider, server_id, nodes, .. } = target;
    NodeOfServer { node: nodes.first(), node_type, provider, server_id }.serialize(serializer)
}

fn without_node<S: Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
    ServerAlone { server_id: &target.server_id }.serialize(serializer)
}

fn floating_ip_to_assign<S: Serializer>(wanted: &FloatingIpToAssign, serializer: S) -> Result<S::Ok, S::Error> {
    let FloatingIpToAssign { target: Target { node_type, provider, server_id, .. }, pool, known } = wanted;
    AssignedFloatingIp { node_type, provider, server_id, pool, floating_ip_id: known.as_ref() }.serialize(serializer)
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
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
