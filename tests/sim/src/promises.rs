//! The promises that no client may break, checked at every request: what it
//! would do is judged on the world as it was just before.

use std::collections::BTreeMap;

use crate::World;
use crate::clock::Ms;
use crate::http::Request;
use crate::jenkins::nodes::{Node, ServerRef};
use crate::log::Service;

/// Which promise was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// A node that runs a build is never deleted, nor is its server.
    BusyKill,
    /// Only what carries the installation's mark is touched.
    NotOurs,
    /// Never more servers than allowed, and no order twice.
    TooMany,
    /// A person's hold is respected.
    Held,
    /// No secret goes to a host other than the one it belongs to.
    Secret,
}

/// One breach.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which promise.
    pub promise: Promise,
    /// What happened to what.
    pub text: String,
    /// The index of the request in the log.
    pub request: usize,
    /// When, on the simulated clock.
    pub at: Ms,
}

/// What counts as ours, and how much of it there may be.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The values of `mita_owner` that are ours.
    pub owners: Vec<String>,
    /// The values of `mita_controller` that are ours; a server without one is ours by its owner.
    pub controllers: Vec<String>,
    /// The users whose nodes are ours: what they make over the API.
    pub users: Vec<String>,
    /// Nodes whose builds a person ends with the program.
    pub builds_may_end_on: Vec<String>,
    /// The most servers of ours that may live at once, over all clouds.
    pub max_servers: Option<usize>,
    /// The same for one node type (`mita_node`).
    pub max_of_type: BTreeMap<String, usize>,
}

type Found = Vec<(Promise, String)>;

impl World {
    pub(crate) fn ours(&self, metadata: &BTreeMap<String, String>) -> bool {
        metadata.get("mita_owner").is_some_and(|o| self.rules.owners.contains(o))
            && metadata.get("mita_controller").is_none_or(|c| self.rules.controllers.contains(c))
    }

    /// Whether the node's server is locked, and its cloud shows that.
    fn is_locked(&self, node: &Node) -> bool {
        let shows = |on: &ServerRef| {
            let cloud = self.clouds.get(&on.cloud).filter(|cloud| cloud.options.newest_microversion >= 9)?;
            cloud.server(&on.server)
        };
        node.server.as_ref().and_then(shows).is_some_and(|server| server.locked)
    }

    fn node_is_ours(&self, node: &Node) -> bool {
        let of_server = |s: &ServerRef| self.clouds.get(&s.cloud)?.history.get(&s.server);
        let made = node.made_by.as_ref().is_some_and(|user| self.rules.users.contains(user));
        made || node.server.as_ref().and_then(of_server).is_some_and(|m| self.ours(m))
    }

    /// What this request breaks if it is done.
    pub(crate) fn broken_by(&self, host: &str, service: Service, request: &Request) -> Found {
        match (service, request.method.as_str()) {
            (Service::Jenkins, "POST") => self.broken_in_jenkins(request),
            (Service::Nova | Service::Cinder | Service::Neutron | Service::Command, "DELETE") => {
                self.broken_by_delete(host, service, request)
            }
            _ => Vec::new(),
        }
    }

    fn broken_in_jenkins(&self, request: &Request) -> Found {
        let Some((node, action)) = self.jenkins.node_in_path(request) else { return Vec::new() };
        let mut found = Vec::new();
        let name = &node.name;
        let harmful = ["doDelete", "changeOfflineCause", "toggleOffline", "doDisconnect", "config.xml"];
        if !harmful.contains(&action.as_str()) {
            return found;
        }
        if !self.node_is_ours(node) {
            found.push((Promise::NotOurs, format!("{action} of node {name}, which is not ours")));
        }
        if node.held {
            found.push((Promise::Held, format!("{action} of node {name}, which a person holds")));
        }
        if self.is_locked(node) {
            found.push((Promise::Held, format!("{action} of node {name}, whose server a person locked")));
        }
        let asked_for = self.rules.builds_may_end_on.contains(name);
        if ["doDelete", "doDisconnect"].contains(&action.as_str()) && !node.idle() && !asked_for {
            found.push((Promise::BusyKill, format!("{action} of node {name}, which runs a build")));
        }
        found
    }

