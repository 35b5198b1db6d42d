//! Idle nodes that lack a label of their type which the next ones will have.

use crate::config::{Config, NodeType};
use crate::domain::state::{Origin, State};
use crate::domain::world::Node;
use crate::plan::identity::fleet::Machine;

/// Whether the nodes of a machine lack a label of its type, and either had it once or were ordered under another configuration.
/// Where servers never come with a label that the configuration promises, another one would lack it as well.
pub(crate) fn is_outdated(config: &Config, state: &State, machine: &Machine<'_>) -> bool {
    let Some(kind) = config.node_type(&machine.node_type) else { return false };
    let lacks_one = |kind: &NodeType| !machine.nodes.iter().any(|node| kind.labels_are_on(node));
    !machine.nodes.is_empty() && lacks_one(kind) && (is_older(state, machine) || has_lost_labels(state, machine))
}

/// Whether it was ordered under another configuration, which may have promised other labels.
pub(super) fn is_older(state: &State, machine: &Machine<'_>) -> bool {
    matches!(machine.origin, Origin::Ordered(run) if run < state.configured_in)
}

fn has_lost_labels(state: &State, machine: &Machine<'_>) -> bool {
    let came_without = |node: &&Node| state.nodes.get(&node.name).is_none_or(|known| known.came_without_labels);
    !machine.nodes.iter().all(came_without)
}
