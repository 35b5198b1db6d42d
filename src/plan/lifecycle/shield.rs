//! Servers that may belong to a node with an unconventional name: whether that node keeps them, and for how long.

use super::classifier::Classifier;
use super::phase::{Classified, Phase, alone};
use crate::domain::format::span;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::state::{Shield, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::{Fleet, Machine};
use crate::plan::identity::misleading::Misleading;
use crate::plan::identity::unconventional::{
    Distance, agents, came_since_the_loss, keeps_its_server, lacks_its_node, others_at_work, pair, pair_all_as_near,
    runs_its_build, runs_its_build_alone,
};
use foldhash::HashSet;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// A server that may be an idle node under another name is kept for this many join timeouts.
const PATIENCE: i32 = 3;

/// Leaves alone what was to be removed and may be such a node: for any reason while the node works or is held; for want
/// of a node while it is idle, for three join timeouts at most, and for one join timeout after it kept the server. A
/// retirement whose node is missing, and was not deleted by mita, goes on only if no node came since that may be it.
///
/// Returns the nodes that keep servers (indices into [`Fleet::machines`]) now, or would if their times were over, and are not
/// clearly their own.
pub(crate) fn shield(
    classifier: &Classifier<'_>,
    fleet: &Fleet<'_>,
    phases: &mut [Classified],
) -> BTreeMap<usize, NodeName> {
    let mut shields: BTreeMap<usize, NodeName> = BTreeMap::new();
    for (index, machine) in fleet.machines.iter().enumerate() {
        let others = machine.doubts.iter().chain(&machine.namesakes);
        let keeper = others.filter(|_| !machine.is_online()).find(|node| keeps_its_server(classifier.state, node));
        shields.extend(keeper.map(|node| (index, node.name.clone())));
    }
    for (index, node) in still_shielding(classifier.state, fleet) {
        if is_removed(&phases[index].phase) || matches!(phases[index].phase, Phase::Idle { .. }) {
            leave_alone(fleet, phases, index, node, Rule::OtherName, why_it_keeps(node));
        }
        shields.insert(index, node.name.clone());
    }
    let is_waited_for = |phase: &Phase| match phase {
        Phase::LeftAlone(rule) => matches!(rule, Rule::Away | Rule::NotSeen),
        Phase::OnItsWay(rule) => matches!(rule, Rule::Away | Rule::Connecting | Rule::NotSeen),
        _ => false,
    };
    let without_node: Vec<usize> = (0..phases.len())
        .filter(|&machine| is_removed(&phases[machine].phase) || is_waited_for(&phases[machine].phase))
        .filter(|&machine| lacks_its_node(&fleet.machines[machine]))
        .collect();
    if without_node.is_empty() {
        return shields;
    }
    let (removed, waited_for): (Vec<usize>, Vec<usize>) =
        without_node.iter().partition(|machine| is_removed(&phases[**machine].phase));
    let mapped = fleet.nodes.iter().filter(|(_, identity)| identity.machine().is_some());
    let with_servers = mapped.map(|(node, _)| &node.name).collect();
    let misleading = Misleading::of(classifier.config, classifier.state, fleet, &without_node);
    let mut shielding = Shielding { classifier, fleet, with_servers, misleading, removed };
    // What works before the time is over counts as what works then.
    let mut works = if waited_for.is_empty() { BTreeMap::new() } else { shielding.what_works(&without_node) };
    works.retain(|machine, _| waited_for.contains(machine));
    let kept = shielding.by_what_works(phases);
    shielding.by_what_is_idle(phases);
    shielding.by_what_kept_them(&kept, phases);
    shields.extend(kept.into_iter().chain(works).map(|(machine, node)| (machine, node.name.clone())));
    shields
}

fn is_removed(phase: &Phase) -> bool {
    matches!(phase, Phase::ToRemove(_) | Phase::Draining)
}

fn why_it_keeps(node: &Node) -> &'static str {
    if node.idle { ", and a person set it offline" } else { " and runs a build" }
}

/// Servers whose node has come, and the node that kept them before and still works or is held: what came later may be another
/// agent with such a name.
fn still_shielding<'a>(state: &State, fleet: &Fleet<'a>) -> Vec<(usize, &'a Node)> {
    let first_seen = |node: &NodeName| state.nodes.get(node).map(|known| known.first_seen);
    let shield =
        |machine: &Machine<'_>| state.servers.get(&machine.id)?.shield.as_ref().map(|shield| shield.node.clone());
    let shielded = fleet.machines.iter().enumerate().filter_map(|(index, machine)| Some((index, shield(machine)?)));
    let with_nodes = shielded.filter(|(index, _)| !fleet.machines[*index].nodes.is_empty());
    let keeper = |(index, name): (usize, NodeName)| {
        let came_before = |node: &&Node| first_seen(&node.name) >= first_seen(&name);
        let node = fleet.nodes.iter().map(|(node, _)| *node).find(|node| node.name == name)?;
        (keeps_its_server(state, node) && fleet.machines[index].nodes.iter().all(came_before)).then_some((index, node))
    };
    with_nodes.filter_map(keeper).collect()
}

/// Servers without a node of their own that were to be removed.
struct Shielding<'a> {
    classifier: &'a Classifier<'a>,
    fleet: &'a Fleet<'a>,
    /// Nodes that are clearly those of a server.
    with_servers: HashSet<&'a NodeName>,
    misleading: Misleading<'a>,
    /// What nothing has kept so far (indices into [`Fleet::machines`]).
    removed: Vec<usize>,
}

impl<'a> Shielding<'a> {
    fn near(&self, machine: usize, node: &Node) -> Option<Distance> {
        self.misleading.near(&self.fleet.machines[machine], node)
    }

