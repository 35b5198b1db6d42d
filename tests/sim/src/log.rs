//! The record of every request that reached the simulator.

use crate::clock::Ms;
use crate::http::Request;

/// Which service a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Jenkins.
    Jenkins,
    /// Keystone.
    Keystone,
    /// Nova.
    Nova,
    /// Neutron.
    Neutron,
    /// Cinder.
    Cinder,
    /// Glance.
    Glance,
    /// The cloud as a program sees it.
    Command,
    /// A host that belongs to nobody: where redirects lead, and whatever a cloud's paths do not cover.
    Stranger,
}

impl Service {
    /// The service that a path of a cloud belongs to.
    pub(crate) fn of_cloud_path(path: &str) -> Service {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let first = parts.next();
        // The name of the region comes first.
        match if first == Some("elsewhere") { parts.nth(1) } else { first } {
            Some("identity") => Service::Keystone,
            Some("compute") => Service::Nova,
            Some("network") => Service::Neutron,
            Some("volume") => Service::Cinder,
            Some("image") => Service::Glance,
            Some("command") => Service::Command,
            _ => Service::Stranger,
        }
    }
}

/// A path with `*` for every name and id in it: what sort of request it is, whatever it is about.
pub fn shape(path: &str) -> String {
    let shape = |segment: &str| {
        let id = segment.len() >= 32 && segment.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let node = segment.contains("%2B") || segment.contains('+');
        if id || node { "*".to_string() } else { segment.to_string() }
    };
    let mut shapes: Vec<String> = path.split('/').map(shape).collect();
    // Of one node: `computer/NAME/...`. Of all: `computer/api/json`, `computer/doCreateItem`.
    if let Some(at) = shapes.iter().position(|segment| segment == "computer")
        && shapes.len() > at + 2
        && shapes[at + 1] != "api"
    {
        shapes[at + 1] = "*".to_string();
    }
    shapes.join("/")
}

/// One request and what came of it.
#[derive(Debug, Clone)]
pub struct Record {
    /// `jenkins`, a cloud's name, or `stranger`.
    pub host: String,
    /// The service on that host.
    pub service: Service,
    /// The method.
    pub method: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent.
    pub query: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: String,
    /// When it came, on the simulated clock.
    pub at: Ms,
    /// The status of the answer; `None` where none was sent.
    pub status: Option<u16>,
}

impl Record {
    pub(crate) fn new(host: &str, service: Service, request: &Request, at: Ms) -> Self {
        Record {
            host: host.to_string(),
            service,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            at,
            status: None,
        }
    }

    /// Whether it could change anything. A token request counts as a read: a
    /// dry run is allowed it. So does the request for a console.
    pub fn is_write(&self) -> bool {
        let reads = ["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str());
        let token = self.service == Service::Keystone && self.path.ends_with("/tokens");
        let console = self.path.ends_with("/action") && self.body.contains("os-getConsoleOutput");
        !reads && !token && !console
    }

    /// `POST nova /compute/v2.1/servers`, for messages and whole expected lists.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.host, self.path)
    }
}
