//! Keystone: tokens by password or application credential (v3), by password
//! (v2.0, where the cloud still has it), and the catalogue.

use serde_json::{Value, json};

use crate::clock::{iso, iso_micros, millis};
use crate::http::{Request, Response};
use crate::openstack::answers::no_route;
use crate::openstack::{AccessRule, Cloud, Project, Token, User};

/// One service of the catalogue: type, name, and the address in each region.
type Entry = (String, &'static str, Vec<(String, String)>);

const REQUIRES: &str = "The request you have made requires authentication.";

impl Cloud {
    pub(crate) fn keystone(&mut self, path: &[&str], request: &Request) -> Response {
        let answer = match (request.method.as_str(), path) {
            ("POST", ["v3", "auth", "tokens"]) => self.authenticate(request),
            ("POST", ["v2.0", "tokens"]) if self.options.keystone_v2 => self.authenticate_v2(request),
            ("GET", ["v3", "users", user, "application_credentials", id]) => self.credential(request, user, id),
            ("GET", ["v3"]) => Response::json(200, &json!({"version": self.version()})),
            ("GET", []) => {
                let body = json!({"versions": {"values": [self.version()]}});
                Response::json(300, &body).with("Location", format!("{}/", self.auth_url()))
            }
            ("POST", ["v2.0", "tokens"]) if !content_is_json(request) => not_json_type(),
            _ => flask_not_found(request),
        };
        answer.with("Vary", "X-Auth-Token")
    }

    /// A user's own application credential.
    fn credential(&mut self, request: &Request, user: &str, id: &str) -> Response {
        let token = match self.token(request) {
            Ok(token) => token,
            Err(_) => return self.refused(REQUIRES),
        };
        let found = self.app_credentials.iter().find(|c| c.id == id && c.user == user);
        match found.filter(|_| token.user == user) {
            Some(c) => Response::json(
                200,
                &json!({"application_credential": {"id": c.id, "name": c.name, "description": null, "user_id": c.user,
                    "project_id": c.project, "system": null, "expires_at": c.expires.map(iso_micros),
                    "unrestricted": null, "roles": []}}),
            ),
            None => {
                let text = format!("Could not find Application Credential: {id}.");
                keystone_error(404, "Not Found", &text)
            }
        }
    }

    fn version(&self) -> Value {
        json!({
            "id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": format!("{}/", self.auth_url())}],
            "media-types": [{"base": "application/json",
                             "type": "application/vnd.openstack.identity-v3+json"}],
        })
    }

    fn refused(&self, message: &str) -> Response {
        let challenge = format!("Keystone uri=\"{}\"", self.auth_url());
        keystone_error(401, "Unauthorized", message).with("WWW-Authenticate", challenge)
    }

    fn authenticate(&mut self, request: &Request) -> Response {
        if !content_is_json(request) {
            return not_json_type();
        }
        let Some(body) = request.json() else {
            return keystone_error(
                400,
                "Bad Request",
                "Expecting to find valid JSON in request body. The server \
                could not comply with the request since it is either malformed or otherwise incorrect. The client \
                is assumed to be in error.",
            );
        };
        let identity = &body["auth"]["identity"];
        if !identity.is_object() {
            return keystone_error(400, "Bad Request", "'identity' is a required property");
        }
        let method = identity["methods"][0].as_str().unwrap_or_default();
        let scope = &body["auth"]["scope"];
        match method {
            "password" => {
                let Some(user) = self.check_password(&identity["password"]["user"]) else {
                    return self.refused(REQUIRES);
                };
                let project = match scope {
                    Value::Null => user.projects.first().cloned(),
                    Value::String(s) if s == "unscoped" => None,
                    scope => match self.find_project(&scope["project"]) {
                        Some(p) if user.projects.contains(&p.id) => Some(p.id.clone()),
                        _ => return self.refused(REQUIRES),
                    },
                };
                self.issue(&user, project, "password")
            }
            "application_credential" => {
                let given = &identity["application_credential"];
                let by_name = |c: &&super::AppCredential| {
                    given["name"] == *c.name && self.find_user(&given["user"]).is_some_and(|u| u.id == c.user)
                };
                let found = match given["id"].as_str() {
                    Some(id) => self.app_credentials.iter().find(|c| c.id == id),
                    None => self.app_credentials.iter().find(by_name),
                };
                let Some(credential) = found.cloned() else {
                    let id = given["id"].as_str().or(given["name"].as_str()).unwrap_or_default();
                    let text = format!("Could not find Application Credential: {id}.");
                    return keystone_error(404, "Not Found", &text);
                };
                if given["secret"] != *credential.secret || credential.expires.is_some_and(|end| end <= self.now) {
                    return self.refused(REQUIRES);
                }
                if !scope.is_null() {
                    return self.refused(
                        "Error authenticating with application credential: Application credentials cannot request a scope.",
                    );
                }
                match self.users.iter().find(|u| u.id == credential.user).cloned() {
                    Some(user) => self.issue_with(&user, credential),
                    None => self.refused(REQUIRES),
                }
            }
            _ => self.refused(REQUIRES),
        }
    }

    fn authenticate_v2(&mut self, request: &Request) -> Response {
        let body = request.json().unwrap_or_default();
        let given = &body["auth"]["passwordCredentials"];
        let found = self.users.iter().find(|u| given["username"] == *u.name && given["password"] == *u.password);
        let Some(user) = found.cloned() else { return self.refused(REQUIRES) };
        let tenant = &body["auth"]["tenantName"];
        let project = match tenant.as_str() {
            Some(name) => {
                let found = self.projects.iter().find(|p| p.name == name && user.projects.contains(&p.id));
                match found {
                    Some(p) => Some(p.id.clone()),
                    None => return self.refused(REQUIRES),
                }
            }
            None => user.projects.first().cloned(),
        };
        let (id, expires) = self.new_token(&user, project.clone());
        let catalog: Vec<Value> = self
            .services(project.as_deref())
            .into_iter()
            .map(|(kind, name, urls)| {
                let endpoints: Vec<Value> = urls
                    .iter()
                    .map(|(region, url)| json!({"region": region, "publicURL": url, "internalURL": url, "adminURL": url}))
                    .collect();
                json!({"type": kind, "name": name, "endpoints": endpoints})
            })
            .collect();
        let name = project.as_deref().map(|p| self.project_name(p));
        let body = json!({"access": {
            "token": {"id": id, "expires": iso(expires), "issued_at": iso_micros(self.now),
                      "tenant": {"id": project, "name": name, "enabled": true}},
            "serviceCatalog": catalog,
            "user": {"id": user.id, "name": user.name, "username": user.name, "roles": user.roles.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()},
        }});
        Response::json(200, &body)
    }

    fn find_user(&self, given: &Value) -> Option<&User> {
        let domain = &given["domain"];
        self.users.iter().find(|u| given["id"] == *u.id || (given["name"] == *u.name && in_default_domain(domain)))
    }

    fn check_password(&self, given: &Value) -> Option<User> {
        self.find_user(given).filter(|u| given["password"] == *u.password).cloned()
    }

    fn find_project(&self, given: &Value) -> Option<&Project> {
        self.projects
            .iter()
            .find(|p| given["id"] == *p.id || (given["name"] == *p.name && in_default_domain(&given["domain"])))
    }

    fn new_token(&mut self, user: &User, project: Option<String>) -> (String, u64) {
        let id = format!("gAAAAAB{}{}", self.request_ids.hex(), self.request_ids.hex());
        let expires = self.now + millis(self.options.token_life);
        self.tokens.insert(id.clone(), Token { user: user.id.clone(), project, expires, access_rules: Vec::new() });
        (id, expires)
    }

    fn issue(&mut self, user: &User, project: Option<String>, method: &str) -> Response {
        let (id, expires) = self.new_token(user, project.clone());
        let domain = json!({"id": "default", "name": "Default"});
        let mut token = json!({
            "methods": [method],
            "user": {"domain": domain, "id": user.id, "name": user.name, "password_expires_at": user.password_expires.map(iso_micros)},
            "audit_ids": [self.request_ids.hex()[..22]],
            "expires_at": iso_micros(expires) + "Z",
            "issued_at": iso_micros(self.now) + "Z",
        });
        if let Some(project) = &project {
            token["project"] = json!({"domain": domain, "id": project, "name": self.project_name(project)});
            token["is_domain"] = false.into();
            let role = |name: &String| json!({"id": format!("{name:0>32}"), "name": name});
            token["roles"] = user.roles.iter().map(role).collect();
            token["catalog"] = self.catalog(project);
        }
        Response::json(201, &json!({"token": token})).with("X-Subject-Token", id)
    }

    /// A token for an application credential names it.
    fn issue_with(&mut self, user: &User, credential: super::AppCredential) -> Response {
        let mut answer = self.issue(user, Some(credential.project), "application_credential");
        if let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) {
            body["token"]["application_credential"] =
                json!({"id": credential.id, "name": credential.name, "restricted": true});
            if !credential.access_rules.is_empty() {
                let rule = |rule: &AccessRule| json!({"id": format!("{:0>32}", 1), "service": rule.service, "method": rule.method, "path": rule.path});
                body["token"]["application_credential"]["access_rules"] =
                    credential.access_rules.iter().map(rule).collect();
            }
            answer.body = body.to_string().into_bytes();
        }
        let token = answer
            .headers
            .iter()
            .find(|(name, _)| name == "X-Subject-Token")
            .and_then(|(_, id)| self.tokens.get_mut(id));
        if let Some(token) = token {
            token.access_rules = credential.access_rules;
        }
        answer
    }

    fn catalog(&mut self, project: &str) -> Value {
        let services = self.services(Some(project));
        services
            .into_iter()
            .map(|(kind, name, urls)| {
                let mut endpoints = Vec::new();
                for (region, url) in &urls {
                    for interface in ["internal", "admin", "public"] {
                        endpoints.push(json!({
                            "id": self.request_ids.hex(), "interface": interface,
                            "region_id": region, "region": region, "url": url,
                        }));
                    }
                }
                json!({"endpoints": endpoints, "id": self.request_ids.hex(), "type": kind, "name": name})
            })
            .collect()
    }

    /// Type, name, and the address in each region, of all services.
    fn services(&self, project: Option<&str>) -> Vec<Entry> {
        let mut kinds: Vec<(String, &'static str, String)> = vec![
            ("identity".into(), "keystone", "identity/v3".into()),
            ("compute".into(), "nova", "compute/v2.1".into()),
            ("network".into(), "neutron", "network".into()),
            ("image".into(), "glance", "image".into()),
        ];
        for kind in &self.options.volume_types {
            kinds.push((kind.clone(), "cinder", format!("volume/v3/{}", project.unwrap_or_default())));
        }
        let urls = |path: &str| {
            let regions = self.options.regions.iter().enumerate();
            regions
                .map(|(n, region)| match n {
                    0 => (region.clone(), format!("{}/{path}", self.url)),
                    _ => (region.clone(), format!("{}/elsewhere/{region}/{path}", self.url)),
                })
                .collect()
        };
        kinds.into_iter().map(|(kind, name, path)| (kind, name, urls(&path))).collect()
    }
}

fn in_default_domain(domain: &Value) -> bool {
    domain["id"] == "default" || domain["name"] == "Default"
}

fn content_is_json(request: &Request) -> bool {
    request.header("content-type").is_some_and(|t| t.starts_with("application/json"))
}

fn not_json_type() -> Response {
    keystone_error(
        400,
        "Bad Request",
        "Expecting to find application/json in Content-Type header. The server \
        could not comply with the request since it is either malformed or otherwise incorrect. The client is \
        assumed to be in error.",
    )
}

fn keystone_error(status: u16, title: &str, message: &str) -> Response {
    Response::json(status, &json!({"error": {"code": status, "message": message, "title": title}}))
}

fn flask_not_found(request: &Request) -> Response {
    if request.method != "GET" && request.method != "POST" {
        return no_route(request);
    }
    Response::html(
        404,
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n\
        <p>The requested URL was not found on the server. If you entered the URL manually please check your \
        spelling and try again.</p>\n",
    )
}