    /// Agents that may be servers of ours: those that keep them for any reason, and the others.
    fn agents(&self) -> (Vec<&'a Node>, Vec<&'a Node>) {
        agents(self.fleet).into_iter().partition(|node| keeps_its_server(self.classifier.state, node))
    }

    /// The nodes that work or are held, by those of the servers that each may be.
    fn what_works(&self, servers: &[usize]) -> BTreeMap<usize, &'a Node> {
        let state = self.classifier.state;
        let same_build = |machine: usize, node: &Node| {
            let machine = &self.fleet.machines[machine];
            let is_it = if self.with_servers.contains(&node.name) {
                runs_its_build_alone(state, machine, node)
            } else {
                runs_its_build(state, machine, node)
            };
            is_it.then_some(Distance::NONE)
        };
        let mut kept = pair_all_as_near(servers, &others_at_work(self.fleet), same_build);
        let others: Vec<usize> = servers.iter().copied().filter(|machine| !kept.contains_key(machine)).collect();
        let (working, _) = self.agents();
        kept.extend(pair_all_as_near(&others, &working, |machine, node| self.near(machine, node)));
        let others: Vec<usize> = others.into_iter().filter(|machine| !kept.contains_key(machine)).collect();
        let misleading = self.misleading.nodes().filter(|node| keeps_its_server(state, node));
        let misleading: Vec<&Node> = misleading.collect();
        kept.extend(pair_all_as_near(&others, &misleading, |machine, node| self.near(machine, node)));
        kept
    }

    /// A node that works or is held keeps its server for as long as that lasts.
    fn by_what_works(&mut self, phases: &mut [Classified]) -> BTreeMap<usize, &'a Node> {
        let kept = self.what_works(&self.removed);
        self.removed.retain(|machine| !kept.contains_key(machine));
        let mut keeps: BTreeMap<&NodeName, u32> = BTreeMap::new();
        kept.values().for_each(|node| *keeps.entry(&node.name).or_default() += 1);
        for (&machine, node) in &kept {
            // A node is one server: the others stand for want of a name.
            let rule = if keeps[&node.name] == 1 { Rule::OtherName } else { Rule::Ambiguous };
            leave_alone(self.fleet, phases, machine, node, rule, why_it_keeps(node));
        }
        kept
    }

    /// A node that is idle keeps its server from being removed for want of a node, and for some time only.
    fn by_what_is_idle(&mut self, phases: &mut [Classified]) {
        let Classifier { config, state, .. } = *self.classifier;
        let near_and_young = |number: usize, node: &Node| {
            let machine = &self.fleet.machines[number];
            let alone = self.classifier.without_node(machine, &phases[number].phase)?;
            if phases[number].phase == Phase::Draining && !came_since_the_loss(state, machine, node) {
                return None;
            }
            let join_timeout = config.times(&machine.node_type).join_timeout;
            let idle = state.nodes.get(&node.name)?.idle.map_or(SignedDuration::ZERO, |idle| idle.credit);
            let is_young = match node.presence {
                Presence::Online => alone.min(idle) < join_timeout * PATIENCE,
                // A node that got another name loses its connection for a moment.
                _ => alone < join_timeout,
            };
            self.near(number, node).filter(|_| is_young)
        };
        let (_, others) = self.agents();
        let misleading = self.misleading.nodes().filter(|node| !keeps_its_server(state, node));
        let is_idle = |node: &&Node| matches!(node.presence, Presence::Online | Presence::Disconnected);
        let idle: Vec<&Node> = others.into_iter().chain(misleading).filter(is_idle).collect();
        let kept = pair(&self.removed, &idle, near_and_young);
        self.removed.retain(|machine| !kept.contains_key(machine));
        for (machine, node) in kept {
            leave_alone(self.fleet, phases, machine, node, Rule::OtherName, "");
        }
    }

    /// A server that a node kept has all the time from then on that one without a node has.
    fn by_what_kept_them(&self, kept: &BTreeMap<usize, &Node>, phases: &mut [Classified]) {
        let Classifier { config, state, now, .. } = *self.classifier;
        // A node that is clearly another server's alone, or keeps one that is nearer, was none of this server.
        let is_anothers = |machine: &Machine<'_>, node: &NodeName| {
            let leads_away = self.with_servers.contains(node) && !self.misleading.may_be(machine, node);
            leads_away || kept.values().any(|kept| kept.name == *node)
        };
        for &number in &self.removed {
            let machine = &self.fleet.machines[number];
            let lost =
                matches!(phases[number].phase, Phase::ToRemove(Rule::NeverJoined | Rule::NodeMissing | Rule::Offline));
            let known = state.servers.get(&machine.id).and_then(|server| server.shield.as_ref());
            let known = known.filter(|shield| lost && !is_anothers(machine, &shield.node));
            let Some(Shield { node, ended, .. }) = known else { continue };
            let join_timeout = config.times(&machine.node_type).join_timeout;
            let since = ended.seen_again(now, join_timeout).credit;
            if since < join_timeout {
                let reason = &phases[number].reason;
                let reason = format!("{reason}; node {node} may have been it until {} ago", span(since));
                phases[number] = alone(Rule::Away, reason);
            }
        }
    }
}

fn leave_alone(fleet: &Fleet<'_>, phases: &mut [Classified], machine: usize, node: &Node, rule: Rule, why: &str) {
    let base = &fleet.machines[machine].node_type;
    let reason = &phases[machine].reason;
    let reason = format!("{reason}; node {} may be it{why}: name it {base}+IP so that mita can tell", node.name);
    phases[machine] = Classified { phase: Phase::LeftAlone(rule), reason };
}
