//! Neutron: networks, ports, security groups and floating addresses.

use serde_json::{Value, json};

use crate::clock::iso;
use crate::http::{Request, Response};
use crate::openstack::answers::{neutron_error, next_query, no_route, only_fields};
use crate::openstack::{Cloud, FloatingIp, Network};

impl Cloud {
    pub(crate) fn neutron(&mut self, path: &[&str], request: &Request) -> Response {
        if path.is_empty() {
            let href = format!("{}/v2.0/", self.endpoint("network"));
            let version = json!({"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]});
            return Response::json(200, &json!({"versions": [version]}));
        }
        if path[0] != "v2.0" {
            return no_route(request);
        }
        let token = match self.token(request) {
            Ok(token) => token,
            Err(refused) => return *refused,
        };
        let project = token.project.unwrap_or_default();
        match (request.method.as_str(), &path[1..]) {
            ("GET", ["networks"]) => {
                let own = |n: &&Network| n.external || n.project.as_deref().is_none_or(|p| p == project);
                let all = self.networks.iter().filter(own).map(|n| self.network_json(n)).collect();
                filtered("networks", all, request, self.options.page_size)
            }
            ("GET", ["networks", id]) => match self.networks.iter().find(|n| n.id == *id) {
                Some(n) => Response::json(200, &json!({"network": self.network_json(n)})),
                None => not_found("Network", "NetworkNotFound", id),
            },
            ("GET", ["ports"]) => filtered("ports", self.ports_json(&project), request, self.options.page_size),
            ("GET", ["security-groups"]) => {
                let own = self.security_groups.iter().filter(|g| g.project == project);
                let all = own
                    .map(|g| {
                        json!({"id": g.id, "name": g.name, "tenant_id": g.project, "project_id": g.project,
                                    "description": "", "stateful": true, "shared": false, "tags": [], "revision_number": 1,
                                    "created_at": iso(crate::clock::START), "updated_at": iso(crate::clock::START),
                                    "security_group_rules": []})
                    })
                    .collect();
                filtered("security_groups", all, request, self.options.page_size)
            }
            // The extension `quota_details`; a member may ask about the own project only.
            ("GET", ["quotas", id, "details.json"]) if *id == project => {
                let used = self.floating_ips.iter().filter(|f| f.project == project).count();
                let limit = self.quota(&project).floating_ips.map_or(json!(-1), Value::from);
                Response::json(200, &json!({"quota": {"floatingip": {"limit": limit, "used": used, "reserved": 0}}}))
            }
            ("GET", ["quotas", ..]) => {
                neutron_error(403, "PolicyNotAuthorized", "rule:get_quota is disallowed by policy")
            }
            ("GET", ["floatingips"]) => {
                let own = self.floating_ips.iter().filter(|f| f.project == project);
                filtered("floatingips", own.map(|f| self.floating_json(f)).collect(), request, self.options.page_size)
            }
            ("POST", ["floatingips"]) => self.create_floating(request, &project),
            ("GET", ["floatingips", id]) => match self.own_floating(id, &project) {
                Some(at) => Response::json(200, &json!({"floatingip": self.floating_json(&self.floating_ips[at])})),
                None => not_found("Floating IP", "FloatingIPNotFound", id),
            },
            ("PUT", ["floatingips", id]) => match self.own_floating(id, &project) {
                Some(at) => {
                    let body = request.json().unwrap_or_default();
                    let wanted = body["floatingip"]["port_id"].as_str();
                    if let Some(refused) = wanted.and_then(|port| self.unreached(port, &self.floating_ips[at].network))
                    {
                        return refused;
                    }
                    if let Some(port) = body["floatingip"].get("port_id") {
                        self.floating_ips[at].port = port.as_str().map(str::to_string);
                    }
                    Response::json(200, &json!({"floatingip": self.floating_json(&self.floating_ips[at])}))
                }
                None => not_found("Floating IP", "FloatingIPNotFound", id),
            },
            ("PUT", ["floatingips", id, "tags"]) => match self.own_floating(id, &project) {
                Some(at) => {
                    let body = request.json().unwrap_or_default();
                    let tags = body["tags"].as_array().into_iter().flatten();
                    let tags: Vec<String> = tags.filter_map(|t| t.as_str().map(str::to_string)).collect();
                    self.floating_ips[at].tags.clone_from(&tags);
                    Response::json(200, &json!({"tags": tags}))
                }
                None => not_found("Floating IP", "FloatingIPNotFound", id),
            },
            ("DELETE", ["floatingips", id]) => match self.own_floating(id, &project) {
                Some(at) => {
                    self.floating_ips.remove(at);
                    Response::empty(204)
                }
                None => not_found("Floating IP", "FloatingIPNotFound", id),
            },
            _ => neutron_error(404, "HTTPNotFound", "The resource could not be found."),
        }
    }

    fn own_floating(&self, id: &str, project: &str) -> Option<usize> {
        self.floating_ips.iter().position(|f| f.id == id && f.project == project)
    }

    fn create_floating(&mut self, request: &Request, project: &str) -> Response {
        let body = request.json().unwrap_or_default();
        let given = &body["floatingip"];
        let Some(network) = given["floating_network_id"].as_str() else {
            return neutron_error(
                400,
                "HTTPBadRequest",
                "Failed to parse request. Required attribute 'floating_network_id' not specified",
            );
        };
        let Some(found) = self.networks.iter().find(|n| n.id == network).cloned() else {
            return not_found("Network", "NetworkNotFound", network);
        };
        if !found.external {
            let text = format!("Bad floatingip request: Network {network} is not a valid external network.");
            return neutron_error(400, "BadRequest", &text);
        }
        let used = self.floating_ips.iter().filter(|f| f.project == project).count() as u64;
        if self.quota(project).floating_ips.is_some_and(|q| used >= q) {
            return neutron_error(409, "OverQuota", "Quota exceeded for resources: ['floatingip'].");
        }
        let port = given["port_id"].as_str().map(str::to_string);
        let known = |p: &String| self.servers.iter().flat_map(|s| &s.addresses).any(|a| a.port == *p);
        if let Some(missing) = port.as_ref().filter(|p| !known(p)) {
            return not_found("Port", "PortNotFound", missing);
        }
        if let Some(refused) = port.as_ref().and_then(|port| self.unreached(port, network)) {
            return refused;
        }
        if given["description"].as_str().is_some_and(|text| text.chars().count() > 255) {
            let text = "Invalid input for description. Reason: it exceeds maximum length of 255.";
            return neutron_error(400, "HTTPBadRequest", text);
        }
        if let Some(other) = self.floating_ips.iter().find(|f| f.port.is_some() && f.port == port) {
            let text = format!(
                "Cannot associate floating IP with port {} using fixed IP, as that fixed IP already has a floating IP \
                 on external network {network} ({}).",
                port.unwrap_or_default(),
                other.address
            );
            return neutron_error(409, "FloatingIPPortAlreadyAssociated", &text);
        }
        let Some(host) = self.free_host(&found.prefix) else {
            let text = format!("No more IP addresses available on network {network}.");
            return neutron_error(409, "IpAddressGenerationFailure", &text);
        };
        let ip = FloatingIp {
            id: self.ids.uuid(),
            address: super::life::address(&found.prefix, host),
            network: network.to_string(),
            port,
            description: given["description"].as_str().unwrap_or_default().to_string(),
            tags: Vec::new(),
            project: project.to_string(),
            created: self.now,
        };
        let body = json!({"floatingip": self.floating_json(&ip)});
        self.floating_ips.push(ip);
        Response::json(201, &body)
    }

    /// The 404 for a port whose network has no router.
    fn unreached(&self, port: &str, external: &str) -> Option<Response> {
        let address = self.servers.iter().flat_map(|s| &s.addresses).find(|a| a.port == port)?;
        let network = self.networks.iter().find(|n| n.id == address.network)?;
        let text = format!(
            "External network {external} is not reachable from subnet {}.  Therefore, cannot associate Port {port} with a \
             Floating IP.",
            network.id
        );
        (!network.has_router).then(|| neutron_error(404, "ExternalGatewayForFloatingIPNotFound", &text))
    }

    fn network_json(&self, network: &Network) -> Value {
        let project = network.project.clone().unwrap_or_default();
        let subnet = |number: usize| format!("{}-{number:04}", &network.id[..network.id.len() - 5]);
        let number = if network.has_subnets { 1 + usize::from(network.prefix6.is_some()) } else { 0 };
        let subnets: Vec<String> = (0..number).map(subnet).collect();
        json!({
            "id": network.id, "name": network.name, "tenant_id": project, "project_id": project,
            "admin_state_up": true, "mtu": 1500, "status": "ACTIVE", "subnets": subnets,
            "shared": network.project.is_none(), "availability_zone_hints": [], "availability_zones": [],
            "router:external": network.external, "description": "", "port_security_enabled": true,
            "tags": [], "created_at": iso(crate::clock::START), "updated_at": iso(crate::clock::START),
            "revision_number": 2, "ipv4_address_scope": null, "ipv6_address_scope": null,
        })
    }

    fn ports_json(&self, project: &str) -> Vec<Value> {
        let mut ports: Vec<Value> = Vec::new();
        for server in self.servers.iter().filter(|s| s.project == project) {
            for address in &server.addresses {
                let ip = json!({"subnet_id": address.network, "ip_address": address.addr});
                if let Some(port) = ports.iter_mut().find(|p| p["id"] == *address.port) {
                    if let Some(ips) = port["fixed_ips"].as_array_mut() {
                        ips.push(ip);
                    }
                    continue;
                }
                ports.push(json!({
                    "id": address.port, "name": "", "network_id": address.network, "tenant_id": project,
                    "project_id": project, "mac_address": address.mac, "admin_state_up": true, "status": "ACTIVE",
                    "device_id": server.id, "device_owner": "compute:nova", "fixed_ips": [ip], "tags": [],
                    "allowed_address_pairs": [], "binding:vnic_type": "normal", "description": "", "extra_dhcp_opts": [],
                    "port_security_enabled": true, "security_groups": [], "revision_number": 3,
                    "created_at": iso(server.created), "updated_at": iso(server.created),
                }));
            }
        }
        for port in self.ports.iter().filter(|p| p.project == project) {
            let a = &port.address;
            if let Some(taken) = ports.iter_mut().find(|p| p["id"] == *a.port) {
                taken["name"] = port.name.clone().into();
                continue;
            }
            ports.push(json!({
                "id": a.port, "name": port.name, "network_id": a.network, "tenant_id": project, "project_id": project,
                "mac_address": a.mac, "admin_state_up": true, "status": "DOWN", "device_id": "", "device_owner": "",
                "fixed_ips": [{"subnet_id": a.network, "ip_address": a.addr}], "tags": [],
            }));
        }
        ports
    }

    fn floating_json(&self, ip: &FloatingIp) -> Value {
        let all = self.servers.iter().flat_map(|s| &s.addresses);
        let fixed = ip.port.as_ref().and_then(|p| all.clone().find(|a| a.port == *p && a.version == 4));
        let device =
            |port: &str| self.servers.iter().find(|s| s.addresses.iter().any(|a| a.port == port)).map_or("", |s| &s.id);
        json!({
            "id": ip.id, "tenant_id": ip.project, "project_id": ip.project, "floating_ip_address": ip.address,
            "floating_network_id": ip.network, "router_id": null, "port_id": ip.port,
            "fixed_ip_address": fixed.map(|a| a.addr.clone()),
            "status": if ip.port.is_some() { "ACTIVE" } else { "DOWN" },
            "description": ip.description, "port_details": ip.port.as_ref().map(|p| json!({"device_id": device(p)})), "tags": ip.tags,
            "created_at": iso(ip.created), "updated_at": iso(ip.created), "revision_number": 0,
        })
    }
}

fn not_found(what: &str, kind: &str, id: &str) -> Response {
    let stop = if what == "Floating IP" { "" } else { "." };
    neutron_error(404, kind, &format!("{what} {id} could not be found{stop}"))
}

/// A list, filtered by every query parameter that names an attribute, in pages of at most `cap`.
fn filtered(name: &str, all: Vec<Value>, request: &Request, cap: usize) -> Response {
    let filters: Vec<(String, String)> = request
        .query_params()
        .into_iter()
        .filter(|(n, _)| !["fields", "limit", "marker", "sort_key", "sort_dir"].contains(&n.as_str()))
        .collect();
    let names: std::collections::BTreeSet<&String> = filters.iter().map(|(n, _)| n).collect();
    let fits = |object: &Value| {
        names.iter().all(|name| {
            let mut wanted = filters.iter().filter(|(n, _)| n == *name).map(|(_, v)| v.as_str());
            match object.get(name.as_str()) {
                Some(Value::String(s)) => wanted.any(|w| w == s),
                Some(Value::Bool(b)) => wanted.any(|w| w.eq_ignore_ascii_case(&b.to_string())),
                Some(Value::Array(list)) => wanted.any(|w| w.split(',').all(|t| list.iter().any(|i| i == t))),
                Some(Value::Null) => wanted.any(|w| w == "null" || w.is_empty()),
                _ => true,
            }
        })
    };
    let all: Vec<Value> = all.into_iter().filter(fits).collect();
    let id = |object: &Value| object["id"].as_str().unwrap_or_default().to_owned();
    let start = request.query_param("marker").and_then(|marker| all.iter().position(|one| id(one) == marker));
    let limit = request.query_param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(cap).min(cap);
    let rest = &all[start.map_or(0, |at| at + 1)..];
    let shown = &rest[..limit.min(rest.len())];
    let list: Vec<Value> = shown.iter().map(|object| only_fields(request, object.clone())).collect();
    let mut body = json!({name: list});
    if let Some(last) = shown.last().filter(|_| shown.len() < rest.len()) {
        let href = format!("http://behind-a-proxy/v2.0/{name}?{}", next_query(request, &id(last)));
        body[format!("{name}_links")] = json!([{"rel": "next", "href": href}]);
    }
    Response::json(200, &body)
}
