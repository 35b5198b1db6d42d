//! Nodes that could be a server of ours, but do not keep it: the server has a node of its own, or the node cannot have
//! an agent on this server, or is that of another one under a new name. While such a node runs a build, the server counts
//! as busy. An idle one is left alone, and prevents nothing.

use crate::domain::names::NodeName;
use crate::domain::state::{NodeMemory, Origin, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::{Machine, NodeIdentity, Sighting};
use crate::plan::identity::index::Index;
use crate::plan::identity::losses::Losses;
use crate::plan::identity::namesakes::Namesakes;
use std::collections::BTreeSet;

const SET_ASIDE: NodeIdentity =
    NodeIdentity::Foreign("it could be a server of ours, but is not taken for its node: it is left alone");

/// Makes such nodes namesakes of the machines whose nodes or doubts they were.
pub(crate) fn set_aside(
    index: &Index<'_>,
    state: &State,
    machines: &mut [Machine<'_>],
    nodes: &mut [(&Node, NodeIdentity)],
) {
    let mut not_mapped: BTreeSet<&NodeName> = BTreeSet::new();
    let losses = Losses::of(state, machines);
    for number in 0..machines.len() {
        drop_namesakes_of_its_type(index, state, &mut machines[number], number, &mut not_mapped);
        let without_node = machines[number].nodes.is_empty() && machines[number].doubts.is_empty();
        if without_node {
            continue;
        }
        let mut aside = weaker_nodes(index, state, machines, number);
        aside.extend(beside_the_lost(state, &machines[number]));
        aside.extend(losses.nodes_at(index, state, &machines[number]));
        not_mapped.extend(aside.iter().map(|node| &node.name));
        let machine = &mut machines[number];
        machine.nodes.retain(|node| !aside.contains(node));
        aside.extend(idle_doubts(index, state, machine));
        machine.doubts.retain(|node| !aside.contains(node));
        machine.namesakes.extend(aside);
        let shared = |node: &&Node| index.shares_address(node, machine);
        machine.shares_doubts = machine.nodes.is_empty() && machine.doubts.iter().all(shared);
    }
    let in_doubt: BTreeSet<&NodeName> =
        machines.iter().flat_map(|machine| &machine.doubts).map(|node| &node.name).collect();
    for (node, identity) in nodes {
        let is_former = || state.nodes.get(&node.name).is_some_and(|memory| memory.server.is_some());
        let settled = matches!(identity, NodeIdentity::Doubtful(_)) && !is_former() && !in_doubt.contains(&node.name);
        if settled || not_mapped.contains(&node.name) {
            *identity = SET_ASIDE;
        } else if let Some(machine) = identity.machine().filter(|_| in_doubt.contains(&node.name)) {
            let id = &machines[machine].id;
            *identity = NodeIdentity::Doubtful(format!("was the node of {id}, which has another: nothing is touched"));
        }
    }
}

/// Takes away from a machine what is surely not it, of the entries with the name of its type ([`Namesakes`]).
fn drop_namesakes_of_its_type<'a>(
    index: &Index<'_>,
    state: &State,
    machine: &mut Machine<'a>,
    number: usize,
    not_mapped: &mut BTreeSet<&'a NodeName>,
) {
    let Namesakes { at_work, others } = Namesakes::of(index, state, machine, number);
    let known = |node: &&Node| state.nodes.get(&node.name).and_then(|known| known.server.as_ref());
    let was_its = |node: &&&Node| {
        machine.nodes.contains(*node) || known(node).is_some() && known(node) == machine.server_id.as_ref()
    };
    not_mapped.extend(others.iter().filter(was_its).map(|node| &node.name));
    for nodes in [&mut machine.nodes, &mut machine.doubts, &mut machine.namesakes] {
        nodes.retain(|node| !others.contains(node) && !at_work.contains(node));
    }
    machine.doubts.extend(at_work);
}

/// Nodes that map by a plain name beside one with an address or an id, and nodes that map by their labels beside one with
/// the name of the type: old entries, and those of somebody's machine with the same private address.
fn weaker_nodes<'a>(index: &Index<'_>, state: &State, machines: &[Machine<'a>], number: usize) -> Vec<&'a Node> {
    let plain = |name: &NodeName| index.is_by_plain_name(name, number);
    let by_labels = |node: &Node| index.is_by_labels(&node.name, number, machines);
    let machine = &machines[number];
    let is_seen = matches!(machine.sighting, Sighting::Seen(_));
    let memory = state.servers.get(&machine.id).filter(|memory| memory.joined_at.is_some());
    // A server that is gone or being removed had another node, and no further one is looked for.
    let former =
        memory.filter(|memory| memory.retirement.is_some() || !is_seen).and_then(|memory| memory.node.as_ref());
    if machine.nodes.len() < 2 && former.is_none() {
        // There is none beside it.
        return Vec::new();
    }
    let has_address = machine.nodes.iter().map(|node| &node.name).chain(former).any(|name| !plain(name));
    let mut named = machine.nodes.iter().filter(|node| !plain(&node.name) && !by_labels(node));
    let (has_name, is_there) = (named.clone().next().is_some(), named.any(|node| !is_away(node)));
    // Of a server that this state did not order nobody knows whether the node was there before it.
    let unsure = is_there && machine.origin == Origin::Found;
    let was_its_own = |node: &Node| {
        let server = state.nodes.get(&node.name).and_then(|memory| memory.server.as_ref());
        server.is_some() && server == machine.server_id.as_ref()
    };
    let weaker = |node: &&&Node| {
        let never_its_own = || is_away(node) && was_never_online(state, node) || unsure && !was_its_own(node);
        plain(&node.name) && has_address || by_labels(node) && has_name && never_its_own()
    };
    machine.nodes.iter().filter(weaker).copied().collect()
}

/// Nodes that were online while the server's own node was, which is missing now: an agent has one node. The own one may work
/// on under another name.
fn beside_the_lost<'a>(state: &State, machine: &Machine<'a>) -> Vec<&'a Node> {
    let memory = state.servers.get(&machine.id);
    let own = memory.and_then(|memory| memory.node.as_ref().zip(memory.last_connected));
    let lost = own.filter(|(own, _)| machine.nodes.iter().all(|node| node.name != **own));
    let was_beside = |node: &&&Node| {
        // The node of another server may have become this one's.
        let is_anothers =
            |memory: &&NodeMemory| memory.server.is_some() && memory.server.as_ref() != machine.server_id.as_ref();
        let memory = state.nodes.get(&node.name).filter(|memory| !is_anothers(memory));
        let online = memory.and_then(|memory| memory.first_online);
        lost.zip(online).is_some_and(|((_, connected), online)| online <= connected)
    };
    machine.nodes.iter().filter(was_beside).copied().collect()
}

/// The doubts of a machine that do not bind it.
fn idle_doubts<'a>(index: &Index<'_>, state: &State, machine: &Machine<'a>) -> Vec<&'a Node> {
    if machine.doubts.is_empty() {
        return Vec::new();
    }
    let memory = state.servers.get(&machine.id);
    let joined = memory.is_some_and(|memory| memory.joined_at.is_some());
    let is_retired = joined && memory.is_some_and(|memory| memory.retirement.is_some());
    let works = machine.nodes.iter().any(|node| node.presence != Presence::Disconnected);
    // Its own node is online, or mita has deleted it.
    let has_own = works || machine.nodes.is_empty() && is_retired;
    let had_own = joined || !machine.nodes.is_empty();
    let idle = |node: &&&Node| {
        let no_agent = is_away(node) && (had_own || was_never_online(state, node));
        node.idle && (has_own || no_agent) && !(machine.nodes.is_empty() && index.shares_address(node, machine))
    };
    machine.doubts.iter().filter(idle).copied().collect()
}

fn is_away(node: &Node) -> bool {
    node.idle && node.presence != Presence::Online
}

fn was_never_online(state: &State, node: &Node) -> bool {
    state.nodes.get(&node.name).is_none_or(|memory| memory.first_online.is_none())
}
