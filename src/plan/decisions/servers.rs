//! Decisions about each server, with its nodes.

use super::draft::{Draft, Warning, target};
use super::findings::Findings;
use super::lasting::{self, WAITED_FOR};
use super::lost;
use super::nodes::LeftBehind;
use super::registration::{self, NodeOfServer};
use crate::domain::format::span;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::{NodeMemory, Pause, SetOfflineBy};
use crate::domain::world::{Node, Presence};
use crate::plan::capacity::placement::Place;
use crate::plan::capacity::supply::Supply;
use crate::plan::demand::waiting::Waiting;
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::lifecycle::last_build::last_build;
use crate::plan::lifecycle::lock;
use crate::plan::lifecycle::phase::{Classified, Phase};
use crate::plan::lifecycle::restoring::can_come_back;
use crate::plan::model::{Change, Problem, Subject};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The decision about each server, and of the nodes that are it.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Supply { fleet, state, .. } = *found.supply;
    let matched = matched(found);
    for (index, (machine, classified)) in fleet.classified().enumerate() {
        let server = Server { found, machine, index, job: matched.get(&index).copied() };
        let (rule, reason) = server.decide(classified, draft);
        draft.unclear.extend(machine.busy_node().filter(|node| node.unclear).map(|node| node.name.clone()));
        let id = machine.server_id.as_ref().map_or_else(|| machine.id.to_string(), ServerId::to_string);
        if matches!(machine.sighting, Sighting::WithoutMetadata) {
            draft.without_metadata.insert(id.clone(), machine.name.clone());
        }
        if let Some(hold) = fleet.odd_hold(index) {
            draft.odd_holds.insert(format!("server {} ({id})", machine.name), (hold, reason.clone()));
        }
        if rule == Rule::Held && server.locked().is_some() {
            let text = format!("server {} ({id}): {reason}", machine.name);
            draft.warnings.push(Warning::new(format!("locked {id}"), text));
        }
        draft.verdict(Subject::Server, id, &machine.name, rule, reason.clone());
        server.open(draft);
        lost::of_server(found, machine, draft);
        for node in &machine.nodes {
            match machine.server_id.as_ref().and_then(|server| LeftBehind::by_server(node, server, state)) {
                Some(left) => left.decide(found, node, draft),
                None => draft.node(node, rule, reason.clone()),
            }
        }
    }
}

/// The job that is placed on each machine, or on a node that may belong to it.
fn matched<'a>(found: &Findings<'a>) -> BTreeMap<usize, &'a Waiting<'a>> {
    let mut matched = BTreeMap::new();
    let mut in_doubt: BTreeMap<&NodeName, Vec<usize>> = BTreeMap::new();
    for (index, machine) in found.supply.fleet.machines.iter().enumerate() {
        machine.doubts.iter().for_each(|node| in_doubt.entry(&node.name).or_default().push(index));
    }
    for (job, place) in found.demand.waiting.iter().zip(&found.placement.places) {
        let Some(Place::Node { name, machine }) = place else { continue };
        for machine in machine.iter().chain(in_doubt.get(name).into_iter().flatten()) {
            matched.entry(*machine).or_insert(job);
        }
    }
    matched
}

/// A server that is decided on.
struct Server<'a> {
    found: &'a Findings<'a>,
    machine: &'a Machine<'a>,
    index: usize,
    /// The job that its idle node has been given.
    job: Option<&'a Waiting<'a>>,
}

