//! Cinder: volumes and their limits.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::iso_micros;
use crate::http::{Request, Response};
use crate::openstack::answers::{bad_request, fault, item_not_found, next_query, no_route, page};
use crate::openstack::nova::limit;
use crate::openstack::{Cloud, Volume};

impl Cloud {
    pub(crate) fn cinder(&mut self, path: &[&str], request: &Request) -> Response {
        if self.options.volumes_down {
            return Response::html(503, "<html><body><h1>503 Service Unavailable</h1></body></html>".to_string());
        }
        let minor = minor_version(request);
        let answer = self.cinder_route(path, request, minor);
        let known = |(n, v): &(String, String)| n == "Content-Type" && v.starts_with("application/json");
        if answer.status == 404 && !answer.headers.iter().any(known) {
            return answer;
        }
        answer.with("OpenStack-API-Version", format!("volume 3.{minor}")).with("Vary", "OpenStack-API-Version")
    }

    fn cinder_route(&mut self, path: &[&str], request: &Request, minor: u32) -> Response {
        let ["v3", project, rest @ ..] = path else {
            if path.is_empty() {
                let version = json!({"id": "v3.0", "status": "CURRENT", "version": "3.70", "min_version": "3.0"});
                return Response::json(300, &json!({"versions": [version]}));
            }
            return no_route(request);
        };
        let token = match self.token(request) {
            Ok(token) => token,
            Err(refused) => return *refused,
        };
        if token.project.as_deref() != Some(project) {
            return match is_id(project) {
                true => bad_request("Malformed request url"),
                false => no_route(request),
            };
        }
        let project = (*project).to_string();
        match (request.method.as_str(), rest) {
            ("GET", ["volumes"]) => self.list_volumes(request, &project, false),
            ("GET", ["volumes", "detail"]) => self.list_volumes(request, &project, true),
            ("POST", ["volumes"]) => self.create_volume(request, &project, &token.user),
            ("GET", ["volumes", id]) => match self.own_volume(id, &project) {
                Some(at) => Response::json(200, &json!({"volume": self.volume_json(&self.volumes[at])})),
                None => no_volume(id),
            },
            ("DELETE", ["volumes", id]) => match self.own_volume(id, &project) {
                Some(at) => self.delete_volume(at),
                None => no_volume(id),
            },
            // Before 3.27 Cinder knows no such path, and says so in the words that it has for a volume.
            ("DELETE", ["attachments", _]) if minor < 27 => item_not_found("The resource could not be found."),
            ("DELETE", ["attachments", id]) => self.delete_attachment(id, &project),
            ("GET", ["types"]) => {
                let types = self.volume_kinds.iter().enumerate();
                let types =
                    types.map(|(n, name)| json!({"id": format!("00000000-0000-4000-9000-{n:012}"), "name": name}));
                Response::json(200, &json!({"volume_types": types.collect::<Vec<_>>()}))
            }
            ("GET", ["limits"]) => {
                let quota = self.quota(&project);
                let own = self.volumes.iter().filter(|v| v.project == project);
                let (count, used) = own.fold((0, 0), |(n, g), v| (n + 1, g + v.size));
                Response::json(
                    200,
                    &json!({"limits": {"rate": [], "absolute": {
                        "maxTotalVolumes": limit(quota.volumes), "totalVolumesUsed": count,
                        "maxTotalVolumeGigabytes": limit(quota.gigabytes), "totalGigabytesUsed": used,
                        "maxTotalSnapshots": 20, "totalSnapshotsUsed": 0,
                        "maxTotalBackups": 10, "totalBackupsUsed": 0,
                        "maxTotalBackupGigabytes": 1000, "totalBackupGigabytesUsed": 0,
                    }}}),
                )
            }
            _ => no_route(request),
        }
    }

    fn own_volume(&self, id: &str, project: &str) -> Option<usize> {
        self.volumes.iter().position(|v| v.id == id && v.project == project)
    }

    fn list_volumes(&self, request: &Request, project: &str, detail: bool) -> Response {
        if request.query_param("limit").is_some_and(|l| l.parse::<u64>().is_err()) {
            return bad_request("limit param must be an integer");
        }
        let wanted = request.query_params();
        let fits = |v: &&Volume| {
            v.project == project
                && wanted.iter().all(|(n, w)| match n.as_str() {
                    "name" => v.name == *w,
                    "status" => v.status == *w,
                    _ => true,
                })
        };
        let mut all: Vec<&Volume> = self.volumes.iter().filter(fits).collect();
        all.reverse();
        let cut = match page(all, |v| v.id.as_str(), request, self.options.page_size) {
            Ok(cut) => cut,
            Err(marker) => return no_volume(&marker),
        };
        let list: Vec<Value> = cut
            .items
            .iter()
            .map(|v| match detail {
                true => self.volume_json(v),
                false => json!({"id": v.id, "name": v.name, "links": self.volume_links(v)}),
            })
            .collect();
        let mut body = json!({"volumes": list});
        if let Some(marker) = cut.next {
            let path = if detail { "volumes/detail" } else { "volumes" };
            let href = format!("{}/volume/v3/{project}/{path}?{}", self.url, next_query(request, &marker));
            body["volumes_links"] = json!([{"rel": "next", "href": href}]);
        }
        Response::json(200, &body)
    }

