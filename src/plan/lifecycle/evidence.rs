//! What is seen and remembered of one server, and what each part of it says of the server's phase.

use super::last_build::last_build;
use super::phase::{Classified, Phase, alone, coming, to_remove};
use crate::config::{Config, Times};
use crate::domain::format::span;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, NodeMemory, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Node, Presence, Server, ServerState};
use crate::plan::identity::closed::is_closed;
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::identity::places::{forgetting, is_mere_order, somewhere};
use crate::plan::sightings::servers::{deletion_failed, is_confirmed_gone, order_is_given_up};
use jiff::{SignedDuration, Timestamp};

/// A deletion that lasts longer than this is reported.
const DELETING_LONG: SignedDuration = SignedDuration::from_mins(15);

/// A node that came back within this time is expected to come back again, if it is away for less than the second one.
const COMES_BACK_WITHIN: SignedDuration = SignedDuration::from_hours(1);
const AWAY_SHORTLY: SignedDuration = SignedDuration::from_mins(5);
/// One server, with what the state has about it.
pub(super) struct Evidence<'a> {
    pub(super) config: &'a Config,
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    pub(super) machine: &'a Machine<'a>,
    pub(super) remembered: Option<&'a ServerMemory>,
    pub(super) times: Times,
}

impl Evidence<'_> {
    /// A server of which too little is seen: left alone, and counted on while its times last.
    pub(super) fn counted_on(&self, reason: String) -> Classified {
        let patience = self.times.boot_timeout + self.times.join_timeout;
        let young = self.now.duration_since(self.machine.ordered_at) < patience;
        let joined = self.remembered.is_some_and(|memory| memory.joined_at.is_some() || memory.retirement.is_some());
        if young && !joined { coming(Rule::NotSeen, reason) } else { alone(Rule::NotSeen, reason) }
    }

    /// It is where mita does not look now: no supply, unless its node is online.
    pub(super) fn elsewhere(&self) -> Classified {
        let reason = somewhere(self.config, &self.machine.provider);
        if self.remembered.is_none() && self.machine.server_id.is_some() {
            return alone(Rule::NotSeen, format!("it is {reason}, and forgotten after a day without a node"));
        }
        if self.remembered.is_none_or(is_mere_order) {
            let age = self.now.duration_since(self.machine.ordered_at);
            let (rule, end) = if self.is_given_up() { (Rule::Gone, ": given up") } else { (Rule::NotSeen, "") };
            return alone(rule, format!("ordered {} ago {reason}, and never seen{end}", span(age)));
        }
        let command = forgetting(self.machine);
        let cure = command.map_or_else(String::new, |command| format!(", and has no node: {command} forgets it"));
        alone(Rule::NotSeen, format!("it is {reason}{cure}"))
    }

    pub(super) fn is_given_up(&self) -> bool {
        // This run's sightings have forgotten it already, then.
        self.remembered.is_none_or(|memory| order_is_given_up(self.config, memory))
    }

    /// How long the present wait of the server has lasted, as far as runs have seen it.
    pub(super) fn waited(&self) -> SignedDuration {
        self.remembered.and_then(|memory| memory.waited).unwrap_or(SignedDuration::ZERO)
    }

    pub(super) fn gone_or_going(&self) -> Option<Classified> {
        match self.machine.sighting {
            // One read is not enough for a server that was never seen: its cloud may not show it everywhere yet.
            Sighting::Gone if self.remembered.is_some_and(|memory| !memory.listed && !is_confirmed_gone(memory)) => {
                Some(self.not_listed_yet())
            }
            Sighting::Gone => Some(alone(Rule::Gone, "its cloud does not know it any more (404)")),
            Sighting::Unlisted if self.is_given_up() => {
                let age = self.now.duration_since(self.machine.ordered_at);
                Some(alone(Rule::Gone, format!("ordered {} ago and never seen: given up", span(age))))
            }
            Sighting::Deleted => Some(alone(Rule::Gone, "deleted")),
            Sighting::Seen(server) if server.state == ServerState::Deleted => Some(alone(Rule::Gone, "deleted")),
            Sighting::Seen(server) if server.state == ServerState::Deleting => {
                let since = self.remembered.and_then(|memory| memory.deleting_since).unwrap_or(self.now);
                let lasted = self.now.duration_since(since);
                let stuck = if lasted > DELETING_LONG { ": stuck" } else { "" };
                Some(alone(Rule::Deleting, format!("being deleted for {}{stuck}", span(lasted))))
            }
            Sighting::Seen(_)
            | Sighting::Unlisted
            | Sighting::Hidden
            | Sighting::WithoutMetadata
            | Sighting::Elsewhere
            | Sighting::NoAnswer => None,
        }
    }

    /// It was ordered, and its cloud has not shown it so far.
    pub(super) fn not_listed_yet(&self) -> Classified {
        let age = self.now.duration_since(self.machine.ordered_at);
        coming(Rule::Ordered, format!("ordered {} ago, in no listing yet", span(age)))
    }

    /// What the state has about one of its nodes.
    fn known(&self, node: &Node) -> Option<&NodeMemory> {
        self.state.nodes.get(&node.name)
    }

    /// Its nodes, and those that it shares with another server of ours.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.machine.nodes.iter().chain(&self.machine.doubts).copied()
    }

    /// Whether it has only nodes that it shares with other servers of ours, and no build has run on any of them for as
    /// long as on a node that is to be retired: then it does not matter whose they are.
    pub(super) fn shared_nodes_are_free(&self) -> bool {
        let is_free = |node: &&Node| {
            let Some(known) = self.known(node) else { return false };
            match (&node.presence, known.set_offline_by) {
                (Presence::Online, _) => {
                    known.idle.is_some_and(|idle| idle.is_confirmed() && idle.credit >= self.times.idle_grace)
                }
                (_, Some(SetOfflineBy::Us)) => true,
                (_, Some(SetOfflineBy::Person)) => false,
                (_, Some(SetOfflineBy::Monitor) | None) => counted(*known.offline) >= self.times.join_timeout,
            }
        };
        self.machine.shares_doubts && self.machine.doubts.iter().all(is_free)
    }

    /// The first of its nodes that is set offline by the one named.
    fn set_offline(&self, by: SetOfflineBy) -> Option<&Node> {
        let mut nodes = self.nodes();
        nodes.find(|node| self.state.set_offline_by(&node.name) == Some(by))
    }

    /// The server's own node, where that is online and idle beside a node at work with a name of no address that was its own.
    pub(super) fn own_node_beside(&self, busy: &Node) -> Option<&NodeName> {
        let is_in_doubt = busy.name.convention().ip.is_none() && self.machine.doubts.contains(&busy);
        let mut own = self.machine.nodes.iter().filter(|node| node.presence == Presence::Online);
        own.next().filter(|_| is_in_doubt).map(|node| &node.name)
    }

    /// Set offline by mita so that no further build comes: nothing brings it back.
    pub(super) fn spent(&self) -> Option<Classified> {
        let mut spent = self.nodes().filter_map(|node| Some((node, self.known(node)?.spent?)));
        let (node, rule) = spent.next()?;
        Some(to_remove(rule, format!("node {} was set offline so that no further build comes ({rule})", node.name)))
    }

    /// Who asked for its retirement, and when: not how long ago, since the journal keeps it.
    pub(super) fn asked(&self) -> Option<String> {
        let (since, by) = (self.remembered?.asked?, self.remembered?.asked_by.as_deref());
        Some(format!("{} asked for it at {since:.0}", by.unwrap_or("a person")))
    }

    /// Whether somebody who holds the node has cut its connection.
    pub(super) fn is_cut(&self, node: &Node) -> bool {
        self.known(node).is_some_and(|known| known.is_cut)
    }

    /// What is to be said of a node whose agent is gone while a build holds it.
    pub(super) fn lost(&self, node: &Node) -> Option<String> {
        let since = self.known(node)?.lost_since.filter(|since| *since < self.now)?;
        let lasted = span(self.now.duration_since(since));
        Some(format!(
            " and has had no connection for {lasted}: it stays until Jenkins ends the build, or mita retire --force {} does",
            node.name
        ))
    }

    /// Why a retirement is under way, where one is. A person who asked for it is named.
    pub(super) fn draining(&self) -> Option<String> {
        if let Some(node) = self.set_offline(SetOfflineBy::Us) {
            return Some(
                self.asked().unwrap_or_else(|| format!("an earlier run set node {} offline to retire it", node.name)),
            );
        }
        // Only mita gives a node that label, and what the node had before is lost with the state: it can serve no job.
        if let Some(node) =
            self.machine.nodes.iter().find(|node| is_closed(node)).filter(|_| self.machine.server().is_some())
        {
            return Some(format!("an earlier run closed node {} to builds to retire it", node.name));
        }
        let retirement = self.remembered?.retirement.as_ref()?;
        (self.machine.nodes.is_empty() && self.machine.server().is_some())
            .then(|| self.asked().unwrap_or_else(|| format!("an earlier run began to retire it ({})", retirement.rule)))
    }

    /// Whether its deletion was accepted and is given up: it has no node any more, and its cloud is asked again.
    pub(super) fn deletion_failed(&self) -> Option<Classified> {
        let has_failed = self.machine.nodes.is_empty() && deletion_failed(self.machine, self.remembered);
        has_failed.then(|| {
            to_remove(Rule::Error, format!("its cloud accepted its deletion, which ended in ERROR: {}", self.fault()))
        })
    }

    /// The cloud's text on what went wrong.
    fn fault(&self) -> String {
        let fault = self.remembered.and_then(|memory| memory.fault.as_deref()).unwrap_or("no reason given");
        let words: Vec<&str> = fault.split_whitespace().collect();
        words.join(" ")
    }

    /// The rows that ask what the cloud says of a server.
    pub(super) fn by_state(&self, server: &Server) -> Classified {
        let age = self.waited();
        let (boot, join) = (self.times.boot_timeout, self.times.join_timeout);
        match &server.state {
            ServerState::Error => to_remove(Rule::Error, format!("its cloud gave it up: {}", self.fault())),
            ServerState::Building if age < boot => {
                coming(Rule::Booting, format!("ordered {} ago, being built", span(age)))
            }
            ServerState::Building => to_remove(
                Rule::BootTimeout,
                format!("still being built {} after its order, boot_timeout {}", span(age), span(boot)),
            ),
            ServerState::Stopped(word) => {
                let lasted = counted(self.remembered.and_then(|memory| *memory.stopped));
                let reason = format!("{word} for {}, join_timeout {}", span(lasted), span(join));
                if lasted >= join { to_remove(Rule::Stopped, reason) } else { alone(Rule::Stopping, reason) }
            }
            ServerState::Other(word) => alone(Rule::UnknownState, format!("in state {word}, which mita leaves alone")),
            ServerState::Active => self.active(),
            ServerState::Deleting | ServerState::Deleted => alone(Rule::Deleting, "being deleted"),
        }
    }

    /// The rows of a server that runs.
    fn active(&self) -> Classified {
        if !self.has_joined() {
            return self.not_joined();
        }
        if self.nodes().next().is_none() {
            let missing = counted(self.remembered.and_then(|memory| *memory.missing));
            let held = self.remembered.is_some_and(|memory| memory.held);
            let what = if held { "its node, which a person held," } else { "its node" };
            return self.away(Rule::NodeMissing, missing, &format!("{what} is missing from Jenkins"));
        }
        if self.nodes().all(|node| node.presence != Presence::Online) {
            let lasted = self.nodes().filter_map(|node| *self.known(node)?.offline).map(|offline| offline.credit).min();
            return self.away(Rule::Offline, lasted.unwrap_or_default(), "offline");
        }
        if let Some((rule, reason)) = last_build(self.config, self.state, self.machine, self.now) {
            return to_remove(rule, reason);
        }
        let online_nodes = || self.nodes().filter(|node| node.presence == Presence::Online);
        let credit = online_nodes().filter_map(|node| *self.known(node)?.idle).min_by_key(|idle| idle.credit);
        let (idle, confirmed) = (counted(credit), credit.is_some_and(|credit| credit.is_confirmed()));
        let worked = online_nodes().filter_map(|node| self.known(node)?.worked_at).max();
        let worked_between = credit.zip(worked).is_some_and(|(idle, worked)| worked > idle.first);
        let seen = if worked_between { "seen idle in each run for" } else { "idle" };
        let (unused, grace) = (self.unused() - self.times.join_timeout, self.times.idle_grace);
        if unused >= grace && idle < grace {
            let reason =
                format!("without a build for {}, its node came and went, grace {}", span(self.unused()), span(grace));
            return Classified { phase: Phase::Idle { idle: unused, confirmed: true }, reason };
        }
        let reason = format!("{seen} {}, grace {}", span(idle), span(grace));
        Classified { phase: Phase::Idle { idle, confirmed }, reason }
    }

    /// For how long no build ran there, whether its node was there or not.
    fn unused(&self) -> SignedDuration {
        counted(self.remembered.and_then(|memory| *memory.unused))
    }

    /// A server that joined, and whose node has been away for so long. One that came back before is counted on at first.
    fn away(&self, rule: Rule, lasted: SignedDuration, what: &str) -> Classified {
        let Times { join_timeout: join, idle_grace: grace, .. } = self.times;
        if self.unused() >= grace + join && lasted < join {
            let unused = span(self.unused());
            return to_remove(rule, format!("{what}; without a build for {unused}, its node came and went"));
        }
        let reason = format!("{what} for {}, join_timeout {}", span(lasted), span(join));
        let came_back = self.remembered.and_then(|memory| memory.came_back_at);
        let is_counted_on = came_back.is_some_and(|at| self.now.duration_since(at) < COMES_BACK_WITHIN);
        if lasted >= join {
            to_remove(rule, reason)
        } else if is_counted_on && lasted < AWAY_SHORTLY {
            coming(Rule::Away, format!("{reason}; it came back before"))
        } else {
            alone(Rule::Away, reason)
        }
    }

    /// Whether a node that is its own, or may be, was ever online.
    fn has_joined(&self) -> bool {
        let joined = self.remembered.is_some_and(|memory| memory.joined_at.is_some());
        let was_online = |node: &Node| self.known(node).is_some_and(|known| known.first_online.is_some());
        joined || self.machine.doubts.iter().any(|node| was_online(node))
    }

    /// No node yet, or one that was never online.
    pub(super) fn not_joined(&self) -> Classified {
        let join = self.times.join_timeout;
        let age = self.waited();
        let what = if self.machine.nodes.is_empty() { "not in Jenkins yet" } else { "its node was never online yet" };
        let reason = format!("active for {}, {what}, join_timeout {}", span(age), span(join));
        if age < join { coming(Rule::Connecting, reason) } else { to_remove(Rule::NeverJoined, reason) }
    }
}

/// A node of the machine that a person set offline. One that shares its address counts, too: where Jenkins connects to addresses
/// by itself, an old entry can have become a second node of this server.
pub(super) fn held<'a>(state: &State, machine: &Machine<'a>) -> Option<&'a Node> {
    let mut nodes = machine.all_nodes();
    nodes.find(|node| state.set_offline_by(&node.name) == Some(SetOfflineBy::Person))
}

pub(super) fn counted(credit: Option<Credit>) -> SignedDuration {
    credit.map_or(SignedDuration::ZERO, |credit| credit.credit)
}

/// What whoever set the node offline said.
pub(super) fn quoted(node: &Node) -> String {
    let reason = node.presence.cause().and_then(|cause| cause.reason.lines().next()).unwrap_or_default();
    if reason.is_empty() { String::new() } else { format!(": \"{reason}\"") }
}
