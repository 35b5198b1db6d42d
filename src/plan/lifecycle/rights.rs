//! Rights that mita lacks at a cloud, so that it cannot remove servers there: their nodes must not go before them.

use crate::domain::names::ProviderName;
use crate::domain::state::{ServerMemory, State};
use crate::domain::world::World;
use crate::plan::identity::fleet::Machine;
use std::collections::BTreeMap;

/// Why clouds would refuse to remove servers.
pub(crate) struct Rights<'a> {
    world: &'a World,
    state: &'a State,
    /// How each refused the last removal, where it has deleted no server since. A refusal ends with its server, whoever
    /// removed that: then another one may be tried.
    refusals: BTreeMap<&'a ProviderName, &'a str>,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(world: &'a World, state: &'a State) -> Self {
        let servers = state.servers.values();
        let refusals = servers.filter_map(|server| Some((&server.provider, server.deletion_refused.as_deref()?)));
        Self { world, state, refusals: refusals.collect() }
    }

    /// Why its cloud is known to refuse the removal of any server, and what to do.
    pub(crate) fn forbidden(&self, machine: &Machine<'_>) -> Option<&'a str> {
        forbidden(self.world, &machine.provider)
    }

    /// The refusal for which a server keeps its node. One that was itself refused is tried again: no other way shows whether
    /// the right is there by now.
    pub(crate) fn refused(&self, machine: &Machine<'_>) -> Option<&'a str> {
        let is_tried = self.state.servers.get(&machine.id).is_some_and(|server| server.deletion_refused.is_some());
        self.refusals.get(&machine.provider).copied().filter(|_| !is_tried)
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
