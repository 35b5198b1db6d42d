//! Volumes that outlived their server.
//!
//! The cloud deletes a volume together with its server, except one that never became ready, has a snapshot, or could not be
//! reached at that moment: that one stays. If it was to be blank, its name shows whose it was. A volume to boot from has no
//! name: the list showed it with its server, or the server's fault named it. So mita deletes such a volume by its name or by
//! what it remembers, if the state has its server. One that a person was seen to use is theirs for good. mita reports any
//! other volume that looks like one of ours, and leaves it alone.

use super::draft::{Draft, Warning};
use super::findings::Findings;
use crate::domain::names::{ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::{Volume, VolumeState, World};
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::former::SignsOfLife;
use crate::plan::model::{Change, FormerServer, Subject};
use crate::plan::sightings::volumes::{is_left_attached, owner, volume_of};
use std::cell::LazyCell;
use std::collections::BTreeSet;

/// Looks through all volumes that were listed.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    let (world, state) = (found.world, found.supply.state);
    let living = LazyCell::new(|| SignsOfLife::of(world, state, found.supply.fleet));
    // Two providers may reach one project.
    let mut seen = BTreeSet::new();
    for (provider, cloud) in &world.clouds {
        let Some(volumes) = cloud.volumes.as_ref().and_then(|volumes| volumes.complete()) else { continue };
        for volume in volumes.iter().filter(|volume| seen.insert(&volume.id)) {
            let Some((server, gone)) = owner(found.supply.config, state, volume) else {
                draft.warnings.extend(suspect(state, world, provider, volume));
                continue;
            };
            let name = if volume.name.is_empty() { volume.id.as_str() } else { &volume.name };
            if gone.taken_volumes.contains(&volume.id) {
                let reason = format!("its server {server} is gone, and {TAKEN}");
                // Once nothing is watched for any more, it was told.
                if gone.watch.is_some() {
                    let text = format!("volume {name} at provider {provider}: {reason}");
                    draft.warnings.push(Warning::new(format!("taken {}", volume.id), text));
                }
                draft.verdict(Subject::Volume, &volume.id, name, Rule::NotOurs, reason);
                continue;
            }
            let (rule, reason) = verdict_on(found, &living, volume, server);
            if rule == Rule::ServerGone {
                let left_by = FormerServer { provider: provider.clone(), server_id: server.clone() };
                draft.act(Change::DeleteVolume { volume_id: volume.id.clone(), left_by }, rule, reason.clone());
            }
            draft.verdict(Subject::Volume, &volume.id, name, rule, reason);
        }
    }
}

/// How a volume can have become a person's, and what follows.
const TAKEN: &str = "a person attached it to another server, detached it, named it, asked the cloud to keep it, or deleted the \
                     server; mita leaves it alone";

fn verdict_on(found: &Findings<'_>, living: &SignsOfLife<'_>, volume: &Volume, server: &ServerId) -> (Rule, String) {
    let Supply { state, .. } = *found.supply;
    if let Some((rule, why)) = living.may_still_run(server) {
        return (
            rule,
            format!("its cloud does not know its server {server} any more, but {why}: mita leaves it alone"),
        );
    }
    let gone = format!("its server {server} is gone (404 in two runs)");
    match (&volume.state, &state.settling) {
        (VolumeState::InUse(word), _) if !is_left_attached(volume, server) => {
            (Rule::Attached, format!("{gone}, and it is {word} all the same"))
        }
        (VolumeState::Deleting, _) => (Rule::Deleting, format!("{gone}; it is being deleted")),
        (VolumeState::DeletionFailed, _) => {
            (Rule::Deleting, format!("{gone}; its deletion failed in the cloud and is stuck"))
        }
        (_, Some(settling)) => (Rule::Settling, format!("{gone}; {}", settling.cause.reason())),
        (VolumeState::InUse(_), None) => (Rule::ServerGone, format!("{gone}, and its attachment was left behind")),
        (VolumeState::Free, None) => (Rule::ServerGone, gone),
    }
}

/// A free volume by the name of one that Nova made, of a server that is nowhere: ours perhaps, from before the state was
/// lost. Told in the first run of a new state only.
fn suspect(state: &State, world: &World, provider: &ProviderName, volume: &Volume) -> Option<Warning> {
    let server = volume_of(&volume.name)?;
    let is_nowhere = world.lists_servers_of(provider) && world.clouds.get(provider)?.listed(&server).is_none();
    (state.run == 1 && volume.state == VolumeState::Free && is_nowhere).then(|| {
        let text = format!(
            "volume {} ({}) at provider {provider} may be the left-over of a server of ours from before the state was \
             lost: delete it if it is yours, mita does not",
            volume.id, volume.name
        );
        Warning::new(format!("suspect {}", volume.id), text)
    })
}
