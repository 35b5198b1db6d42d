//! What becomes of a server and its node: the first row that fits decides.
//!
//! The rows stand in [`judge`] in their order. Nothing here acts; an idle node, for one, goes only if no waiting job
//! is matched to it, which is decided later.

use super::Rule;
use super::fleet::{Machine, Sighting};
use super::remember::order_is_given_up;
use super::words::span;
use crate::config::{Config, Times};
use crate::naming::NodeName;
use crate::state::{NodeMemory, ServerMemory, SetOfflineBy, State};
use crate::world::{Node, Presence, Server, ServerState, World};
use jiff::{SignedDuration, Timestamp};

/// A deletion that lasts longer than this is told.
const DELETING_LONG: SignedDuration = SignedDuration::from_mins(15);

/// A server that may be a node of another name is kept for this many join timeouts.
const OTHER_NAME_PATIENCE: i32 = 3;

/// How far a server has come, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is done.
    LeftAlone(Rule),
    /// Its executors will be there.
    OnItsWay(Rule),
    /// Its node is online and idle, for so long.
    Idle {
        /// Counted idle time.
        idle: SignedDuration,
    },
    /// A retirement is under way: finish it, or bring the node back if a job wants it.
    Draining,
    /// To be removed.
    Condemned(Rule),
}

/// A phase with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The phase.
    pub phase: Phase,
    /// The evidence, in words.
    pub reason: String,
}

fn alone(rule: Rule, reason: impl Into<String>) -> Judgement {
    Judgement { phase: Phase::LeftAlone(rule), reason: reason.into() }
}

fn coming(rule: Rule, reason: impl Into<String>) -> Judgement {
    Judgement { phase: Phase::OnItsWay(rule), reason: reason.into() }
}

fn condemned(rule: Rule, reason: impl Into<String>) -> Judgement {
    Judgement { phase: Phase::Condemned(rule), reason: reason.into() }
}

/// The first row that fits. `strays` are nodes under names outside the convention; one that keeps a server is taken.
pub(super) fn judge(
    config: &Config,
    world: &World,
    memory: &State,
    machine: &Machine<'_>,
    strays: &mut Vec<&Node>,
    now: Timestamp,
) -> Judgement {
    let times = config.times(&machine.node_type);
    let remembered = memory.servers.get(&machine.id);
    if matches!(machine.sighting, Sighting::NoAnswer) {
        return unseen(machine, remembered, times, now);
    }
    if world.jenkins.nodes.complete().is_none() {
        return not_believed(machine, remembered, times, now);
    }
    if let Some(node) = machine.busy_node() {
        return alone(Rule::Busy, format!("node {} runs a build", node.name));
    }
    if let Some(judgement) = gone_or_going(config, machine, remembered, now) {
        return judgement;
    }
    if !machine.doubts.is_empty() {
        let names: Vec<&str> = machine.doubts.iter().map(|node| node.name.as_str()).collect();
        return alone(Rule::Ambiguous, format!("could be node {}: nothing is touched", names.join(" or node ")));
    }
    if let Some(node) = set_offline(machine, memory, SetOfflineBy::Person) {
        return alone(Rule::Held, format!("a person set node {node} offline{}", quoted(machine, node)));
    }
    if let Some(reason) = draining(machine, memory, remembered) {
        return Judgement { phase: Phase::Draining, reason };
    }
    match machine.sighting {
        Sighting::Seen(server) => by_state(config, memory, machine, server, remembered, times, strays, now),
        Sighting::Unlisted | Sighting::Gone | Sighting::NoAnswer => {
            let age = now.duration_since(machine.ordered_at);
            coming(Rule::Ordered, format!("ordered {} ago, in no listing yet", span(age)))
        }
    }
}

/// A server whose cloud gave no answer: left alone, and counted on while its times last.
fn unseen(machine: &Machine<'_>, memory: Option<&ServerMemory>, times: Times, now: Timestamp) -> Judgement {
    let reason = format!("provider {} gave no answer about it", machine.provider);
    counted_on(machine, memory, times, now, reason)
}

fn not_believed(machine: &Machine<'_>, memory: Option<&ServerMemory>, times: Times, now: Timestamp) -> Judgement {
    counted_on(machine, memory, times, now, "the list of Jenkins' nodes is not there, or not believed".to_owned())
}

