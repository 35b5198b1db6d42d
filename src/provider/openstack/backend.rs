//! The provider's operations, each passed to the service that it is for.

use super::cloud::OpenStack;
use super::network::floating_ip;
use super::{checks, compute, order, volume};
use crate::config::NodeType;
use crate::domain::names::{AttachmentId, FloatingIpId, ServerId, VolumeId};
use crate::domain::world::{FloatingIp, Lookup, Server, Site, Volume};
use crate::provider::failure::Failure;
use crate::provider::findings::{Inspection, Inventory, Survey};
use crate::provider::interface::{Attachments, Provider};
use crate::provider::order::{AddressOrder, Deletion, Order};
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

impl Provider for OpenStack {
    fn servers(&self) -> Result<Vec<Server>, Failure> {
        compute::servers(&self.session)
    }

    fn server(&self, id: &ServerId) -> Lookup<Server> {
        compute::server(&self.session, id)
    }

    fn survey(&self, types: &[&NodeType]) -> Survey {
        checks::survey(self, types)
    }

    fn inspect(&self, orders: &[Order<'_>], now: Timestamp) -> Inspection {
        checks::inspect(self, orders, now)
    }

    fn inventory(&self) -> Inventory {
        checks::inventory(self)
    }

    fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        self.session.http().clock_ahead(now, then)
    }

    fn console_tail(&self, id: &ServerId) -> Option<String> {
        compute::console_tail(&self.session, id)
    }

    fn create(&self, order: &Order<'_>) -> Result<ServerId, Failure> {
        order::create(self, order)
    }

    fn delete(&self, id: &ServerId) -> Result<Deletion, Failure> {
        compute::delete(&self.session, id)
    }

    fn removal_forbidden(&self) -> Option<String> {
        let missing = compute::forbidden_removal(&self.session).unwrap_or_default();
        (!missing.is_empty()).then(|| missing.join("; "))
    }

    fn project(&self) -> Option<String> {
        self.session.identity().ok()?.project
    }

    fn site(&self) -> Option<Site> {
        self.session.site().ok()
    }

    fn attachments(&self) -> Option<&dyn Attachments> {
        Some(self)
    }

    fn requests_sent(&self) -> u64 {
        self.session.http().requests_sent()
    }

    fn requests_failed(&self) -> u64 {
        self.session.http().requests_failed()
    }
}

impl Attachments for OpenStack {
    fn volumes(&self) -> Result<Vec<Volume>, Failure> {
        volume::volumes(&self.session)
    }

    fn volume(&self, id: &VolumeId) -> Lookup<Volume> {
        volume::volume(&self.session, id)
    }

    fn delete_volume(&self, id: &VolumeId) -> Result<Deletion, Failure> {
        volume::delete(&self.session, id)
    }

    fn delete_attachment(&self, id: &AttachmentId) -> Result<Deletion, Failure> {
        volume::delete_attachment(&self.session, id)
    }

    fn floating_ips(&self) -> Result<Vec<FloatingIp>, Failure> {
        floating_ip::floating_ips(&self.session)
    }

    fn floating_ip(&self, id: &FloatingIpId) -> Lookup<Option<FloatingIp>> {
        floating_ip::floating_ip(&self.session, id)
    }

    fn floating_ip_leads_to(&self, id: &FloatingIpId, server: &ServerId) -> Result<bool, Failure> {
        floating_ip::leads_to(&self.session, id, server)
    }

    fn assign_floating_ip(&self, order: &AddressOrder<'_>) -> Result<(), Failure> {
        floating_ip::assign(self, order)
    }

    fn release_floating_ip(&self, id: &FloatingIpId) -> Result<Deletion, Failure> {
        floating_ip::release(&self.session, id)
    }
}
