//! The phase of a server and its node: the first row that fits decides.
//!
//! `Classifier::classify` has the rows in their order. It only classifies: an idle node, for example, is retired only
//! if no waiting job is placed on it, and a later step decides that.

use super::last_build::last_build;
use crate::config::{Config, Times};
use crate::domain::format::span;
use crate::domain::offline::{because, held_with_mita};
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, NodeMemory, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Node, Presence, Server, ServerState, World};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::sightings::servers::order_is_given_up;
use jiff::{SignedDuration, Timestamp};

/// A deletion that lasts longer than this is reported.
const DELETING_LONG: SignedDuration = SignedDuration::from_mins(15);

/// A node that came back within this time is expected to come back again, if it is away for less than the second one.
const COMES_BACK_WITHIN: SignedDuration = SignedDuration::from_hours(1);
const AWAY_SHORTLY: SignedDuration = SignedDuration::from_mins(5);

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
        /// Whether it was sighted more than once: without any grace the first sighting alone would be enough.
        confirmed: bool,
    },
    /// A retirement is under way: finish it, or bring the node back if a job wants it.
    Draining,
    /// To be removed.
    ToRemove(Rule),
}

/// A phase with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The phase.
    pub phase: Phase,
    /// The evidence, in words.
    pub reason: String,
}

fn alone(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::LeftAlone(rule), reason: reason.into() }
}

fn coming(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::OnItsWay(rule), reason: reason.into() }
}

fn to_remove(rule: Rule, reason: impl Into<String>) -> Classified {
    Classified { phase: Phase::ToRemove(rule), reason: reason.into() }
}

/// What every row is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Classifier<'a> {
    pub(crate) config: &'a Config,
    pub(crate) world: &'a World,
    pub(crate) memory: &'a State,
    pub(crate) now: Timestamp,
}

impl Classifier<'_> {
    /// The first row that fits.
    pub(crate) fn classify(&self, machine: &Machine<'_>) -> Classified {
        let evidence = self.evidence(machine);
        if matches!(machine.sighting, Sighting::NoAnswer) {
            return evidence.counted_on(format!("provider {} gave no answer about it", machine.provider));
        }
        if matches!(machine.sighting, Sighting::Hidden) && evidence.is_given_up() {
            let provider = &machine.provider;
            let reason = format!("the list of provider {provider} lacks servers that are there, and perhaps this one");
            return evidence.counted_on(reason);
        }
        if self.world.jenkins.nodes.complete().is_none() {
            return evidence.counted_on("the list of Jenkins' nodes is not there, or not believed".to_owned());
        }
        if let Some(node) = machine.busy_node() {
            let asked = evidence.asked().map(|asked| format!("; retired as soon as it is idle: {asked}"));
            let asked = asked.unwrap_or_default();
            if node.unclear {
                let reason = format!("Jenkins does not say whether node {} works: it counts as busy{asked}", node.name);
                return alone(Rule::Busy, reason);
            }
            let lost = evidence.lost(node).unwrap_or_default();
            return alone(Rule::Busy, format!("node {} runs a build{lost}{asked}", node.name));
        }
        if let Some(classified) = evidence.gone_or_going() {
            return classified;
        }
        if !machine.doubts.is_empty() && !evidence.shared_nodes_are_free() {
            let names: Vec<&str> = machine.doubts.iter().map(|node| node.name.as_str()).collect();
            return alone(Rule::Ambiguous, format!("could be node {}: nothing is touched", names.join(" or node ")));
        }
        if let Some(node) = evidence.held() {
            let (name, said) = (&node.name, quoted(node));
            return alone(
                Rule::Held,
                match &node.presence {
                    Presence::DisconnectedBy(_) => format!("a person disconnected node {name}{said}"),
                    Presence::SetOffline(cause) if cause.is_user() => match held_with_mita(cause) {
                        Some((by, why)) => format!("node {name} is held by {by}{}", because(why)),
                        None => format!("a person set node {name} offline{said}"),
                    },
                    Presence::SetOffline(_) => format!("node {name} is set offline, and Jenkins names nobody{said}"),
                    Presence::Disconnected | Presence::Online => {
                        format!("a person set node {name} offline before Jenkins was restarted")
                    }
                },
            );
        }
        if let Some(classified) = evidence.spent() {
            return classified;
        }
        if let Some(asked) = evidence.asked().filter(|_| !machine.nodes.is_empty() && machine.server().is_some()) {
            return to_remove(Rule::Asked, asked);
        }
        if let Some(reason) = evidence.draining() {
            return Classified { phase: Phase::Draining, reason };
        }
        match machine.sighting {
            Sighting::Seen(server) => evidence.by_state(server),
            Sighting::Unlisted | Sighting::Hidden | Sighting::Gone | Sighting::Deleted | Sighting::NoAnswer => {
                let age = self.now.duration_since(machine.ordered_at);
                coming(Rule::Ordered, format!("ordered {} ago, in no listing yet", span(age)))
            }
        }
    }
}

