//! Step 3: in which phase each server is, and which servers joined or failed.

pub mod arrivals;
mod classifier;
mod crowd;
pub(crate) mod doubts;
mod evidence;
pub(crate) mod last_build;
pub(crate) mod lateness;
pub(crate) mod lock;
mod never_joined;
pub(crate) mod outcomes;
pub mod phase;
pub(crate) mod restoring;
pub(crate) mod rights;
mod shield;

use crate::config::Config;
use crate::domain::names::NodeName;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::plan::identity::fleet::{Fleet, Machine};
use classifier::Classifier;
use doubts::{Doubts, OddHold};
use jiff::Timestamp;
use phase::{Classified, Phase};
use std::collections::BTreeMap;
use std::ops::Deref;

/// A fleet with the phase of each machine.
#[derive(Debug)]
pub struct ClassifiedFleet<'a> {
    fleet: Fleet<'a>,
    phases: Vec<Classified>,
    /// Nodes that keep machines (indices) and are not clearly their own.
    shields: BTreeMap<usize, NodeName>,
    /// What keeps each machine, in the order of [`Fleet::machines`].
    doubts: Vec<Doubts>,
}

impl<'a> ClassifiedFleet<'a> {
    /// Each machine with its phase, in the order of [`Fleet::machines`].
    pub(crate) fn classified(&self) -> impl Iterator<Item = (&Machine<'a>, &Classified)> {
        self.machines.iter().zip(&self.phases)
    }

    /// Machines that are left alone for nodes which are not clearly theirs, each with the evidence.
    pub(crate) fn in_doubt(&self) -> impl Iterator<Item = (&Machine<'a>, &str)> {
        let classified = self.classified().zip(&self.doubts).filter(|(_, doubts)| doubts.in_doubt);
        classified.map(|((machine, classified), _)| (machine, classified.reason.as_str()))
    }

    /// Whether only nodes keep a machine (index into [`Fleet::machines`]) that are not clearly its own.
    pub(crate) fn is_in_doubt(&self, machine: usize) -> bool {
        self.doubts[machine].in_doubt
    }

    /// The hold that keeps a machine (index into [`Fleet::machines`]), where it is not an ordinary one.
    pub(crate) fn odd_hold(&self, machine: usize) -> Option<OddHold> {
        self.doubts[machine].hold
    }

    /// The phase of a machine (index into [`Fleet::machines`]).
    pub(crate) fn phase(&self, machine: usize) -> &Phase {
        &self.phases[machine].phase
    }
}

impl<'a> Deref for ClassifiedFleet<'a> {
    type Target = Fleet<'a>;

    fn deref(&self) -> &Fleet<'a> {
        &self.fleet
    }
}

/// The phase of each machine of the fleet.
pub(crate) fn classify<'a>(
    config: &Config,
    world: &World,
    state: &State,
    fleet: Fleet<'a>,
    now: Timestamp,
) -> ClassifiedFleet<'a> {
    let classifier = Classifier { config, world, state, now };
    let mut phases: Vec<Classified> = fleet.machines.iter().map(|machine| classifier.classify(machine)).collect();
    crowd::count(&classifier, &fleet, &mut phases);
    // What is locked stays anyway: it needs no node that shields it.
    for (machine, classified) in fleet.machines.iter().zip(&mut phases) {
        lock::hold(state, machine, now, classified);
    }
    let shields = shield::shield(&classifier, &fleet, &mut phases);
    let machines = fleet.machines.iter().zip(&phases).enumerate();
    let doubts = machines
        .map(|(index, (machine, phase))| Doubts::of(&classifier, machine, phase, shields.get(&index)))
        .collect();
    ClassifiedFleet { fleet, phases, shields, doubts }
}
