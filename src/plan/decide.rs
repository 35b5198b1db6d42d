//! Everything put together: sightings, phases, demand and placement become actions and verdicts.

use super::demand::{self, Demand};
use super::fleet::{self, Fleet};
use super::limits::{Limits, Obstacle};
use super::market::{Ordering, Placement, Stalls};
use super::phase::{Judge, Judgement, Phase};
use super::servers::Draft;
use super::{Action, Plan, Rule, addresses, breaker, jobs, leftovers, notices, registration, remember, strays};
use crate::config::Config;
use crate::naming::MitaId;
use crate::state::{Origin, Retirement, RetirementStep, ServerFailure, ServerMemory, SettlingCause, State};
use crate::world::{Mode, World};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Everything that was found out before actions and verdicts are made of it.
pub(super) struct Findings<'a> {
    pub(super) world: &'a World,
    pub(super) stalls: &'a Stalls<'a>,
    pub(super) demand: &'a Demand<'a>,
    pub(super) placement: &'a Placement,
    /// Why nothing at all is ordered, if so.
    pub(super) gate: Option<&'a Obstacle>,
    /// The ids of the orders.
    pub(super) ids: &'a [MitaId],
}

/// The plan of a run.
pub fn plan(config: &Config, world: &World, state: &State, now: Timestamp) -> Plan {
    let fleet = fleet::assemble(config, world, state);
    let mut memory = remember::sightings(config, world, state, &fleet, now);
    let phases = judge(config, world, &memory, &fleet, now);
    count_successes_and_failures(&mut memory, &fleet, &phases, now);
    let mut plan = decide(config, world, memory, &fleet, &phases, &BTreeSet::new(), now);
    write_down(config, &mut plan.memory, &plan.actions, now);
    plan
}

/// Orders once more in the same run, with what the refusal of the first ones taught. Nothing is sighted or counted a
/// second time, and nothing else is decided anew. The ids that were `tried` are used up: each may have left a node.
pub fn plan_again(config: &Config, world: &World, memory: &State, tried: &BTreeSet<MitaId>, now: Timestamp) -> Plan {
    let fleet = fleet::assemble(config, world, memory);
    let phases = judge(config, world, memory, &fleet, now);
    let mut plan = decide(config, world, memory.clone(), &fleet, &phases, tried, now);
    plan.actions.retain(is_order);
    write_down(config, &mut plan.memory, &plan.actions, now);
    plan
}

fn judge(config: &Config, world: &World, memory: &State, fleet: &Fleet<'_>, now: Timestamp) -> Vec<Judgement> {
    let judge = Judge { config, world, memory, now };
    let mut phases: Vec<Judgement> = fleet.machines.iter().map(|machine| judge.judge(machine, None)).collect();
    let never_joined = |phase: &Phase| *phase == Phase::Condemned(Rule::NeverJoined);
    let alone = (0..phases.len()).filter(|&machine| never_joined(&phases[machine].phase)).collect();
    for (machine, stray) in strays::pair(config, memory, fleet, alone) {
        phases[machine] = judge.judge(&fleet.machines[machine], Some(stray));
    }
    phases
}

