//! Glance: the list of images.

use serde_json::{Value, json};

use crate::clock::iso;
use crate::http::{Request, Response};
use crate::openstack::answers::{next_query, page, webob};
use crate::openstack::{Cloud, Image};

impl Cloud {
    pub(crate) fn glance(&mut self, path: &[&str], request: &Request) -> Response {
        let [version, rest @ ..] = path else { return self.image_versions() };
        if *version != "v2" {
            return self.image_versions();
        }
        if self.token(request).is_err() {
            let challenge = format!("Keystone uri=\"{}\"", self.auth_url());
            let text = "This server could not verify that you are authorized to access the document you requested. \
                Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand \
                how to supply the credentials required.";
            return webob(401, "Unauthorized", text, request).with("WWW-Authenticate", challenge);
        }
        match (request.method.as_str(), rest) {
            ("GET", ["images"]) => self.list_images(request),
            ("GET", ["images", id]) => match self.images.iter().find(|i| i.id == *id) {
                Some(image) => Response::json(200, &image_json(image)),
                None => webob(404, "Not Found", &format!("No image found with ID {id}"), request),
            },
            _ => webob(404, "Not Found", "The resource could not be found.", request),
        }
    }

    fn image_versions(&self) -> Response {
        let href = format!("{}/v2/", self.endpoint("image"));
        let version = json!({"id": "v2.15", "status": "CURRENT", "links": [{"rel": "self", "href": href}]});
        Response::json(300, &json!({"versions": [version]}))
    }

    fn list_images(&self, request: &Request) -> Response {
        let query = request.query_params();
        let fits = |i: &&Image| {
            query.iter().all(|(n, w)| match n.as_str() {
                "name" => i.name == *w,
                "status" => i.status == *w,
                "id" => i.id == *w,
                _ => true,
            })
        };
        let wants_hidden = query.iter().any(|(n, w)| n == "os_hidden" && w == "true");
        let visibility = query.iter().find(|(n, _)| n == "visibility").map(|(_, w)| w.as_str());
        let pending = query.iter().any(|(n, w)| n == "member_status" && w == "pending");
        let listed = |i: &&Image| {
            i.hidden == wants_hidden
                && match (i.visibility, visibility) {
                    ("shared", Some("shared")) => pending,
                    ("community" | "shared", None) => false,
                    (is, Some(wanted)) => is == wanted,
                    (_, None) => true,
                }
        };
        // Newest first, as Glance sorts.
        let mut all: Vec<&Image> = self.images.iter().filter(fits).filter(listed).collect();
        all.reverse();
        // Glance's own default page has 25 images.
        let cap = match request.query_param("limit") {
            Some(_) => self.options.page_size,
            None => self.options.page_size.min(25),
        };
        let cut = match page(all, |i| i.id.as_str(), request, cap) {
            Ok(cut) => cut,
            Err(marker) => {
                return webob(400, "Bad Request", &format!("No image found with ID {marker}"), request);
            }
        };
        let list: Vec<Value> = cut.items.into_iter().map(image_json).collect();
        let kept: Vec<String> = query
            .iter()
            .filter(|(n, _)| n != "marker")
            .map(|(n, v)| format!("{n}={}", crate::http::percent_encode(v)))
            .collect();
        let mut first = String::from("/v2/images");
        if !kept.is_empty() {
            first = format!("{first}?{}", kept.join("&"));
        }
        let mut body = json!({"images": list, "first": first, "schema": "/v2/schemas/images"});
        if let Some(marker) = cut.next {
            body["next"] = format!("/v2/images?{}", next_query(request, &marker)).into();
        }
        Response::json(200, &body)
    }
}

fn image_json(image: &Image) -> Value {
    let mut shown = json!({
        "name": image.name, "disk_format": "raw", "container_format": "bare", "visibility": image.visibility,
        "size": 27, "virtual_size": 27, "status": image.status, "protected": false, "min_ram": image.min_ram, "min_disk": image.min_disk,
        "owner": "1be465f156024196b6326637df6b3470", "os_hidden": image.hidden, "id": image.id,
        "created_at": iso(image.created), "updated_at": iso(image.created), "tags": [],
        "self": format!("/v2/images/{}", image.id), "file": format!("/v2/images/{}/file", image.id),
        "schema": "/v2/schemas/image",
        "checksum": "cf7039d1510f69e9915a58344559c1eb", "os_hash_algo": "sha512", "os_hash_value": "c70252a6",
    });
    if let Some(snapshot) = &image.snapshot {
        let mapping = json!([{
            "encrypted": null, "image_id": null, "disk_bus": null, "device_name": "/dev/sda", "snapshot_id": snapshot.id,
            "delete_on_termination": false, "no_device": null, "device_type": null, "source_type": "snapshot",
            "boot_index": 0, "destination_type": "volume", "volume_type": null, "volume_size": snapshot.size, "tag": null,
            "guest_format": null, "volume_id": null,
        }]);
        shown["block_device_mapping"] = mapping.to_string().into();
        shown["bdm_v2"] = "True".into();
        shown["root_device_name"] = "/dev/sda".into();
        shown["size"] = 0.into();
    }
    shown
}
