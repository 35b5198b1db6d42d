//! What to do: `Config, World, State, now -> Plan`. Pure: no clock, no network, no log; the same input gives the same
//! plan.
//!
//! Each step imports only those before it:
//!
//! | step | question |
//! | --- | --- |
//! | [`identity`] | which server is ours, and which Jenkins node is which server? |
//! | [`sightings`] | what does this run add to the state? |
//! | [`lifecycle`] | what phase is each server in? |
//! | [`demand`] | which jobs wait, and what does each need? |
//! | [`forecast`] | how many servers should be at hand before anybody asks? |
//! | [`capacity`] | which executors are there, which may be ordered, and which job gets which? |
//! | [`decisions`] | so what is done, and why? |
//! | [`text`] | how does a person read it? |

pub mod capacity;
pub mod decisions;
pub mod demand;
pub mod forecast;
pub mod identity;
pub mod lifecycle;
pub mod model;
pub mod sightings;
pub mod text;

#[cfg(test)]
mod tests;

pub use identity::closed::Inputs;

use crate::config::Config;
use crate::domain::names::{MitaId, NodeTypeName};
use crate::domain::state::State;
use crate::domain::world::{Quotas, World};
use capacity::blocker::ordering_blocker;
use capacity::limits::Limits;
use capacity::supply::Supply;
use decisions::findings::Findings;
use demand::queue::Demand;
use jiff::Timestamp;
use lifecycle::ClassifiedFleet;
use lifecycle::rights::Rights;
use model::{Action, AtHand, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// The plan of a run.
pub fn plan(config: &Config, world: &World, state: &State, now: Timestamp) -> Plan {
    let inputs = Inputs::of(world, state);
    Known::of(config, &inputs, now).plan(&world.quotas())
}

/// Orders once more in the same run, with what the refusal of the first ones taught. Nothing is sighted or counted a
/// second time, and nothing else is decided anew. The ids that were `tried` are used up: each may have left a node.
pub fn plan_again(config: &Config, world: &World, state: &State, tried: &BTreeSet<MitaId>, now: Timestamp) -> Plan {
    let inputs = Inputs::of(world, state);
    let (world, state) = (&*inputs.world, &*inputs.state);
    let fleet = identity::identify(config, world, state);
    let fleet = lifecycle::classify(config, world, state, fleet, now);
    let known = Known::with_demand(config, world, state.clone(), fleet, now);
    let mut plan = known.decide(&world.quotas(), tried);
    plan.actions.retain(Action::is_order);
    decisions::commitments::commit(config, world, &mut plan.state, &plan.actions, now);
    plan
}

/// All that is known before anything is decided: steps 1 to 5. It does not depend on quotas.
pub struct Known<'a> {
    config: &'a Config,
    world: &'a World,
    fleet: ClassifiedFleet<'a>,
    demand: Demand<'a>,
    at_hand: BTreeMap<NodeTypeName, AtHand>,
    state: State,
    now: Timestamp,
}

impl<'a> Known<'a> {
    /// What the run knows by what it saw.
    pub fn of(config: &'a Config, Inputs { world, state }: &'a Inputs<'_>, now: Timestamp) -> Self {
        let fleet = identity::identify(config, world, state);
        let mut after = sightings::add(config, world, state, &fleet, now);
        let fleet = lifecycle::classify(config, world, &after, fleet, now);
        lifecycle::outcomes::count(&mut after, state, &fleet, now);
        if world.jenkins.nodes.complete().is_some() {
            lifecycle::outcomes::remember_shields(config, &mut after, &fleet, now);
        }
        Self::with_demand(config, world, after, fleet, now)
    }

    fn with_demand(
        config: &'a Config,
        world: &'a World,
        mut state: State,
        fleet: ClassifiedFleet<'a>,
        now: Timestamp,
    ) -> Self {
        let demand = demand::queue::read(config, world, &mut state, &fleet, now);
        let used = forecast::usage::used(config, world, &fleet, &demand);
        forecast::usage::count(config, &mut state, &used, now);
        let at_hand = forecast::wanted_at_hand(config, &mut state, &used, now);
        Self { config, world, fleet, demand, at_hand, state, now }
    }

    /// The plan with these quotas. A provider without one has room for all.
    pub fn plan(&self, quotas: &Quotas) -> Plan {
        let mut plan = self.decide(quotas, &BTreeSet::new());
        decisions::commitments::commit(self.config, self.world, &mut plan.state, &plan.actions, self.now);
        plan
    }

    fn decide(&self, quotas: &Quotas, tried: &BTreeSet<MitaId>) -> Plan {
        let Self { config, world, fleet, demand, at_hand, now, .. } = self;
        let (config, world, now) = (*config, *world, *now);
        let mut state = self.state.clone();
        let blocker = ordering_blocker(world, &state);
        let limits = Limits::new(config, world, quotas, &state, fleet, now);
        let rights = Rights::new(world, &state, now);
        let supply = Supply { config, state: &state, fleet, rights: &rights, limits: &limits, at_hand, now };
        let placement = supply.assign(demand, blocker.as_ref());
        let ids = decisions::order_ids::order_ids(world, &state, tried, now, placement.orders.len());
        let found =
            Findings { world, supply: &supply, demand, placement: &placement, blocker: blocker.as_ref(), ids: &ids };
        let mut decided = decisions::decide(&found);
        decided.shorten();
        // In a large farm this is as much as was decided.
        drop((supply, placement));
        decisions::lasting::report(&mut state, &mut decided, now);
        let mut problems = text::problems::problems(config, world, &state, fleet);
        problems.extend(decided.problems);
        let mut plan = Plan {
            owner: config.owner.clone(),
            now,
            actions: decided.actions,
            verdicts: decided.verdicts,
            problems,
            warnings: Vec::new(),
            held_back: Vec::new(),
            at_hand: at_hand.clone(),
            closed_nodes_draw_jobs: demand.waiting.iter().any(|waiting| waiting.need.accepts_closed_node()),
            state,
        };
        text::warnings::warn(config, world, fleet, decided.warnings, &mut plan);
        plan
    }
}
