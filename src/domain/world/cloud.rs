//! What was seen of a cloud: servers, volumes, floating IPs, quota.

use super::listing::{Listing, Lookup};
use super::mark::{AddressMark, Mark};
use super::site::Site;
use crate::domain::format::in_shell;
use crate::domain::names::{AttachmentId, FloatingIpId, NodeTypeName, ServerId, VolumeId};
use crate::domain::small_set::SmallSet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// One cloud behind a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cloud {
    /// Every server of the project, others' included.
    pub servers: Listing<Vec<Server>>,
    /// Answers to reads by id, of servers that the state has and the listing does not show.
    pub by_id: BTreeMap<ServerId, Lookup<Server>>,
    /// Every volume of the project; asked for only while servers may have left some behind.
    pub volumes: Option<Listing<Vec<Volume>>>,
    /// The floating IPs of the project that carry a mark; asked for only where servers get some.
    #[serde(default)]
    pub floating_ips: Option<Listing<Vec<FloatingIp>>>,
    /// What the project may still have; read only when there is something to order.
    pub quota: Option<Quota>,
    /// Why it would refuse to remove any server, where that is known beforehand, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal_forbidden: Option<String>,
    /// The id of the project that was read, where there are projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The compute service that was read, where its kind of cloud has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
}

impl Cloud {
    /// The server of this id, if the listing is whole and has it.
    pub fn listed(&self, id: &ServerId) -> Option<&Server> {
        self.servers.complete()?.iter().find(|server| server.id == *id)
    }

    /// Whether the listing lacks servers that are there when they are read by their ids, as that of Nova does while a cell
    /// is down: then it proves nothing of a server whose id is not known.
    pub fn hides_servers(&self) -> bool {
        let is_there = |lookup: &Lookup<Server>| match lookup {
            Lookup::Found(server) => !matches!(server.state, ServerState::Deleting | ServerState::Deleted),
            Lookup::Gone | Lookup::Unavailable(_) => false,
        };
        self.servers.complete().is_some() && self.by_id.values().any(is_there)
    }
}

/// One server of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The cloud's id.
    pub id: ServerId,
    /// The server's name.
    pub name: String,
    /// The mark in its metadata, where it carries a whole one (of this or of another installation).
    pub mark: Option<Mark>,
    /// How far it has come.
    pub state: ServerState,
    /// When the cloud made it.
    pub created: Option<Timestamp>,
    /// Whether it ever ran.
    #[serde(default)]
    pub launch: Launch,
    /// Whether somebody locked it.
    #[serde(default)]
    pub lock: Lock,
    /// How much its cloud shows of it.
    #[serde(default, skip_serializing_if = "Shown::is_whole")]
    pub shown: Shown,
    /// All its addresses, fixed and floating.
    pub addresses: SmallSet<IpAddr>,
    /// The cloud's text on what went wrong, where it gave one.
    pub fault: Option<String>,
    /// The volumes that its cloud deletes with it; none where the answer does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<SmallSet<VolumeId>>,
    /// The volumes that its cloud keeps when it deletes the server, where the answer tells.
    #[serde(default, skip_serializing_if = "<[VolumeId]>::is_empty")]
    pub kept_volumes: SmallSet<VolumeId>,
}

impl Server {
    /// The address that Jenkins connects to: IPv4 before IPv6.
    pub fn address(&self) -> Option<IpAddr> {
        self.addresses.first().copied()
    }
}

/// Whether a server ever ran: before that, no agent of it can have registered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launch {
    /// The cloud does not say.
    #[default]
    Unknown,
    /// It never did.
    Never,
    /// It did, or does.
    Launched,
}

/// Whether somebody locked a server: then its cloud deletes it only for an administrator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// The cloud does not say.
    #[default]
    Unknown,
    /// Nobody did.
    Open,
    /// Somebody did.
    Locked,
}

/// How much a cloud shows of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Everything that there is.
    #[default]
    Whole,
    /// Not its metadata, so nothing shows whose it is.
    WithoutMetadata,
}

impl Shown {
    fn is_whole(&self) -> bool {
        *self == Shown::Whole
    }
}

/// What a server can be, in words that fit any cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// Being built.
    Building,
    /// Runs.
    Active,
    /// The cloud gave it up.
    Error,
    /// Does not run and will not by itself: the cloud's word for it (`SHUTOFF`, `PAUSED`, ...).
    Stopped(String),
    /// A deletion is under way.
    Deleting,
    /// Deleted, and listed all the same (`DELETED`, `SOFT_DELETED`).
    Deleted,
    /// Any other state, known or unheard of: the cloud's word for it.
    Other(String),
}

/// What a project may have, and has. `None` is unlimited or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Servers that may still be made.
    pub instances: Option<u64>,
    /// Virtual CPUs that may still be used.
    pub cores: Option<u64>,
    /// Memory that may still be used, in MiB.
    pub ram_mib: Option<u64>,
    /// Volumes that may still be made.
    pub volumes: Option<u64>,
    /// Volume space that may still be used, in GiB.
    pub gigabytes: Option<u64>,
    /// Floating IPs that may still be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floating_ips: Option<u64>,
    /// What one server of a node type takes, where its size is known.
    pub sizes: BTreeMap<NodeTypeName, Size>,
    /// How much everybody together uses, for people and monitors: no decision depends on it. The keys are those above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usage: BTreeMap<String, QuotaUse>,
}

/// How much of one part of a quota is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// By everybody in the project together.
    pub used: u64,
    /// `None` if there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// What one server takes of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Virtual CPUs.
    pub cores: u64,
    /// Memory in MiB.
    pub ram_mib: u64,
}

/// One volume of a cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The cloud's id.
    pub id: VolumeId,
    /// Its name: `<server id>-blank-vol` for one that Nova made with a server (nova/virt/block_device.py).
    pub name: String,
    /// The mark in its metadata, where it carries a whole one.
    pub mark: Option<Mark>,
    /// Whether anything uses it.
    pub state: VolumeState,
    /// What it is attached to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// One attachment of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The cloud's id, where it shows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AttachmentId>,
    /// The server; none if it is attached to something else, or if the cloud does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerId>,
}

impl Attachment {
    /// The command with which a person deletes it, where its cloud shows an id.
    pub fn deletion(&self) -> Option<String> {
        let id = self.id.as_ref()?;
        Some(format!("openstack volume attachment delete {}", in_shell(id.as_str())))
    }
}

/// What a volume can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeState {
    /// Attached to nothing, and nothing is under way.
    Free,
    /// A deletion is under way.
    Deleting,
    /// A deletion was tried, and failed within the cloud.
    DeletionFailed,
    /// Attached, or on its way from or to a server, or unheard of: the cloud's word for it.
    InUse(String),
}

/// One floating IP of a cloud, with the mark of an installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatingIp {
    /// The cloud's id.
    pub id: FloatingIpId,
    /// The address.
    pub address: Option<IpAddr>,
    /// Whose it is.
    pub mark: AddressMark,
    /// Whether it leads to anything.
    pub attached: bool,
    /// The server to which it leads, where its cloud tells; an empty one if it leads to anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<ServerId>,
}
