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

/// Machine time used in the present period of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// When the period, or the count, began.
    pub since: Timestamp,
    /// Servers times their time, seen by runs.
    pub time: SignedDuration,
}

impl Spent {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Spending> {
        self.providers.values().chain(self.node_types.values())
    }
}
