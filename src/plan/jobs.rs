//! What is said of each waiting job, and the orders that are made for them.

use super::decide::Findings;
use super::demand::{self, InVain, Waiting};
use super::market::{Place, PlannedOrder};
use super::need::Need;
use super::{Action, Job, Rule, Verdict, words};
use crate::world::Presence;
use std::collections::BTreeMap;

/// One verdict for each waiting job: where it runs, or what stands in its way.
pub(super) fn verdicts(findings: &Findings<'_>) -> Vec<Verdict> {
    let Findings { stalls, demand, placement, ids, gate, .. } = findings;
    let fleet = stalls.fleet;
    let in_vain = InVain::of(stalls.memory);
    let mut verdicts = Vec::new();
    for (job, place) in demand.waiting.iter().zip(&placement.places) {
        let needs = &job.need;
        let (rule, reason) = match place {
            Some(Place::Node { name, machine: Some(machine) })
                if fleet.machines[*machine].nodes.iter().all(|node| node.presence != Presence::Online) =>
            {
                (Rule::WantedAgain, format!("needs {needs}: node {name} is brought back online for it"))
            }
            Some(Place::Node { name, .. }) => {
                (Rule::IdleExecutor, format!("needs {needs}: node {name} has an idle executor"))
            }
            Some(Place::Coming { machine }) => {
                let machine = &fleet.machines[*machine];
                (Rule::OnItsWay, format!("needs {needs}: {} server {} is on its way", machine.node_type, machine.id))
            }
            Some(Place::Order(order)) => {
                let kind = &stalls.config.node_types[placement.orders[*order].node_type].name;
                (Rule::Demand, format!("needs {needs}: {kind} server {} is ordered for it", ids[*order]))
            }
            None => unplaced(findings, job, &in_vain),
        };
        verdicts.push(demand::verdict(job.item, rule, reason));
    }
    for (number, item) in demand.hidden.iter().enumerate() {
        let words = "Jenkins has no agents and names no label";
        let verdict = match (placement.scout, gate) {
            (Some(order), _) if number == 0 => {
                demand::verdict(item, Rule::Scout, format!("{words}: server {} is ordered to learn it", ids[order]))
            }
            (_, Some(gate)) => demand::verdict(item, gate.rule, format!("{words}; {}", gate.reason)),
            (_, None) => match &placement.no_scout {
                Some(obstacle) => demand::verdict(item, obstacle.rule, format!("{words}; {}", obstacle.reason)),
                None => demand::verdict(item, Rule::UnknownNeed, format!("{words}, until a server of ours has joined")),
            },
        };
        verdicts.push(verdict);
    }
    verdicts
}

/// The orders, each with its jobs.
pub(super) fn orders(findings: &Findings<'_>) -> Vec<Action> {
    let Findings { stalls, demand, placement, ids, .. } = findings;
    let config = stalls.config;
    let mut jobs: BTreeMap<usize, Vec<Job>> = BTreeMap::new();
    for (job, place) in demand.waiting.iter().zip(&placement.places) {
        if let Some(Place::Order(order)) = place {
            let needs = job.need.to_string();
            let job = Job { queue_id: job.item.id, job: job.item.job.clone(), needs };
            jobs.entry(*order).or_default().push(job);
        }
    }
    if let (Some(order), Some(item)) = (placement.scout, demand.hidden.first()) {
        let job =
            Job { queue_id: item.id, job: item.job.clone(), needs: "a label that Jenkins does not tell".to_owned() };
        jobs.entry(order).or_default().push(job);
    }
    let orders = placement.orders.iter().enumerate();
    orders
        .map(|(index, PlannedOrder { node_type, provider, rule })| {
            let kind = &config.node_types[*node_type];
            let jobs = jobs.remove(&index).unwrap_or_default();
            let id = ids[index].clone();
            let reason = match (rule, jobs.first()) {
                (Rule::MinIdle, _) => {
                    format!("fewer than {} idle nodes of {} are at hand", kind.min_idle.at(stalls.now), kind.name)
                }
                (Rule::Scout, _) => "Jenkins has no agents and names no label".to_owned(),
                (_, Some(job)) => {
                    let others = if jobs.len() > 1 { format!(" and {} more", jobs.len() - 1) } else { String::new() };
                    format!(
                        "{} (queue item {}){others} needs {}, and no executor is free or on its way",
                        job.job, job.queue_id, job.needs
                    )
                }
                (_, None) => "a job waits".to_owned(),
            };
            Action::CreateServer {
                node_type: kind.name.clone(),
                provider: config.providers[*provider].name.clone(),
                name: kind.server_name_for(&id),
                id,
                jobs,
                rule: *rule,
                reason,
            }
        })
        .collect()
}

/// Why a waiting job has no executor and gets no server.
fn unplaced(findings: &Findings<'_>, job: &Waiting<'_>, in_vain: &InVain<'_>) -> (Rule, String) {
    let Findings { stalls, gate, .. } = findings;
    let needs = &job.need;
    if let Some(gate) = gate {
        return (gate.rule, format!("needs {needs}: {}", gate.reason));
    }
    let hindrances: Vec<_> = stalls.config.node_types.iter().map(|kind| (kind, stalls.may_order(job, kind))).collect();
    if let Some((kind, _)) = hindrances.iter().find(|(_, hindrance)| hindrance.is_none()) {
        let obstacle = stalls.limits.obstacle(kind);
        return (obstacle.rule, format!("needs {needs}: {}", obstacle.reason));
    }
    let any = |rule: Rule| hindrances.iter().any(|(_, hindrance)| *hindrance == Some(rule));
    if any(Rule::TooYoung) {
        let waited = words::span(job.waited);
        return (Rule::TooYoung, format!("needs {needs}: waits for {waited}, which is less than stuck_after"));
    }
    if any(Rule::InVain) {
        let told = in_vain.told(job, stalls.now);
        let words = job.item.why.as_deref().unwrap_or("no reason given");
        let told = if told.is_empty() { format!("an idle node refuses it; Jenkins says: {words}") } else { told };
        return (Rule::InVain, format!("needs {needs}: {told}"));
    }
    let reason = match job.need {
        Need::Anywhere => "needs any node, and no node type is unlabelled".to_owned(),
        Need::Label(_) | Need::Node { .. } => format!("needs {needs}, which no node type of the configuration has"),
    };
    (Rule::NoNodeType, reason)
}
