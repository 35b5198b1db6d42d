//! Checks whether the quota has room for as many servers as the limits allow.

use crate::config::{Config, NodeType, ProviderConfig};
use crate::domain::world::{Quota, Server};
use crate::view::quota::room;

/// The hint for a node type of which the limits allow more servers than the quota has room for.
pub(crate) fn scarce(
    config: &Config,
    provider: &ProviderConfig,
    kind: &NodeType,
    quota: &Quota,
    servers: &[Server],
) -> Option<String> {
    let limits = [kind.max, provider.max, Some(config.max_servers)];
    let wanted = u64::from(limits.into_iter().flatten().min()?);
    let installation = &config.installation();
    let there = servers.iter().filter(|server| {
        let ours = server.mark.as_ref().filter(|mark| mark.is_of(installation));
        ours.is_some_and(|mark| mark.node_type == kind.name)
    });
    let there = u64::try_from(there.count()).unwrap_or(u64::MAX);
    let (more, part) = room(quota, kind)?;
    (there.saturating_add(more) < wanted).then(|| {
        format!(
            "the limits allow {wanted} servers, the quota of {part} has room for {}: raise the quota, or lower max",
            there + more
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::world::Size;
    use std::path::Path;

    fn hint(quota: &Quota) -> Option<String> {
        let config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        let kind = config.node_types.iter().find(|kind| kind.name.as_str() == "centos9-huge").unwrap();
        scarce(&config, &config.providers[1], kind, quota, &[])
    }

    #[test]
    fn a_quota_without_bounds_suffices() {
        assert_eq!(hint(&Quota::default()), None);
    }

    #[test]
    fn the_scarcest_part_of_a_quota_is_named() {
        let size = Size { cores: 4, ram_mib: 8192 };
        let sizes = [("centos9-huge".into(), size)].into();
        let mut quota = Quota { instances: Some(20), cores: Some(40), sizes, ..Quota::default() };
        assert_eq!(hint(&quota), None, "ten servers of four cores fit");
        quota.cores = Some(39);
        assert_eq!(
            hint(&quota).as_deref(),
            Some("the limits allow 10 servers, the quota of cores has room for 9: raise the quota, or lower max")
        );
        quota.gigabytes = Some(250);
        assert!(hint(&quota).is_some_and(|text| text.contains("volume space has room for 2")));
    }
}
