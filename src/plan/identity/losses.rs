//! Servers that have lost their node, and the nodes that somebody gave the name of another server: such a node is that of the
//! server which lost its own when it came.

use crate::domain::names::NodeTypeName;
use crate::domain::state::{Origin, ServerMemory, SetOfflineBy, State};
use crate::domain::world::Node;
use crate::plan::identity::fleet::Machine;
use crate::plan::identity::index::Index;
use std::collections::BTreeMap;

/// The servers that have lost the node that they had, whatever leads to them now: how many of a type at a time.
pub(super) struct Losses(BTreeMap<(Missed, NodeTypeName), usize>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missed {
    /// This run was the first that missed the node.
    In(u64),
    /// The state never saw it.
    Before,
}

impl Losses {
    pub(super) fn of(state: &State, machines: &[Machine<'_>]) -> Self {
        let mut losses = BTreeMap::new();
        for loss in machines.iter().filter_map(|machine| loss(state, machine)) {
            *losses.entry(loss).or_default() += 1;
        }
        Self(losses)
    }

    /// The nodes that lead to this machine, and came when another one lost its node. They have the labels of that one's type,
    /// and are surely not this one's: they lack the labels of its type, or it had a node of its own by then.
    pub(super) fn nodes_at<'a>(&self, index: &Index<'_>, state: &State, machine: &Machine<'a>) -> Vec<&'a Node> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let own = loss(state, machine);
        let others = || self.0.iter().filter(|(loss, number)| **number > usize::from(Some(*loss) == own.as_ref()));
        let is_renamed = |node: &&&Node| {
            let lacks_labels = || index.has_labels_of(&machine.node_type, node) == Some(false);
            let has_address_beside_it = || has_address_beside(index, machine, node);
            let is_at_work = !node.idle || state.set_offline_by(&node.name) == Some(SetOfflineBy::Person);
            let came_then = |missed: Missed| match missed {
                Missed::In(run) => {
                    run == came_in(state, node)
                        && (lacks_labels() || had_its_own(state, machine, node) || has_address_beside_it())
                }
                Missed::Before => is_at_work && (lacks_labels() || has_address_beside_it()),
            };
            let mut types = others().filter(|((missed, _), _)| came_then(*missed)).map(|((_, node_type), _)| node_type);
            types.any(|node_type| index.has_labels_of(node_type, node) == Some(true))
        };
        machine.nodes.iter().chain(&machine.doubts).filter(is_renamed).copied().collect()
    }
}

fn loss(state: &State, machine: &Machine<'_>) -> Option<(Missed, NodeTypeName)> {
    Some((missed(state, machine)?, machine.node_type.clone()))
}

/// When the node of a machine was missed, if it has lost its node.
fn missed(state: &State, machine: &Machine<'_>) -> Option<Missed> {
    let is_bare = machine.nodes.is_empty() && machine.doubts.is_empty();
    let had_one = |memory: &&ServerMemory| memory.joined_at.is_some() || memory.missing_since.is_some();
    let Some(memory) = state.servers.get(&machine.id).filter(had_one) else {
        return (is_bare && machine.origin == Origin::Found).then_some(Missed::Before);
    };
    let is_there = machine.nodes.iter().any(|node| memory.node.as_ref() == Some(&node.name));
    let is_gone = is_bare || memory.node.is_some() && !is_there;
    is_gone.then(|| Missed::In(memory.missing_since.unwrap_or(state.run + 1)))
}

fn came_in(state: &State, node: &Node) -> u64 {
    state.nodes.get(&node.name).map_or(state.run + 1, |memory| memory.first_seen)
}

fn with_agent<'m>(machine: &'m Machine<'_>, beside: &Node) -> impl Iterator<Item = &'m Node> {
    machine.nodes.iter().copied().filter(move |node| node.name != beside.name && node.has_agent())
}

/// Whether the machine had another node when this one came.
fn had_its_own(state: &State, machine: &Machine<'_>, node: &Node) -> bool {
    let came = came_in(state, node);
    let memory = state.servers.get(&machine.id);
    let had_another = memory.and_then(|memory| memory.node.as_ref()).is_some_and(|own| *own != node.name);
    let missed = memory.and_then(|memory| memory.missing_since).unwrap_or(state.run + 1);
    with_agent(machine, node).any(|other| came_in(state, other) < came) || had_another && came < missed
}

/// Whether another node has the machine's address in its name, where this one does not.
fn has_address_beside(index: &Index<'_>, machine: &Machine<'_>, node: &Node) -> bool {
    !index.is_by_address(node, machine) && with_agent(machine, node).any(|other| index.is_by_address(other, machine))
}
