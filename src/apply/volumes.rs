//! Deletes volumes that outlived their server.

use crate::apply::context::Context;
use crate::apply::outcome::{NotDone, Outcome, Result, deleted, found};
use crate::domain::names::VolumeId;
use crate::domain::world::VolumeState;
use crate::plan::model::{Change, FormerServer};
use crate::plan::sightings::volumes;

pub(super) fn delete(context: &Context<'_>) {
    context.carry_out(|action| match &action.change {
        Change::DeleteVolume { volume_id, left_by } => Some(move || delete_volume(context, volume_id, left_by)),
        _ => None,
    });
}

/// The volume is read first: it is deleted only if it is free, and its name, its mark or the state shows that it belonged
/// to this server.
fn delete_volume(context: &Context<'_>, id: &VolumeId, left_by: &FormerServer) -> Result<Outcome> {
    let FormerServer { provider, server_id: server } = left_by;
    let Some(provider) = context.provider(provider)?.attachments() else { return Ok(Outcome::AlreadyDone) };
    let Some(volume) = found(provider.volume(id))? else { return Ok(Outcome::AlreadyDone) };
    let installation = context.config.installation();
    let marked = volume.mark.as_ref().is_some_and(|mark| mark.is_of(&installation));
    let known = context.state.gone_servers.get(server).is_some_and(|gone| volumes::is_known_of(&volume, gone));
    if !marked && !known && volumes::volume_of(&volume.name).as_ref() != Some(server) {
        return Err(NotDone::skipped(format!("volume {id} no longer belongs to server {server}: it is left alone")));
    }
    match &volume.state {
        VolumeState::Free => deleted(provider.delete_volume(id)),
        VolumeState::Deleting => Ok(Outcome::AlreadyDone),
        VolumeState::DeletionFailed => Err(NotDone::skipped(format!("the deletion of volume {id} failed"))),
        VolumeState::InUse(status) => Err(NotDone::skipped(format!("volume {id} is {status}"))),
    }
}
