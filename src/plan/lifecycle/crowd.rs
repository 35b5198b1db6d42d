//! Servers that are left alone since a node could be any of several of them. It can be one at most: the others are still
//! on their way, and count as such, until they should have joined.

use super::classifier::Classifier;
use super::phase::{Classified, Phase};
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::world::Node;
use crate::plan::identity::fleet::{Fleet, Machine};
use crate::plan::identity::unconventional::keeps_its_server;
use foldhash::HashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Counts all but one of the servers that a node could be as on their way, and calls them ambiguous once they should have
/// joined.
pub(crate) fn count(classifier: &Classifier<'_>, fleet: &Fleet<'_>, phases: &mut [Classified]) {
    let of_one: HashSet<&NodeName> = fleet.machines.iter().flat_map(nodes_at_their_address).collect();
    let mut could_be: BTreeMap<usize, Vec<&Node>> = BTreeMap::new();
    for (number, machine) in fleet.machines.iter().enumerate() {
        if is_kept_by_others(classifier, machine, &phases[number].phase) {
            could_be.insert(number, nodes_that_keep(classifier, machine));
        }
    }
    let mut taken: BTreeSet<&NodeName> = BTreeSet::new();
    for (number, nodes) in could_be {
        if nodes.iter().any(|node| !of_one.contains(&node.name) && taken.insert(&node.name)) {
            continue;
        }
        let Classified { phase, reason } = &mut phases[number];
        match classifier.as_if_not_joined(&fleet.machines[number]) {
            Some(Classified { phase: coming @ Phase::OnItsWay(_), reason: why }) => {
                let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
                *reason = format!("{why}; node {} could be it or another server", names.join(" or node "));
                *phase = coming;
            }
            _ if *phase == Phase::LeftAlone(Rule::Ambiguous) => {}
            _ => {
                *reason = format!("{reason}; it should have joined, and the node could be another server");
                *phase = Phase::LeftAlone(Rule::Ambiguous);
            }
        }
    }
}

/// Nodes that are one server's, and have an address of it if their names have one at all.
fn nodes_at_their_address<'a>(machine: &Machine<'a>) -> impl Iterator<Item = &'a NodeName> {
    let addresses = machine.server().map(|server| &server.addresses);
    let names = machine.nodes.iter().map(|node| &node.name);
    names.filter(move |name| {
        name.convention().ip.is_none_or(|ip| addresses.is_some_and(|addresses| addresses.contains(&ip)))
    })
}

/// Whether a server that never joined is left alone for nodes that are not surely its own.
fn is_kept_by_others(classifier: &Classifier<'_>, machine: &Machine<'_>, phase: &Phase) -> bool {
    let joined = classifier.state.servers.get(&machine.id).is_some_and(|memory| memory.joined_at.is_some());
    matches!(phase, Phase::LeftAlone(Rule::Busy | Rule::Held | Rule::Ambiguous)) && machine.nodes.is_empty() && !joined
}

fn nodes_that_keep<'a>(classifier: &Classifier<'_>, machine: &Machine<'a>) -> Vec<&'a Node> {
    let namesakes = machine.namesakes.iter().filter(|node| keeps_its_server(classifier.state, node));
    machine.doubts.iter().chain(namesakes).copied().collect()
}
