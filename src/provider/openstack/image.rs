//! Glance: images by id, name or pattern (Image API v2).

use super::api::{Effect, Operation, Service, Session, loose, says_no_image, timestamp};
use super::names::{hint, unknown};
use crate::domain::names::is_uuid;
use crate::http::{encode_query, encode_segment};
use crate::provider::failure::{Failure, FailureKind};
use serde::Deserialize;
use serde_json::Value;
use wildmatch::WildMatch;

/// What Glance lists only when it is asked for: images that everybody may use but that clutter no list, images that were
/// taken out of the lists, and images of other projects that this one has not accepted.
const UNLISTED: [&[(&str, &str)]; 3] = [
    &[("visibility", "community")],
    &[("os_hidden", "true")],
    &[("visibility", "shared"), ("member_status", "pending")],
];

/// The image with this id, else the newest active one with this name, else the newest active one whose name matches it as
/// a pattern, in which `*` stands for any characters and `?` for one.
pub(crate) fn find(session: &Session, wanted: &str) -> Result<Image, Failure> {
    let description = format!("find the image \"{}\"", wanted.escape_debug());
    let operation = session.operation(&description, Effect::Read);
    if is_uuid(wanted)
        && let Some(image) = by_id(session, wanted, &operation)?
    {
        return match image.status.as_deref() {
            Some("active") => Ok(image),
            status => {
                let text = format!("its status is {}, not active", status.unwrap_or("unknown"));
                Err(operation.failure(FailureKind::Wrong, &text))
            }
        };
    }
    let named = named(session, wanted, &[], &operation)?;
    let why = match newest(named) {
        Some(image) if image.is_active() => return Ok(image),
        Some(Image { id, status, .. }) => {
            let status = status.as_deref().unwrap_or("?");
            format!("no image with this name is active (image {id} is {status}): correct image_name")
        }
        None => {
            let all = listed(session, &[], &operation)?;
            let names: Vec<_> = all.iter().filter_map(|image| image.name.clone()).collect();
            let names = names.iter().map(String::as_str);
            if wanted.contains(['*', '?']) {
                let pattern = WildMatch::new(wanted);
                let matches = |image: &Image| image.name.as_deref().is_some_and(|name| pattern.matches(name));
                let newest = newest(all.into_iter().filter(matches).collect());
                if let Some(image) = newest.filter(Image::is_active) {
                    return Ok(image);
                }
                format!(
                    "no active image has a name that matches this pattern; {}: correct image_name",
                    hint(wanted, names)
                )
            } else if let Some(image) = unlisted(session, wanted, &operation)? {
                format!("{}, which is found only by its id: write image_name = {:?}", image.seclusion(), image.id)
            } else {
                unknown("image", wanted, names, "image_name")
            }
        }
    };
    Err(operation.failure(FailureKind::Wrong, &why))
}

/// The newest active image; of equally old ones the one with the greater id, so that every run takes the same one. If none
/// is active, another one.
fn newest(images: Vec<Image>) -> Option<Image> {
    let time = |image: &Image| image.created_at.as_deref().and_then(timestamp);
    images.into_iter().max_by_key(|image| (image.is_active(), time(image), image.id.clone()))
}

