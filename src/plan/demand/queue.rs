//! Which queue items wait for an executor, what each needs, and which node types turned out not to serve it.

use crate::config::{Config, NodeType};
use crate::domain::label::Carriers;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::shared::SharedMap;
use crate::domain::state::{Credit, ItemMemory, State};
use crate::domain::why::Why;
use crate::domain::world::{Mode, Queue, QueueItem, Stage, Task, World};
use crate::plan::demand::mismatch;
use crate::plan::demand::need;
use crate::plan::demand::need::{NodeIndex, OurNames, Reading};
use crate::plan::demand::waiting::Waiting;
use crate::plan::lifecycle::ClassifiedFleet;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::model::{Subject, Verdict};
use crate::plan::sightings::RESUMING;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An item that is pending in every run for this long is a left-over of a restart of Jenkins, and waits in truth.
const PENDING_LONG: SignedDuration = SignedDuration::from_mins(5);

/// A gap between two runs counts for half of this: a clock that jumps ahead twice does not make a pipeline too old to resume.
const GAPS_COUNT: SignedDuration = SignedDuration::from_mins(4);

/// The queue, read.
#[derive(Debug, Default)]
pub(crate) struct Demand<'a> {
    /// Items that count, the oldest first.
    pub(crate) waiting: Vec<Waiting<'a>>,
    /// Items whose label Jenkins does not show while it has no agents.
    pub(crate) hidden: Vec<&'a QueueItem>,
    /// Nodes that pipelines wait for by name, to go on there.
    pub(crate) named: BTreeSet<NodeName>,
    /// Machines (indices) that these nodes may be: none is removed for the time being.
    pub(crate) waited_for: BTreeSet<usize>,
    /// What is to be said of all other items.
    pub(crate) verdicts: Vec<Verdict>,
}

/// A verdict on a queue item.
pub(crate) fn verdict(item: &QueueItem, rule: Rule, reason: impl Into<String>) -> Verdict {
    Verdict {
        subject: Subject::QueueItem,
        id: item.id.to_string(),
        name: item.name().into_owned(),
        rule,
        reason: reason.into(),
    }
}

/// Reads the queue, and remembers with each item what was read.
pub(crate) fn read<'a>(
    config: &Config,
    world: &'a World,
    state: &mut State,
    fleet: &ClassifiedFleet<'_>,
    now: Timestamp,
) -> Demand<'a> {
    let since_queue = state.since_queue.map(|since| since.seen_again(now, GAPS_COUNT));
    state.since_queue = since_queue;
    let Some(queue) = world.jenkins.queue.complete() else {
        forget_pending(state);
        return Demand::default();
    };
    state.since_queue = Some(Credit::begin(now));
    let mut items: Vec<&QueueItem> = queue.items.iter().collect();
    items.sort_by_key(|item| (item.in_queue_since.is_none(), item.in_queue_since, item.id));
    let taking_work = world.jenkins.mode.complete() == Some(&Mode::Running) && state.settling.is_none();
    let before = std::mem::take(&mut state.queue);
    let left_out: BTreeSet<u64> = queue.left_out.iter().flatten().copied().collect();
    let mut reader = Reader {
        config,
        fleet,
        queue,
        nodes: NodeIndex::new(world.jenkins.nodes.complete().map_or(&[], Vec::as_slice)),
        ours: OurNames::of(config, state, fleet),
        types: Carriers::new(config.node_types.iter().map(NodeType::all_labels)),
        long_labels: LongLabels::within(config.deadline),
        taking_work,
        now,
        demand: Demand::default(),
    };
    let mut queued: Vec<(u64, Arc<ItemMemory>)> = Vec::with_capacity(items.len());
    for item in items {
        let known = before.get(&item.id).filter(|known| !known.is_of_another(item));
        let mut known = ItemMemory {
            need: known.and_then(|known| known.need.clone()),
            waiting_since: known.and_then(|known| known.waiting_since),
            pending_since: known.and_then(|known| known.pending_since),
            since_absent: since_absent(item, known, since_queue, now),
            left_out: left_out.contains(&item.id),
            page_read_in: known.and_then(|known| known.page_read_in),
            ..ItemMemory::of(item)
        };
        if queue.pages_read.contains(&item.id) {
            known.page_read_in = Some(state.run);
        }
        reader.read(item, &mut known);
        queued.push((item.id, before.share(&item.id, known)));
    }
    if queue.left_out.is_none() {
        let listed: BTreeSet<u64> = queued.iter().map(|(id, _)| *id).collect();
        let hidden = before.iter().filter(|(id, known)| known.left_out && !listed.contains(id));
        queued.extend(hidden.map(|(id, known)| (*id, before.share(id, known.clone()))));
    }
    let mut demand = reader.demand;
    state.queue = queued.into_iter().collect::<SharedMap<_, _>>().into();
    mismatch::learn(config, state, fleet, &mut demand.waiting, taking_work, now);
    // If Jenkins is restarted now, the build goes on there all the same.
    for node in &demand.named {
        if let Some(known) = state.nodes.get_mut(node) {
            known.worked_at = Some(now);
        }
    }
    demand
}

