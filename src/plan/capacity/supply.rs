//! Jobs and executors: builds the input of [`super::assignment`].

use crate::config::{Config, NodeType};
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::selection::Selection;
use crate::domain::state::{Origin, State};
use crate::domain::world::{Node, Presence, ServerState};
use crate::plan::capacity::assignment::assign;
use crate::plan::capacity::assignment::input::{Input, JobClass, SlotClass};
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::limits::Limits;
use crate::plan::capacity::offer::{Classes, Offer};
use crate::plan::capacity::placement::{Place, Placement};
use crate::plan::capacity::pool::{ExecutorPool, PoolKey, Sample, Standing, Tier};
use crate::plan::demand::mismatch;
use crate::plan::demand::waiting::Waiting;
use crate::plan::lifecycle::ClassifiedFleet;
use crate::plan::lifecycle::lateness;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::lifecycle::restoring::can_come_back;
use crate::plan::lifecycle::rights::Rights;
use crate::plan::model::AtHand;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An idle executor that a job has waited beside for longer than this will not take it.
const PASSED_OVER_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Executors that are there or on their way, and what decides who may use them.
pub(crate) struct Supply<'a> {
    pub(crate) config: &'a Config,
    pub(crate) state: &'a State,
    pub(crate) fleet: &'a ClassifiedFleet<'a>,
    pub(crate) rights: &'a Rights<'a>,
    pub(crate) limits: &'a Limits<'a>,
    /// Idle servers that should be ready.
    pub(crate) at_hand: &'a BTreeMap<NodeTypeName, AtHand>,
    pub(crate) now: Timestamp,
}

impl<'a> Supply<'a> {
    /// Idle servers of a type that should be ready.
    pub(crate) fn wanted_at_hand(&self, kind: &NodeType) -> AtHand {
        self.at_hand.get(&kind.name).cloned().unwrap_or_default()
    }

