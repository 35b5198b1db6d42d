//! How many servers may still be ordered: of each node type, at each provider, and in total.

use crate::config::{Config, NodeType, ProviderConfig};
use crate::domain::format::span;
use crate::domain::names::{MitaId, NodeTypeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::{Breaker, GoneServer, Origin, State};
use crate::domain::world::{Cloud, Node, Quotas, World};
use crate::plan::capacity::assignment::input::{OrderType, ProviderRoom, UNLIMITED, Weight};
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::budgets::budgets;
use crate::plan::capacity::coming::Coming;
use crate::plan::capacity::failing::{failing, not_joined_since};
use crate::plan::capacity::full::{full_parts, is_full_after};
use crate::plan::capacity::placement::PlannedOrder;
use crate::plan::capacity::presumed::{connected_all_the_same, counts, is_leaving};
use crate::plan::identity::fleet::Sighting;
use crate::plan::lifecycle::ClassifiedFleet;
use crate::plan::lifecycle::lateness::is_late;
use crate::plan::lifecycle::phase::Phase;
use crate::plan::sightings::floating_ips::ours;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Limits, counted against what there is.
#[derive(Debug)]
pub struct Limits<'a> {
    config: &'a Config,
    world: &'a World,
    quotas: &'a Quotas,
    state: &'a State,
    now: Timestamp,
    /// Servers that count.
    there: u32,
    of_type: BTreeMap<&'a NodeTypeName, u32>,
    at_provider: BTreeMap<&'a ProviderName, u32>,
    /// Where servers are on their way, or may be.
    coming: Vec<Coming<'a>>,
    /// The types of servers that count and have not joined.
    not_joined: BTreeSet<&'a NodeTypeName>,
    /// Servers that count though they are gone, each with a node of it that has an agent.
    presumed: Vec<(&'a GoneServer, &'a Node)>,
    /// Orders of this very run, made after the quota was read.
    just_ordered: Vec<(&'a NodeTypeName, &'a ProviderName)>,
    /// Servers on their way whose floating IP comes once they are active: no quota counts it yet.
    awaited_floating_ips: BTreeMap<&'a ProviderName, u64>,
}

/// The servers that have a floating IP, with their provider. Where a listing is missing, none has.
fn with_floating_ip<'a>(config: &Config, world: &'a World) -> BTreeSet<(&'a ProviderName, &'a ServerId)> {
    let of = |(provider, cloud): (&'a ProviderName, &'a Cloud)| {
        ours(config, cloud).map(move |address| (provider, &address.mark.server))
    };
    world.clouds.iter().flat_map(of).collect()
}

impl<'a> Limits<'a> {
    /// Counts against this fleet: all servers but those that are gone or on their way out.
    pub fn new(
        config: &'a Config,
        world: &'a World,
        quotas: &'a Quotas,
        state: &'a State,
        fleet: &'a ClassifiedFleet<'a>,
        now: Timestamp,
    ) -> Self {
        let mut limits = Self {
            config,
            world,
            quotas,
            state,
            now,
            there: 0,
            of_type: BTreeMap::new(),
            at_provider: BTreeMap::new(),
            coming: Vec::new(),
            not_joined: BTreeSet::new(),
            presumed: Vec::new(),
            just_ordered: Vec::new(),
            awaited_floating_ips: BTreeMap::new(),
        };
        let addressed = with_floating_ip(config, world);
        for (machine, classified) in fleet.classified() {
            if !counts(config, state, machine, &classified.phase) {
                continue;
            }
            let place = (&machine.node_type, &machine.provider);
            limits.count(place);
            // What a person, a doubt or another place keeps from joining is told as such.
            let is_kept = matches!(classified.phase, Phase::LeftAlone(Rule::Held | Rule::OtherName | Rule::Ambiguous))
                || matches!(machine.sighting, Sighting::Elsewhere);
            if !is_kept && state.servers.get(&machine.id).is_none_or(|server| server.joined_at.is_none()) {
                limits.not_joined.insert(place.0);
            }
            let is_coming = matches!(classified.phase, Phase::OnItsWay(_));
            let awaits_floating_ip = is_coming
                && config.node_type(&machine.node_type).is_some_and(|kind| kind.boot.floating_ip_pool.is_some())
                && machine.server_id.as_ref().is_none_or(|id| !addressed.contains(&(&machine.provider, id)));
            if is_coming {
                let refused = state.servers.get(&machine.id).and_then(|server| server.floating_ip_refused);
                let refused_floating_ip = awaits_floating_ip && refused.is_some_and(|refused| refused.lasts);
                let (origin, late) = (machine.origin, is_late(state, machine));
                let order = &machine.id;
                limits.coming.push(Coming { order, place, origin, late, vanished: false, refused_floating_ip });
            } else if is_leaving(state, machine, &classified.phase)
                && state.servers.get(&machine.id).is_some_and(|server| !server.listed)
            {
                let (order, origin) = (&machine.id, machine.origin);
                let vanished = Coming { order, place, origin, late: false, vanished: true, refused_floating_ip: false };
                limits.coming.push(vanished);
            }
            if machine.origin == Origin::Ordered(state.run) && machine.server().is_none() {
                limits.just_ordered.push(place);
            } else if awaits_floating_ip {
                *limits.awaited_floating_ips.entry(place.1).or_default() += 1;
            }
        }
        for (gone, node) in connected_all_the_same(state, fleet).into_values() {
            limits.count((&gone.node_type, &gone.provider));
            limits.presumed.push((gone, node));
        }
        limits
    }

