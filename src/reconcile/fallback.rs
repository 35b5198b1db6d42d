//! Applies a plan. The jobs of refused orders get orders from another provider or node type in the same run.

use crate::apply;
use crate::apply::ActionResult;
use crate::config::Config;
use crate::domain::names::ProviderName;
use crate::domain::rule::Rule;
use crate::domain::world::{Quota, World};
use crate::journal;
use crate::observe::Services;
use crate::plan;
use crate::plan::model::{Change, Plan, Problem, Subject};
use crate::store::{Store, StoreError};
use std::collections::BTreeSet;
use std::io;

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
    if plan.actions.is_empty() {
        return results;
    }
    // The orders that replace refused ones.
    let mut again: Option<Plan> = None;
    for _ in 0..=config.providers.len() {
        let next = again.as_ref().unwrap_or(plan);
        let mut state = next.state.clone();
        let mut unsaved = None;
        let mut unwritten = None;
        let applied = apply::apply(config, services, world, next, &next.state, &mut state, |step| {
            let entries = journal::done(&next.state, &next.actions, step.results, plan.now);
            unwritten = store.append_to_journal(&entries, config.journal_days, plan.now).err().or(unwritten.take());
            let Some(state) = step.state else { return true };
            unsaved = store.save(state).err();
            unsaved.is_none()
        });
        let first = plan.actions.len() - next.actions.len();
        plan.state = state;
        plan.problems.extend(unsaved.map(not_saved));
        plan.problems.extend(unwritten.map(not_written));
        results
            .extend(applied.actions.into_iter().map(|result| ActionResult { action: first + result.action, ..result }));
        if !applied.orders_refused {
            break;
        }
        again = order_again(config, world, plan, store, &applied.closed_providers);
        if again.is_none() {
            break;
        }
    }
    results
}

/// Orders for the jobs of the refused ones, if another provider or node type can have them: saved, and added to the plan.
fn order_again(
    config: &Config,
    world: &mut World,
    plan: &mut Plan,
    store: &mut Store,
    closed_providers: &BTreeSet<ProviderName>,
) -> Option<Plan> {
    for provider in closed_providers {
        if let Some(cloud) = world.clouds.get_mut(provider) {
            cloud.quota.get_or_insert_with(Quota::default).instances = Some(0);
        }
    }
    let tried = plan.actions.iter().filter_map(|action| match &action.change {
        Change::CreateServer(order) => Some(order.id.clone()),
        _ => None,
    });
    let next = plan::plan_again(config, world, &plan.state, &tried.collect(), plan.now);
    if next.actions.is_empty() {
        return None;
    }
    if let Err(error) = store.save(&next.state) {
        plan.problems.push(not_saved(error));
        return None;
    }
    let orders = journal::ordered(&next.state, world, &next.actions, plan.now);
    plan.problems.extend(store.append_to_journal(&orders, config.journal_days, plan.now).err().map(not_written));
    add(plan, &next);
    Some(next)
}

fn not_saved(error: StoreError) -> Problem {
    Problem { place: "state".to_owned(), error: error.to_string() }
}

/// No decision depends on the journal: the run goes on.
pub(super) fn not_written(error: io::Error) -> Problem {
    Problem { place: "journal".to_owned(), error: format!("what the run does is not written down: {error}") }
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
