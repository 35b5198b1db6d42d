//! Step 2: what this run adds to the state, before anything is decided: clocks and counters.

pub mod breaker;
pub mod floating_ips;
mod listed;
mod nodes;
pub(crate) mod servers;
mod spending;
pub mod volumes;

use crate::config::Config;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::small_set::SmallSet;
use crate::domain::state::{
    Credit, ForeignLabels, GoneServer, ItemMemory, Restart, Retirement, RetirementStep, ServerMemory, Session,
    SetOfflineBy, Settling, SettlingCause, State,
};
use crate::domain::world::{Cloud, Node, NodeKind, ServerState, World};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity, Sighting};
use crate::plan::identity::places;
use crate::plan::identity::unconventional::{Distance, agents};
use jiff::{SignedDuration, Timestamp};
use listed::Listed;
use nodes::{Sightings, sighted};
use std::collections::{BTreeMap, BTreeSet};

/// How long a type that does not serve a job is not tried again for it.
pub(crate) const MISMATCH_LASTS: SignedDuration = SignedDuration::from_hours(1);

/// How long nothing is ordered or deleted after Jenkins was restarted or the state file was unreadable.
const SETTLING_TIME: SignedDuration = SignedDuration::from_mins(2);

/// How long after a restart of Jenkins a build may go on where it ran: Jenkins gives the agent five minutes to come back.
pub(crate) const RESUMING: SignedDuration = SignedDuration::from_mins(6);

/// Sessions that the state has besides the last one.
const SESSIONS_KEPT: usize = 8;

/// How long the state keeps the labels of nodes that are not ours, how many sets of them, and of how many bytes each.
const FOREIGN_LABELS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const FOREIGN_LABELS: usize = 200;
const LONGEST_FOREIGN_LABELS: usize = 10_000;

/// How long the state keeps servers that are gone, so that what they leave behind is known to be ours.
const GONE_SERVERS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The state after this run's sightings.
pub fn add(config: &Config, world: &World, state: &State, fleet: &Fleet<'_>, now: Timestamp) -> State {
    let mut after = State {
        run: state.run + 1,
        last_run: Some(now),
        fingerprint: config.fingerprint.clone(),
        controller: Some(config.installation().controller),
        ..state.clone()
    };
    bring_back_from_the_future(&mut after, now);
    after.learned.count_time(state.last_run, now);
    remember_session(&mut after, world, now);
    let listed = world.jenkins.nodes.complete().is_some();
    if let Some(session) = after.session.as_mut().filter(|_| listed) {
        session.listed_in = match session.listed_in {
            // Restarts are unseen from now on.
            _ if world.jenkins.session.is_none() => None,
            _ if session.unlisted || session.listed_in.is_none() => Some(after.run),
            known => known,
        };
        (session.unlisted, session.listed) = (false, Some(now));
    }
    if listed {
        let hides_marks = !world.jenkins.shows_marks && world.jenkins.session.is_none();
        let sightings = Sightings { config, state, fleet, after: &after, hides_marks, now };
        let agents = fleet.nodes.iter().filter(|(node, _)| node.kind != NodeKind::BuiltIn);
        let sighted = agents.map(|(node, identity)| (node.name.clone(), sighted(sightings, node, identity)));
        after.nodes = sighted.collect();
        nodes::pass_on_holds(config, state, fleet, world.jenkins.shows_marks, &mut after);
    }
    if let Some(left_out) = world.jenkins.queue.complete().and_then(|queue| queue.left_out.as_ref()) {
        after.items_left_out = !left_out.is_empty();
    }
    remember_foreign_labels(&mut after, fleet, now);
    let listed = listed.then(|| Listed::new(fleet.nodes.iter().map(|(node, _)| *node), state, &after));
    let mut servers = Vec::with_capacity(fleet.machines.len());
    for machine in &fleet.machines {
        let mut seen = servers::sighted(config, state, &after, machine, listed.as_ref(), now);
        if let Some(cloud) = world.clouds.get(&machine.provider) {
            see_place(&mut seen, machine, cloud);
        }
        if !machine.nodes.is_empty() {
            seen.held = machine.nodes.iter().any(|node| after.set_offline_by(&node.name) == Some(SetOfflineBy::Person));
        }
        let is_over = servers::is_over(config, machine, &seen);
        let is_gone = is_over || matches!(machine.sighting, Sighting::Gone) && servers::is_confirmed_gone(&seen);
        let is_forgotten = is_over && matches!(machine.sighting, Sighting::Elsewhere);
        if let Some(id) = seen.server_id.as_ref().filter(|_| is_gone && !is_forgotten) {
            after
                .gone_servers
                .entry(id.clone())
                .or_insert_with(|| gone(machine, &seen, other_names(config, state, fleet, machine, &seen), now));
        }
        if !is_over {
            servers.push((machine.id.clone(), seen));
        }
    }
    after.servers = servers.into_iter().collect();
    forget_gone_that_are_there(&mut after, fleet);
    if world.jenkins.nodes.complete().is_some() {
        nodes::follow_the_gone(state, fleet, &mut after);
    }
    spending::count(config, &mut after, state.last_run, fleet, now);
    volumes::keep_watch(config, world, &mut after, now);
    floating_ips::remember(config, world, &mut after);
    forget_what_is_over(&mut after, now);
    let changed = state.fingerprint != config.fingerprint;
    after.mismatches.retain(|mismatch| !changed && mismatch.until > now);
    if changed {
        after.configured_in = after.run;
        after.quota_answers.clear();
        // What stood idle beside a job under another configuration says nothing about this one.
        after.queue.values_mut().for_each(|item| item.waiting_since = None);
    }
    after
}

