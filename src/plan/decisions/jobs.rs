//! The verdict of each waiting job: where it will run, or why it has no executor.

use super::draft::{Draft, Warning};
use super::findings::Findings;
use super::unused;
use crate::config::NodeType;
use crate::domain::format::span;
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::world::Presence;
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::placement::{Place, PlannedOrder};
use crate::plan::capacity::presumed::counts;
use crate::plan::capacity::supply::Supply;
use crate::plan::demand::mismatch::Mismatches;
use crate::plan::demand::queue::Demand;
use crate::plan::identity::places::{forgetting, is_out_of_use};
use std::cell::OnceCell;

/// One verdict for each waiting job: where it will run, or what prevents it.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Findings { supply, demand, placement, ids, blocker, .. } = found;
    let fleet = supply.fleet;
    let mismatches = Mismatches::of(supply.state);
    let blockers = Blockers::new(supply, &placement.orders);
    let in_vain = Blockers::new(supply, &placement.orders);
    draft.verdicts.extend(demand.verdicts.iter().cloned());
    draft.left_out_unknown = found.world.jenkins.queue.complete().and_then(|queue| queue.left_out_unknown.clone());
    if let Some(from) = placement.hurried_from {
        draft.warnings.push(Warning::new(Rule::TooManyNeeds.name(), hurried(demand, from)));
    }
    for (number, (job, place)) in demand.waiting.iter().zip(&placement.places).enumerate() {
        let needs = &job.need;
        let (rule, reason) = match place {
            Some(Place::Node { name, machine: Some(machine) })
                if fleet.machines[*machine].nodes.iter().all(|node| node.presence != Presence::Online) =>
            {
                (Rule::WantedAgain, format!("needs {needs}: node {name} is brought back online for it"))
            }
            Some(Place::Node { name, .. }) if job.is_flyweight() => {
                (Rule::IdleExecutor, format!("needs {needs}: runs on node {name}, beside its executors"))
            }
            Some(Place::Node { name, .. }) => {
                (Rule::IdleExecutor, format!("needs {needs}: node {name} has an idle executor"))
            }
            Some(Place::Coming { machine }) => {
                let machine = &fleet.machines[*machine];
                (Rule::OnItsWay, format!("needs {needs}: {} server {} is on its way", machine.node_type, machine.id))
            }
            Some(Place::Order(order)) => {
                let kind = &supply.config.node_types[placement.orders[*order].node_type].name;
                (Rule::Demand, format!("needs {needs}: {kind} server {} is ordered for it", ids[*order]))
            }
            None => unplaced(found, number, &blockers, &in_vain, &mismatches, draft),
        };
        draft.item(job.item, rule, reason);
    }
    if let Some(blocker) = placement.no_scout.as_ref().filter(|_| !demand.hidden.is_empty()) {
        draft.starve(blocker);
        blockers.meet(0..blockers.known.len());
    }
    blockers.report_failing(draft);
    blockers.report_doubts(draft);
    // Another server could serve a job that these do not, if there were room.
    unused::report(found, blockers.met().chain(in_vain.met()), draft);
    unused::report_idle(found, blockers.met(), draft);
    for (number, item) in demand.hidden.iter().enumerate() {
        let words = "Jenkins has no agents and names no label";
        let (rule, reason) = match (placement.scout, *blocker, &placement.no_scout) {
            (Some(order), _, _) if number == 0 => {
                (Rule::Scout, format!("{words}: server {} is ordered to learn it", ids[order]))
            }
            (_, Some(blocker), _) | (_, None, Some(blocker)) => (blocker.rule, format!("{words}; {}", blocker.reason)),
            (_, None, None) => (Rule::UnknownNeed, format!("{words}, until a server of ours has joined")),
        };
        draft.item(item, rule, reason);
    }
}

/// What a person is warned of when not every way to place the jobs was tried.
fn hurried(demand: &Demand<'_>, from: usize) -> String {
    let first =
        demand.waiting.get(from).map_or_else(String::new, |job| format!(" (from queue item {} on)", job.item.id));
    format!(
        "jobs that need so many different things wait at once that not every way to place them was tried{first}: some wait \
         longer than necessary. mita status shows which jobs ask for what"
    )
}

/// Why no server of each node type can be ordered for one more job: the same for all jobs, and looked up once.
struct Blockers<'a> {
    supply: &'a Supply<'a>,
    orders: &'a [PlannedOrder],
    known: Vec<OnceCell<Blocker>>,
}

impl<'a> Blockers<'a> {
    fn new(supply: &'a Supply<'a>, orders: &'a [PlannedOrder]) -> Self {
        Self { supply, orders, known: vec![OnceCell::new(); supply.config.node_types.len()] }
    }

    fn of(&self, node_type: usize) -> &Blocker {
        let kind = &self.supply.config.node_types[node_type];
        self.known[node_type].get_or_init(|| {
            let mut blocker = self.supply.limits.blocker(kind, self.orders);
            if let Some(way_out) = self.way_out(kind, &blocker) {
                blocker.reason.push_str(&way_out);
            }
            blocker
        })
    }