fn decide(
    config: &Config,
    world: &World,
    mut memory: State,
    fleet: &Fleet<'_>,
    phases: &[Judgement],
    tried: &BTreeSet<MitaId>,
    now: Timestamp,
) -> Plan {
    let demand = demand::read(config, world, &mut memory, fleet, phases, now);
    let gate = gate(world, &memory);
    let limits = Limits::new(config, world, &memory, fleet, phases, now);
    let stalls = Stalls::new(config, &memory, fleet, phases, &limits, now);
    let ordering = if gate.is_some() { Ordering::Forbidden } else { Ordering::Allowed };
    let mut placement = stalls.place(&demand.waiting, ordering, false);
    if needs_scout(&demand, &placement, phases) {
        placement = stalls.place(&demand.waiting, ordering, true);
    }
    let ids = order_ids(world, &memory, tried, now, placement.orders.len());
    let findings =
        Findings { world, stalls: &stalls, demand: &demand, placement: &placement, gate: gate.as_ref(), ids: &ids };
    let mut draft = Draft { actions: jobs::orders(&findings), verdicts: demand.verdicts.clone(), problems: Vec::new() };
    draft.actions.extend(registration::of_orders(config, &draft.actions));
    draft.verdicts.extend(jobs::verdicts(&findings));
    draft.servers(&findings);
    draft.nodes(&findings);
    let leftovers = leftovers::sweep(config, world, &memory);
    draft.actions.extend(leftovers.actions);
    draft.verdicts.extend(leftovers.verdicts);
    let (actions, verdicts) = addresses::sweep(config, world, &memory, fleet, phases, &draft.actions);
    draft.actions.extend(actions);
    draft.verdicts.extend(verdicts);
    draft.verdicts.sort();
    draft.actions.sort_by_key(position);
    let mut problems = notices::problems(config, world, &memory);
    problems.extend(draft.problems);
    let mut plan = Plan {
        owner: config.owner.clone(),
        now,
        actions: draft.actions,
        verdicts: draft.verdicts,
        problems,
        warnings: Vec::new(),
        held_back: Vec::new(),
        memory,
    };
    notices::warn(config, world, fleet, leftovers.suspects, &mut plan);
    plan
}

/// The order in which actions are shown.
fn position(action: &Action) -> u8 {
    match action {
        Action::CreateServer { .. } => 0,
        Action::AssignFloatingIp { .. } | Action::CreateNode { .. } => 1,
        Action::RestoreNode { .. } => 2,
        Action::DrainNode { .. } => 3,
        Action::RetireNode { .. } => 4,
        Action::DeleteServer { .. } => 5,
        Action::DeleteNode { .. } => 6,
        Action::DeleteVolume { .. } => 7,
        Action::ReleaseFloatingIp { .. } => 8,
    }
}

/// Whether it orders a server, or makes the node of one that is ordered.
fn is_order(action: &Action) -> bool {
    matches!(action, Action::CreateServer { .. } | Action::CreateNode { server_id: None, .. })
}

/// A server that joined closes the breaker of its type, one that failed opens it; each is counted once. Where a run
/// sees both, the failure is the later word.
fn count_successes_and_failures(memory: &mut State, fleet: &Fleet<'_>, phases: &[Judgement], now: Timestamp) {
    let mut failures = Vec::new();
    for (machine, judgement) in fleet.machines.iter().zip(phases) {
        let Some(seen) = memory.servers.get_mut(&machine.id) else { continue };
        let busy = judgement.phase == Phase::LeftAlone(Rule::Busy);
        let failed = match judgement.phase {
            Phase::Condemned(rule) => rule.is_failure().then_some(rule),
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } | Phase::Draining => None,
        };
        if seen.joined_at == Some(now) || busy && seen.failure_counted {
            seen.failure_counted = false;
            breaker::succeeded(memory, &machine.provider, &machine.node_type);
        } else if let Some(rule) = failed.filter(|_| !seen.failure_counted) {
            seen.failure_counted = true;
            failures.push((machine, rule, &judgement.reason));
        }
    }
    for (machine, rule, reason) in failures {
        breaker::failed(memory, &machine.provider, &machine.node_type, reason, now);
        let failure = ServerFailure {
            at: now,
            id: machine.id.clone(),
            name: machine.name.clone(),
            server_id: machine.server_id.clone(),
            rule,
            reason: reason.clone(),
            console: Vec::new(),
        };
        memory.failures.entry(machine.provider.clone()).or_default().insert(machine.node_type.clone(), failure);
    }
}

