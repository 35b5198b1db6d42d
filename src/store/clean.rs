//! The state without secrets.

use crate::domain::state::{Breaker, Mismatch, ServerFailure, ServerMemory, State};
use crate::secret::redact;

/// The state with its free text redacted. Names and ids only lose secrets that are too long to be a part of one by chance: a
/// short password (`openstack`) in a name would turn it into another name, and make the file useless.
pub fn without_secrets(state: &State) -> State {
    let clean = |text: &str| redact(text).into_owned();
    let mut state = state.clone();
    // Every field is named, so that a new one has to be considered here.
    let State {
        version: _,
        owner: _,
        controller: _,
        run: _,
        last_run: _,
        foreign_labels: _,
        fingerprint: _,
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
        mismatches,
        lasting,
        notified,
    } = &mut state;
    for ServerMemory { fault, .. } in servers.values_mut() {
        *fault = fault.as_deref().map(clean);
    }
    for Breaker { reason, .. } in breakers.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
    }
    for ServerFailure { reason, console, .. } in failures.values_mut().flat_map(|types| types.values_mut()) {
        *reason = clean(reason);
        console.iter_mut().for_each(|line| *line = clean(line));
    }
    for Mismatch { why, .. } in mismatches {
        *why = clean(why);
    }
    *lasting = lasting.iter().map(|(condition, credit)| (clean(condition), *credit)).collect();
    *notified = notified.iter().map(|(event, at)| (clean(event), *at)).collect();
    state
}
