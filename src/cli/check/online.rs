//! What Jenkins and the clouds say to the configuration. Reads only; what reading cannot tell is named as not checked.

use super::super::document::clean;
use super::super::table::many;
use crate::config::{Config, NodeType, ProviderConfig};
use crate::naming::Owner;
use crate::observe::{Services, observe};
use crate::provider::FailureKind;
use crate::reconcile::{Moment, open};
use crate::state::State;
use crate::world::{Jenkins, Listing, Mode, NodeKind, Quota, Server, World};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// No read tells these.
const NOT_CHECKED: [&str; 3] = [
    "whether Jenkins lets this user set nodes offline and delete them",
    "key pairs, security groups and availability zones",
    "what the scripts do on the servers",
];

/// What was found online.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Online {
    /// What could be read.
    pub(super) seen: Vec<Finding>,
    /// What keeps mita from working as configured.
    pub(super) faults: Vec<Finding>,
    /// What could be better.
    pub(super) hints: Vec<Finding>,
    pub(super) not_checked: Vec<&'static str>,
}

/// Something about one service or node type, and what to do.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Finding {
    #[serde(rename = "where")]
    pub(super) place: String,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn new(place: impl Into<String>, text: impl AsRef<str>) -> Self {
        Finding { place: place.into(), text: clean(text.as_ref()) }
    }
}

/// Asks every service what a run would ask before it orders something.
pub(in crate::cli) fn check(config: &Config, moment: Moment) -> Online {
    let services = open(config, moment);
    let world = observe(config, &services, &State::new(config.owner.clone()));
    let mut online =
        Online { seen: Vec::new(), faults: Vec::new(), hints: Vec::new(), not_checked: NOT_CHECKED.into() };
    online.jenkins(&world.jenkins);
    for provider in &config.providers {
        online.provider(config, &services, &world, provider);
    }
    online
}

impl Online {
    fn jenkins(&mut self, jenkins: &Jenkins) {
        let reads = [unavailable(&jenkins.mode), unavailable(&jenkins.queue), unavailable(&jenkins.nodes)];
        let faults: BTreeSet<&str> = reads.into_iter().flatten().collect();
        self.faults.extend(faults.into_iter().map(|error| Finding::new("jenkins", error)));
        if let (Listing::Complete(queue), Listing::Complete(nodes)) = (&jenkins.queue, &jenkins.nodes) {
            let (items, nodes) = (many(queue.items.len(), "queue item"), many(nodes.len(), "node"));
            self.seen.push(Finding::new("jenkins", format!("answers; {items}, {nodes}")));
        }
        if jenkins.mode.complete() == Some(&Mode::QuietingDown) {
            self.hints
                .push(Finding::new("jenkins", "is about to shut down: nothing is ordered until that is cancelled"));
        }
        let agents = |nodes: &Vec<_>| nodes.iter().any(|node: &crate::world::Node| node.kind != NodeKind::BuiltIn);
        if jenkins.nodes.complete().is_some_and(|nodes| !agents(nodes)) {
            let text = "has no agent at all, and then does not name the labels that jobs wait for, so that mita has to \
                        order one server to learn them: add one permanent agent, which may stay offline for ever";
            self.hints.push(Finding::new("jenkins", text));
        }
    }

    fn provider(&mut self, config: &Config, services: &Services, world: &World, provider: &ProviderConfig) {
        let place = format!("provider {}", provider.name);
        let servers = match world.clouds.get(&provider.name).map(|cloud| &cloud.servers) {
            Some(Listing::Complete(servers)) => servers,
            Some(Listing::Unavailable(error)) => return self.faults.push(Finding::new(place, error)),
            None => return,
        };
        let types: Vec<&NodeType> =
            config.node_types.iter().filter(|kind| kind.providers.contains(&provider.name)).collect();
        let survey = match services.provider(&provider.name) {
            Ok(backend) => backend.survey(&types),
            Err(error) => return self.faults.push(Finding::new(place, error)),
        };
        self.faults.extend(survey.problems.iter().map(|problem| Finding::new(&place, problem)));
        for (kind, failure) in &survey.unfit {
            // Any other failure is among the problems.
            if failure.kind == FailureKind::Wrong {
                self.faults.push(Finding::new(format!("nodes.{kind} at {place}"), &failure.message));
            }
        }
        if let Some(quota) = &survey.quota {
            let mut scarcities: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for kind in types {
                if let Some(text) = scarce(config, provider, kind, quota, servers) {
                    scarcities.entry(text).or_default().push(format!("nodes.{}", kind.name));
                }
            }
            let hint =
                |(text, kinds): (String, Vec<String>)| Finding::new(format!("{} at {place}", kinds.join(", ")), text);
            self.hints.extend(scarcities.into_iter().map(hint));
        }
        let ours = servers.iter().filter(|server| is_ours(server, &config.owner)).count();
        let text = format!("answers; {}, {ours} of this installation", many(servers.len(), "server"));
        self.seen.push(Finding::new(place, text));
    }
}

fn unavailable<T>(listing: &Listing<T>) -> Option<&str> {
    match listing {
        Listing::Complete(_) => None,
        Listing::Unavailable(error) => Some(error),
    }
}

fn is_ours(server: &Server, owner: &Owner) -> bool {
    server.mark.as_ref().is_some_and(|mark| mark.owner == *owner)
}

/// What to say where the quota, as it is used now, has no room for as many servers of a type as the limits allow.
fn scarce(
    config: &Config,
    provider: &ProviderConfig,
    kind: &NodeType,
    quota: &Quota,
    servers: &[Server],
) -> Option<String> {
    let limits = [kind.max, provider.max, Some(config.max_servers)];
    let wanted = u64::from(limits.into_iter().flatten().min()?);
    let there = servers.iter().filter(|server| {
        let mark = server.mark.as_ref();
        mark.is_some_and(|mark| mark.owner == config.owner && mark.node_type == kind.name)
    });
    let there = u64::try_from(there.count()).unwrap_or(u64::MAX);
    let size = quota.sizes.get(&kind.name).copied().unwrap_or_default();
    let space: u64 = kind.volumes().map(u64::from).sum();
    let needs = [
        ("instances", quota.instances, 1),
        ("cores", quota.cores, size.cores),
        ("RAM", quota.ram_mib, size.ram_mib),
        ("volumes", quota.volumes, kind.volumes().count() as u64),
        ("volume space", quota.gigabytes, space),
    ];
    let room = |(what, left, each): (&'static str, Option<u64>, u64)| Some((left?.checked_div(each)?, what));
    let (more, what) = needs.into_iter().filter_map(room).min()?;
    (there.saturating_add(more) < wanted).then(|| {
        format!(
            "the limits allow {wanted} servers, the quota of {what} has room for {}: raise the quota, or lower max",
            there + more
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Size;
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
