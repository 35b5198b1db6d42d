//! Node types that turned out not to serve a job, whatever their labels say: one of their nodes stood idle beside it.

use super::waiting::Waiting;
use crate::config::Config;
use crate::domain::format::{shortened, span};
use crate::domain::label::Carriers;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::selection::Selection;
use crate::domain::state::{ClosedNode, Mismatch, NodeMemory, Origin, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::Fleet;
use crate::plan::lifecycle::ClassifiedFleet;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::sightings::MISMATCH_LASTS;
use foldhash::{HashMap, HashMapExt};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How far apart two sightings of an idle node beside a waiting job must be to tell that it does not take it. Jenkins
/// looks at its queue every five seconds (hudson/model/Queue.java, MaintainTask).
pub(crate) const IDLE_BESIDE: SignedDuration = SignedDuration::from_secs(10);

/// Of jobs whose items have left the queue, so much is remembered: so many, with labels of so many bytes each.
const MOST_LEFT: usize = 500;
const LONGEST_LEFT: usize = 4 * 1024;

/// How much of Jenkins' words is remembered, in characters.
const SHOWN: usize = 300;

/// Notes which types stood idle beside a waiting job that they were thought to serve, and applies what is known.
pub(crate) fn learn(
    config: &Config,
    state: &mut State,
    fleet: &ClassifiedFleet<'_>,
    waiting: &mut [Waiting<'_>],
    taking_work: bool,
    now: Timestamp,
) {
    forget_what_was_taken(state, fleet, now);
    let witnesses = Witnesses::of(state, fleet);
    let mut accepting: HashMap<&Need, Selection> = HashMap::new();
    let mut known: HashMap<(&str, &Need), BTreeSet<NodeTypeName>> = HashMap::new();
    for mismatch in &state.mismatches {
        known.entry((&mismatch.job, &mismatch.need)).or_default().insert(mismatch.node_type.clone());
    }
    let mut learned = Vec::new();
    let mut mismatched = Vec::new();
    for job in waiting.iter() {
        let this = (job.item.job.as_str(), &job.need);
        let mut refused_by = BTreeSet::new();
        for (kind, served) in config.node_types.iter().zip(&job.served_by) {
            if !served || !witnesses.has_idle(&kind.name) {
                continue;
            }
            let accepting = accepting.entry(&job.need).or_insert_with(|| witnesses.accepting(config, job));
            if witnesses.refuse(&kind.name, accepting, job) {
                refused_by.insert(kind.name.clone());
            }
            let Some(since) = witnesses.idle_since(&kind.name, accepting, job) else { continue };
            let beside = now.duration_since(since.max(job.seen_since));
            if taking_work && beside >= IDLE_BESIDE && known.entry(this).or_default().insert(kind.name.clone()) {
                learned.push(Mismatch {
                    job: job.item.job.clone(),
                    need: job.need.clone(),
                    node_type: kind.name.clone(),
                    item: Some(job.item.id),
                    until: now + MISMATCH_LASTS,
                    why: shortened(job.item.why.as_deref().unwrap_or_default(), SHOWN).into_owned(),
                });
            }
        }
        mismatched.push((known.get(&this).cloned().unwrap_or_default(), refused_by));
    }
    waiting.iter_mut().zip(mismatched).for_each(|(job, found)| (job.mismatched, job.refused_by) = found);
    state.mismatches.extend(learned);
    forget_most_that_left(state);
}

/// Bounds what is known of jobs whose queue items have left: anybody may queue and cancel jobs with ever new labels.
fn forget_most_that_left(state: &mut State) {
    let queue = &state.queue;
    let mut left = 0;
    let mut keep = |mismatch: &Mismatch| {
        if mismatch.item.is_some_and(|item| queue.contains_key(&item)) {
            return true;
        }
        left += 1;
        left <= MOST_LEFT && mismatch.need.to_string().len() <= LONGEST_LEFT
    };
    // The last learned are at the end.
    let kept: Vec<bool> = state.mismatches.iter().rev().map(&mut keep).collect();
    let mut kept = kept.into_iter().rev();
    state.mismatches.retain(|_| kept.next().unwrap_or(true));
}

/// Removes each mismatch whose queue item left the queue while a node of the type began to work: that node may have taken it.
fn forget_what_was_taken(state: &mut State, fleet: &Fleet<'_>, now: Timestamp) {
    let at_work = |node: &&Node| !node.idle || state.nodes.get(&node.name).is_some_and(|it| it.worked_at == Some(now));
    let working: BTreeSet<&NodeTypeName> = fleet
        .machines
        .iter()
        .filter(|machine| machine.nodes.iter().any(at_work))
        .map(|machine| &machine.node_type)
        .collect();
    let queue = &state.queue;
    let is_there = |mismatch: &Mismatch, item: u64| {
        let known = queue.get(&item).map(|item| item.job.as_deref());
        known.is_some_and(|job| job.is_none_or(|job| shortened(&mismatch.job, SHOWN) == job))
    };
    let has_left = |mismatch: &Mismatch| mismatch.item.is_some_and(|item| !is_there(mismatch, item));
    state.mismatches.retain(|mismatch| !(has_left(mismatch) && working.contains(&mismatch.node_type)));
}

/// Online nodes of ours: the idle ones among them tell what their types do not serve.
struct Witnesses<'f> {
    nodes: Vec<Witness<'f>>,
    by_labels: Carriers<'f>,
    by_name: HashMap<&'f NodeName, usize>,
    of_type: BTreeMap<&'f NodeTypeName, OfType>,
}

/// The nodes of a type, by their numbers.
#[derive(Default)]
struct OfType {
    all: Selection,
    /// Those that stand wholly idle and have not worked since: since when, the longest first. A node without executors is idle
    /// for no job.
    idle: Vec<(Timestamp, usize)>,
}

struct Witness<'f> {
    node: &'f Node,
    node_type: &'f NodeTypeName,
    ordered_at: Timestamp,
    /// Whether it was ordered under another configuration, which may have promised other labels.
    is_older: bool,
}

