//! Servers that joined and servers that failed, each counted once: for the breakers of their node types, and for the
//! last failure that a person is shown. And the nodes that keep servers which are not clearly their own.

use super::ClassifiedFleet;
use super::never_joined::{loss, unmarked};
use super::phase::Phase;
use crate::config::Config;
use crate::domain::names::{MitaId, NodeTypeName, ProviderName};
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, ServerFailure, ServerMemory, Shield, State};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::sightings::breaker;
use crate::plan::sightings::servers::deletion_failed;
use jiff::Timestamp;

/// A server that joined closes the breaker of its type, one that failed opens it; each is counted once. Where a run
/// sees both, the failure is the later word. `before` is the state that the run before left.
pub(crate) fn count(state: &mut State, before: &State, fleet: &ClassifiedFleet<'_>, now: Timestamp) {
    let mut failures: Vec<(ProviderName, NodeTypeName, ServerFailure)> = Vec::new();
    let failed = |machine: &Machine<'_>, rule, reason| {
        let failure = failure(&machine.id, &machine.name, rule, reason, now);
        (
            machine.provider.clone(),
            machine.node_type.clone(),
            ServerFailure { server_id: machine.server_id.clone(), ..failure },
        )
    };
    for (machine, classified) in fleet.classified() {
        let known = before.servers.get(&machine.id);
        if let Some(answer) = known.and_then(|known| answer_of_no_server(state, machine, known)) {
            failures.push(failed(machine, Rule::Gone, format!("{}; its order: {answer}", classified.reason)));
            continue;
        }
        let lost = known.and_then(|known| loss(state, machine, classified, known));
        let mut seen = state.servers.get_mut(&machine.id);
        if let Some((rule, reason)) = lost {
            seen.iter_mut().for_each(|seen| seen.failure_counted = true);
            failures.push(failed(machine, rule, reason));
            continue;
        }
        let Some(seen) = seen else { continue };
        let busy = classified.phase == Phase::LeftAlone(Rule::Busy);
        let failing = match classified.phase {
            // One that joined was built, and joined.
            Phase::ToRemove(rule) => (rule.is_failure() && seen.joined_at.is_none()).then_some(rule),
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } | Phase::Draining => None,
        };
        if seen.joined_at == Some(now) || busy && seen.failure_counted {
            seen.failure_counted = false;
            if let Some(took) = seen.under_way.filter(|_| seen.joined_at == Some(now)) {
                state.learned.joined(&machine.provider, &machine.node_type, took);
            }
            breaker::succeeded(state, &machine.provider, &machine.node_type);
        } else if let Some(rule) = failing.filter(|_| !seen.failure_counted && !deletion_failed(machine, Some(&*seen)))
        {
            seen.failure_counted = true;
            failures.push(failed(machine, rule, classified.reason.clone()));
        }
    }
    failures.extend(unmarked(before, fleet).map(|(id, known, reason)| {
        let failure = failure(id, &known.name, Rule::NotOurs, reason, now);
        (
            known.provider.clone(),
            known.node_type.clone(),
            ServerFailure { server_id: known.server_id.clone(), ..failure },
        )
    }));
    for (provider, node_type, failure) in failures {
        breaker::failed(state, &provider, &node_type, &failure.reason, now);
        state.failures.entry(provider).or_default().insert(node_type, failure);
    }
}

fn failure(id: &MitaId, name: &str, rule: Rule, reason: String, at: Timestamp) -> ServerFailure {
    ServerFailure { at, id: id.clone(), name: name.to_owned(), server_id: None, rule, reason, console: Vec::new() }
}

/// How the provider answered an order that this run gives up. One whose run was killed says nothing about the provider.
fn answer_of_no_server<'k>(state: &State, machine: &Machine<'_>, known: &'k ServerMemory) -> Option<&'k str> {
    let is_given_up = matches!(machine.sighting, Sighting::Unlisted) && !state.servers.contains_key(&machine.id);
    known.fault.as_deref().filter(|_| is_given_up && machine.busy_node().is_none())
}

/// Remembers which node keeps a server that is not clearly its own, and for how long that has been over. To be done where the
/// list of nodes is there.
pub(crate) fn remember_shields(config: &Config, state: &mut State, fleet: &ClassifiedFleet<'_>, now: Timestamp) {
    for (index, machine) in fleet.machines.iter().enumerate() {
        let join = config.times(&machine.node_type).join_timeout;
        let Some(server) = state.servers.get_mut(&machine.id) else { continue };
        let before = server.shield.as_ref().filter(|_| !machine.is_online());
        server.shield = match (fleet.shields.get(&index), before) {
            (Some(node), before) => {
                let missed_in = before.and_then(|before| before.missed_in);
                Some(Shield { node: node.clone(), ended: Credit::begin(now), missed_in })
            }
            (None, Some(before)) => Some(Shield { ended: before.ended.seen_again(now, join), ..before.clone() }),
            (None, None) => None,
        }
        .into();
    }
}
