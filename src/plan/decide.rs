//! Everything put together: sightings, phases, demand and placement become actions and verdicts.

use super::demand::{self, Demand, Waiting};
use super::fleet::{self, Fleet, Kinship, Machine};
use super::limits::{Limits, Obstacle};
use super::market::{Ordering, Place, Placement, PlannedOrder, Stalls};
use super::phase::{self, Judgement, Phase};
use super::{Action, Job, Plan, Rule, Subject, Verdict, breaker, leftovers, notices, remember};
use crate::config::Config;
use crate::naming::{MitaId, ServerId};
use crate::state::{Origin, Retirement, RetirementStep, ServerMemory, SettlingCause, State};
use crate::world::{Mode, Node, NodeKind, Presence, World};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The plan of a run.
pub fn plan(config: &Config, world: &World, state: &State, now: Timestamp) -> Plan {
    let fleet = fleet::assemble(config, world, state);
    let memory = remember::sightings(config, world, state, &fleet, now);
    let mut plan = decide(config, world, memory, &fleet, now);
    write_down(config, &mut plan.memory, &plan.actions, now);
    plan
}

/// Orders once more in the same run, with what the refusal of the first ones taught. Nothing is sighted a second time,
/// and nothing else is decided anew.
pub fn plan_again(config: &Config, world: &World, memory: &State, now: Timestamp) -> Plan {
    let fleet = fleet::assemble(config, world, memory);
    let mut plan = decide(config, world, memory.clone(), &fleet, now);
    plan.actions.retain(|action| matches!(action, Action::CreateServer { .. }));
    write_down(config, &mut plan.memory, &plan.actions, now);
    plan
}

fn decide(config: &Config, world: &World, mut memory: State, fleet: &Fleet<'_>, now: Timestamp) -> Plan {
    let mut strays = strays(fleet);
    let phases: Vec<Judgement> =
        fleet.machines.iter().map(|machine| phase::judge(config, world, &memory, machine, &mut strays, now)).collect();
    count_successes_and_failures(&mut memory, fleet, &phases, now);
    let demand = demand::read(config, world, &mut memory, fleet, &phases, now);
    let gate = gate(world, &memory);
    let limits = Limits::new(config, world, &memory, fleet, &phases, now);
    let stalls = Stalls { config, memory: &memory, fleet, phases: &phases, limits: &limits, now };
    let ordering = if gate.is_some() { Ordering::Forbidden } else { Ordering::Allowed };
    let mut placement = stalls.place(&demand.waiting, ordering, false);
    if needs_scout(&demand, &placement, &phases) {
        placement = stalls.place(&demand.waiting, ordering, true);
    }
    let mut draft = Draft { actions: Vec::new(), verdicts: demand.verdicts.clone() };
    let ids = order_ids(world, &memory, now, placement.orders.len());
    draft.verdicts_on_jobs(config, &memory, fleet, &demand, &placement, &stalls, &limits, gate.as_ref(), &ids, now);
    draft.orders(config, &demand, &placement, &ids);
    draft.machines(config, world, &memory, fleet, &phases, &demand, &placement);
    draft.nodes(fleet, &memory);
    let leftovers = leftovers::sweep(config, world, &memory);
    draft.actions.extend(leftovers.actions);
    draft.verdicts.extend(leftovers.verdicts);
    draft.verdicts.sort();
    draft.actions.sort_by_key(position);
    let mut plan = Plan {
        owner: config.owner.clone(),
        now,
        actions: draft.actions,
        verdicts: draft.verdicts,
        problems: notices::problems(config, world, &memory),
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
        Action::RestoreNode { .. } => 1,
        Action::RetireNode { .. } => 2,
        Action::DeleteServer { .. } => 3,
        Action::DeleteNode { .. } => 4,
        Action::DeleteVolume { .. } => 5,
    }
}

/// Online agents that map to nothing: each may be a server under a name outside the convention.
fn strays<'a>(fleet: &Fleet<'a>) -> Vec<&'a Node> {
    let strays = fleet.nodes.iter().filter(|(node, kinship)| {
        matches!(kinship, Kinship::Foreign(_)) && node.kind == NodeKind::Agent && node.presence == Presence::Online
    });
    strays.map(|(node, _)| *node).collect()
}

