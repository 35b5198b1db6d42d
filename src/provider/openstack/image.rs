//! Glance: images by id, name or pattern (Image API v2).

use super::api::{Effect, Operation, Service, Session, says_no_image, timestamp};
use super::names::{hint, is_uuid, unknown};
use crate::http::{encode_query, encode_segment};
use crate::provider::failure::{Failure, FailureKind};
use serde::Deserialize;
use wildmatch::WildMatch;

/// The most pages that mita reads of the images with one name, or of all images.
const MOST_PAGES: usize = 20;

/// The id of an image: the one with this id, else the newest active one with this name, else the newest active one whose
/// name matches it as a pattern, in which `*` stands for any characters and `?` for one.
pub(crate) fn resolve(session: &Session, wanted: &str) -> Result<String, Failure> {
    let description = format!("find the image \"{}\"", wanted.escape_debug());
    let operation = session.operation(&description, Effect::Read);
    if is_uuid(wanted)
        && let Some(image) = by_id(session, wanted, &operation)?
    {
        return match image.status.as_deref() {
            Some("active") => Ok(image.id),
            status => {
                let text = format!("its status is {}, not active", status.unwrap_or("unknown"));
                Err(operation.failure(FailureKind::Wrong, &text))
            }
        };
    }
    // Glance reads `in:` and the like as operators, and sorts in its own way. So mita compares and sorts itself.
    let named: Vec<_> = listed(session, &[("name", wanted), ("limit", "200")], &operation)?
        .into_iter()
        .filter(|image| image.name.as_deref() == Some(wanted))
        .collect();
    if let Some(image) = newest_active(named.iter()) {
        return Ok(image.id.clone());
    }
    let why = if let Some(image) = named.first() {
        let (id, status) = (&image.id, image.status.as_deref().unwrap_or("?"));
        format!("no image with this name is active (image {id} is {status}): correct image_name")
    } else {
        let all = listed(session, &[("limit", "200")], &operation)?;
        let names = all.iter().filter_map(|image| image.name.as_deref());
        if wanted.contains(['*', '?']) {
            let pattern = WildMatch::new(wanted);
            let matches = |image: &&Image| image.name.as_deref().is_some_and(|name| pattern.matches(name));
            if let Some(image) = newest_active(all.iter().filter(matches)) {
                return Ok(image.id.clone());
            }
            format!("no active image has a name that matches this pattern; {}: correct image_name", hint(wanted, names))
        } else {
            unknown("image", wanted, names, "image_name")
        }
    };
    Err(operation.failure(FailureKind::Wrong, &why))
}

/// The newest active image; of equally old ones the one with the greater id, so that every run takes the same one.
fn newest_active<'a>(images: impl Iterator<Item = &'a Image>) -> Option<&'a Image> {
    images
        .filter(|image| image.status.as_deref() == Some("active"))
        .max_by_key(|image| (image.created_at.as_deref().and_then(timestamp), image.id.as_str()))
}

/// Every image that the project can see and use: active, newest first.
pub(crate) fn active(session: &Session) -> Result<Vec<Image>, Failure> {
    let operation = session.operation("list the images", Effect::Read);
    let mut all = listed(session, &[("status", "active"), ("limit", "200")], &operation)?;
    all.retain(|image| image.status.as_deref() == Some("active"));
    all.sort_by_key(|image| std::cmp::Reverse(image.created_at.as_deref().and_then(timestamp)));
    Ok(all)
}

/// One image as it is now; `None` if there is no such image.
pub(crate) fn read(session: &Session, id: &str) -> Result<Option<Image>, Failure> {
    by_id(session, id, &session.operation("read the image", Effect::Read))
}

fn by_id(session: &Session, id: &str, operation: &Operation<'_>) -> Result<Option<Image>, Failure> {
    session.look_up(Service::Image, format!("/images/{}", encode_segment(id)), "", says_no_image, operation)
}

fn listed(session: &Session, filter: &[(&str, &str)], operation: &Operation<'_>) -> Result<Vec<Image>, Failure> {
    let mut all = Vec::new();
    let mut query = encode_query(filter);
    for _ in 0..MOST_PAGES {
        let path = format!("/images?{query}");
        let page: Images = session.get_json(Service::Image, path, "", "a list of images", operation)?;
        let empty = page.images.is_empty();
        all.extend(page.images);
        match page.next.as_deref().and_then(|next| next.split_once('?')) {
            Some((_, next)) if !empty && next != query => query = next.to_owned(),
            _ => break,
        }
    }
    Ok(all)
}

/// `GET /v2/images` (Image API v2).
#[derive(Deserialize)]
struct Images {
    images: Vec<Image>,
    /// A path, with the query of the next page.
    next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) created_at: Option<String>,
    /// In MB.
    pub(crate) min_ram: Option<u64>,
    /// In GB.
    pub(crate) min_disk: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(body: &str) -> Vec<Image> {
        serde_json::from_str::<Images>(body).unwrap().images
    }

    #[test]
    fn of_two_images_of_one_name_and_second_the_choice_is_always_the_same() {
        let mut both = images(include_str!("../../../tests/fixtures/openstack/images_dup.json"));
        let chosen = newest_active(both.iter()).unwrap().id.clone();
        assert_eq!(chosen, "d22b7624-f8b6-4345-bdab-6a499b05a6d9");
        both.reverse();
        assert_eq!(newest_active(both.iter()).unwrap().id, chosen);
    }

    #[test]
    fn the_newest_active_image_is_taken_whatever_is_newer_and_not_active() {
        let all = images(
            r#"{"images":[{"id":"old","status":"active","created_at":"2026-01-01T00:00:00Z"},
                {"id":"new","status":"active","created_at":"2026-02-01T00:00:00Z"},
                {"id":"timeless","status":"active"},
                {"id":"coming","status":"queued","created_at":"2026-03-01T00:00:00Z"}]}"#,
        );
        assert_eq!(newest_active(all.iter()).unwrap().id, "new");
        assert!(newest_active(all[3..].iter()).is_none());
    }
}
