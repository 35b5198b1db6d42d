//! Which of many nodes, or of many pools of equal ones, accept a job: all of them at once.
//!
//! A label expression is evaluated once for all of them, and each of its atoms is looked up once. Nodes that differ in
//! nothing but their names are one pool, unless a job speaks of one by its name.

use crate::config::{Config, NodeType};
use crate::domain::label::Carriers;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::selection::Selection;
use crate::domain::world::Node;
use crate::plan::demand::waiting::Waiting;
use foldhash::{HashMap, HashMapExt};

/// Nodes by everything that a job can ask of them. They are called by their numbers in the order of their coming.
pub(crate) struct Acceptance<'a> {
    labels: Carriers<'a>,
    by_name: HashMap<&'a NodeName, Selection>,
    /// Nodes of each type, by the type's index in the configuration.
    of_type: Vec<Selection>,
    /// Those that are of no type.
    others: Selection,
    types: &'a [NodeType],
    type_index: HashMap<&'a NodeTypeName, usize>,
}

impl<'a> Acceptance<'a> {
    /// Nodes, each with its type if it is ours and its type is configured. `None` stands for something that is no node, and
    /// keeps its number.
    pub(crate) fn new(
        config: &'a Config,
        nodes: impl Iterator<Item = Option<(&'a Node, Option<&'a NodeType>)>> + Clone,
    ) -> Self {
        let types = &config.node_types;
        let mut acceptance = Self {
            labels: Carriers::new(
                nodes.clone().map(|node| node.into_iter().flat_map(|(node, _)| &node.labels).map(String::as_str)),
            ),
            by_name: HashMap::new(),
            of_type: vec![Selection::default(); types.len()],
            others: Selection::default(),
            types,
            type_index: types.iter().enumerate().map(|(index, kind)| (&kind.name, index)).collect(),
        };
        for (number, (node, kind)) in nodes.enumerate().filter_map(|(number, node)| Some((number, node?))) {
            acceptance.by_name.entry(&node.name).or_default().add(number);
            match kind.and_then(|kind| acceptance.index_of(&kind.name)) {
                Some(index) => acceptance.of_type[index].add(number),
                None => acceptance.others.add(number),
            }
        }
        acceptance
    }

    /// The index of a node type in the configuration.
    pub(crate) fn index_of(&self, name: &NodeTypeName) -> Option<usize> {
        self.type_index.get(name).copied()
    }

    /// The nodes that say that they refuse a job.
    pub(crate) fn refusing(&self, job: &Waiting<'_>) -> Selection {
        let mut refusing = Selection::default();
        job.refusing.iter().filter_map(|name| self.by_name.get(name)).for_each(|node| refusing.join(node));
        refusing
    }

    /// The nodes that fulfil the need of a job.
    pub(crate) fn fulfilling(&self, job: &Waiting<'_>) -> Selection {
        match &job.need {
            Need::Label(label) => {
                let mut selected = self.labels.select(label);
                selected.retain(&self.nodes());
                selected
            }
            Need::Anywhere => {
                let mut selected = self.others.clone();
                let unlabelled = self.types.iter().zip(&self.of_type).filter(|(kind, _)| kind.unlabelled);
                unlabelled.for_each(|(_, nodes)| selected.join(nodes));
                selected
            }
            Need::Node { name, .. } => {
                let mut selected = self.of_types_that_serve(job);
                self.by_name.get(name).into_iter().for_each(|node| selected.join(node));
                selected
            }
        }
    }

    /// The nodes of all types of which a new server would do for the job.
    pub(crate) fn of_types_that_serve(&self, job: &Waiting<'_>) -> Selection {
        let mut selected = Selection::default();
        let serving = self.of_type.iter().zip(&job.served_by).filter(|(_, served)| **served);
        serving.for_each(|(nodes, _)| selected.join(nodes));
        selected
    }

    /// The nodes of a type.
    pub(crate) fn of_type(&self, name: &NodeTypeName) -> Option<&Selection> {
        self.index_of(name).map(|index| &self.of_type[index])
    }

    fn nodes(&self) -> Selection {
        let mut nodes = self.others.clone();
        self.of_type.iter().for_each(|of_type| nodes.join(of_type));
        nodes
    }
}
