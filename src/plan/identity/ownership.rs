//! Whose a server is: its mark names the owner and the controller.
//!
//! A mark with our owner and another controller belongs to an installation that has our owner by accident, unless this
//! state ordered the server: then our controller has a new name.

use crate::config::Config;
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{MitaId, Owner, ProviderName, ServerId};
use crate::domain::state::{Origin, State};
use crate::domain::world::{Lookup, Server, Shown, World};
use foldhash::HashSet;
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Whether the server carries our mark: only then it may be touched.
pub fn is_ours(installation: &Installation, state: &State, server: &Server) -> bool {
    let Some(mark) = &server.mark else { return false };
    mark.is_of(installation) || (mark.owner == installation.owner && was_ordered(state, &server.id))
}

/// Whether a run that the state remembers ordered the server.
fn was_ordered(state: &State, server: &ServerId) -> bool {
    let mut remembered = state.servers.values();
    remembered.any(|memory| memory.server_id.as_ref() == Some(server) && matches!(memory.origin, Origin::Ordered(_)))
}

/// Servers of an installation at another controller that has our owner.
pub struct Namesakes<'a> {
    /// Who lists them.
    pub provider: ProviderName,
    owner: Owner,
    controller: &'a Controller,
    servers: usize,
}

impl fmt::Display for Namesakes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, controller, servers, .. } = self;
        let servers = if *servers == 1 { "1 server has".to_owned() } else { format!("{servers} servers have") };
        write!(
            f,
            "{servers} the mark of owner {owner} at the Jenkins {controller}: another installation, whose servers are \
             left alone; give one of the two an owner of its own, or, if this Jenkins had that URL before, add it to \
             jenkins.former_urls"
        )
    }
}

/// The servers of each installation at another controller that has our owner, by the provider that lists them.
pub fn namesakes<'a>(config: &Config, world: &'a World, state: &State) -> Vec<Namesakes<'a>> {
    let installation = config.installation();
    let mut found: BTreeMap<(ProviderName, &Controller), usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (provider, server) in listed(config, world) {
        let Some(mark) = server.mark.as_ref().filter(|mark| mark.owner == installation.owner) else { continue };
        let Some(controller) = &mark.controller else { continue };
        // Two providers may reach one project.
        if !is_ours(&installation, state, server) && seen.insert(&server.id) {
            *found.entry((provider, controller)).or_default() += 1;
        }
    }
    let namesakes = found.into_iter().map(|((provider, controller), servers)| Namesakes {
        provider,
        owner: installation.owner.clone(),
        controller,
        servers,
    });
    namesakes.collect()
}

/// Servers in the state that a cloud shows without our mark: a person removed it, or they were never ours.
pub(crate) fn disowned<'a>(config: &Config, world: &'a World, state: &State) -> BTreeMap<&'a ServerId, &'a Server> {
    let installation = config.installation();
    let remembered: LazyCell<HashSet<&ServerId>, _> = LazyCell::new(|| {
        let servers = state.servers.values().filter_map(|memory| memory.server_id.as_ref());
        servers.chain(state.nodes.values().filter_map(|memory| memory.server.as_ref())).collect()
    });
    let seen = listed(config, world).into_iter().map(|(_, server)| server);
    let without_mark = seen.filter(|server| {
        server.shown == Shown::Whole && !is_ours(&installation, state, server) && remembered.contains(&server.id)
    });
    without_mark.map(|server| (&server.id, server)).collect()
}

/// Whether an order is one of an installation at another controller that has our owner.
pub(crate) fn is_anothers_order(config: &Config, world: &World, state: &State, order: &MitaId) -> bool {
    let installation = config.installation();
    let mut seen = listed(config, world).into_iter().map(|(_, server)| server);
    seen.any(|server| {
        let mark = server.mark.as_ref().filter(|mark| mark.owner == installation.owner && mark.id == *order);
        mark.is_some() && !is_ours(&installation, state, server)
    })
}

/// Every server that a cloud showed, the providers in the configuration's order.
pub(crate) fn listed<'a>(config: &Config, world: &'a World) -> Vec<(ProviderName, &'a Server)> {
    let mut found = Vec::new();
    for provider in &config.providers {
        let Some(cloud) = world.clouds.get(&provider.name) else { continue };
        let by_id = cloud.by_id.values().filter_map(|lookup| match lookup {
            Lookup::Found(server) => Some(server),
            Lookup::Gone | Lookup::Unavailable(_) => None,
        });
        let servers = cloud.servers.complete().into_iter().flatten().chain(by_id);
        found.extend(servers.map(|server| (provider.name.clone(), server)));
    }
    found
}
