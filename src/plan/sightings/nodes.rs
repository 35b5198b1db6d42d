//! What the state has about a node after this run has seen it.

use crate::config::Config;
use crate::domain::names::{MitaId, NodeName};
use crate::domain::offline;
use crate::domain::state::{Credit, NodeMemory, Session, SetOfflineBy, State, Unchanged};
use crate::domain::world::{Node, NodeKind, OfflineCause, Presence, ServerState};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity};
use crate::plan::identity::unconventional::agents;
use foldhash::HashSet;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What the nodes of a run are compared with.
#[derive(Clone, Copy)]
pub(super) struct Sightings<'a> {
    pub(super) config: &'a Config,
    pub(super) state: &'a State,
    pub(super) fleet: &'a Fleet<'a>,
    /// The state after this run, without its nodes.
    pub(super) after: &'a State,
    /// Whether Jenkins may have been restarted without a sign, and shows no mark then.
    pub(super) hides_marks: bool,
    pub(super) now: Timestamp,
}

/// The node's record after this sighting.
pub(super) fn sighted(sightings: Sightings<'_>, node: &Node, identity: &NodeIdentity) -> NodeMemory {
    let Sightings { config, state, fleet, after, hides_marks, now } = sightings;
    let before = match state.nodes.get(&node.name) {
        Some(before) => before.clone(),
        None => NodeMemory { first_seen: after.run, ..NodeMemory::default() },
    };
    let machine = identity.machine().map(|machine| &fleet.machines[machine]);
    let times = machine.map_or(config.times, |machine| config.times(&machine.node_type));
    let online = node.presence == Presence::Online;
    let idle = online && node.idle;
    let retiring = machine.is_some_and(|machine| is_being_retired(state, machine));
    // Before 2.482 Jenkins shows no mark after a restart until the agent connects; as long as it is not restarted, a mark that is
    // gone was taken away. Who disconnected an agent it forgets as soon as it launches that again, which it tries each minute
    // (hudson/slaves/SlaveComputer.java, `_connect`).
    let may_be_hidden = hides_marks || before.is_cut || before.mark_forgotten || is_restarted(state, after);
    let was_marked = matches!(before.set_offline_by, Some(SetOfflineBy::Us | SetOfflineBy::Person));
    let mark_forgotten = node.presence == Presence::Disconnected && was_marked && may_be_hidden;
    let set_offline_by = match &node.presence {
        Presence::SetOffline(cause) | Presence::DisconnectedBy(cause) => {
            Some(who_set_offline(config, cause, &before, retiring))
        }
        Presence::Disconnected if mark_forgotten => before.set_offline_by,
        Presence::Disconnected | Presence::Online => None,
    };
    let is_cut = match &node.presence {
        Presence::DisconnectedBy(_) => true,
        Presence::Disconnected => mark_forgotten && before.is_cut,
        Presence::SetOffline(_) | Presence::Online => false,
    };
    let by_us = set_offline_by == Some(SetOfflineBy::Us);
    // A pipeline that holds an executor of it keeps it busy: it waits for its agent, and so does mita.
    let is_free = node.idle && matches!(set_offline_by, None | Some(SetOfflineBy::Monitor));
    let away = !online && is_free && machine.is_none_or(may_connect);
    let server = match identity {
        NodeIdentity::Foreign(_) if node.kind == NodeKind::Agent => None,
        _ => machine.and_then(|machine| machine.server_id.clone()).or(before.server),
    };
    let spent = match &node.presence {
        Presence::SetOffline(cause) if by_us && offline::server_named_in(&cause.reason, &config.owner).is_some() => {
            offline::last_rule(&cause.reason, &config.owner)
        }
        // A Jenkins that forgot the cause of a mark of ours forgot what it said.
        Presence::SetOffline(_) | Presence::Disconnected if by_us => before.spent,
        _ => None,
    };
    let first_online = before.first_online.or(online.then_some(after.run));
    let since = |before: Option<Timestamp>| before.map_or(now, |since| since.min(now));
    NodeMemory {
        spent,
        worked_at: if has_worked(state, node) { Some(now) } else { before.worked_at },
        mark_forgotten,
        is_cut,
        restore_refused: by_us && before.restore_refused,
        busy_average: node.busy_average,
        closed: before.closed,
        first_seen: before.first_seen,
        first_online,
        away_from: if online || first_online.is_none() { None } else { before.away_from.or(Some(after.run)) },
        last_away: if online || first_online.is_none() { before.last_away } else { Some(after.run) },
        unchanged: Unchanged::of(node, after.run).map(|now| match before.unchanged {
            Some(known) if now.is_as(&known) => Unchanged { since: known.since, ..now },
            Some(_) | None => now,
        }),
        idle: idle.then(|| Credit::sighted(*before.idle, now, times.idle_grace)).into(),
        free_since: (online && node.idle_executors > 0).then(|| since(before.free_since)),
        offline: away.then(|| Credit::sighted(*before.offline, now, times.join_timeout)).into(),
        lost_since: (node.presence == Presence::Disconnected && !node.idle).then(|| since(before.lost_since)),
        set_offline_by,
        server,
        made_for: made_for(node, identity, machine, before.made_for),
    }
}

