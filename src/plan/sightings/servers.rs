//! What the state has about a server of ours after this run has seen it.

use super::listed::{Listed, SharedBuilds};
use super::nodes::has_worked;
use super::volumes;
use crate::config::{Config, NodeType, Times};
use crate::domain::format::shortened;
use crate::domain::journal;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::small_set::SmallSet;
use crate::domain::state::{
    Credit, LONGEST_SPAN, Origin, Retirement, RetirementStep, ServerMemory, SetOfflineBy, State, Work, begun,
};
use crate::domain::world::{Lock, Node, Presence, Server, ServerState};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::identity::index::has_address_of;
use crate::plan::identity::places::is_mere_order;
use jiff::{SignedDuration, Timestamp};

/// Two runs must agree that a server is gone before anything that belonged to it is.
pub(crate) const GONE_CONFIRMED: u32 = 2;

/// A server in another place is forgotten after so long without a node.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Builds of one server that are told apart from one run to the next.
const MOST_BUILDS: usize = 64;

/// How much of a fault is remembered, in characters: the state is written after each step of a run.
const LONGEST_FAULT: usize = 2_000;

/// At most this much of the time between two runs counts as time at work.
const LONGEST_GAP: SignedDuration = SignedDuration::from_mins(10);

/// What the state has about a server after this run has seen it. `after` is what is known already of the state after it;
/// `listed` is there where the list of nodes is complete.
pub(super) fn sighted(
    config: &Config,
    state: &State,
    after: &State,
    machine: &Machine<'_>,
    listed: Option<&Listed<'_>>,
    now: Timestamp,
) -> ServerMemory {
    let times = config.times(&machine.node_type);
    let mut memory = state.servers.get(&machine.id).cloned().unwrap_or_else(|| found(config, machine));
    memory.provider = machine.provider.clone();
    let waited_before = memory.waited.unwrap_or_default();
    memory.ordered_at = begun(memory.ordered_at, memory.under_way.unwrap_or(waited_before), now);
    memory.active_since = memory.active_since.map(|since| begun(since, waited_before, now));
    for time in [&mut memory.lock_met, &mut memory.deleting_since] {
        *time = time.map(|time| time.min(now));
    }
    if let Some(refused) = &mut memory.floating_ip_refused {
        refused.last = refused.last.min(now);
    }
    if let Some(refused) = &mut memory.deletion_refused {
        refused.since = refused.since.min(now);
    }
    let was_unread = memory.unread;
    memory.unread = !shows_arrival(machine, &memory, listed.is_some() && after.settling.is_none());
    let is_held = machine.nodes.iter().any(|node| after.set_offline_by(&node.name) == Some(SetOfflineBy::Person));
    let counts = !memory.unread && !was_unread && !is_held;
    memory.waited = Some(waited(config, state, machine, &memory, counts, now));
    memory.under_way = if memory.joined_at.is_none() {
        let passed = if counts { after.learned.passed() } else { SignedDuration::ZERO };
        let known = memory.under_way.map(|before| (before + passed).min(now.duration_since(memory.ordered_at)));
        known.or(memory.waited)
    } else {
        None
    };
    match machine.sighting {
        Sighting::NoAnswer
        | Sighting::Elsewhere
        | Sighting::WithoutMetadata
        | Sighting::Unlisted
        | Sighting::Hidden
        | Sighting::Deleted => {}
        Sighting::Gone => memory.gone_sightings += 1,
        Sighting::Seen(server) => see_server(&mut memory, server, &times, now),
    }
    if let Some(listed) = listed {
        see_nodes(&mut memory, config, state, machine, &listed.shared, now);
        listed.see_shield(&mut memory, after.run, now);
    }
    // What was sent belongs to a retirement that goes on.
    memory.deletion_sent &= memory.retirement.is_some();
    // How long it took is not known of one that was there before the state, or that came while nobody saw it.
    let came_unseen = was_unread && memory.joined_at == Some(now);
    if came_unseen || memory.joined_at.is_some() && !state.servers.contains_key(&machine.id) {
        memory.under_way = None;
    }
    memory
}

