//! `[nodes.NAME]`: a kind of server, and its jobs.

use super::budget::Budget;
use super::forecast::Forecast;
use super::min_idle::MinIdle;
use super::registration::Registration;
use super::times::Times;
use crate::domain::names::{MitaId, NodeTypeName, ProviderName};
use crate::domain::world::Node;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `[nodes.NAME]`: how to create one kind of server, and for which jobs.
#[derive(Clone, Debug)]
pub struct NodeType {
    /// The key: the name of its servers and the base of the names of its nodes.
    pub name: NodeTypeName,
    /// Where it can be ordered, the preferred provider first; never empty.
    pub providers: Vec<ProviderName>,
    /// Image, by name or id, or a pattern of names.
    pub image_name: String,
    /// The flavor.
    pub size: FlavorChoice,
    /// Key pair.
    pub keyname: Option<String>,
    /// The labels of its nodes in Jenkins, besides its own name.
    pub labels: BTreeSet<String>,
    /// Size of an extra blank volume in GiB.
    pub storage: Option<u32>,
    /// Executors of its nodes.
    pub executors: u32,
    /// The most servers of this type.
    pub max: Option<u32>,
    /// The machine-hours that its servers may use.
    pub budget: Option<Budget>,
    /// Idle nodes to keep ready.
    pub min_idle: MinIdle,
    /// What decides besides that how many idle servers are kept.
    pub forecast: Forecast,
    /// Whether a server is removed after its first build.
    pub single_use: bool,
    /// Whether it serves jobs that run anywhere.
    pub unlabelled: bool,
    /// Networks, by name or id; if empty, the cloud chooses.
    pub networks: Vec<String>,
    /// Security groups, by name or id; if empty, the project's default.
    pub security_groups: Vec<String>,
    /// Availability zone.
    pub availability_zone: Option<String>,
    /// Whether the cloud attaches a configuration drive.
    pub config_drive: bool,
    /// Metadata besides the mark.
    pub metadata: BTreeMap<String, String>,
    /// Less common options of the cloud.
    pub boot: Boot,
    /// Template of the server's name, with `{node}` and `{id}`; the node type's name by default.
    pub server_name: String,
    /// User data, before `${...}` is filled in; empty if there is none.
    pub script: String,
    /// Who creates the nodes of its servers in Jenkins.
    pub registration: Registration,
    /// Its times.
    pub times: Times,
}

/// Which flavor a node type wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlavorChoice {
    /// By name or id.
    Named(String),
    /// The smallest one with at least this.
    AtLeast {
        /// Virtual CPUs.
        cores: u32,
        /// Memory in MiB.
        ram_mib: u64,
    },
}

/// Less common options of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// The volume to boot from; `None` for the host's own disk.
    pub volume: Option<BootVolume>,
    /// Existing ports, by name or id, besides the networks.
    pub ports: Vec<String>,
    /// The external network, by name or id, from which each server gets a floating IP.
    pub floating_ip_pool: Option<String>,
    /// Server group, by name or id.
    pub server_group: Option<String>,
    /// Hints for the scheduler's filters.
    pub scheduler_hints: BTreeMap<String, Hint>,
    /// Tags of the servers.
    pub tags: Vec<String>,
    /// The description of the servers.
    pub description: Option<String>,
}

/// `boot_volume`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootVolume {
    /// Its size in GiB.
    pub size: u32,
    /// Its volume type, by name or id; `None` for the cloud's default.
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

impl NodeType {
    /// More executors on one node are a mistake. The planner handles each of them.
    pub(crate) const MOST_EXECUTORS: u32 = 1000;

    /// The default template: all servers have the name of the node type.
    pub const PLAIN_SERVER_NAME: &str = "{node}";

    /// The default template with `register = "inbound"`, which creates the node before its server: both have a name of
    /// their own.
    pub const OWN_SERVER_NAME: &str = "{node}-{id}";

    /// Whether its nodes have this label, among their labels or as the name of the type.
    pub fn carries(&self, label: &str) -> bool {
        self.labels.contains(label) || self.name.as_str() == label
    }

    /// Whether the node has all labels of the type, or its name where it has none.
    pub fn labels_are_on(&self, node: &Node) -> bool {
        if self.labels.is_empty() {
            node.labels.contains(self.name.as_str())
        } else {
            node.labels.contains_all(&self.labels)
        }
    }

    /// The labels of its nodes, and the name of the type, which is one, too.
    pub fn all_labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(String::as_str).chain([self.name.as_str()])
    }

    /// The labels of its nodes as Jenkins reads them: separated by two spaces each, and in quotes if they contain one. The
    /// name of the type is one of them.
    ///
    /// Since 2.421 Jenkins takes a whole string of labels for one label if some job asks for just that string
    /// (`amd64 trusty`); nobody writes two spaces.
    pub fn label_string(&self) -> String {
        let labels: BTreeSet<&str> = self.all_labels().collect();
        let quoted = |label: &str| if label.contains(' ') { format!("\"{label}\"") } else { label.to_owned() };
        labels.into_iter().map(quoted).collect::<Vec<_>>().join("  ")
    }

    /// The sizes in GiB of the volumes that are created with each server.
    pub fn volumes(&self) -> impl Iterator<Item = u32> {
        self.boot.volume.iter().map(|volume| volume.size).chain(self.storage)
    }

    /// Whether a volume is created with each server, which could outlive it.
    pub fn has_volumes(&self) -> bool {
        self.volumes().next().is_some()
    }

    /// The name of the server of this order.
    pub fn server_name_for(&self, id: &MitaId) -> String {
        Self::fill_server_name(&self.server_name, self.name.as_str(), id.as_str())
    }

    pub(crate) fn fill_server_name(template: &str, node: &str, id: &str) -> String {
        template.replace("{id}", id).replace("{node}", node)
    }
}
