//! What a cloud has to be able to do.

use super::failure::Failure;
use super::findings::{Inspection, Inventory, Survey};
use super::order::{AddressOrder, Deletion, Order};
use crate::config::NodeType;
use crate::domain::names::{AttachmentId, FloatingIpId, ServerId, VolumeId};
use crate::domain::world::{FloatingIp, Lookup, Server, Site, Volume};
use crate::http::Network;
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

/// A cloud. Reads may be repeated within the run's deadline; writes are sent once.
pub trait Provider: Send + Sync {
    /// All servers of the project, every page of them, marked or not.
    fn servers(&self) -> Result<Vec<Server>, Failure>;

    /// One server as it is now.
    fn server(&self, id: &ServerId) -> Lookup<Server>;

    /// Looks up what the node types name (image, flavor, networks) and reads the quota: all that has to be known before an
    /// order. Reads only. A type with names that the cloud does not know has its own failure.
    fn survey(&self, types: &[&NodeType]) -> Survey;

    /// Reads what else could stop these orders: why the cloud would refuse them, and what will stop working soon. For
    /// `mita check --online`, not for a run.
    fn inspect(&self, orders: &[Order<'_>], now: Timestamp) -> Inspection;

    /// Reads what node types can name in this cloud. For `mita init`.
    fn inventory(&self) -> Inventory;

    /// How far the cloud's clock is ahead of ours, which showed `now` at `then`; `None` before the cloud answered, or if its
    /// answers have no date.
    fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration>;

    /// The last lines of a server's console, without secrets and without control characters; `None` if there is no
    /// console, or if it cannot be read quickly.
    fn console_tail(&self, id: &ServerId) -> Option<String>;

    /// Sends one order. Returns the new server's id.
    fn create(&self, order: &Order<'_>) -> Result<ServerId, Failure>;

    /// Deletes one server. A server that is gone already is no failure.
    fn delete(&self, id: &ServerId) -> Result<Deletion, Failure>;

    /// Why the cloud would refuse to remove any server, where that is known without a request, and what to do.
    fn removal_forbidden(&self) -> Option<String> {
        None
    }

    /// The id of the project that it is logged in to, where this kind of cloud has projects.
    fn project(&self) -> Option<String> {
        None
    }

    /// The compute service that it uses, where this kind of cloud can have several.
    fn site(&self) -> Option<Site> {
        None
    }

    /// Its volumes and floating IPs, if this kind of cloud has any.
    fn attachments(&self) -> Option<&dyn Attachments> {
        None
    }

    /// Requests that left this machine so far, with log-ins and repeated ones.
    fn requests_sent(&self) -> u64;

    /// Attempts that got no complete answer, or an error other than 404.
    fn requests_failed(&self) -> u64;
}

/// Volumes and floating IPs, which some clouds have besides servers.
pub trait Attachments: Send + Sync {
    /// All volumes of the project, every page of them, marked or not.
    fn volumes(&self) -> Result<Vec<Volume>, Failure>;

    /// One volume as it is now.
    fn volume(&self, id: &VolumeId) -> Lookup<Volume>;

    /// Deletes one volume. A volume that is gone already is no failure.
    fn delete_volume(&self, id: &VolumeId) -> Result<Deletion, Failure>;

    /// Deletes one attachment of a volume to a server that is gone. One that is gone already is no failure.
    fn delete_attachment(&self, id: &AttachmentId) -> Result<Deletion, Failure>;

    /// The floating IPs of the project that carry the mark of an installation, every page of them.
    fn floating_ips(&self) -> Result<Vec<FloatingIp>, Failure>;

    /// One floating IP as it is now; `Found(None)` if it carries no mark.
    fn floating_ip(&self, id: &FloatingIpId) -> Lookup<Option<FloatingIp>>;

    /// Whether a floating IP leads to a port of this server.
    fn floating_ip_leads_to(&self, id: &FloatingIpId, server: &ServerId) -> Result<bool, Failure>;

    /// Creates a floating IP, marks it and points it to a server, in one request; or points a known one there.
    fn assign_floating_ip(&self, order: &AddressOrder<'_>) -> Result<(), Failure>;

    /// Releases one floating IP. A floating IP that is gone already is no failure.
    fn release_floating_ip(&self, id: &FloatingIpId) -> Result<Deletion, Failure>;
}

/// How a run may use a provider.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// When the run ends: no request is under way after it.
    pub deadline: Instant,
    /// The most requests of one survey at a time.
    pub concurrency: u32,
    /// What the services of a run share.
    pub network: &'a Network,
}
