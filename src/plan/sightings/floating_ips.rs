//! Which floating IPs are ours, and for how many runs the server of each has been gone.

use crate::config::Config;
use crate::domain::installation::Installation;
use crate::domain::names::{ProviderName, ServerId};
use crate::domain::state::{AddressMemory, State};
use crate::domain::world::{Cloud, FloatingIp, Lookup, Server, ServerState, World};
use crate::plan::identity::places;
use crate::plan::sightings::servers::GONE_CONFIRMED;
use std::net::IpAddr;

/// Whether the floating IPs of a provider are to be listed: servers there get some, or did.
pub fn wanted(config: &Config, state: &State, provider: &ProviderName) -> bool {
    let mut types = config.node_types.iter();
    // What is remembered of a provider that is no longer configured may be there under another name.
    let may_be_here = |remembered: &ProviderName| remembered == provider || !config.has_provider(remembered);
    types.any(|kind| kind.boot.floating_ip_pool.is_some() && kind.providers.contains(provider))
        || state.floating_ips.values().any(|address| may_be_here(&address.provider))
        || state.servers.values().any(|server| server.floating_ip && may_be_here(&server.provider))
}

/// The floating IPs of this installation that were listed.
pub fn ours<'a>(config: &Config, cloud: &'a Cloud) -> impl Iterator<Item = &'a FloatingIp> {
    let listed = cloud.floating_ips.as_ref().and_then(|listing| listing.complete()).into_iter().flatten();
    let installation = config.installation();
    listed.filter(move |address| {
        // The mark of an older mita names no controller: that of its server may.
        let by_older_mita = address.mark.controller.is_none();
        address.mark.is_of(&installation)
            && !(by_older_mita && is_of_another(&installation, cloud, &address.mark.server))
    })
}

/// Whether the listing shows this server with the mark of another installation.
fn is_of_another(installation: &Installation, cloud: &Cloud, server: &ServerId) -> bool {
    let mark = cloud.listed(server).and_then(|server| server.mark.as_ref());
    mark.is_some_and(|mark| !mark.is_of(installation))
}

/// Whether the cloud keeps this server after its deletion (SOFT_DELETED), for days, with its ports: its floating IP leads to
/// it all that time. Where somebody restores it, it gets another one.
pub(crate) fn is_kept_after_deletion(cloud: &Cloud, server: &ServerId) -> bool {
    let shown = match cloud.by_id.get(server) {
        Some(Lookup::Found(server)) => Some(server),
        _ => cloud.listed(server),
    };
    shown.is_some_and(|server| server.state == ServerState::Deleted)
}

/// The floating IP of ours that leads to a server and that its cloud shows among the server's addresses: a node of that
/// name is known by it.
pub(crate) fn of_server(config: &Config, world: &World, server: &Server) -> Option<IpAddr> {
    let mut all = world.clouds.values().flat_map(|cloud| ours(config, cloud));
    let own = all.find(|address| address.attached && address.mark.server == server.id)?;
    own.address.filter(|address| server.addresses.contains(address))
}

/// Whether a server of ours is where its 404 says nothing: floating IPs may be shared by compute services.
fn is_elsewhere(state: &State, cloud: &Cloud, id: &ServerId) -> bool {
    let mut known = state.servers.values().filter(|memory| memory.server_id.as_ref() == Some(id));
    known.any(|memory| places::is_elsewhere(cloud, memory))
}

/// Whether it leads to anything else than its server: a person attached it there. Nova deletes the ports of a server that is gone.
fn leads_to_another(address: &FloatingIp, is_gone: bool) -> bool {
    let is_another = |led_to: &ServerId| *led_to != address.mark.server;
    address.attached && address.leads_to.as_ref().map_or(is_gone, is_another)
}

/// Counts for each the runs that saw its server gone. What could not be listed stays as it was.
pub(crate) fn remember(config: &Config, world: &World, state: &mut State) {
    let before = std::mem::take(&mut state.floating_ips);
    let is_listed = |provider: &ProviderName| {
        let listing = world.clouds.get(provider).and_then(|cloud| cloud.floating_ips.as_ref());
        listing.is_some_and(|listing| listing.complete().is_some())
    };
    for (provider, cloud) in &world.clouds {
        for address in ours(config, cloud) {
            let known = before.get(&address.id);
            let was_taken = known.is_some_and(|known| known.taken);
            let known = known.map_or(0, |known| known.gone_sightings);
            let gone_sightings = match cloud.by_id.get(&address.mark.server) {
                _ if is_kept_after_deletion(cloud, &address.mark.server) => known + 1,
                _ if cloud.listed(&address.mark.server).is_some() => 0,
                Some(Lookup::Gone) if is_elsewhere(state, cloud, &address.mark.server) => known,
                Some(Lookup::Gone) => known + 1,
                Some(Lookup::Found(_)) => 0,
                Some(Lookup::Unavailable(_)) | None => known,
            };
            let is_gone = gone_sightings >= GONE_CONFIRMED && !is_kept_after_deletion(cloud, &address.mark.server);
            let taken = was_taken || leads_to_another(address, is_gone);
            let seen = AddressMemory { provider: provider.clone(), gone_sightings, taken };
            // Two providers may reach one project.
            state.floating_ips.entry(address.id.clone()).or_insert(seen);
        }
    }
    let unlisted = before.into_iter().filter(|(_, known)| !is_listed(&known.provider));
    for (id, known) in unlisted {
        state.floating_ips.entry(id).or_insert(known);
    }
}
