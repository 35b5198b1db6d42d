//! What a label expression means here: which node types and nodes satisfy it, label by label.

use crate::domain::label::Label;
use crate::domain::need::Need;
use crate::domain::world::Node;
use crate::view::explain::near::{closest, labels};
use crate::view::explain::{Finding, Kind, Of, Picture, failure};
use crate::view::table::many;

/// The story of a text read as a label expression. None where it is nothing but an unknown word; where other things
/// have the text for a name, only an expression of which something is known is told besides.
pub(crate) fn tell(picture: &Picture<'_>, text: &str, alone: bool) -> Option<Finding> {
    let label = Label::from_jenkins(text);
    let known = labels(picture);
    let is_type_or_label = |atom: &&str| {
        let mut types = picture.config.node_types.iter();
        types.any(|kind| kind.name.as_str() == *atom || kind.labels.contains(*atom))
    };
    let told = if alone {
        label.atoms().iter().any(|atom| known.contains(atom))
    } else {
        label.atoms().iter().any(is_type_or_label)
    };
    if !told {
        return None;
    }
    let name = format!("{label:#}");
    let mut finding = Finding {
        kind: Kind::Label,
        id: label.to_string(),
        name,
        rule: None,
        reason: None,
        facts: Vec::new(),
        answers: Vec::new(),
    };
    for atom in label.atoms() {
        let types = picture.config.node_types.iter();
        let types: Vec<&str> = types.filter(|kind| has_type(kind, atom)).map(|kind| kind.name.as_str()).collect();
        let nodes = picture.fleet.nodes.iter().filter(|(node, _)| node.labels.contains(atom)).count();
        let carried = !types.is_empty() || nodes > 0;
        let types =
            if types.is_empty() { "no node type".to_owned() } else { format!("node type {}", types.join(", ")) };
        let similar = if carried { Vec::new() } else { closest(&known, atom) };
        let similar = if similar.is_empty() { String::new() } else { format!("; similar: {}", similar.join(", ")) };
        finding.answer(Of::Atom, atom, carried, format!("{types}; {} in Jenkins{similar}", many(nodes, "node")));
    }
    for kind in picture.config.node_types.iter().filter(|kind| label.atoms().contains(&kind.name.as_str())) {
        failure::add_of_type(picture, &mut finding, &kind.name);
    }
    let need = Need::Label(label);
    let all = &picture.config.node_types;
    for kind in all {
        let fits = need.accepts_type(kind, all);
        finding.answer(Of::NodeType, &kind.name, fits, atoms(&need, |atom| has_type(kind, atom)));
    }
    for view in picture.nodes() {
        if need.accepts_node(view.node, None, all) {
            finding.answer(Of::Node, &view.node.name, true, state(view.presence(), view.node));
        }
    }
    Some(finding)
}

fn has_type(kind: &crate::config::NodeType, atom: &str) -> bool {
    kind.labels.contains(atom) || kind.name.as_str() == atom
}

/// Which labels of a need are there and which are not.
pub(crate) fn atoms(need: &Need, has: impl Fn(&str) -> bool) -> String {
    let Need::Label(label) = need else { return String::new() };
    let (there, missing): (Vec<&str>, Vec<&str>) = label.atoms().into_iter().partition(|atom| has(atom));
    let words = [("has", there), ("lacks", missing)];
    let words = words.iter().filter(|(_, atoms)| !atoms.is_empty());
    words.map(|(word, atoms)| format!("{word} {}", atoms.join(", "))).collect::<Vec<_>>().join("; ")
}

/// How a node stands, in few words.
pub(crate) fn state(presence: &str, node: &Node) -> String {
    let presence = presence.replace('_', " ");
    format!("{presence}, {} of {} executors idle", node.idle_executors, node.executors)
}
