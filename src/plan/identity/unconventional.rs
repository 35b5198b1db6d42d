//! Nodes whose names do not follow the convention: each of them may be the node of a server that seems to have none.

use crate::config::Config;
use crate::domain::state::{ClosedNode, NodeMemory, Origin, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Launch, Node, NodeKind, Presence};
use crate::plan::identity::closed::is_closed;
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity, Sighting};
use std::collections::BTreeMap;

/// Agents that map to nothing, and that neither another installation nor the server of somebody else made.
pub(crate) fn agents<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let agents = fleet.nodes.iter().filter(|(node, identity)| is_free(fleet, node, identity));
    agents.map(|(node, _)| *node).collect()
}

fn is_free(fleet: &Fleet<'_>, node: &Node, identity: &NodeIdentity) -> bool {
    matches!(identity, NodeIdentity::Foreign(_))
        && node.kind == NodeKind::Agent
        && node.mark.is_none()
        && !fleet.strangers.contains(&node.name)
}

/// Agents that map to another server, or that another installation or the server of somebody else made, and run a build. A
/// person may have given such a name or description to the node of a server that seems to have none: the build tells.
pub(crate) fn others_at_work<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let others = fleet
        .nodes
        .iter()
        .filter(|(node, identity)| !is_free(fleet, node, identity) && node.kind == NodeKind::Agent && !node.idle);
    others.map(|(node, _)| *node).collect()
}

/// Whether a node keeps a server that it may be from being removed, whatever the reason: it runs a build, or a person
/// holds it.
pub(crate) fn keeps_its_server(state: &State, node: &Node) -> bool {
    !node.idle || state.set_offline_by(&node.name) == Some(SetOfflineBy::Person)
}

/// Whether the node runs a build that was seen on the server.
pub(crate) fn runs_its_build(state: &State, machine: &Machine<'_>, node: &Node) -> bool {
    state.servers.get(&machine.id).is_some_and(|server| server.work.goes_on_in(&node.builds))
}

/// The same for a node that has a server of its own: the build ran on no other node, as the branches of a pipeline do.
pub(crate) fn runs_its_build_alone(state: &State, machine: &Machine<'_>, node: &Node) -> bool {
    state.servers.get(&machine.id).is_some_and(|server| server.work.goes_on_only_in(&node.builds))
}

/// Whether the agent of a server may be connected under another name: it can have run, and no node of it is connected.
pub(crate) fn lacks_its_node(machine: &Machine<'_>) -> bool {
    let may_run = match machine.sighting {
        Sighting::Seen(server) => server.launch != Launch::Never,
        Sighting::NoAnswer | Sighting::Elsewhere | Sighting::WithoutMetadata => true,
        Sighting::Unlisted | Sighting::Hidden | Sighting::Gone | Sighting::Deleted => false,
    };
    let mut nodes = machine.nodes.iter().chain(&machine.doubts);
    may_run && nodes.all(|node| node.presence == Presence::Disconnected)
}

/// Whether the node came in the run in which the server lost its node, or later; whether it did is unknown of a server that
/// had none.
pub(crate) fn came_since_the_loss(state: &State, machine: &Machine<'_>, node: &Node) -> bool {
    let lost = state.servers.get(&machine.id).and_then(|server| server.missing_since);
    let came = state.nodes.get(&node.name).map(|known| known.first_seen);
    lost.is_none_or(|lost| came.is_some_and(|came| came >= lost))
}

/// How near a node is to a server that it may be; the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Distance {
    /// Whether the labels do not show that the node is one of the type.
    unsure: bool,
    trace: Trace,
    /// How many runs lie between the node's first sighting and the nearest loss of a node of the server, or the order.
    runs: u64,
}

/// What tells that a node is a server's; the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trace {
    /// It runs a build that was seen on the server.
    SameBuild,
    /// It came in the run in which the server lost its node, or one that may have been that.
    CameAtTheLoss,
    /// The server lost its node before: the node may have been renamed again since.
    Lost,
    /// The server never had a node.
    NeverJoined,
    /// The server has a node of its own, which is not connected.
    HasItsNode,
    /// It was online while the server's own node was connected.
    WasBesideItsNode,
}

impl Distance {
    /// Nothing is nearer.
    pub(crate) const NONE: Self = Self { unsure: false, trace: Trace::SameBuild, runs: 0 };

