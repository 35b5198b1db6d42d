//! Servers that joined and servers that failed, each counted once: for the breakers of their node types, and for the
//! last failure that a person is shown.

use super::ClassifiedFleet;
use super::phase::Phase;
use crate::domain::rule::Rule;
use crate::domain::state::{ServerFailure, State};
use crate::plan::sightings::breaker;
use jiff::Timestamp;

/// A server that joined closes the breaker of its type, one that failed opens it; each is counted once. Where a run
/// sees both, the failure is the later word.
pub(crate) fn count(memory: &mut State, fleet: &ClassifiedFleet<'_>, now: Timestamp) {
    let mut failures = Vec::new();
    for (machine, classified) in fleet.classified() {
        let Some(seen) = memory.servers.get_mut(&machine.id) else { continue };
        let busy = classified.phase == Phase::LeftAlone(Rule::Busy);
        let failed = match classified.phase {
            Phase::ToRemove(rule) => rule.is_failure().then_some(rule),
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } | Phase::Draining => None,
        };
        if seen.joined_at == Some(now) || busy && seen.failure_counted {
            seen.failure_counted = false;
            if let Some(took) = seen.under_way.filter(|_| seen.joined_at == Some(now)) {
                memory.learned.joined(&machine.provider, &machine.node_type, took);
            }
            breaker::succeeded(memory, &machine.provider, &machine.node_type);
        } else if let Some(rule) = failed.filter(|_| !seen.failure_counted) {
            seen.failure_counted = true;
            failures.push((machine, rule, &classified.reason));
        }
    }
    for (machine, rule, reason) in failures {
        breaker::failed(memory, &machine.provider, &machine.node_type, reason, now);
        let failure = ServerFailure {
            at: now,
            id: machine.id.clone(),
            name: machine.name.clone(),
            server_id: machine.server_id.clone(),
            rule,
            reason: reason.clone(),
            console: Vec::new(),
        };
        memory.failures.entry(machine.provider.clone()).or_default().insert(machine.node_type.clone(), failure);
    }
}
