//! Section 12 of the design: servers that are to be ready, hours that are paid, and budgets.

use super::Seen;
use crate::config::AutoGrace;
use crate::domain::rule::Rule;
use crate::plan::model::{Action, Change, Order, Plan};
use jiff::SignedDuration;

pub(super) fn check(seen: &Seen<'_>, made: &Plan) {
    for at_hand in made.at_hand.values() {
        assert!(at_hand.order <= at_hand.keep, "what is ordered is kept: {at_hand:?}");
    }
    for action in &made.actions {
        match &action.change {
            Change::CreateServer(order) => ordered(seen, made, action, order),
            Change::RetireNode(target) if action.rule == Rule::Idle => {
                let Some(kind) = seen.config.node_type(&target.node_type) else { continue };
                let provider = seen.config.providers.iter().find(|provider| provider.name == target.provider);
                let memory = made.state.servers.get(&target.order);
                let ordered_at = memory.map_or(seen.now, |memory| memory.ordered_at);
                let age = seen.now.duration_since(ordered_at).as_secs().max(0);
                if let Some(billing) = provider.and_then(|provider| provider.billing) {
                    let left = billing.as_secs() - age % billing.as_secs();
                    assert!(left <= 300, "an hour that is paid: {action}");
                }
                let idle = target.nodes.iter().filter_map(|node| *made.state.nodes.get(node)?.idle);
                let shortest = idle.map(|idle| idle.credit).min().unwrap_or(SignedDuration::MAX);
                let unused = memory.and_then(|memory| *memory.unused).map(|unused| unused.credit);
                let long = shortest.max(unused.unwrap_or_default());
                assert!(kind.forecast.auto.is_none() || long >= AutoGrace::SHORTEST, "too early: {action}");
            }
            _ => {}
        }
    }
}

fn ordered(seen: &Seen<'_>, made: &Plan, action: &Action, order: &Order) {
    let kind = seen.config.node_type(&order.node_type).expect("a type that is configured");
    if let Some(budget) = &kind.budget {
        let spent = made.state.spent.node_types.get(&kind.name);
        let used = spent.map(|spent| spent.since(budget.period(seen.now).0)).unwrap_or_default();
        assert!(used < SignedDuration::from_hours(budget.hours.into()), "the budget is used up: {action}");
    }
    if action.rule == Rule::MinIdle {
        let wanted = made.at_hand.get(&kind.name).map_or(0, |at_hand| at_hand.order);
        let ready = made.actions.iter().filter(|other| {
            let same = |order: &Order| order.node_type == kind.name && other.rule == Rule::MinIdle;
            matches!(&other.change, Change::CreateServer(order) if same(order))
        });
        assert!(ready.count() <= wanted as usize, "S4: more than are wanted: {action}");
    }
}
