//! Budgets, how far they are used, and where that leads.

use crate::config::{Budget, BudgetUse, Period};
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::plan::capacity::budgets::{BudgetScope, budgets};
use crate::view::document::Time;
use crate::view::overview::Overview;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// A budget of a provider or a node type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Budget")]
pub(crate) struct BudgetStatus {
    /// Null for the budget of a node type.
    pub(crate) provider: Option<ProviderName>,
    /// Null for the budget of a provider.
    pub(crate) node_type: Option<NodeTypeName>,
    /// Machine-hours in each period.
    pub(crate) hours: u32,
    /// `day`, `week` or `month`.
    pub(crate) per: &'static str,
    /// Machine-hours used in the present period.
    pub(crate) used_hours: f64,
    /// Machine-hours that the present period will have used at this rate.
    pub(crate) expected_hours: f64,
    /// When the present period ends.
    pub(crate) until: Time,
    #[serde(skip)]
    pub(crate) scope: String,
    #[serde(skip)]
    pub(crate) words: String,
    #[serde(skip)]
    pub(crate) level: Level,
}

/// How much is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Enough.
    Fine,
    /// Less than a fifth, or too little at this rate.
    Low,
    /// Nothing.
    UsedUp,
}

/// All budgets.
pub(crate) fn all(overview: &Overview<'_>) -> Vec<BudgetStatus> {
    let hours = |time: SignedDuration| (time.as_secs_f64() / 360.0).round() / 10.0;
    let all = budgets(overview.config, &overview.state().spent, overview.now());
    let of = |(scope, budget, used): (BudgetScope<'_>, &Budget, BudgetUse)| {
        let (provider, node_type) = match scope {
            BudgetScope::Provider(name) => (Some(name.clone()), None),
            BudgetScope::NodeType(name) => (None, Some(name.clone())),
        };
        let level = match (used.is_over(), used.is_nearly_over() || used.expected > used.limit) {
            (true, _) => Level::UsedUp,
            (false, true) => Level::Low,
            (false, false) => Level::Fine,
        };
        BudgetStatus {
            provider,
            node_type,
            hours: budget.hours,
            per: Period::name(budget.per),
            used_hours: hours(used.used),
            expected_hours: hours(used.expected),
            until: Time(used.until.timestamp()),
            scope: scope.to_string(),
            words: used.to_string(),
            level,
        }
    };
    all.map(of).collect()
}
