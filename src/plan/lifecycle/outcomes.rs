//! Servers that joined and servers that failed, each counted once: for the breakers of their node types, and for the
//! last failure that a person is shown. And the nodes that keep servers which are not clearly their own.

use super::ClassifiedFleet;
use super::phase::Phase;
use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, ServerFailure, ServerMemory, Shield, State};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::sightings::breaker;
use crate::plan::sightings::servers::GONE_CONFIRMED;
use jiff::Timestamp;

/// A server that joined closes the breaker of its type, one that failed opens it; each is counted once. Where a run
/// sees both, the failure is the later word. `before` is the state that the run before left.
pub(crate) fn count(state: &mut State, before: &State, fleet: &ClassifiedFleet<'_>, now: Timestamp) {
    let mut failures = Vec::new();
    for (machine, classified) in fleet.classified() {
        let known = before.servers.get(&machine.id);
        if known.is_some_and(|known| vanishes(machine, known)) {
            let reason = format!("{}, and its node never joined", classified.reason);
            failures.push((machine, Rule::Gone, reason));
            continue;
        }
        if let Some(answer) = known.and_then(|known| answer_of_no_server(state, machine, known)) {
            failures.push((machine, Rule::Gone, format!("{}; its order: {answer}", classified.reason)));
            continue;
        }
        let Some(seen) = state.servers.get_mut(&machine.id) else { continue };
        let busy = classified.phase == Phase::LeftAlone(Rule::Busy);
        let failed = match classified.phase {
            Phase::ToRemove(rule) => rule.is_failure().then_some(rule),
            Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } | Phase::Draining => None,
        };
        if seen.joined_at == Some(now) || busy && seen.failure_counted {
            seen.failure_counted = false;
            if let Some(took) = seen.under_way.filter(|_| seen.joined_at == Some(now)) {
                state.learned.joined(&machine.provider, &machine.node_type, took);
            }
            breaker::succeeded(state, &machine.provider, &machine.node_type);
        } else if let Some(rule) = failed.filter(|_| !seen.failure_counted) {
            seen.failure_counted = true;
            failures.push((machine, rule, classified.reason.clone()));
        }
    }
    for (machine, rule, reason) in failures {
        breaker::failed(state, &machine.provider, &machine.node_type, &reason, now);
        let failure = ServerFailure {
            at: now,
            id: machine.id.clone(),
            name: machine.name.clone(),
            server_id: machine.server_id.clone(),
            rule,
            reason,
            console: Vec::new(),
        };
        state.failures.entry(machine.provider.clone()).or_default().insert(machine.node_type.clone(), failure);
    }
}

/// Whether this run confirms that a server is gone whose node never joined, and that mita did not remove: something deletes
/// mita's servers, or the answers of its cloud lag. `known` is what the run before knew.
fn vanishes(machine: &Machine<'_>, known: &ServerMemory) -> bool {
    let is_used = machine.is_online() || machine.busy_node().is_some();
    let is_mitas_doing = known.retirement.is_some() || known.asked.is_some() || known.failure_counted;
    matches!(machine.sighting, Sighting::Gone)
        && known.gone_sightings + 1 == GONE_CONFIRMED
        && known.joined_at.is_none()
        && !is_used
        && !is_mitas_doing
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
            (Some(node), _) => Some(Shield { node: node.clone(), ended: Credit::begin(now) }),
            (None, Some(Shield { node, ended })) => {
                Some(Shield { node: node.clone(), ended: ended.seen_again(now, join) })
            }
            (None, None) => None,
        }
        .into();
    }
}
