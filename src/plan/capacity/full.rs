//! Which parts of a quota have no room, with their numbers.

use super::assignment::input::Weight;
use crate::domain::world::Quota;

/// The parts of a quota in the order of [`Weight`]: their names, their units, and their keys in [`Quota::usage`].
const PARTS: [(&str, &str, &str); 5] = [
    ("cores", "", "cores"),
    ("RAM", " MiB", "ram_mib"),
    ("volumes", "", "volumes"),
    ("volume space", " GiB", "gigabytes"),
    ("floating IPs", "", "floating_ips"),
];

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