fn counted_on(
    machine: &Machine<'_>,
    memory: Option<&ServerMemory>,
    times: Times,
    now: Timestamp,
    reason: String,
) -> Judgement {
    let patience = times.boot_timeout + times.join_timeout;
    let young = now.duration_since(machine.ordered_at) < patience;
    let joined = memory.is_some_and(|memory| memory.joined_at.is_some() || memory.retirement.is_some());
    if young && !joined { coming(Rule::NotSeen, reason) } else { alone(Rule::NotSeen, reason) }
}

fn gone_or_going(
    config: &Config,
    machine: &Machine<'_>,
    memory: Option<&ServerMemory>,
    now: Timestamp,
) -> Option<Judgement> {
    match machine.sighting {
        Sighting::Gone => Some(alone(Rule::Gone, "its cloud does not know it any more (404)")),
        Sighting::Unlisted if order_is_given_up(config, machine, now) => {
            let age = now.duration_since(machine.ordered_at);
            Some(alone(Rule::Gone, format!("ordered {} ago and never seen: given up", span(age))))
        }
        Sighting::Seen(server) if server.state == ServerState::Deleted => Some(alone(Rule::Gone, "deleted")),
        Sighting::Seen(server) if server.state == ServerState::Deleting => {
            let since = memory.and_then(|memory| memory.deleting_since).unwrap_or(now);
            let lasted = now.duration_since(since);
            let stuck = if lasted > DELETING_LONG { ": stuck, ask the cloud's operators" } else { "" };
            Some(alone(Rule::Deleting, format!("being deleted for {}{stuck}", span(lasted))))
        }
        Sighting::Seen(_) | Sighting::Unlisted | Sighting::NoAnswer => None,
    }
}

/// The first of its nodes that is set offline by the one named.
fn set_offline<'a>(machine: &'a Machine<'_>, memory: &State, by: SetOfflineBy) -> Option<&'a NodeName> {
    machine
        .nodes
        .iter()
        .map(|node| &node.name)
        .find(|name| memory.nodes.get(name).and_then(|node| node.set_offline_by) == Some(by))
}

fn quoted(machine: &Machine<'_>, name: &NodeName) -> String {
    let cause = machine.nodes.iter().find(|node| node.name == *name).and_then(|node| match &node.presence {
        Presence::SetOffline(cause) => cause.reason.lines().next().filter(|reason| !reason.is_empty()),
        Presence::Online | Presence::Disconnected => None,
    });
    cause.map(|reason| format!(": \"{reason}\"")).unwrap_or_default()
}

/// Why a retirement is under way, where one is.
fn draining(machine: &Machine<'_>, memory: &State, remembered: Option<&ServerMemory>) -> Option<String> {
    if let Some(node) = set_offline(machine, memory, SetOfflineBy::Us) {
        return Some(format!("an earlier run set node {node} offline to retire it"));
    }
    let retirement = remembered?.retirement.as_ref()?;
    (machine.nodes.is_empty() && machine.server().is_some())
        .then(|| format!("an earlier run began to retire it ({})", retirement.rule))
}

/// The rows that ask what the cloud says of a server.
#[expect(clippy::too_many_arguments, reason = "the rows of one table, split only for length")]
fn by_state(
    config: &Config,
    memory: &State,
    machine: &Machine<'_>,
    server: &Server,
    remembered: Option<&ServerMemory>,
    times: Times,
    strays: &mut Vec<&Node>,
    now: Timestamp,
) -> Judgement {
    let age = now.duration_since(machine.ordered_at).max(SignedDuration::ZERO);
    match &server.state {
        ServerState::Error => {
            let fault = remembered.and_then(|memory| memory.fault.as_deref()).unwrap_or("no reason given");
            let words: Vec<&str> = fault.split_whitespace().collect();
            condemned(Rule::Error, format!("its cloud gave it up: {}", words.join(" ")))
        }
        ServerState::Building if age < times.boot_timeout => {
            coming(Rule::Booting, format!("ordered {} ago, being built", span(age)))
        }
        ServerState::Building => condemned(
            Rule::BootTimeout,
            format!("ordered {} ago and still being built, boot_timeout {}", span(age), span(times.boot_timeout)),
        ),
        ServerState::Stopped(word) => {
            let lasted =
                remembered.and_then(|memory| memory.stopped).map_or(SignedDuration::ZERO, |stopped| stopped.credit);
            let reason = format!("{word} for {}, join_timeout {}", span(lasted), span(times.join_timeout));
            if lasted >= times.join_timeout { condemned(Rule::Stopped, reason) } else { alone(Rule::Stopping, reason) }
        }
        ServerState::Other(word) => alone(Rule::UnknownState, format!("in state {word}, which mita leaves alone")),
        ServerState::Active => active(config, memory, machine, remembered, times, strays, now),
        ServerState::Deleting | ServerState::Deleted => alone(Rule::Deleting, "being deleted"),
    }
}

