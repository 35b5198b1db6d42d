//! Node types that turned out not to serve a job, whatever their labels say: one of their nodes stood idle beside it.

use super::waiting::Waiting;
use crate::config::Config;
use crate::domain::format::{shortened, span};
use crate::domain::names::NodeTypeName;
use crate::domain::need::Need;
use crate::domain::state::{Mismatch, State};
use crate::domain::world::Node;
use crate::plan::identity::fleet::Fleet;
use crate::plan::lifecycle::phase::{Classified, Phase};
use crate::plan::sightings::MISMATCH_LASTS;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How far apart two sightings of an idle node beside a waiting job must be to tell that it does not take it. Jenkins
/// looks at its queue every five seconds (hudson/model/Queue.java, MaintainTask).
pub(crate) const IDLE_BESIDE: SignedDuration = SignedDuration::from_secs(10);

/// How much of Jenkins' words is remembered, in characters.
const SHOWN: usize = 300;

/// Notes which types stood idle beside a waiting job that they were thought to serve, and applies what is known.
pub(crate) fn learn(
    config: &Config,
    memory: &mut State,
    fleet: &Fleet<'_>,
    phases: &[Classified],
    waiting: &mut [Waiting<'_>],
    taking_work: bool,
    now: Timestamp,
) {
    forget_what_was_taken(memory, fleet, now);
    let idle_since = idle_since(memory, fleet, phases);
    let mut known: HashMap<(&str, &Need), BTreeSet<NodeTypeName>> = HashMap::new();
    for mismatch in &memory.mismatches {
        known.entry((&mismatch.job, &mismatch.need)).or_default().insert(mismatch.node_type.clone());
    }
    let mut learned = Vec::new();
    let mut mismatched = Vec::new();
    for job in waiting.iter() {
        let types = known.entry((&job.item.job, &job.need)).or_default();
        for (kind, served) in config.node_types.iter().zip(&job.served_by) {
            let Some(&since) = idle_since.get(&kind.name) else { continue };
            let beside = now.duration_since(since.max(job.seen_since));
            if taking_work && *served && beside >= IDLE_BESIDE && types.insert(kind.name.clone()) {
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
        mismatched.push(types.clone());
    }
    waiting.iter_mut().zip(mismatched).for_each(|(job, types)| job.mismatched = types);
    memory.mismatches.extend(learned);
}

/// Removes each mismatch whose queue item left the queue while a node of the type began to work: that node may have taken it.
fn forget_what_was_taken(memory: &mut State, fleet: &Fleet<'_>, now: Timestamp) {
    let at_work = |node: &&Node| !node.idle || memory.nodes.get(&node.name).is_some_and(|it| it.worked_at == Some(now));
    let working: BTreeSet<&NodeTypeName> = fleet
        .machines
        .iter()
        .filter(|machine| machine.nodes.iter().any(at_work))
        .map(|machine| &machine.node_type)
        .collect();
    let queue = &memory.queue;
    let is_there = |mismatch: &Mismatch, item: u64| {
        let known = queue.get(&item).map(|item| item.job.as_deref());
        known.is_some_and(|job| job.is_none_or(|job| shortened(&mismatch.job, SHOWN) == job))
    };
    let has_left = |mismatch: &Mismatch| mismatch.item.is_some_and(|item| !is_there(mismatch, item));
    memory.mismatches.retain(|mismatch| !(has_left(mismatch) && working.contains(&mismatch.node_type)));
}

/// Since when a node of each type is seen wholly idle, and has not worked.
fn idle_since<'f>(
    memory: &State,
    fleet: &'f Fleet<'_>,
    phases: &[Classified],
) -> BTreeMap<&'f NodeTypeName, Timestamp> {
    let mut idle_since: BTreeMap<&NodeTypeName, Timestamp> = BTreeMap::new();
    for (machine, classified) in fleet.machines.iter().zip(phases) {
        if !matches!(classified.phase, Phase::Idle { .. }) {
            continue;
        }
        let first = |node: &&Node| {
            let known = memory.nodes.get(&node.name)?;
            Some((*known.idle)?.first.max(known.worked_at.unwrap_or(Timestamp::MIN)))
        };
        if let Some(first) = machine.nodes.iter().filter_map(first).min() {
            let since = idle_since.entry(&machine.node_type).or_insert(first);
            *since = first.min(*since);
        }
    }
    idle_since
}

/// The node types that turned out not to serve a job, by job and need.
pub(crate) struct Mismatches<'a> {
    known: HashMap<(&'a str, &'a Need), Vec<&'a Mismatch>>,
}

impl<'a> Mismatches<'a> {
    pub(crate) fn of(memory: &'a State) -> Self {
        let mut known: HashMap<_, Vec<&Mismatch>> = HashMap::new();
        for mismatch in &memory.mismatches {
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