    fn count(&mut self, (node_type, provider): (&'a NodeTypeName, &'a ProviderName)) {
        self.there += 1;
        *self.of_type.entry(node_type).or_default() += 1;
        *self.at_provider.entry(provider).or_default() += 1;
    }

    /// Whether a server on its way was refused the floating IP that it may need to join, and not in passing.
    pub fn is_refused_floating_ip(&self, order: &MitaId) -> bool {
        self.coming.iter().any(|coming| coming.refused_floating_ip && coming.order == order)
    }

    /// How many more servers may be ordered over all.
    pub fn total(&self) -> u32 {
        self.config.max_servers.saturating_sub(self.there)
    }

    /// What may be ordered of each node type, in the configuration's order.
    pub fn types(&self) -> Vec<OrderType> {
        let index = |name: &ProviderName| self.config.providers.iter().position(|provider| provider.name == *name);
        let order_type = |kind: &NodeType| OrderType {
            executors: kind.executors.max(1),
            room: self.room_of_type(kind),
            providers: (kind.providers.iter())
                .filter_map(|name| Some((index(name)?, self.allowance(kind, name).ok()?)))
                .collect(),
        };
        self.config.node_types.iter().map(order_type).collect()
    }

    fn room_of_type(&self, kind: &NodeType) -> u32 {
        let there = self.of_type.get(&kind.name).copied().unwrap_or_default();
        kind.max.map_or(u32::MAX, |max| max.saturating_sub(there))
    }

    fn room_at_provider(&self, provider: &ProviderConfig) -> u32 {
        let there = self.at_provider.get(&provider.name).copied().unwrap_or_default();
        provider.max.map_or(u32::MAX, |max| max.saturating_sub(there))
    }

    /// What may be ordered at each provider, in the configuration's order.
    pub fn providers(&self) -> Vec<ProviderRoom> {
        let providers = self.config.providers.iter();
        providers
            .map(|provider| {
                let own = self.room_at_provider(provider);
                let Some(quota) = self.quotas.get(&provider.name) else {
                    return ProviderRoom {
                        room: own,
                        quota: UNLIMITED,
                        weights: vec![Weight::default(); self.config.node_types.len()],
                    };
                };
                let weight = |kind: &NodeType| {
                    let size = quota.sizes.get(&kind.name).copied().unwrap_or_default();
                    let volumes = kind.volumes().count() as u64;
                    let floating_ips = u64::from(kind.boot.floating_ip_pool.is_some());
                    [size.cores, size.ram_mib, volumes, kind.volumes().map(u64::from).sum(), floating_ips]
                };
                let awaited = self.awaited_floating_ips.get(&provider.name).copied().unwrap_or_default();
                let floating_ips = quota.floating_ips.map(|left| left.saturating_sub(awaited));
                let mut left = [quota.cores, quota.ram_mib, quota.volumes, quota.gigabytes, floating_ips]
                    .map(|left| left.unwrap_or(u64::MAX));
                let mut instances = quota.instances.unwrap_or(u64::MAX);
                for (kind, _) in self.just_ordered.iter().filter(|(_, place)| **place == provider.name) {
                    instances = instances.saturating_sub(1);
                    if let Some(kind) = self.config.node_type(kind) {
                        for (left, used) in left.iter_mut().zip(weight(kind)) {
                            *left = left.saturating_sub(used);
                        }
                    }
                }
                ProviderRoom {
                    room: own.min(u32::try_from(instances).unwrap_or(u32::MAX)),
                    quota: left,
                    weights: self.config.node_types.iter().map(weight).collect(),
                }
            })
            .collect()
    }

