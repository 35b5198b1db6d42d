//! Nodes under names outside the convention: each may be a server that else never joined.

use crate::config::Config;
use crate::domain::state::{Origin, State};
use crate::domain::world::{Node, NodeKind, Presence};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity};
use std::collections::BTreeMap;

/// Pairs servers that have no node (indices into [`Fleet::machines`]) with nodes that may be theirs: as many as possible,
/// each node with one server.
pub(crate) fn pair<'a>(
    config: &Config,
    memory: &State,
    fleet: &Fleet<'a>,
    alone: Vec<usize>,
) -> BTreeMap<usize, &'a Node> {
    let unconventional = unconventional(fleet);
    let mut pairs = Pairs { choices: BTreeMap::new(), taken: BTreeMap::new() };
    for machine in alone {
        let fits = |node: &usize| may_be(config, memory, &fleet.machines[machine], unconventional[*node]);
        pairs.choices.insert(machine, (0..unconventional.len()).filter(fits).collect());
        pairs.find(machine, &mut vec![false; unconventional.len()]);
    }
    pairs.taken.into_iter().map(|(node, machine)| (machine, unconventional[node])).collect()
}

/// Online agents that map to nothing.
fn unconventional<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let unconventional = fleet.nodes.iter().filter(|(node, identity)| {
        matches!(identity, NodeIdentity::Foreign(_))
            && node.kind == NodeKind::Agent
            && node.presence == Presence::Online
    });
    unconventional.map(|(node, _)| *node).collect()
}

/// Whether the node came after the server was ordered, and carries all labels of its type.
fn may_be(config: &Config, memory: &State, machine: &Machine<'_>, node: &Node) -> bool {
    let after = memory.nodes.get(&node.name).is_some_and(|node| match machine.origin {
        Origin::Ordered(run) => node.first_seen > run,
        Origin::Found => true,
    });
    let kind = config.node_type(&machine.node_type);
    machine.nodes.is_empty() && after && kind.is_some_and(|kind| kind.labels.is_subset(&node.labels))
}

struct Pairs {
    /// The unconventional that each server may be.
    choices: BTreeMap<usize, Vec<usize>>,
    /// The server of each node that has one.
    taken: BTreeMap<usize, usize>,
}

impl Pairs {
    /// Finds a node for one more server, moving others where that helps.
    fn find(&mut self, machine: usize, tried: &mut [bool]) -> bool {
        for node in self.choices.get(&machine).cloned().unwrap_or_default() {
            if std::mem::replace(&mut tried[node], true) {
                continue;
            }
            if self.taken.get(&node).copied().is_none_or(|other| self.find(other, tried)) {
                self.taken.insert(node, machine);
                return true;
            }
        }
        false
    }
}