/// Why nothing at all is ordered, if so.
fn gate(world: &World, memory: &State) -> Option<Obstacle> {
    let obstacle = |rule, reason: &str| Some(Obstacle { rule, reason: reason.to_owned() });
    let jenkins = &world.jenkins;
    if let Some(settling) = &memory.settling {
        return obstacle(Rule::Settling, settling_reason(settling.cause));
    }
    if jenkins.queue.complete().is_none() || jenkins.nodes.complete().is_none() {
        return obstacle(Rule::NotSeen, "Jenkins' queue or its list of nodes is not there, or not believed");
    }
    match jenkins.mode.complete() {
        None => obstacle(Rule::NotSeen, "whether Jenkins takes work could not be read"),
        Some(Mode::QuietingDown) => obstacle(Rule::QuietingDown, "Jenkins is about to shut down"),
        Some(Mode::Running) => None,
    }
}

pub(super) fn settling_reason(cause: SettlingCause) -> &'static str {
    match cause {
        SettlingCause::JenkinsRestarted => "Jenkins was restarted: for two minutes nothing is ordered or deleted",
        SettlingCause::StateUnreadable => {
            "the state file was unreadable: for two minutes nothing is ordered or deleted"
        }
    }
}

/// Whether one server is to be tried so that Jenkins names labels: nothing is there or on its way that would do it.
fn needs_scout(demand: &Demand<'_>, placement: &Placement, phases: &[Judgement]) -> bool {
    !demand.hidden.is_empty()
        && placement.orders.is_empty()
        && !phases.iter().any(|judgement| matches!(judgement.phase, Phase::OnItsWay(_)))
}

/// Ids for new orders, none of them known already.
fn order_ids(world: &World, memory: &State, tried: &BTreeSet<MitaId>, now: Timestamp, number: usize) -> Vec<MitaId> {
    let marks = world.clouds.values().flat_map(|cloud| cloud.servers.complete().into_iter().flatten());
    let marked: BTreeSet<&MitaId> = marks.filter_map(|server| server.mark.as_ref().map(|mark| &mark.id)).collect();
    let departed: BTreeSet<&MitaId> = memory.departed.values().map(|departed| &departed.id).collect();
    let nodes = world.jenkins.nodes.complete().into_iter().flatten();
    let of_nodes: BTreeSet<&MitaId> = nodes.filter_map(|node| node.mark.as_ref().map(|mark| &mark.id)).collect();
    let is_new = |id: &MitaId| {
        let known = memory.servers.contains_key(id) || tried.contains(id);
        !known && !marked.contains(id) && !departed.contains(id) && !of_nodes.contains(id)
    };
    (1..).map(|ordinal| MitaId::new(now, ordinal)).filter(is_new).take(number).collect()
}

/// What is to be remembered before anything is sent: each order, and each retirement.
fn write_down(config: &Config, memory: &mut State, actions: &[Action], now: Timestamp) {
    let run = memory.run;
    for action in actions {
        match action {
            Action::CreateServer { node_type, provider, name, id, .. } => {
                let origin = Origin::Ordered(run);
                let order = ServerMemory::new(node_type.clone(), provider.clone(), name.clone(), now, origin);
                let storage = config.node_type(node_type).is_some_and(|kind| kind.volumes().next().is_some());
                memory.servers.insert(id.clone(), ServerMemory { storage, ..order });
            }
            // After the order that it belongs to, where there is one.
            Action::CreateNode { node, id, .. } => {
                if let Some(server) = memory.servers.get_mut(id) {
                    server.node = Some(node.clone());
                }
            }
            Action::RetireNode { id, rule, .. } | Action::DeleteServer { id, rule, .. } => {
                if let Some(server) = memory.servers.get_mut(id) {
                    let decided = Retirement { rule: *rule, since: now, step: RetirementStep::Decided };
                    server.retirement.get_or_insert(decided);
                }
            }
            Action::AssignFloatingIp { id, .. } => {
                if let Some(server) = memory.servers.get_mut(id) {
                    server.floating_ip = true;
                }
            }
            // What is written on the node itself is what is remembered of a drain.
            Action::RestoreNode { .. }
            | Action::DrainNode { .. }
            | Action::DeleteNode { .. }
            | Action::DeleteVolume { .. }
            | Action::ReleaseFloatingIp { .. } => {}
        }
    }
}
