//! Nodes of servers that their clouds call gone. While such a node works, the cloud may be wrong: its answers are old, or it lost
//! its record of a server that runs.

use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, NodeKind, Presence, World};
use crate::plan::identity::fleet::{Fleet, NodeIdentity};

/// Why nothing is touched that a server left behind, which its cloud calls gone: a node that is, or may be, the server works, is
/// connected or is held, or the list of nodes does not tell.
pub(crate) fn may_still_run(
    world: &World,
    state: &State,
    fleet: &Fleet<'_>,
    server: &ServerId,
) -> Option<(Rule, String)> {
    if world.jenkins.nodes.complete().is_none() {
        return Some((Rule::NotSeen, "whether its agent is connected is not known".to_owned()));
    }
    let nodes = fleet.nodes.iter().filter(|(node, identity)| is_of(state, fleet, server, node, identity));
    let beside = fleet.machines.iter().filter(|machine| machine.server_id.as_ref() == Some(server));
    let beside = beside.flat_map(|machine| machine.doubts.iter().chain(&machine.namesakes));
    let mut nodes = nodes.map(|(node, _)| *node).chain(beside.copied());
    nodes.find_map(|node| {
        let (rule, why) = sign_of_life(state, node)?;
        Some((rule, format!("node {}, which is or may be it, {why}", node.name)))
    })
}

/// Whether the node is, or may be, that of this server.
fn is_of(state: &State, fleet: &Fleet<'_>, server: &ServerId, node: &Node, identity: &NodeIdentity) -> bool {
    let gone = || state.gone_servers.get(server);
    match identity {
        NodeIdentity::Of(machine) => fleet.machines[*machine].server_id.as_ref() == Some(server),
        NodeIdentity::Former(id) => id == server,
        NodeIdentity::MadeFor(order) => gone().is_some_and(|gone| gone.id == *order),
        NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) => {
            let known = state.nodes.get(&node.name).and_then(|known| known.server.as_ref());
            let has_name = || {
                gone()
                    .is_some_and(|gone| gone.node.as_ref() == Some(&node.name) || gone.other_names.contains(&node.name))
            };
            node.kind == NodeKind::Agent && (known == Some(server) || has_name())
        }
    }
}

fn sign_of_life(state: &State, node: &Node) -> Option<(Rule, &'static str)> {
    if !node.idle {
        return Some((Rule::Busy, "runs a build"));
    }
    if node.presence == Presence::Online || node.connected {
        return Some((Rule::Ambiguous, "is connected"));
    }
    if state.set_offline_by(&node.name) == Some(SetOfflineBy::Person) {
        return Some((Rule::Held, "is held by a person"));
    }
    state.may_resume(&node.name).then_some((Rule::Settling, "worked until Jenkins was restarted"))
}
