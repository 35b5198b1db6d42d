//! Step 1: which server is ours, and which Jenkins node is which server.
//!
//! A server is ours by its mark alone. A node is ours through a server that it clearly maps to, by its name or by the
//! address in it, or that is remembered. Everything that could be a server's node without being it clearly is kept
//! beside it: it makes the server as busy as it is itself, and nothing is touched while there is such a doubt.

mod bystanders;
pub mod fleet;
mod node_identity;
pub(crate) mod unconventional;

use crate::config::Config;
use crate::domain::names::{MitaId, ProviderName, ServerId};
use crate::domain::state::{Origin, State};
use crate::domain::world::{Listing, Lookup, Node, Server, World};
use fleet::{Fleet, Machine, NodeIdentity, Sighting};
use jiff::Timestamp;
use node_identity::{Candidates, Index};
use std::collections::{BTreeMap, BTreeSet};

/// Puts together what was seen and what is remembered.
pub fn identify<'a>(config: &'a Config, world: &'a World, state: &State) -> Fleet<'a> {
    let mut machines = machines(config, world, state);
    let index = Index::over(&machines, config);
    let listed = world.jenkins.nodes.complete().into_iter().flatten();
    let related: Vec<(&Node, Candidates)> =
        listed.map(|node| (node, index.identify(node, state.nodes.get(&node.name), &machines))).collect();
    let mut nodes = Vec::new();
    for (node, Candidates { identity, doubts, namesakes }) in related {
        if let NodeIdentity::Of(machine) = identity {
            machines[machine].nodes.push(node);
        }
        doubts.into_iter().for_each(|machine| machines[machine].doubts.push(node));
        namesakes.into_iter().for_each(|machine| machines[machine].namesakes.push(node));
        nodes.push((node, identity));
    }
    bystanders::set_aside(&index, state, &mut machines, &mut nodes);
    Fleet { machines, nodes }
}

/// Servers of ours that are listed, then those that are only remembered.
fn machines<'a>(config: &Config, world: &'a World, state: &State) -> Vec<Machine<'a>> {
    let mut by_id: BTreeMap<MitaId, Machine<'a>> = BTreeMap::new();
    let mut seen: BTreeSet<&ServerId> = BTreeSet::new();
    let holder: BTreeMap<&ServerId, &MitaId> =
        state.servers.iter().filter_map(|(id, memory)| Some((memory.server_id.as_ref()?, id))).collect();
    for (provider, server) in listed(config, world) {
        let Some(mark) = server.mark.as_ref().filter(|mark| mark.owner == config.owner) else { continue };
        if !seen.insert(&server.id) {
            continue;
        }
        let taken = by_id.contains_key(&mark.id)
            || state
                .servers
                .get(&mark.id)
                .and_then(|memory| memory.server_id.as_ref())
                .is_some_and(|id| *id != server.id);
        let id = match holder.get(&server.id) {
            Some(&id) => id.clone(),
            None if taken => MitaId::from(server.id.as_str()),
            None => mark.id.clone(),
        };
        let memory = state.servers.get(&id);
        let ordered_at = memory
            .map(|memory| memory.ordered_at)
            .or_else(|| mark.id.ordered_at())
            .or(server.created)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let machine = Machine {
            id: id.clone(),
            node_type: mark.node_type.clone(),
            provider: memory.map_or_else(|| provider.clone(), |memory| memory.provider.clone()),
            name: server.name.clone(),
            server_id: Some(server.id.clone()),
            ordered_at,
            origin: memory.map_or(Origin::Found, |memory| memory.origin),
            sighting: Sighting::Seen(server),
            nodes: Vec::new(),
            doubts: Vec::new(),
            namesakes: Vec::new(),
            shares_doubts: false,
        };
        by_id.insert(id, machine);
    }
    for (id, memory) in &state.servers {
        by_id.entry(id.clone()).or_insert_with(|| Machine {
            id: id.clone(),
            node_type: memory.node_type.clone(),
            provider: memory.provider.clone(),
            name: memory.name.clone(),
            server_id: memory.server_id.clone(),
            ordered_at: memory.ordered_at,
            origin: memory.origin,
            sighting: unlisted(world, &memory.provider, memory.server_id.as_ref()),
            nodes: Vec::new(),
            doubts: Vec::new(),
            namesakes: Vec::new(),
            shares_doubts: false,
        });
    }
    by_id.into_values().collect()
}

/// Every server that a cloud showed, the providers in the configuration's order.
fn listed<'a>(config: &Config, world: &'a World) -> Vec<(ProviderName, &'a Server)> {
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

fn unlisted<'a>(world: &World, provider: &ProviderName, id: Option<&ServerId>) -> Sighting<'a> {
    let Some(cloud) = world.clouds.get(provider) else { return Sighting::NoAnswer };
    match (&cloud.servers, id) {
        (Listing::Unavailable(_), _) => Sighting::NoAnswer,
        (Listing::Complete(_), None) => Sighting::Unlisted,
        (Listing::Complete(_), Some(id)) => match cloud.by_id.get(id) {
            Some(Lookup::Gone) => Sighting::Gone,
            Some(Lookup::Found(_) | Lookup::Unavailable(_)) | None => Sighting::NoAnswer,
        },
    }
}