    /// How many servers of the type the provider may be asked for, its own counts aside.
    fn allowance(&self, kind: &NodeType, provider: &ProviderName) -> Result<u32, Blocker> {
        let blocker = |rule, reason| Err(Blocker::new(rule, reason));
        if !self.world.lists_servers_of(provider) {
            return blocker(Rule::NotSeen, format!("provider {provider} could not be read"));
        }
        if let Some(pause) = self.state.pause(&kind.name, provider) {
            return blocker(Rule::Paused, format!("{} at provider {provider} is {pause}", kind.name));
        }
        if let Some(reason) = self.over_budget(kind, provider) {
            return blocker(Rule::Budget, reason);
        }
        if let Some(until) = self.state.throttled_until(provider, self.now) {
            let left = span(until.duration_since(self.now));
            return blocker(
                Rule::BreakerOpen,
                format!("provider {provider} asks for fewer requests; servers are ordered there again in {left}"),
            );
        }
        let refused = self.state.quota_refused.get(provider).and_then(|sizes| sizes.get(&kind.name));
        if let Some(until) = refused.filter(|until| **until > self.now) {
            let left = span(until.duration_since(self.now));
            let answer = self.state.quota_answers.get(provider).and_then(|sizes| sizes.get(&kind.name));
            let answer = answer.map_or_else(String::new, |answer| format!(" ({answer})"));
            let reason = format!("provider {provider} refused {} for quota{answer}; asked again in {left}", kind.name);
            return blocker(Rule::Quota, reason);
        }
        let mut here = self.coming.iter().filter(|coming| coming.place == (&kind.name, provider));
        if here.clone().any(|coming| coming.refused_floating_ip) {
            let reason =
                format!("provider {provider} refused a floating IP to a server of {} that is to join", kind.name);
            return blocker(Rule::Quota, reason);
        }
        let Some(breaker) = self.state.breakers.get(provider).and_then(|types| types.get(&kind.name)) else {
            return Ok(u32::MAX);
        };
        if breaker.until > self.now {
            let left = span(breaker.until.duration_since(self.now));
            let reason =
                format!("{} failed at provider {provider} ({}); tried again in {left}", kind.name, breaker.reason);
            return blocker(Rule::BreakerOpen, reason);
        }
        if here.any(|coming| coming.is_try_after(breaker)) {
            return Err(being_tried(kind, provider, breaker));
        }
        Ok(1)
    }

    /// Which budget is used up, and until when.
    fn over_budget(&self, kind: &NodeType, provider: &ProviderName) -> Option<String> {
        let mut budgets = budgets(self.config, &self.state.spent, self.now);
        let (scope, budget, used) =
            budgets.find(|(scope, _, used)| used.is_over() && scope.counts(&kind.name, provider))?;
        Some(format!("{scope} has used its budget of {budget}; ordered again from {} on", used.until()))
    }

    /// Why no server of the type can be ordered for one more job, beside these orders.
    pub(crate) fn blocker(&self, kind: &NodeType, orders: &[PlannedOrder]) -> Blocker {
        let mut open = Vec::new();
        let mut refusals = Vec::new();
        for provider in self.config.providers.iter().filter(|provider| kind.providers.contains(&provider.name)) {
            match self.allowance(kind, &provider.name) {
                Ok(number) => open.push((provider, number)),
                Err(blocker) => refusals.push(blocker),
            }
        }
        if let (true, Some(blocker)) = (open.is_empty(), refusals.first()) {
            return self.with_failing(kind, blocker.clone());
        }
        let blocker = self.no_room(kind, &open, orders);
        if blocker.rule == Rule::BreakerOpen {
            return self.with_failing(kind, blocker);
        }
        // Where the type has room, its servers could be at a provider where they fail.
        let has_room = self.total() > 0 && self.room_of_type(kind) > 0;
        let fails = has_room && refusals.iter().any(|refusal| refusal.rule == Rule::BreakerOpen);
        let failing = not_joined_since(self.state, kind).filter(|_| fails || self.awaits_join(kind));
        Blocker { failing, ..blocker }
    }

    /// Whether a server of the type counts that has not joined.
    pub(crate) fn awaits_join(&self, kind: &NodeType) -> bool {
        self.not_joined.contains(&kind.name)
    }

