//! What the state has about a node after this run has seen it.

use crate::config::Config;
use crate::domain::names::ServerId;
use crate::domain::offline;
use crate::domain::state::{Credit, NodeMemory, SetOfflineBy, State, Unchanged};
use crate::domain::world::{Node, NodeKind, OfflineCause, Presence, ServerState};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity};
use jiff::Timestamp;

/// The node's record after this sighting.
pub(crate) fn sighted(
    config: &Config,
    state: &State,
    fleet: &Fleet<'_>,
    node: &Node,
    identity: &NodeIdentity,
    memory: &State,
    now: Timestamp,
) -> NodeMemory {
    let before = state.nodes.get(&node.name);
    let machine = identity.machine().map(|machine| &fleet.machines[machine]);
    let times = machine.map_or(config.times, |machine| config.times(&machine.node_type));
    let online = node.presence == Presence::Online;
    let idle = online && node.idle;
    let retiring = machine.is_some_and(|machine| is_being_retired(state, machine));
    let mark_forgotten = node.presence == Presence::Disconnected && may_have_forgotten(state, memory, before);
    let set_offline_by = match &node.presence {
        Presence::SetOffline(cause) | Presence::DisconnectedBy(cause) => {
            Some(who_set_offline(config, cause, before, retiring))
        }
        Presence::Disconnected if mark_forgotten => before.and_then(|before| before.set_offline_by),
        Presence::Disconnected | Presence::Online => None,
    };
    // A pipeline that holds an executor of it keeps it busy: it waits for its agent, and so does mita.
    let is_free = node.idle && matches!(set_offline_by, None | Some(SetOfflineBy::Monitor));
    let away = !online && is_free && machine.is_none_or(may_connect);
    let former = || before.and_then(|before| before.server.clone());
    let server: Option<ServerId> = match identity {
        NodeIdentity::Foreign(_) if node.kind == NodeKind::Agent => None,
        _ => machine.and_then(|machine| machine.server_id.clone()).or_else(former),
    };
    let spent = match &node.presence {
        // A Jenkins that forgot the cause of a mark of ours forgot what it said.
        Presence::SetOffline(cause) if set_offline_by == Some(SetOfflineBy::Us) => {
            let said = offline::is_ours(&cause.reason, &config.owner).is_some();
            let now = offline::last_rule(&cause.reason, &config.owner);
            if said { now } else { before.and_then(|before| before.spent) }
        }
        Presence::Disconnected if set_offline_by == Some(SetOfflineBy::Us) => before.and_then(|before| before.spent),
        _ => None,
    };
    let first_online = before.and_then(|before| before.first_online).or_else(|| online.then_some(memory.run));
    NodeMemory {
        spent,
        worked_at: if has_worked(state, node) { Some(now) } else { before.and_then(|before| before.worked_at) },
        mark_forgotten,
        restore_refused: set_offline_by == Some(SetOfflineBy::Us)
            && before.is_some_and(|before| before.restore_refused),
        busy_average: node.busy_average,
        closed: before.and_then(|before| before.closed.clone()),
        first_seen: before.map_or(memory.run, |before| before.first_seen),
        first_online,
        last_away: if online || first_online.is_none() {
            before.and_then(|before| before.last_away)
        } else {
            Some(memory.run)
        },
        unchanged: Unchanged::of(node, memory.run).map(|now| {
            let known = before.and_then(|before| before.unchanged).filter(|known| now.is_as(known));
            Unchanged { since: known.map_or(now.since, |known| known.since), ..now }
        }),
        idle: idle.then(|| Credit::sighted(before.and_then(|before| *before.idle), now, times.idle_grace)).into(),
        free_since: (online && node.idle_executors > 0)
            .then(|| before.and_then(|before| before.free_since).map_or(now, |since| since.min(now))),
        offline: away
            .then(|| Credit::sighted(before.and_then(|before| *before.offline), now, times.join_timeout))
            .into(),
        lost_since: (node.presence == Presence::Disconnected && !node.idle)
            .then(|| before.and_then(|before| before.lost_since).map_or(now, |since| since.min(now))),
        set_offline_by,
        server,
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

/// Whether Jenkins may have forgotten a mark that the state knows: before 2.482 it shows none after a restart until the
/// agent connects. As long as it is not restarted, a mark that is gone was taken away.
fn may_have_forgotten(state: &State, memory: &State, before: Option<&NodeMemory>) -> bool {
    let id = |state: &State| state.session.as_ref().map(|session| session.id.clone());
    let restarted = state.session.is_some() && id(state) != id(memory);
    before.is_some_and(|before| {
        let marked = matches!(before.set_offline_by, Some(SetOfflineBy::Us | SetOfflineBy::Person));
        marked && (restarted || before.mark_forgotten)
    })
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
fn who_set_offline(config: &Config, cause: &OfflineCause, before: Option<&NodeMemory>, retiring: bool) -> SetOfflineBy {
    let class = cause.class.as_deref().unwrap_or_default();
    if offline::is_ours(&cause.reason, &config.owner).is_some() {
        SetOfflineBy::Us
    } else if is_node_monitor(class) {
        SetOfflineBy::Monitor
    } else if cause.is_user() {
        SetOfflineBy::Person
    } else if retiring {
        SetOfflineBy::Us
    } else {
        before.and_then(|before| before.set_offline_by).unwrap_or(SetOfflineBy::Person)
    }
}

/// Causes of Jenkins' own node monitors and of the one in the versioncolumn plugin (subclasses of
/// hudson.node_monitors.MonitorOfflineCause).
fn is_node_monitor(class: &str) -> bool {
    class.starts_with("hudson.node_monitors.") || class.starts_with("hudson.plugin.versioncolumn.")
}
