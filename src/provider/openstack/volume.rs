//! Cinder: the volumes that servers left behind, and what the project may still have. Volumes are made by Nova, with
//! their servers, and go with them: what is listed here is what went wrong.

use super::api::{Call, Limits, Link, Pages, Service, Session, Verb, left, mark, says_no_volume};
use crate::http::{Method, encode_segment};
use crate::naming::VolumeId;
use crate::provider::{Deletion, Failure, FailureKind};
use crate::world::{Lookup, Volume, VolumeState};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What may still be used of the project's volumes and gigabytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom {
    pub(crate) volumes: Option<u64>,
    pub(crate) gigabytes: Option<u64>,
}

pub(crate) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let limits = limits(session)?;
    Ok(Headroom {
        volumes: left(limits.max_total_volumes, limits.total_volumes_used),
        gigabytes: left(limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
    })
}

/// The volume limits of the project, and what everybody in it uses.
pub(crate) fn limits(session: &Session) -> Result<VolumeLimits, Failure> {
    let task = session.task("read the volume quota", Verb::Read);
    let response = session.read(Service::Volume, "/limits".to_owned(), &task)?;
    let body: Limits<VolumeLimits> =
        response.json("the volume limits of the project").map_err(|error| task.broken(&error))?;
    Ok(body.limits.absolute)
}

/// All volumes of the project.
pub(crate) fn volumes(session: &Session) -> Result<Vec<Volume>, Failure> {
    let task = session.task("list the volumes", Verb::Read);
    let mut all: BTreeMap<String, Volume> = BTreeMap::new();
    let mut pages = Pages::new("/volumes/detail?limit=1000");
    while let Some(path) = pages.path() {
        let response = session.read(Service::Volume, path, &task)?;
        let page: Volumes = response.json("a page of volumes").map_err(|error| task.broken(&error))?;
        let (seen_before, on_page) = (all.len(), page.volumes.len());
        for volume in page.volumes {
            all.insert(volume.id.clone(), read_volume(volume));
        }
        let links = page.volumes_links.unwrap_or_default();
        pages.advance(&links, on_page == 0 || all.len() > seen_before, all.len()).map_err(|why| {
            task.failure(FailureKind::Unavailable, &format!("{why}; the listing is not taken for whole"))
        })?;
    }
    Ok(all.into_values().collect())
}

/// One volume, read afresh.
pub(crate) fn volume(session: &Session, id: &VolumeId) -> Lookup<Volume> {
    let doing = format!("read volume {id}");
    let task = session.task(&doing, Verb::Read);
    let path = format!("/volumes/{}", encode_segment(id.as_str()));
    let call = Call { method: Method::GET, service: Service::Volume, path, body: None, limit: None, since: None };
    let response = match session.send(&call, &task) {
        Ok(response) => response,
        Err(failure) => return Lookup::Unavailable(failure.message),
    };
    if says_no_volume(&response) {
        return Lookup::Gone;
    }
    if !response.is_success() {
        return Lookup::Unavailable(task.refused(Service::Volume, &response).message);
    }
    match response.json::<OneVolume>("a volume") {
        Ok(body) => Lookup::Found(read_volume(body.volume)),
        Err(error) => Lookup::Unavailable(task.broken(&error).message),
    }
}

/// Deletes one volume. Cinder answers before it is gone, and refuses one that is in use.
pub(crate) fn delete(session: &Session, id: &VolumeId) -> Result<Deletion, Failure> {
    let doing = format!("delete volume {id}");
    let task = session.task(&doing, Verb::Delete);
    let path = format!("/volumes/{}", encode_segment(id.as_str()));
    let response = session.send(
        &Call { method: Method::DELETE, service: Service::Volume, path, body: None, limit: None, since: None },
        &task,
    )?;
    if response.is_success() {
        Ok(Deletion::Accepted)
    } else if says_no_volume(&response) {
        Ok(Deletion::AlreadyGone)
    } else {
        Err(task.refused(Service::Volume, &response))
    }
}

fn read_volume(volume: CinderVolume) -> Volume {
    let attached = volume.attachments.is_some_and(|attachments| !attachments.is_empty());
    // Block Storage API, "Volumes": the statuses of a volume.
    let state = match volume.status.as_deref() {
        Some("available" | "error") if !attached => VolumeState::Free,
        Some("deleting") => VolumeState::Deleting,
        Some("error_deleting") => VolumeState::DeletionFailed,
        other => VolumeState::InUse(other.unwrap_or("unknown").to_owned()),
    };
    let metadata = volume.metadata.unwrap_or_default();
    Volume { id: VolumeId::from(volume.id), name: volume.name.unwrap_or_default(), mark: mark(&metadata), state }
}

/// `GET /volumes/detail` (Block Storage API v3).
#[derive(Deserialize)]
pub(crate) struct Volumes {
    pub(crate) volumes: Vec<CinderVolume>,
    pub(crate) volumes_links: Option<Vec<Link>>,
}

/// `GET /volumes/ID` (Block Storage API v3).
#[derive(Deserialize)]
pub(crate) struct OneVolume {
    pub(crate) volume: CinderVolume,
}

#[derive(Deserialize)]
pub(crate) struct CinderVolume {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) metadata: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) attachments: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VolumeLimits {
    pub(crate) max_total_volumes: Option<i64>,
    pub(crate) total_volumes_used: Option<i64>,
    pub(crate) max_total_volume_gigabytes: Option<i64>,
    pub(crate) total_gigabytes_used: Option<i64>,
}
