//! Volumes that outlived their server.
//!
//! A volume goes with its server, but for one that its cloud never made ready: it stays behind. Whose a blank one was
//! only its name tells; a volume to boot from has no name, and Nova tells of it in the server's fault alone. So it is
//! removed by that name, or that fault, where the state remembers the server; anything else that merely looks like it is
//! told, and never touched.

use super::{Action, Rule, Subject, Verdict, decide::settling_reason};
use crate::config::Config;
use crate::naming::{ProviderName, ServerId, VolumeId};
use crate::state::{Departed, State};
use crate::world::{Volume, VolumeState, World};
use std::collections::BTreeSet;

/// So many whole listings without the volume of a server that is gone say that there is none: Nova may still be making
/// one while its server is deleted.
const LISTINGS_WITHOUT: u32 = 2;

/// What is done and thought about volumes.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    pub(super) actions: Vec<Action>,
    pub(super) verdicts: Vec<Verdict>,
    /// Volumes that may be left-overs of servers that nobody remembers: key and text.
    pub(super) suspects: Vec<(String, String)>,
}

/// Whether the volumes of a provider are to be listed: a server with storage is gone from there and its volume not yet
/// known to be, or nothing is remembered at all.
pub fn wanted(config: &Config, state: &State, provider: &ProviderName) -> bool {
    let watched = state.departed.values().any(|departed| departed.provider == *provider && departed.watch.is_some());
    let makes_volumes =
        config.node_types.iter().any(|kind| kind.volumes().next().is_some() && kind.providers.contains(provider));
    watched || (state.run == 0 && makes_volumes)
}

/// Looks through all volumes that were listed.
pub(super) fn sweep(config: &Config, world: &World, memory: &State) -> Leftovers {
    let mut found = Leftovers::default();
    for (provider, cloud) in &world.clouds {
        let Some(volumes) = cloud.volumes.as_ref().and_then(|volumes| volumes.complete()) else { continue };
        for volume in volumes {
            match owner(config, memory, volume) {
                Some((server, departed)) => judge(memory, volume, server, departed, &mut found),
                None => found.suspects.extend(suspect(memory, world, provider, volume)),
            }
        }
    }
    found
}

/// Notes for each server that is gone whether its volume is still listed.
pub(super) fn keep_watch(config: &Config, world: &World, memory: &mut State) {
    for (provider, cloud) in &world.clouds {
        let Some(volumes) = cloud.volumes.as_ref().and_then(|volumes| volumes.complete()) else { continue };
        let servers =
            volumes.iter().filter_map(|volume| owner(config, memory, volume)).map(|(server, _)| server.clone());
        let seen: BTreeSet<ServerId> = servers.collect();
        for (server, departed) in memory.departed.iter_mut().filter(|(_, departed)| departed.provider == *provider) {
            departed.watch = match departed.watch {
                Some(_) if seen.contains(server) => Some(0),
                Some(without) if without + 1 < LISTINGS_WITHOUT => Some(without + 1),
                Some(_) | None => None,
            };
        }
    }
}

/// The server of ours that is gone and that a volume belonged to: by our mark, or by the name that Nova gave it.
fn owner<'a>(config: &Config, memory: &'a State, volume: &Volume) -> Option<(&'a ServerId, &'a Departed)> {
    let marked = volume
        .mark
        .as_ref()
        .filter(|mark| mark.owner == config.owner)
        .and_then(|mark| memory.departed.iter().find(|(_, departed)| departed.id == mark.id));
    let named = volume_of(&volume.name).and_then(|server| memory.departed.get_key_value(&server));
    let in_fault = || memory.departed.iter().find(|(_, departed)| is_in_fault(volume, departed));
    marked.or(named).or_else(in_fault)
}

/// The server that a blank volume's name tells of.
pub fn volume_of(name: &str) -> Option<ServerId> {
    name.strip_suffix("-blank-vol").filter(|id| !id.is_empty()).map(ServerId::from)
}

/// Whether the fault of a server that is gone named this volume: one to boot from, which Nova gives no name.
pub fn is_in_fault(volume: &Volume, departed: &Departed) -> bool {
    volume.name.is_empty() && departed.volumes.contains(&volume.id)
}

/// The volumes that a server's fault may name ("Volume ID did not finish being created ...", nova/exception.py): all
/// that has the form of an id. An order names no volume that is there already, so one that its fault names was made for it.
pub(super) fn volumes_named(fault: &str) -> BTreeSet<VolumeId> {
    let words = fault.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let is_id = |word: &&str| {
        let lengths: Vec<usize> = word.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12]
    };
    words.filter(is_id).map(VolumeId::from).collect()
}

fn judge(memory: &State, volume: &Volume, server: &ServerId, departed: &Departed, found: &mut Leftovers) {
    let gone = format!("its server {server} is gone (404 in two runs)");
    let (rule, reason) = match (&volume.state, &memory.settling) {
        (VolumeState::InUse(word), _) => (Rule::Attached, format!("{gone}, and it is {word} all the same")),
        (VolumeState::Deleting, _) => (Rule::Deleting, format!("{gone}; it is being deleted")),
        (VolumeState::DeletionFailed, _) => (
            Rule::Deleting,
            format!("{gone}; its deletion failed in the cloud and is stuck, ask the cloud's operators"),
        ),
        (VolumeState::Free, Some(settling)) => (Rule::Settling, format!("{gone}; {}", settling_reason(settling.cause))),
        (VolumeState::Free, None) => (Rule::ServerGone, gone),
    };
    if rule == Rule::ServerGone {
        found.actions.push(Action::DeleteVolume {
            volume_id: volume.id.clone(),
            provider: departed.provider.clone(),
            server_id: server.clone(),
            rule,
            reason: reason.clone(),
        });
    }
    found.verdicts.push(Verdict {
        subject: Subject::Volume,
        id: volume.id.to_string(),
        name: volume.name.clone(),
        rule,
        reason,
    });
}

/// A free volume by the name of one that Nova made, of a server that is nowhere: ours perhaps, from before the state was
/// lost. Told in the first run of a new state only.
fn suspect(memory: &State, world: &World, provider: &ProviderName, volume: &Volume) -> Option<(String, String)> {
    let server = volume_of(&volume.name)?;
    let cloud = world.clouds.get(provider)?;
    let listed = cloud.servers.complete()?.iter().any(|listed| listed.id == server);
    (memory.run == 1 && volume.state == VolumeState::Free && !listed).then(|| {
        let text = format!(
            "volume {} ({}) at provider {provider} may be the left-over of a server of ours from before the state was \
             lost: delete it if it is yours, mita does not",
            volume.id, volume.name
        );
        (format!("suspect {}", volume.id), text)
    })
}
