//! Glance: which image a name means (Image API v2).

use super::api::{Call, Service, Session, Task, Verb, says_no_image, timestamp};
use super::names::{hint, is_uuid};
use crate::http::{Method, encode_query, encode_segment};
use crate::provider::{Failure, FailureKind};
use serde::Deserialize;
use wildmatch::WildMatch;

/// Pages that are read of one name, or of all images for a hint: images are deleted less often than they are made.
const MOST_PAGES: usize = 20;

/// The id of an image: the one of this id, or the newest active one of this name, or else the newest active one whose name
/// fits it as a pattern: `*` stands for any characters, `?` for one.
pub(crate) fn resolve(session: &Session, wanted: &str) -> Result<String, Failure> {
    let doing = format!("find the image \"{}\"", wanted.escape_debug());
    let task = session.task(&doing, Verb::Read);
    if is_uuid(wanted)
        && let Some(image) = by_id(session, wanted, &task)?
    {
        return match image.status.as_deref() {
            Some("active") => Ok(image.id),
            status => {
                let text = format!("its status is {}, not active", status.unwrap_or("unknown"));
                Err(task.failure(FailureKind::Wrong, &text))
            }
        };
    }
    // Glance reads `in:` and the like as operators, and sorts by its own taste: what counts is compared here.
    let named: Vec<_> = listed(session, &[("name", wanted), ("limit", "200")], &task)?
        .into_iter()
        .filter(|image| image.name.as_deref() == Some(wanted))
        .collect();
    if let Some(image) = newest_active(named.iter()) {
        return Ok(image.id.clone());
    }
    let why = match named.first() {
        None if is_pattern(wanted) => {
            let all = listed(session, &[("limit", "200")], &task)?;
            let pattern = WildMatch::new(wanted);
            let fits = |image: &&Image| image.name.as_deref().is_some_and(|name| pattern.matches(name));
            match newest_active(all.iter().filter(fits)) {
                Some(image) => return Ok(image.id.clone()),
                None => {
                    let hint = hint(wanted, all.iter().filter_map(|image| image.name.as_deref()));
                    format!("no active image has a name that fits this pattern; {hint}")
                }
            }
        }
        Some(image) => {
            format!(
                "no image of this name is active (image {} is {})",
                image.id,
                image.status.as_deref().unwrap_or("?")
            )
        }
        None => {
            let all = listed(session, &[("limit", "200")], &task)?;
            format!("no image has this name; {}", hint(wanted, all.iter().filter_map(|image| image.name.as_deref())))
        }
    };
    Err(task.failure(FailureKind::Wrong, &format!("{why}: correct image_name")))
}

/// Whether a text that is no image's name can be a pattern of names.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Of several the newest; of equally old ones the one with the greater id, so that every run takes the same.
fn newest_active<'a>(images: impl Iterator<Item = &'a Image>) -> Option<&'a Image> {
    images
        .filter(|image| image.status.as_deref() == Some("active"))
        .max_by_key(|image| (image.created_at.as_deref().and_then(timestamp), image.id.as_str()))
}

/// Every image that the project can see and use: active, newest first.
pub(crate) fn active(session: &Session) -> Result<Vec<Image>, Failure> {
    let task = session.task("list the images", Verb::Read);
    let mut all = listed(session, &[("status", "active"), ("limit", "200")], &task)?;
    all.retain(|image| image.status.as_deref() == Some("active"));
    all.sort_by_key(|image| std::cmp::Reverse(image.created_at.as_deref().and_then(timestamp)));
    Ok(all)
}

/// One image, read afresh; none where there is no such image.
pub(crate) fn read(session: &Session, id: &str) -> Result<Option<Image>, Failure> {
    by_id(session, id, &session.task("read the image", Verb::Read))
}

fn by_id(session: &Session, id: &str, task: &Task<'_>) -> Result<Option<Image>, Failure> {
    let path = format!("/images/{}", encode_segment(id));
    let call = Call { method: Method::GET, service: Service::Image, path, body: None, limit: None, since: None };
    let response = session.send(&call, task)?;
    if says_no_image(&response) {
        return Ok(None);
    }
    if !response.is_success() {
        return Err(task.refused(Service::Image, &response));
    }
    response.json("an image").map(Some).map_err(|error| task.broken(&error))
}

fn listed(session: &Session, filter: &[(&str, &str)], task: &Task<'_>) -> Result<Vec<Image>, Failure> {
    let mut all = Vec::new();
    let mut query = encode_query(filter);
    for _ in 0..MOST_PAGES {
        let response = session.read(Service::Image, format!("/images?{query}"), task)?;
        let page: Images = response.json("a list of images").map_err(|error| task.broken(&error))?;
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
pub(crate) struct Images {
    pub(crate) images: Vec<Image>,
    /// A path, with the query of the next page.
    pub(crate) next: Option<String>,
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
