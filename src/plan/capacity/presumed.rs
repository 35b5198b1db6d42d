//! Which servers still count in the limits though their clouds call them gone: those whose agents are connected. The answers of a
//! cloud may be old. An agent that is lost says nothing, also where Jenkins goes on to hold its node for a build.

use crate::config::Config;
use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::state::{GoneServer, State};
use crate::domain::world::{Node, ServerState};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity, Sighting};
use crate::plan::identity::places::is_out_of_use;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::sightings::servers::deletion_failed;
use std::collections::BTreeMap;

/// Whether a server counts in the limits.
pub(crate) fn counts(config: &Config, state: &State, machine: &Machine<'_>, phase: &Phase) -> bool {
    !is_out(state, machine, phase) && !is_out_of_use(config, machine)
}

/// Whether a server is gone or on its way out, and counts for the quota at most.
fn is_out(state: &State, machine: &Machine<'_>, phase: &Phase) -> bool {
    if is_leaving(state, machine, phase) {
        return !may_be_there(state, machine);
    }
    // Jenkins may wait for its agent until somebody deletes the node.
    let works = matches!(phase, Phase::LeftAlone(Rule::Busy | Rule::Ambiguous));
    works && has_ended(state, machine) && !machine.all_nodes().any(Node::has_agent)
}

/// Whether nothing but what its cloud says keeps it from being counted.
pub(super) fn is_leaving(state: &State, machine: &Machine<'_>, phase: &Phase) -> bool {
    matches!(phase, Phase::LeftAlone(Rule::Gone | Rule::Deleting))
        || deletion_failed(machine, state.servers.get(&machine.id))
}

/// Whether a server that its cloud calls gone may be there all the same: its agent is connected, or the state does not give it
/// up yet and mita did not delete it. A cloud that lags may show it again.
fn may_be_there(state: &State, machine: &Machine<'_>) -> bool {
    let known = state.servers.get(&machine.id);
    matches!(machine.sighting, Sighting::Gone)
        && (machine.nodes.iter().any(|node| node.has_agent())
            || known.is_some_and(|server| server.retirement.is_none()))
}

/// Whether its cloud says for certain that it has ended, or is about to.
fn has_ended(state: &State, machine: &Machine<'_>) -> bool {
    match machine.sighting {
        Sighting::Gone => !state.servers.contains_key(&machine.id),
        Sighting::Deleted => true,
        Sighting::Seen(server) => matches!(server.state, ServerState::Deleted | ServerState::Deleting),
        Sighting::Unlisted
        | Sighting::Hidden
        | Sighting::WithoutMetadata
        | Sighting::Elsewhere
        | Sighting::NoAnswer => false,
    }
}

/// Servers that two reads called gone, and whose agents are connected, each with such a node.
pub(super) fn connected_all_the_same<'a>(
    state: &'a State,
    fleet: &Fleet<'a>,
) -> BTreeMap<&'a ServerId, (&'a GoneServer, &'a Node)> {
    let former = fleet.nodes.iter().filter_map(|(node, identity)| match identity {
        NodeIdentity::Former(server) if node.has_agent() => {
            let (id, gone) = state.gone_servers.get_key_value(server)?;
            Some((id, (gone, *node)))
        }
        _ => None,
    });
    former.collect()
}
