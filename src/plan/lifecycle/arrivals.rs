//! Jenkins' nodes once more, after the nodes of servers to delete are deleted: a node that registered itself in the
//! meantime, or that runs a build now, keeps its server.

use crate::config::Config;
use crate::domain::names::{MitaId, NodeName};
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::{Listing, Node, Presence, World};
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::identity::identify;
use crate::plan::identity::misleading::Misleading;
use crate::plan::identity::unconventional::{Distance, agents, keeps_its_server, lacks_its_node, pair_all_as_near};
use crate::plan::model::{Action, Plan, Subject, Target, Verdict};
use crate::plan::sightings;
use foldhash::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Servers that the plan removes and that stay, each with the node that keeps it: one that could be it and is new or
/// works, or one under a name outside the convention that may be it and works or is held. `seen` is what the plan was made
/// from, `again` the same with the nodes of Jenkins as they are now, and `deleted` has the nodes that were deleted in between.
pub fn keepers(
    config: &Config,
    plan: &Plan,
    deleted: &BTreeSet<&NodeName>,
    seen: &World,
    again: &World,
) -> BTreeMap<MitaId, NodeName> {
    let fleet = identify(config, again, &plan.state);
    let before = Before::of(plan, seen);
    let mapped = fleet.nodes.iter().filter(|(_, identity)| identity.machine().is_some());
    let mapped: HashSet<&NodeName> = mapped.map(|(node, _)| &node.name).collect();
    let mut keepers = BTreeMap::new();
    let mut without_node = Vec::new();
    for (number, machine) in fleet.machines.iter().enumerate() {
        if !before.removed.contains_key(&machine.id) {
            without_node.extend(before.is_left_alone(machine).then_some(number));
            continue;
        }
        let nobodys = machine.namesakes.iter().filter(|node| !mapped.contains(&node.name));
        let mut could_be = machine.nodes.iter().chain(&machine.doubts).chain(nobodys).copied();
        if let Some(node) = machine.busy_node().or_else(|| could_be.find(|node| before.lacks(node))) {
            keepers.insert(machine.id.clone(), node.name.clone());
        } else if lacks_its_node(machine) {
            without_node.push(number);
        }
    }
    if without_node.is_empty() {
        return keepers;
    }
    let state = sightings::add(config, again, &plan.state, &fleet, plan.now);
    let misleading = Misleading::of(config, &state, &fleet, &without_node);
    let working = agents(&fleet).into_iter().chain(misleading.nodes());
    let working: Vec<&Node> = working.filter(|node| keeps_its_server(&state, node)).collect();
    let near = |number: usize, node: &Node| {
        let machine = &fleet.machines[number];
        let removed = before.removed.get(&machine.id);
        // What is deleted has no other name.
        let is_deleted = removed.is_some_and(|target| target.nodes.iter().any(|node| deleted.contains(node)));
        let is_another = is_deleted && misleading.contains(&node.name);
        let distance = misleading.near(machine, node).filter(|_| !is_another)?;
        match removed {
            // What the plan keeps comes first, so that its node keeps no other.
            None => Some(Distance::NONE),
            Some(target) => (before.lacks(node) || !before.had_its_node(target)).then_some(distance),
        }
    };
    for (number, node) in pair_all_as_near(&without_node, &working, near) {
        let id = &fleet.machines[number].id;
        if before.removed.contains_key(id) {
            keepers.insert(id.clone(), node.name.clone());
        }
    }
    keepers
}

/// What the plan was made from, and what it does with servers.
struct Before<'a> {
    nodes: HashMap<&'a NodeName, &'a Node>,
    removed: BTreeMap<&'a MitaId, &'a Target>,
    /// Nodes that are deleted with their servers.
    deleted: HashSet<&'a NodeName>,
    /// Ids of servers that are left alone since a node under another name may be them.
    other_names: HashSet<&'a str>,
}

impl<'a> Before<'a> {
    fn of(plan: &'a Plan, seen: &'a World) -> Self {
        let nodes = seen.jenkins.nodes.complete().into_iter().flatten().map(|node| (&node.name, node)).collect();
        let removed: BTreeMap<&MitaId, &Target> =
            plan.actions.iter().filter_map(Action::removed).map(|target| (&target.order, target)).collect();
        let deleted = removed.values().flat_map(|target| &target.nodes).collect();
        let other_name = |verdict: &&Verdict| {
            verdict.subject == Subject::Server && matches!(verdict.rule, Rule::OtherName | Rule::Ambiguous)
        };
        let other_names = plan.verdicts.iter().filter(other_name).map(|verdict| verdict.id.as_str()).collect();
        Self { nodes, removed, deleted, other_names }
    }

    /// Whether the node is a new one: it was not there, or the plan deletes it.
    fn lacks(&self, node: &Node) -> bool {
        self.deleted.contains(&node.name) || !self.nodes.contains_key(&node.name)
    }

    /// Whether a node of the server was connected: then it has no other.
    fn had_its_node(&self, target: &Target) -> bool {
        let mut nodes = target.nodes.iter().filter_map(|name| self.nodes.get(name));
        nodes.any(|node| node.presence != Presence::Disconnected)
    }

    fn is_left_alone(&self, machine: &Machine<'_>) -> bool {
        machine.server_id.as_ref().is_some_and(|id| self.other_names.contains(id.as_str()))
    }
}

/// Whether a node that the list of Jenkins' nodes lacks is clearly another server's than this one.
pub fn is_of_another(config: &Config, world: &World, state: &State, node: &Node, server: &MitaId) -> bool {
    let mut world = world.clone();
    if let Listing::Complete(nodes) = &mut world.jenkins.nodes {
        nodes.retain(|listed| listed.name != node.name);
        nodes.push(node.clone());
    }
    let fleet = identify(config, &world, state);
    let identity = fleet.nodes.iter().find(|(listed, _)| listed.name == node.name).map(|(_, identity)| identity);
    identity.and_then(NodeIdentity::machine).is_some_and(|machine| fleet.machines[machine].id != *server)
}
