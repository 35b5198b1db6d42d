//! The bookkeeping of a run: what was seen is added to what is remembered, before anything is decided.

use super::demand::VAIN_FOR;
use super::fleet::{Fleet, Kinship, Machine, Sighting};
use super::{addresses, breaker, leftovers};
use crate::config::Config;
use crate::naming::ServerId;
use crate::offline;
use crate::state::{
    Credit, Departed, NodeMemory, Origin, ServerMemory, Session, SetOfflineBy, Settling, SettlingCause, State,
};
use crate::world::{Node, NodeKind, OfflineCause, Presence, ServerState, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long nothing is ordered or deleted after Jenkins was restarted or the state file was unreadable.
const SETTLING_TIME: SignedDuration = SignedDuration::from_mins(2);

/// How long servers that are gone are remembered, so that what they leave behind is known as ours.
const DEPARTED_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Two runs must agree that a server is gone before anything that belonged to it is.
pub(super) const GONE_CONFIRMED: u32 = 2;

/// The state after this run's sightings.
pub(super) fn sightings(config: &Config, world: &World, state: &State, fleet: &Fleet<'_>, now: Timestamp) -> State {
    let mut memory =
        State { run: state.run + 1, last_run: Some(now), fingerprint: config.fingerprint.clone(), ..state.clone() };
    bring_back_from_the_future(&mut memory, now);
    remember_session(&mut memory, world, now);
    if world.jenkins.nodes.complete().is_some() {
        memory.nodes = fleet
            .nodes
            .iter()
            .filter(|(node, _)| node.kind != NodeKind::BuiltIn)
            .map(|(node, kinship)| {
                (node.name.clone(), remember_node(config, state, fleet, node, kinship, &memory, now))
            })
            .collect();
    }
    let listed = world.jenkins.nodes.complete().is_some();
    memory.servers.clear();
    for machine in &fleet.machines {
        let seen = remember_server(config, state, machine, listed, now);
        if is_over(config, machine, &seen, now) {
            if let Some(id) = &seen.server_id {
                let departed = Departed {
                    id: machine.id.clone(),
                    node_type: seen.node_type,
                    provider: seen.provider,
                    since: now,
                    watch: seen.storage.then_some(0),
                    node: seen.node,
                    volumes: seen.fault.as_deref().map(leftovers::volumes_named).unwrap_or_default(),
                };
                memory.departed.entry(id.clone()).or_insert(departed);
            }
        } else {
            memory.servers.insert(machine.id.clone(), seen);
        }
    }
    leftovers::keep_watch(config, world, &mut memory);
    addresses::remember(config, world, &mut memory);
    memory.departed.retain(|_, departed| now.duration_since(departed.since) < DEPARTED_KEPT);
    memory.failures.values_mut().for_each(|types| {
        types.retain(|_, failure| now.duration_since(failure.at) < DEPARTED_KEPT);
    });
    memory.failures.retain(|_, types| !types.is_empty());
    memory.quota_refused.values_mut().for_each(|sizes| sizes.retain(|_, until| *until > now));
    memory.quota_refused.retain(|_, sizes| !sizes.is_empty());
    let changed = state.fingerprint != config.fingerprint;
    memory.vain.retain(|vain| !changed && vain.until > now);
    if changed {
        // What stood idle beside a job under another configuration says nothing about this one.
        memory.queue.values_mut().for_each(|item| item.waiting_since = None);
    }
    memory
}

/// After a clock that was ahead is set right, nothing lasts longer than it would have from now on.
fn bring_back_from_the_future(memory: &mut State, now: Timestamp) {
    let past = |time: &mut Option<Timestamp>| *time = time.map(|time| time.min(now));
    for item in memory.queue.values_mut() {
        past(&mut item.waiting_since);
        past(&mut item.pending_since);
    }
    for breaker in memory.breakers.values_mut().flat_map(BTreeMap::values_mut) {
        breaker.until = breaker.until.min(now + breaker.pause);
    }
    for until in memory.quota_refused.values_mut().flat_map(BTreeMap::values_mut) {
        *until = (*until).min(now + breaker::QUOTA_PAUSE);
    }
    for vain in &mut memory.vain {
        vain.until = vain.until.min(now + VAIN_FOR);
    }
}

fn remember_session(memory: &mut State, world: &World, now: Timestamp) {
    if let Some(settling) = &mut memory.settling {
        // A clock that went back must not make the wait longer than it is.
        settling.since = settling.since.min(now);
        if now.duration_since(settling.since) >= SETTLING_TIME {
            memory.settling = None;
        }
    }
    let Some(id) = &world.jenkins.session else { return };
    if memory.session.as_ref().is_some_and(|known| known.id != *id) {
        memory.settling = Some(Settling { since: now, cause: SettlingCause::JenkinsRestarted });
    }
    memory.session = Some(Session { id: id.clone() });
}

fn remember_node(
    config: &Config,
    state: &State,
    fleet: &Fleet<'_>,
    node: &Node,
    kinship: &Kinship,
    memory: &State,
    now: Timestamp,
) -> NodeMemory {
    let before = state.nodes.get(&node.name);
    let machine = match kinship {
        Kinship::Of(machine) => Some(&fleet.machines[*machine]),
        Kinship::Doubtful(_) | Kinship::Former(_) | Kinship::MadeFor(_) | Kinship::Foreign(_) => None,
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

/// What is known of a server after this run's sighting. `listed` tells whether the list of nodes is whole.
fn remember_server(
    config: &Config,
    state: &State,
    machine: &Machine<'_>,
    listed: bool,
    now: Timestamp,
) -> ServerMemory {
    let times = config.times(&machine.node_type);
    let mut memory = state.servers.get(&machine.id).cloned().unwrap_or_else(|| found(config, machine));
    memory.ordered_at = memory.ordered_at.min(now);
    memory.active_since = memory.active_since.map(|since| since.min(now));
    memory.deleting_since = memory.deleting_since.map(|since| since.min(now));
    match machine.sighting {
        Sighting::NoAnswer | Sighting::Unlisted => {}
        Sighting::Gone => memory.gone_sightings += 1,
        Sighting::Seen(server) => {
            memory.listed = true;
            memory.gone_sightings = 0;
            memory.server_id = Some(server.id.clone());
            memory.name.clone_from(&server.name);
            if server.state == ServerState::Active {
                memory.active_since.get_or_insert(now);
            }
            if server.fault.is_some() {
                memory.fault.clone_from(&server.fault);
            }
            let deleting = server.state == ServerState::Deleting;
            memory.deleting_since = deleting.then(|| memory.deleting_since.unwrap_or(now));
            let stopped = matches!(server.state, ServerState::Stopped(_));
            memory.stopped = stopped.then(|| Credit::sighted(memory.stopped, now, times.join_timeout));
        }
    }
    if listed {
        memory.node = machine.nodes.first().map(|node| node.name.clone()).or(memory.node);
        if machine.is_online() {
            memory.joined_at.get_or_insert(now);
            // Nobody has set it offline, or somebody brought it back: no retirement is under way.
            memory.retirement = None;
        }
        if machine.nodes.iter().any(|node| has_worked(state, node)) {
            memory.used_at.get_or_insert(now);
        }
        let active = machine.server().is_some_and(|server| server.state == ServerState::Active);
        let missing = active && memory.joined_at.is_some() && machine.nodes.is_empty() && machine.doubts.is_empty();
        memory.missing = missing.then(|| Credit::sighted(memory.missing, now, times.join_timeout));
    }
    memory
}

/// Whether a build runs on the node, or has run there since it was last seen: its average rises only then. The first value
/// of a node that has the name of one that is gone may still be that one's.
fn has_worked(state: &State, node: &Node) -> bool {
    let before = state.nodes.get(&node.name).map(|before| before.busy_average.unwrap_or(0));
    let named_before = || state.departed.values().any(|departed| departed.node.as_ref() == Some(&node.name));
    let rose = match (node.busy_average, before) {
        (Some(average), Some(before)) => average > before,
        (Some(average), None) => average > 0 && !named_before(),
        (None, _) => false,
    };
    !node.idle || rose
}

/// A server that only its mark tells of.
fn found(config: &Config, machine: &Machine<'_>) -> ServerMemory {
    let (node_type, provider) = (machine.node_type.clone(), machine.provider.clone());
    let storage = config.node_type(&node_type).is_some_and(|kind| kind.volumes().next().is_some());
    let memory = ServerMemory::new(node_type, provider, machine.name.clone(), machine.ordered_at, Origin::Found);
    ServerMemory { storage, ..memory }
}

/// Whether there is nothing more to wait for: gone for certain, or an order given up.
fn is_over(config: &Config, machine: &Machine<'_>, memory: &ServerMemory, now: Timestamp) -> bool {
    match machine.sighting {
        // A server that is listed as deleted may still be restored (SOFT_DELETED): only the reads by id tell.
        Sighting::NoAnswer | Sighting::Seen(_) => false,
        Sighting::Gone => !memory.listed || memory.gone_sightings >= GONE_CONFIRMED,
        Sighting::Unlisted => order_is_given_up(config, machine, now),
    }
}

/// Whether an order whose answer was lost, and that no listing shows, is not waited for any longer.
pub(super) fn order_is_given_up(config: &Config, machine: &Machine<'_>, now: Timestamp) -> bool {
    now.duration_since(machine.ordered_at) >= config.times(&machine.node_type).order_timeout
}
