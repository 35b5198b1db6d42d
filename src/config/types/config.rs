//! The whole configuration.

use super::budget::Budget;
use super::command::CommandConfig;
use super::node_type::NodeType;
use super::openstack::OpenStackConfig;
use super::times::Times;
use crate::config::file::UsedFile;
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{NodeTypeName, Owner, ProviderName};
use crate::secret::Secret;
use jiff::SignedDuration;
use std::path::PathBuf;

/// The whole configuration. Every value is checked, and every default is filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// The files that it names and this program reads, itself included, and those that it keeps: nothing else may be written
    /// there.
    pub files: Vec<UsedFile>,
    /// A number that changes whenever the meaning of the file changes.
    pub fingerprint: String,
    /// The state file.
    pub state_file: PathBuf,
    /// Where each run writes metrics for Prometheus.
    pub metrics_file: Option<PathBuf>,
    /// Where each run writes a status page.
    pub html_file: Option<PathBuf>,
    /// The owner in the mark of this installation.
    pub owner: Owner,
    /// How long a whole run may take.
    pub deadline: SignedDuration,
    /// The most servers of all providers.
    pub max_servers: u32,
    /// The most requests at a time to one service.
    pub concurrency: u32,
    /// For how many days the journal is kept.
    pub journal_days: u32,
    /// The controller.
    pub jenkins: JenkinsConfig,
    /// The providers, in the order of the file.
    pub providers: Vec<ProviderConfig>,
    /// The node types, in the order of the file.
    pub node_types: Vec<NodeType>,
    /// The times for servers whose node type is no longer configured.
    pub times: Times,
}

/// `[jenkins]`
#[derive(Clone, Debug)]
pub struct JenkinsConfig {
    /// Root URL with its path prefix, ending in `/`; scheme and host are in lower case.
    pub url: String,
    /// Root URLs that it had before, the oldest first.
    pub former_urls: Vec<String>,
    /// The user.
    pub user: String,
    /// API token or password.
    pub token: Secret,
    /// The certificate authorities to trust instead of the system's.
    pub cacert: Option<PathBuf>,
    /// The proxy, `http://[USER:PASSWORD@]HOST:PORT`; `None` for that of the environment.
    pub proxy: Option<Secret>,
}

/// `[provider.NAME]`
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// The key.
    pub name: ProviderName,
    /// The most servers here.
    pub max: Option<u32>,
    /// The machine-hours that its servers may use.
    pub budget: Option<Budget>,
    /// The dashboard of the cloud, for links on the status page; ends with `/`.
    pub dashboard_url: Option<String>,
    /// The time that is paid as a whole once it has begun; none where each second is paid.
    pub billing: Option<SignedDuration>,
    /// The cloud.
    pub backend: Backend,
}

/// The kinds of cloud.
#[derive(Clone, Debug)]
pub enum Backend {
    /// `type = "openstack"`
    OpenStack(Box<OpenStackConfig>),
    /// `type = "command"`
    Command(CommandConfig),
}

impl Config {
    /// The installation, which the marks of our servers name.
    pub fn installation(&self) -> Installation {
        let former = self.jenkins.former_urls.iter().map(|url| Controller::at(url));
        Installation {
            owner: self.owner.clone(),
            controller: Controller::at(&self.jenkins.url),
            former: former.collect(),
        }
    }

    /// Whether there is a provider with this name.
    pub fn has_provider(&self, name: &ProviderName) -> bool {
        self.providers.iter().any(|provider| provider.name == *name)
    }

    /// The node type with this name; `None` if it is no longer configured.
    pub fn node_type(&self, name: &NodeTypeName) -> Option<&NodeType> {
        self.node_types.iter().find(|node_type| node_type.name == *name)
    }

    /// The times for servers of this node type, configured or not.
    pub fn times(&self, name: &NodeTypeName) -> Times {
        self.node_type(name).map_or(self.times, |node_type| node_type.times)
    }
}
