//! Which volume belonged to which server of ours that is gone, and how long mita watches for such volumes.

use crate::config::Config;
use crate::domain::names::{MitaId, ProviderName, ServerId, VolumeId};
use crate::domain::small_set::SmallSet;
use crate::domain::state::{GoneServer, ServerMemory, State};
use crate::domain::world::{Attachment, Server, ServerState, Volume, VolumeState, World};
use foldhash::HashMap;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// So many whole listings without the volume of a server that is gone say that there is none: Nova may still be making
/// one while its server is deleted.
const LISTINGS_WITHOUT: u32 = 2;

/// Of volumes that people attach to a server, so many are remembered: builds may attach their own for months.
const MOST_TAKEN_VOLUMES: usize = 200;

/// Whether the volumes of a provider are to be listed: a server with storage is gone from there and its volume not yet
/// known to be, or the state is empty.
pub fn wanted(config: &Config, state: &State, provider: &ProviderName) -> bool {
    // What is remembered of a provider that is no longer configured may be there under another name.
    let may_be_here = |gone: &GoneServer| gone.provider == *provider || !config.has_provider(&gone.provider);
    let watched = state.gone_servers.values().any(|gone| gone.watch.is_some() && may_be_here(gone));
    let makes_volumes = config.node_types.iter().any(|kind| kind.has_volumes() && kind.providers.contains(provider));
    watched || (state.run == 0 && makes_volumes)
}

/// The word of Cinder for a volume that is attached.
const ATTACHED: &str = "in-use";

/// Notes which volumes a server that its cloud shows came with. As long as it was not ACTIVE, nobody can have attached one. One
/// that a person detached since, or asked the cloud to keep, is theirs.
pub(crate) fn see(memory: &mut ServerMemory, server: &Server) {
    let is_full = memory.taken_volumes.len() >= MOST_TAKEN_VOLUMES;
    let mut taken = if is_full { SmallSet::default() } else { server.kept_volumes.clone() };
    if let Some(volumes) = &server.volumes {
        if memory.active_since.is_none() {
            memory.volumes.extend(volumes.iter().cloned());
        } else if matches!(server.state, ServerState::Active | ServerState::Stopped(_)) {
            taken.extend(volumes.missing(memory.volumes.iter()).cloned());
        }
    }
    memory.taken_volumes.extend(taken.iter().cloned());
}

/// Notes for each server that is gone whether its volume is still listed, and for all which volumes are a person's by now.
pub(crate) fn keep_watch(config: &Config, world: &World, state: &mut State, now: Timestamp) {
    for (provider, cloud) in &world.clouds {
        let Some(volumes) = cloud.volumes.as_ref().and_then(|volumes| volumes.complete()) else { continue };
        see_taken(volumes, state);
        let mut seen: BTreeSet<ServerId> = BTreeSet::new();
        for volume in volumes {
            let Some((server, gone)) = owner(config, state, volume) else { continue };
            let (server, is_taken) = (server.clone(), is_taken(volume, server, gone));
            let is_new = is_taken
                && state.gone_servers.get_mut(&server).is_some_and(|gone| gone.taken_volumes.insert(volume.id.clone()));
            if !is_taken || is_new {
                seen.insert(server);
            }
        }
        for (server, gone) in &mut state.gone_servers {
            // That another provider lacks it says nothing.
            if gone.provider != *provider && !seen.contains(server) {
                continue;
            }
            gone.provider = provider.clone();
            gone.deleted_by_others = false;
            if seen.contains(server) {
                gone.volume_seen = Some(now);
            }
            gone.watch = match gone.watch {
                Some(_) if seen.contains(server) => Some(0),
                Some(without) if without + 1 < LISTINGS_WITHOUT => Some(without + 1),
                Some(_) | None => None,
            };
        }
    }
}

