//! What an operator wants: the configuration, checked and complete.
//!
//! This file is the model that the rest of the program sees. The others turn a TOML file, the files that it names and
//! the environment into it, or into a list of everything that is wrong. Nothing here talks to a service: whether an
//! image exists, only the cloud knows.

mod boot;
mod cloud_login;
mod clouds;
mod connection;
mod env;
mod files;
mod fingerprint;
mod jenkins;
mod keys;
mod load;
mod locate;
mod min_idle;
mod names;
mod nodes;
mod openstack;
mod planning;
mod provider;
mod reading;
mod registration;
mod schema;
mod secrets;
mod syntax;
mod table;
mod times;
mod url;

#[cfg(test)]
mod tests;

pub use clouds::clouds_at_hand;
pub use env::person;
pub use load::Loaded;
pub use locate::{NotFound, locate};
pub use min_idle::MinIdle;
pub use planning::Planning;
pub use reading::ConfigErrors;
pub use registration::{HostKeyCheck, NodeForm, Registration, SshLauncher, Transport, Usage};
pub use schema::{Entry, Manual, manual, schema};

use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{MitaId, NodeTypeName, Owner, ProviderName};
use crate::secret::Secret;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The whole configuration. Every value is checked, every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// A number that changes with every change of the file's meaning.
    pub fingerprint: String,
    /// Where the state is remembered.
    pub state_file: PathBuf,
    /// Where metrics are written for Prometheus, where they are wished for.
    pub metrics_file: Option<PathBuf>,
    /// Where a status page is written, where one is wished for.
    pub html_file: Option<PathBuf>,
    /// The installation's mark.
    pub owner: Owner,
    /// How long a whole run may take.
    pub deadline: SignedDuration,
    /// Most servers over all.
    pub max_servers: u32,
    /// Most requests under way at a time at one service.
    pub concurrency: u32,
    /// The controller.
    pub jenkins: JenkinsConfig,
    /// The providers, in the file's order.
    pub providers: Vec<ProviderConfig>,
    /// The node types, in the file's order.
    pub node_types: Vec<NodeType>,
    /// For servers whose node type is no longer configured.
    pub times: Times,
}

/// `[jenkins]`
#[derive(Clone, Debug)]
pub struct JenkinsConfig {
    /// Root URL, with a path prefix where there is one, ending in `/`; scheme and host are in lower case.
    pub url: String,
    /// Root URLs that it had before, the oldest first.
    pub former_urls: Vec<String>,
    /// The user.
    pub user: String,
    /// API token or password.
    pub token: Secret,
    /// A certificate authority to trust instead of the system's.
    pub cacert: Option<PathBuf>,
}

/// `[provider.NAME]`
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The key.
    pub name: ProviderName,
    /// Most servers here.
    pub max: Option<u32>,
    /// What is behind it.
    pub backend: Backend,
}

/// The kinds of cloud.
#[derive(Clone, Debug)]
pub enum Backend {
    /// `type = "openstack"`
    OpenStack(OpenStackConfig),
}

/// An OpenStack project.
#[derive(Clone, Debug)]
pub struct OpenStackConfig {
    /// Keystone's URL, with or without a version, ending in `/`.
    pub auth_url: String,
    /// Who logs in, and how.
    pub auth: Auth,
    /// The catalogue's region; none where it has one only.
    pub region: Option<String>,
    /// Which of an endpoint's URLs.
    pub interface: Interface,
    /// A certificate authority to trust instead of the system's.
    pub cacert: Option<PathBuf>,
    /// How its services are reached.
    pub connection: Connection,
}

/// How the services of a cloud are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// What this side shows of itself in TLS.
    pub client_cert: Option<ClientCertificate>,
    /// The proxy, `http://[USER:PASSWORD@]HOST:PORT`; that of the environment where there is none.
    pub proxy: Option<Secret>,
    /// Addresses in place of the catalogue's.
    pub endpoints: Endpoints,
}

