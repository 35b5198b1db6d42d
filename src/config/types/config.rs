//! The whole configuration.

use super::node_type::NodeType;
use super::openstack::OpenStackConfig;
use super::times::Times;
use crate::naming::{NodeTypeName, Owner, ProviderName};
use crate::secret::Secret;
use jiff::SignedDuration;
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

impl Config {
    /// The node type of this name, where it is still configured.
    pub fn node_type(&self, name: &NodeTypeName) -> Option<&NodeType> {
        self.node_types.iter().find(|node_type| node_type.name == *name)
    }

    /// The times that hold for a server of this node type, configured or not.
    pub fn times(&self, name: &NodeTypeName) -> Times {
        self.node_type(name).map_or(self.times, |node_type| node_type.times)
    }
}
