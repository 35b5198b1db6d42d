//! The state without secrets.

use crate::domain::state::{Breaker, Mismatch, Pause, ServerFailure, ServerMemory, State};
use crate::secret::redact;
use std::borrow::Cow;

/// The state with its free text redacted. Names and ids only lose secrets that are too long to be a part of one by chance: a
/// short password (`openstack`) in a name would turn it into another name, and make the file useless.
pub fn without_secrets(state: &State) -> Cow<'_, State> {
    if free_texts(state).all(|text| matches!(redact(text), Cow::Borrowed(_))) {
        return Cow::Borrowed(state);
    }
    let clean = |text: &str| redact(text).into_owned();
    let mut state = state.clone();
    for ServerMemory { fault, .. } in state.servers.values_mut() {
        *fault = fault.as_deref().map(clean);
    }
    for Breaker { reason, .. } in state.breakers.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
    }
    for ServerFailure { reason, console, .. } in state.failures.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
        console.iter_mut().for_each(|line| *line = clean(line));
    }
    for answer in state.quota_answers.values_mut().flat_map(|types| types.values_mut()) {
        *answer = clean(answer);
    }
    for Mismatch { why, .. } in &mut state.mismatches {
        *why = clean(why);
    }
    for Pause { reason, .. } in &mut state.pauses {
        *reason = reason.as_deref().map(clean);
    }
    state.lasting = state.lasting.iter().map(|(condition, credit)| (clean(condition), *credit)).collect();
    state.notified = state.notified.iter().map(|(event, at)| (clean(event), *at)).collect();
    Cow::Owned(state)
}

/// The texts that are redacted.
fn free_texts(state: &State) -> impl Iterator<Item = &str> {
    // Every field is named, so that a new one has to be considered here.
    let State {
        version: _,
        owner: _,
        controller: _,
        run: _,
        last_run: _,
        foreign_labels: _,
        fingerprint: _,
        configured_in: _,
        session: _,
        settling: _,
        servers,
        gone_servers: _,
        floating_ips: _,
        nodes: _,
        queue: _,
        breakers,
        failures,
        quota_refused: _,
        quota_answers,
        throttles: _,
        mismatches,
        pauses,
        lasting,
        notified,
        items_left_out: _,
        spent: _,
        since_queue: _,
        learned: _,
    } = state;
    let faults = servers.values().filter_map(|ServerMemory { fault, .. }| fault.as_deref());
    let breakers = breakers.values().flat_map(|types| types.values()).map(|Breaker { reason, .. }| reason.as_str());
    let failures = failures.values().flat_map(|types| types.values());
    let failures =
        failures.flat_map(|ServerFailure { reason, console, .. }| console.iter().chain([reason])).map(String::as_str);
    let mismatches = mismatches.iter().map(|Mismatch { why, .. }| why.as_str());
    let answers = quota_answers.values().flat_map(|types| types.values()).map(String::as_str);
    let keys = lasting.keys().chain(notified.keys()).map(String::as_str);
    let pauses = pauses.iter().filter_map(|Pause { reason, .. }| reason.as_deref());
    faults.chain(breakers).chain(failures).chain(answers).chain(mismatches).chain(pauses).chain(keys)
}