    /// Why the providers that are `open` to orders, each for so many, have no room for one more job.
    fn no_room(&self, kind: &NodeType, open: &[(&ProviderConfig, u32)], orders: &[PlannedOrder]) -> Blocker {
        let limit = |reason| Blocker::new(Rule::Limit, reason);
        if self.total() == 0 {
            return limit(format!("max_servers {} is reached", self.config.max_servers));
        }
        if let Some(max) = kind.max.filter(|_| self.room_of_type(kind) == 0) {
            return limit(format!("node type {} has its max of {max}", kind.name));
        }
        let is_full = |provider: &ProviderConfig| self.room_at_provider(provider) == 0;
        let full = open.iter().map(|(provider, _)| *provider).filter(|provider| is_full(provider));
        if let (true, Some(max)) = (full.clone().count() == open.len(), full.clone().find_map(|full| full.max)) {
            let names: Vec<&str> = full.map(|provider| provider.name.as_str()).collect();
            return limit(format!("provider {} has its max of {max}", names.join(" and provider ")));
        }
        let rooms = self.providers();
        let no_room = |provider: &ProviderConfig| match provider.max.filter(|_| is_full(provider)) {
            Some(max) => Some(format!("provider {} has its max of {max}", provider.name)),
            None => self.full_quota(kind, provider, &rooms),
        };
        let no_room: Vec<String> = open.iter().filter_map(|(provider, _)| no_room(provider)).collect();
        if no_room.len() == open.len() {
            let is_full_of_others = open.iter().all(|(provider, _)| !self.at_provider.contains_key(&provider.name));
            let starved = is_full_of_others.then(|| kind.name.clone());
            return Blocker { starved, ..Blocker::new(Rule::Quota, no_room.join("; ")) };
        }
        let tried = open.iter().find_map(|(provider, number)| {
            let breaker = self.state.breakers.get(&provider.name)?.get(&kind.name)?;
            (*number == 1).then(|| being_tried(kind, &provider.name, breaker))
        });
        match tried {
            Some(blocker) if open.iter().all(|(_, number)| *number == 1) => blocker,
            _ => {
                let of_type = kind.max.map(|max| (self.room_of_type(kind), format!("max {max} of {}", kind.name)));
                let of_all = (self.total(), format!("max_servers {}", self.config.max_servers));
                let only = open.first().map(|(provider, _)| *provider).filter(|_| open.len() == 1);
                let of_provider = only.and_then(|provider| {
                    let max = provider.max?;
                    Some((self.room_at_provider(provider), format!("max {max} of provider {}", provider.name)))
                });
                let (room, of) = of_type.into_iter().chain(of_provider).fold(of_all, |least, other| least.min(other));
                let types = &self.config.node_types;
                let index = types.iter().position(|other| other.name == kind.name).unwrap_or_default();
                let mut places = self.config.providers.iter().zip(&rooms).enumerate();
                let binds = places.any(|(at, (provider, room))| {
                    let is_open = open.iter().any(|(open, _)| open.name == provider.name);
                    is_open && self.quotas.contains_key(&provider.name) && is_full_after(room, at, index, orders)
                });
                let quota = if binds { ", or what the quota leaves" } else { "" };
                limit(format!("older jobs take the {room} that {of} leaves{quota}"))
            }
        }
    }

    fn with_failing(&self, kind: &NodeType, blocker: Blocker) -> Blocker {
        let any = || kind.providers.iter().find_map(|provider| failing(self.state, &kind.name, provider));
        let is_failure = matches!(blocker.rule, Rule::BreakerOpen | Rule::Quota);
        let failing = is_failure.then(|| not_joined_since(self.state, kind).or_else(any)).flatten();
        Blocker { failing, ..blocker }
    }

    /// Whether one server less of this type at this provider would be room for one of this kind, where this blocks it.
    pub(crate) fn is_filled_by(
        &self,
        kind: &NodeType,
        blocker: &Blocker,
        (node_type, provider): (&NodeTypeName, &ProviderName),
    ) -> bool {
        match blocker.rule {
            Rule::Limit if self.total() == 0 => true,
            Rule::Limit if self.room_of_type(kind) == 0 => *node_type == kind.name,
            Rule::Limit | Rule::Quota => {
                let is_full = |at: &ProviderConfig| blocker.rule == Rule::Quota || self.room_at_provider(at) == 0;
                let mut there = self.config.providers.iter().filter(|at| at.name == *provider);
                kind.providers.contains(provider) && there.any(is_full)
            }
            _ => false,
        }
    }

    /// Servers that count though they are gone, each with a node of it that has an agent.
    pub(crate) fn presumed(&self) -> &[(&'a GoneServer, &'a Node)] {
        &self.presumed
    }

    /// Which parts of a provider's quota have no room for one more server of the type; none if all have.
    fn full_quota(&self, kind: &NodeType, provider: &ProviderConfig, rooms: &[ProviderRoom]) -> Option<String> {
        let quota = self.quotas.get(&provider.name)?;
        let index = self.config.node_types.iter().position(|other| other.name == kind.name)?;
        let (_, room) = self.config.providers.iter().zip(rooms).find(|(other, _)| other.name == provider.name)?;
        let parts = full_parts(quota, room.room, &room.weights[index], &room.quota);
        let full = || format!("the quota of provider {} has no room for {}: {parts}", provider.name, kind.name);
        (!parts.is_empty()).then(full)
    }
}

/// After failures one server is tried before there are more.
fn being_tried(kind: &NodeType, provider: &ProviderName, breaker: &Breaker) -> Blocker {
    let failed = format!("{} failed at provider {provider} ({})", kind.name, breaker.reason);
    Blocker::new(Rule::BreakerOpen, format!("{failed}; one server is being tried"))
}
