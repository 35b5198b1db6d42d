//! Rights that mita lacks at a cloud, so that it cannot remove servers there: their nodes must not go before them.

use crate::domain::names::ProviderName;
use crate::domain::state::{DeletionRefused, ServerMemory, State};
use crate::domain::world::World;
use crate::plan::identity::fleet::Machine;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A refusal may be for one server alone: after this long, another one is tried.
const TRIAL_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Why clouds would refuse to remove servers.
pub(crate) struct Rights<'a> {
    world: &'a World,
    state: &'a State,
    /// The latest refusal of each that has deleted no server since. It ends with its server, whoever removed that.
    refusals: BTreeMap<&'a ProviderName, &'a DeletionRefused>,
    now: Timestamp,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(world: &'a World, state: &'a State, now: Timestamp) -> Self {
        let mut refusals: BTreeMap<&ProviderName, &DeletionRefused> = BTreeMap::new();
        for server in state.servers.values() {
            let Some(refused) = &server.deletion_refused else { continue };
            let latest = refusals.entry(&server.provider).or_insert(refused);
            if refused.since > latest.since {
                *latest = refused;
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
        self.refusals.get(&machine.provider).filter(|_| !is_tried).map(|refused| refused.reason.as_str())
    }

    /// Whether another server may be tried where one was refused.
    pub(crate) fn is_trial_due(&self, provider: &ProviderName) -> bool {
        self.refusals.get(provider).is_none_or(|refused| self.now.duration_since(refused.since) >= TRIAL_AFTER)
    }
}

/// Why a cloud is known to refuse the removal of any server, and what to do.
pub(crate) fn forbidden<'a>(world: &'a World, provider: &ProviderName) -> Option<&'a str> {
    world.clouds.get(provider)?.removal_forbidden.as_deref()
}

/// The cloud accepts deletions, or a person knows that it does.
pub(crate) fn granted(state: &mut State, provider: &ProviderName) {
    let is_refused = |server: &ServerMemory| server.provider == *provider && server.deletion_refused.is_some();
    let refused = state.servers.iter().filter(|(_, server)| is_refused(server));
    for order in refused.map(|(order, _)| order.clone()).collect::<Vec<_>>() {
        if let Some(server) = state.servers.get_mut(&order) {
            server.deletion_refused = None;
        }
    }
}