    fn broken_by_delete(&self, host: &str, service: Service, request: &Request) -> Found {
        let mut found = Vec::new();
        let Some(cloud) = self.clouds.get(host) else { return found };
        let document = request.json().unwrap_or_default();
        let in_path = request.path.rsplit('/').next();
        let id = document["id"].as_str().or(in_path).unwrap_or_default();
        match service {
            Service::Nova | Service::Command if service == Service::Command || request.path.contains("/servers/") => {
                let Some(server) = cloud.server(id) else { return found };
                if !self.ours(&server.metadata) {
                    let text = format!("delete of server {id} ({}), which is not ours", server.name);
                    found.push((Promise::NotOurs, text));
                }
                let on = ServerRef { cloud: host.to_string(), server: id.to_string() };
                for node in self.jenkins.nodes.iter().filter(|n| n.server.as_ref() == Some(&on)) {
                    if !node.idle() {
                        let text = format!("delete of server {id}, whose node {} runs a build", node.name);
                        found.push((Promise::BusyKill, text));
                    }
                    // Between two runs an agent can come to an entry that was held before, and go again: nobody sees that.
                    let from_before = node.mark.as_ref().is_some_and(|mark| mark.at < server.created);
                    if node.held && (node.connected || !from_before) {
                        let text = format!("delete of server {id}, whose node {} a person holds", node.name);
                        found.push((Promise::Held, text));
                    }
                }
            }
            Service::Cinder => {
                let Some(volume) = cloud.volumes.iter().find(|v| v.id == id) else { return found };
                let of_server = volume.made_for.as_deref().or_else(|| volume.name.strip_suffix("-blank-vol"));
                let of_server = of_server.and_then(|s| cloud.history.get(s));
                if volume.taken || !self.ours(&volume.metadata) && !of_server.is_some_and(|m| self.ours(m)) {
                    let text = format!("delete of volume {id} ({}), which is not ours", volume.name);
                    found.push((Promise::NotOurs, text));
                }
            }
            Service::Neutron => {
                let Some(ip) = cloud.floating_ips.iter().find(|f| f.id == id) else { return found };
                let words = || ip.tags.iter().chain([&ip.description]);
                let named = |owner: &String| words().any(|text| text.split([' ', '=', ',', ';']).any(|w| w == owner));
                if !self.rules.owners.iter().any(named) {
                    let text = format!("release of floating address {}, which is not ours", ip.address);
                    found.push((Promise::NotOurs, text));
                }
            }
            _ => {}
        }
        found
    }

    /// What an order that was taken breaks.
    pub(crate) fn broken_by_order(&self, host: &str, service: Service, request: &Request) -> Found {
        let mut found = Vec::new();
        let order = match service {
            Service::Nova => request.path.ends_with("/servers"),
            _ => service == Service::Command,
        };
        let (true, Some(body)) = (order && request.method == "POST", request.json()) else { return found };
        let metadata = if service == Service::Command { &body["metadata"] } else { &body["server"]["metadata"] };
        let owner = metadata["mita_owner"].as_str().unwrap_or_default();
        if !self.rules.owners.iter().any(|o| o == owner) {
            found.push((Promise::NotOurs, "a server is ordered without our mark".into()));
        }
        if let (Some(id), Some(cloud)) = (metadata["mita_id"].as_str(), self.clouds.get(host)) {
            let controller = metadata["mita_controller"].as_str();
            let is_same = |m: &&BTreeMap<String, String>| {
                m.get("mita_id").is_some_and(|i| i == id) && m.get("mita_controller").map(String::as_str) == controller
            };
            let same = cloud.history.values().filter(is_same).count();
            if same > 1 {
                found.push((Promise::TooMany, format!("the order {id} was sent {same} times")));
            }
        }
        let mut alive = 0;
        let mut of_type: BTreeMap<&str, usize> = BTreeMap::new();
        let servers = self.clouds.values().flat_map(|c| &c.servers);
        for server in servers.filter(|s| self.ours(&s.metadata) && !s.deleting()) {
            alive += 1;
            if let Some(node) = server.metadata.get("mita_node") {
                *of_type.entry(node).or_default() += 1;
            }
        }
        if let Some(max) = self.rules.max_servers.filter(|max| alive > *max) {
            found.push((Promise::TooMany, format!("{alive} servers of ours, {max} allowed")));
        }
        for (node, max) in &self.rules.max_of_type {
            let count = of_type.get(node.as_str()).copied().unwrap_or(0);
            if count > *max {
                found.push((Promise::TooMany, format!("{count} servers of {node}, {max} allowed")));
            }
        }
        found
    }

    /// Secrets that reached a host to which they do not belong.
    pub(crate) fn misdirected(&self, host: &str, request: &Request) -> Found {
        let mut found = Vec::new();
        let mut say = |what: &str| found.push((Promise::Secret, format!("{what} was sent to {host}")));
        if host != "jenkins" && request.header("authorization").is_some() {
            say("an Authorization header");
        }
        if let Some(token) = request.header("x-auth-token") {
            let issuer = self.clouds.iter().find(|(_, c)| c.tokens.contains_key(token));
            match issuer {
                Some((name, _)) if name == host => {}
                Some((name, _)) => say(&format!("a token of {name}")),
                None if self.clouds.contains_key(host) => {}
                None => say("an X-Auth-Token header"),
            }
        }
        let body = String::from_utf8_lossy(&request.body);
        let mut text = format!("{} {} {body}", request.path, request.query);
        for (_, value) in &request.headers {
            text.push(' ');
            text.push_str(value);
        }
        let mut known = vec![("jenkins", self.jenkins.secrets())];
        known.extend(self.clouds.iter().map(|(n, c)| (n.as_str(), c.secrets())));
        let own: Vec<String> = known.iter().filter(|(n, _)| *n == host).flat_map(|(_, s)| s.clone()).collect();
        for (owner, secrets) in known.iter().filter(|(n, _)| *n != host) {
            if secrets.iter().any(|s| !s.is_empty() && !own.contains(s) && text.contains(s.as_str())) {
                say(&format!("a secret of {owner}"));
            }
        }
        found
    }
}