    /// How room is made where servers fill a limit that mita cannot see, and that have no nodes.
    fn way_out(&self, kind: &NodeType, blocker: &Blocker) -> Option<String> {
        if blocker.rule != Rule::Limit {
            return None;
        }
        let Supply { config, state, fleet, limits, .. } = self.supply;
        let there =
            fleet.classified().filter(|(machine, classified)| counts(config, state, machine, &classified.phase));
        let commands = there.filter_map(|(machine, _)| Some((machine, forgetting(machine)?)));
        let filling = commands.filter(|(machine, _)| limits.is_filled_by(kind, blocker, machine.place()));
        let commands: Vec<String> = filling.map(|(_, command)| command).collect();
        let (number, first) = (commands.len(), commands.first()?);
        Some(format!("; {number} in another place, without a node: {first} forgets one there"))
    }

    /// A job waits for one of these node types.
    fn meet(&self, node_types: impl IntoIterator<Item = usize>) {
        for node_type in node_types {
            self.of(node_type);
        }
    }

    /// The node types that jobs wait for, each with what prevents an order.
    fn met(&self) -> impl Iterator<Item = (&'a NodeType, &Blocker)> {
        let blockers = self.known.iter().map(OnceCell::get);
        self.supply.config.node_types.iter().zip(blockers).filter_map(|(kind, blocker)| Some((kind, blocker?)))
    }

    /// Notes what fails where servers of these types are ordered.
    fn report_failing(&self, draft: &mut Draft) {
        self.met().for_each(|(_, blocker)| draft.fails(blocker.failing.clone()));
    }

    /// Notes the servers in doubt that fill the limits at which jobs wait.
    fn report_doubts(&self, draft: &mut Draft) {
        let Supply { config, fleet, limits, .. } = self.supply;
        let met: Vec<(&NodeType, &Blocker)> = self.met().collect();
        let counted = fleet.in_doubt().filter(|(machine, _)| !is_out_of_use(config, machine));
        let at_limits = counted.filter(|(machine, _)| {
            met.iter().any(|(kind, blocker)| limits.is_filled_by(kind, blocker, machine.place()))
        });
        draft.in_doubt_at_limits.extend(at_limits.filter_map(|(machine, reason)| {
            let id = machine.server_id.as_ref()?;
            Some((format!("server {} ({id})", machine.name), reason.to_owned()))
        }));
    }
}

/// Why a waiting job has no executor and gets no server.
fn unplaced(
    found: &Findings<'_>,
    number: usize,
    blockers: &Blockers<'_>,
    in_vain: &Blockers<'_>,
    mismatches: &Mismatches<'_>,
    draft: &mut Draft,
) -> (Rule, String) {
    let Findings { supply, blocker, demand, placement, .. } = found;
    let job = &demand.waiting[number];
    let needs = &job.need;
    let types = 0..supply.config.node_types.len();
    let obstacles: Vec<Option<Rule>> = types.map(|index| supply.may_order(job, index)).collect();
    // Time does not help a job that no node type serves.
    let is_over_soon = |blocker: &Blocker| blocker.rule == Rule::Settling;
    let is_served = obstacles.iter().any(|obstacle| *obstacle != Some(Rule::NoNodeType));
    if let Some(blocker) = blocker.filter(|blocker| is_served || !is_over_soon(blocker)) {
        return (blocker.rule, format!("needs {needs}: {}", blocker.reason));
    }
    if let Some(node_type) = obstacles.iter().position(Option::is_none) {
        if placement.hurried_from.is_some_and(|from| number >= from) {
            let reason = "too many different needs wait at once, and not every way to place it was tried";
            return (Rule::TooManyNeeds, format!("needs {needs}: {reason}"));
        }
        blockers.meet((0..obstacles.len()).filter(|node_type| obstacles[*node_type].is_none()));
        let blocker = blockers.of(node_type);
        draft.starve(blocker);
        return (blocker.rule, format!("needs {needs}: {}", blocker.reason));
    }
    let any = |rule: Rule| obstacles.contains(&Some(rule));
    if any(Rule::TooYoung) {
        let waited = span(job.waited);
        return (Rule::TooYoung, format!("needs {needs}: waits for {waited}, which is less than stuck_after"));
    }
    if any(Rule::InVain) {
        in_vain.meet((0..obstacles.len()).filter(|node_type| obstacles[*node_type] == Some(Rule::InVain)));
        let refused = || format!("an idle node refuses it; Jenkins says: {}", job.item.said());
        let reason = Some(mismatches.reason(job, supply.now)).filter(|reason| !reason.is_empty());
        return (Rule::InVain, format!("needs {needs}: {}", reason.unwrap_or_else(refused)));
    }
    let reason = match job.need {
        Need::Anywhere => "needs any node, and no node type is unlabelled".to_owned(),
        Need::Label(_) | Need::Node { .. } => format!("needs {needs}, which no node type of the configuration has"),
    };
    (Rule::NoNodeType, reason)
}
