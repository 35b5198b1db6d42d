//! A simulated OpenStack cloud: Keystone, Nova, Neutron, Cinder and Glance below
//! one address, as far as a client that orders and removes servers meets them.
//! Shapes, words and status codes are those of the Zed release.

mod answers;
mod cinder;
mod command;
mod create;
mod glance;
mod keystone;
mod life;
mod neutron;
mod nova;
mod order;
mod server;
mod setup;
mod shown;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::clock::{self, Ms};
use crate::codec::Ids;
use crate::http::{Request, Response};
pub use server::{Address, Event, Fate, NewVolume, Server, Status};

/// How a cloud is set up. Everything may be changed while it runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// From the create request to ACTIVE.
    pub boot_time: Duration,
    /// From the delete request until the server is gone.
    pub delete_time: Duration,
    /// How long a deleted server is kept, so that it can be restored (`reclaim_instance_interval`); zero for not at all.
    pub reclaim_time: Duration,
    /// How long a token lives.
    pub token_life: Duration,
    /// The most servers, flavors, images or volumes in one page.
    pub page_size: usize,
    /// The newest compute microversion, below 2.
    pub newest_microversion: u32,
    /// Whether a gateway drops the headers of microversions.
    pub drops_microversions: bool,
    /// How long a new server is missing from lists (several cells, a replica).
    pub list_lag: Duration,
    /// The regions of the catalogue; what the cloud has is in the first. The others have no server, and take none.
    pub regions: Vec<String>,
    /// Whether Keystone still speaks v2.0.
    pub keystone_v2: bool,
    /// What `href`s of pages begin with, where a proxy stands before Nova.
    pub links_base: Option<String>,
    /// Types that the catalogue lists for the block storage service.
    pub volume_types: Vec<String>,
    /// Whether addresses show while the server is still BUILD/spawning.
    pub addresses_while_spawning: bool,
    /// Whether the volume service is down: Nova leaves the attachments of a server behind that it deletes meanwhile.
    pub volumes_down: bool,
    /// How many seconds the clock of the cloud's machines is ahead of the simulated one, as `Date` shows it.
    pub clock_ahead: i64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            boot_time: Duration::from_secs(60),
            delete_time: Duration::from_secs(5),
            reclaim_time: Duration::ZERO,
            token_life: Duration::from_secs(3600),
            page_size: 1000,
            newest_microversion: 93,
            drops_microversions: false,
            volumes_down: false,
            list_lag: Duration::ZERO,
            regions: vec!["RegionOne".into()],
            keystone_v2: false,
            links_base: None,
            volume_types: vec!["volumev3".into(), "block-storage".into()],
            addresses_while_spawning: false,
            clock_ahead: 0,
        }
    }
}

/// The limits of one project; `None` is unlimited.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// Servers.
    pub instances: Option<u64>,
    /// Virtual CPUs.
    pub cores: Option<u64>,
    /// Memory in MB.
    pub ram: Option<u64>,
    /// Volumes.
    pub volumes: Option<u64>,
    /// Gigabytes of all volumes.
    pub gigabytes: Option<u64>,
    /// Floating addresses.
    pub floating_ips: Option<u64>,
}

impl Default for Quota {
    fn default() -> Self {
        Quota {
            instances: Some(20),
            cores: Some(100),
            ram: Some(400_000),
            volumes: Some(40),
            gigabytes: Some(2000),
            floating_ips: Some(10),
        }
    }
}

/// A project of the cloud.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may use.
    pub quota: Quota,
}

/// A user, with the projects in which it has a role (the first is its default project).
#[derive(Debug, Clone)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its name, in the domain `Default`.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The ids of its projects.
    pub projects: Vec<String>,
    /// The names of its key pairs.
    pub keypairs: Vec<String>,
    /// The names of its roles in each of its projects.
    pub roles: Vec<String>,
    /// When its password expires, where passwords do.
    pub password_expires: Option<Ms>,
}

/// An application credential.
#[derive(Debug, Clone)]
pub struct AppCredential {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its secret.
    pub secret: String,
    /// Whose it is.
    pub user: String,
    /// The project that it is good for.
    pub project: String,
    /// When it expires, where it does.
    pub expires: Option<Ms>,
    /// The only requests that its tokens are good for; empty for all.
    pub access_rules: Vec<AccessRule>,
}

/// A rule of an application credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRule {
    /// The type of the service.
    pub service: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path, in which `*` stands for one part and a final `**` for any rest.
    pub path: &'static str,
}

