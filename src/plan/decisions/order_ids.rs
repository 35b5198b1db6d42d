//! The ids of new orders.

use crate::domain::names::MitaId;
use crate::domain::state::State;
use crate::domain::world::World;
use foldhash::HashSet;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Ids for new orders, none of them known already.
pub(crate) fn order_ids(
    world: &World,
    state: &State,
    tried: &BTreeSet<MitaId>,
    now: Timestamp,
    number: usize,
) -> Vec<MitaId> {
    if number == 0 {
        return Vec::new();
    }
    let marks = world.clouds.values().flat_map(|cloud| cloud.servers.complete().into_iter().flatten());
    let marked: HashSet<&MitaId> = marks.filter_map(|server| server.mark.as_ref().map(|mark| &mark.id)).collect();
    let gone: HashSet<&MitaId> = state.gone_servers.values().map(|gone| &gone.id).collect();
    let nodes = world.jenkins.nodes.complete().into_iter().flatten();
    let of_nodes: HashSet<&MitaId> = nodes.filter_map(|node| node.mark.as_ref().map(|mark| &mark.id)).collect();
    let is_new = |id: &MitaId| {
        let known = state.servers.contains_key(id) || tried.contains(id);
        !known && !marked.contains(id) && !gone.contains(id) && !of_nodes.contains(id)
    };
    (1..).map(|ordinal| MitaId::new(now, ordinal)).filter(is_new).take(number).collect()
}