/// The order that mita made the node for, and of which no server is known: once that is given up, and no node type registers
/// nodes any more, only this shows that the node is ours.
fn made_for(
    node: &Node,
    identity: &NodeIdentity,
    machine: Option<&Machine<'_>>,
    before: Option<MitaId>,
) -> Option<MitaId> {
    match identity {
        NodeIdentity::MadeFor(order) => Some(order.clone()),
        NodeIdentity::Doubtful(_) => before,
        NodeIdentity::Of(_) | NodeIdentity::Former(_) | NodeIdentity::Foreign(_) => {
            let order = machine.filter(|machine| machine.server_id.is_none()).map(|machine| &machine.id)?;
            node.mark.as_ref().map(|mark| &mark.id).filter(|id| *id == order).cloned()
        }
    }
}

/// A node that a person held and that is missing now may be there under another name. Until its agent connects, a Jenkins before
/// 2.482 shows no mark on that, and none shows that the connection was cut. So such a hold goes over to each agent that came in
/// this run and has all labels of the type, and to the only one that came. `after` has this run's nodes.
pub(crate) fn pass_on_holds(config: &Config, state: &State, fleet: &Fleet<'_>, shows_marks: bool, after: &mut State) {
    let held =
        |known: &NodeMemory| known.set_offline_by == Some(SetOfflineBy::Person) && (known.is_cut || !shows_marks);
    let nodes = state.nodes.iter();
    let lost: Vec<_> = nodes.filter(|(name, known)| held(known) && !after.nodes.contains_key(name)).collect();
    if lost.is_empty() {
        return;
    }
    let free = agents(fleet);
    for machine in &fleet.machines {
        let shield = state.servers.get(&machine.id).and_then(|server| server.shield.as_ref());
        let may_be_its = |(name, known): &(&NodeName, &NodeMemory)| {
            known.server.is_some() && known.server == machine.server_id
                || shield.is_some_and(|shield| shield.node == **name)
        };
        let mut its = lost.iter().filter(|lost| may_be_its(lost)).peekable();
        if its.peek().is_none() {
            continue;
        }
        let is_cut = its.any(|(_, known)| known.is_cut);
        let nodes = free.iter().copied().chain(machine.all_nodes());
        let new: Vec<&Node> = nodes.filter(|node| !state.nodes.contains_key(&node.name)).collect();
        let kind = config.node_type(&machine.node_type);
        let is_it = |node: &&Node| new.len() == 1 || kind.is_some_and(|kind| kind.labels_are_on(node));
        for node in new.iter().copied().filter(is_it).filter(|node| node.presence == Presence::Disconnected) {
            if let Some(known) = after.nodes.get_mut(&node.name) {
                (known.set_offline_by, known.mark_forgotten) = (Some(SetOfflineBy::Person), true);
                known.is_cut |= is_cut;
                known.offline = None.into();
            }
        }
    }
}

