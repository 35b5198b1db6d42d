//! What reading a cloud tells: before orders, for a person who checks, and for one who writes a configuration.

use super::failure::Failure;
use crate::naming::NodeTypeName;
use crate::world::Quota;
use std::collections::BTreeMap;

/// What [`survey`](super::Provider::survey) found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What may still be ordered. `None` where it could not be read.
    pub quota: Option<Quota>,
    /// Why the quota or the names could not be read, in words for an operator; each once, sorted. A name that was read
    /// and that the cloud does not know is none of them.
    pub problems: Vec<String>,
    /// Node types that cannot be ordered here now: [`Wrong`](super::FailureKind::Wrong) for a name that the cloud does not know, any
    /// other kind where what it means could not be read.
    pub unfit: BTreeMap<NodeTypeName, Failure>,
}

/// What [`inspect`](super::Provider::inspect) found, in words for an operator.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// What the cloud would refuse an order of a node type for.
    pub unfit: BTreeMap<NodeTypeName, Vec<String>>,
    /// What will stand in the way one day.
    pub hints: Vec<String>,
    /// What could not be read, and so is not known.
    pub unread: Vec<String>,
    /// What the project may have, and has.
    pub allotments: Vec<Allotment>,
}

/// What there is to choose from in a cloud.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Images that can be booted, newest first.
    pub images: Vec<Image>,
    /// Sizes, the smallest first.
    pub sizes: Vec<Size>,
    /// Key pairs of the user.
    pub key_pairs: Vec<String>,
    /// Networks that servers can be attached to.
    pub networks: Vec<String>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name.
    pub name: String,
    /// The least memory of a server of it, in MiB.
    pub min_ram_mib: u64,
    /// The least disk of a server of it, in GB.
    pub min_disk_gb: u64,
}

/// A size of server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Its name.
    pub name: String,
    /// Virtual processors.
    pub cores: u64,
    /// Memory in MiB.
    pub ram_mib: u64,
    /// Disk in GB; 0 where it is as large as the image.
    pub disk_gb: u64,
}

/// A limit of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allotment {
    /// Of what, as `instances` or `MiB of RAM`.
    pub what: &'static str,
    /// How much is used, by everybody.
    pub used: u64,
    /// The limit; none where there is none.
    pub most: Option<u64>,
}
