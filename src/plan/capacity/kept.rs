//! Idle servers that are kept without being wanted now: they take what no job and no server wanted at hand has taken, so
//! that they never make an order.

use super::pool::{ExecutorPool, Sample, Tier};
use crate::config::NodeType;

/// Takes up to so many executors of idle servers of a type. Gives the machines.
pub(super) fn take(pools: &mut [ExecutorPool<'_>], kind: &NodeType, executors: u32) -> Vec<usize> {
    let mut machines = Vec::new();
    let mut wanted = executors;
    for pool in pools.iter_mut().filter(|pool| is_idle(pool, kind)) {
        let taken = wanted.min(pool.left());
        wanted -= taken;
        machines.extend((0..taken).filter_map(|_| pool.take().machine()));
    }
    machines
}

/// The machines of a type that have executors left.
pub(super) fn left(pools: &[ExecutorPool<'_>], kind: &NodeType) -> Vec<usize> {
    let members = |pool: &ExecutorPool<'_>| {
        let left = pool.members[pool.used..].iter().filter(|(_, executors)| *executors > 0);
        left.filter_map(|(place, _)| place.machine()).collect::<Vec<usize>>()
    };
    pools.iter().filter(|pool| is_idle(pool, kind)).flat_map(members).collect()
}

fn is_idle(pool: &ExecutorPool<'_>, kind: &NodeType) -> bool {
    match pool.sample {
        Sample::Node(_, Some(of)) => pool.tier == Tier::Idle && !pool.standing.outdated && of.name == kind.name,
        Sample::Node(_, None) | Sample::Type(_) => false,
    }
}
