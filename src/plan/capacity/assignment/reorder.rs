//! Other sets of orders, for a job that no path places.
//!
//! A path replaces one order by one job. That is not enough where a server has several executors and node types share a
//! limit, of a provider or of `max_servers`: then one large server may have to replace two small ones. Such sets are
//! searched, the nearest first, and all jobs are placed anew for each set. The search is limited by a count of steps,
//! not by time, so that the same input gives the same plan. Fleets of a few node types and servers are searched
//! completely (the tests compare with brute force); in larger ones, a job may wait one run longer than necessary.

use super::input::{Input, ProviderRoom, Weight};
use super::paths::Searched;
use super::seating::Seating;
use super::tally::Tally;
use std::collections::{BTreeSet, VecDeque};

/// How many sets of orders are tried for one job.
const TRIES: usize = 400;

/// Work for all jobs of a plan together, in points of the input looked at: some tenths of a second.
const EFFORT: usize = 1_000_000;

/// The search, for one plan.
pub(crate) struct Reorders {
    /// Whether a set of orders can be better than another at all.
    useful: bool,
    effort: usize,
}

impl Reorders {
    /// The search on an input that so many jobs come to.
    pub(crate) fn new(input: &Input, jobs: usize) -> Self {
        let several = input.types.iter().any(|kind| kind.executors > 1);
        Self { useful: several && shares_a_limit(input, jobs), effort: EFFORT }
    }

    /// Finds another set of orders with which everybody seated so far and one more job of the class have a seat.
    pub(crate) fn seat(&mut self, seating: &mut Seating<'_>, class: usize) -> bool {
        let job = &seating.input.jobs[class];
        if !self.useful || self.effort == 0 || job.types.is_empty() && job.slots.is_empty() {
            return false;
        }
        let everybody = everybody_and(seating, class);
        let mut known = BTreeSet::from([seating.orders.clone()]);
        let mut open = VecDeque::from([seating.orders.clone()]);
        while let Some(orders) = open.pop_front() {
            let mut fixed = Seating::with_orders(seating.input, orders.clone());
            let mut searched = Searched::nothing(self.effort);
            let mut all = everybody.iter().flat_map(|(class, number)| (0..number).map(move |_| class));
            let all_seated = all.all(|class| self.afford(points(&fixed)) && fixed.seat(class, &mut searched));
            self.effort = self.effort.min(searched.effort());
            if all_seated {
                fixed.frozen = false;
                *seating = fixed;
                seating.drop_unused();
                return true;
            }
            if self.effort == 0 {
                return false;
            }
            if known.len() == TRIES || !self.afford(neighbours(seating.input) * points(seating)) {
                continue;
            }
            for next in seating.neighbours(&orders) {
                if known.len() < TRIES && known.insert(next.clone()) {
                    open.push_back(next);
                }
            }
        }
        false
    }

    /// Pays for some work; false where too little is left to pay with.
    fn afford(&mut self, points: usize) -> bool {
        self.effort = self.effort.saturating_sub(points);
        self.effort > 0
    }
}

/// What a search on this seating may have to look at.
fn points(seating: &Seating<'_>) -> usize {
    let seated: usize = seating.on_slots.iter().chain(&seating.on_types).map(Tally::len).sum();
    seating.input.slots.len() + seating.input.types.len() + seated + 1
}

/// How many sets of orders may differ by one order.
fn neighbours(input: &Input) -> usize {
    let pairs: usize = input.types.iter().map(|kind| kind.providers.len()).sum();
    (pairs + 1) * (pairs + 1)
}

/// Whether orders of one type can take the room of another's. If not, each type has a number of executors of its own,
/// and paths alone find the best.
fn shares_a_limit(input: &Input, jobs: usize) -> bool {
    // No job needs more than one server.
    let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
    let mut everywhere = 0_u32;
    let mut at_providers: Vec<(u32, Weight)> = vec![(0, Weight::default()); input.providers.len()];
    for (node_type, kind) in input.types.iter().enumerate() {
        let most = kind.room.min(jobs);
        let mut somewhere = 0_u32;
        for &(provider, allowed) in &kind.providers {
            let here = most.min(allowed);
            somewhere = somewhere.saturating_add(here);
            let (servers, weight) = &mut at_providers[provider];
            *servers = servers.saturating_add(here);
            for (sum, each) in weight.iter_mut().zip(input.providers[provider].weights[node_type]) {
                *sum = sum.saturating_add(each.saturating_mul(u64::from(here)));
            }
        }
        everywhere = everywhere.saturating_add(most.min(somewhere));
    }
    let within = |(provider, (servers, weight)): (&ProviderRoom, &(u32, Weight))| {
        *servers <= provider.room && weight.iter().zip(provider.quota).all(|(&used, left)| used <= left)
    };
    everywhere > input.room || !input.providers.iter().zip(&at_providers).all(within)
}

/// How many jobs of each class have a seat, with one more of this class.
fn everybody_and(seating: &Seating<'_>, class: usize) -> Tally {
    let mut everybody = Tally::default();
    for (class, number) in seating.on_slots.iter().chain(&seating.on_types).flat_map(Tally::iter) {
        everybody.add_many(class, number);
    }
    everybody.add(class);
    everybody
}

impl Seating<'_> {
    /// Sets of orders within all limits that differ by one order more, or one moved, or one less.
    fn neighbours(&self, orders: &[Tally]) -> Vec<Vec<Tally>> {
        let pairs: Vec<(usize, usize)> = (self.input.types.iter().enumerate())
            .flat_map(|(node_type, kind)| kind.providers.iter().map(move |&(provider, _)| (node_type, provider)))
            .collect();
        let mut found = Vec::new();
        let gone = pairs.iter().filter(|(node_type, provider)| orders[*node_type].of(*provider) > 0).map(Some);
        for less in std::iter::once(None).chain(gone) {
            for more in pairs.iter().map(Some).chain(std::iter::once(None)) {
                let mut next = orders.to_vec();
                if let Some(&(node_type, provider)) = less {
                    next[node_type].take(provider);
                }
                if let Some(&(node_type, provider)) = more {
                    next[node_type].add(provider);
                }
                let next = Seating::with_orders(self.input, next);
                if next.is_sound() {
                    found.push(next.orders);
                }
            }
        }
        found
    }

    /// Gives up orders that no job sits on.
    fn drop_unused(&mut self) {
        for (node_type, kind) in self.input.types.iter().enumerate() {
            let needed = self.on_types[node_type].sum().div_ceil(kind.executors);
            while self.orders[node_type].sum() > needed {
                let orders = &mut self.orders[node_type];
                if !kind.providers.iter().rev().any(|&(provider, _)| orders.take(provider)) {
                    break;
                }
            }
        }
    }
}
