//! Cinder: what the project may still have of volumes. The volumes themselves are made by Nova, with their servers.

use super::catalogue::Service;
use super::compute::left;
use super::errors::Verb;
use super::session::Session;
use super::wire;
use crate::provider::Failure;

/// What may still be used of the project's volumes and gigabytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Headroom {
    pub(super) volumes: Option<u64>,
    pub(super) gigabytes: Option<u64>,
}

pub(super) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let task = session.task("read the volume quota", Verb::Read);
    let response = session.read(Service::Volume, "/limits".to_owned(), &task)?;
    let body: wire::Limits<wire::VolumeLimits> =
        response.json("the volume limits of the project").map_err(|error| task.broken(&error))?;
    let limits = body.limits.absolute;
    Ok(Headroom {
        volumes: left(limits.max_total_volumes, limits.total_volumes_used),
        gigabytes: left(limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
    })
}