/// Whether this run would see what the server waits for. `joins_show` says whether the list of nodes does: agents that
/// Jenkins lost in a restart are still to come.
fn shows_arrival(machine: &Machine<'_>, memory: &ServerMemory, joins_show: bool) -> bool {
    match machine.sighting {
        // It has ended: mita looks in another place now.
        Sighting::Elsewhere if is_mere_order(memory) => true,
        Sighting::NoAnswer | Sighting::Elsewhere | Sighting::WithoutMetadata => false,
        Sighting::Seen(server) if server.state == ServerState::Active => joins_show,
        Sighting::Seen(_) | Sighting::Unlisted | Sighting::Hidden | Sighting::Gone | Sighting::Deleted => true,
    }
}

/// Notes what the cloud shows.
fn see_server(memory: &mut ServerMemory, server: &Server, times: &Times, now: Timestamp) {
    if !memory.listed {
        // The answer to its order is no fault of the server.
        memory.fault = None;
    }
    memory.listed = true;
    memory.soft_deleted = server.state == ServerState::Deleted;
    // What the cloud shows now counts, and nothing of the past. An answer that does not tell unlocks nothing: one of several
    // gateways may drop what asks for it.
    if server.lock != Lock::Unknown {
        memory.lock_met = None;
        memory.locked = server.lock == Lock::Locked;
    }
    volumes::see(memory, server);
    memory.gone_sightings = 0;
    memory.server_id = Some(server.id.clone());
    memory.name.clone_from(&server.name);
    // An order is given up before its server can be that late: a clock that was behind for a while gave it that time.
    if let Some(created) = server.created.filter(|created| *created <= now)
        && created.duration_since(memory.ordered_at) > times.order_timeout
    {
        memory.ordered_at = created;
        memory.active_since = memory.active_since.map(|since| since.max(created));
        memory.joined_at = memory.joined_at.map(|joined| joined.max(created));
    }
    if server.state == ServerState::Active && memory.active_since.is_none() {
        memory.active_since = Some(now);
        memory.waited = Some(SignedDuration::ZERO);
    }
    if let Some(fault) = &server.fault {
        memory.fault = Some(shortened(fault, LONGEST_FAULT).into_owned());
    }
    let deleting = server.state == ServerState::Deleting;
    memory.deleting_since = deleting.then(|| memory.deleting_since.unwrap_or(now));
    let stopped = matches!(server.state, ServerState::Stopped(_));
    memory.stopped = stopped.then(|| Credit::sighted(*memory.stopped, now, times.join_timeout)).into();
}

/// Notes what Jenkins shows of its nodes.
fn see_nodes(
    memory: &mut ServerMemory,
    config: &Config,
    state: &State,
    machine: &Machine<'_>,
    shared: &SharedBuilds<'_>,
    now: Timestamp,
) {
    let was_away = |node: &&Node| state.nodes.get(&node.name).is_some_and(|known| known.offline.is_some());
    let had_joined = memory.joined_at.is_some();
    if had_joined && machine.is_online() && (memory.missing.is_some() || machine.nodes.iter().any(was_away)) {
        memory.came_back_at = Some(now);
    }
    memory.came_back_at = memory.came_back_at.map(|at| at.min(now));
    // Of several nodes, the one that was first: another may only look like it. Of those that come at once, one with its address.
    let is_there = |own: &NodeName| machine.nodes.iter().any(|node| node.name == *own);
    let has_address = |node: &&&Node| has_address_of(machine, node.name.convention().ip);
    let own = machine.nodes.iter().find(has_address).or(machine.nodes.first());
    let lacks_its_own = !memory.node.as_ref().is_some_and(is_there);
    // A node that is held from the first list on is never seen online.
    let had_one = had_joined || memory.node.as_ref().is_some_and(|own| state.nodes.contains_key(own));
    if let Some(node) = own.filter(|_| lacks_its_own) {
        memory.node = Some(node.name.clone());
    }
    if machine.is_online() {
        memory.joined_at.get_or_insert(now);
        // Nobody has set it offline, or somebody brought it back: no retirement is under way. An agent may register itself once
        // more while its server goes.
        memory.retirement = memory.retirement.take().filter(|_| is_going(machine));
    }
    if machine.nodes.iter().any(|node| has_worked(state, node)) {
        memory.used_at.get_or_insert(now);
    }
    memory.unused = unused(config, state, machine, memory, now).into();
    memory.work = work(state, machine, std::mem::take(&mut memory.work), shared, memory.joined_at, now);
    if memory.used_at.is_some() {
        // A build that no run saw by its name was one all the same.
        memory.work.builds = memory.work.builds.max(1);
    }
    let active = machine.server().is_some_and(|server| server.state == ServerState::Active);
    let is_elsewhere = matches!(machine.sighting, Sighting::Elsewhere);
    let may_be_missing = is_elsewhere || active && memory.joined_at.is_some();
    let missing = may_be_missing && machine.nodes.is_empty() && machine.doubts.is_empty();
    let limit = if is_elsewhere { FORGOTTEN_AFTER } else { config.times(&machine.node_type).join_timeout };
    memory.missing = missing.then(|| Credit::sighted(*memory.missing, now, limit)).into();
    // The last run that saw a node of it connected, or else the first that missed its own. That stays the same until a node of
    // it is connected, also while it does not run, or an entry without an agent has its name: a renamed node is known by it.
    let run = state.run + 1;
    if machine.nodes.iter().any(|node| node.presence != Presence::Disconnected) {
        (memory.last_connected, memory.missing_since) = (Some(run), None);
    } else if lacks_its_own && had_one {
        memory.missing_since.get_or_insert(run);
    }
}

