//! Node types of which servers are wanted, and fail where they are ordered (L6).

use super::draft::Draft;
use super::findings::Findings;
use crate::config::NodeType;
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::plan::capacity::failing::failing;
use crate::plan::capacity::placement::Place;
use crate::plan::capacity::supply::Supply;
use crate::plan::lifecycle::phase::Phase;

/// Notes each, once for a node type. For a job that no server is ordered for, its verdict does that.
pub(super) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Supply { config, fleet, .. } = *found.supply;
    for order in &found.placement.orders {
        let (kind, provider) = (&config.node_types[order.node_type], &config.providers[order.provider]);
        note(found, &kind.name, &provider.name, draft);
    }
    for place in &found.placement.places {
        if let Some(Place::Coming { machine }) = place {
            let machine = &fleet.machines[*machine];
            note_broken(found, &machine.node_type, &machine.provider, draft);
        }
    }
    if !found.demand.hidden.is_empty() {
        let coming = fleet.classified().filter(|(_, classified)| matches!(classified.phase, Phase::OnItsWay(_)));
        coming.for_each(|(machine, _)| note_broken(found, &machine.node_type, &machine.provider, draft));
    }
    for kind in config.node_types.iter().filter(|kind| lacks_idle_ones(found.supply, kind)) {
        let fails = |provider: &ProviderName| failing(found.supply.state, &kind.name, provider);
        if found.blocker.is_none() && kind.providers.iter().all(|provider| fails(provider).is_some()) {
            kind.providers.iter().take(1).for_each(|provider| note(found, &kind.name, provider, draft));
        }
    }
}

/// For a server that is on its way: that orders are refused does not concern it.
fn note_broken(found: &Findings<'_>, node_type: &NodeTypeName, provider: &ProviderName, draft: &mut Draft) {
    let breakers = found.supply.state.breakers.get(provider);
    if breakers.is_some_and(|breakers| breakers.contains_key(node_type)) {
        note(found, node_type, provider, draft);
    }
}

fn note(found: &Findings<'_>, node_type: &NodeTypeName, provider: &ProviderName, draft: &mut Draft) {
    let failing = failing(found.supply.state, node_type, provider);
    draft.failing.extend(failing.map(|failing| (node_type.clone(), failing)));
}

/// Whether fewer servers are at hand than should be.
fn lacks_idle_ones(supply: &Supply<'_>, kind: &NodeType) -> bool {
    let wanted = supply.wanted_at_hand(kind).order;
    let idle = supply.fleet.classified().filter(|(machine, classified)| {
        machine.node_type == kind.name && matches!(classified.phase, Phase::Idle { .. })
    });
    wanted > 0 && idle.count() < wanted as usize
}
