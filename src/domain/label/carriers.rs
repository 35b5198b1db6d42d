//! Which of many nodes and node types a label expression accepts, all of them at once.
//!
//! Each atom is looked up once, whatever the number of candidates, so that long expressions of one person stay cheap.

use super::Label;
use super::expression::Expr;
use std::collections::HashMap;

/// Some of a fixed number of candidates, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    words: Vec<u64>,
}

impl Selection {
    /// Whether the candidate with this number is in it.
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    fn all(size: usize) -> Self {
        let mut all = Self { words: vec![u64::MAX; size.div_ceil(64)] };
        if let (Some(last), left @ 1..) = (all.words.last_mut(), size % 64) {
            *last = (1 << left) - 1;
        }
        all
    }

    fn add(&mut self, number: usize) {
        if self.words.len() <= number / 64 {
            self.words.resize(number / 64 + 1, 0);
        }
        self.words[number / 64] |= 1 << (number % 64);
    }

    fn combine(&mut self, other: &Self, how: fn(u64, u64) -> u64) {
        self.words.resize(self.words.len().max(other.words.len()), 0);
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        self.words.iter_mut().zip(others).for_each(|(word, other)| *word = how(*word, other));
    }
}

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
        self.selected(&label.0)
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
                    left.combine(&self.selected(part), |left, part| left & part);
                }
                left
            }
            Expr::Or(parts) => self.joined(parts, |sum, part| sum | part),
            Expr::Implies(condition, consequence) => {
                let mut accepted = self.without(&self.selected(condition));
                accepted.combine(&self.selected(consequence), |left, right| left | right);
                accepted
            }
            // From the left, `a<->b<->c` is the parity of its false parts.
            Expr::Iff(parts) if parts.len() % 2 == 0 => self.without(&self.joined(parts, |sum, part| sum ^ part)),
            Expr::Iff(parts) => self.joined(parts, |sum, part| sum ^ part),
        }
    }

    fn joined(&self, parts: &[Expr], how: fn(u64, u64) -> u64) -> Selection {
        let mut sum = Selection::default();
        for part in parts {
            match part {
                // The usual part of a long chain: nothing to copy.
                Expr::Atom(name) => {
                    if let Some(carriers) = self.by_label.get(name.as_str()) {
                        sum.combine(carriers, how);
                    }
                }
                part => sum.combine(&self.selected(part), how),
            }
        }
        sum
    }

    fn without(&self, selection: &Selection) -> Selection {
        let mut rest = Selection::all(self.size);
        rest.combine(selection, |all, taken| all & !taken);
        rest
    }
}