fn is_going(machine: &Machine<'_>) -> bool {
    match machine.sighting {
        Sighting::Seen(server) => matches!(server.state, ServerState::Deleting | ServerState::Deleted),
        Sighting::Gone | Sighting::Deleted => true,
        Sighting::Unlisted
        | Sighting::Hidden
        | Sighting::WithoutMetadata
        | Sighting::Elsewhere
        | Sighting::NoAnswer => false,
    }
}

/// How long a server whose node went away is without a build, with this sighting. A node that stays is judged by its idle
/// time alone, however long that is: others than this clock may keep it.
fn unused(
    config: &Config,
    state: &State,
    machine: &Machine<'_>,
    memory: &ServerMemory,
    now: Timestamp,
) -> Option<Credit> {
    if is_worked_on(machine) {
        return *memory.unused;
    }
    let times = config.times(&machine.node_type);
    let is_in_use = |node: &Node| has_worked(state, node) || node.presence.cause().is_some();
    let is_settled = |node: &Node| {
        let idle = state.nodes.get(&node.name).and_then(|known| *known.idle);
        node.presence == Presence::Online && idle.is_some_and(|idle| idle.credit >= times.idle_grace)
    };
    let ends = machine.nodes.iter().any(|node| is_in_use(node) || is_settled(node));
    let begins = memory.joined_at.is_some() && !machine.is_online();
    let counts = !ends && machine.doubts.is_empty() && (begins || memory.unused.is_some());
    counts.then(|| Credit::sighted(*memory.unused, now, times.idle_grace + times.join_timeout))
}

/// Whether somebody rescues, rebuilds or resizes it: that is no time in which its agent could have come.
fn is_worked_on(machine: &Machine<'_>) -> bool {
    machine.server().is_some_and(|server| matches!(server.state, ServerState::Other(_)))
}

/// The builds that were seen on the server, with those that run there now.
fn work(
    state: &State,
    machine: &Machine<'_>,
    before: Work,
    shared: &SharedBuilds<'_>,
    joined_at: Option<Timestamp>,
    now: Timestamp,
) -> Work {
    if machine.nodes.is_empty() {
        // A build that goes on under another name of the node shows whose that is.
        return before;
    }
    // A build of its own may go on in a node that is not clearly its own any more.
    let goes_on = machine.doubts.iter().filter(|node| before.goes_on_only_in(&node.builds));
    let nodes = || machine.nodes.iter().chain(goes_on.clone()).filter(|node| !node.idle);
    let builds = nodes().flat_map(|node| &node.builds);
    let running: SmallSet<String> =
        builds.take(MOST_BUILDS).map(|build| journal::page_or_name(build).into_owned()).collect();
    let begun = u32::try_from(before.running.missing(&running).count()).unwrap_or(u32::MAX);
    // A build that began since the last run tells when. Of an older one that nobody saw here before, such as a part of a
    // pipeline, the work counts from when the server is known to be online.
    let began = nodes().flat_map(|node| &node.builds).filter_map(|build| build.since).min();
    let began = began.filter(|began| state.last_run.is_none_or(|last| *began > last) && *began >= machine.ordered_at);
    let seen = || state.last_run.zip(joined_at).map(|(last, joined)| last.max(joined));
    let since = began.or_else(seen).filter(|_| nodes().next().is_some());
    let worked = since.map_or(SignedDuration::ZERO, |last| now.duration_since(last));
    let time = before.time.saturating_add(worked.clamp(SignedDuration::ZERO, LONGEST_GAP));
    let shared = running.iter().filter(|page| shared.contains(page.as_str())).cloned().collect();
    Work { builds: before.builds.saturating_add(begun), time, running, shared }
}