/// The rows of a server that runs.
fn active(
    config: &Config,
    memory: &State,
    machine: &Machine<'_>,
    remembered: Option<&ServerMemory>,
    times: Times,
    strays: &mut Vec<&Node>,
    now: Timestamp,
) -> Judgement {
    let joined = remembered.is_some_and(|memory| memory.joined_at.is_some());
    if !joined {
        return not_joined(config, memory, machine, remembered, times, strays, now);
    }
    if machine.nodes.is_empty() {
        let missing =
            remembered.and_then(|memory| memory.missing).map_or(SignedDuration::ZERO, |missing| missing.credit);
        let reason = format!(
            "its node is missing from Jenkins for {}, join_timeout {}",
            span(missing),
            span(times.join_timeout)
        );
        return if missing >= times.join_timeout {
            condemned(Rule::NodeMissing, reason)
        } else {
            alone(Rule::Away, reason)
        };
    }
    let of = |node: &&Node| memory.nodes.get(&node.name);
    if !machine.is_online() {
        let away = |node: &NodeMemory| node.offline.map(|offline| offline.credit);
        let lasted = machine.nodes.iter().filter_map(of).filter_map(away).min().unwrap_or(SignedDuration::ZERO);
        let reason = format!("offline for {}, join_timeout {}", span(lasted), span(times.join_timeout));
        return if lasted >= times.join_timeout { condemned(Rule::Offline, reason) } else { alone(Rule::Away, reason) };
    }
    let online = machine.nodes.iter().filter(|node| node.presence == Presence::Online);
    let idle = online.filter_map(of).filter_map(|node| node.idle.map(|idle| idle.credit)).min();
    let idle = idle.unwrap_or(SignedDuration::ZERO);
    Judgement { phase: Phase::Idle { idle }, reason: format!("idle {}, grace {}", span(idle), span(times.idle_grace)) }
}

/// No node yet, or one that was never online.
fn not_joined(
    config: &Config,
    memory: &State,
    machine: &Machine<'_>,
    remembered: Option<&ServerMemory>,
    times: Times,
    strays: &mut Vec<&Node>,
    now: Timestamp,
) -> Judgement {
    let since = remembered.and_then(|memory| memory.active_since).unwrap_or(now);
    let age = now.duration_since(since).max(SignedDuration::ZERO);
    let what = if machine.nodes.is_empty() { "not in Jenkins yet" } else { "its node was never online yet" };
    let reason = format!("active for {}, {what}, join_timeout {}", span(age), span(times.join_timeout));
    if age < times.join_timeout {
        return coming(Rule::Connecting, reason);
    }
    let fits = |node: &&Node| {
        let after = memory.nodes.get(&node.name).is_some_and(|node| match machine.origin {
            crate::state::Origin::Ordered(run) => node.first_seen > run,
            crate::state::Origin::Found => true,
        });
        let kind = config.node_type(&machine.node_type);
        after && kind.is_some_and(|kind| kind.labels.is_subset(&node.labels))
    };
    if machine.nodes.is_empty()
        && age < times.join_timeout * OTHER_NAME_PATIENCE
        && let Some(stray) = strays.iter().position(fits)
    {
        let node = strays.remove(stray);
        let base = &machine.node_type;
        return alone(
            Rule::OtherName,
            format!("{reason}; node {} may be it: name it {base}+IP so that mita can tell", node.name),
        );
    }
    condemned(Rule::NeverJoined, reason)
}
