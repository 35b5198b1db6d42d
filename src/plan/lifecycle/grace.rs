//! How long a node is idle before it may go: a fixed time, or with `idle_grace = "auto"` one that is learned.

use crate::config::{Config, Times};
use crate::domain::names::NodeTypeName;
use crate::domain::state::State;

/// The times of a node type, with the grace time that holds now.
pub(crate) fn times(config: &Config, memory: &State, node_type: &NodeTypeName) -> Times {
    let times = config.times(node_type);
    let is_learned = config.node_type(node_type).is_some_and(|kind| kind.forecast.auto.is_some());
    match memory.learned.usage.get(node_type).filter(|_| is_learned) {
        Some(usage) => Times { idle_grace: times.idle_grace.max(usage.shortest_grace.time()), ..times },
        None => times,
    }
}
