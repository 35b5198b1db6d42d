//! All budgets of a configuration, and how far each is used.

use crate::config::{Budget, BudgetUse, Config};
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::Spent;
use jiff::Timestamp;
use std::fmt;

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope<'a> {
    /// All servers of a provider.
    Provider(&'a ProviderName),
    /// All servers of a node type.
    NodeType(&'a NodeTypeName),
}

impl BudgetScope<'_> {
    /// Whether it counts a server of this type at this provider.
    pub fn counts(&self, node_type: &NodeTypeName, provider: &ProviderName) -> bool {
        match self {
            BudgetScope::Provider(name) => *name == provider,
            BudgetScope::NodeType(name) => *name == node_type,
        }
    }
}

impl fmt::Display for BudgetScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BudgetScope::Provider(name) => write!(f, "provider {name}"),
            BudgetScope::NodeType(name) => write!(f, "node type {name}"),
        }
    }
}

/// Every budget, those of providers first, in the order of the file.
pub fn budgets<'a>(
    config: &'a Config,
    spent: &'a Spent,
    now: Timestamp,
) -> impl Iterator<Item = (BudgetScope<'a>, &'a Budget, BudgetUse)> {
    let providers = config.providers.iter().filter_map(move |provider| {
        let budget = provider.budget.as_ref()?;
        let used = budget.used(spent.providers.get(&provider.name), now);
        Some((BudgetScope::Provider(&provider.name), budget, used))
    });
    let node_types = config.node_types.iter().filter_map(move |kind| {
        let budget = kind.budget.as_ref()?;
        let used = budget.used(spent.node_types.get(&kind.name), now);
        Some((BudgetScope::NodeType(&kind.name), budget, used))
    });
    providers.chain(node_types)
}