/// A server that joined closes the breaker of its type, one that failed opens it; each is counted once.
fn count_successes_and_failures(memory: &mut State, fleet: &Fleet<'_>, phases: &[Judgement], now: Timestamp) {
    for (machine, judgement) in fleet.machines.iter().zip(phases) {
        let Some(seen) = memory.servers.get_mut(&machine.id) else { continue };
        let busy = judgement.phase == Phase::LeftAlone(Rule::Busy);
        let failed = match judgement.phase {
            Phase::Condemned(rule) => matches!(rule, Rule::Error | Rule::BootTimeout | Rule::NeverJoined),
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } | Phase::Draining => false,
        };
        if seen.joined_at == Some(now) || busy && seen.failure_counted {
            seen.failure_counted = false;
            breaker::succeeded(memory, &machine.provider, &machine.node_type);
        } else if failed && !seen.failure_counted {
            seen.failure_counted = true;
            breaker::failed(memory, &machine.provider, &machine.node_type, &judgement.reason, now);
        }
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
fn order_ids(world: &World, memory: &State, now: Timestamp, number: usize) -> Vec<MitaId> {
    let marks = world.clouds.values().flat_map(|cloud| cloud.servers.complete().into_iter().flatten());
    let marked: BTreeSet<&MitaId> = marks.filter_map(|server| server.mark.as_ref().map(|mark| &mark.id)).collect();
    let departed: BTreeSet<&MitaId> = memory.departed.values().map(|departed| &departed.id).collect();
    let is_new = |id: &MitaId| !memory.servers.contains_key(id) && !marked.contains(id) && !departed.contains(id);
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
                let storage = config.node_type(node_type).is_some_and(|kind| kind.storage.is_some());
                memory.servers.insert(id.clone(), ServerMemory { storage, ..order });
            }
            Action::RetireNode { id, rule, .. } | Action::DeleteServer { id, rule, .. } => {
                if let Some(server) = memory.servers.get_mut(id) {
                    let decided = Retirement { rule: *rule, since: now, step: RetirementStep::Decided };
                    server.retirement.get_or_insert(decided);
                }
            }
            Action::RestoreNode { .. } | Action::DeleteNode { .. } | Action::DeleteVolume { .. } => {}
        }
    }
}

/// A plan in the making.
struct Draft {
    actions: Vec<Action>,
    verdicts: Vec<Verdict>,
}

