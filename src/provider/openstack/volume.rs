//! Cinder: the volumes of the project and what remains of its quota. Nova creates and deletes volumes together with
//! their servers, so what is listed here was left behind.

use super::api::{
    ATTACHMENTS, Call, Effect, Named, Service, Session, lookup, loose, number, remaining, says_no_volume, usage,
};
use crate::domain::names::{AttachmentId, ServerId, VolumeId};
use crate::domain::world::{Attachment, Lookup, QuotaUse, Volume, VolumeState};
use crate::http::{Method, encode_segment};
use crate::provider::failure::Failure;
use crate::provider::mark;
use crate::provider::order::Deletion;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What remains of the volume quota; `None` means unlimited or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom {
    pub(crate) volumes: Option<u64>,
    pub(crate) gigabytes: Option<u64>,
    pub(crate) usage: Vec<(&'static str, QuotaUse)>,
}

pub(crate) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let limits = limits(session)?;
    Ok(Headroom {
        volumes: remaining(limits.max_total_volumes, limits.total_volumes_used),
        gigabytes: remaining(limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
        usage: usage([
            ("volumes", limits.max_total_volumes, limits.total_volumes_used),
            ("gigabytes", limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
        ]),
    })
}

/// The volume limits of the project, and how much of them everybody uses.
pub(crate) fn limits(session: &Session) -> Result<VolumeLimits, Failure> {
    let operation = session.operation("read the volume quota", Effect::Read);
    let wanted = "the volume limits of the project";
    session.get_json(Service::Volume, "/limits", "/limits/absolute", wanted, &operation)
}

/// The volume types that the project may use.
pub(crate) fn types(session: &Session) -> Result<Vec<Named>, Failure> {
    let operation = session.operation("list the volume types", Effect::Read);
    session.choices(Service::Volume, "/types", "volume_types", |kind: &Named| &kind.id, &operation)
}

/// All volumes of the project.
pub(crate) fn volumes(session: &Session) -> Result<Vec<Volume>, Failure> {
    let operation = session.operation("list the volumes", Effect::Read);
    let path = "/volumes/detail?limit=1000";
    let volumes = session.list(Service::Volume, path, "volumes", |volume: &CinderVolume| &volume.id, &operation)?;
    Ok(volumes.into_iter().map(read_volume).collect())
}

/// One volume as it is now.
pub(crate) fn volume(session: &Session, id: &VolumeId) -> Lookup<Volume> {
    let description = format!("read volume {id}");
    let operation = session.operation(&description, Effect::Read);
    lookup(session.look_up(Service::Volume, path(id), "/volume", says_no_volume, &operation), read_volume)
}

/// Deletes one volume. Cinder answers before it is gone, and refuses to delete one that is in use.
pub(crate) fn delete(session: &Session, id: &VolumeId) -> Result<Deletion, Failure> {
    let description = format!("delete volume {id}");
    let operation = session.operation(&description, Effect::Delete);
    session.delete(Service::Volume, path(id), says_no_volume, &operation)
}

/// Deletes the attachment of a volume. Cinder refuses as long as Nova knows the server, except releases from before 2023.
pub(crate) fn delete_attachment(session: &Session, id: &AttachmentId) -> Result<Deletion, Failure> {
    let description = format!("delete attachment {id}");
    let operation = session.operation(&description, Effect::Delete);
    let path = format!("/attachments/{}", encode_segment(id.as_str()));
    let call = Call { microversion: Some(ATTACHMENTS), ..Call::new(Method::DELETE, Service::Volume, path) };
    session.delete_by(&call, says_no_volume, &operation)
}

fn path(id: &VolumeId) -> String {
    format!("/volumes/{}", encode_segment(id.as_str()))
}

fn read_volume(volume: CinderVolume) -> Volume {
    // Whatever else stands there may be an attachment.
    let attached = volume.attachments.as_ref().is_some_and(|list| list.as_array().is_none_or(|list| !list.is_empty()));
    // Block Storage API, "Volumes": the statuses of a volume.
    let state = match volume.status.as_deref() {
        Some("available" | "error") if !attached => VolumeState::Free,
        Some("deleting") => VolumeState::Deleting,
        Some("error_deleting") => VolumeState::DeletionFailed,
        other => VolumeState::InUse(other.unwrap_or("unknown").to_owned()),
    };
    let metadata = volume.metadata.unwrap_or_default();
    Volume {
        id: VolumeId::from(volume.id),
        name: volume.name.unwrap_or_default(),
        mark: mark::read(&metadata),
        state,
        attachments: volume
            .attachments
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(attachment)
            .collect(),
    }
}

fn attachment(attachment: &Value) -> Attachment {
    let text = |key: &str| attachment[key].as_str().filter(|text| !text.is_empty());
    Attachment { id: text("attachment_id").map(AttachmentId::from), server: text("server_id").map(ServerId::from) }
}

#[derive(Deserialize)]
struct CinderVolume {
    id: String,
    #[serde(default, deserialize_with = "loose")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    status: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    metadata: Option<BTreeMap<String, Value>>,
    attachments: Option<Value>,
}

/// `GET /limits` (Block Storage API v3).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VolumeLimits {
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_total_volumes: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_volumes_used: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_total_volume_gigabytes: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_gigabytes_used: Option<i64>,
}
