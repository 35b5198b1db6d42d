//! Floating IPs: one for each server of a node type that has a pool, for as long as the server exists.
//!
//! One request creates a floating IP, marks it and points it to a server, so that none of ours is ever without its
//! mark. The mark names the server, so the listing alone shows what exists, whatever is in the state: if the answer to
//! an order was lost, the next run sees its result. What is refused for want of one, or twice, is not asked for again at once: until somebody releases one,
//! each run would be told the same.

use super::draft::{Draft, Warning, target};
use super::findings::Findings;
use crate::config::Config;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::{Cloud, FloatingIp, ServerState, World};
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::fleet::Machine;
use crate::plan::identity::former::SignsOfLife;
use crate::plan::lifecycle::phase::{Classified, Phase};
use crate::plan::model::{Action, Change, FloatingIpToAssign, FormerServer, Subject};
use crate::plan::sightings::breaker::QUOTA_PAUSE;
use crate::plan::sightings::floating_ips::{is_kept_after_deletion, ours};
use crate::plan::sightings::servers::GONE_CONFIRMED;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

/// Releases floating IPs whose server is gone, and assigns one to each server that needs one and stays.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let Supply { config, state, fleet, now, .. } = *found.supply;
    let living = LazyCell::new(|| SignsOfLife::of(found.world, state, fleet));
    let mut seen = BTreeSet::new();
    for (provider, cloud) in &found.world.clouds {
        for address in ours(config, cloud).filter(|address| seen.insert(&address.id)) {
            let (rule, reason) = verdict_on(found, &living, cloud, address);
            if rule == Rule::ServerGone {
                let left_by = FormerServer { provider: provider.clone(), server_id: address.mark.server.clone() };
                let change = Change::ReleaseFloatingIp { floating_ip_id: address.id.clone(), left_by };
                draft.act(change, rule, reason.clone());
            }
            let name = address.address.map_or_else(|| address.id.to_string(), |address| address.to_string());
            if rule == Rule::NotOurs {
                let text = format!("floating ip {name} at provider {provider}: {reason}");
                draft.warnings.push(Warning::new(format!("taken {}", address.id), text));
            }
            draft.verdict(Subject::FloatingIp, &address.id, name, rule, reason);
        }
    }
    if state.settling.is_none() {
        let removed: BTreeSet<_> =
            draft.actions.iter().filter_map(Action::removed).map(|target| &target.order).collect();
        let staying = fleet.classified().filter(|(machine, _)| !removed.contains(&machine.id));
        let asked_lately = |machine: &Machine<'_>| {
            let refused = state.servers.get(&machine.id).and_then(|server| server.floating_ip_refused);
            refused.is_some_and(|refused| refused.lasts && now.duration_since(refused.last) < QUOTA_PAUSE)
        };
        let assignments: Vec<Action> = staying
            .filter(|(machine, _)| !asked_lately(machine))
            .filter_map(|(machine, classified)| assignment(config, found.world, state, machine, classified))
            .collect();
        draft.actions.extend(assignments);
    }
}

fn verdict_on(found: &Findings<'_>, living: &SignsOfLife<'_>, cloud: &Cloud, address: &FloatingIp) -> (Rule, String) {
    let Supply { state, .. } = *found.supply;
    let server = &address.mark.server;
    if is_taken(state, address) {
        let reason = format!("was made for server {server}, and a person attached it elsewhere: mita leaves it alone");
        return (Rule::NotOurs, reason);
    }
    let is_kept = is_kept_after_deletion(cloud, server);
    if !is_kept && cloud.listed(server).is_some() {
        return match address.attached {
            true => (Rule::InUse, format!("leads to server {server}")),
            false => (Rule::FloatingIp, format!("was made for server {server} and leads nowhere")),
        };
    }
    let sightings = state.floating_ips.get(&address.id).map_or(0, |known| known.gone_sightings);
    if sightings < GONE_CONFIRMED {
        return (Rule::NotSeen, format!("whether its server {server} is gone is not certain yet"));
    }
    if let Some((rule, why)) = living.may_still_run(server) {
        return (
            rule,
            format!("its cloud does not know its server {server} any more, but {why}: mita leaves it alone"),
        );
    }
    let gone = if is_kept {
        format!("its server {server} is deleted, and its cloud keeps it")
    } else {
        format!("its server {server} is gone (404 in two runs)")
    };
    match &state.settling {
        _ if address.attached && !is_kept => (Rule::Attached, format!("{gone}, and it leads somewhere all the same")),
        Some(settling) => (Rule::Settling, format!("{gone}; {}", settling.cause.reason())),
        None => (Rule::ServerGone, gone),
    }
}

fn is_taken(state: &State, address: &FloatingIp) -> bool {
    state.floating_ips.get(&address.id).is_some_and(|known| known.taken)
}

/// The floating IP that a server is to get now: it is ACTIVE, stays, and has none. One from which a person took it gets no other.
fn assignment(
    config: &Config,
    world: &World,
    state: &State,
    machine: &Machine<'_>,
    classified: &Classified,
) -> Option<Action> {
    let pool = config.node_type(&machine.node_type)?.boot.floating_ip_pool.clone()?;
    let server = machine.server().filter(|server| server.state == ServerState::Active)?;
    let stays = match classified.phase {
        Phase::LeftAlone(_) | Phase::OnItsWay(_) | Phase::Idle { .. } => true,
        Phase::ToRemove(_) | Phase::Draining => false,
    };
    let cloud = world.clouds.get(&machine.provider)?;
    // Without the listing, nothing shows what it has.
    cloud.floating_ips.as_ref()?.complete()?;
    let own: BTreeMap<bool, &FloatingIp> = ours(config, cloud)
        .filter(|address| address.mark.server == server.id)
        .map(|address| (address.attached, address))
        .collect();
    if !stays || own.contains_key(&true) || own.values().any(|address| is_taken(state, address)) {
        return None;
    }
    let reason = format!("server {} is active and has no floating IP from {pool} yet", machine.name);
    let known = own.get(&false).map(|address| address.id.clone());
    let wanted = FloatingIpToAssign { target: target(machine, [])?, pool, known };
    Some(Action::new(Change::AssignFloatingIp(wanted), Rule::FloatingIp, reason))
}