impl Draft {
    /// One verdict for each waiting job: where it runs, or what stands in its way.
    #[expect(clippy::too_many_arguments, reason = "everything that was found out, read once")]
    fn verdicts_on_jobs(
        &mut self,
        config: &Config,
        memory: &State,
        fleet: &Fleet<'_>,
        demand: &Demand<'_>,
        placement: &Placement,
        stalls: &Stalls<'_>,
        limits: &Limits<'_>,
        gate: Option<&Obstacle>,
        ids: &[MitaId],
        now: Timestamp,
    ) {
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
                    (
                        Rule::OnItsWay,
                        format!("needs {needs}: {} server {} is on its way", machine.node_type, machine.id),
                    )
                }
                Some(Place::Order(order)) => {
                    let kind = &config.node_types[placement.orders[*order].node_type].name;
                    (Rule::Demand, format!("needs {needs}: {kind} server {} is ordered for it", ids[*order]))
                }
                None => unplaced(config, memory, job, stalls, limits, gate, now),
            };
            self.verdicts.push(demand::verdict(job.item, rule, reason));
        }
        for (number, item) in demand.hidden.iter().enumerate() {
            let words = "Jenkins has no agents and names no label";
            let verdict = match (placement.scout, gate) {
                (Some(order), _) if number == 0 => {
                    demand::verdict(item, Rule::Scout, format!("{words}: server {} is ordered to learn it", ids[order]))
                }
                (_, Some(gate)) => demand::verdict(item, gate.rule, format!("{words}; {}", gate.reason)),
                (_, None) => {
                    demand::verdict(item, Rule::UnknownNeed, format!("{words}, until a server of ours has joined"))
                }
            };
            self.verdicts.push(verdict);
        }
    }

    /// The orders, each with its jobs.
    fn orders(&mut self, config: &Config, demand: &Demand<'_>, placement: &Placement, ids: &[MitaId]) {
        let mut jobs: BTreeMap<usize, Vec<Job>> = BTreeMap::new();
        for (job, place) in demand.waiting.iter().zip(&placement.places) {
            if let Some(Place::Order(order)) = place {
                let needs = job.need.to_string();
                let job = Job { queue_id: job.item.id, job: job.item.job.clone(), needs };
                jobs.entry(*order).or_default().push(job);
            }
        }
        if let (Some(order), Some(item)) = (placement.scout, demand.hidden.first()) {
            let job = Job { queue_id: item.id, job: item.job.clone(), needs: "not told".to_owned() };
            jobs.entry(order).or_default().push(job);
        }
        for (index, PlannedOrder { node_type, provider, rule }) in placement.orders.iter().enumerate() {
            let kind = &config.node_types[*node_type];
            let jobs = jobs.remove(&index).unwrap_or_default();
            let id = ids[index].clone();
            let reason = match (rule, jobs.first()) {
                (Rule::MinIdle, _) => format!("fewer than {} idle nodes of {} are at hand", kind.min_idle, kind.name),
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
            self.actions.push(Action::CreateServer {
                node_type: kind.name.clone(),
                provider: config.providers[*provider].name.clone(),
                name: kind.server_name.replace("{node}", kind.name.as_str()).replace("{id}", id.as_str()),
                id,
                jobs,
                rule: *rule,
                reason,
            });
        }
    }

    /// What becomes of each server, and of the nodes that are it.
    #[expect(clippy::too_many_arguments, reason = "everything that was found out, read once")]
    fn machines(
        &mut self,
        config: &Config,
        world: &World,
        memory: &State,
        fleet: &Fleet<'_>,
        phases: &[Judgement],
        demand: &Demand<'_>,
        placement: &Placement,
    ) {
        let mut matched: BTreeMap<usize, &Waiting<'_>> = BTreeMap::new();
        for (job, place) in demand.waiting.iter().zip(&placement.places) {
            if let Some(Place::Node { machine: Some(machine), .. }) = place {
                matched.entry(*machine).or_insert(job);
            }
        }
        let queue_seen = world.jenkins.queue.complete().is_some();
        for (index, (machine, judgement)) in fleet.machines.iter().zip(phases).enumerate() {
            let grace = config.times(&machine.node_type).idle_grace;
            let reason = judgement.reason.clone();
            let job = matched.get(&index);
            let named = machine.nodes.iter().find(|node| demand.resuming.contains(&node.name));
            let settling = memory.settling.as_ref().map(|settling| settling_reason(settling.cause));
            let (rule, reason) = match &judgement.phase {
                Phase::LeftAlone(rule) | Phase::OnItsWay(rule) => (*rule, reason),
                Phase::Draining if job.is_some() || named.is_some() => {
                    let wish = match job {
                        Some(job) => format!("{} (queue item {}) needs {}", job.item.job, job.item.id, job.need),
                        None => "a pipeline waits for this very node".to_owned(),
                    };
                    self.restore(machine, &wish);
                    (Rule::WantedAgain, wish)
                }
                Phase::Idle { .. } if job.is_some() => {
                    let job =
                        job.map_or_else(String::new, |job| format!("{} (queue item {})", job.item.job, job.item.id));
                    (Rule::KeptForJobs, format!("{reason}; kept for {job}"))
                }
                Phase::Idle { idle } if *idle < grace => (Rule::Kept, reason),
                Phase::Idle { .. } if placement.at_hand.contains(&index) => {
                    (Rule::MinIdle, format!("{reason}; kept at hand by min_idle"))
                }
                Phase::Idle { .. } if !queue_seen => {
                    (Rule::NotSeen, format!("{reason}; kept, since the queue could not be read"))
                }
                Phase::Draining if !queue_seen && !machine.nodes.is_empty() => {
                    (Rule::NotSeen, format!("{reason}; left as it is, since the queue could not be read"))
                }
                Phase::Idle { .. } | Phase::Draining | Phase::Condemned(_) if settling.is_some() => {
                    (Rule::Settling, format!("{reason}; {}", settling.unwrap_or_default()))
                }
                Phase::Idle { .. } => self.remove(machine, Rule::Idle, reason),
                Phase::Draining => self.remove(machine, Rule::DrainResumed, reason),
                Phase::Condemned(rule) => self.remove(machine, *rule, reason),
            };
            self.verdicts.push(Verdict {
                subject: Subject::Server,
                id: machine.server_id.as_ref().map_or_else(|| machine.id.to_string(), ServerId::to_string),
                name: machine.name.clone(),
                rule,
                reason: reason.clone(),
            });
            for node in &machine.nodes {
                if let Some(verdict) = former(node, machine.server_id.as_ref(), memory) {
                    self.former_node(node, verdict);
                } else {
                    self.node(node, rule, reason.clone());
                }
            }
        }
    }

    /// Verdicts on all nodes that are no machine's.
    fn nodes(&mut self, fleet: &Fleet<'_>, memory: &State) {
        for (node, kinship) in &fleet.nodes {
            match kinship {
                Kinship::Of(_) => {}
                Kinship::Doubtful(reason) => self.node(node, Rule::Ambiguous, reason.clone()),
                Kinship::Foreign(reason) => self.node(node, Rule::NotOurs, (*reason).to_owned()),
                Kinship::Former(server) => match former(node, Some(server), memory) {
                    Some(verdict) => self.former_node(node, verdict),
                    None => self.node(node, Rule::NotSeen, format!("its server {server} is in no listing")),
                },
            }
        }
    }

    fn node(&mut self, node: &Node, rule: Rule, reason: String) {
        let id = node.name.to_string();
        self.verdicts.push(Verdict { subject: Subject::Node, name: id.clone(), id, rule, reason });
    }

    fn former_node(&mut self, node: &Node, (server, rule, reason): (ServerId, Rule, String)) {
        if rule == Rule::ServerGone {
            let name = node.name.clone();
            self.actions.push(Action::DeleteNode { node: name, server_id: server, rule, reason: reason.clone() });
        }
        self.node(node, rule, reason);
    }

    fn restore(&mut self, machine: &Machine<'_>, wish: &str) {
        let Some(server_id) = &machine.server_id else { return };
        for node in machine.nodes.iter().filter(|node| matches!(node.presence, Presence::SetOffline(_))) {
            self.actions.push(Action::RestoreNode {
                node: node.name.clone(),
                node_type: machine.node_type.clone(),
                provider: machine.provider.clone(),
                server_id: server_id.clone(),
                id: machine.id.clone(),
                rule: Rule::WantedAgain,
                reason: wish.to_owned(),
            });
        }
    }

    /// Adds the removal of a server, with its nodes where it has any.
    fn remove(&mut self, machine: &Machine<'_>, rule: Rule, reason: String) -> (Rule, String) {
        let Some(server_id) = machine.server_id.clone() else {
            return (Rule::Ordered, format!("{reason}; its cloud's id is not known yet"));
        };
        let (id, node_type, provider) = (machine.id.clone(), machine.node_type.clone(), machine.provider.clone());
        self.actions.push(match machine.nodes.first() {
            Some(first) => Action::RetireNode {
                node: first.name.clone(),
                nodes: machine.nodes.iter().map(|node| node.name.clone()).collect(),
                node_type,
                provider,
                server_id,
                id,
                rule,
                reason: reason.clone(),
            },
            None => {
                let name = machine.name.clone();
                Action::DeleteServer { server_id, name, node_type, provider, id, rule, reason: reason.clone() }
            }
        });
        (rule, reason)
    }
}