    /// Between a server and a node that may be it: the node came after the server was ordered, and carries all labels of
    /// its type or runs a build that was seen on the server.
    pub(crate) fn between(config: &Config, state: &State, machine: &Machine<'_>, node: &Node) -> Option<Self> {
        let seen = state.nodes.get(&node.name)?;
        let first_seen = seen.first_online.map_or(seen.first_seen, |online| online.min(seen.first_seen));
        let order = match machine.origin {
            Origin::Ordered(run) => Some(run),
            Origin::Found => None,
        };
        if order.is_some_and(|run| first_seen <= run) {
            return None;
        }
        if runs_its_build(state, machine, node) {
            return Some(Self::NONE);
        }
        let known = state.servers.get(&machine.id);
        let lost = known.and_then(|server| server.missing_since);
        let losses = known.into_iter().flat_map(ServerMemory::losses).map(|run| first_seen.abs_diff(run));
        let since_a_loss = losses.min();
        let came_at_a_loss = since_a_loss == Some(0);
        let connected = known.and_then(|server| server.last_connected);
        // Listed while the server's own node had its agent, and without one ever since.
        let had_agent = !node.idle || node.connected || seen.first_online.is_some();
        if !had_agent && connected.is_some_and(|run| seen.first_seen <= run) {
            return None;
        }
        let unsure = match config.node_type(&machine.node_type) {
            // A type that is gone; a node that was deleted while busy, and has no labels any more; or one that was
            // renamed, as far as can be seen, and may have got other labels as well.
            None => true,
            Some(_) if node.labels.is_empty() => true,
            Some(kind) if kind.labels_are_on(node) => false,
            Some(_) if came_at_a_loss => true,
            // Renamed again since, without labels, or while it was closed: Jenkins gives each node its own name as one.
            Some(_) if lost.is_some() && has_only_its_name(node) => true,
            Some(_) if took_over(seen, connected) => true,
            // mita has taken its labels, and a state that was lost had them.
            Some(_) if is_closed(node) && keeps_its_server(state, node) => true,
            Some(_) => return None,
        };
        let trace = match lost {
            _ if seen.first_online.is_some_and(|online| connected.is_some_and(|run| online <= run)) => {
                Trace::WasBesideItsNode
            }
            Some(_) if came_at_a_loss => Trace::CameAtTheLoss,
            Some(_) => Trace::Lost,
            None if !machine.nodes.is_empty() => Trace::HasItsNode,
            None => Trace::NeverJoined,
        };
        let since_the_order = order.map(|run| first_seen.abs_diff(run));
        Some(Self { unsure, trace, runs: since_a_loss.or(since_the_order).unwrap_or(u64::MAX) })
    }

    /// Whether nothing tells that the other is nearer. How long ago a node was lost tells nothing.
    fn is_as_near_as(self, other: Self) -> bool {
        let rank = |distance: Self| (distance.unsure, distance.trace);
        rank(self) < rank(other) || rank(self) == rank(other) && (self.trace == Trace::Lost || self.runs <= other.runs)
    }
}

/// Whether the node was made before the server's own one lost its agent, or in that run, and first had an agent after that:
/// so does a copy under another name and with other labels.
fn took_over(seen: &NodeMemory, connected: Option<u64>) -> bool {
    let times = connected.zip(seen.first_online);
    times.is_some_and(|(connected, online)| seen.first_seen <= connected + 1 && online > connected)
}

/// Whether the node has the labels of the server's type, or none that a person gave it.
pub(crate) fn may_have_labels_of(config: &Config, machine: &Machine<'_>, node: &Node) -> bool {
    let kind = config.node_type(&machine.node_type);
    has_only_its_name(node) || kind.is_none_or(|kind| kind.labels_are_on(node))
}

fn has_only_its_name(node: &Node) -> bool {
    node.labels.iter().all(|label| [node.name.as_str(), ClosedNode::LABEL].contains(&label.as_str()))
}

/// Gives servers (indices into [`Fleet::machines`]) a node each, no node twice: as many servers as possible, the nearest
/// pairs first. Earlier servers come first where they are equally near.
pub(crate) fn pair<'a>(
    servers: &[usize],
    nodes: &[&'a Node],
    distance: impl Fn(usize, &Node) -> Option<Distance>,
) -> BTreeMap<usize, &'a Node> {
    let choices = |server: usize| {
        let near = nodes.iter().enumerate().filter_map(|(index, node)| Some((distance(server, node)?, index)));
        let mut near: Vec<(Distance, usize)> = near.collect();
        near.sort_unstable();
        near
    };
    let mut servers: Vec<(Distance, usize, Vec<usize>)> = servers
        .iter()
        .filter_map(|&server| {
            let choices = choices(server);
            let nearest = choices.first()?.0;
            Some((nearest, server, choices.into_iter().map(|(_, node)| node).collect()))
        })
        .collect();
    servers.sort();
    let mut pairs = Pairs { choices: BTreeMap::new(), taken: BTreeMap::new() };
    for (_, server, choices) in servers {
        pairs.choices.insert(server, choices);
        pairs.find(server, &mut vec![false; nodes.len()]);
    }
    pairs.taken.into_iter().map(|(node, server)| (server, nodes[node])).collect()
}

/// The same for nodes that work or are held: where nothing tells which of several servers such a node is, each server that is
/// as near gets it.
pub(crate) fn pair_all_as_near<'a>(
    servers: &[usize],
    nodes: &[&'a Node],
    distance: impl Fn(usize, &Node) -> Option<Distance>,
) -> BTreeMap<usize, &'a Node> {
    let mut pairs = pair(servers, nodes, &distance);
    let takers: Vec<(&'a Node, Distance)> =
        pairs.iter().filter_map(|(&server, &node)| Some((node, distance(server, node)?))).collect();
    for &server in servers {
        let as_near =
            |(node, taker): &&(&'a Node, Distance)| distance(server, node).is_some_and(|own| own.is_as_near_as(*taker));
        if let (false, Some((node, _))) = (pairs.contains_key(&server), takers.iter().find(as_near)) {
            pairs.insert(server, node);
        }
    }
    pairs
}

struct Pairs {
    /// The nodes that each server may be.
    choices: BTreeMap<usize, Vec<usize>>,
    /// The server of each node that has one.
    taken: BTreeMap<usize, usize>,
}

impl Pairs {
    /// Finds a node for one more server, moving others where that helps.
    fn find(&mut self, server: usize, tried: &mut [bool]) -> bool {
        for node in self.choices.get(&server).cloned().unwrap_or_default() {
            if std::mem::replace(&mut tried[node], true) {
                continue;
            }
            if self.taken.get(&node).copied().is_none_or(|other| self.find(other, tried)) {
                self.taken.insert(node, server);
                return true;
            }
        }
        false
    }
}
