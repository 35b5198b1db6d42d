//! How many idle servers of a node type should be ready, why, and what mita has learned for that.

use crate::config::NodeType;
use crate::domain::format::span;
use crate::plan::capacity::budgets::budgets;
use crate::plan::lifecycle::lateness;
use crate::view::explain::finding::{Finding, What};
use crate::view::overview::Overview;
use crate::view::text::plural;

/// Adds what is known of a node type.
pub(super) fn add_of_type(overview: &Overview<'_>, finding: &mut Finding, kind: &NodeType) {
    if let Some(at_hand) = overview.plan().at_hand.get(&kind.name) {
        let ready = |number: u32| plural(usize::try_from(number).unwrap_or(usize::MAX), "idle server");
        if at_hand.keep > 0 {
            let kept = if at_hand.keep > at_hand.order { format!(", {} kept", at_hand.keep) } else { String::new() };
            finding.fact(What::AtHand, format!("{} wanted{kept}", ready(at_hand.order)));
        }
        for reason in &at_hand.reasons {
            finding.fact(What::AtHand, format!("{} by {}: {}", ready(reason.servers), reason.key, reason.text));
        }
    }
    let memory = overview.state();
    for (scope, budget, used) in budgets(overview.config, &memory.spent, overview.now()) {
        if kind.providers.iter().any(|provider| scope.counts(&kind.name, provider)) {
            finding.fact(What::Budget, format!("{scope}, {budget}: {used}"));
        }
    }
    for provider in &kind.providers {
        let known = memory.learned.joins.get(provider).and_then(|types| types.get(&kind.name)).map_or(0, Vec::len);
        let late = span(lateness::late_after(memory, provider, &kind.name));
        let text = if known < lateness::ENOUGH {
            format!(
                "at provider {provider}: too little yet, {known} of the {} servers that show when one is late",
                lateness::ENOUGH
            )
        } else {
            format!("at provider {provider} a server is late {late} after its order ({known} servers known)")
        };
        finding.fact(What::Learned, text);
    }
    if let Some(usage) = memory.learned.usage.get(&kind.name) {
        let [average, change] = [usage.average, usage.change].map(|number| number as f64 / 1_000_000.0);
        let gaps: usize = usage.levels.iter().map(|level| level.gaps.len()).sum();
        let most = plural(usage.levels.len(), "server");
        finding.fact(
            What::Learned,
            format!(
                "{average:.1} executors in use on average, {change:.1} more or fewer from one run to the next; at most {most} at \
                 a time, {gaps} gaps between uses known"
            ),
        );
    }
}