impl<'a> Classifier<'a> {
    /// For how long a server has been without a node, where it is removed for that.
    pub(crate) fn without_node(&self, machine: &'a Machine<'a>, phase: &Phase) -> Option<SignedDuration> {
        let evidence = self.evidence(machine);
        let rule = match phase {
            Phase::ToRemove(rule) => *rule,
            Phase::Draining => evidence.remembered?.retirement.as_ref()?.rule,
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } => return None,
        };
        match rule {
            Rule::NeverJoined => Some(evidence.waited()),
            Rule::NodeMissing => Some(counted(*evidence.remembered?.missing)),
            _ => None,
        }
    }

    /// How far a server that the cloud shows has come, if none of the nodes that could be it is.
    pub(crate) fn as_if_not_joined(&self, machine: &'a Machine<'a>) -> Option<Classified> {
        let server = machine.server()?;
        let evidence = self.evidence(machine);
        Some(if server.state == ServerState::Active { evidence.not_joined() } else { evidence.by_state(server) })
    }

    fn evidence(&self, machine: &'a Machine<'a>) -> Evidence<'a> {
        let times = self.config.times(&machine.node_type);
        let remembered = self.memory.servers.get(&machine.id);
        Evidence { config: self.config, memory: self.memory, now: self.now, machine, remembered, times }
    }
}

/// One server, with what the state has about it.
struct Evidence<'a> {
    config: &'a Config,
    memory: &'a State,
    now: Timestamp,
    machine: &'a Machine<'a>,
    remembered: Option<&'a ServerMemory>,
    times: Times,
}

