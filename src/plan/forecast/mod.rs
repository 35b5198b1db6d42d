//! Step 5: how many idle servers should be ready before a job needs them.

use crate::config::Config;
use crate::domain::names::NodeTypeName;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Idle servers that should be ready, by node type.
pub type AtHand = BTreeMap<NodeTypeName, u32>;

/// The numbers of this moment: `min_idle` of each node type.
pub fn wanted_at_hand(config: &Config, now: Timestamp) -> AtHand {
    config.node_types.iter().map(|kind| (kind.name.clone(), kind.min_idle.at(now))).collect()
}
