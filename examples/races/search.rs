//! All races of one and of two nodes, and random ones of larger fleets.

use crate::arena::{Arena, Arrival};

/// How many races there were, and in how many of them a build kept a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Races.
    pub(crate) races: usize,
    /// Races in which at least one node stayed.
    pub(crate) kept: usize,
}

impl Tally {
    fn count(&mut self, stayed: usize) {
        self.races += 1;
        self.kept += usize::from(stayed > 0);
    }
}

/// Every arrival on one node, each with every end. With two executors as well.
pub(crate) fn one_node(arena: &Arena) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for executors in [1, 2] {
        let requests = arena.race(1, executors, &[])?.requests;
        for before in 0..requests {
            for ends in (before + 1..requests).map(Some).chain([None]) {
                tally.count(arena.race(1, executors, &[Arrival { node: 0, before, ends }])?.stayed);
            }
        }
    }
    Ok(tally)
}

/// Every pair of arrivals on two nodes, from the given request on; with `ends` each with every end.
pub(crate) fn two_nodes(arena: &Arena, from: usize, with_ends: bool) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let requests = arena.race(2, 1, &[])?.requests;
    let on_one = |node: usize| {
        let moments = (from..requests).flat_map(move |before| {
            let ends = (before + 1..requests).filter(move |_| with_ends).map(Some).chain([None]);
            ends.map(move |ends| Some(Arrival { node, before, ends }))
        });
        moments.chain([None]).collect::<Vec<_>>()
    };
    for first in on_one(0) {
        for second in on_one(1) {
            let arrivals: Vec<Arrival> = first.into_iter().chain(second).collect();
            tally.count(arena.race(2, 1, &arrivals)?.stayed);
        }
    }
    Ok(tally)
}

/// So many random races of three to eight nodes.
pub(crate) fn random(arena: &Arena, seed: u64, count: usize) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let mut chance = seed;
    // A linear congruential generator (Knuth, MMIX); its upper bits are good enough to choose by.
    let mut below = |end: usize| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((chance >> 33) % end as u64).unwrap_or_default()
    };
    for number in 0..count {
        let (nodes, executors) = (3 + below(6), 1 + below(2));
        // Reads, then six requests for each node and three for all.
        let requests = 5 + 8 * nodes;
        let arrivals: Vec<Arrival> = (0..1 + below(2 * nodes))
            .map(|_| {
                let before = below(requests);
                let ends = (below(3) == 0).then(|| before + 1 + below(requests - before));
                Arrival { node: below(nodes), before, ends }
            })
            .collect();
        let outcome = arena.race(nodes, executors, &arrivals);
        tally.count(outcome.map_err(|error| format!("seed {seed}, race {number}: {error}"))?.stayed);
    }
    Ok(tally)
}