/// The time since the last queue that lacked the item: for as long as it tells whether a pipeline may still resume.
fn since_absent(
    item: &QueueItem,
    known: Option<&ItemMemory>,
    since_queue: Option<Credit>,
    now: Timestamp,
) -> Option<Credit> {
    let since = match known {
        Some(known) => known.since_absent.map(|since| since.seen_again(now, GAPS_COUNT)),
        None => since_queue,
    };
    since.filter(|since| item.task == Task::Pipeline && since.credit < RESUMING)
}

/// No item was seen pending in this run.
fn forget_pending(state: &mut State) {
    if state.queue.values().any(|item| item.pending_since.is_some()) {
        state.queue.values_mut().for_each(|item| item.pending_since = None);
    }
}

/// Reads item after item into the demand.
struct Reader<'a, 'c> {
    config: &'c Config,
    fleet: &'c ClassifiedFleet<'c>,
    queue: &'a Queue,
    nodes: NodeIndex<'a>,
    ours: OurNames<'c>,
    types: Carriers<'c>,
    long_labels: LongLabels,
    taking_work: bool,
    now: Timestamp,
    demand: Demand<'a>,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, item: &'a QueueItem, known: &mut ItemMemory) {
        match stage(item, known, self.taking_work, self.now) {
            Ok(seen_since) => self.read_waiting(item, known, seen_since),
            Err((rule, reason)) => self.report(item, rule, reason),
        }
    }

    /// An item that waits for an executor.
    fn read_waiting(&mut self, item: &'a QueueItem, known: &mut ItemMemory, seen_since: Timestamp) {
        let why = Why::read(item.why.as_deref());
        let age = self.queue.age(item);
        let by_our_clock = |since: Timestamp| self.now.duration_since(since).max(SignedDuration::ZERO);
        // At least the time for which mita saw it wait: Jenkins may not say, or its clock may be ahead.
        let waited = by_our_clock(seen_since).max(age.or(item.in_queue_since.map(by_our_clock)).unwrap_or_default());
        // Too long a time would take a node from a build that resumes there: neither a difference of the clocks nor a jump of
        // ours must lengthen it. Without Jenkins' clock, only what mita saw counts; and the `Date` of a proxy may be ahead.
        let resuming_for = known.at_most(age.unwrap_or_else(|| by_our_clock(seen_since)));
        let named = need::waits_for(&self.ours, &self.nodes, item, &why, known.need.as_ref(), resuming_for);
        let servers = named.as_ref().map(|node| self.ours.machines(node)).unwrap_or_default();
        self.demand.waited_for.extend(&servers);
        self.demand.named.extend(named.clone());
        let reading = if self.long_labels.may_read(item) {
            // The page was read after the queue. It must not make another item of one that may resume.
            let is_same = |shown: &&str| named.as_ref().is_none_or(|node| *shown == node.as_str());
            let shown = self.queue.shown_labels.get(&item.id).map(String::as_str).filter(is_same);
            need::read(&self.ours, &self.nodes, item, &why, known.need.as_ref(), shown, resuming_for)
        } else {
            Reading::TooLong
        };
        // A node that takes no other build any more still takes this one: no server is ordered in its place. One that is
        // away comes back for a block that goes on there, and for no other.
        let resumes = named.as_ref().is_some_and(|node| self.ours.may_have_restarted(node, resuming_for));
        let is_kept_for_it = servers.iter().any(|server| match self.fleet.phase(*server) {
            Phase::ToRemove(rule) => resumes || rule.is_last() || *rule == Rule::Asked,
            _ => false,
        });
        let reading = match (named, reading) {
            (Some(node), Reading::Known(_)) if is_kept_for_it => Reading::Resuming(node),
            (_, reading) => reading,
        };
        match reading {
            Reading::Known(need) => {
                known.need = Some(need.clone());
                self.demand.waiting.push(Waiting {
                    item,
                    served_by: need.served_by(&self.types, &self.config.node_types),
                    need,
                    waited,
                    seen_since,
                    refusing: need::refusing(&why),
                    mismatched: BTreeSet::new(),
                    refused_by: BTreeSet::new(),
                });
            }
            Reading::Hidden => self.demand.hidden.push(item),
            Reading::Resuming(node) => {
                let reason = format!("resumes after a restart of Jenkins and waits for node {node} itself");
                self.report(item, Rule::Resuming, reason);
            }
            Reading::Unknown if why == Why::QuietingDown => {
                self.report(item, Rule::QuietingDown, "Jenkins is about to shut down");
            }
            Reading::Unknown if why == Why::Absent && known.left_out => {
                let reason = "Jenkins fails to tell why it waits: see its log, a cloud plugin may be the cause";
                self.report(item, Rule::UnknownNeed, reason);
            }
            Reading::Unknown => self.report(item, Rule::UnknownNeed, format!("Jenkins says: {}", item.said())),
            Reading::TooLong => {
                known.need = None;
                let reason = format!("its label is too long to be read; Jenkins says: {}", item.said());
                self.report(item, Rule::UnknownNeed, reason);
            }
        }
    }

    fn report(&mut self, item: &QueueItem, rule: Rule, reason: impl Into<String>) {
        self.demand.verdicts.push(verdict(item, rule, reason));
    }
}

