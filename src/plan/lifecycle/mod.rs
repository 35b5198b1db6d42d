//! Step 3: what phase each server is in, and which of them joined or failed.

pub(crate) mod lock;
pub(crate) mod outcomes;
pub mod phase;
pub(crate) mod restoring;

use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::plan::identity::fleet::Fleet;
use crate::plan::identity::unconventional;
use jiff::Timestamp;
use phase::{Classified, Classifier, Phase};

/// The phase of each server of the fleet, in its order.
pub(crate) fn classify(
    config: &Config,
    world: &World,
    memory: &State,
    fleet: &Fleet<'_>,
    now: Timestamp,
) -> Vec<Classified> {
    let classifier = Classifier { config, world, memory, now };
    let mut phases: Vec<Classified> = fleet.machines.iter().map(|machine| classifier.classify(machine, None)).collect();
    let never_joined = |phase: &Phase| *phase == Phase::ToRemove(Rule::NeverJoined);
    let alone = (0..phases.len()).filter(|&machine| never_joined(&phases[machine].phase)).collect();
    for (machine, node) in unconventional::pair(config, memory, fleet, alone) {
        phases[machine] = classifier.classify(&fleet.machines[machine], Some(node));
    }
    for (machine, classified) in fleet.machines.iter().zip(&mut phases) {
        lock::hold(memory, machine, now, classified);
    }
    phases
}
