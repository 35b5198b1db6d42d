//! How many servers may still be ordered: of which type, where, and over all.

use super::Rule;
use super::fleet::{Fleet, Sighting};
use super::matching::{OrderType, Place};
use super::phase::{Judgement, Phase};
use super::words::span;
use crate::config::{Config, NodeType};
use crate::naming::{NodeTypeName, ProviderName};
use crate::state::{Origin, State};
use crate::world::World;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What stands in the way of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule.
    pub rule: Rule,
    /// The evidence.
    pub reason: String,
}

/// Limits, counted against what there is.
#[derive(Debug)]
pub struct Limits<'a> {
    config: &'a Config,
    world: &'a World,
    memory: &'a State,
    now: Timestamp,
    /// Servers that count: all but those that are gone or on their way out.
    counted: u32,
    of_type: BTreeMap<&'a NodeTypeName, u32>,
    at_provider: BTreeMap<&'a ProviderName, u32>,
    /// Providers that have a server of a type on its way.
    trying: BTreeSet<(&'a ProviderName, &'a NodeTypeName)>,
    /// Ordered by this very run, after the quota was read.
    just_ordered: BTreeMap<(&'a ProviderName, &'a NodeTypeName), u32>,
}

impl<'a> Limits<'a> {
    /// Counts this fleet, once: the limits are asked for each job that waits.
    pub fn new(
        config: &'a Config,
        world: &'a World,
        memory: &'a State,
        fleet: &'a Fleet<'a>,
        phases: &'a [Judgement],
        now: Timestamp,
    ) -> Self {
        let mut limits = Self {
            config,
            world,
            memory,
            now,
            counted: 0,
            of_type: BTreeMap::new(),
            at_provider: BTreeMap::new(),
            trying: BTreeSet::new(),
            just_ordered: BTreeMap::new(),
        };
        for (machine, judgement) in fleet.machines.iter().zip(phases) {
            let over = matches!(judgement.phase, Phase::LeftAlone(Rule::Gone | Rule::Deleting));
            if over && !matches!(machine.sighting, Sighting::NoAnswer) {
                continue;
            }
            let (provider, node_type) = (&machine.provider, &machine.node_type);
            limits.counted += 1;
            *limits.of_type.entry(node_type).or_default() += 1;
            *limits.at_provider.entry(provider).or_default() += 1;
            if matches!(judgement.phase, Phase::OnItsWay(_)) {
                limits.trying.insert((provider, node_type));
            }
            if machine.origin == Origin::Ordered(memory.run) && machine.server().is_none() {
                *limits.just_ordered.entry((provider, node_type)).or_default() += 1;
            }
        }
        limits
    }

    fn of_type(&self, kind: &NodeType) -> u32 {
        self.of_type.get(&kind.name).copied().unwrap_or_default()
    }

    /// How many more servers may be ordered over all.
    pub fn total(&self) -> u32 {
        self.config.max_servers.saturating_sub(self.counted)
    }

    /// What may be ordered of each node type, in the configuration's order.
    pub fn types(&self) -> Vec<OrderType> {
        let room = |kind: &NodeType| kind.max.map_or(u32::MAX, |max| max.saturating_sub(self.of_type(kind)));
        let places = |kind: &NodeType| {
            let index = |name: &ProviderName| self.config.providers.iter().position(|provider| provider.name == *name);
            let allowed =
                kind.providers.iter().filter_map(|name| Some((index(name)?, self.allowance(kind, name).ok()?)));
            allowed.collect()
        };
        let types = self.config.node_types.iter();
        types
            .map(|kind| OrderType { executors: kind.executors.max(1), room: room(kind), places: places(kind) })
            .collect()
    }