/// A client's certificate and key, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, with its chain.
    pub cert: PathBuf,
    /// Its key; the same file may hold both.
    pub key: PathBuf,
}

/// Addresses of services, without a slash at their end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Nova.
    pub compute: Option<String>,
    /// Glance.
    pub image: Option<String>,
    /// Neutron.
    pub network: Option<String>,
    /// Cinder.
    pub volume: Option<String>,
}

/// Ways to log in to Keystone.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `3.x_password`
    Password {
        /// The user.
        user: Identified,
        /// The password.
        password: Secret,
        /// The project; Keystone takes the user's default project where there is none.
        project: Option<Identified>,
    },
    /// `3.x_appcred`
    ApplicationCredential {
        /// The credential, by id or by its name and user.
        credential: CredentialId,
        /// Its secret.
        secret: Secret,
    },
    /// `3.x_token`
    Token {
        /// A token of Keystone's.
        token: Secret,
        /// The project; the token's own where there is none.
        project: Option<Identified>,
    },
    /// `2.0_password`
    V2Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
        /// `tenantName`
        tenant: Option<String>,
    },
}

/// A user or a project: by id, or by name within a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// Its domain.
        domain: Domain,
    },
}

/// A domain of Keystone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// An application credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialId {
    /// By id.
    Id(String),
    /// By name, which is unique for a user only.
    Name {
        /// The credential's name.
        name: String,
        /// The user that it belongs to.
        user: Identified,
    },
}

/// Which URL of a catalogue's endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// For everybody.
    Public,
    /// Within the cloud's own network.
    Internal,
    /// For administrators.
    Admin,
}

/// `[nodes.NAME]`: how to make one kind of server, and for which jobs.
#[derive(Clone, Debug)]
pub struct NodeType {
    /// The key: the server's name and the base of the Jenkins name.
    pub name: NodeTypeName,
    /// Where it can be ordered, the preferred one first. Never empty.
    pub providers: Vec<ProviderName>,
    /// Image, by name or id, or a pattern of names.
    pub image_name: String,
    /// The flavor.
    pub size: Sizing,
    /// Key pair.
    pub keyname: Option<String>,
    /// Labels that its nodes carry in Jenkins, beside its own name.
    pub labels: BTreeSet<String>,
    /// Size of an extra blank volume in GiB.
    pub storage: Option<u32>,
    /// Executors of its nodes.
    pub executors: u32,
    /// Most servers of this type.
    pub max: Option<u32>,
    /// Idle nodes to keep at hand.
    pub min_idle: MinIdle,
    /// Goes after its first build.
    pub single_use: bool,
    /// Serves jobs that run anywhere.
    pub unlabelled: bool,
    /// Networks, by name or id; the cloud chooses where empty.
    pub networks: Vec<String>,
    /// Security groups, by name or id; the project's default where empty.
    pub security_groups: Vec<String>,
    /// Availability zone.
    pub availability_zone: Option<String>,
    /// Whether the cloud attaches a configuration drive.
    pub config_drive: bool,
    /// Metadata beside the mark.
    pub metadata: BTreeMap<String, String>,
    /// What else is asked of the cloud.
    pub boot: Boot,
    /// Template of the server's name, with `{node}` and `{id}`; the node type's name by default.
    pub server_name: String,
    /// User data, before `${...}` is filled in; empty where there is none.
    pub script: String,
    /// Who makes the nodes of its servers.
    pub registration: Registration,
    /// The times that hold for it.
    pub times: Times,
}

/// A flavor, as a node type asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sizing {
    /// By name or id.
    Named(String),
    /// The smallest that has at least so much.
    AtLeast {
        /// Virtual CPUs.
        cores: u32,
        /// Memory in MiB.
        ram_mib: u64,
    },
}

