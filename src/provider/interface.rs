//! What a cloud has to be able to do.

use super::failure::Failure;
use super::findings::{Inspection, Inventory, Survey};
use super::order::{AddressOrder, Deletion, Order};
use crate::config::NodeType;
use crate::naming::{FloatingIpId, ServerId, VolumeId};
use crate::world::{FloatingIp, Lookup, Server, Volume};
use jiff::{SignedDuration, Timestamp};
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
