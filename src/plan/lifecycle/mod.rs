//! Step 3: in which phase each server is, and which servers joined or failed.

pub mod arrivals;
mod crowd;
pub(crate) mod grace;
pub(crate) mod last_build;
pub(crate) mod lateness;
pub(crate) mod lock;
pub(crate) mod outcomes;
pub mod phase;
pub(crate) mod restoring;
mod shield;

use crate::config::Config;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::plan::identity::fleet::Fleet;
use jiff::Timestamp;
use phase::{Classified, Classifier};

/// The phase of each server of the fleet, in its order.
pub(crate) fn classify(
    config: &Config,
    world: &World,
    memory: &State,
    fleet: &Fleet<'_>,
    now: Timestamp,
) -> Vec<Classified> {
    let classifier = Classifier { config, world, memory, now };
    let mut phases: Vec<Classified> = fleet.machines.iter().map(|machine| classifier.classify(machine)).collect();
    crowd::count(&classifier, fleet, &mut phases);
    // What is locked stays anyway: it needs no node that shields it.
    for (machine, classified) in fleet.machines.iter().zip(&mut phases) {
        lock::hold(memory, machine, now, classified);
    }
    shield::shield(&classifier, fleet, &mut phases);
    phases
}
