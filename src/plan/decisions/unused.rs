//! Limits and quotas at which jobs wait, where no server of ours makes room by itself (L6).

use super::draft::Draft;
use super::findings::Findings;
use super::lasting::TOO_LONG;
use super::lost;
use crate::config::NodeType;
use crate::domain::format::span;
use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::domain::state::SetOfflineBy;
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::placement::{Place, Placement};
use crate::plan::capacity::presumed;
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::fleet::Machine;
use crate::plan::lifecycle::lock;
use crate::plan::lifecycle::phase::Phase;
use std::collections::{BTreeMap, BTreeSet};

/// Why a server makes no room, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Held,
    Locked,
    KeptAtHand,
    Paused,
    LostAgent,
}

/// Notes each node type that a job waits for and that is blocked so.
pub(super) fn report<'f>(
    found: &Findings<'_>,
    met: impl Iterator<Item = (&'f NodeType, &'f Blocker)>,
    draft: &mut Draft,
) {
    for (kind, blocker) in met {
        let verb = match blocker.rule {
            Rule::Limit => ", by servers that make no room",
            // A refusal for a quota that mita does not read is told as such.
            Rule::Quota if blocker.failing.is_none() => ", and the servers of mita there make no room",
            _ => continue,
        };
        if let Some(counts) = counts(found, kind, blocker) {
            let unused = format!("{}{verb} ({})", blocker.reason, in_words(&counts));
            draft.filled_by_unused.insert(kind.name.clone(), unused);
        }
    }
}

/// Notes each node type that a job waits for and that is blocked where servers stand idle which no job takes. Each makes room
/// once it has been idle for its grace: used now and then for a moment, none ever does.
pub(super) fn report_idle<'f>(
    found: &Findings<'_>,
    met: impl Iterator<Item = (&'f NodeType, &'f Blocker)>,
    draft: &mut Draft,
) {
    let Supply { config, fleet, limits, .. } = *found.supply;
    let Placement { orders, places, .. } = found.placement;
    let is_ordered = |kind: &NodeType| orders.iter().any(|order| config.node_types[order.node_type].name == kind.name);
    let met: Vec<(&NodeType, &Blocker)> = met.filter(|(kind, _)| !is_ordered(kind)).collect();
    if met.is_empty() {
        return;
    }
    let taken: BTreeSet<usize> = places.iter().flatten().filter_map(Place::machine).collect();
    for (kind, blocker) in met {
        let idle = fleet.classified().enumerate().filter(|(index, (machine, classified))| {
            matches!(classified.phase, Phase::Idle { .. })
                && !taken.contains(index)
                && limits.is_filled_by(kind, blocker, machine.place())
                && why(found, kind, *index, machine).is_none()
        });
        let graces = idle.map(|(_, (machine, _))| config.times(&machine.node_type).idle_grace);
        let Some(grace) = graces.max() else { continue };
        let number = config.node_types.iter().position(|of| of.name == kind.name);
        let mut unplaced = found.demand.waiting.iter().zip(places).filter(|(_, place)| place.is_none());
        let is_starved = unplaced
            .any(|(job, _)| job.waited >= grace + TOO_LONG && number.is_some_and(|number| job.served_by[number]));
        if is_starved {
            let (reason, grace) = (&blocker.reason, span(grace));
            let what = format!(
                "{reason}, and a job has waited for longer than the idle_grace ({grace}) of servers there, of which some were idle \
                 in each run"
            );
            draft.filled_by_idle.insert(kind.name.clone(), what);
        }
    }
}

/// What fills it; none if any of it may make room.
fn counts(found: &Findings<'_>, kind: &NodeType, blocker: &Blocker) -> Option<BTreeMap<Why, u32>> {
    let Supply { config, fleet, limits, state, .. } = *found.supply;
    let mut counts = BTreeMap::new();
    for (index, (machine, classified)) in fleet.classified().enumerate() {
        let is_gone = classified.phase == Phase::LeftAlone(Rule::Gone);
        let takes_part = || blocker.rule != Rule::Limit || presumed::counts(config, state, machine, &classified.phase);
        if is_gone || !limits.is_filled_by(kind, blocker, machine.place()) || !takes_part() {
            continue;
        }
        *counts.entry(why(found, kind, index, machine)?).or_default() += 1;
    }
    for (gone, node) in limits.presumed().iter().filter(|_| blocker.rule == Rule::Limit) {
        if limits.is_filled_by(kind, blocker, (&gone.node_type, &gone.provider)) {
            let held = |node: &NodeName| state.set_offline_by(node) == Some(SetOfflineBy::Person);
            // Any other one that is idle is a problem of its own.
            let why = Some(Why::Held).filter(|_| node.idle && held(&node.name))?;
            *counts.entry(why).or_default() += 1;
        }
    }
    Some(counts).filter(|counts| !counts.is_empty())
}

/// Why a server makes no room for one of this kind; none if it may.
fn why(found: &Findings<'_>, kind: &NodeType, index: usize, machine: &Machine<'_>) -> Option<Why> {
    let Supply { fleet, state, now, .. } = *found.supply;
    let (phase, placement) = (fleet.phase(index), found.placement);
    let is_busy = *phase == Phase::LeftAlone(Rule::Busy);
    // A job for its own kind gets it once it is free.
    let serves = machine.node_type == kind.name && is_busy;
    if fleet.is_in_doubt(index) {
        None
    } else if *phase == Phase::LeftAlone(Rule::Held) {
        Some(Why::Held)
    } else if is_busy && lost::has_no_agent_at_work(machine) {
        Some(Why::LostAgent)
    } else if !serves && lock::locked(state, machine, now).is_some() {
        Some(Why::Locked)
    } else if placement.kept_ready.contains(&index) || placement.waiting_for_others.contains(&index) {
        Some(Why::KeptAtHand)
    } else if matches!(phase, Phase::Idle { .. }) && state.pause(&machine.node_type, &machine.provider).is_some() {
        Some(Why::Paused)
    } else {
        None
    }
}

fn in_words(counts: &BTreeMap<Why, u32>) -> String {
    let word = |why: &Why| match why {
        Why::Held => "held",
        Why::Locked => "locked",
        Why::KeptAtHand => "kept at hand",
        Why::Paused => "paused",
        Why::LostAgent => "whose agents are lost",
    };
    let counts: Vec<String> = counts.iter().map(|(why, number)| format!("{number} {}", word(why))).collect();
    counts.join(", ")
}