    /// What may be ordered at each provider, in the configuration's order.
    pub fn places(&self) -> Vec<Place> {
        let providers = self.config.providers.iter();
        providers
            .map(|provider| {
                let there = self.at_provider.get(&provider.name).copied().unwrap_or_default();
                let own = provider.max.map_or(u32::MAX, |max| max.saturating_sub(there));
                let quota = self.world.clouds.get(&provider.name).and_then(|cloud| cloud.quota.as_ref());
                let Some(quota) = quota else {
                    return Place {
                        room: own,
                        quota: [u64::MAX; 4],
                        weights: vec![[0; 4]; self.config.node_types.len()],
                    };
                };
                let weight = |kind: &NodeType| {
                    let size = quota.sizes.get(&kind.name).copied().unwrap_or_default();
                    let storage = kind.storage.map_or(0, u64::from);
                    [size.cores, size.ram_mib, u64::from(storage > 0), storage]
                };
                let mut left =
                    [quota.cores, quota.ram_mib, quota.volumes, quota.gigabytes].map(|left| left.unwrap_or(u64::MAX));
                let mut instances = quota.instances.unwrap_or(u64::MAX);
                for (&(_, node_type), &ordered) in
                    self.just_ordered.iter().filter(|((place, _), _)| **place == provider.name)
                {
                    instances = instances.saturating_sub(u64::from(ordered));
                    if let Some(kind) = self.config.node_type(node_type) {
                        for (left, used) in left.iter_mut().zip(weight(kind)) {
                            *left = left.saturating_sub(used.saturating_mul(u64::from(ordered)));
                        }
                    }
                }
                Place {
                    room: own.min(u32::try_from(instances).unwrap_or(u32::MAX)),
                    quota: left,
                    weights: self.config.node_types.iter().map(weight).collect(),
                }
            })
            .collect()
    }

    /// How many servers of the type the provider may be asked for, its own counts aside.
    fn allowance(&self, kind: &NodeType, provider: &ProviderName) -> Result<u32, Obstacle> {
        let obstacle = |rule, reason| Err(Obstacle { rule, reason });
        if self.world.clouds.get(provider).and_then(|cloud| cloud.servers.complete()).is_none() {
            return obstacle(Rule::NotSeen, format!("provider {provider} could not be read"));
        }
        let refused = self.memory.quota_refused.get(provider).and_then(|sizes| sizes.get(&kind.name));
        if let Some(until) = refused.filter(|until| **until > self.now) {
            let left = span(until.duration_since(self.now));
            return obstacle(
                Rule::Quota,
                format!("provider {provider} refused {} for quota; asked again in {left}", kind.name),
            );
        }
        let Some(breaker) = self.memory.breakers.get(provider).and_then(|types| types.get(&kind.name)) else {
            return Ok(u32::MAX);
        };
        if breaker.until > self.now {
            let left = span(breaker.until.duration_since(self.now));
            let reason =
                format!("{} failed at provider {provider} ({}); tried again in {left}", kind.name, breaker.reason);
            return obstacle(Rule::BreakerOpen, reason);
        }
        if self.trying.contains(&(provider, &kind.name)) {
            let reason =
                format!("{} failed at provider {provider} ({}); one server is being tried", kind.name, breaker.reason);
            return obstacle(Rule::BreakerOpen, reason);
        }
        Ok(1)
    }

    /// Why no server of the type can be ordered for one more job.
    pub fn obstacle(&self, kind: &NodeType) -> Obstacle {
        let refusal = kind.providers.iter().find_map(|provider| self.allowance(kind, provider).err());
        let everywhere = kind.providers.iter().all(|provider| self.allowance(kind, provider).is_err());
        if let (true, Some(obstacle)) = (everywhere, refusal) {
            return obstacle;
        }
        let limit = |reason| Obstacle { rule: Rule::Limit, reason };
        if self.total() == 0 {
            return limit(format!("max_servers {} is reached", self.config.max_servers));
        }
        if let Some(max) = kind.max.filter(|max| self.of_type(kind) >= *max) {
            return limit(format!("node type {} has its max of {max}", kind.name));
        }
        let quota_used_up = self.places().iter().zip(&self.config.providers).all(|(place, provider)| {
            let quota = self.world.clouds.get(&provider.name).is_some_and(|cloud| cloud.quota.is_some());
            !kind.providers.contains(&provider.name) || quota && self.no_quota_for(kind, place)
        });
        if quota_used_up {
            let reason = format!("the quota of provider {} has no room for {}", names(&kind.providers), kind.name);
            return Obstacle { rule: Rule::Quota, reason };
        }
        limit("older jobs take all that max, max_servers and the quota allow".to_owned())
    }

    fn no_quota_for(&self, kind: &NodeType, place: &Place) -> bool {
        let index = self.config.node_types.iter().position(|other| other.name == kind.name);
        let weight = index.map_or([0; 4], |index| place.weights[index]);
        place.room == 0 || weight.iter().zip(place.quota).any(|(&needed, left)| needed > left)
    }
}

fn names(providers: &[ProviderName]) -> String {
    let names: Vec<&str> = providers.iter().map(ProviderName::as_str).collect();
    names.join(" and of provider ")
}
