//! Every server of ours: those that a cloud listed, and those that only the state has.

use crate::config::Config;
use crate::domain::names::{MitaId, ProviderName, ServerId};
use crate::domain::state::{Origin, ServerMemory, State};
use crate::domain::world::{Listing, Lookup, Mark, Server, Shown, World};
use crate::plan::identity::fleet::{Machine, Sighting};
use crate::plan::identity::ownership::{is_ours, listed};
use crate::plan::identity::places::{Place, Renamed, at_its_place, is_elsewhere, renamed};
use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Servers of ours that are listed, then those that only the state has. A `disowned` one is no longer ours.
pub(crate) fn machines<'a>(
    config: &Config,
    world: &'a World,
    state: &State,
    disowned: &BTreeMap<&ServerId, &Server>,
) -> Vec<Machine<'a>> {
    let installation = config.installation();
    let mut by_id: HashMap<MitaId, Machine<'a>> = HashMap::with_capacity(state.servers.len());
    let holders: HashMap<&ServerId, (&MitaId, &ServerMemory)> =
        state.servers.iter().filter_map(|(id, memory)| Some((memory.server_id.as_ref()?, (id, memory)))).collect();
    // A provider that shows what is remembered at one that is no longer configured reaches the same project.
    let mut heirs: BTreeMap<&ProviderName, ProviderName> = BTreeMap::new();
    for (provider, server) in shown(config, world, &holders) {
        let Some(mark) = server.mark.as_ref().filter(|_| is_ours(&installation, state, server)) else { continue };
        let is_taken = || {
            let known = state.servers.get(&mark.id).and_then(|memory| memory.server_id.as_ref());
            by_id.contains_key(&mark.id) || known.is_some_and(|id| *id != server.id)
        };
        let (id, memory) = match holders.get(&server.id) {
            Some(&(id, memory)) => (id.clone(), Some(memory)),
            None => {
                let id = if is_taken() { MitaId::from(server.id.as_str()) } else { mark.id.clone() };
                let memory = state.servers.get(&id);
                (id, memory)
            }
        };
        if let Some(before) = memory.map(|memory| &memory.provider).filter(|before| !config.has_provider(before)) {
            heirs.entry(before).or_insert_with(|| provider.clone());
        }
        let machine = seen(id, memory, provider, mark, server);
        by_id.insert(machine.id.clone(), machine);
    }
    let renamed = renamed(world, state, by_id.values());
    let mut unlisted = Vec::new();
    for (id, memory) in &state.servers {
        if memory.server_id.as_ref().is_some_and(|id| disowned.contains_key(id)) {
            continue;
        }
        let heir = || heirs.get(&memory.provider).or_else(|| at_its_place(world, memory));
        if !by_id.contains_key(id) {
            let provider = heir().unwrap_or(&memory.provider);
            unlisted.push(remembered(world, id, memory, provider, &renamed));
        }
    }
    let mut machines: Vec<Machine<'a>> = by_id.into_values().chain(unlisted).collect();
    machines.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    machines
}

/// Every server that a cloud showed, once: at the provider that it is remembered at where that shows it, else at the
/// first that does. In the order of their ids.
fn shown<'a>(
    config: &Config,
    world: &'a World,
    holders: &HashMap<&ServerId, (&MitaId, &ServerMemory)>,
) -> Vec<(ProviderName, &'a Server)> {
    let mut listed = listed(config, world);
    listed.sort_by_key(|(_, server)| &server.id);
    let of_one = listed.chunk_by(|(_, one), (_, other)| one.id == other.id);
    let shown = of_one.filter_map(|all| {
        let remembered =
            |provider: &ProviderName| holders.get(&all[0].1.id).is_some_and(|(_, memory)| memory.provider == *provider);
        let remembered_there = all[1..].iter().rfind(|(provider, _)| remembered(provider));
        remembered_there.or(all.first()).cloned()
    });
    shown.collect()
}

/// A server that a cloud showed.
fn seen<'a>(
    id: MitaId,
    memory: Option<&ServerMemory>,
    provider: ProviderName,
    mark: &Mark,
    server: &'a Server,
) -> Machine<'a> {
    let remembered = memory.map(|memory| memory.ordered_at);
    let ordered_at = remembered.or_else(|| mark.id.ordered_at()).or(server.created);
    // As with the order's id, what this state ordered counts: people and programs can change the mark.
    let ordered = memory.filter(|memory| memory.origin != Origin::Found);
    Machine {
        id,
        node_type: ordered.map_or(&mark.node_type, |memory| &memory.node_type).clone(),
        provider,
        name: server.name.clone(),
        server_id: Some(server.id.clone()),
        ordered_at: ordered_at.unwrap_or(Timestamp::UNIX_EPOCH),
        origin: memory.map_or(Origin::Found, |memory| memory.origin),
        sighting: Sighting::Seen(server),
        nodes: Vec::new(),
        doubts: Vec::new(),
        namesakes: Vec::new(),
        shares_doubts: false,
    }
}

/// A server that only the state has.
fn remembered<'a>(
    world: &World,
    id: &MitaId,
    memory: &ServerMemory,
    provider: &ProviderName,
    renamed: &Renamed<'_>,
) -> Machine<'a> {
    Machine {
        id: id.clone(),
        node_type: memory.node_type.clone(),
        provider: provider.clone(),
        name: memory.name.clone(),
        server_id: memory.server_id.clone(),
        ordered_at: memory.ordered_at,
        origin: memory.origin,
        sighting: unlisted(world, provider, memory, renamed),
        nodes: Vec::new(),
        doubts: Vec::new(),
        namesakes: Vec::new(),
        shares_doubts: false,
    }
}

fn unlisted<'a>(world: &World, provider: &ProviderName, memory: &ServerMemory, renamed: &Renamed<'_>) -> Sighting<'a> {
    // A run reads every provider that is configured. One that does not answer may be this one under another name.
    let Some(cloud) = world.clouds.get(provider) else {
        return if world.lists_all_servers() { Sighting::Elsewhere } else { Sighting::NoAnswer };
    };
    let is_bare = |server: &Server| server.shown == Shown::WithoutMetadata;
    if is_elsewhere(cloud, memory) && !renamed.contains(&(Place::of(memory), Place::read(cloud))) {
        return Sighting::Elsewhere;
    }
    match (&cloud.servers, &memory.server_id) {
        (Listing::Unavailable(_), _) => Sighting::NoAnswer,
        (Listing::Complete(_), Some(id)) if cloud.listed(id).is_some_and(is_bare) => Sighting::WithoutMetadata,
        (Listing::Complete(_), None) if cloud.hides_servers() => Sighting::Hidden,
        (Listing::Complete(_), None) => Sighting::Unlisted,
        (Listing::Complete(_), Some(id)) => match cloud.by_id.get(id) {
            Some(Lookup::Found(server)) if is_bare(server) => Sighting::WithoutMetadata,
            Some(Lookup::Gone) => Sighting::Gone,
            None if memory.soft_deleted => Sighting::Deleted,
            Some(Lookup::Found(_) | Lookup::Unavailable(_)) | None => Sighting::NoAnswer,
        },
    }
}
