//! Which queue items wait for an executor, what each needs, and which node types turned out not to serve it.

use super::fleet::Fleet;
use super::need::{self, Need, OurNames, Reading, Roll};
use super::phase::{Judgement, Phase};
use super::words::span;
use super::{Rule, Subject, Verdict};
use crate::config::Config;
use crate::naming::{NodeName, NodeTypeName};
use crate::state::{ItemMemory, State, Vain};
use crate::why::Why;
use crate::world::{Mode, Node, QueueItem, Stage, World};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An item that is pending in every run for this long is a left-over of a restart of Jenkins, and waits in truth.
const PENDING_LONG: SignedDuration = SignedDuration::from_mins(5);

/// How far apart two sightings of an idle node beside a waiting job must be to tell that it does not take it. Jenkins
/// looks at its queue every five seconds (hudson/model/Queue.java, MaintainTask).
pub(super) const IDLE_BESIDE: SignedDuration = SignedDuration::from_secs(10);

/// How long a type that does not serve a job is not tried again for it.
pub(super) const VAIN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A queue item that waits for an executor.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    pub(super) item: &'a QueueItem,
    pub(super) need: Need,
    /// Time in the queue.
    pub(super) waited: SignedDuration,
    /// Since when mita sees it wait.
    pub(super) seen_since: Timestamp,
    /// Nodes that its reason says refuse it.
    pub(super) refusing: BTreeSet<NodeName>,
    /// Node types that do not serve it, whatever their labels say.
    pub(super) vain: BTreeSet<NodeTypeName>,
}

/// The queue, read.
#[derive(Debug, Default)]
pub(super) struct Demand<'a> {
    /// Items that count, the oldest first.
    pub(super) waiting: Vec<Waiting<'a>>,
    /// Items whose label Jenkins does not tell while it has no agents.
    pub(super) hidden: Vec<&'a QueueItem>,
    /// Nodes that pipelines wait for to come back.
    pub(super) resuming: BTreeSet<NodeName>,
    /// What is to be said of all other items.
    pub(super) verdicts: Vec<Verdict>,
}

/// A verdict on a queue item.
pub(super) fn verdict(item: &QueueItem, rule: Rule, reason: impl Into<String>) -> Verdict {
    Verdict {
        subject: Subject::QueueItem,
        id: item.id.to_string(),
        name: item.job.clone(),
        rule,
        reason: reason.into(),
    }
}

/// Reads the queue, and remembers with each item what was read.
pub(super) fn read<'a>(
    config: &Config,
    world: &'a World,
    memory: &mut State,
    fleet: &Fleet<'_>,
    phases: &[Judgement],
    now: Timestamp,
) -> Demand<'a> {
    let mut demand = Demand::default();
    let Some(queue) = world.jenkins.queue.complete() else { return demand };
    let nodes: &[Node] = world.jenkins.nodes.complete().map_or(&[], Vec::as_slice);
    let roll = Roll::call(nodes);
    let mut items: Vec<&QueueItem> = queue.items.iter().collect();
    items.sort_by_key(|item| (item.in_queue_since.is_none(), item.in_queue_since, item.id));
    let taking_work = world.jenkins.mode.complete() == Some(&Mode::Running) && memory.settling.is_none();
    let before = std::mem::take(&mut memory.queue);
    let ours = OurNames::of(config, memory);
    let mut queued: BTreeMap<u64, ItemMemory> = BTreeMap::new();
    for item in items {
        let mut known = before.get(&item.id).cloned().unwrap_or_default();
        let why = Why::read(item.why.as_deref());
        match stage(item, &mut known, taking_work, now) {
            Err((rule, reason)) => demand.verdicts.push(verdict(item, rule, reason)),
            Ok(seen_since) => {
                // Where Jenkins does not tell it, at least the time that mita saw it wait.
                let waited = now.duration_since(item.in_queue_since.unwrap_or(seen_since)).max(SignedDuration::ZERO);
                let reading = need::read(&ours, &roll, item, &why, known.need.as_ref(), waited);
                match reading {
                    Reading::Known(need) => {
                        known.need = Some(need.clone());
                        demand.waiting.push(Waiting {
                            item,
                            need,
                            waited,
                            seen_since,
                            refusing: need::refusing(&why),
                            vain: BTreeSet::new(),
                        });
                    }
                    Reading::Hidden => demand.hidden.push(item),
                    Reading::Resuming(node) => {
                        let reason = format!("resumes after a restart of Jenkins and waits for node {node} itself");
                        demand.verdicts.push(verdict(item, Rule::Resuming, reason));
                        demand.resuming.insert(node);
                    }
                    Reading::Unknown if why == Why::QuietingDown => {
                        demand.verdicts.push(verdict(item, Rule::QuietingDown, "Jenkins is about to shut down"));
                    }
                    Reading::Unknown => {
                        let words = item.why.as_deref().unwrap_or("no reason given");
                        demand.verdicts.push(verdict(item, Rule::UnknownNeed, format!("Jenkins says: {words}")));
                    }
                }
            }
        }
        queued.insert(item.id, known);
    }
    memory.queue = queued;
    learn_what_was_in_vain(config, memory, fleet, phases, &mut demand.waiting, taking_work, now);
    demand
}