impl<'f> Witnesses<'f> {
    fn of(state: &State, fleet: &'f ClassifiedFleet<'_>) -> Self {
        let mut nodes = Vec::new();
        let mut of_type: BTreeMap<&NodeTypeName, OfType> = BTreeMap::new();
        for (machine, classified) in fleet.classified() {
            let is_idle = matches!(classified.phase, Phase::Idle { .. });
            let is_older = matches!(machine.origin, Origin::Ordered(run) if run < state.configured_in);
            let (node_type, ordered_at) = (&machine.node_type, machine.ordered_at);
            // One that was closed by a run that is forgotten has no label to speak for, and takes no job.
            let may_speak =
                |node: &&Node| node.presence == Presence::Online && !node.labels.contains(ClosedNode::LABEL);
            for node in machine.nodes.iter().copied().filter(may_speak) {
                let of_type = of_type.entry(node_type).or_default();
                let known = state.nodes.get(&node.name).filter(|_| is_idle && node.idle_executors > 0);
                let since = |known: &NodeMemory| {
                    let worked = known.worked_at.unwrap_or(Timestamp::MIN);
                    known.idle.map(|idle| idle.first.max(worked))
                };
                of_type.all.add(nodes.len());
                of_type.idle.extend(known.and_then(since).map(|since| (since, nodes.len())));
                nodes.push(Witness { node, node_type, ordered_at, is_older });
            }
        }
        of_type.values_mut().for_each(|of_type| of_type.idle.sort_unstable());
        let by_labels = Carriers::new(nodes.iter().map(|witness| witness.node.labels.iter().map(String::as_str)));
        let by_name = nodes.iter().enumerate().map(|(number, witness)| (&witness.node.name, number)).collect();
        Self { nodes, by_labels, by_name, of_type }
    }

