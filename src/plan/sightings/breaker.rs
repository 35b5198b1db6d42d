//! The circuit breaker of a (provider, node type): after failures one server is tried at a time, and from the third run that
//! sees some, nothing is ordered there for a while before each try. And the pauses of a provider that asks for fewer orders.

use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::{Breaker, State, Throttle};
use jiff::{SignedDuration, Timestamp};

const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
pub(crate) const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A size that the quota refused is not asked for again for this long.
pub(crate) const QUOTA_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// A server failed to be built or to join. Several failures in one run count as one.
pub fn failed(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName, reason: &str, now: Timestamp) {
    let run = state.run;
    let breaker = breaker(state, provider, node_type, reason, now);
    if breaker.failed_in == run && breaker.failures > 0 {
        return;
    }
    breaker.failed_in = run;
    breaker.failures = breaker.failures.saturating_add(1);
    if breaker.failures >= Breaker::OPENS_AT {
        open(breaker, now);
    }
}

/// An order was refused as wrong: the next one would be, too.
pub fn refused(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName, reason: &str, now: Timestamp) {
    let run = state.run;
    let breaker = breaker(state, provider, node_type, reason, now);
    breaker.failed_in = run;
    breaker.failures = breaker.failures.saturating_add(1).max(Breaker::OPENS_AT);
    open(breaker, now);
    // This run tells the refusal itself.
    state.notified.insert(warning_key(provider, node_type), now);
}

/// What the warning that nothing is ordered there is remembered by.
pub(crate) fn warning_key(provider: &ProviderName, node_type: &NodeTypeName) -> String {
    format!("breaker {provider} {node_type}")
}

/// Whether nothing is ordered there now.
pub fn is_open(state: &State, provider: &ProviderName, node_type: &NodeTypeName, now: Timestamp) -> bool {
    let types = state.breakers.get(provider);
    types.and_then(|types| types.get(node_type)).is_some_and(|breaker| breaker.until > now)
}

/// The breaker after one more failure.
fn breaker<'a>(
    state: &'a mut State,
    provider: &ProviderName,
    node_type: &NodeTypeName,
    reason: &str,
    now: Timestamp,
) -> &'a mut Breaker {
    let new = || Breaker {
        until: now,
        pause: SignedDuration::ZERO,
        reason: String::new(),
        failures: 0,
        failed_in: 0,
        joined_elsewhere: false,
    };
    let breaker = state.breakers.entry(provider.clone()).or_default().entry(node_type.clone()).or_insert_with(new);
    reason.clone_into(&mut breaker.reason);
    breaker.joined_elsewhere = false;
    breaker
}

/// Nothing is ordered for the next pause.
fn open(breaker: &mut Breaker, now: Timestamp) {
    let opened_by_this_run = !breaker.pause.is_zero() && breaker.until == now + breaker.pause;
    if !opened_by_this_run {
        breaker.pause = if breaker.pause.is_zero() { FIRST_PAUSE } else { (breaker.pause * 2).min(LONGEST_PAUSE) };
    }
    breaker.until = now + breaker.pause;
}

/// A server joined: the failures there before it count no more, and those at other providers keep no job waiting.
pub fn succeeded(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName) {
    if let Some(types) = state.breakers.get_mut(provider) {
        types.remove(node_type);
    }
    state.breakers.retain(|_, types| !types.is_empty());
    for breaker in state.breakers.values_mut().filter_map(|types| types.get_mut(node_type)) {
        breaker.joined_elsewhere = true;
    }
}

/// The quota had no room for this size, as the provider answered.
pub fn quota_refused(
    state: &mut State,
    provider: &ProviderName,
    node_type: &NodeTypeName,
    answer: &str,
    now: Timestamp,
) {
    state.quota_refused.entry(provider.clone()).or_default().insert(node_type.clone(), now + QUOTA_PAUSE);
    state.quota_answers.entry(provider.clone()).or_default().insert(node_type.clone(), answer.to_owned());
}

/// The provider asks for fewer orders, and for how long it wants none if it says so. Several answers of one run are one. Asked
/// again after that and still refused, it gets a pause that grows as that of a breaker.
pub fn throttled(state: &mut State, provider: &ProviderName, retry_after: Option<SignedDuration>, now: Timestamp) {
    let asked = retry_after.map(|asked| asked.min(LONGEST_PAUSE));
    let pause = match state.throttles.get(provider) {
        // Nothing is sent there during a pause: this one began in this run.
        Some(known) if known.until > now => known.pause.max(asked.unwrap_or_default()),
        Some(known) => (known.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE).max(asked.unwrap_or_default()),
        None => asked.unwrap_or(FIRST_PAUSE),
    };
    state.throttles.insert(provider.clone(), Throttle { until: now + pause, pause });
}

/// The provider accepted an order, for its pause not in the run in which it refused others.
pub fn accepted(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName, now: Timestamp) {
    if let Some(sizes) = state.quota_answers.get_mut(provider) {
        sizes.remove(node_type);
    }
    state.quota_answers.retain(|_, sizes| !sizes.is_empty());
    if state.throttles.get(provider).is_some_and(|throttle| throttle.until <= now) {
        state.throttles.remove(provider);
    }
}
