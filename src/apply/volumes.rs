//! Volumes that outlived their server.

use super::{Outcome, Site, orders};
use crate::naming::{ProviderName, ServerId, VolumeId};
use crate::plan::leftovers;
use crate::provider::Deletion;
use crate::world::{Lookup, VolumeState};

/// A volume's own proof, read afresh: it is free, and its name, its mark or its server's fault says that it is the one.
pub(super) fn delete_volume(
    site: &Site<'_>,
    provider: &ProviderName,
    id: &VolumeId,
    server: &ServerId,
) -> (Outcome, Option<String>) {
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    let volume = match provider.volume(id) {
        Lookup::Found(volume) => volume,
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
    };
    let marked = volume.mark.as_ref().is_some_and(|mark| mark.owner == site.config.owner);
    let in_fault = site.memory.departed.get(server).is_some_and(|departed| leftovers::is_in_fault(&volume, departed));
    if !marked && !in_fault && leftovers::volume_of(&volume.name).as_ref() != Some(server) {
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
