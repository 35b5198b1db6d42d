//! Idle servers that are kept without being wanted now: they take what no job and no server wanted at hand has taken, so
//! that they never make an order.

use super::placement::Place;
use super::pool::{ExecutorPool, Sample, Tier};
use crate::config::NodeType;

/// Takes up to so many executors of idle servers of a type. Gives the machines.
pub(super) fn take(pools: &mut [ExecutorPool<'_>], kind: &NodeType, executors: u32) -> Vec<usize> {
    let of_type = |pool: &&mut ExecutorPool<'_>| match pool.sample {
        Sample::Node(_, Some(of)) => pool.tier == Tier::Idle && of.name == kind.name,
        Sample::Node(_, None) | Sample::Type(_) => false,
    };
    let mut machines = Vec::new();
    let mut wanted = executors;
    for pool in pools.iter_mut().filter(of_type) {
        let taken = wanted.min(pool.left());
        wanted -= taken;
        machines.extend((0..taken).filter_map(|_| match pool.take() {
            Place::Node { machine, .. } => machine,
            Place::Coming { .. } | Place::Order(_) => None,
        }));
    }
    machines
}
