//! The servers to order, each with its jobs, and the nodes that are created before them.

use super::draft::Draft;
use super::findings::Findings;
use super::registration;
use crate::domain::rule::Rule;
use crate::plan::capacity::placement::{Place, PlannedOrder};
use crate::plan::model::{Action, Change, Job, Order};
use std::collections::BTreeMap;

/// The orders, in the order of the oldest job of each, and their nodes after them.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Findings { supply, placement, ids, .. } = found;
    let mut jobs = jobs(found);
    for (index, PlannedOrder { node_type, provider, rule }) in placement.orders.iter().enumerate() {
        let kind = &supply.config.node_types[*node_type];
        let jobs = jobs.remove(&index).unwrap_or_default();
        let reason = reason(found, *node_type, *rule, &jobs);
        let id = ids[index].clone();
        let order = Order {
            node_type: kind.name.clone(),
            provider: supply.config.providers[*provider].name.clone(),
            name: kind.server_name_for(&id),
            id,
            jobs,
        };
        draft.act(Change::CreateServer(order), *rule, reason);
    }
    let nodes: Vec<Action> =
        draft.actions.iter().filter_map(|action| registration::of_order(supply.config, &action.change)).collect();
    draft.actions.extend(nodes);
}

/// The jobs of each order.
fn jobs(found: &Findings<'_>) -> BTreeMap<usize, Vec<Job>> {
    let Findings { demand, placement, .. } = found;
    let mut jobs: BTreeMap<usize, Vec<Job>> = BTreeMap::new();
    for (job, place) in demand.waiting.iter().zip(&placement.places) {
        if let Some(Place::Order(order)) = place {
            let needs = job.need.to_string();
            let job = Job { queue_id: job.item.id, job: job.item.job.clone(), needs };
            jobs.entry(*order).or_default().push(job);
        }
    }
    if let (Some(order), Some(item)) = (placement.scout, demand.hidden.first()) {
        let needs = "a label that Jenkins does not tell".to_owned();
        jobs.entry(order).or_default().push(Job { queue_id: item.id, job: item.job.clone(), needs });
    }
    jobs
}

fn reason(found: &Findings<'_>, node_type: usize, rule: Rule, jobs: &[Job]) -> String {
    let kind = &found.supply.config.node_types[node_type];
    match (rule, jobs) {
        (Rule::MinIdle, _) => {
            let wanted = found.supply.wanted_at_hand(kind);
            let why = match wanted.reasons.first() {
                Some(reason) if reason.key != "min_idle" => format!(": {}", reason.text),
                _ => String::new(),
            };
            format!("fewer than {} idle nodes of {} are at hand{why}", wanted.order, kind.name)
        }
        (Rule::Scout, _) => "Jenkins has no agents and names no label".to_owned(),
        (_, [job, others @ ..]) => {
            let others = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            format!(
                "{} (queue item {}){others} needs {}, and no executor is free or on its way",
                job.job, job.queue_id, job.needs
            )
        }
        (_, []) => "a job waits".to_owned(),
    }
}
