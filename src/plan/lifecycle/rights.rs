//! Rights that mita lacks at a cloud, so that it cannot remove servers there: their nodes must not go before them.

use crate::domain::names::ProviderName;
use crate::domain::state::{DeletionRefused, ServerMemory, State};
use crate::domain::world::World;
use crate::plan::identity::fleet::Machine;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A refusal may be for one server alone: after this long, another one is tried. It doubles with each one that is refused.
const TRIAL_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// So often, at most.
const MOST_DOUBLINGS: u32 = 4;

/// Why clouds would refuse to remove servers.
pub(crate) struct Rights<'a> {
    world: &'a World,
    state: &'a State,
    /// The refusals of each that has deleted no server since. One ends with its server, whoever removed that.
    refusals: BTreeMap<&'a ProviderName, Vec<&'a DeletionRefused>>,
    now: Timestamp,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(world: &'a World, state: &'a State, now: Timestamp) -> Self {
        let mut refusals: BTreeMap<&ProviderName, Vec<&DeletionRefused>> = BTreeMap::new();
        for server in state.servers.values() {
            if let Some(refused) = server.deletion_refused.as_ref().filter(|refused| !refused.alone) {
                refusals.entry(&server.provider).or_default().push(refused);
            }
        }
        Self { world, state, refusals, now }
    }

    /// Why its cloud is known to refuse the removal of any server, and what to do.
    pub(crate) fn forbidden(&self, machine: &Machine<'_>) -> Option<&'a str> {
        forbidden(self.world, &machine.provider)
    }

    /// The refusal for which a server keeps its node. One that was itself refused is tried again: no other way shows whether
    /// the right is there by now.
    pub(crate) fn refused(&self, machine: &Machine<'_>) -> Option<&'a str> {
        let is_tried = self.state.servers.get(&machine.id).is_some_and(|server| server.deletion_refused.is_some());
        self.latest(&machine.provider).filter(|_| !is_tried).map(|refused| refused.reason.as_str())
    }

    /// Whether another server may be tried where one was refused.
    pub(crate) fn is_trial_due(&self, provider: &ProviderName) -> bool {
        let others = self.refusals.get(provider).map_or(0, |refusals| refusals.len().saturating_sub(1));
        let doublings = u32::try_from(others).unwrap_or(u32::MAX).min(MOST_DOUBLINGS);
        let pause = TRIAL_AFTER * 2_i32.pow(doublings);
        self.latest(provider).is_none_or(|latest| self.now.duration_since(latest.since) >= pause)
    }

    fn latest(&self, provider: &ProviderName) -> Option<&'a DeletionRefused> {
        self.refusals.get(provider)?.iter().copied().max_by_key(|refused| refused.since)
    }
}

/// Why a cloud is known to refuse the removal of any server, and what to do.
pub(crate) fn forbidden<'a>(world: &'a World, provider: &ProviderName) -> Option<&'a str> {
    world.clouds.get(provider)?.removal_forbidden.as_deref()
}

/// The cloud accepts deletions, or a person knows that it does.
pub(crate) fn granted(state: &mut State, provider: &ProviderName) {
    let stands = |refused: &DeletionRefused| !refused.alone;
    let binds =
        |server: &ServerMemory| server.provider == *provider && server.deletion_refused.as_ref().is_some_and(stands);
    let refused = state.servers.iter().filter(|(_, server)| binds(server));
    for order in refused.map(|(order, _)| order.clone()).collect::<Vec<_>>() {
        if let Some(refused) = state.servers.get_mut(&order).and_then(|server| server.deletion_refused.as_mut()) {
            refused.alone = true;
        }
    }
}
