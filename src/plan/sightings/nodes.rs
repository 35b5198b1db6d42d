//! What is remembered of a node of Jenkins after this run's sighting.

use crate::config::Config;
use crate::domain::names::ServerId;
use crate::domain::offline;
use crate::domain::state::{Credit, NodeMemory, SetOfflineBy, State};
use crate::domain::world::{Node, OfflineCause, Presence};
use crate::plan::identity::fleet::{Fleet, NodeIdentity};
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
    let machine = match identity {
        NodeIdentity::Of(machine) => Some(&fleet.machines[*machine]),
        NodeIdentity::Doubtful(_) | NodeIdentity::Former(_) | NodeIdentity::MadeFor(_) | NodeIdentity::Foreign(_) => {
            None
        }
    };
    let times = machine.map_or(config.times, |machine| config.times(&machine.node_type));
    let online = node.presence == Presence::Online;
    let idle = online && node.idle;
    let set_offline_by = match &node.presence {
        Presence::SetOffline(cause) => Some(who_set_offline(config, cause, before)),
        Presence::Online | Presence::Disconnected => None,
    };
    // What a person holds, or what is being retired, is not away by itself: that time starts when it is let go.
    let away = !online && matches!(set_offline_by, None | Some(SetOfflineBy::Monitor));
    let server: Option<ServerId> = machine
        .and_then(|machine| machine.server_id.clone())
        .or_else(|| before.and_then(|before| before.server.clone()));
    let spent = match &node.presence {
        // A Jenkins that forgot the cause of a mark of ours forgot what it said.
        Presence::SetOffline(cause) if set_offline_by == Some(SetOfflineBy::Us) => {
            let said = offline::is_ours(&cause.reason, &config.owner).is_some();
            let now = offline::last_rule(&cause.reason, &config.owner);
            if said { now } else { before.and_then(|before| before.spent) }
        }
        Presence::SetOffline(_) | Presence::Online | Presence::Disconnected => None,
    };
    let first_online = before.and_then(|before| before.first_online).or_else(|| online.then_some(memory.run));
    NodeMemory {
        spent,
        busy_average: node.busy_average,
        first_seen: before.map_or(memory.run, |before| before.first_seen),
        first_online,
        last_away: if online || first_online.is_none() {
            before.and_then(|before| before.last_away)
        } else {
            Some(memory.run)
        },
        idle: idle.then(|| Credit::sighted(before.and_then(|before| before.idle), now, times.idle_grace)),
        free_since: (online && node.idle_executors > 0)
            .then(|| before.and_then(|before| before.free_since).map_or(now, |since| since.min(now))),
        offline: away.then(|| Credit::sighted(before.and_then(|before| before.offline), now, times.join_timeout)),
        set_offline_by,
        server,
    }
}

/// Whose doing it is that a node is temporarily offline.
///
/// Jenkins before 2.482 replaces the cause when the agent disconnects: then what was known before holds, and what
/// nobody knows is a person's.
fn who_set_offline(config: &Config, cause: &OfflineCause, before: Option<&NodeMemory>) -> SetOfflineBy {
    let class = cause.class.as_deref().unwrap_or_default();
    if offline::is_ours(&cause.reason, &config.owner).is_some() {
        SetOfflineBy::Us
    } else if is_node_monitor(class) {
        SetOfflineBy::Monitor
    } else if is_user(class) {
        SetOfflineBy::Person
    } else {
        before.and_then(|before| before.set_offline_by).unwrap_or(SetOfflineBy::Person)
    }
}

/// Causes of Jenkins' own node monitors and of the one in the versioncolumn plugin (subclasses of
/// hudson.node_monitors.MonitorOfflineCause).
fn is_node_monitor(class: &str) -> bool {
    class.starts_with("hudson.node_monitors.") || class.starts_with("hudson.plugin.versioncolumn.")
}

/// hudson.slaves.OfflineCause$UserCause, and $ByCLI of older releases.
fn is_user(class: &str) -> bool {
    class.ends_with("OfflineCause$UserCause") || class.ends_with("OfflineCause$ByCLI")
}
