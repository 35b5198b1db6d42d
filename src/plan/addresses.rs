//! Floating IPs: one for each server of a type that has a pool, and none longer than its server.
//!
//! One request makes a floating IP, marks it and leads it to the server, so that none of ours is ever without its mark, and
//! the mark names the server. So the listing alone tells what there is, whatever the state remembers: an order for one
//! whose answer was lost shows in the next run.

use super::fleet::{Fleet, Machine};
use super::phase::{Judgement, Phase};
use super::remember::GONE_CONFIRMED;
use super::{Action, Rule, Subject, Verdict, decide::settling_reason};
use crate::config::Config;
use crate::naming::{ProviderName, ServerId};
use crate::state::{AddressMemory, State};
use crate::world::{Cloud, FloatingIp, Lookup, Server, ServerState, World};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Whether the floating IPs of a provider are to be listed: servers there get some, or did.
pub fn wanted(config: &Config, state: &State, provider: &ProviderName) -> bool {
    let mut types = config.node_types.iter();
    types.any(|kind| kind.boot.floating_ip_pool.is_some() && kind.providers.contains(provider))
        || state.floating_ips.values().any(|address| address.provider == *provider)
        || state.servers.values().any(|server| server.floating_ip && server.provider == *provider)
}

/// The floating IPs of this installation that were listed.
pub fn ours<'a>(config: &Config, cloud: &'a Cloud) -> impl Iterator<Item = &'a FloatingIp> {
    let listed = cloud.floating_ips.as_ref().and_then(|listing| listing.complete()).into_iter().flatten();
    let owner = config.owner.clone();
    listed.filter(move |address| address.mark.owner == owner)
}

/// The floating IP of ours that leads to a server and that its cloud shows among the server's addresses: a node of that
/// name is known by it.
pub(super) fn of_server(config: &Config, world: &World, server: &Server) -> Option<IpAddr> {
    let mut all = world.clouds.values().flat_map(|cloud| ours(config, cloud));
    let own = all.find(|address| address.attached && address.mark.server == server.id)?;
    own.address.filter(|address| server.addresses.contains(address))
}

/// Counts for each the runs that saw its server gone. What could not be listed stays as it was.
pub(super) fn remember(config: &Config, world: &World, memory: &mut State) {
    let before = std::mem::take(&mut memory.floating_ips);
    let is_listed = |provider: &ProviderName| {
        let listing = world.clouds.get(provider).and_then(|cloud| cloud.floating_ips.as_ref());
        listing.is_some_and(|listing| listing.complete().is_some())
    };
    memory.floating_ips = before
        .iter()
        .filter(|(_, known)| !is_listed(&known.provider))
        .map(|(id, known)| (id.clone(), known.clone()))
        .collect();
    for (provider, cloud) in &world.clouds {
        for address in ours(config, cloud) {
            let known = before.get(&address.id).map_or(0, |known| known.gone_sightings);
            let gone_sightings = match cloud.by_id.get(&address.mark.server) {
                _ if shows(cloud, &address.mark.server) => 0,
                Some(Lookup::Gone) => known + 1,
                Some(Lookup::Found(_)) => 0,
                Some(Lookup::Unavailable(_)) | None => known,
            };
            let seen = AddressMemory { provider: provider.clone(), gone_sightings };
            // Two providers may reach one project.
            memory.floating_ips.entry(address.id.clone()).or_insert(seen);
        }
    }
}

/// Whether the listing has this server.
fn shows(cloud: &Cloud, server: &ServerId) -> bool {
    cloud.servers.complete().is_some_and(|servers| servers.iter().any(|listed| listed.id == *server))
}

/// What is done and thought about floating IPs, beside what else is done.
pub(super) fn sweep(
    config: &Config,
    world: &World,
    memory: &State,
    fleet: &Fleet<'_>,
    phases: &[Judgement],
    others: &[Action],
) -> (Vec<Action>, Vec<Verdict>) {
    let (mut actions, mut verdicts) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (provider, cloud) in &world.clouds {
        for address in ours(config, cloud).filter(|address| seen.insert(&address.id)) {
            let (rule, reason) = judge(memory, cloud, address);
            if rule == Rule::ServerGone {
                actions.push(Action::ReleaseFloatingIp {
                    floating_ip_id: address.id.clone(),
                    provider: provider.clone(),
                    server_id: address.mark.server.clone(),
                    rule,
                    reason: reason.clone(),
                });
            }
            verdicts.push(Verdict {
                subject: Subject::FloatingIp,
                id: address.id.to_string(),
                name: address.address.map_or_else(|| address.id.to_string(), |address| address.to_string()),
                rule,
                reason,
            });
        }
    }
    if memory.settling.is_none() {
        let going = |machine: &Machine<'_>| others.iter().any(|action| removes(action, machine));
        let machines = fleet.machines.iter().zip(phases).filter(|(machine, _)| !going(machine));
        actions.extend(machines.filter_map(|(machine, judgement)| assignment(config, world, machine, judgement)));
    }
    (actions, verdicts)
}

/// Whether an action takes the machine away.
fn removes(action: &Action, machine: &Machine<'_>) -> bool {
    match action {
        Action::RetireNode { id, .. } | Action::DeleteServer { id, .. } => *id == machine.id,
        _ => false,
    }
}

fn judge(memory: &State, cloud: &Cloud, address: &FloatingIp) -> (Rule, String) {
    let server = &address.mark.server;
    if shows(cloud, server) {
        return match address.attached {
            true => (Rule::InUse, format!("leads to server {server}")),
            false => (Rule::FloatingIp, format!("was made for server {server} and leads nowhere")),
        };
    }
    let sightings = memory.floating_ips.get(&address.id).map_or(0, |known| known.gone_sightings);
    if sightings < GONE_CONFIRMED {
        return (Rule::NotSeen, format!("whether its server {server} is gone is not certain yet"));
    }
    let gone = format!("its server {server} is gone (404 in two runs)");
    match &memory.settling {
        _ if address.attached => (Rule::Attached, format!("{gone}, and it leads somewhere all the same")),
        Some(settling) => (Rule::Settling, format!("{gone}; {}", settling_reason(settling.cause))),
        None => (Rule::ServerGone, gone),
    }
}

/// The floating IP that a server is to get now: it is ACTIVE, stays, and has none.
fn assignment(config: &Config, world: &World, machine: &Machine<'_>, judgement: &Judgement) -> Option<Action> {
    let pool = config.node_type(&machine.node_type)?.boot.floating_ip_pool.clone()?;
    let server = machine.server().filter(|server| server.state == ServerState::Active)?;
    let stays = match judgement.phase {
        Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } => true,
        Phase::Condemned(_) | Phase::Draining => false,
    };
    let cloud = world.clouds.get(&machine.provider)?;
    // Without the listing nobody knows what it has.
    cloud.floating_ips.as_ref()?.complete()?;
    let own: BTreeMap<bool, &FloatingIp> = ours(config, cloud)
        .filter(|address| address.mark.server == server.id)
        .map(|address| (address.attached, address))
        .collect();
    if !stays || own.contains_key(&true) {
        return None;
    }
    Some(Action::AssignFloatingIp {
        node_type: machine.node_type.clone(),
        provider: machine.provider.clone(),
        server_id: server.id.clone(),
        id: machine.id.clone(),
        floating_ip_id: own.get(&false).map(|address| address.id.clone()),
        rule: Rule::FloatingIp,
        reason: format!("server {} is active and has no floating IP from {pool} yet", machine.name),
        pool,
    })
}
