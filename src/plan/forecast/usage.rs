//! How each node type is used: counted once in each run, for types with a forecast alone.

use super::ahead;
use crate::config::{Config, NodeType};
use crate::domain::names::NodeTypeName;
use crate::domain::rule::Rule;
use crate::domain::state::{BIN, GAPS_KEPT, LEVELS_KEPT, LONGEST_GAP, Level, State, Usage};
use crate::domain::world::World;
use crate::plan::demand::queue::Demand;
use crate::plan::lifecycle::ClassifiedFleet;
use crate::plan::lifecycle::phase::Phase;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Seconds over which the executors in use are smoothed.
const SMOOTHED_OVER: u64 = 1800;

/// The same for the change in half a minute; less where mita began to learn since then.
const CHANGE_SMOOTHED_OVER: u64 = 2700;

/// What is in use of a node type at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Executors: busy ones, and those that jobs wait for.
    pub(crate) executors: u32,
    /// Servers at work, and those that the waiting jobs need.
    pub(crate) servers: u32,
    /// Servers at work, and idle ones.
    pub(crate) there: u32,
    /// Whether one goes now because a person asked for that.
    pub(crate) goes_on_request: bool,
}

/// What is in use of each type with a forecast; nothing where the queue or the nodes were not seen.
pub(crate) fn used(
    config: &Config,
    world: &World,
    fleet: &ClassifiedFleet<'_>,
    demand: &Demand<'_>,
) -> BTreeMap<NodeTypeName, Used> {
    let kinds: Vec<&NodeType> = config.node_types.iter().filter(|kind| !kind.forecast.is_off()).collect();
    let mut used: BTreeMap<NodeTypeName, Used> =
        kinds.iter().map(|kind| (kind.name.clone(), Used::default())).collect();
    if world.jenkins.queue.complete().is_none() || world.jenkins.nodes.complete().is_none() {
        return BTreeMap::new();
    }
    if kinds.is_empty() {
        return used;
    }
    for (machine, classified) in fleet.classified() {
        let Some(used) = used.get_mut(&machine.node_type) else { continue };
        match classified.phase {
            Phase::LeftAlone(Rule::Busy) => {
                let busy = machine.nodes.iter().map(|node| node.executors.saturating_sub(node.idle_executors));
                used.executors = used.executors.saturating_add(busy.fold(0_u32, u32::saturating_add).max(1));
                used.servers = used.servers.saturating_add(1);
                used.there = used.there.saturating_add(1);
            }
            Phase::Idle { .. } => used.there = used.there.saturating_add(1),
            Phase::ToRemove(Rule::Asked) => used.goes_on_request = true,
            _ => {}
        }
    }
    for (kind, jobs) in waiting(config, demand) {
        if let Some(used) = used.get_mut(&kind.name) {
            used.executors = used.executors.saturating_add(jobs);
            used.servers = used.servers.saturating_add(jobs.div_ceil(kind.executors.max(1)));
        }
    }
    used
}

/// How many jobs wait for each type: each job counts for the first that may serve it.
fn waiting<'c>(config: &'c Config, demand: &Demand<'_>) -> Vec<(&'c NodeType, u32)> {
    let all = &config.node_types;
    let mut jobs = vec![0_u32; all.len()];
    for job in &demand.waiting {
        let serves = |kind: &NodeType| !job.mismatched.contains(&kind.name) && job.waited >= kind.times.stuck_after;
        if let Some(index) = (0..all.len()).find(|&index| job.served_by[index] && serves(&all[index])) {
            jobs[index] = jobs[index].saturating_add(1);
        }
    }
    all.iter().zip(jobs).filter(|(_, jobs)| *jobs > 0).collect()
}

