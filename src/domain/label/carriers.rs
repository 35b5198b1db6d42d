//! Which of many nodes and node types a label expression accepts, all of them at once.
//!
//! Each atom is looked up once, whatever the number of candidates, so that long expressions of one person stay cheap.

use super::Label;
use super::expression::Expr;
use crate::domain::selection::Selection;
use foldhash::HashMap;

/// The labels of all candidates.
#[derive(Clone, Debug, Default)]
pub struct Carriers<'a> {
    size: usize,
    by_label: HashMap<&'a str, Selection>,
}

impl<'a> Carriers<'a> {
    /// Candidates by their labels; their numbers are those of their order.
    pub fn new<L: IntoIterator<Item = &'a str>>(candidates: impl IntoIterator<Item = L>) -> Self {
        let mut carriers = Self::default();
        for labels in candidates {
            for label in labels {
                carriers.by_label.entry(label).or_default().add(carriers.size);
            }
            carriers.size += 1;
        }
        carriers
    }

    /// The candidates that the expression accepts.
    pub fn select(&self, label: &Label) -> Selection {
        self.selected(&label.0.tree)
    }

    fn selected(&self, expression: &Expr) -> Selection {
        match expression {
            Expr::Atom(name) => self.by_label.get(name.as_str()).cloned().unwrap_or_default(),
            Expr::Paren(inner) => self.selected(inner),
            Expr::Not(inner) => self.without(&self.selected(inner)),
            Expr::And(parts) => {
                let mut parts = parts.iter();
                let mut left = parts.next().map(|part| self.selected(part)).unwrap_or_default();
                for part in parts {
                    if left.is_empty() {
                        break;
                    }
                    left.retain(&self.selected(part));
                }
                left
            }
            Expr::Or(parts) => self.joined(parts, Selection::join),
            Expr::Implies(condition, consequence) => {
                let mut accepted = self.without(&self.selected(condition));
                accepted.join(&self.selected(consequence));
                accepted
            }
            // From the left, `a<->b<->c` is the parity of its false parts.
            Expr::Iff(parts) if parts.len() % 2 == 0 => self.without(&self.joined(parts, Selection::toggle)),
            Expr::Iff(parts) => self.joined(parts, Selection::toggle),
        }
    }

    fn joined(&self, parts: &[Expr], how: fn(&mut Selection, &Selection)) -> Selection {
        let mut sum = Selection::default();
        for part in parts {
            match part {
                // The usual part of a long chain: nothing to copy.
                Expr::Atom(name) => {
                    if let Some(carriers) = self.by_label.get(name.as_str()) {
                        how(&mut sum, carriers);
                    }
                }
                part => how(&mut sum, &self.selected(part)),
            }
        }
        sum
    }

    fn without(&self, selection: &Selection) -> Selection {
        let mut rest = Selection::all(self.size);
        rest.subtract(selection);
        rest
    }
}
