//! What has a budget, and how much of it is used.

use crate::domain::names::{NodeTypeName, ProviderName};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Machine time used against each budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// At providers with a budget.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<ProviderName, Spending>,
    /// By node types with a budget.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_types: BTreeMap<NodeTypeName, Spending>,
}

/// Machine time used in periods of a budget, by the beginning of each: the present one, and a few more, since a clock that is
/// wrong for a while must not end the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending(BTreeMap<Timestamp, SignedDuration>);

/// Periods that are kept besides the present one.
const OTHERS_KEPT: usize = 3;

impl Spending {
    /// What was used in the period that begins then.
    pub fn since(&self, begin: Timestamp) -> SignedDuration {
        self.0.get(&begin).copied().unwrap_or_default()
    }

    /// The same with more in the present period, which begins then.
    #[must_use]
    pub fn with(&self, begin: Timestamp, more: SignedDuration) -> Self {
        let others = self.0.iter().filter(|(other, _)| **other != begin).rev().take(OTHERS_KEPT);
        let mut periods: BTreeMap<Timestamp, SignedDuration> = others.map(|(begin, time)| (*begin, *time)).collect();
        periods.insert(begin, self.since(begin).saturating_add(more));
        Self(periods)
    }
}

impl Spent {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// All times used.
    pub fn times(&self) -> impl Iterator<Item = &SignedDuration> {
        self.providers.values().chain(self.node_types.values()).flat_map(|spending| spending.0.values())
    }
}