/// Adds this run to what is known of each type. A second plan of the same run adds nothing.
pub(crate) fn count(config: &Config, state: &mut State, used: &BTreeMap<NodeTypeName, Used>, now: Timestamp) {
    let learned = &mut state.learned;
    let nothing_seen = used.is_empty() && config.node_types.iter().any(|kind| !kind.forecast.is_off());
    if learned.counted_in == state.run || nothing_seen {
        return;
    }
    learned.counted_in = state.run;
    learned.usage.retain(|name, _| used.contains_key(name));
    for kind in &config.node_types {
        let Some(used) = used.get(&kind.name) else { continue };
        let clock = learned.clock;
        let usage = learned.usage.entry(kind.name.clone()).or_insert_with(|| at_first(*used, clock));
        smooth(usage, used.executors, learned.clock, learned.passed);
        let most = kind.max.unwrap_or(config.max_servers).min(config.max_servers);
        let servers = used.servers.min(most);
        note_uses(usage, servers, learned.clock, learned.passed);
        if let Some(ahead) = kind.forecast.ahead {
            usage.peaks.note(now.as_second().div_euclid(BIN), servers, ahead::bins_kept(ahead.days()));
        }
    }
}

/// What is thought of a type of which nothing is known, as after a loss of the state: its servers were all used a moment ago,
/// and as many executors as now are in use on average. The first job of a new type says nothing of those to come.
fn at_first(used: Used, clock: u64) -> Usage {
    let there = usize::try_from(used.there).unwrap_or(usize::MAX).min(LEVELS_KEPT);
    let average = if there == 0 { 0 } else { u64::from(used.executors) };
    Usage {
        average: average * 1_000_000,
        used: used.executors,
        levels: vec![Level { last: clock, gaps: Vec::new() }; there],
        ..Usage::default()
    }
}

fn smooth(usage: &mut Usage, executors: u32, clock: u64, passed: u32) {
    let smoothed = |before: u64, now: u32, millionths: u64, over: u64| {
        let passed = u64::from(passed).min(over);
        (before * (over - passed) + u64::from(now) * millionths * passed) / over
    };
    // Of jobs that come by chance, use changes with the root of the time.
    let to_half_minute = (30 * 1_000_000_000_000 / u64::from(passed.max(1))).isqrt();
    usage.average = smoothed(usage.average, executors, 1_000_000, SMOOTHED_OVER);
    let change = executors.abs_diff(usage.used);
    usage.change = smoothed(usage.change, change, to_half_minute, CHANGE_SMOOTHED_OVER.min(clock.max(1)));
    usage.used = executors;
}

/// A gap between two uses ends where a server was not in use in the run before.
fn note_uses(usage: &mut Usage, servers: u32, clock: u64, passed: u32) {
    let servers = usize::try_from(servers).unwrap_or(usize::MAX).min(LEVELS_KEPT);
    for index in 0..servers {
        let Some(level) = usage.levels.get_mut(index) else {
            usage.levels.push(Level { last: clock, gaps: Vec::new() });
            continue;
        };
        let gap = clock.saturating_sub(level.last);
        if gap > u64::from(passed) {
            level.gaps.push(u32::try_from(gap).unwrap_or(LONGEST_GAP).min(LONGEST_GAP));
            let too_many = level.gaps.len().saturating_sub(GAPS_KEPT);
            level.gaps.drain(..too_many);
        }
        level.last = clock;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_from_run_to_run_is_large_where_jobs_are_short_and_small_where_they_are_long() {
        let change = |used: fn(u32) -> u32| {
            let mut usage = Usage::default();
            (1..1000).for_each(|run| smooth(&mut usage, used(run), 30 * u64::from(run), 30));
            (usage.average / 100_000, usage.change / 100_000)
        };
        assert_eq!(change(|run| if run.is_multiple_of(2) { 6 } else { 2 }), (39, 39));
        assert_eq!(change(|run| if (run / 100).is_multiple_of(2) { 6 } else { 2 }).1, 0);
    }

    #[test]
    fn the_change_since_mita_began_to_learn_is_not_that_of_hours() {
        let mut usage = Usage { used: 2, ..Usage::default() };
        (0..=20_u32).for_each(|run| smooth(&mut usage, 2 + u32::from(run % 2 == 1), 30 * u64::from(run), 30));
        assert_eq!(usage.change / 10_000, 100);
    }
}
