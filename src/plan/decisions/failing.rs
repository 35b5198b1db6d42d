//! Node types of which servers are wanted, and fail where they are ordered (L6). One is wanted for as long as nothing but servers
//! of its type that have not joined keeps a job waiting, or too few at hand, whatever the verdicts say meanwhile.

use super::draft::Draft;
use super::findings::Findings;
use crate::config::NodeType;
use crate::plan::capacity::failing::{Failing, failing, not_joined_since};
use crate::plan::capacity::placement::Place;
use crate::plan::capacity::supply::Supply;
use crate::plan::lifecycle::phase::Phase;

/// Notes each, once for a node type. For a job that no server is ordered for, its verdict does that.
pub(super) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Findings { supply, placement, demand, blocker, .. } = found;
    let Supply { config, state, limits, .. } = **supply;
    let types: Vec<Option<Failing>> = config.node_types.iter().map(|kind| not_joined_since(state, kind)).collect();
    for order in &placement.orders {
        let (kind, provider) = (&config.node_types[order.node_type], &config.providers[order.provider]);
        draft.fails(types[order.node_type].clone().or_else(|| failing(state, &kind.name, &provider.name)));
    }
    let waited_for = waited_for(found, &types);
    for ((kind, failing), is_waited_for) in config.node_types.iter().zip(types).zip(waited_for) {
        let coming = failing.clone().filter(|_| limits.awaits_join(kind));
        if is_waited_for {
            draft.fails(failing);
        } else if !demand.hidden.is_empty() {
            draft.fails(coming);
        } else if blocker.is_none() && lacks_idle_ones(supply, kind) {
            draft.fails(coming.or_else(|| limits.blocker(kind, &placement.orders).failing));
        }
    }
}

/// Which of these types fail and could serve a job that waits for a server of one that fails.
fn waited_for(found: &Findings<'_>, types: &[Option<Failing>]) -> Vec<bool> {
    let Findings { supply, placement, demand, .. } = found;
    let mut waited_for = vec![false; types.len()];
    if types.iter().all(Option::is_none) {
        return waited_for;
    }
    let type_of = |place: &Place| match place {
        Place::Node { .. } => None,
        Place::Coming { machine } => {
            let of_machine = &supply.fleet.machines[*machine].node_type;
            supply.config.node_types.iter().position(|kind| kind.name == *of_machine)
        }
        Place::Order(order) => Some(placement.orders[*order].node_type),
    };
    for (job, place) in demand.waiting.iter().zip(&placement.places) {
        let Some(own) = place.as_ref().and_then(type_of).filter(|own| types[*own].is_some()) else { continue };
        for (index, failing) in types.iter().enumerate() {
            waited_for[index] |= failing.is_some() && (index == own || supply.may_order(job, index).is_none());
        }
    }
    waited_for
}

/// Whether fewer servers are at hand than should be.
fn lacks_idle_ones(supply: &Supply<'_>, kind: &NodeType) -> bool {
    let wanted = supply.wanted_at_hand(kind).order;
    let idle = supply.fleet.classified().enumerate().filter(|(index, (machine, classified))| {
        machine.node_type == kind.name && matches!(classified.phase, Phase::Idle { .. }) && !supply.is_outdated(*index)
    });
    wanted > 0 && idle.count() < wanted as usize
}