/// What becomes of a node whose server is known to be gone.
fn former(node: &Node, server: Option<&ServerId>, memory: &State) -> Option<(ServerId, Rule, String)> {
    let server = server?;
    memory.departed.get(server)?;
    let held =
        memory.nodes.get(&node.name).and_then(|node| node.set_offline_by) == Some(crate::state::SetOfflineBy::Person);
    let gone = format!("its server {server} is gone (404 in two runs)");
    let (rule, reason) = if !node.idle {
        (Rule::Busy, format!("{gone}, and it still runs a build"))
    } else if node.presence == Presence::Online {
        (Rule::Ambiguous, format!("{gone}, and it is online all the same: nothing is touched"))
    } else if held {
        (Rule::Held, format!("{gone}; a person set the node offline"))
    } else if let Some(settling) = &memory.settling {
        (Rule::Settling, format!("{gone}; {}", settling_reason(settling.cause)))
    } else {
        (Rule::ServerGone, gone)
    };
    Some((server.clone(), rule, reason))
}

/// Why a waiting job has no executor and gets no server.
fn unplaced(
    config: &Config,
    memory: &State,
    job: &Waiting<'_>,
    stalls: &Stalls<'_>,
    limits: &Limits<'_>,
    gate: Option<&Obstacle>,
    now: Timestamp,
) -> (Rule, String) {
    let needs = &job.need;
    if let Some(gate) = gate {
        return (gate.rule, format!("needs {needs}: {}", gate.reason));
    }
    let hindrances: Vec<_> = config.node_types.iter().map(|kind| (kind, stalls.may_order(job, kind))).collect();
    if let Some((kind, _)) = hindrances.iter().find(|(_, hindrance)| hindrance.is_none()) {
        let obstacle = limits.obstacle(kind);
        return (obstacle.rule, format!("needs {needs}: {}", obstacle.reason));
    }
    let any = |rule: Rule| hindrances.iter().any(|(_, hindrance)| *hindrance == Some(rule));
    if any(Rule::TooYoung) {
        let waited = super::words::span(job.waited);
        return (Rule::TooYoung, format!("needs {needs}: waits for {waited}, which is less than stuck_after"));
    }
    if any(Rule::InVain) {
        let told = demand::in_vain(memory, job, now);
        let words = job.item.why.as_deref().unwrap_or("no reason given");
        let told = if told.is_empty() { format!("an idle node refuses it; Jenkins says: {words}") } else { told };
        return (Rule::InVain, format!("needs {needs}: {told}"));
    }
    (Rule::NoNodeType, format!("needs {needs}, which no node type of the configuration has"))
}
