//! Which parts of a quota have no room, with their numbers.

use super::assignment::input::{ProviderRoom, Weight};
use super::placement::PlannedOrder;
use crate::domain::world::Quota;

/// The parts of a quota in the order of [`Weight`]: their names, their units, and their keys in [`Quota::usage`].
const PARTS: [(&str, &str, &str); 5] = [
    ("cores", "", "cores"),
    ("RAM", " MiB", "ram_mib"),
    ("volumes", "", "volumes"),
    ("volume space", " GiB", "gigabytes"),
    ("floating IPs", "", "floating_ips"),
];

/// Whether a provider has no room for one more server of this type, once it has these orders. All are indices.
pub(super) fn is_full_after(room: &ProviderRoom, provider: usize, node_type: usize, orders: &[PlannedOrder]) -> bool {
    let (mut servers, mut left) = (room.room, room.quota);
    for order in orders.iter().filter(|order| order.provider == provider) {
        servers = servers.saturating_sub(1);
        for (left, used) in left.iter_mut().zip(&room.weights[order.node_type]) {
            *left = left.saturating_sub(*used);
        }
    }
    servers == 0 || room.weights[node_type].iter().zip(&left).any(|(takes, left)| takes > left)
}

/// What has no room for one more server that takes this much, where there is room for so many servers and so much is left:
/// `instances (10 of 10 in use), cores (38 of 40 in use, one takes 4)`. Empty if all has room.
pub(super) fn full_parts(quota: &Quota, room: u32, takes: &Weight, left: &Weight) -> String {
    let use_of = |key: &str, unit: &str, left: u64| match quota.usage.get(key).map(|usage| (usage.used, usage.limit)) {
        Some((used, Some(limit))) => format!("{used} of {limit}{unit} in use"),
        _ => format!("{left}{unit} left"),
    };
    let instances = (room == 0).then(|| format!("instances ({})", use_of("instances", "", 0)));
    let sizes = PARTS.iter().zip(takes.iter().zip(left)).filter(|(_, (takes, left))| takes > left);
    let sizes = sizes.map(|((name, unit, key), (takes, left))| {
        format!("{name} ({}, one takes {takes}{unit})", use_of(key, unit, *left))
    });
    instances.into_iter().chain(sizes).collect::<Vec<_>>().join(", ")
}