/// An active image with this name that no list of Glance shows.
fn unlisted(session: &Session, wanted: &str, operation: &Operation<'_>) -> Result<Option<Image>, Failure> {
    for filter in UNLISTED {
        let found = newest(named(session, wanted, filter, operation)?).filter(Image::is_active);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Every image that the project can see and use: active, newest first.
pub(crate) fn active(session: &Session) -> Result<Vec<Image>, Failure> {
    let operation = session.operation("list the images", Effect::Read);
    let mut all = listed(session, &[("status", "active")], &operation)?;
    all.retain(Image::is_active);
    all.sort_by_key(|image| std::cmp::Reverse(image.created_at.as_deref().and_then(timestamp)));
    Ok(all)
}

/// How many active images have exactly this name; one if it is an id, none if it is a pattern.
pub(crate) fn active_named(session: &Session, wanted: &str) -> Result<usize, Failure> {
    if is_uuid(wanted) {
        return Ok(1);
    }
    let operation = session.operation("list the images of one name", Effect::Read);
    let images = named(session, wanted, &[("status", "active")], &operation)?;
    Ok(images.iter().filter(|image| image.status.as_deref() == Some("active")).count())
}

fn by_id(session: &Session, id: &str, operation: &Operation<'_>) -> Result<Option<Image>, Failure> {
    session.look_up(Service::Image, format!("/images/{}", encode_segment(id)), "", says_no_image, operation)
}

/// Glance reads `in:` and the like as operators, and sorts in its own way. So mita compares and sorts itself.
fn named(
    session: &Session,
    wanted: &str,
    filter: &[(&str, &str)],
    operation: &Operation<'_>,
) -> Result<Vec<Image>, Failure> {
    let filter: Vec<_> = [("name", wanted)].iter().chain(filter).copied().collect();
    let mut images = listed(session, &filter, operation)?;
    images.retain(|image| image.name.as_deref() == Some(wanted));
    Ok(images)
}

fn listed(session: &Session, filter: &[(&str, &str)], operation: &Operation<'_>) -> Result<Vec<Image>, Failure> {
    let filter: Vec<_> = filter.iter().chain(&[("limit", "200")]).copied().collect();
    let path = format!("/images?{}", encode_query(&filter));
    session.choices(Service::Image, &path, "images", |image: &Image| &image.id, operation)
}

/// `GET /v2/images` (Image API v2).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Image {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) created_at: Option<String>,
    /// In MB.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) min_ram: Option<u64>,
    /// In GB.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) min_disk: Option<u64>,
    #[serde(default, deserialize_with = "loose")]
    visibility: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    os_hidden: Option<bool>,
    /// Of an image that Nova made of a server with volumes: a JSON array as text.
    #[serde(default, deserialize_with = "loose")]
    block_device_mapping: Option<Value>,
}

impl Image {
    fn is_active(&self) -> bool {
        self.status.as_deref() == Some("active")
    }

    /// The disks that Nova would make for each server of it; empty if the image itself is the disk.
    pub(crate) fn disks(&self) -> Vec<Value> {
        let text = self.block_device_mapping.as_ref().and_then(Value::as_str).unwrap_or_default();
        let mut disks: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        disks.retain(Value::is_object);
        // Old entries have no index: the first is the one to boot from.
        if disks.iter().all(|disk| disk.get("boot_index").is_none())
            && let Some(first) = disks.first_mut()
        {
            first["boot_index"] = 0.into();
        }
        disks
    }

    /// Whether its servers boot from a volume that Nova makes of a snapshot.
    pub(crate) fn boots_from_volume(&self) -> bool {
        self.disks().iter().any(|disk| disk["boot_index"] == 0)
    }

    /// Why no list shows it.
    fn seclusion(&self) -> &'static str {
        match self.visibility.as_deref() {
            _ if self.os_hidden == Some(true) => "the image with this name is hidden",
            Some("community") => "the image with this name is a community image",
            _ => "the image with this name is another project's, and this project has not accepted it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(body: &str) -> Vec<Image> {
        let mut body: Value = serde_json::from_str(body).unwrap();
        serde_json::from_value(body["images"].take()).unwrap()
    }

    #[test]
    fn of_two_images_of_one_name_and_second_the_choice_is_always_the_same() {
        let mut both = images(include_str!("../../../tests/fixtures/openstack/images_dup.json"));
        assert_eq!(newest(both.clone()).unwrap().id, "d22b7624-f8b6-4345-bdab-6a499b05a6d9");
        both.reverse();
        assert_eq!(newest(both).unwrap().id, "d22b7624-f8b6-4345-bdab-6a499b05a6d9");
    }

    #[test]
    fn the_newest_active_image_is_taken_whatever_is_newer_and_not_active() {
        let mut all = images(
            r#"{"images":[{"id":"old","status":"active","created_at":"2026-01-01T00:00:00Z"},
                {"id":"new","status":"active","created_at":"2026-02-01T00:00:00Z"},
                {"id":"timeless","status":"active"},
                {"id":"coming","status":"queued","created_at":"2026-03-01T00:00:00Z"}]}"#,
        );
        assert_eq!(newest(all.clone()).unwrap().id, "new");
        assert_eq!(newest(all.split_off(3)).unwrap().id, "coming");
    }
}
