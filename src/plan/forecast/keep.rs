//! `idle_grace = "auto"`: how long the n-th server of a type is kept after its last use, and when it is had back.
//!
//! Past gaps between its uses say what each choice would have cost: idle seconds, and for each use that found no server a boot
//! and the wait of a job, which ends with the boot or with a server that gets free before. The cheapest choice is taken.

use crate::domain::state::{GAPS_KEPT, Level};

/// All in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    /// From order to online.
    pub(super) boot: u32,
    /// In which use usually changes by one: a server gets free, or is not needed any more.
    pub(super) change: u32,
    /// From one run to the next.
    pub(super) interval: u32,
    /// Idle seconds that a second of waiting is worth.
    pub(super) wait_cost: u32,
    /// How long a server is kept while little is known.
    pub(super) at_first: u32,
}

/// When a server is wanted after its last use: from one age until another, in seconds. From 0 on: it is kept all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: u32,
    pub(crate) until: u32,
    /// How many of the known gaps ended within it.
    pub(crate) hits: usize,
    /// How many gaps are known.
    pub(crate) known: usize,
    /// How many of these are gaps of its neighbours.
    pub(crate) of_others: usize,
}

/// Fewer gaps say nothing.
const ENOUGH: usize = 3;

/// The same where most are gaps of its neighbours.
const ENOUGH_OF_OTHERS: usize = 8;

/// So many servers below one, and as many above it, are its neighbours.
const NEIGHBOURS: usize = 3;

/// A server is kept for no longer than this.
const LONGEST: u32 = 3600;

/// Gaps that are longer are no reason to keep a server or to have it back.
const LONGEST_GAP: u32 = 3 * LONGEST;

/// As many gaps without an end as are added to those that are known: few gaps do not prove much, and what they say of a
/// server that stands idle all the time is soon out of date.
const DOUBT: f64 = 4.0;

/// The same for a server that is had back: uses that come at the same age are no accident.
const DOUBT_OF_RETURN: f64 = 1.0;

/// A server that is had back within this time is not let go before, in seconds.
const SOON: u64 = 200;

/// To let a server go for less time than this, and a boot, is not worth it.
const SHORTEST_ABSENCE: u32 = 600;

/// The window of the server with this index. Neighbours are used alike: while few gaps of a server are known, their last ones
/// count, too, the nearest first.
fn window_of(levels: &[Level], index: usize, costs: Costs) -> Window {
    let neighbours = (1..=NEIGHBOURS).flat_map(|far| [index.checked_sub(far), index.checked_add(far)]).flatten();
    let of_others = neighbours.filter_map(|other| levels.get(other)).flat_map(|other| other.gaps.iter().rev());
    let own = &levels[index].gaps;
    let gaps: Vec<u32> = own.iter().chain(of_others).take(GAPS_KEPT).copied().collect();
    let (known, of_others) = (gaps.len(), gaps.len().saturating_sub(own.len()));
    if own.len() < ENOUGH && known < ENOUGH_OF_OTHERS {
        return Window { from: 0, until: costs.at_first, hits: 0, known, of_others };
    }
    Window { of_others, ..cheapest(&gaps, costs) }
}

/// The cheapest window for these gaps.
fn cheapest(gaps: &[u32], costs: Costs) -> Window {
    let known = gaps.len();
    let mut ends: Vec<u32> = gaps.iter().map(|gap| gap + costs.interval).filter(|end| *end <= LONGEST_GAP).collect();
    ends.push(0);
    ends.sort_unstable();
    ends.dedup();
    let mut best = Window { from: 0, until: 0, hits: 0, known, of_others: 0 };
    let mut least = f64::MAX;
    for &until in &ends {
        for &start in std::iter::once(&0).chain(ends.iter().filter(|start| **start <= until)) {
            let from = start.saturating_sub(2 * costs.interval);
            let from = if from < costs.boot + costs.interval + SHORTEST_ABSENCE { 0 } else { from };
            if until - from.min(until) > LONGEST {
                continue;
            }
            let hits = gaps.iter().filter(|gap| (from..=until).contains(gap)).count();
            let cost = cost(gaps, from, until, costs);
            if cost < least - 1e-6 && (from == 0 || hits >= ENOUGH) {
                least = cost;
                best = Window { from, until, hits, ..best };
            }
        }
    }
    best
}

/// What the window would have cost, a gap.
fn cost(gaps: &[u32], from: u32, until: u32, costs: Costs) -> f64 {
    let (boot, half) = (f64::from(costs.boot), f64::from(costs.interval) / 2.0);
    let miss = boot + f64::from(costs.wait_cost) * (boot.min(f64::from(costs.change)) + half);
    let idle = f64::from(until.saturating_sub(from));
    let again = if from > 0 { boot + 2.0 * half } else { 0.0 };
    let of_gap = |gap: &u32| match *gap {
        gap if gap < from => miss,
        gap if gap <= until => f64::from(gap - from) + again,
        _ => idle + miss + if idle > 0.0 { again } else { 0.0 },
    };
    let sum: f64 = gaps.iter().map(of_gap).sum();
    let doubt = if from > 0 { DOUBT_OF_RETURN } else { DOUBT };
    (sum + (idle + miss) * doubt) / (gaps.len() as f64 + doubt)
}

