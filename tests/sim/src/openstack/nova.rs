//! Nova's reads, its delete and its server actions.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::millis;
use crate::http::{Request, Response};
use crate::openstack::answers::{Page, bad_request, fault, item_not_found, next_query, no_route, page};
use crate::openstack::{Cloud, Flavor, Server, Status, Token};

impl Cloud {
    pub(crate) fn nova(&mut self, path: &[&str], request: &Request) -> Response {
        if path.is_empty() {
            return Response::json(300, &json!({"versions": [self.nova_version()]}));
        }
        if path[0] != "v2.1" {
            return no_route(request);
        }
        let token = match self.token(request) {
            Ok(token) => token,
            Err(_) if path.len() == 1 && request.method == "GET" => {
                return Response::json(200, &json!({"version": self.nova_version()}));
            }
            Err(refused) => return *refused,
        };
        if self.options.drops_microversions {
            return self.nova_route(&path[1..], request, &token, 1);
        }
        let minor = match microversion(request, self.options.newest_microversion) {
            Ok(minor) => minor,
            Err(refused) => return *refused,
        };
        let answer = self.nova_route(&path[1..], request, &token, minor);
        let json = |(n, v): &(String, String)| n == "Content-Type" && v.starts_with("application/json");
        if answer.status == 404 && !answer.headers.iter().any(json) {
            return answer;
        }
        answer
            .with("OpenStack-API-Version", format!("compute 2.{minor}"))
            .with("X-OpenStack-Nova-API-Version", format!("2.{minor}"))
            .with("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
    }

    fn nova_version(&self) -> Value {
        json!({
            "id": "v2.1", "status": "CURRENT", "version": format!("2.{}", self.options.newest_microversion), "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": format!("{}/", self.endpoint("compute"))}],
            "media-types": [{"base": "application/json",
                             "type": "application/vnd.openstack.compute+json;version=2.1"}],
        })
    }

    fn nova_route(&mut self, path: &[&str], request: &Request, token: &Token, minor: u32) -> Response {
        match (request.method.as_str(), path) {
            ("GET", []) => Response::json(200, &json!({"version": self.nova_version()})),
            ("GET", ["servers"]) => self.list_servers(request, token, minor, false),
            ("GET", ["servers", "detail"]) => self.list_servers(request, token, minor, true),
            ("POST", ["servers"]) => self.create_servers(request, token, minor),
            ("GET", ["servers", id]) => match self.own_server(id, token) {
                Some(server) => serialized(&One { server: self.shown(server, minor, true) }),
                None => no_instance(id),
            },
            ("DELETE", ["servers", id]) => match self.own_server(id, token) {
                Some(server) if server.locked => locked(id),
                Some(_) => {
                    self.delete_server(id);
                    Response::empty(204).with("Content-Type", "application/json")
                }
                None => no_instance(id),
            },
            ("POST", ["servers", id, "action"]) => self.server_action(id, request, token),
            ("GET", ["servers", id, "os-volume_attachments"]) => match self.own_server(id, token) {
                Some(server) => {
                    let volumes = self.volumes.iter().filter(|v| v.server.as_ref() == Some(&server.id));
                    let list: Vec<Value> = volumes
                        .map(|v| json!({"id": v.id, "volumeId": v.id, "serverId": server.id, "device": "/dev/sdb"}))
                        .collect();
                    Response::json(200, &json!({"volumeAttachments": list}))
                }
                None => no_instance(id),
            },
            ("GET", ["flavors"]) => self.list_flavors(request, minor, false),
            ("GET", ["flavors", "detail"]) => self.list_flavors(request, minor, true),
            ("GET", ["flavors", id]) => match self.flavors.iter().find(|f| f.id == *id) {
                Some(f) => Response::json(200, &json!({"flavor": self.flavor_json(f, minor, true)})),
                None => item_not_found(&format!("Flavor {id} could not be found.")),
            },
            ("GET", ["os-keypairs"]) => {
                let names = self.keypairs_of(token);
                let list: Vec<Value> = names.iter().map(|n| json!({"keypair": keypair(n)})).collect();
                Response::json(200, &json!({"keypairs": list}))
            }
            ("GET", ["os-keypairs", name]) => {
                let name = crate::http::percent_decode(name);
                if self.keypairs_of(token).contains(&name) {
                    let mut body = json!({"keypair": keypair(&name)});
                    body["keypair"]["user_id"] = token.user.clone().into();
                    return Response::json(200, &body);
                }
                item_not_found(&format!("Keypair {name} not found for user {}", token.user))
            }
            ("GET", ["os-server-groups"]) => {
                let own = self.server_groups.iter().filter(|g| token.project.as_ref() == Some(&g.project));
                let shown = |g: &super::ServerGroup| {
                    let members: Vec<&String> =
                        self.servers.iter().filter(|s| s.hints["group"] == *g.id).map(|s| &s.id).collect();
                    json!({"id": g.id, "name": g.name, "policies": ["anti-affinity"], "members": members,
                           "metadata": {}})
                };
                Response::json(200, &json!({"server_groups": own.map(shown).collect::<Vec<_>>()}))
            }
            ("GET", ["limits"]) => Response::json(200, &self.nova_limits(token)),
            ("GET", ["os-availability-zone"]) => {
                let zone = |z: &String| json!({"zoneName": z, "zoneState": {"available": true}, "hosts": null});
                let list: Vec<Value> = self.zones.iter().map(zone).collect();
                Response::json(200, &json!({"availabilityZoneInfo": list}))
            }
            _ => no_route(request),
        }
    }

    /// The server, if it is of the token's project.
    fn own_server(&self, id: &str, token: &Token) -> Option<&Server> {
        self.server(id).filter(|s| token.project.as_ref() == Some(&s.project))
    }

    fn keypairs_of(&self, token: &Token) -> Vec<String> {
        let user = self.users.iter().find(|u| u.id == token.user);
        user.map(|u| u.keypairs.clone()).unwrap_or_default()
    }

    fn list_servers(&self, request: &Request, token: &Token, minor: u32, detail: bool) -> Response {
        let query = request.query_params();
        let value = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        if let Some(refused) = refused_query(&value) {
            return refused;
        }
        if value("all_tenants").is_some_and(|v| !["0", "false", "False"].contains(&v)) {
            let rule = if detail { "detail:get_all_tenants" } else { "index:get_all_tenants" };
            let text = format!("Policy doesn't allow os_compute_api:servers:{rule} to be performed.");
            return fault(403, "forbidden", &text);
        }
        let name = match value("name").map(regex_lite::Regex::new) {
            None => None,
            Some(Ok(regex)) => Some(regex),
            Some(Err(_)) => {
                let text = value("name").unwrap_or_default();
                return bad_request(&format!(
                    "Invalid input for query parameters name. Value: {text}. '{text}' is not a 'regex'"
                ));
            }
        };
        let tags: Option<Vec<&str>> = value("tags").filter(|_| minor >= 26).map(|t| t.split(',').collect());
        let shown = |s: &&Server| {
            token.project.as_ref() == Some(&s.project)
                && s.status != Status::SoftDeleted // Only an administrator may list them (nova/db/main/api.py).
                && self.now >= s.created + millis(self.options.list_lag)
                && name.as_ref().is_none_or(|r| r.is_match(&s.name))
                && value("status").is_none_or(|w| w.eq_ignore_ascii_case(s.status.name()))
                && tags.as_ref().is_none_or(|t| t.iter().all(|t| s.tags.iter().any(|own| own == t)))
        };
        // Newest first, as created_at descending.
        let mut servers: Vec<&Server> = self.servers.iter().filter(shown).collect();
        servers.reverse();
        let Ok(Page { items, next }) = self.page_of(servers, request, token) else {
            let marker = value("marker").unwrap_or_default();
            return bad_request(&format!("marker [{marker}] not found"));
        };
        let path = if detail { "servers/detail" } else { "servers" };
        let servers_links = next.map(|marker| self.next_link(path, request, &marker));
        if detail {
            let servers = items.into_iter().map(|s| self.shown(s, minor, false)).collect();
            return serialized(&List { servers, servers_links });
        }
        let short = |s: &Server| json!({"id": s.id, "name": s.name, "links": self.links("servers", &s.id)});
        serialized(&List { servers: items.into_iter().map(short).collect(), servers_links })
    }

    /// A page; a marker that was deleted meanwhile still works in Nova.
    fn page_of<'a>(
        &self,
        servers: Vec<&'a Server>,
        request: &Request,
        token: &Token,
    ) -> Result<Page<'a, Server>, String> {
        let cap = self.options.page_size;
        let cut = page(servers, |s| s.id.as_str(), request, cap);
        match &cut {
            Err(marker) if self.history.contains_key(marker) && token.project.is_some() => {
                Ok(Page { items: Vec::new(), next: None })
            }
            _ => cut,
        }
    }

    fn next_link(&self, path: &str, request: &Request, marker: &str) -> Value {
        let base = self.options.links_base.clone().unwrap_or_else(|| self.endpoint("compute"));
        json!([{"rel": "next", "href": format!("{base}/{path}?{}", next_query(request, marker))}])
    }

    fn server_action(&mut self, id: &str, request: &Request, token: &Token) -> Response {
        let Some(server) = self.own_server(id, token) else { return no_instance(id) };
        let never_ran = server.status == Status::Error && server.launched.is_none();
        let body = request.json().unwrap_or_default();
        let action = body.as_object().and_then(|m| m.keys().next().cloned()).unwrap_or_default();
        match action.as_str() {
            "os-stop" | "os-start" if server.locked => locked(id),
            "lock" | "unlock" => {
                if let Some(server) = self.server_mut(id) {
                    server.locked = action == "lock";
                }
                Response::empty(202)
            }
            "os-getConsoleOutput" => match &self.console {
                _ if never_ran => fault(409, "conflictingRequest", &format!("Instance {id} is not ready")),
                None => fault(501, "notImplemented", "Unable to get console log, functionality not implemented"),
                Some(console) => Response::json(200, &json!({"output": console_end(console, &body)})),
            },
            "os-stop" => {
                self.set_status(id, Status::Shutoff);
                Response::empty(202)
            }
            "os-start" => {
                self.set_status(id, Status::Active);
                Response::empty(202)
            }
            other => bad_request(&format!("There is no such action: {other}")),
        }
    }

    fn list_flavors(&self, request: &Request, minor: u32, detail: bool) -> Response {
        let cut = page(self.flavors.iter().collect(), |f: &Flavor| f.id.as_str(), request, self.options.page_size);
        let Ok(Page { items, next }) = cut else {
            let marker = request.query_param("marker").unwrap_or_default();
            return bad_request(&format!("marker [{marker}] not found"));
        };
        let list: Vec<Value> = items.into_iter().map(|f| self.flavor_json(f, minor, detail)).collect();
        let mut body = json!({"flavors": list});
        if let Some(marker) = next {
            let path = if detail { "flavors/detail" } else { "flavors" };
            body["flavors_links"] = self.next_link(path, request, &marker);
        }
        Response::json(200, &body)
    }

    /// What a project uses: servers, cores and memory.
    pub(crate) fn usage(&self, project: &str) -> (u64, u64, u64) {
        let own = self.servers.iter().filter(|s| s.project == project && s.status != Status::SoftDeleted);
        own.fold((0, 0, 0), |(n, cores, ram), s| {
            let flavor = self.flavors.iter().find(|f| f.id == s.flavor);
            let (c, r) = flavor.map_or((0, 0), |f| (f.vcpus, f.ram));
            (n + 1, cores + c, ram + r)
        })
    }

    fn nova_limits(&self, token: &Token) -> Value {
        let project = token.project.as_deref().unwrap_or_default();
        let quota = self.quota(project);
        let (instances, cores, ram) = self.usage(project);
        json!({"limits": {"rate": [], "absolute": {
            "maxTotalInstances": limit(quota.instances), "totalInstancesUsed": instances,
            "maxTotalCores": limit(quota.cores), "totalCoresUsed": cores,
            "maxTotalRAMSize": limit(quota.ram), "totalRAMUsed": ram,
            "maxServerMeta": 128, "maxImageMeta": 128, "maxPersonality": 5, "maxPersonalitySize": 10240,
            "maxTotalKeypairs": 100, "maxServerGroups": 10, "maxServerGroupMembers": 10,
            "maxTotalFloatingIps": -1, "maxSecurityGroups": -1, "maxSecurityGroupRules": -1,
            "totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0, "totalServerGroupsUsed": 0,
        }}})
    }
}

