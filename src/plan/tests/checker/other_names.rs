//! S1, S7 and L3: what a node that is not clearly a server's does to servers.

use super::seen::{Seen, held};
use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::model::{Action, Plan, Subject};
use jiff::SignedDuration;
use std::collections::BTreeMap;

pub(super) fn check(seen: &Seen<'_>, made: &Plan) {
    let working = |node: &Node| !node.idle || held(seen, node);
    nodes_keep_their_servers(seen, made, |rule| rule.is_some(), |node, _| working(node));
    // Idle ones keep servers for three join timeouts only, and from two reasons only.
    let lost = |rule: Option<Rule>| matches!(rule, Some(Rule::NeverJoined | Rule::NodeMissing));
    nodes_keep_their_servers(seen, made, lost, |node, server| {
        !working(node) && node.presence == Presence::Online && is_recent(seen, made, node, server)
    });
    idle_entries_hold_nothing_up(seen, made);
}

/// No server is removed that a node may be which keeps servers, unless each such node keeps another one.
fn nodes_keep_their_servers(
    seen: &Seen<'_>,
    made: &Plan,
    counts: impl Fn(Option<Rule>) -> bool,
    keeps: impl Fn(&Node, &Server) -> bool,
) {
    let removed: BTreeMap<&ServerId, &Action> =
        made.actions.iter().filter_map(|action| Some((&action.removed()?.server_id, action))).collect();
    if removed.is_empty() {
        return;
    }
    let rule = |server: &Server| removed.get(&server.id).map(|action| action.rule);
    let fits = |server: &Server| -> Vec<usize> {
        let nodes = seen.nodes().iter().enumerate();
        let fitting = nodes.filter(|(_, node)| may_be(seen, made, node, server) && keeps(node, server));
        fitting.map(|(index, _)| index).collect()
    };
    let ours = seen.ours();
    let (gone, kept): (Vec<_>, Vec<_>) =
        ours.values().map(|(_, server)| *server).partition(|server| rule(server).is_some());
    let mut taken: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for server in kept {
        place(fits(server), &mut taken, &mut Vec::new());
    }
    for server in gone.into_iter().filter(|server| counts(rule(server))) {
        let free = place(fits(server), &mut taken.clone(), &mut Vec::new());
        assert!(!free, "S1, S7: a node that may be it keeps it: {}", removed[&server.id]);
    }
}

/// Finds a node for one more server, given the nodes that it may be; others move where that helps.
fn place(fitting: Vec<usize>, taken: &mut BTreeMap<usize, Vec<usize>>, tried: &mut Vec<usize>) -> bool {
    for node in &fitting {
        if tried.contains(node) {
            continue;
        }
        tried.push(*node);
        if taken.get(node).cloned().is_none_or(|other| place(other, taken, tried)) {
            taken.insert(*node, fitting);
            return true;
        }
    }
    false
}

/// An agent that leads nowhere, or to other servers since the run that missed the server's node, which mita did not delete; it
/// carries all labels of the server's type and came after it was ordered; the server ran, and no node of it is connected.
pub(super) fn may_be(seen: &Seen<'_>, made: &Plan, node: &Node, server: &Server) -> bool {
    let is_free = seen.leads_nowhere(node) || is_renamed_to_anothers(seen, made, node, server);
    if node.kind != NodeKind::Agent || !is_free || server.launch == Launch::Never {
        return false;
    }
    let labels = seen.kind_of(server).and_then(|kind| seen.config.node_type(kind)).map(|kind| &kind.labels);
    let has_labels = labels.is_some_and(|labels| !labels.is_empty() && node.labels.contains_all(labels));
    let known = made.state.nodes.get(&node.name).unwrap();
    let first = known.first_online.map_or(known.first_seen, |online| online.min(known.first_seen));
    let after = seen.ordered_in(server).is_none_or(|run| first > run);
    let own = |other: &Node| seen.could_be(other, server) || seen.maps_to(other, server);
    let mut connected = seen.nodes().iter().filter(|other| other.presence != Presence::Disconnected);
    // Listed while the server's own node had its agent, and without one ever since.
    let had_agent = !node.idle || node.connected || known.first_online.is_some();
    let memory = made.state.servers.values().find(|memory| memory.server_id.as_ref() == Some(&server.id));
    let connected_in = memory.and_then(|memory| memory.last_connected);
    let is_another = !had_agent && connected_in.is_some_and(|run| known.first_seen <= run);
    has_labels && after && !is_another && !connected.any(own) && !is_strangers(seen, node)
}