/// Long labels are read as far as the deadline allows, those of the oldest items first; all others are read in any case.
struct LongLabels {
    left: usize,
}

impl LongLabels {
    /// A text of this length is long, in bytes.
    const LONG: usize = 4 * 1024;

    /// Bytes for each second of the deadline. A release build reads them in a small part of it.
    const EACH_SECOND: usize = 256 * 1024;

    fn within(deadline: SignedDuration) -> Self {
        Self { left: usize::try_from(deadline.as_secs()).unwrap_or(0).saturating_mul(Self::EACH_SECOND) }
    }

    fn may_read(&mut self, item: &QueueItem) -> bool {
        let label = match &item.task {
            Task::Project { label } | Task::Flyweight { label } => label.as_deref().map_or(0, str::len),
            Task::Pipeline | Task::Matrix { .. } | Task::Unknown => 0,
        };
        let length = label.max(item.why.as_deref().map_or(0, str::len));
        if length < Self::LONG {
            return true;
        }
        let enough = length <= self.left;
        self.left = self.left.saturating_sub(length);
        enough
    }
}

/// Since when the item is seen waiting for an executor, or why it is not.
fn stage(
    item: &QueueItem,
    known: &mut ItemMemory,
    taking_work: bool,
    now: Timestamp,
) -> Result<Timestamp, (Rule, String)> {
    let pending_since = known.pending_since.take();
    match item.stage {
        Stage::Waiting => {
            known.waiting_since = None;
            return Err((Rule::QuietPeriod, item.said().into_owned()));
        }
        Stage::Blocked => {
            known.waiting_since = None;
            return Err((Rule::Blocked, item.said().into_owned()));
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
        // A node that is idle beside it now proves nothing.
        known.waiting_since = None;
        return Ok(now);
    }
    Ok(*known.waiting_since.get_or_insert(now))
}
