//! Which node types and nodes serve what a queue item needs.

use crate::config::NodeType;
use crate::domain::label::Carriers;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::state::ClosedNode;
use crate::domain::world::Node;
use std::collections::BTreeSet;

impl Need {
    /// Whether a new server of the type would do.
    pub fn accepts_type(&self, kind: &NodeType, all: &[NodeType]) -> bool {
        match self {
            Need::Label(label) => label.matches(|atom| kind.carries(atom)),
            Need::Anywhere => kind.unlabelled,
            Need::Node { name, node_type, labels } => {
                types_like(name, node_type.as_ref(), labels, all).contains(&&kind.name)
            }
        }
    }

    /// For each type, whether a new server of it would do. `types` has the labels of all.
    pub fn served_by(&self, types: &Carriers<'_>, all: &[NodeType]) -> Vec<bool> {
        match self {
            Need::Label(label) => {
                let selected = types.select(label);
                (0..all.len()).map(|index| selected.contains(index)).collect()
            }
            Need::Anywhere => all.iter().map(|kind| kind.unlabelled).collect(),
            Need::Node { name, node_type, labels } => {
                let like = types_like(name, node_type.as_ref(), labels, all);
                all.iter().map(|kind| like.contains(&&kind.name)).collect()
            }
        }
    }

    /// Whether an online node would do. `kind` is the node type of a node of ours, where it is configured.
    pub fn accepts_node(&self, node: &Node, kind: Option<&NodeType>, all: &[NodeType]) -> bool {
        match self {
            Need::Label(label) => label.matches(|atom| node.labels.contains(atom)),
            Need::Anywhere => kind.is_none_or(|kind| kind.unlabelled),
            Need::Node { name, .. } => node.name == *name || kind.is_some_and(|kind| self.accepts_type(kind, all)),
        }
    }

    /// Whether a node would do while mita has closed it: such as `!windows`.
    pub(crate) fn accepts_closed_node(&self) -> bool {
        matches!(self, Need::Label(label) if label.matches(|atom| atom == ClosedNode::LABEL))
    }
}

/// The node types that a node stands for: `own`, if it is or was a server of ours. Of any other node, a job can ask for its
/// labels and, as Jenkins counts that as one, for its name; anybody may give a node any name. So a name only chooses among the
/// types with all labels. Where none has all, it stands for the types that can be meant: if the first turns out not to serve the
/// job, the next has its turn.
fn types_like<'c>(
    name: &NodeName,
    own: Option<&NodeTypeName>,
    labels: &BTreeSet<String>,
    all: &'c [NodeType],
) -> Vec<&'c NodeTypeName> {
    if let Some(own) = own.and_then(|own| all.iter().find(|kind| kind.name == *own)) {
        return vec![&own.name];
    }
    let has_all = |kind: &NodeType| !labels.is_empty() && labels.iter().all(|label| kind.carries(label));
    let has_one = |kind: &NodeType| kind.all_labels().any(|label| labels.contains(label));
    let is_label = |kind: &NodeType| kind.carries(name.as_str());
    let is_base = |kind: &NodeType| kind.name.as_str() == name.before_plus() && (labels.is_empty() || has_one(kind));
    let is_named = |kind: &NodeType| is_label(kind) || is_base(kind);
    let those = |fit: &dyn Fn(&NodeType) -> bool| all.iter().filter(|kind| fit(kind)).map(|kind| &kind.name).collect();
    if all.iter().any(|kind| has_all(kind) && is_named(kind)) {
        those(&|kind| has_all(kind) && is_named(kind))
    } else if all.iter().any(has_all) {
        those(&|kind| has_all(kind) || is_label(kind))
    } else if all.iter().any(is_named) {
        those(&|kind| is_named(kind) || has_one(kind))
    } else {
        Vec::new()
    }
}

/// Whether only the page of its run tells what a job asks for that no node but this one fits: no node type has all that it can
/// ask for, which are the labels of the node, and its name where that is a label of a type.
pub fn hides_label(node: &Node, all: &[NodeType]) -> bool {
    let is_asked = |label: &&String| **label != node.name.as_str() || all.iter().any(|kind| kind.carries(label));
    let has_all = |kind: &NodeType| node.labels.iter().filter(is_asked).all(|label| kind.carries(label));
    further_labels(node).next().is_none() || !all.iter().any(has_all)
}

/// The labels of a node besides its own name.
pub fn further_labels(node: &Node) -> impl Iterator<Item = &String> {
    node.labels.iter().filter(|label| **label != node.name.as_str())
}
