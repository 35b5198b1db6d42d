//! What the result of [`super::assignment`] means: who gets which executor, what is ordered and why, and which idle servers
//! stay.

use super::assignment::input::{JobClass, Outcome, Seat};
use super::kept;
use super::placement::{Place, Placement, PlannedOrder};
use super::pool::ExecutorPool;
use super::supply::Supply;
use crate::domain::rule::Rule;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::model::AtHand;
use jiff::SignedDuration;
use std::collections::BTreeSet;

impl Supply<'_> {
    /// Reads the seats of so many jobs, of the idle nodes that are wanted at hand, and of the scout, in this order.
    pub(super) fn read_out(
        &self,
        mut pools: Vec<ExecutorPool<'_>>,
        outcome: &Outcome,
        jobs: usize,
        scout: Option<&JobClass>,
    ) -> Placement {
        self.put_ours_first(&mut pools);
        let mut seats = outcome.seats.iter().map(|seat| {
            seat.map(|seat| match seat {
                Seat::Slot(pool) => pools[pool].take(),
                Seat::Order(order) => Place::Order(order),
            })
        });
        let places: Vec<Option<Place>> = seats.by_ref().take(jobs).collect();
        let rest: Vec<Option<Place>> = seats.collect();
        let scouted = scout.and_then(|_| rest.last().and_then(order_of));
        let not_sent = scout.filter(|_| scouted.is_none()).and_then(|scout| scout.types.first());
        let (kept_ready, waiting_for_others) = self.staying(&mut pools, &rest);
        let orders = orders(outcome, &places, scouted);
        Placement {
            scout: scouted,
            no_scout: not_sent.map(|&first| self.limits.blocker(&self.config.node_types[first], &orders)),
            orders,
            hurried_from: None,
            kept_ready,
            waiting_for_others,
            places,
        }
    }

    /// Ours are taken first: they are the ones that would be retired if nobody wanted them; of these those last that would be
    /// the first to go.
    fn put_ours_first(&self, pools: &mut [ExecutorPool<'_>]) {
        for pool in pools {
            pool.members.sort_by_key(|(place, _)| match place {
                Place::Node { machine, name } => (machine.is_none(), self.idle_for(*machine), Some(name.clone())),
                Place::Coming { .. } | Place::Order(_) => (false, SignedDuration::ZERO, None),
            });
        }
    }

    /// The idle servers that are kept ready, and those that may go but wait until enough others may.
    fn staying(&self, pools: &mut [ExecutorPool<'_>], at_hand: &[Option<Place>]) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let machine = |place: &Option<Place>| match place {
            Some(Place::Node { machine, .. }) => *machine,
            Some(Place::Coming { .. } | Place::Order(_)) | None => None,
        };
        let mut kept_ready: BTreeSet<usize> = at_hand.iter().filter_map(machine).collect();
        let mut waiting_for_others = BTreeSet::new();
        for kind in &self.config.node_types {
            let AtHand { order, keep, group, .. } = self.wanted_at_hand(kind);
            let executors = keep.saturating_sub(order).saturating_mul(kind.executors);
            kept_ready.extend(kept::take(pools, kind, executors));
            let may_go = kept::left(pools, kind).into_iter();
            let may_go = may_go.filter(|machine| !kept_ready.contains(machine) && self.is_over(*machine));
            let may_go: BTreeSet<usize> = may_go.collect();
            if may_go.len() < group as usize {
                waiting_for_others.extend(may_go);
            }
        }
        (kept_ready, waiting_for_others)
    }

    /// Whether the machine has been idle for its grace time.
    fn is_over(&self, machine: usize) -> bool {
        let grace = self.config.times(&self.fleet.machines[machine].node_type).idle_grace;
        matches!(*self.fleet.phase(machine), Phase::Idle { idle, confirmed } if confirmed && idle >= grace)
    }

    fn idle_for(&self, machine: Option<usize>) -> SignedDuration {
        match machine.map(|machine| self.fleet.phase(machine)) {
            Some(Phase::Idle { idle, .. }) => *idle,
            _ => SignedDuration::ZERO,
        }
    }
}

/// What is ordered: for jobs, as a scout, or to be at hand.
fn orders(outcome: &Outcome, places: &[Option<Place>], scouted: Option<usize>) -> Vec<PlannedOrder> {
    let for_jobs: BTreeSet<usize> = places.iter().filter_map(order_of).collect();
    let rule = |order: usize| match order {
        order if for_jobs.contains(&order) => Rule::Demand,
        order if scouted == Some(order) => Rule::Scout,
        _ => Rule::MinIdle,
    };
    let planned = outcome.orders.iter().enumerate().map(|(index, order)| PlannedOrder {
        node_type: order.node_type,
        provider: order.provider,
        rule: rule(index),
    });
    planned.collect()
}

fn order_of(place: &Option<Place>) -> Option<usize> {
    match place {
        Some(Place::Order(order)) => Some(*order),
        Some(Place::Node { .. } | Place::Coming { .. }) | None => None,
    }
}