impl Server<'_> {
    /// The rule and its evidence; what is to be done goes into the draft.
    fn decide(&self, classified: &Classified, draft: &mut Draft) -> (Rule, String) {
        let Findings { supply, demand, .. } = self.found;
        let (machine, state) = (self.machine, supply.state);
        let reason = classified.reason.clone();
        let kept = lasting::kept_for_pipelines(&machine.id);
        // Jenkins gives an agent five minutes to come back. Ever new pipelines that name the node keep its server no longer.
        let named = demand.waited_for.contains(&self.index) && !lasting::is_too_long(state, &kept, supply.now);
        let is_placed = matches!(classified.phase, Phase::Idle { .. }) && self.job.is_some();
        if named && !is_placed && !matches!(classified.phase, Phase::LeftAlone(_) | Phase::OnItsWay(_)) {
            draft.kept_for_pipelines.insert(kept);
        }
        let queue_seen = self.queue_is_seen();
        // What a person asked for is not to be undone: the node takes no further build, and goes when this one ends.
        let asked = state.servers.get(&machine.id).is_some_and(|server| server.asked.is_some());
        match &classified.phase {
            // A build that came first stops a retirement, also one of a run that ended before it could see to it.
            Phase::LeftAlone(Rule::Busy) if asked && named || self.locked().is_some() => (Rule::Busy, reason),
            Phase::LeftAlone(Rule::Busy) if asked => (Rule::Busy, self.drain(reason, draft)),
            Phase::LeftAlone(Rule::Busy) => {
                self.restore(&format!("{reason} that came while it was being retired"), is_not_spent, draft);
                (Rule::Busy, self.drain(reason, draft))
            }
            Phase::OnItsWay(Rule::Connecting) => (Rule::Connecting, self.register(reason, draft)),
            Phase::LeftAlone(rule) | Phase::OnItsWay(rule) => (*rule, reason),
            Phase::Draining if self.job.is_some() || named => {
                let wanted = match self.job {
                    Some(job) => format!("{} (queue item {}) needs {}", job.item.job, job.item.id, job.need),
                    None => WAITED_FOR.to_owned(),
                };
                self.restore(&wanted, is_not_spent, draft);
                (Rule::WantedAgain, wanted)
            }
            Phase::Idle { .. } if named && self.job.is_none() => (Rule::Kept, format!("{reason}; {WAITED_FOR}")),
            Phase::Idle { idle, confirmed } => self.decide_idle(*idle, *confirmed, reason, draft),
            Phase::Draining if !queue_seen && !machine.nodes.is_empty() => {
                (Rule::NotSeen, format!("{reason}; left as it is, since the queue could not be read"))
            }
            // What a person forced is the person's decision, whichever run finishes it.
            Phase::Draining => self.remove(if asked { Rule::Asked } else { Rule::DrainResumed }, reason, draft),
            // As with idle ones: what waits for the node is not seen, or is the build that it had.
            Phase::ToRemove(rule) if (rule.is_last() || *rule == Rule::Asked) && !queue_seen => {
                (Rule::NotSeen, format!("{reason}; kept, since the queue could not be read"))
            }
            // The build that it had goes on there, and nowhere else.
            Phase::ToRemove(rule) if named && (rule.is_last() || *rule == Rule::Asked) => {
                self.restore(WAITED_FOR, |_| true, draft);
                (Rule::WantedAgain, WAITED_FOR.to_owned())
            }
            // Jenkins gives its agent five minutes to come back.
            Phase::ToRemove(_) if named => (Rule::Away, format!("{reason}; {WAITED_FOR}")),
            Phase::ToRemove(rule) => self.remove(*rule, reason, draft),
        }
    }

    /// The same for a server whose node has been idle for this time.
    fn decide_idle(&self, idle: SignedDuration, confirmed: bool, reason: String, draft: &mut Draft) -> (Rule, String) {
        let config = self.found.supply.config;
        if let Some(Waiting { item, .. }) = self.job {
            return (Rule::KeptForJobs, format!("{reason}; kept for {} (queue item {})", item.job, item.id));
        }
        if !confirmed || idle < config.times(&self.machine.node_type).idle_grace {
            return (Rule::Kept, reason);
        }
        if self.found.placement.kept_ready.contains(&self.index) {
            return (Rule::MinIdle, format!("{reason}; kept at hand {}", self.why_at_hand()));
        }
        if self.found.placement.waiting_for_others.contains(&self.index) {
            return (Rule::Kept, format!("{reason}; goes once as many as `spare` orders may go together"));
        }
        if let Some(paid) = self.paid_for() {
            return (Rule::Kept, format!("{reason}; {paid}"));
        }
        if !self.queue_is_seen() {
            return (Rule::NotSeen, format!("{reason}; kept, since the queue could not be read"));
        }
        match self.locked() {
            Some(lock) => (Rule::Held, format!("{reason}; {lock}")),
            None => self.remove(Rule::Idle, reason, draft),
        }
    }

    fn queue_is_seen(&self) -> bool {
        self.found.world.jenkins.queue.complete().is_some()
    }

    /// Why its cloud would not delete it, where somebody locked it.
    fn locked(&self) -> Option<String> {
        let Supply { state, now, .. } = *self.found.supply;
        lock::locked(state, self.machine, now)
    }

    /// The person's pause that covers it.
    fn pause(&self) -> Option<&Pause> {
        self.found.supply.state.pause(&self.machine.node_type, &self.machine.provider)
    }

    /// Whether its removal has begun, which a pause does not stop.
    fn is_half_gone(&self) -> bool {
        let state = self.found.supply.state;
        let mut nodes = self.machine.nodes.iter();
        state.servers.get(&self.machine.id).is_some_and(|server| server.retirement.is_some())
            || nodes.any(|node| state.set_offline_by(&node.name) == Some(SetOfflineBy::Us))
    }

    /// Which key keeps an idle server ready.
    fn why_at_hand(&self) -> String {
        let config = self.found.supply.config;
        let wanted = config.node_type(&self.machine.node_type).map(|kind| self.found.supply.wanted_at_hand(kind));
        let reason = wanted.and_then(|wanted| wanted.reasons.into_iter().next());
        match reason {
            Some(reason) if reason.key != "min_idle" => format!("({})", reason.text),
            Some(_) => "by min_idle".to_owned(),
            None => "as many were wanted a moment ago".to_owned(),
        }
    }

    /// How long an idle server has been paid for already, where it is worth keeping for that.
    fn paid_for(&self) -> Option<String> {
        let Supply { config, now, .. } = *self.found.supply;
        let provider = config.providers.iter().find(|provider| provider.name == self.machine.provider)?;
        let billing = provider.billing?.as_secs().max(1);
        let age = now.duration_since(self.machine.ordered_at).as_secs().max(0);
        let left = SignedDuration::from_secs(billing - age % billing);
        (left > LAST_MINUTES).then(|| format!("paid for {} more", span(left)))
    }

    /// Makes the node of a server that has none, where mita registers it. Returns what is to be said of the server.
    fn register(&self, reason: String, draft: &mut Draft) -> String {
        match registration::of_server(self.found, self.machine, &draft.actions) {
            NodeOfServer::NotOurs => reason,
            NodeOfServer::Waits(why) => format!("{reason}; {why}"),
            NodeOfServer::Now(action) => {
                draft.actions.push(action);
                format!("{reason}; its node is made now")
            }
            NodeOfServer::NameTaken(error) => {
                let reason = format!("{reason}; {error}");
                draft.problems.push(Problem { place: "jenkins".to_owned(), error });
                reason
            }
        }
    }

    /// Brings back what mita itself set offline, and nothing else.
    fn restore(&self, wanted_by: &str, is_wanted: fn(&NodeMemory) -> bool, draft: &mut Draft) {
        let Supply { config, state, .. } = *self.found.supply;
        // To a server that is gone nothing comes back: its nodes have a row of their own.
        let gone = |id: &ServerId| state.gone_servers.contains_key(id);
        let comes_back = |node: &&&Node| {
            let wanted = state.nodes.get(&node.name).is_some_and(is_wanted);
            wanted && can_come_back(config, state, self.machine, node)
        };
        for node in self.machine.nodes.iter().filter(comes_back) {
            if let Some(target) = target(self.machine, [*node]).filter(|target| !gone(&target.server_id)) {
                draft.act(Change::RestoreNode(target), Rule::WantedAgain, wanted_by);
            }
        }
    }

    /// Opens nodes that a run closed which did not come to setting them offline, and that stay. Those of a
    /// server that has had its last build take no other one.
    fn open(&self, draft: &mut Draft) {
        let Supply { config, state, now, .. } = *self.found.supply;
        if last_build(config, state, self.machine, now).is_some() {
            return;
        }
        let is_closed = |node: &&&Node| {
            let closed = state.nodes.get(&node.name).is_some_and(|known| known.closed.is_some());
            closed && node.presence == Presence::Online && !draft.takes_offline(&node.name)
        };
        let nodes: Vec<&Node> = self.machine.nodes.iter().filter(is_closed).copied().collect();
        for node in nodes {
            if let Some(target) = target(self.machine, [node]) {
                let reason = "an earlier run closed it to new builds to retire it, and it stays";
                draft.act(Change::RestoreNode(target), Rule::WantedAgain, reason);
            }
        }
    }

    /// Keeps further builds from a node that runs its last one. Returns what is to be said of the server.
    fn drain(&self, reason: String, draft: &mut Draft) -> String {
        let machine = self.machine;
        let Supply { config, state, rights, now, .. } = *self.found.supply;
        let online = machine.nodes.iter().copied().filter(|node| node.presence == Presence::Online);
        let target = target(machine, online).filter(|target| !target.nodes.is_empty());
        let certain = machine.doubts.is_empty()
            && state.settling.is_none()
            && self.pause().is_none()
            && rights.forbidden(machine).is_none();
        let (Some(target), true) = (target, certain) else { return reason };
        let asked = || {
            let known = state.servers.get(&machine.id).filter(|_| machine.server().is_some())?;
            known.asked.map(|_| (Rule::Asked, "a person asked for it".to_owned()))
        };
        let Some((rule, why)) = last_build(config, state, machine, now).or_else(asked) else { return reason };
        draft.act(Change::DrainNode(target), rule, why);
        format!("{reason}; no further one comes ({rule})")
    }

    /// Adds the removal of a server, with its nodes where it has any, unless mita waits until things have settled.
    fn remove(&self, rule: Rule, reason: String, draft: &mut Draft) -> (Rule, String) {
        if let Some(settling) = &self.found.supply.state.settling {
            return (Rule::Settling, format!("{reason}; {}", settling.cause.reason()));
        }
        let machine = self.machine;
        let mut nodes = machine.nodes.iter().chain(&machine.doubts);
        if nodes.any(|node| self.found.supply.state.may_resume(&node.name)) {
            let why = "it worked until Jenkins was restarted, and its build may go on there";
            return (Rule::Settling, format!("{reason}; {why}"));
        }
        if let Some(pause) = self.pause().filter(|_| !self.is_half_gone()) {
            return (Rule::Paused, format!("{reason}; {pause}"));
        }
        if let Some(why) = self.found.supply.rights.forbidden(machine) {
            return (Rule::Held, format!("{reason}; mita cannot remove it: {why}"));
        }
        // What it shares with another server goes with the first of them.
        let shared = machine.doubts.iter().filter(|node| draft.removal_of(&node.name).is_none());
        let Some(target) = target(machine, machine.nodes.iter().chain(shared).copied()) else {
            return (Rule::Ordered, format!("{reason}; its cloud's id is not known yet"));
        };
        if !target.nodes.is_empty()
            && let Some(refusal) = self.found.supply.rights.refused(machine)
            && (draft.retires_at(&target.provider) || !self.found.supply.rights.is_trial_due(&target.provider))
        {
            draft.removals_refused.insert(target.provider, refusal.to_owned());
            return (Rule::Held, format!("{reason}; kept, since the last removal there was refused: {refusal}"));
        }
        let change = if target.nodes.is_empty() { Change::DeleteServer(target) } else { Change::RetireNode(target) };
        draft.act(change, rule, reason.clone());
        (rule, reason)
    }
}

/// Where a whole hour is paid, an idle server goes in its last minutes.
const LAST_MINUTES: SignedDuration = SignedDuration::from_mins(5);

fn is_not_spent(node: &NodeMemory) -> bool {
    node.spent.is_none()
}