/// Notes which volumes of servers that are not gone show that they are a person's.
fn see_taken(volumes: &[Volume], state: &mut State) {
    let by_id: HashMap<&VolumeId, &Volume> = volumes.iter().map(|volume| (&volume.id, volume)).collect();
    let taken_from = |(order, memory): (&MitaId, &ServerMemory)| {
        let server = memory.server_id.as_ref()?;
        let came_with_it = memory.volumes.iter().filter_map(|id| by_id.get(id));
        let taken = came_with_it.filter(|volume| is_named(volume, server) || is_attached_to_another(volume, server));
        let taken: Vec<VolumeId> = taken.map(|volume| volume.id.clone()).collect();
        let is_new = taken.iter().any(|volume| !memory.taken_volumes.contains(volume));
        is_new.then(|| (order.clone(), taken))
    };
    let taken: Vec<_> = state.servers.iter().filter_map(taken_from).collect();
    for (order, volumes) in taken {
        if let Some(memory) = state.servers.get_mut(&order) {
            memory.taken_volumes.extend(volumes);
        }
    }
}

/// The server of ours that is gone and that a volume belonged to: by our mark, by the name that Nova gave it, or by what the
/// state has about the server.
pub(crate) fn owner<'a>(config: &Config, state: &'a State, volume: &Volume) -> Option<(&'a ServerId, &'a GoneServer)> {
    let marked = volume
        .mark
        .as_ref()
        .filter(|mark| mark.is_of(&config.installation()))
        .and_then(|mark| state.gone_servers.iter().find(|(_, gone)| gone.id == mark.id));
    let named = volume_of(&volume.name).and_then(|server| state.gone_servers.get_key_value(&server));
    let known = || state.gone_servers.iter().find(|(_, gone)| is_known_of(volume, gone));
    marked.or(named).or_else(known)
}

/// The server that the name of a blank volume contains.
pub fn volume_of(name: &str) -> Option<ServerId> {
    name.strip_suffix("-blank-vol").filter(|id| !id.is_empty()).map(ServerId::from)
}

/// Whether a server that is gone came with this volume, or its fault named it.
fn is_known_of(volume: &Volume, gone: &GoneServer) -> bool {
    gone.volumes.contains(&volume.id)
}

/// Whether the volume of a server that is gone is a person's: they attached it to another server, detached it, gave it a
/// name, or asked Nova to keep it.
pub fn is_taken(volume: &Volume, server: &ServerId, gone: &GoneServer) -> bool {
    let may_be_detached = || gone.deleted_by_others && volume.state == VolumeState::Free;
    gone.taken_volumes.contains(&volume.id)
        || is_known_of(volume, gone) && is_named(volume, server)
        || is_attached_to_another(volume, server)
        || may_be_detached()
}

/// Whether a person named a volume of this server: Nova names a blank volume, and no other one.
fn is_named(volume: &Volume, server: &ServerId) -> bool {
    !volume.name.is_empty() && volume_of(&volume.name).as_ref() != Some(server)
}

fn is_attached_to_another(volume: &Volume, server: &ServerId) -> bool {
    volume.attachments.iter().any(|at| at.server.as_ref().is_some_and(|other| other != server))
}

/// Whether only the attachment to its server that is gone keeps the volume: Nova leaves that behind where it cannot reach
/// the volume service when it deletes the server.
pub fn is_left_attached(volume: &Volume, server: &ServerId) -> bool {
    let to_it = |attachment: &Attachment| attachment.id.is_some() && attachment.server.as_ref() == Some(server);
    volume.state == VolumeState::InUse(ATTACHED.to_owned())
        && !volume.attachments.is_empty()
        && volume.attachments.iter().all(to_it)
}

/// Whether a server's fault is about a volume. An image can make volumes although its node type has none.
pub(crate) fn is_about_volumes(fault: &str) -> bool {
    fault.to_ascii_lowercase().contains("volume")
}

/// The volumes that a server's fault may name ("Volume ID did not finish being created ...", nova/exception.py): all
/// that has the form of an id. An order names no volume that is there already, so one that its fault names was made for it.
pub(crate) fn volumes_named(fault: &str) -> BTreeSet<VolumeId> {
    let words = fault.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let is_id = |word: &&str| {
        let lengths: Vec<usize> = word.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12]
    };
    words.filter(is_id).map(VolumeId::from).collect()
}
