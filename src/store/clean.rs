//! The state without secrets.

use crate::secret::redact;
use crate::state::{Breaker, ServerFailure, ServerMemory, State, Vain};

/// The state with its free text redacted. Names and ids stay as they are, but for secrets too long to be part of one by
/// chance: a password that is (`openstack`) would turn it into the name of something else, and the file into one that
/// nobody can use.
pub fn without_secrets(state: &State) -> State {
    let clean = |text: &str| redact(text).into_owned();
    // Named one by one, so that whoever adds a field decides whether it is free text.
    let State {
        version,
        owner,
        run,
        last_run,
        fingerprint,
        session,
        settling,
        mut servers,
        departed,
        floating_ips,
        nodes,
        queue,
        mut breakers,
        mut failures,
        quota_refused,
        mut vain,
        told,
    } = state.clone();
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
    for Vain { why, .. } in &mut vain {
        *why = clean(why);
    }
    let told = told.into_iter().map(|(event, at)| (clean(&event), at)).collect();
    State {
        version,
        owner,
        run,
        last_run,
        fingerprint,
        session,
        settling,
        servers,
        departed,
        floating_ips,
        nodes,
        queue,
        breakers,
        failures,
        quota_refused,
        vain,
        told,
    }
}