    fn create_volume(&mut self, request: &Request, project: &str, user: &str) -> Response {
        let body = request.json().unwrap_or_default();
        let given = &body["volume"];
        let Some(size) = given["size"].as_u64().filter(|s| *s > 0) else {
            return bad_request(
                "The server could not comply with the request since it is either malformed or otherwise incorrect.",
            );
        };
        let quota = self.quota(project);
        let own = self.volumes.iter().filter(|v| v.project == project);
        let (count, used) = own.fold((0, 0), |(n, g), v| (n + 1, g + v.size));
        if let Some(limit) = quota.gigabytes.filter(|q| used + size > *q) {
            return over_limit(&format!(
                "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. \
                 Requested {size}G, quota is {limit}G and {used}G has been consumed."
            ));
        }
        if let Some(limit) = quota.volumes.filter(|q| count + 1 > *q) {
            return over_limit(&format!(
                "VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota 'volumes'."
            ));
        }
        let texts = given["metadata"].as_object().into_iter().flatten();
        let metadata: BTreeMap<String, String> =
            texts.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_string())).collect();
        let volume = Volume {
            id: self.ids.uuid(),
            name: given["name"].as_str().unwrap_or_default().to_string(),
            status: "creating".into(),
            size,
            metadata,
            server: None,
            made_for: None,
            taken: false,
            volume_type: given["volume_type"].as_str().unwrap_or("standard").to_string(),
            delete_on_termination: false,
            has_snapshot: false,
            project: project.to_string(),
            created: self.now,
            gone_at: None,
        };
        let mut body = json!({"volume": self.volume_json(&volume)});
        body["volume"]["user_id"] = user.into();
        body["volume"]["updated_at"] = Value::Null;
        self.volumes.push(volume);
        Response::json(202, &body)
    }

    fn delete_volume(&mut self, at: usize) -> Response {
        let now = self.now;
        let volume = &mut self.volumes[at];
        if volume.server.is_some() || volume.has_snapshot || !["available", "error"].contains(&volume.status.as_str()) {
            return bad_request(
                "Invalid volume: Volume status must be available or error or error_restoring or error_extending or \
                 error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a \
                 transfer, or be disassociated from snapshots after volume transfer.",
            );
        }
        volume.status = "deleting".into();
        volume.gone_at = Some(now + 1000);
        Response::empty(202).with("Content-Type", "text/html; charset=UTF-8")
    }

    /// An attachment has the id of its volume here.
    fn delete_attachment(&mut self, id: &str, project: &str) -> Response {
        let volume = self.own_volume(id, project).filter(|at| self.volumes[*at].server.is_some());
        let Some(volume) = volume else {
            let text = format!("Volume attachment could not be found with filter: attachment_id = {id}.");
            return item_not_found(&text);
        };
        let server = self.volumes[volume].server.clone().unwrap_or_default();
        if self.servers.iter().any(|s| s.id == server) {
            let text =
                format!("ConflictNovaUsingAttachment: Detach volume from instance {server} using the Compute API");
            return fault(409, "conflictingRequest", &text);
        }
        let volume = &mut self.volumes[volume];
        (volume.server, volume.status) = (None, "available".into());
        Response::json(200, &json!({"attachments": []}))
    }

    fn volume_links(&self, volume: &Volume) -> Value {
        let id = &volume.id;
        let project = &volume.project;
        json!([
            {"rel": "self", "href": format!("{}/volume/v3/{project}/volumes/{id}", self.url)},
            {"rel": "bookmark", "href": format!("{}/volume/{project}/volumes/{id}", self.url)},
        ])
    }

    fn volume_json(&self, volume: &Volume) -> Value {
        let attached = volume.server.as_ref().filter(|_| volume.status == "in-use");
        let attachments: Vec<Value> = attached
            .map(|s| {
                json!({"id": volume.id, "attachment_id": volume.id, "volume_id": volume.id, "server_id": s,
                            "host_name": null, "device": "/dev/sdb", "attached_at": iso_micros(volume.created)})
            })
            .into_iter()
            .collect();
        json!({
            "id": volume.id, "status": volume.status, "size": volume.size, "availability_zone": "nova",
            "created_at": iso_micros(volume.created), "updated_at": iso_micros(volume.created),
            "name": volume.name, "user_id": self.users.first().map(|u| u.id.as_str()),
            "description": if volume.made_for.is_some() { "".into() } else { Value::Null }, "volume_type": volume.volume_type, "snapshot_id": null,
            "source_volid": null, "metadata": volume.metadata, "links": self.volume_links(volume),
            "bootable": "false", "encrypted": false, "replication_status": null, "consistencygroup_id": null,
            "multiattach": false, "attachments": attachments, "os-vol-tenant-attr:tenant_id": volume.project,
        })
    }
}

/// The microversion that a request asks for, below 3.
fn minor_version(request: &Request) -> u32 {
    let asked = request.header("openstack-api-version").and_then(|asked| asked.strip_prefix("volume 3."));
    asked.and_then(|minor| minor.parse().ok()).unwrap_or(0)
}

fn is_id(text: &str) -> bool {
    text.is_empty() || crate::codec::is_uuid(text)
}

fn no_volume(id: &str) -> Response {
    item_not_found(&format!("Volume {id} could not be found."))
}

fn over_limit(message: &str) -> Response {
    let answer = fault(413, "overLimit", message);
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["overLimit"]["retryAfter"] = "0".into();
    Response::json(413, &body).with("Retry-After", "0")
}
