//! What the quota of a provider has room for.

use crate::config::NodeType;
use crate::domain::world::Quota;

/// How many more servers of a node type the quota has room for, and which of its parts is the scarcest. None if it has no
/// limit for them.
pub(crate) fn room(quota: &Quota, kind: &NodeType) -> Option<(u64, &'static str)> {
    let size = quota.sizes.get(&kind.name).copied().unwrap_or_default();
    let parts = [
        ("instances", quota.instances, 1),
        ("cores", quota.cores, size.cores),
        ("RAM", quota.ram_mib, size.ram_mib),
        ("volumes", quota.volumes, kind.volumes().count() as u64),
        ("volume space", quota.gigabytes, kind.volumes().map(u64::from).sum()),
        ("floating IPs", quota.floating_ips, u64::from(kind.boot.floating_ip_pool.is_some())),
    ];
    let room = parts.into_iter().filter_map(|(part, left, each)| Some((left?.checked_div(each)?, part)));
    room.min()
}
