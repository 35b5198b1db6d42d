//! Frees and deletes volumes that outlived their server.

use crate::apply::context::Context;
use crate::apply::outcome::{NotDone, Outcome, Result, deleted, found};
use crate::domain::names::VolumeId;
use crate::domain::world::{Volume, VolumeState};
use crate::plan::model::{Change, FormerServer};
use crate::plan::sightings::volumes;
use crate::provider::{Attachments, Failure, FailureKind};

pub(super) fn delete(context: &Context<'_>) {
    context.carry_out(|action| match &action.change {
        Change::DeleteVolume { volume_id, left_by } => Some(move || delete_volume(context, volume_id, left_by)),
        _ => None,
    });
}

/// The volume is read first: it is deleted only if nothing but its server that is gone has it, and its name, its mark or the
/// state shows that it belonged to this server.
fn delete_volume(context: &Context<'_>, id: &VolumeId, left_by: &FormerServer) -> Result<Outcome> {
    let FormerServer { provider, server_id: server } = left_by;
    context.may_delete_at(provider)?;
    let Some(cloud) = context.provider(provider)?.attachments() else { return Ok(Outcome::AlreadyDone) };
    let Some(volume) = found(cloud.volume(id))? else { return Ok(Outcome::AlreadyDone) };
    let owner = volumes::owner(context.config, context.state, &volume);
    if !owner.is_some_and(|(owner, gone)| owner == server && !volumes::is_taken(&volume, server, gone)) {
        return Err(NotDone::skipped(format!("volume {id} no longer belongs to server {server}: it is left alone")));
    }
    match &volume.state {
        VolumeState::Free => {}
        VolumeState::Deleting => return Ok(Outcome::AlreadyDone),
        VolumeState::DeletionFailed => return Err(NotDone::skipped(format!("the deletion of volume {id} failed"))),
        VolumeState::InUse(_) if volumes::is_left_attached(&volume, server) => {
            if !free(context, cloud, &volume, left_by)? {
                return Ok(Outcome::AlreadyDone);
            }
        }
        VolumeState::InUse(status) => return Err(NotDone::skipped(format!("volume {id} is {status}"))),
    }
    deleted(context.delete(provider, || cloud.delete_volume(id))?)
}

/// Deletes the attachments to a server that is gone. Returns whether the volume is there.
fn free(context: &Context<'_>, cloud: &dyn Attachments, volume: &Volume, left_by: &FormerServer) -> Result<bool> {
    let FormerServer { provider, server_id: server } = left_by;
    if found(context.provider(provider)?.server(server))?.is_some() {
        return Err(NotDone::skipped(format!("server {server} still exists")));
    }
    for attachment in &volume.attachments {
        let Some(id) = &attachment.id else { continue };
        // Where the compute service has the server after all, the volume service refuses it to everybody (409).
        let by_hand = |failure: &Failure| {
            let command = attachment.deletion().filter(|_| failure.kind == FailureKind::Denied)?;
            Some(format!("somebody with more rights can do it: {command}"))
        };
        context.delete(provider, || cloud.delete_attachment(id))?.map_err(|failure| {
            let by_hand = by_hand(&failure);
            NotDone::from(failure).and(by_hand)
        })?;
    }
    match found(cloud.volume(&volume.id))?.map(|volume| volume.state) {
        None | Some(VolumeState::Deleting) => Ok(false),
        Some(VolumeState::Free) => Ok(true),
        Some(_) => {
            let reason = format!("volume {} is still attached to server {server}, which is gone", volume.id);
            Err(NotDone::failed(reason))
        }
    }
}