/// Notes where the server is. What is looked for here, and is remembered in another place, was that place under another name.
fn see_place(seen: &mut ServerMemory, machine: &Machine<'_>, cloud: &Cloud) {
    let is_renamed = !matches!(machine.sighting, Sighting::Elsewhere) && places::is_elsewhere(cloud, seen);
    if is_renamed || matches!(machine.sighting, Sighting::Seen(_)) {
        seen.project = cloud.project.clone().or(seen.project.take());
        seen.site = cloud.site.clone().or(seen.site.take());
    }
}

/// What stays in the state of a server that is gone.
fn gone(machine: &Machine<'_>, seen: &ServerMemory, other_names: BTreeSet<NodeName>, now: Timestamp) -> GoneServer {
    let fault = seen.fault.as_deref();
    let mut its_own = fault.map(volumes::volumes_named).unwrap_or_default();
    its_own.extend(seen.volumes.iter().cloned());
    let was_accepted = |retirement: &Retirement| retirement.step == RetirementStep::ServerDeleted;
    let deleted_by_us = seen.deletion_sent || seen.retirement.as_ref().is_some_and(was_accepted);
    let may_leave_some = seen.storage || !its_own.is_empty() || fault.is_some_and(volumes::is_about_volumes);
    GoneServer {
        id: machine.id.clone(),
        node_type: seen.node_type.clone(),
        provider: seen.provider.clone(),
        since: now,
        watch: may_leave_some.then_some(0),
        node: seen.node.clone(),
        // What mita deleted itself is gone in all likelihood: it needs no other sign than its own node.
        other_names: if deleted_by_us { BTreeSet::new() } else { other_names },
        volumes: its_own,
        taken_volumes: seen.taken_volumes.iter().cloned().collect(),
        deleted_by_others: may_leave_some && seen.active_since.is_some() && !deleted_by_us,
        volume_seen: None,
    }
}

/// The names under which the agent of a server without a node may be connected.
fn other_names(
    config: &Config,
    state: &State,
    fleet: &Fleet<'_>,
    machine: &Machine<'_>,
    seen: &ServerMemory,
) -> BTreeSet<NodeName> {
    let may_be_it = |node: &&Node| node.has_agent() && Distance::between(config, state, machine, node).is_some();
    let free = if machine.nodes.is_empty() { agents(fleet) } else { Vec::new() };
    let nodes = free.into_iter().filter(may_be_it).map(|node| &node.name);
    nodes.chain(seen.shield.as_ref().map(|shield| &shield.node)).cloned().collect()
}

fn forget_what_is_over(state: &mut State, now: Timestamp) {
    let with_nodes: BTreeSet<&ServerId> = state.nodes.values().filter_map(|node| node.server.as_ref()).collect();
    state.gone_servers.retain(|id, gone| {
        let last_needed = gone.volume_seen.unwrap_or(gone.since);
        now.duration_since(last_needed) < GONE_SERVERS_KEPT || with_nodes.contains(id)
    });
    state.failures.values_mut().for_each(|types| {
        types.retain(|_, failure| now.duration_since(failure.at) < GONE_SERVERS_KEPT);
    });
    state.failures.retain(|_, types| !types.is_empty());
    state.quota_refused.values_mut().for_each(|sizes| sizes.retain(|_, until| *until > now));
    state.quota_refused.retain(|_, sizes| !sizes.is_empty());
    state.throttles.retain(|_, throttle| now.duration_since(throttle.until) < breaker::LONGEST_PAUSE);
    state.pauses.retain(|pause| pause.until.is_none_or(|until| until > now));
}

/// A cloud that showed short lists may show again what seemed to be gone.
fn forget_gone_that_are_there(state: &mut State, fleet: &Fleet<'_>) {
    for server in fleet.machines.iter().filter_map(Machine::server) {
        if server.state != ServerState::Deleted {
            state.gone_servers.remove(&server.id);
        }
    }
}

