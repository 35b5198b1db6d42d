//! Volumes that outlived their server.

use crate::apply::{Outcome, Site, orders};
use crate::domain::names::VolumeId;
use crate::domain::world::{Lookup, VolumeState};
use crate::plan::model::FormerServer;
use crate::plan::sightings::volumes;
use crate::provider::Deletion;

/// A volume's own proof, read afresh: it is free, and its name, its mark or its server's fault says that it is the one.
pub(super) fn delete_volume(site: &Site<'_>, id: &VolumeId, left_by: &FormerServer) -> (Outcome, Option<String>) {
    let FormerServer { provider, server_id: server } = left_by;
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    let volume = match provider.volume(id) {
        Lookup::Found(volume) => volume,
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
    };
    let installation = site.config.installation();
    let marked = volume.mark.as_ref().is_some_and(|mark| installation.is(&mark.owner, mark.controller.as_ref()));
    let in_fault = site.memory.gone_servers.get(server).is_some_and(|gone| volumes::is_in_fault(&volume, gone));
    if !marked && !in_fault && volumes::volume_of(&volume.name).as_ref() != Some(server) {
        let reason = format!("volume {id} is not the one of server {server} any more: it is left alone");
        return (Outcome::Skipped, Some(reason));
    }
    match &volume.state {
        VolumeState::Free => {}
        VolumeState::Deleting => return (Outcome::AlreadyDone, None),
        VolumeState::DeletionFailed => return (Outcome::Skipped, Some(format!("the deletion of volume {id} failed"))),
        VolumeState::InUse(word) => return (Outcome::Skipped, Some(format!("volume {id} is {word}"))),
    }
    match provider.delete_volume(id) {
        Ok(Deletion::Accepted) => (Outcome::Done, None),
        Ok(Deletion::AlreadyGone) => (Outcome::AlreadyDone, None),
        Err(failure) => (orders::outcome(failure.kind), Some(failure.message)),
    }
}
