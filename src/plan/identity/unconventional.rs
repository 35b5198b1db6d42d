//! Nodes under names outside the convention: each may be a server of ours that seems to have no node.

use crate::config::Config;
use crate::domain::state::{Origin, State};
use crate::domain::world::{Launch, Node, NodeKind, Presence};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity};
use std::collections::BTreeMap;

/// Agents that map to nothing, and that no other installation made.
pub(crate) fn agents<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let agents = fleet.nodes.iter().filter(|(node, identity)| {
        matches!(identity, NodeIdentity::Foreign(_)) && node.kind == NodeKind::Agent && node.mark.is_none()
    });
    agents.map(|(node, _)| *node).collect()
}

/// Whether the agent of a server may be connected under another name: it can have run, and no node of it is connected.
pub(crate) fn lacks_its_node(machine: &Machine<'_>) -> bool {
    let may_run = machine.server().is_some_and(|server| server.launch != Launch::Never);
    let mut nodes = machine.nodes.iter().chain(&machine.doubts);
    may_run && nodes.all(|node| node.presence == Presence::Disconnected)
}

/// Whether the node may be the server: it came after the server was ordered, and carries all labels of its type. If so,
/// how many runs lie between its first sighting and the loss of the server's own node, or the order.
pub(crate) fn distance(config: &Config, memory: &State, machine: &Machine<'_>, node: &Node) -> Option<u64> {
    let known = memory.nodes.get(&node.name)?;
    let first_seen = known.first_online.map_or(known.first_seen, |online| online.min(known.first_seen));
    let order = match machine.origin {
        Origin::Ordered(run) => Some(run),
        Origin::Found => None,
    };
    let came_after = order.is_none_or(|run| first_seen > run);
    let lost = memory.servers.get(&machine.id).and_then(|server| server.missing_since);
    let runs = lost.or(order).map_or(u64::MAX, |run| first_seen.abs_diff(run));
    (came_after && has_the_labels(config, machine, node)).then_some(runs)
}

fn has_the_labels(config: &Config, machine: &Machine<'_>, node: &Node) -> bool {
    match config.node_type(&machine.node_type) {
        // Nobody knows any more which labels it had; and a node that was deleted while busy has none at all.
        None => true,
        Some(_) if node.labels.is_empty() => true,
        Some(kind) if kind.labels.is_empty() => node.labels.contains(kind.name.as_str()),
        Some(kind) => kind.labels.is_subset(&node.labels),
    }
}

/// Gives servers (indices into [`Fleet::machines`]) a node each, no node twice: as many servers as possible, the nearest
/// pairs first. Earlier servers come first where they are equally near.
pub(crate) fn pair<'a>(
    servers: &[usize],
    nodes: &[&'a Node],
    distance: impl Fn(usize, &Node) -> Option<u64>,
) -> BTreeMap<usize, &'a Node> {
    let choices = |server: usize| {
        let near = nodes.iter().enumerate().filter_map(|(index, node)| Some((distance(server, node)?, index)));
        let mut near: Vec<(u64, usize)> = near.collect();
        near.sort_unstable();
        near
    };
    let mut servers: Vec<(u64, usize, Vec<usize>)> = servers
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
