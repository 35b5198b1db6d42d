//! OpenStack behind the provider's verbs: Keystone for the log-in, Nova for servers, Glance, Neutron and Cinder for what
//! an order names.
//!
//! Nothing is asked before the first verb is used, one token serves the whole run, and no shape of OpenStack's JSON
//! leaves this folder.

mod auth;
mod catalogue;
mod compute;
mod errors;
mod flavor;
mod floating_ip;
mod image;
mod inspection;
mod inventory;
mod microversion;
mod names;
mod network;
mod order;
mod pages;
mod server_group;
mod session;
mod survey;
#[cfg(test)]
mod tests;
mod volume;
mod wire;

use crate::config::{ClientCertificate, Connection, NodeType, OpenStackConfig};
use crate::domain::names::{FloatingIpId, ProviderName, ServerId, VolumeId};
use crate::domain::world::{FloatingIp, Lookup, Server, Volume};
use crate::http::{Client, ClientOptions};
use crate::provider::{Access, AddressOrder, Deletion, Failure, Inspection, Inventory, Order, Provider, Survey};
use jiff::{SignedDuration, Timestamp};
use session::Session;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

/// One project of an OpenStack cloud, for one run.
pub struct OpenStack {
    session: Session,
    concurrency: usize,
    known: Mutex<Known>,
}

/// What names turned out to mean, so that an order after a survey asks nothing twice.
#[derive(Default)]
struct Known {
    flavors: Option<Arc<Vec<compute::Flavor>>>,
    images: BTreeMap<String, String>,
    networks: BTreeMap<(network::Sort, String), String>,
    server_groups: BTreeMap<String, String>,
}

impl OpenStack {
    /// Makes ready; sends nothing yet. Fails where the certificates of `cacert` cannot be read.
    pub fn new(name: &ProviderName, config: &OpenStackConfig, access: Access) -> Result<OpenStack, Failure> {
        let service = format!("provider {name}");
        let Connection { client_cert, proxy, endpoints: _ } = config.connection.clone();
        let options = ClientOptions {
            service: &service,
            cacert: config.cacert.clone(),
            client_cert: client_cert.map(|ClientCertificate { cert, key }| (cert, key)),
            proxy,
            deadline: access.deadline,
        };
        let http = Client::new(options).map_err(|error| errors::setup(name, &error))?;
        Ok(Self {
            session: Session::new(name.clone(), config.clone(), http),
            concurrency: usize::try_from(access.concurrency).unwrap_or(1).max(1),
            known: Mutex::default(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Provider for OpenStack {
    fn servers(&self) -> Result<Vec<Server>, Failure> {
        compute::servers(&self.session)
    }

    fn server(&self, id: &ServerId) -> Lookup<Server> {
        compute::server(&self.session, id)
    }

    fn survey(&self, types: &[&NodeType]) -> Survey {
        survey::survey(self, types)
    }

    fn inspect(&self, orders: &[Order<'_>], now: Timestamp) -> Inspection {
        inspection::inspect(self, orders, now)
    }

    fn inventory(&self) -> Inventory {
        inventory::inventory(self)
    }

    fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        self.session.clock_ahead(now, then)
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

    fn volumes(&self) -> Result<Vec<Volume>, Failure> {
        volume::volumes(&self.session)
    }

    fn volume(&self, id: &VolumeId) -> Lookup<Volume> {
        volume::volume(&self.session, id)
    }

    fn delete_volume(&self, id: &VolumeId) -> Result<Deletion, Failure> {
        volume::delete(&self.session, id)
    }

    fn floating_ips(&self) -> Result<Vec<FloatingIp>, Failure> {
        floating_ip::floating_ips(&self.session)
    }

    fn floating_ip(&self, id: &FloatingIpId) -> Lookup<Option<FloatingIp>> {
        floating_ip::floating_ip(&self.session, id)
    }

    fn assign_floating_ip(&self, order: &AddressOrder<'_>) -> Result<(), Failure> {
        floating_ip::assign(self, order)
    }

    fn release_floating_ip(&self, id: &FloatingIpId) -> Result<Deletion, Failure> {
        floating_ip::release(&self.session, id)
    }

    fn requests_sent(&self) -> u64 {
        self.session.requests_sent()
    }

    fn requests_failed(&self) -> u64 {
        self.session.requests_failed()
    }
}
