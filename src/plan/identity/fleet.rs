//! The servers that are ours, with the Jenkins nodes that belong to them.

use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::state::Origin;
use crate::domain::world::{Node, Presence, Server};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Servers of ours and the nodes of Jenkins, put together.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// Every server of ours: listed by a cloud, or only in the state.
    pub machines: Vec<Machine<'a>>,
    /// Every node of Jenkins, with what it is to us.
    pub nodes: Vec<(&'a Node, NodeIdentity)>,
    /// Servers in the state that a cloud shows without our mark: they are no longer ours.
    pub disowned: BTreeMap<&'a ServerId, &'a Server>,
    /// Nodes that are nobody's of ours, and have the address of a listed server of somebody else in their names.
    pub strangers: BTreeSet<&'a NodeName>,
}

/// A server of ours.
#[derive(Debug)]
pub struct Machine<'a> {
    /// Its order; for a second server with the same mark, its own id.
    pub id: MitaId,
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Its provider.
    pub provider: ProviderName,
    /// Its name.
    pub name: String,
    /// The cloud's id, where it is known.
    pub server_id: Option<ServerId>,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// Whether it was ordered by a run that the state remembers.
    pub origin: Origin,
    /// What its cloud says of it.
    pub sighting: Sighting<'a>,
    /// The nodes that it is.
    pub nodes: Vec<&'a Node>,
    /// Nodes that could be it, with no certainty.
    pub doubts: Vec<&'a Node>,
    /// Nodes that have its name or an address of it, and are another's or nobody's: while they work, it is as busy as
    /// they.
    pub namesakes: Vec<&'a Node>,
    /// Whether it has no other nodes than its doubts, and each would be its own, did no other server of ours have the
    /// same address.
    pub shares_doubts: bool,
}

/// What a cloud says of a server.
#[derive(Clone, Copy, Debug)]
pub enum Sighting<'a> {
    /// Seen in the listing, or by its id.
    Seen(&'a Server),
    /// The listing is whole and lacks it; its id is not known.
    Unlisted,
    /// The listing lacks servers that are there, and may lack this one, too; its id is not known.
    Hidden,
    /// The listing is whole and lacks it, and a read by its id answered 404.
    Gone,
    /// The listing is whole and lacks it, and the last read by its id showed it as deleted: it is not read in each run.
    Deleted,
    /// The cloud shows it without metadata, so that nothing says whose it is now.
    WithoutMetadata,
    /// It is in another project, or at another compute service, than the one that was read, or at a provider that is no longer
    /// configured.
    Elsewhere,
    /// There is no answer to conclude from.
    NoAnswer,
}

/// What a node is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeIdentity {
    /// The node of this machine (index into [`Fleet::machines`]).
    Of(usize),
    /// Nothing is certain, and this is why.
    Doubtful(String),
    /// Remembered as the node of a server that is no longer there.
    Former(ServerId),
    /// Made by us, for this order, of which there is no server.
    MadeFor(MitaId),
    /// Somebody else's.
    Foreign(&'static str),
}

impl NodeIdentity {
    /// The machine whose node it is (index into [`Fleet::machines`]).
    pub fn machine(&self) -> Option<usize> {
        match self {
            NodeIdentity::Of(machine) => Some(*machine),
            NodeIdentity::Doubtful(_)
            | NodeIdentity::Former(_)
            | NodeIdentity::MadeFor(_)
            | NodeIdentity::Foreign(_) => None,
        }
    }
}

impl<'a> Machine<'a> {
    /// The server, where the cloud showed it.
    pub fn server(&self) -> Option<&Server> {
        match self.sighting {
            Sighting::Seen(server) => Some(server),
            Sighting::Unlisted
            | Sighting::Hidden
            | Sighting::Gone
            | Sighting::Deleted
            | Sighting::WithoutMetadata
            | Sighting::Elsewhere
            | Sighting::NoAnswer => None,
        }
    }

    /// The nodes that it is, those that it could be, and its namesakes.
    pub fn all_nodes(&self) -> impl Iterator<Item = &'a Node> {
        self.nodes.iter().chain(&self.doubts).chain(&self.namesakes).copied()
    }

    /// The first of them that works.
    pub fn busy_node(&self) -> Option<&'a Node> {
        self.all_nodes().find(|node| !node.idle)
    }

    /// What limits count it for.
    pub fn place(&self) -> (&NodeTypeName, &ProviderName) {
        (&self.node_type, &self.provider)
    }

    /// Whether an agent is connected to any node that could be it.
    pub fn has_agent(&self) -> bool {
        self.nodes.iter().chain(&self.doubts).any(|node| node.has_agent())
    }

    /// Whether any of its nodes is online.
    pub fn is_online(&self) -> bool {
        self.nodes.iter().any(|node| node.presence == Presence::Online)
    }
}