#[derive(Serialize)]
struct One<T> {
    server: T,
}

#[derive(Serialize)]
struct List<T> {
    servers: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers_links: Option<Value>,
}

fn serialized(body: &impl Serialize) -> Response {
    let text = serde_json::to_vec(body).unwrap_or_default();
    Response::empty(200).with("Content-Type", "application/json").body(text)
}

/// -1 is unlimited.
pub(crate) fn limit(quota: Option<u64>) -> i64 {
    quota.map_or(-1, u64::cast_signed)
}

fn no_instance(id: &str) -> Response {
    item_not_found(&format!("Instance {id} could not be found."))
}

/// nova/exception.py, InstanceIsLocked; whoever locked it, the user of the project included.
fn locked(id: &str) -> Response {
    fault(409, "conflictingRequest", &format!("Instance {id} is locked"))
}

fn keypair(name: &str) -> Value {
    json!({"name": name, "public_key": format!("ssh-rsa AAAAB3NzaC1yc2E {name}"),
           "fingerprint": "a2:07:76:5c:ba:06:c0:ba:02:74:c1:8e:c3:bc:dd:0e"})
}

fn refused_query<'a>(value: &impl Fn(&str) -> Option<&'a str>) -> Option<Response> {
    let limit = value("limit")?;
    let digits = limit.chars().all(|c| c.is_ascii_digit());
    (!digits).then(|| {
        bad_request(&format!(
            "Invalid input for query parameters limit. Value: {limit}. '{limit}' does not match '^[0-9]*$'"
        ))
    })
}

/// The minor number of the microversion that a request asks for, of those up to the newest.
fn microversion(request: &Request, newest: u32) -> Result<u32, Box<Response>> {
    let new = request.header("openstack-api-version").and_then(|h| h.trim().strip_prefix("compute "));
    let Some(text) = new.or_else(|| request.header("x-openstack-nova-api-version")) else { return Ok(1) };
    if text == "latest" {
        return Ok(newest);
    }
    let parts = text.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let Some((major, minor)): Option<(u32, u32)> = parts else {
        return Err(Box::new(bad_request(&format!(
            "API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."
        ))));
    };
    if major != 2 || !(1..=newest).contains(&minor) {
        let text = format!("Version {text} is not supported by the API. Minimum is 2.1 and maximum is 2.{newest}.");
        return Err(Box::new(fault(406, "computeFault", &text)));
    }
    Ok(minor)
}

/// As many of the last lines as were asked for.
fn console_end(console: &str, action: &Value) -> String {
    let lines: Vec<&str> = console.lines().collect();
    let length = action["os-getConsoleOutput"]["length"].as_u64().and_then(|n| usize::try_from(n).ok());
    lines[lines.len().saturating_sub(length.unwrap_or(lines.len()))..].join("\n")
}