/// What a node type asks of its cloud that few node types ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The volume to boot from; the host's own disk where there is none.
    pub volume: Option<BootVolume>,
    /// Ports that were made beforehand, by name or id, beside the networks.
    pub ports: Vec<String>,
    /// The external network, by name or id, from which each server gets a floating IP.
    pub floating_ip_pool: Option<String>,
    /// Server group, by name or id.
    pub server_group: Option<String>,
    /// Hints to the scheduler's filters.
    pub scheduler_hints: BTreeMap<String, Hint>,
    /// Tags of the servers.
    pub tags: Vec<String>,
    /// What the cloud shows as the servers' description.
    pub description: Option<String>,
}

/// `boot_volume`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootVolume {
    /// Its size in GiB.
    pub size: u32,
    /// Its volume type, by name or id; the cloud's default where there is none.
    pub volume_type: Option<String>,
}

/// The value of a scheduler hint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Hint {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The longest owner whose mark the description of a floating IP holds, in bytes.
const LONGEST_OWNER_OF_ADDRESSES: usize = 160;

/// The times of a node type; each can stand at the top, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How long a job waits before it counts.
    pub stuck_after: SignedDuration,
    /// How long a node may stand idle.
    pub idle_grace: SignedDuration,
    /// Ordered to ACTIVE.
    pub boot_timeout: SignedDuration,
    /// ACTIVE to online in Jenkins; also how long a node may be away.
    pub join_timeout: SignedDuration,
    /// How long an order without an answer, or shown by no listing, counts as on its way.
    pub order_timeout: SignedDuration,
    /// Age from which on a server takes no further build; none where it may grow as old as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SignedDuration>,
}

impl Config {
    /// Whose marks are ours.
    pub fn installation(&self) -> Installation {
        let former = self.jenkins.former_urls.iter().map(|url| Controller::at(url));
        Installation {
            owner: self.owner.clone(),
            controller: Controller::at(&self.jenkins.url),
            former: former.collect(),
        }
    }

    /// Whether there is a provider of this name.
    pub fn has_provider(&self, name: &ProviderName) -> bool {
        self.providers.iter().any(|provider| provider.name == *name)
    }

    /// The node type of this name, where it is still configured.
    pub fn node_type(&self, name: &NodeTypeName) -> Option<&NodeType> {
        self.node_types.iter().find(|node_type| node_type.name == *name)
    }

    /// The times that hold for a server of this node type, configured or not.
    pub fn times(&self, name: &NodeTypeName) -> Times {
        self.node_type(name).map_or(self.times, |node_type| node_type.times)
    }
}

impl NodeType {
    /// The template of a node type that gives none: all its servers have its name.
    pub const PLAIN_SERVER_NAME: &str = "{node}";

    /// That of one whose nodes are made before their servers: each has a name of its own, which the node has as well.
    pub const OWN_SERVER_NAME: &str = "{node}-{id}";

    /// Whether its nodes have this label: it is one of theirs, or the type's own name.
    pub fn carries(&self, label: &str) -> bool {
        self.labels.contains(label) || self.name.as_str() == label
    }

    /// All of them, as one text with a blank between two: its own name is a label as well, since the name of a node is
    /// another one.
    pub fn label_string(&self) -> String {
        let labels: BTreeSet<&str> = self.labels.iter().map(String::as_str).chain([self.name.as_str()]).collect();
        labels.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// The sizes in GiB of the volumes that each server is made with, and that could outlive it.
    pub fn volumes(&self) -> impl Iterator<Item = u32> {
        self.boot.volume.iter().map(|volume| volume.size).chain(self.storage)
    }

    /// The name of the server that this order makes.
    pub fn server_name_for(&self, id: &MitaId) -> String {
        Self::fill_server_name(&self.server_name, self.name.as_str(), id.as_str())
    }

    fn fill_server_name(template: &str, node: &str, id: &str) -> String {
        template.replace("{id}", id).replace("{node}", node)
    }
}
