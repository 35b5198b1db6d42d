//! `[nodes.NAME]`: a kind of server.

use super::min_idle::MinIdle;
use super::registration::Registration;
use super::times::Times;
use crate::naming::{MitaId, NodeTypeName, ProviderName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

impl NodeType {
    /// More executors on one node are a slip of the pen; each is a slot that is planned for.
    pub(crate) const MOST_EXECUTORS: u32 = 1000;

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

    pub(crate) fn fill_server_name(template: &str, node: &str, id: &str) -> String {
        template.replace("{id}", id).replace("{node}", node)
    }
}
