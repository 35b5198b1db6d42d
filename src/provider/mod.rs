//! A provider lists, creates and deletes servers. The rest of the program knows nothing of any cloud.
//!
//! A second backend is one folder beside [`openstack`], one variant of [`crate::config::Backend`], one match arm here.

pub mod console;
pub mod openstack;

use crate::config::{Backend, NodeType, ProviderConfig};
use crate::domain::installation::Installation;
use crate::domain::names::{FloatingIpId, NodeTypeName, ServerId, VolumeId};
use crate::domain::world::{AddressMark, FloatingIp, Lookup, Quota, Server, Volume};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

/// The few verbs that mita needs of a cloud. Reads may be repeated inside the run's deadline, writes are sent once.
pub trait Provider: Send + Sync {
    /// All servers of the project, every page of them, marked or not.
    fn servers(&self) -> Result<Vec<Server>, Failure>;

    /// One server by its id, read afresh.
    fn server(&self, id: &ServerId) -> Lookup<Server>;

    /// Resolves what the node types name (image, size, networks) and reads the quota: everything that an order
    /// needs to know before it is sent. Reads only. A type whose names do not resolve has its own failure.
    fn survey(&self, types: &[&NodeType]) -> Survey;

    /// What else reading can tell of these orders before the first is sent: what the cloud would refuse them for, and what
    /// will stand in their way one day. Reads only; for a person who asks, not for a run.
    fn inspect(&self, orders: &[Order<'_>], now: Timestamp) -> Inspection;

    /// What node types of this cloud can name. Reads only; for a person who writes a configuration.
    fn inventory(&self) -> Inventory;

    /// How far the cloud's clock is ahead of ours, which showed `now` at `then`; none before it answered, or where its
    /// answers do not tell.
    fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration>;

    /// The end of a server's console: its last lines, without secrets and without characters that could steer a terminal.
    /// None where there is none, or where it cannot be had at once. A read in effect, and never worth waiting for.
    fn console_tail(&self, id: &ServerId) -> Option<String>;

    /// Sends one order. Returns the new server's id.
    fn create(&self, order: &Order<'_>) -> Result<ServerId, Failure>;

    /// Deletes one server. "Already gone" is no failure.
    fn delete(&self, id: &ServerId) -> Result<Deletion, Failure>;

    /// All volumes of the project, every page of them, marked or not.
    fn volumes(&self) -> Result<Vec<Volume>, Failure>;

    /// One volume by its id, read afresh.
    fn volume(&self, id: &VolumeId) -> Lookup<Volume>;

    /// Deletes one volume. "Already gone" is no failure.
    fn delete_volume(&self, id: &VolumeId) -> Result<Deletion, Failure>;

    /// The floating IPs of the project that carry the mark of an installation, every page of them.
    fn floating_ips(&self) -> Result<Vec<FloatingIp>, Failure>;

    /// One floating IP by its id, read afresh; found without a mark, it is nobody's.
    fn floating_ip(&self, id: &FloatingIpId) -> Lookup<Option<FloatingIp>>;

    /// Makes a floating IP, marks it and leads it to a server, in one request; or leads a known one there.
    fn assign_floating_ip(&self, order: &AddressOrder<'_>) -> Result<(), Failure>;

    /// Releases one floating IP. "Already gone" is no failure.
    fn release_floating_ip(&self, id: &FloatingIpId) -> Result<Deletion, Failure>;

    /// Requests that left this machine so far, log-ins and repeated ones included.
    fn requests_sent(&self) -> u64;

    /// Attempts that got no whole answer, or one that says no; that something is not there is no failure.
    fn requests_failed(&self) -> u64;
}

/// How a run may use a provider.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// When the run ends: no request is under way after it.
    pub deadline: Instant,
    /// Most requests of one survey under way at a time.
    pub concurrency: u32,
}

/// The provider behind a configuration. Sends nothing yet; fails where a file that it names cannot be used.
pub fn open(config: &ProviderConfig, access: Access) -> Result<Box<dyn Provider>, Failure> {
    match &config.backend {
        Backend::OpenStack(backend) => Ok(Box::new(openstack::OpenStack::new(&config.name, backend, access)?)),
    }
}

/// What [`Provider::survey`] found.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// What may still be ordered. `None` where it could not be read.
    pub quota: Option<Quota>,
    /// Why the quota or the names could not be read, in words for an operator; each once, sorted. A name that was read
    /// and that the cloud does not know is none of them.
    pub problems: Vec<String>,
    /// Node types that cannot be ordered here now: [`FailureKind::Wrong`] for a name that the cloud does not know, any
    /// other kind where what it means could not be read.
    pub unfit: BTreeMap<NodeTypeName, Failure>,
}

/// What [`Provider::inspect`] found, in words for an operator.
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

/// One server to order. Its mark goes into the request itself.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The node type.
    pub node_type: &'a NodeType,
    /// The installation, for the server's mark.
    pub installation: &'a Installation,
    /// The order's id.
    pub id: &'a crate::domain::names::MitaId,
    /// The server's name.
    pub name: &'a str,
    /// User data with everything filled in; never logged.
    pub user_data: String,
}

/// A floating IP for a server.
#[derive(Clone, Copy, Debug)]
pub struct AddressOrder<'a> {
    /// The external network that it comes from, by name or id.
    pub pool: &'a str,
    /// Whose it is, and for which server.
    pub mark: &'a AddressMark,
    /// The networks of the server's node type, by name or id: it leads to the port on the first of them.
    pub networks: &'a [String],
    /// One that was made for the server before.
    pub known: Option<&'a FloatingIpId>,
}

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The cloud accepted it.
    Accepted,
    /// There was nothing left to delete.
    AlreadyGone,
}

/// A request that a cloud did not grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the plan.
    pub kind: FailureKind,
    /// What happened, where, and what to do: for an operator.
    pub message: String,
}

/// What a failure means for the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A quota is used up.
    Quota,
    /// The request is wrong: an unknown image, size, key, network (400, or a name that does not resolve).
    Wrong,
    /// Not allowed: credentials or a policy.
    Denied,
    /// The server is in a state that does not allow it.
    Conflict,
    /// Somebody locked the server.
    Locked,
    /// Too many requests.
    RateLimited,
    /// Nothing was done: no connection, or the service said that it is not available.
    Unavailable,
    /// Sent, and no answer tells whether it was done.
    UnknownOutcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
