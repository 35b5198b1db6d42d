//! Applies a plan. The jobs of refused orders get orders from another provider or node type in the same run.

use crate::apply;
use crate::apply::ActionResult;
use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::world::{Quota, World};
use crate::observe::Services;
use crate::plan;
use crate::plan::model::{Change, Plan, Problem, Subject};
use crate::store::{Store, StoreError};

/// Applies the plan, and adds to it the orders that replaced refused ones. The state is saved after each step; where
/// that fails, the plan says so, and the results show what was done.
pub(super) fn apply(
    config: &Config,
    services: &Services,
    world: &mut World,
    plan: &mut Plan,
    store: &mut Store,
) -> Vec<ActionResult> {
    let mut results: Vec<ActionResult> = Vec::new();
    // The orders that replace refused ones.
    let mut again: Option<Plan> = None;
    for _ in 0..=config.providers.len() {
        let next = again.as_ref().unwrap_or(plan);
        if next.actions.is_empty() {
            break;
        }
        let mut state = next.memory.clone();
        let mut unsaved = None;
        let applied = apply::apply(config, services, world, next, &next.memory, &mut state, |state| {
            unsaved = store.save(state).err();
        });
        let first = plan.actions.len() - next.actions.len();
        plan.memory = state;
        plan.problems.extend(unsaved.map(not_saved));
        results
            .extend(applied.actions.into_iter().map(|result| ActionResult { action: first + result.action, ..result }));
        if !applied.orders_refused {
            break;
        }
        for provider in &applied.closed_providers {
            if let Some(cloud) = world.clouds.get_mut(provider) {
                cloud.quota.get_or_insert_with(Quota::default).instances = Some(0);
            }
        }
        let tried = plan.actions.iter().filter_map(|action| match &action.change {
            Change::CreateServer(order) => Some(order.id.clone()),
            _ => None,
        });
        let next = plan::plan_again(config, world, &plan.memory, &tried.collect(), plan.now);
        if next.actions.is_empty() {
            break;
        }
        if let Err(error) = store.save(&next.memory) {
            plan.problems.push(not_saved(error));
            break;
        }
        add(plan, &next);
        again = Some(next);
    }
    results
}

fn not_saved(error: StoreError) -> Problem {
    Problem { place: "state".to_owned(), error: error.to_string() }
}

/// Adds the orders of a second plan to the first, with the verdicts on their jobs.
fn add(plan: &mut Plan, again: &Plan) {
    plan.actions.extend(again.actions.iter().cloned());
    plan.warnings.extend(again.warnings.iter().cloned());
    for verdict in &again.verdicts {
        if verdict.subject == Subject::QueueItem
            && verdict.rule == Rule::Demand
            && let Some(first) =
                plan.verdicts.iter_mut().find(|first| (first.subject, &first.id) == (verdict.subject, &verdict.id))
        {
            *first = verdict.clone();
        }
    }
}
