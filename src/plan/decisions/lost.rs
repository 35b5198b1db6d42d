//! Builds that wait for agents which do not come back: Jenkins waits until somebody deletes the node, and mita waits for Jenkins.
//! That does not last in silence (L6).

use super::draft::{Draft, Lost};
use super::findings::Findings;
use super::lasting::{HELD_TOO_LONG, TOO_LONG};
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{Node, ServerState};
use crate::plan::identity::fleet::{Machine, Sighting};
use jiff::SignedDuration;

/// Whether no node that could be the server has an agent, of those on which builds run.
pub(super) fn has_no_agent_at_work(machine: &Machine<'_>) -> bool {
    machine.all_nodes().filter(|node| !node.idle).all(waits_for_agent)
}

fn waits_for_agent(node: &Node) -> bool {
    !node.idle && !node.unclear && !node.has_agent()
}

/// Notes the nodes of a server that wait so: where it runs, its agent may come back for a day.
pub(super) fn of_server(found: &Findings<'_>, machine: &Machine<'_>, draft: &mut Draft) {
    let join_timeout = found.supply.config.times(&machine.node_type).join_timeout;
    let Some((what, after)) = ended(machine, join_timeout) else { return };
    let runs = machine.server().is_some_and(|server| server.state == ServerState::Active);
    // Whoever holds the node of one that runs knows of it.
    for node in machine.nodes.iter().filter(|node| !runs || !is_held(found, node)) {
        note(found, node, &what, after, draft);
    }
}

/// Notes a node without a server that waits so.
pub(super) fn of_nobody(found: &Findings<'_>, node: &Node, draft: &mut Draft) {
    note(found, node, "its server is gone", TOO_LONG, draft);
}

fn is_held(found: &Findings<'_>, node: &Node) -> bool {
    found.supply.state.set_offline_by(&node.name) == Some(SetOfflineBy::Person)
}

fn note(found: &Findings<'_>, node: &Node, what: &str, after: SignedDuration, draft: &mut Draft) {
    let is_held = is_held(found, node);
    if waits_for_agent(node) {
        let after = if is_held { HELD_TOO_LONG } else { after };
        draft.lost.insert(node.name.clone(), Lost { what: what.to_owned(), is_held, after });
    }
}

/// What has become of a server whose agent is to come back, and for how long that is not told; none where it is not known.
fn ended(machine: &Machine<'_>, join_timeout: SignedDuration) -> Option<(String, SignedDuration)> {
    let gone = || Some(("its server is gone".to_owned(), TOO_LONG));
    match machine.sighting {
        Sighting::Gone | Sighting::Deleted => gone(),
        Sighting::Seen(server) => match &server.state {
            ServerState::Deleted => gone(),
            ServerState::Error => Some(("its server is in ERROR".to_owned(), TOO_LONG)),
            ServerState::Deleting => Some(("its server is being deleted".to_owned(), TOO_LONG)),
            ServerState::Building => Some(("its server is being built".to_owned(), TOO_LONG.max(join_timeout))),
            ServerState::Stopped(word) | ServerState::Other(word) => {
                Some((format!("its server is {word}"), TOO_LONG.max(join_timeout)))
            }
            ServerState::Active => Some(("its server is ACTIVE".to_owned(), HELD_TOO_LONG)),
        },
        Sighting::Unlisted
        | Sighting::Hidden
        | Sighting::WithoutMetadata
        | Sighting::Elsewhere
        | Sighting::NoAnswer => None,
    }
}