/// Since when the item is seen waiting for an executor, or why it is not.
fn stage(
    item: &QueueItem,
    known: &mut ItemMemory,
    taking_work: bool,
    now: Timestamp,
) -> Result<Timestamp, (Rule, String)> {
    let words = || item.why.clone().unwrap_or_else(|| "no reason given".to_owned());
    let pending_since = known.pending_since.take();
    match item.stage {
        Stage::Waiting => {
            known.waiting_since = None;
            return Err((Rule::QuietPeriod, words()));
        }
        Stage::Blocked => {
            known.waiting_since = None;
            return Err((Rule::Blocked, words()));
        }
        Stage::Pending => {
            let since = pending_since.unwrap_or(now);
            known.pending_since = Some(since);
            if now.duration_since(since) < PENDING_LONG {
                known.waiting_since = None;
                return Err((Rule::Pending, "an executor is assigned to it".to_owned()));
            }
        }
        Stage::Buildable => {}
    }
    if !taking_work {
        // Whatever stands idle beside it now says nothing.
        known.waiting_since = None;
        return Ok(now);
    }
    Ok(*known.waiting_since.get_or_insert(now))
}

/// Notes which types stood idle beside a waiting job that they were thought to serve, and applies what is known.
fn learn_what_was_in_vain(
    config: &Config,
    memory: &mut State,
    fleet: &Fleet<'_>,
    phases: &[Judgement],
    waiting: &mut [Waiting<'_>],
    taking_work: bool,
    now: Timestamp,
) {
    let mut idle_since: BTreeMap<&NodeTypeName, Timestamp> = BTreeMap::new();
    for (machine, judgement) in fleet.machines.iter().zip(phases) {
        if !matches!(judgement.phase, Phase::Idle { .. }) {
            continue;
        }
        let first = |node: &&Node| memory.nodes.get(&node.name).and_then(|node| node.idle).map(|idle| idle.first);
        if let Some(first) = machine.nodes.iter().filter_map(first).min() {
            let since = idle_since.entry(&machine.node_type).or_insert(first);
            *since = first.min(*since);
        }
    }
    let mut known: HashMap<(String, Need), BTreeSet<NodeTypeName>> = HashMap::new();
    for vain in &memory.vain {
        known.entry((vain.job.clone(), vain.need.clone())).or_default().insert(vain.node_type.clone());
    }
    for job in waiting {
        let key = (job.item.job.clone(), job.need.clone());
        let types = known.entry(key).or_default();
        for kind in &config.node_types {
            let Some(&since) = idle_since.get(&kind.name) else { continue };
            let beside = now.duration_since(since.max(job.seen_since));
            let served = job.need.accepts_type(kind, &config.node_types);
            if taking_work && served && beside >= IDLE_BESIDE && types.insert(kind.name.clone()) {
                memory.vain.push(Vain {
                    job: job.item.job.clone(),
                    need: job.need.clone(),
                    node_type: kind.name.clone(),
                    until: now + VAIN_FOR,
                    why: job.item.why.clone().unwrap_or_default(),
                });
            }
        }
        job.vain.clone_from(types);
    }
}

/// What is known in vain, by job and need.
pub(super) struct InVain<'a> {
    known: HashMap<(&'a str, &'a Need), Vec<&'a Vain>>,
}

impl<'a> InVain<'a> {
    pub(super) fn of(memory: &'a State) -> Self {
        let mut known: HashMap<_, Vec<&Vain>> = HashMap::new();
        for vain in &memory.vain {
            known.entry((vain.job.as_str(), &vain.need)).or_default().push(vain);
        }
        Self { known }
    }

    /// What a job is told that nodes of its types do not take.
    pub(super) fn told(&self, job: &Waiting<'_>, now: Timestamp) -> String {
        let vain = self.known.get(&(job.item.job.as_str(), &job.need)).into_iter().flatten();
        let told = vain.map(|vain| {
            let left = span(vain.until.duration_since(now));
            format!(
                "{} stood idle beside it and was not taken; Jenkins says: {}; tried again in {left}",
                vain.node_type, vain.why
            )
        });
        told.collect::<Vec<_>>().join("; ")
    }
}