/// How many servers are wanted in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The number that is wanted now, and why.
    pub(super) now: Option<(u32, Window)>,
    /// The number that is wanted now or soon: none of these goes.
    pub(super) soon: u32,
}

/// How many servers are wanted, for those that were used before: the highest that is wanted, with all below it, since they
/// come first. `used` servers are in use: those below need no reason.
pub(super) fn servers(levels: &[Level], used: u32, clock: u64, costs: Costs) -> Wanted {
    let first = usize::try_from(used).unwrap_or(usize::MAX).min(levels.len());
    let mut wanted = Wanted::default();
    for (index, level) in levels.iter().enumerate().skip(first).rev() {
        let age = clock.saturating_sub(level.last);
        if age > u64::from(LONGEST_GAP) + u64::from(LONGEST) {
            continue;
        }
        let window = window_of(levels, index, costs);
        let lead = u64::from(costs.boot + costs.interval);
        let from = if window.from == 0 { 0 } else { u64::from(window.from).saturating_sub(lead) };
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if (from.saturating_sub(SOON)..=u64::from(window.until)).contains(&age) {
            wanted.soon = wanted.soon.max(number);
            if age >= from {
                wanted.now = Some((number, window));
                break;
            }
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = Costs { boot: 140, change: 3600, interval: 30, wait_cost: 20, at_first: 2400 };

    #[test]
    fn a_server_is_kept_through_gaps_that_end_soon_and_let_go_where_most_do_not() {
        let soon = cheapest(&[600, 700, 650, 620].repeat(6), COSTS);
        assert_eq!((soon.from, soon.until, soon.hits), (0, 730, 24));
        let late = cheapest(&[10_000, 12_000, 13_000, 11_000], COSTS);
        assert_eq!((late.from, late.until), (0, 0));
    }

    #[test]
    fn a_server_that_is_used_each_hour_is_let_go_and_had_back_before() {
        let hourly = cheapest(&[3120; 6], COSTS);
        assert_eq!((hourly.from, hourly.until), (3090, 3150));
        let level = Level { last: 1000, gaps: vec![3120; 6] };
        let wanted = |age: u64| servers(std::slice::from_ref(&level), 0, 1000 + age, COSTS);
        let now = [0, 600, 2900, 2930, 3150, 3180].map(|age| wanted(age).now.is_some());
        assert_eq!(now, [false, false, false, true, true, false]);
        let soon = [0, 2700, 2720, 2930, 3150, 3180].map(|age| wanted(age).soon);
        assert_eq!(soon, [0, 0, 1, 1, 1, 0]);
    }

    /// As many gaps of each server, of ten minutes: the window of the last one.
    fn of_last(gaps: &[usize]) -> Window {
        let level = |gaps: &usize| Level { last: 0, gaps: vec![600; *gaps] };
        let levels: Vec<Level> = gaps.iter().map(level).collect();
        window_of(&levels, levels.len() - 1, COSTS)
    }

    #[test]
    fn fewer_than_three_gaps_leave_it_at_the_fixed_grace() {
        assert_eq!(of_last(&[2]), Window { from: 0, until: 2400, hits: 0, known: 2, of_others: 0 });
        assert_eq!(of_last(&[3]).known, 3);
        assert_ne!(of_last(&[3]).until, 2400);
    }

    #[test]
    fn the_gaps_of_neighbours_count_for_a_server_of_which_few_are_known() {
        assert_eq!(of_last(&[3, 4, 0]), Window { from: 0, until: 2400, hits: 0, known: 7, of_others: 7 });
        assert_eq!(of_last(&[4, 4, 0]), Window { from: 0, until: 630, hits: 8, known: 8, of_others: 8 });
        assert_eq!((of_last(&[24, 24, 23]).of_others, of_last(&[24, 24, 24]).of_others), (1, 0));
        assert_eq!(of_last(&[24, 0, 0, 0, 0]).known, 0, "the fourth below is no neighbour");
    }

    #[test]
    fn what_waiting_costs_decides_how_long_a_server_is_kept() {
        let gaps = [[100, 200, 300, 400], [500, 600, 12_000, 12_000]].concat().repeat(3);
        let until = |wait_cost| cheapest(&gaps, Costs { wait_cost, ..COSTS }).until;
        assert_eq!((until(0), until(20)), (0, 630));
    }

    #[test]
    fn a_job_waits_no_longer_than_until_another_server_gets_free_however_slow_a_boot_is() {
        let gaps = [[600, 700, 800, 900], [1000, 12_000, 12_000, 12_000]].concat().repeat(3);
        let until = |boot, change| cheapest(&gaps, Costs { boot, change, ..COSTS }).until;
        assert_eq!((until(280, 3600), until(280, 40), until(560, 40)), (1030, 0, 0));
    }

    #[test]
    fn the_highest_server_that_is_wanted_brings_those_below_it() {
        let level = |last, gaps: &[u32]| Level { last, gaps: gaps.to_vec() };
        let levels = [level(1000, &[60; 5]), level(0, &[9000; 5]), level(900, &[400; 5])];
        assert_eq!(servers(&levels, 0, 1010, COSTS).now.map(|(number, _)| number), Some(3));
        assert_eq!(servers(&levels, 3, 1010, COSTS), Wanted::default());
        assert_eq!(servers(&levels, 0, 8000, COSTS), Wanted::default());
    }
}