/// A size of server.
#[derive(Debug, Clone)]
pub struct Flavor {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// Memory in MB.
    pub ram: u64,
    /// Disk in GB.
    pub disk: u64,
    /// Whether no host can take it: servers of it end in ERROR.
    pub too_large: bool,
}

/// An image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name, not necessarily the only one of that name.
    pub name: String,
    /// `active`, `queued`, `deactivated`, ...
    pub status: String,
    /// When it was made.
    pub created: Ms,
    /// The least memory in MB that a server of it needs.
    pub min_ram: u64,
    /// The least disk in GB that a server of it needs.
    pub min_disk: u64,
    /// `public`, `private`, `community` or `shared` (by another project, and not accepted).
    pub visibility: &'static str,
    /// Whether lists leave it out.
    pub hidden: bool,
    /// Where it was made of a server with volumes: the gigabytes of the volume that Nova makes of a snapshot.
    pub snapshot: Option<Snapshot>,
}

/// A snapshot of the volume that a server booted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Gigabytes.
    pub size: u64,
}

/// A network with one IPv4 subnet and perhaps an IPv6 one.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its project; `None` for one that all may use.
    pub project: Option<String>,
    /// Whether it is external: floating addresses come from it, no server may use it.
    pub external: bool,
    /// The first three numbers of its addresses, such as `192.168.1`.
    pub prefix: String,
    /// The beginning of its IPv6 addresses, such as `2001:db8::`.
    pub prefix6: Option<String>,
    /// Whether it has the subnets of these addresses: without, servers get none.
    pub has_subnets: bool,
    /// Whether a router leads from it to the external networks.
    pub has_router: bool,
}

impl Network {
    /// Whether ordinary users may attach servers to it.
    pub(crate) fn takes_servers(&self) -> bool {
        !self.external || self.project.is_none()
    }
}

/// A security group of a project.
#[derive(Debug, Clone)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its project.
    pub project: String,
}

/// A server group of a project.
#[derive(Debug, Clone)]
pub struct ServerGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of its project.
    pub project: String,
}

/// A port that was made beforehand, for a server to take.
#[derive(Debug, Clone)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The id of its project.
    pub project: String,
    /// Its network, address and id.
    pub address: Address,
}

/// A volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `creating`, `available`, `in-use`, `deleting`, `error`, ...
    pub status: String,
    /// Gigabytes.
    pub size: u64,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// The server that it is attached to.
    pub server: Option<String>,
    /// The server that Nova made it for, whatever became of it.
    pub made_for: Option<String>,
    /// Whether it was ever attached to another server.
    pub taken: bool,
    /// Its type.
    pub volume_type: String,
    /// Whether it goes with its server.
    pub delete_on_termination: bool,
    /// Whether there is a snapshot of it, so that Cinder does not delete it.
    pub has_snapshot: bool,
    /// The id of its project.
    pub project: String,
    /// When it was made.
    pub created: Ms,
    /// When it is gone.
    pub gone_at: Option<Ms>,
}

/// A floating address.
#[derive(Debug, Clone)]
pub struct FloatingIp {
    /// Its id.
    pub id: String,
    /// The address.
    pub address: String,
    /// The id of the external network.
    pub network: String,
    /// The port that it leads to.
    pub port: Option<String>,
    /// Free text.
    pub description: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The id of its project.
    pub project: String,
    /// When it was made.
    pub created: Ms,
}

/// A token that Keystone gave out.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) user: String,
    pub(crate) project: Option<String>,
    pub(crate) expires: Ms,
    pub(crate) access_rules: Vec<AccessRule>,
}