/// A node that had its agent when it was last seen, and is missing now, was renamed, or deleted by a person. Where its server is
/// gone, each agent that came in this run may be it. `after` has this run's nodes.
pub(crate) fn follow_the_gone(state: &State, fleet: &Fleet<'_>, after: &mut State) {
    let is_lost = |name: &&NodeName| {
        let known = state.nodes.get(*name).filter(|_| !after.nodes.contains_key(*name));
        known.is_some_and(|known| known.first_online.is_some() && known.away_from.is_none())
    };
    let lost: HashSet<&NodeName> = state.nodes.keys().filter(is_lost).collect();
    if lost.is_empty() {
        return;
    }
    let new = agents(fleet).into_iter().map(|node| &node.name).filter(|name| !state.nodes.contains_key(*name));
    let new: BTreeSet<NodeName> = new.cloned().collect();
    for gone in after.gone_servers.values_mut() {
        if gone.node.iter().chain(&gone.other_names).any(|name| lost.contains(name)) {
            gone.other_names.extend(new.iter().cloned());
        }
    }
}

/// Whether a build runs on the node, or has run there since it was last seen: its average rises only then. The first value
/// of a node that has the name of one that is gone may still be that one's.
pub(crate) fn has_worked(state: &State, node: &Node) -> bool {
    if !node.idle {
        return true;
    }
    let before = state.nodes.get(&node.name).map(|before| before.busy_average.unwrap_or(0));
    let named_before = || state.gone_servers.values().any(|gone| gone.node.as_ref() == Some(&node.name));
    match (node.busy_average, before) {
        (Some(average), Some(before)) => average > before,
        (Some(average), None) => average > 0 && !named_before(),
        (None, _) => false,
    }
}

/// Whether Jenkins was restarted since the last list of nodes.
fn is_restarted(state: &State, after: &State) -> bool {
    let now = after.session.as_ref().map(|session| &session.id);
    let is_new = |session: &Session| session.unlisted || Some(&session.id) != now;
    state.session.as_ref().is_some_and(is_new)
}

/// Whether the agent of a server can be connected: one that a person rescues, rebuilds or stops is away for that reason, and
/// has all its time to come back afterwards.
fn may_connect(machine: &Machine<'_>) -> bool {
    machine.server().is_none_or(|server| server.state == ServerState::Active)
}

/// Whether a retirement of the server is under way: it is written down before its first request.
fn is_being_retired(state: &State, machine: &Machine<'_>) -> bool {
    state.servers.get(&machine.id).is_some_and(|server| server.retirement.is_some() || server.asked.is_some())
}

/// Whose doing it is that a node is temporarily offline.
///
/// Jenkins before 2.482 replaces the cause when the agent disconnects: then what was known before holds, and what
/// nobody knows is a person's.
fn who_set_offline(config: &Config, cause: &OfflineCause, before: &NodeMemory, retiring: bool) -> SetOfflineBy {
    let class = cause.class.as_deref().unwrap_or_default();
    if offline::server_named_in(&cause.reason, &config.owner).is_some() {
        SetOfflineBy::Us
    } else if is_node_monitor(class) {
        SetOfflineBy::Monitor
    } else if cause.is_user() {
        SetOfflineBy::Person
    } else {
        match before.set_offline_by {
            // A retirement that began since does not end a hold.
            Some(SetOfflineBy::Person) => SetOfflineBy::Person,
            Some(SetOfflineBy::Us | SetOfflineBy::Monitor) | None if retiring => SetOfflineBy::Us,
            known => known.unwrap_or(SetOfflineBy::Person),
        }
    }
}

/// Causes of Jenkins' own node monitors and of the one in the versioncolumn plugin (subclasses of
/// hudson.node_monitors.MonitorOfflineCause). The one of response times marks no node: it cuts the connection, and on a marked
/// node Jenkins before 2.482 shows it in place of the mark's cause (hudson/model/Computer.java, `disconnect`).
fn is_node_monitor(class: &str) -> bool {
    let marks = class.starts_with("hudson.node_monitors.") || class.starts_with("hudson.plugin.versioncolumn.");
    marks && !class.starts_with("hudson.node_monitors.ResponseTimeMonitor")
}