impl Evidence<'_> {
    /// A server of which too little is seen: left alone, and counted on while its times last.
    fn counted_on(&self, reason: String) -> Classified {
        let patience = self.times.boot_timeout + self.times.join_timeout;
        let young = self.now.duration_since(self.machine.ordered_at) < patience;
        let joined = self.remembered.is_some_and(|memory| memory.joined_at.is_some() || memory.retirement.is_some());
        if young && !joined { coming(Rule::NotSeen, reason) } else { alone(Rule::NotSeen, reason) }
    }

    fn is_given_up(&self) -> bool {
        // This run's sightings have forgotten it already, then.
        self.remembered.is_none_or(|memory| order_is_given_up(self.config, memory))
    }

    /// How long the present wait of the server has lasted, as far as runs have seen it.
    fn waited(&self) -> SignedDuration {
        self.remembered.and_then(|memory| memory.waited).unwrap_or(SignedDuration::ZERO)
    }

    fn gone_or_going(&self) -> Option<Classified> {
        match self.machine.sighting {
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
            Sighting::Seen(_) | Sighting::Unlisted | Sighting::Hidden | Sighting::NoAnswer => None,
        }
    }

    /// What the state has about one of its nodes.
    fn known(&self, node: &Node) -> Option<&NodeMemory> {
        self.memory.nodes.get(&node.name)
    }

    /// Its nodes, and those that it shares with another server of ours.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.machine.nodes.iter().chain(&self.machine.doubts).copied()
    }

    /// Whether it has only nodes that it shares with other servers of ours, and no build has run on any of them for as
    /// long as on a node that is to be retired: then it does not matter whose they are.
    fn shared_nodes_are_free(&self) -> bool {
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
        nodes.find(|node| self.memory.set_offline_by(&node.name) == Some(by))
    }

    /// A node that a person set offline. One that shares its address counts, too: where Jenkins connects to addresses by
    /// itself, an old entry can have become a second node of this server.
    fn held(&self) -> Option<&Node> {
        let mut nodes = self.nodes().chain(self.machine.namesakes.iter().copied());
        nodes.find(|node| self.memory.set_offline_by(&node.name) == Some(SetOfflineBy::Person))
    }

    /// Set offline by mita so that no further build comes: nothing brings it back.
    fn spent(&self) -> Option<Classified> {
        let mut spent = self.nodes().filter_map(|node| Some((node, self.known(node)?.spent?)));
        let (node, rule) = spent.next()?;
        Some(to_remove(rule, format!("node {} was set offline so that no further build comes ({rule})", node.name)))
    }

    /// Who asked for its retirement, and how long ago.
    fn asked(&self) -> Option<String> {
        let (since, by) = (self.remembered?.asked?, self.remembered?.asked_by.as_deref());
        let ago = span(self.now.duration_since(since).max(SignedDuration::ZERO));
        Some(format!("{} asked for it {ago} ago", by.unwrap_or("a person")))
    }

    /// What is to be said of a node whose agent is gone while a build holds it.
    fn lost(&self, node: &Node) -> Option<String> {
        let since = self.known(node)?.lost_since.filter(|since| *since < self.now)?;
        let lasted = span(self.now.duration_since(since));
        Some(format!(
            " and has had no connection for {lasted}: it stays until Jenkins ends the build, or mita retire --force {} does",
            node.name
        ))
    }

    /// Why a retirement is under way, where one is.
    fn draining(&self) -> Option<String> {
        if let Some(node) = self.set_offline(SetOfflineBy::Us) {
            return Some(format!("an earlier run set node {} offline to retire it", node.name));
        }
        let retirement = self.remembered?.retirement.as_ref()?;
        (self.machine.nodes.is_empty() && self.machine.server().is_some())
            .then(|| format!("an earlier run began to retire it ({})", retirement.rule))
    }

    /// The rows that ask what the cloud says of a server.
    fn by_state(&self, server: &Server) -> Classified {
        let age = self.waited();
        let (boot, join) = (self.times.boot_timeout, self.times.join_timeout);
        match &server.state {
            ServerState::Error => {
                let fault = self.remembered.and_then(|memory| memory.fault.as_deref()).unwrap_or("no reason given");
                let words: Vec<&str> = fault.split_whitespace().collect();
                to_remove(Rule::Error, format!("its cloud gave it up: {}", words.join(" ")))
            }
            ServerState::Building if age < boot => {
                coming(Rule::Booting, format!("ordered {} ago, being built", span(age)))
            }
            ServerState::Building => to_remove(
                Rule::BootTimeout,
                format!("ordered {} ago and still being built, boot_timeout {}", span(age), span(boot)),
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
            return self.away(Rule::NodeMissing, missing, "its node is missing from Jenkins");
        }
        if self.nodes().all(|node| node.presence != Presence::Online) {
            let lasted = self.nodes().filter_map(|node| *self.known(node)?.offline).map(|offline| offline.credit).min();
            return self.away(Rule::Offline, lasted.unwrap_or_default(), "offline");
        }
        if let Some((rule, reason)) = last_build(self.config, self.memory, self.machine, self.now) {
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
    fn not_joined(&self) -> Classified {
        let join = self.times.join_timeout;
        let age = self.waited();
        let what = if self.machine.nodes.is_empty() { "not in Jenkins yet" } else { "its node was never online yet" };
        let reason = format!("active for {}, {what}, join_timeout {}", span(age), span(join));
        if age < join { coming(Rule::Connecting, reason) } else { to_remove(Rule::NeverJoined, reason) }
    }
}

fn counted(credit: Option<Credit>) -> SignedDuration {
    credit.map_or(SignedDuration::ZERO, |credit| credit.credit)
}

/// What whoever set the node offline said.
fn quoted(node: &Node) -> String {
    let reason = node.presence.cause().and_then(|cause| cause.reason.lines().next()).unwrap_or_default();
    if reason.is_empty() { String::new() } else { format!(": \"{reason}\"") }
}
