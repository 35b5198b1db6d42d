//! What reading a cloud shows: before an order, for `mita check --online`, and for `mita init`.

use super::failure::Failure;
use crate::domain::names::NodeTypeName;
use crate::domain::world::Quota;
use std::collections::BTreeMap;

/// The result of [`survey`](super::Provider::survey).
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What remains of the quota; `None` if it could not be read.
    pub quota: Option<Quota>,
    /// Why the quota or the names could not be read, for an operator; each once, sorted. A name that the cloud does not
    /// know is no problem of the cloud.
    pub problems: Vec<String>,
    /// The node types that cannot be ordered here now: [`Wrong`](super::FailureKind::Wrong) for a name that the cloud does
    /// not know, any other kind if the name could not be looked up.
    pub unfit: BTreeMap<NodeTypeName, Failure>,
}

/// The result of [`inspect`](super::Provider::inspect), for an operator.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// Why the cloud would refuse an order of a node type.
    pub unfit: BTreeMap<NodeTypeName, Vec<String>>,
    /// What will stop working soon.
    pub hints: Vec<String>,
    /// What could not be read, and so is not known.
    pub unread: Vec<String>,
    /// The quota of the project and its use.
    pub quota: Vec<QuotaUsage>,
}

/// What the node types of a cloud can name.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Images that can be booted, newest first.
    pub images: Vec<Image>,
    /// Flavors, the smallest first.
    pub sizes: Vec<Size>,
    /// The user's key pairs.
    pub key_pairs: Vec<String>,
    /// Networks that servers can be attached to.
    pub networks: Vec<NamedNetwork>,
    /// The regions, if there are several and the configuration names none: nothing else can be read before.
    pub regions: Vec<String>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The least memory that a server needs for it, in MiB.
    pub min_ram_mib: u64,
    /// The least disk that a server needs for it, in GB.
    pub min_disk_gb: u64,
}

/// A flavor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Virtual CPUs.
    pub cores: u64,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Disk in GB; 0 if it is as large as the image.
    pub disk_gb: u64,
}

/// A network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedNetwork {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One quota of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaUsage {
    /// Of what: `instances` or `MiB of RAM`.
    pub what: &'static str,
    /// How much everybody together uses.
    pub used: u64,
    /// The limit; `None` if there is none.
    pub limit: Option<u64>,
}
