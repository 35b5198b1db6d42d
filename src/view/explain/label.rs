//! A label expression: which node types and nodes satisfy it, label by label.

use crate::config::NodeType;
use crate::domain::label::Label;
use crate::domain::need::Need;
use crate::view::explain::finding::{Candidate, Finding, Kind, What};
use crate::view::explain::similar::labels;
use crate::view::overview::Overview;
use crate::view::text::{closest, plural, similar};

/// In place of what a list tells that is not there.
const NODES_UNSEEN: &str = "the nodes of Jenkins could not be read";

/// A label expression. None if no node type and no node has any of its labels.
pub(super) fn explain(overview: &Overview<'_>, label: Label) -> Option<Finding> {
    let known = labels(overview);
    let types = &overview.config.node_types;
    if !label.atoms().iter().any(|atom| known.contains(atom)) {
        return None;
    }
    let mut finding = Finding::new(Kind::Label, &label, format!("{label:#}"));
    let are_nodes_seen = overview.report.world.jenkins.nodes.complete().is_some();
    for atom in label.atoms() {
        let of_types: Vec<&str> =
            types.iter().filter(|kind| has_label(kind, atom)).map(|kind| kind.name.as_str()).collect();
        let nodes = overview.fleet.nodes.iter().filter(|(node, _)| node.labels.contains(atom)).count();
        let carried = !of_types.is_empty() || nodes > 0;
        let near = if carried { String::new() } else { similar(&closest(&known, atom)) };
        let of_types =
            if of_types.is_empty() { "no node type".to_owned() } else { format!("node type {}", of_types.join(", ")) };
        let nodes = match are_nodes_seen {
            true => format!("{} in Jenkins", plural(nodes, "node")),
            false => NODES_UNSEEN.to_owned(),
        };
        finding.answer(Candidate::Atom, atom, carried, format!("{of_types}; {nodes}{near}"));
    }
    let need = Need::Label(label);
    for kind in types {
        let fits = need.accepts_type(kind, types);
        finding.answer(Candidate::NodeType, &kind.name, fits, atoms(&need, |atom| has_label(kind, atom)));
    }
    let nodes = overview.nodes();
    for view in &nodes {
        if need.accepts_node(view.node, None, types) {
            finding.answer(Candidate::Node, &view.node.name, true, view.state());
        }
    }
    if !are_nodes_seen {
        finding.fact(What::Nodes, NODES_UNSEEN);
    } else if !nodes.iter().any(|view| need.accepts_node(view.node, None, types)) {
        finding.fact(What::Nodes, "no node in Jenkins fits");
    }
    Some(finding)
}

/// Whether a node type has any of the labels: another one than these, which are explained, or nodes that are none of theirs.
pub(super) fn is_of_others(overview: &Overview<'_>, label: &Label, types: &[&NodeType]) -> bool {
    let is_other = |kind: &NodeType| types.iter().all(|known| known.name != kind.name);
    let has_type = |atom: &str| overview.config.node_types.iter().any(|kind| is_other(kind) && has_label(kind, atom));
    let mut nodes = overview.fleet.nodes.iter().filter(|(_, is)| overview.type_of(is).is_none_or(is_other));
    let atoms = label.atoms();
    atoms.iter().any(|atom| has_type(atom))
        || !types.is_empty() && nodes.any(|(node, _)| atoms.iter().any(|atom| node.labels.contains(*atom)))
}

/// The name of a node type is one of its labels.
fn has_label(kind: &NodeType, atom: &str) -> bool {
    kind.labels.contains(atom) || kind.name.as_str() == atom
}

/// Which labels of a need something has, which it lacks, and which it has that must not be there.
pub(super) fn atoms(need: &Need, has: impl Fn(&str) -> bool) -> String {
    let Need::Label(label) = need else { return String::new() };
    let wanted = label.wanted();
    let (there, missing): (Vec<&str>, Vec<&str>) = wanted.iter().copied().partition(|atom| has(atom));
    let unwanted = label.atoms().into_iter().filter(|atom| !wanted.contains(atom) && has(atom)).collect();
    let parts = [("has", there), ("lacks", missing), ("must not have", unwanted)];
    let parts = parts.iter().filter(|(_, atoms)| !atoms.is_empty());
    parts.map(|(verb, atoms)| format!("{verb} {}", atoms.join(", "))).collect::<Vec<_>>().join("; ")
}