/// After a clock that was ahead is set right, nothing lasts longer than it would have from now on.
fn bring_back_from_the_future(state: &mut State, now: Timestamp) {
    let past = |time: &mut Option<Timestamp>| *time = time.map(|time| time.min(now));
    let is_ahead = |item: &ItemMemory| item.waiting_since.max(item.pending_since).is_some_and(|time| time > now);
    if state.queue.values().any(is_ahead) {
        for item in state.queue.values_mut() {
            past(&mut item.waiting_since);
            past(&mut item.pending_since);
        }
    }
    for breaker in state.breakers.values_mut().flat_map(BTreeMap::values_mut) {
        breaker.until = breaker.until.min(now + breaker.pause);
    }
    for until in state.quota_refused.values_mut().flat_map(BTreeMap::values_mut) {
        *until = (*until).min(now + breaker::QUOTA_PAUSE);
    }
    for throttle in state.throttles.values_mut() {
        throttle.until = throttle.until.min(now + throttle.pause);
    }
    for mismatch in &mut state.mismatches {
        mismatch.until = mismatch.until.min(now + MISMATCH_LASTS);
    }
    for pause in state.pauses.iter_mut().filter(|pause| pause.since > now) {
        pause.until = pause.until.map(|until| now + until.duration_since(pause.since));
        pause.since = now;
    }
}

/// Notes which labels nodes of others have: those of another installation of mita come and go as ours do.
fn remember_foreign_labels(state: &mut State, fleet: &Fleet<'_>, now: Timestamp) {
    for (node, identity) in &fleet.nodes {
        if !matches!(identity, NodeIdentity::Foreign(_)) || node.kind == NodeKind::BuiltIn {
            continue;
        }
        let labels: SmallSet<String> =
            node.labels.iter().filter(|label| **label != node.name.as_str()).cloned().collect();
        let length: usize = labels.iter().map(String::len).sum();
        if labels.is_empty() || length > LONGEST_FOREIGN_LABELS {
            continue;
        }
        match state.foreign_labels.iter_mut().find(|known| known.labels == labels) {
            Some(known) => known.seen = now,
            None => state.foreign_labels.push(ForeignLabels { labels, seen: now }),
        }
    }
    state.foreign_labels.retain(|known| now.duration_since(known.seen) < FOREIGN_LABELS_KEPT);
    state.foreign_labels.sort_by_key(|known| std::cmp::Reverse(known.seen));
    state.foreign_labels.truncate(FOREIGN_LABELS);
}

/// The last lists before a restart and those before it, when Jenkins is restarted once more after this list.
fn restarts_before(last: Restart, listed: Timestamp) -> Vec<Timestamp> {
    let Restart { listed: last, mut before, .. } = last;
    if last != listed {
        before.push(last);
    }
    let too_many = before.len().saturating_sub(SESSIONS_KEPT);
    before.drain(..too_many);
    before
}

fn remember_session(state: &mut State, world: &World, now: Timestamp) {
    if let Some(settling) = &mut state.settling {
        // A clock that went back must not make the wait longer than it is, and one that jumped ahead not shorter.
        settling.since = if state.learned.jumped { now } else { settling.since.min(now) };
        if state.learned.jumped
            && settling.cause == SettlingCause::JenkinsRestarted
            && let Some(session) = &mut state.session
        {
            session.since = Some(now);
        }
        if now.duration_since(settling.since) >= SETTLING_TIME {
            state.settling = None;
        }
    }
    if let Some(session) = &mut state.session {
        let seen_again = |restart: Restart| Restart { ago: restart.ago.seen_again(now, RESUMING), ..restart };
        session.restart = session.restart.take().map(seen_again).filter(|restart| restart.ago.credit < RESUMING);
    }
    let Some(id) = &world.jenkins.session else { return };
    let Some(known) = &mut state.session else {
        let first = Session { id: id.clone(), since: Some(now), unlisted: true, ..Session::default() };
        state.session = Some(first);
        return;
    };
    if known.id == *id {
        return;
    }
    if !known.earlier.contains(id) {
        state.settling = Some(Settling { since: now, cause: SettlingCause::JenkinsRestarted });
        known.restart = known.listed.map(|listed| Restart {
            listed,
            before: known.restart.take().map(|last| restarts_before(last, listed)).unwrap_or_default(),
            ago: Credit::begin(now),
        });
    }
    (known.since, known.unlisted, known.listed_in) = (Some(now), true, None);
    let before = std::mem::replace(&mut known.id, id.clone());
    if !known.earlier.contains(&before) {
        known.earlier.push(before);
        let too_many = known.earlier.len().saturating_sub(SESSIONS_KEPT);
        known.earlier.drain(..too_many);
    }
}
