//! The labels that the controller knows: atoms and expressions in one map, by name (jenkins/model/Jenkins.java,
//! getLabel, getLabelAtom and tryGetLabelAtom).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::jenkins::labels::{Label, split, unquote};

/// What is known. Nothing is forgotten: the labels of jobs and nodes stay for as long as those do.
#[derive(Clone, Default)]
pub(crate) struct Known(BTreeMap<String, Arc<Label>>);

impl Known {
    /// The label that a text asks for. An atom of this very name, once known, hides the expression.
    pub(crate) fn get(&mut self, text: &str) -> Arc<Label> {
        let name = unquote(text);
        if let Some(known) = self.0.get(&name) {
            return known.clone();
        }
        let label = Arc::new(Label::get(text));
        for atom in label.atoms() {
            self.add_atom(atom);
        }
        self.0.entry(name).or_insert(label).clone()
    }

    pub(crate) fn add_atom(&mut self, name: &str) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_string(), Arc::new(Label::atom(name)));
        }
    }

    /// The labels of a node's label string (`Label.parse`). Where `whole` is given, a string that is known as an atom
    /// is that one atom.
    pub(crate) fn of_node(&mut self, label_string: &str, whole: Whole) -> Vec<String> {
        let known = self.0.get(label_string).is_some_and(|label| label.is_atom());
        let labels = match whole {
            Whole::AtomIfKnown if known => vec![label_string.to_string()],
            Whole::AtomIfKnown | Whole::Split => split(label_string),
        };
        for label in &labels {
            self.add_atom(label);
        }
        labels
    }

    /// Whether `AbstractProject.getAssignedLabelString` throws for this text: it has an atom with the name of a known
    /// expression. That is the case for a whole expression in double quotes, since the label itself is that expression.
    pub(crate) fn throws(&self, text: &str) -> bool {
        let expression = |name: &str| self.0.get(name).is_some_and(|label| !label.is_atom());
        Label::parse(text).is_some_and(|label| label.atoms().into_iter().any(expression))
    }
}

/// How a node's label string is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// As one atom, if there is one of this name (since 2.421).
    AtomIfKnown,
    /// Always split at blanks.
    Split,
}