/// How long the server's present wait has lasted, with what has passed since the last run if that `counts`.
fn waited(
    config: &Config,
    state: &State,
    machine: &Machine<'_>,
    memory: &ServerMemory,
    counts: bool,
    now: Timestamp,
) -> SignedDuration {
    let times = config.times(&machine.node_type);
    let (since, may_last) = match machine.sighting {
        Sighting::Seen(server) if server.state == ServerState::Building => (None, times.boot_timeout),
        Sighting::Seen(_) => (memory.active_since, times.join_timeout),
        Sighting::Unlisted
        | Sighting::Hidden
        | Sighting::Gone
        | Sighting::Deleted
        | Sighting::WithoutMetadata
        | Sighting::Elsewhere
        | Sighting::NoAnswer => (None, times.order_timeout),
    };
    let half = may_last - may_last / 2;
    let by_the_clock = now.duration_since(since.unwrap_or(memory.ordered_at)).clamp(SignedDuration::ZERO, LONGEST_SPAN);
    let passed = match state.last_run {
        Some(last) if counts && !is_worked_on(machine) => now.duration_since(last).clamp(SignedDuration::ZERO, half),
        _ => SignedDuration::ZERO,
    };
    // Found by its mark alone, or written by a program that did not count.
    memory.waited.map_or(by_the_clock, |before| (before + passed).min(by_the_clock))
}

/// A server that only its mark shows to be ours.
fn found(config: &Config, machine: &Machine<'_>) -> ServerMemory {
    let (node_type, provider) = (machine.node_type.clone(), machine.provider.clone());
    let storage = config.node_type(&node_type).is_some_and(NodeType::has_volumes);
    let memory = ServerMemory::new(node_type, provider, machine.name.clone(), machine.ordered_at, Origin::Found);
    ServerMemory { storage, ..memory }
}

/// Whether there is nothing more to wait for: gone for certain, or an order given up.
pub(crate) fn is_over(config: &Config, machine: &Machine<'_>, memory: &ServerMemory) -> bool {
    match machine.sighting {
        Sighting::Elsewhere if is_mere_order(memory) => order_is_given_up(config, memory),
        Sighting::Elsewhere => memory.missing.is_some_and(|missing| missing.credit >= FORGOTTEN_AFTER),
        // A server that is listed as deleted may still be restored (SOFT_DELETED): only the reads by id tell.
        Sighting::NoAnswer | Sighting::WithoutMetadata | Sighting::Hidden | Sighting::Deleted | Sighting::Seen(_) => {
            false
        }
        // One that was never seen may only be late to show: until it is given up, it counts in the limits.
        Sighting::Gone => {
            let was_seen = memory.listed || memory.joined_at.is_some();
            is_confirmed_gone(memory) && (was_seen || order_is_given_up(config, memory))
        }
        Sighting::Unlisted => order_is_given_up(config, memory),
    }
}

/// Whether two reads by id said that the server is gone.
pub(crate) fn is_confirmed_gone(memory: &ServerMemory) -> bool {
    memory.gone_sightings >= GONE_CONFIRMED
}

/// Whether its cloud accepted its deletion and gave it up. One that was in ERROR before says nothing: it may go yet.
pub(crate) fn deletion_failed(machine: &Machine<'_>, memory: Option<&ServerMemory>) -> bool {
    let retirement = memory.and_then(|memory| memory.retirement.as_ref());
    let accepted =
        |retirement: &Retirement| retirement.step == RetirementStep::ServerDeleted && retirement.rule != Rule::Error;
    retirement.is_some_and(accepted) && machine.server().is_some_and(|server| server.state == ServerState::Error)
}

/// Whether an order whose answer was lost, and that no listing shows, is not waited for any longer.
pub(crate) fn order_is_given_up(config: &Config, memory: &ServerMemory) -> bool {
    memory.waited.is_some_and(|waited| waited >= config.times(&memory.node_type).order_timeout)
}