    /// Places those who need an executor.
    pub(super) fn place_those(
        &self,
        waiting: &[Waiting<'_>],
        needs_executor: &[bool],
        blocker: Option<&Blocker>,
        scout: Option<&JobClass>,
    ) -> Placement {
        let pools = self.pools(waiting);
        let mut input = Input {
            jobs: Vec::new(),
            slots: pools.iter().map(|pool| SlotClass { slots: pool.slots(), tier: pool.tier as u8 }).collect(),
            types: self.limits.types(),
            providers: self.limits.providers(),
            room: if blocker.is_some() { 0 } else { self.limits.total() },
        };
        let offer = Offer::new(self.config, &pools);
        let mut known: HashMap<ClassKey<'_>, usize> = HashMap::new();
        let mut classes = Classes::default();
        let mut queue: Vec<usize> = Vec::new();
        for (job, _) in waiting.iter().zip(needs_executor).filter(|(_, needs)| **needs) {
            let number = || classes.number_of(queue.len(), || self.class(job, &offer));
            let class = *known.entry(self.class_key(job)).or_insert_with(number);
            queue.push(class);
        }
        let too_many_from = classes.too_many_from();
        input.jobs = classes.into_jobs();
        let jobs = queue.len();
        self.add_at_hand(&pools, &mut input, &mut queue);
        if let Some(scout) = scout {
            input.jobs.push(scout.clone());
            queue.push(input.jobs.len() - 1);
        }
        let outcome = assign(&input, &queue);
        let mut placement = self.read_out(pools, &outcome, jobs, scout);
        let mut places = std::mem::take(&mut placement.places).into_iter();
        placement.places =
            needs_executor.iter().map(|needs| if *needs { places.next().flatten() } else { None }).collect();
        let mut placed = (0..waiting.len()).filter(|&job| needs_executor[job]);
        let hurried_from = outcome.hurried_from.into_iter().chain(too_many_from).min();
        placement.hurried_from = hurried_from.map(|job| placed.nth(job).unwrap_or(waiting.len()));
        placement
    }

    /// All executors that are there or on their way, equal ones together.
    fn pools(&self, waiting: &[Waiting<'_>]) -> Vec<ExecutorPool<'a>> {
        let named = self.named_nodes(waiting);
        let overdue = self.overdue();
        let mut found: BTreeMap<PoolKey<'a>, ExecutorPool<'a>> = BTreeMap::new();
        for (node, identity) in &self.fleet.nodes {
            let machine = identity.machine();
            let Some((tier, slots)) = self.slots_of(node, machine) else { continue };
            let node_type = machine.map(|machine| &self.fleet.machines[machine].node_type);
            let kind = node_type.and_then(|name| self.config.node_type(name));
            let wholly_ours = machine.is_some() && node.idle;
            let free_since = self.state.nodes.get(&node.name).and_then(|node| node.free_since).unwrap_or(self.now);
            let standing = Standing {
                long_free: !wholly_ours && self.now.duration_since(free_since) > PASSED_OVER_AFTER,
                overdue: machine.is_some_and(|machine| overdue.contains(&machine)),
                fresh: machine.is_some_and(|machine| self.is_fresh(machine)),
                outdated: machine.is_some_and(|machine| self.is_outdated(machine)),
            };
            let special = named.contains(node.name.as_str()).then_some(&node.name);
            let labels = node.labels.iter().map(String::as_str).filter(|label| *label != node.name.as_str());
            let key = (tier, node_type, labels.collect(), special, standing);
            let new = || ExecutorPool::new(tier, Sample::Node(node, kind), standing);
            let pool = found.entry(key).or_insert_with(new);
            pool.members.push((Place::Node { name: node.name.clone(), machine }, slots));
        }
        for (index, (machine, classified)) in self.fleet.classified().enumerate() {
            let Some(kind) = self.config.node_type(&machine.node_type) else { continue };
            // One that is online already, though its cloud still says that it is built, has its slots above.
            let late = || lateness::is_late(self.state, machine) || self.limits.is_refused_floating_ip(&machine.id);
            if matches!(classified.phase, Phase::OnItsWay(_)) && !machine.is_online() && !late() {
                let standing = Standing::default();
                let key = (Tier::OnItsWay, Some(&kind.name), Vec::new(), None, standing);
                let new = || ExecutorPool::new(Tier::OnItsWay, Sample::Type(kind), standing);
                let pool = found.entry(key).or_insert_with(new);
                pool.members.push((Place::Coming { machine: index }, kind.executors));
            }
        }
        found.into_values().collect()
    }

    /// Names of nodes that some job speaks of: such a node is not the same as others with its labels.
    fn named_nodes<'w>(&self, waiting: &'w [Waiting<'_>]) -> HashSet<&'w str> {
        let nodes: HashSet<&str> = self.fleet.nodes.iter().map(|(node, _)| node.name.as_str()).collect();
        let mut named: HashSet<&str> = HashSet::new();
        for job in waiting {
            named.extend(job.refusing.iter().map(NodeName::as_str));
            match &job.need {
                Need::Label(label) => label.each_atom(&mut |atom| {
                    if nodes.contains(atom) {
                        named.insert(atom);
                    }
                }),
                Need::Node { name, .. } => {
                    named.insert(name.as_str());
                }
                Need::Anywhere => {}
            }
        }
        named
    }

    /// The tier and number of slots that a node offers, if any.
    fn slots_of(&self, node: &Node, machine: Option<usize>) -> Option<(Tier, u32)> {
        let is_idle = node.presence == Presence::Online && node.idle_executors > 0;
        let idle = is_idle.then_some((Tier::Idle, node.idle_executors));
        let Some(index) = machine else {
            return idle;
        };
        let machine = &self.fleet.machines[index];
        match *self.fleet.phase(index) {
            Phase::Draining => {
                let active = machine.server().is_some_and(|server| server.state == ServerState::Active);
                let comes_back = can_come_back(self.config, self.state, machine, node);
                (active && comes_back).then_some((Tier::Draining, node.executors))
            }
            Phase::LeftAlone(Rule::Deleting | Rule::Gone) | Phase::ToRemove(_) => None,
            Phase::Idle { .. } | Phase::LeftAlone(_) | Phase::OnItsWay(_) => idle,
        }
    }

    /// Machines that were kept for jobs for one grace time beyond their own. They go, but for as many as are kept at
    /// hand, and for those that cannot be removed: those take jobs, too.
    fn overdue(&self) -> BTreeSet<usize> {
        let mut long = Vec::new();
        let mut at_hand: BTreeMap<&NodeTypeName, u32> = BTreeMap::new();
        for (index, (machine, classified)) in self.fleet.classified().enumerate() {
            let Phase::Idle { idle, confirmed } = classified.phase else { continue };
            if self.is_outdated(index) {
                continue;
            }
            let stays = || self.rights.forbidden(machine).or_else(|| self.rights.refused(machine)).is_some();
            if confirmed && idle >= self.config.times(&machine.node_type).idle_grace * 2 && !stays() {
                long.push((index, &machine.node_type));
            } else {
                *at_hand.entry(&machine.node_type).or_default() += 1;
            }
        }
        let beyond = |(index, node_type): (usize, &'a NodeTypeName)| {
            let kept = at_hand.entry(node_type).or_default();
            *kept += 1;
            let wanted = self
                .at_hand
                .get(node_type)
                .map_or(0, |wanted| wanted.keep.saturating_add(wanted.group.saturating_sub(1)));
            (*kept > wanted).then_some(index)
        };
        long.into_iter().filter_map(beyond).collect()
    }

    /// Online and wholly idle for the first time, as far as two sightings can be told apart.
    fn is_fresh(&self, machine: usize) -> bool {
        let joined_at = self.state.servers.get(&self.fleet.machines[machine].id).and_then(|server| server.joined_at);
        matches!(self.fleet.phase(machine), Phase::Idle { .. })
            && joined_at.is_some_and(|joined| self.now.duration_since(joined) < mismatch::IDLE_BESIDE)
    }

    /// Whether its node lacks a label of its type, and the configuration has changed since its order: the next one has it. Where
    /// servers never come with a label that the configuration promises, another one would lack it as well.
    pub(crate) fn is_outdated(&self, machine: usize) -> bool {
        let machine = &self.fleet.machines[machine];
        let is_older = matches!(machine.origin, Origin::Ordered(run) if run < self.state.configured_in);
        let has_all =
            |kind: &NodeType| machine.nodes.is_empty() || machine.nodes.iter().any(|node| kind.labels_are_on(node));
        is_older && self.config.node_type(&machine.node_type).is_some_and(|kind| !has_all(kind))
    }

    fn class_key<'j>(&self, job: &'j Waiting<'_>) -> ClassKey<'j> {
        let young = self.config.node_types.iter().enumerate();
        ClassKey {
            need: &job.need,
            refusing: &job.refusing,
            mismatched: &job.mismatched,
            refused_by: &job.refused_by,
            waited_long: self.waited_long(job),
            seen_before: self.seen_before(job),
            young: young.filter(|(_, kind)| job.waited < kind.times.stuck_after).map(|(index, _)| index).collect(),
        }
    }

    fn waited_long(&self, job: &Waiting<'_>) -> bool {
        self.now.duration_since(job.seen_since) > PASSED_OVER_AFTER
    }

    fn seen_before(&self, job: &Waiting<'_>) -> bool {
        job.seen_since < self.now
    }

    /// The slots and node types that accept a job.
    fn class(&self, job: &Waiting<'_>, offer: &Offer<'_>) -> JobClass {
        let mut slots = offer.nodes.fulfilling(job);
        if self.seen_before(job) {
            let mut promised = offer.nodes.of_types_that_serve(job);
            promised.retain(&offer.fresh);
            slots.join(&promised);
        }
        slots.subtract(&offer.nodes.refusing(job));
        slots.subtract(&offer.overdue);
        if self.waited_long(job) {
            slots.subtract(&offer.long_free);
        }
        let serving = offer.coming.iter().zip(&job.served_by).filter(|(_, served)| **served);
        serving.for_each(|(coming, _)| slots.join(coming));
        for name in &job.mismatched {
            let of_type = offer.nodes.index_of(name).map(|index| &offer.coming[index]);
            offer.nodes.of_type(name).into_iter().chain(of_type).for_each(|pools| slots.subtract(pools));
        }
        let types = 0..self.config.node_types.len();
        JobClass { slots, types: types.filter(|&index| self.may_order(job, index).is_none()).collect() }
    }

    /// Why no server of the type with this index, which would do, is ordered for a job; none where it may be.
    pub(crate) fn may_order(&self, job: &Waiting<'_>, index: usize) -> Option<Rule> {
        let kind = &self.config.node_types[index];
        if !job.served_by[index] {
            Some(Rule::NoNodeType)
        } else if job.mismatched.contains(&kind.name) || job.refused_by.contains(&kind.name) {
            Some(Rule::InVain)
        } else if job.waited < kind.times.stuck_after {
            Some(Rule::TooYoung)
        } else {
            None
        }
    }

    /// Idle nodes that are wanted at hand are jobs of their own, placed after all others.
    fn add_at_hand(&self, pools: &[ExecutorPool<'_>], input: &mut Input, queue: &mut Vec<usize>) {
        for (index, kind) in self.config.node_types.iter().enumerate() {
            let AtHand { order, .. } = self.wanted_at_hand(kind);
            if order == 0 {
                continue;
            }
            let of_type = |pool: &ExecutorPool<'_>| match pool.sample {
                Sample::Node(_, node_kind) => node_kind.is_some_and(|node_kind| node_kind.name == kind.name),
                Sample::Type(coming) => coming.name == kind.name,
            };
            // One that is being retired comes back for a job only.
            let at_hand =
                |pool: &ExecutorPool<'_>| pool.tier != Tier::Draining && !pool.standing.outdated && of_type(pool);
            let slots: Selection = (0..pools.len()).filter(|&pool| at_hand(&pools[pool])).collect();
            input.jobs.push(JobClass { slots, types: vec![index] });
            let number = order.min(self.config.max_servers).saturating_mul(kind.executors);
            queue.extend((0..number).map(|_| input.jobs.len() - 1));
        }
    }

    /// A server of the first type that serves jobs without a label, else of the first type.
    pub(super) fn scout(&self) -> JobClass {
        let all = || 0..self.config.node_types.len();
        let unlabelled = all().filter(|&index| self.config.node_types[index].unlabelled);
        let others = all().filter(|&index| !self.config.node_types[index].unlabelled);
        JobClass { slots: Selection::default(), types: unlabelled.chain(others).collect() }
    }
}

/// What makes two jobs the same to every slot.
#[derive(PartialEq, Eq, Hash)]
struct ClassKey<'j> {
    need: &'j Need,
    refusing: &'j BTreeSet<NodeName>,
    mismatched: &'j BTreeSet<NodeTypeName>,
    refused_by: &'j BTreeSet<NodeTypeName>,
    waited_long: bool,
    seen_before: bool,
    young: Vec<usize>,
}
