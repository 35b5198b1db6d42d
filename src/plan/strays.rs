//! Nodes under names outside the convention: each may be a server that else never joined.

use super::fleet::{Fleet, Kinship, Machine};
use crate::config::Config;
use crate::state::{Origin, State};
use crate::world::{Node, NodeKind, Presence};
use std::collections::BTreeMap;

/// Pairs servers that have no node (indices into [`Fleet::machines`]) with nodes that may be theirs: as many as possible,
/// each node with one server.
pub(super) fn pair<'a>(
    config: &Config,
    memory: &State,
    fleet: &Fleet<'a>,
    alone: Vec<usize>,
) -> BTreeMap<usize, &'a Node> {
    let strays = strays(fleet);
    let mut pairs = Pairs { choices: BTreeMap::new(), taken: BTreeMap::new() };
    for machine in alone {
        let fits = |stray: &usize| may_be(config, memory, &fleet.machines[machine], strays[*stray]);
        pairs.choices.insert(machine, (0..strays.len()).filter(fits).collect());
        pairs.find(machine, &mut vec![false; strays.len()]);
    }
    pairs.taken.into_iter().map(|(stray, machine)| (machine, strays[stray])).collect()
}

/// Online agents that map to nothing.
fn strays<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let strays = fleet.nodes.iter().filter(|(node, kinship)| {
        matches!(kinship, Kinship::Foreign(_)) && node.kind == NodeKind::Agent && node.presence == Presence::Online
    });
    strays.map(|(node, _)| *node).collect()
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
    /// The strays that each server may be.
    choices: BTreeMap<usize, Vec<usize>>,
    /// The server of each stray that has one.
    taken: BTreeMap<usize, usize>,
}

impl Pairs {
    /// Finds a stray for one more server, moving others where that helps.
    fn find(&mut self, machine: usize, tried: &mut [bool]) -> bool {
        for stray in self.choices.get(&machine).cloned().unwrap_or_default() {
            if std::mem::replace(&mut tried[stray], true) {
                continue;
            }
            if self.taken.get(&stray).copied().is_none_or(|other| self.find(other, tried)) {
                self.taken.insert(stray, machine);
                return true;
            }
        }
        false
    }
}