/// One cloud.
#[derive(Clone)]
pub struct Cloud {
    /// How it is set up.
    pub options: Options,
    /// Its name in the simulator.
    pub name: String,
    /// The project in which [`Cloud::place_server`] works.
    pub project: String,
    /// Its projects.
    pub projects: Vec<Project>,
    /// Its users.
    pub users: Vec<User>,
    /// Its application credentials.
    pub app_credentials: Vec<AppCredential>,
    /// Its sizes.
    pub flavors: Vec<Flavor>,
    /// Its images.
    pub images: Vec<Image>,
    /// Its networks.
    pub networks: Vec<Network>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroup>,
    /// Its server groups.
    pub server_groups: Vec<ServerGroup>,
    /// Its ports that were made beforehand.
    pub ports: Vec<Port>,
    /// The types that volumes can have.
    pub volume_kinds: Vec<String>,
    /// Its availability zones.
    pub zones: Vec<String>,
    /// All servers that are not gone, oldest first.
    pub servers: Vec<Server>,
    /// All volumes that are not gone, oldest first.
    pub volumes: Vec<Volume>,
    /// All floating addresses.
    pub floating_ips: Vec<FloatingIp>,
    /// What becomes of the next servers; then [`Cloud::default_fate`].
    pub next_fates: VecDeque<Fate>,
    /// What becomes of a server for which nothing else is said.
    pub default_fate: Fate,
    /// What the console of every server says; none where the hypervisor has no consoles.
    pub console: Option<String>,
    /// The metadata of every server that ever was, by id.
    pub history: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) now: Ms,
    pub(crate) url: String,
    pub(crate) events: Vec<Event>,
    pub(crate) tokens: BTreeMap<String, Token>,
    ids: Ids,
    /// Those of requests and tokens. Requests that come side by side change no id of a server.
    request_ids: Ids,
}

impl Cloud {
    pub(crate) fn new(name: &str, url: String, seed: u64, options: Options) -> Self {
        let mut cloud = Cloud {
            options,
            name: name.to_string(),
            project: String::new(),
            projects: Vec::new(),
            users: Vec::new(),
            app_credentials: Vec::new(),
            flavors: Vec::new(),
            images: Vec::new(),
            networks: Vec::new(),
            security_groups: Vec::new(),
            server_groups: Vec::new(),
            ports: Vec::new(),
            volume_kinds: vec!["standard".into(), "ssd".into()],
            zones: vec!["nova".into()],
            servers: Vec::new(),
            volumes: Vec::new(),
            floating_ips: Vec::new(),
            next_fates: VecDeque::new(),
            default_fate: Fate::Boots,
            console: Some("Booting\ncloud-init finished\nlogin: ".into()),
            history: BTreeMap::new(),
            now: clock::START,
            url,
            events: Vec::new(),
            tokens: BTreeMap::new(),
            ids: Ids::new(seed),
            request_ids: Ids::new(!seed),
        };
        cloud.fill();
        cloud
    }

    /// The port that it listens on.
    pub fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap_or_default()
    }

    /// Where Keystone v3 is, as `auth_url` of a configuration.
    pub fn auth_url(&self) -> String {
        format!("{}/identity/v3", self.url)
    }

    /// The address of the endpoint of one service (`compute`, `network`, `volume`, `image`).
    pub fn endpoint(&self, service: &str) -> String {
        match service {
            "identity" => format!("{}/identity/v3", self.url),
            "compute" => format!("{}/compute/v2.1", self.url),
            other => format!("{}/{other}", self.url),
        }
    }

    /// Answers one request.
    pub(crate) fn handle(&mut self, request: &Request) -> Response {
        let path = request.path.clone();
        let parts: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let id = format!("req-{}", self.request_ids.uuid());
        if parts.first() != Some(&"identity") && !self.rules_allow(request) {
            return self.unauthorized();
        }
        let (answer, compute_id) = match parts.first().copied() {
            Some("identity") => (self.keystone(&parts[1..], request), false),
            Some("compute") => (self.nova(&parts[1..], request), true),
            Some("network") => (self.neutron(&parts[1..], request), false),
            Some("volume") => (self.cinder(&parts[1..], request), true),
            Some("command") => (self.command(&parts[1..], request), false),
            Some("image") => (self.glance(&parts[1..], request), false),
            Some("elsewhere") if parts.len() > 2 => return self.in_another_region(&parts[2..], request),
            _ => (answers::no_route(request), false),
        };
        let answer = answer.with("x-openstack-request-id", id.clone());
        if compute_id { answer.with("x-compute-request-id", id) } else { answer }
    }

    /// Everything that a client must send to no other host.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let users = self.users.iter().map(|u| u.password.clone());
        users.chain(self.app_credentials.iter().map(|c| c.secret.clone())).collect()
    }

    pub(crate) fn project_name(&self, id: &str) -> &str {
        self.projects.iter().find(|p| p.id == id).map_or("", |p| p.name.as_str())
    }

    pub(crate) fn quota(&self, project: &str) -> Quota {
        self.projects.iter().find(|p| p.id == project).map_or_else(Quota::default, |p| p.quota)
    }
}