    fn has_idle(&self, node_type: &NodeTypeName) -> bool {
        self.of_type.get(node_type).is_some_and(|of_type| !of_type.idle.is_empty())
    }

    /// Those whose labels fulfil what the job needs.
    fn accepting(&self, config: &Config, job: &Waiting<'_>) -> Selection {
        let those = |accepts: &dyn Fn(&Witness<'_>) -> bool| {
            (0..self.nodes.len()).filter(|&number| accepts(&self.nodes[number])).collect()
        };
        match &job.need {
            Need::Label(label) => self.by_labels.select(label),
            Need::Node { name, .. } => {
                let types = config.node_types.iter().zip(&job.served_by).filter(|(_, served)| **served);
                let types: BTreeSet<&NodeTypeName> = types.map(|(kind, _)| &kind.name).collect();
                those(&|witness| witness.node.name == *name || types.contains(witness.node_type))
            }
            Need::Anywhere => those(&|witness| config.node_type(witness.node_type).is_none_or(|kind| kind.unlabelled)),
        }
    }

    /// Whether a node speaks for its type to a job. One that lacks what the job needs does so if it was ordered while the job
    /// waited: the next one would lack it as well. Any other may have been changed by a person, or the type was: it speaks
    /// only if no other node of the type has what is needed, and if it was ordered under this configuration.
    fn speaks(&self, number: usize, accepting: &Selection, job: &Waiting<'_>) -> bool {
        let Witness { node_type, ordered_at, is_older, .. } = self.nodes[number];
        let of_type = self.of_type.get(node_type);
        let is_there = || of_type.is_some_and(|of_type| accepting.common(&of_type.all).next().is_some());
        accepting.contains(number) || ordered_at >= job.seen_since || !is_older && !is_there()
    }

    /// Since when a node of the type is idle that speaks for it to this job.
    fn idle_since(&self, node_type: &NodeTypeName, accepting: &Selection, job: &Waiting<'_>) -> Option<Timestamp> {
        let idle = &self.of_type.get(node_type)?.idle;
        idle.iter().find(|(_, number)| self.speaks(*number, accepting, job)).map(|(since, _)| *since)
    }

    /// Whether an idle node that speaks for the type to this job refuses it by name.
    fn refuse(&self, node_type: &NodeTypeName, accepting: &Selection, job: &Waiting<'_>) -> bool {
        let Some(OfType { idle, .. }) = self.of_type.get(node_type) else { return false };
        let refusing: BTreeSet<usize> =
            job.refusing.iter().filter_map(|node| self.by_name.get(node)).copied().collect();
        let counts = |number: &usize| refusing.contains(number) && self.speaks(*number, accepting, job);
        !refusing.is_empty() && idle.iter().any(|(_, number)| counts(number))
    }
}

/// The node types that turned out not to serve a job, by job and need.
pub(crate) struct Mismatches<'a> {
    known: HashMap<(&'a str, &'a Need), Vec<&'a Mismatch>>,
}

impl<'a> Mismatches<'a> {
    pub(crate) fn of(state: &'a State) -> Self {
        let mut known: HashMap<_, Vec<&Mismatch>> = HashMap::new();
        for mismatch in &state.mismatches {
            known.entry((mismatch.job.as_str(), &mismatch.need)).or_default().push(mismatch);
        }
        Self { known }
    }

    /// Why node types that fit the job do not serve it, in words.
    pub(crate) fn reason(&self, job: &Waiting<'_>, now: Timestamp) -> String {
        let mismatch = self.known.get(&(job.item.job.as_str(), &job.need)).into_iter().flatten();
        let reasons = mismatch.map(|mismatch| {
            let left = span(mismatch.until.duration_since(now));
            format!(
                "{} stood idle beside it and was not taken; Jenkins says: {}; tried again in {left}",
                mismatch.node_type, mismatch.why
            )
        });
        reasons.collect::<Vec<_>>().join("; ")
    }
}