fn is_renamed_to_anothers(seen: &Seen<'_>, made: &Plan, node: &Node, server: &Server) -> bool {
    let memory = made.state.servers.values().find(|memory| memory.server_id.as_ref() == Some(&server.id));
    let came = made.state.nodes.get(&node.name).map(|known| known.first_seen);
    let came_at_the_loss = memory.is_some_and(|memory| memory.missing_since.is_some() && memory.missing_since == came);
    let ours = seen.ours();
    let mut named = ours.values().map(|(_, other)| other).filter(|other| seen.could_be(node, other));
    let is_deleted = |retirement: &Retirement| retirement.step >= RetirementStep::NodesDeleted;
    let was_deleted = memory.and_then(|memory| memory.retirement.as_ref()).is_some_and(is_deleted);
    came_at_the_loss && node.mark.is_none() && !was_deleted && named.any(|other| other.id != server.id)
}

/// Whether the address in the node's name is that of a listed server without our mark, and of none with it.
fn is_strangers(seen: &Seen<'_>, node: &Node) -> bool {
    let Some(ip) = node.name.convention().ip else { return false };
    let holders = seen.shown().iter().filter(|(_, (_, server))| server.addresses.contains(&ip));
    let mut holders = holders.filter(|(_, (_, server))| server.shown == Shown::Whole).peekable();
    holders.peek().is_some() && holders.all(|(id, _)| !seen.ours().contains_key(id))
}

fn is_recent(seen: &Seen<'_>, made: &Plan, node: &Node, server: &Server) -> bool {
    let patience = |join: SignedDuration| join * 3;
    let memories = made.state.servers.values();
    let Some(memory) = memories.into_iter().find(|memory| memory.server_id.as_ref() == Some(&server.id)) else {
        return false;
    };
    let credit = |counted: Option<crate::domain::state::Credit>| counted.map_or(SignedDuration::ZERO, |c| c.credit);
    let alone = match memory.joined_at {
        Some(_) => credit(*memory.missing),
        None => memory.active_since.map_or(SignedDuration::ZERO, |since| seen.now.duration_since(since)),
    };
    let idle = credit(*made.state.nodes.get(&node.name).unwrap().idle);
    alone.min(idle) < patience(seen.config.times(&memory.node_type).join_timeout)
}

/// Beside a node that is clearly its own and online, nothing that is idle keeps a server from being judged.
fn idle_entries_hold_nothing_up(seen: &Seen<'_>, made: &Plan) {
    let ours = seen.ours();
    let ambiguous =
        made.verdicts.iter().filter(|verdict| verdict.subject == Subject::Server && verdict.rule == Rule::Ambiguous);
    for verdict in ambiguous {
        let Some((_, server)) = ours.get(&ServerId::from(verdict.id.as_str())) else { continue };
        let Some(kind) = seen.kind_of(server) else { continue };
        let was_online_before = |node: &Node| {
            let online = seen.state.nodes.get(&node.name).and_then(|memory| memory.first_online);
            online.zip(seen.ordered_in(server)).is_some_and(|(online, run)| online <= run)
        };
        let is_own = |node: &&Node| {
            let convention = node.name.convention();
            let holds = |other: &Server| convention.ip.is_some_and(|ip| other.addresses.contains(&ip));
            node.kind == NodeKind::Agent
                && node.presence == Presence::Online
                && convention.base == kind.as_str()
                && holds(server)
                && ours.values().filter(|(_, other)| holds(other)).count() == 1
                && !was_online_before(node)
        };
        let own = seen.nodes().iter().find(is_own);
        let busy = seen.nodes().iter().any(|node| !node.idle);
        assert!(own.is_none() || busy, "L3: an idle entry holds up a server with a node of its own: {verdict}");
    }
}
