//! Servers that take longer to join than nearly all before them. They are no supply any more: another is ordered, and the
//! first of the two to come is used. They count in all limits.

use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::state::State;
use crate::plan::identity::fleet::{Machine, Sighting};
use jiff::SignedDuration;

/// So many servers that joined tell what is usual.
pub(crate) const ENOUGH: usize = 8;

/// A server is late at this age while too few have joined: another is ordered within six minutes of the first.
const AT_FIRST: SignedDuration = SignedDuration::from_secs(330);

/// The usual time from order to online while too few have joined, and what nearly all of them stay below.
const USUAL_AT_FIRST: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(3), SignedDuration::from_mins(4));

/// How long after its order a server is late.
pub(crate) fn late_after(state: &State, provider: &ProviderName, node_type: &NodeTypeName) -> SignedDuration {
    let interval = state.learned.interval();
    let joins = state.learned.joins.get(provider).and_then(|types| types.get(node_type));
    match joins.and_then(|joins| nearly_all(joins)) {
        Some(usual) => usual + interval,
        None => AT_FIRST,
    }
}

/// The same where a server of the type is late last.
pub(crate) fn longest(state: &State, node_type: &NodeTypeName) -> SignedDuration {
    let providers = state.learned.joins.keys();
    providers.map(|provider| late_after(state, provider, node_type)).max().unwrap_or(AT_FIRST)
}

/// Whether the server is late. Of one that its cloud did not tell about this time, nothing is known.
pub(crate) fn is_late(state: &State, machine: &Machine<'_>) -> bool {
    if matches!(machine.sighting, Sighting::NoAnswer | Sighting::Elsewhere | Sighting::WithoutMetadata) {
        return false;
    }
    let under_way = state.servers.get(&machine.id).and_then(|server| server.under_way);
    under_way.is_some_and(|age| age >= late_after(state, &machine.provider, &machine.node_type))
}

/// How long servers of a type usually take from order to online: the mean, and what nearly all of them stay below.
pub(crate) fn usual(state: &State, node_type: &NodeTypeName) -> (SignedDuration, SignedDuration) {
    let all: Vec<u32> =
        state.learned.joins.values().filter_map(|types| types.get(node_type)).flatten().copied().collect();
    let Some(most) = nearly_all(&all) else { return USUAL_AT_FIRST };
    let sum: i64 = all.iter().map(|took| i64::from(*took)).sum();
    (SignedDuration::from_secs(sum / all.len() as i64), most)
}

/// The 95th percentile, where enough are known.
fn nearly_all(joins: &[u32]) -> Option<SignedDuration> {
    let mut joins = joins.to_vec();
    joins.sort_unstable();
    let index = joins.len().checked_sub(1)? * 95 / 100;
    (joins.len() >= ENOUGH).then(|| SignedDuration::from_secs(joins[index].into()))
}
