//! The circuit breaker of a (provider, node type): after a failure nothing is ordered there for a while, then one
//! server is tried.

use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::{Breaker, State};
use jiff::{SignedDuration, Timestamp};

const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A size that the quota refused is not asked for again for this long.
pub(crate) const QUOTA_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// A server failed, or its order was refused as wrong. Several failures in one run count as one.
pub fn failed(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName, reason: &str, now: Timestamp) {
    let types = state.breakers.entry(provider.clone()).or_default();
    let pause = match types.get(node_type) {
        // Opened by this very run.
        Some(open) if open.until == now + open.pause => open.pause,
        Some(open) => (open.pause * 2).min(LONGEST_PAUSE),
        None => FIRST_PAUSE,
    };
    types.insert(node_type.clone(), Breaker { until: now + pause, pause, reason: reason.to_owned() });
}

/// A server joined: the breaker closes.
pub fn succeeded(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName) {
    if let Some(types) = state.breakers.get_mut(provider) {
        types.remove(node_type);
    }
    state.breakers.retain(|_, types| !types.is_empty());
}

/// The quota had no room for this size.
pub fn quota_refused(state: &mut State, provider: &ProviderName, node_type: &NodeTypeName, now: Timestamp) {
    state.quota_refused.entry(provider.clone()).or_default().insert(node_type.clone(), now + QUOTA_PAUSE);
}
