//! One project, and what names mean in it.

use super::api::{Session, Verb, setup};
use super::compute::flavors::{self, Flavor};
use super::compute::server_group;
use super::image;
use super::network::{self, Sort};
use crate::config::{ClientCertificate, Connection, NodeType, OpenStackConfig, Sizing};
use crate::http::{Client, ClientOptions};
use crate::naming::ProviderName;
use crate::provider::{Access, Failure, FailureKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// One project of an OpenStack cloud, for one run.
pub struct OpenStack {
    pub(super) session: Session,
    pub(super) concurrency: usize,
    known: Mutex<Known>,
}

/// What names turned out to mean, so that an order after a survey asks nothing twice.
#[derive(Default)]
struct Known {
    flavors: Option<Arc<Vec<Flavor>>>,
    images: BTreeMap<String, String>,
    networks: BTreeMap<(Sort, String), String>,
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
        let http = Client::new(options).map_err(|error| setup(name, &error))?;
        Ok(Self {
            session: Session::new(name.clone(), config.clone(), http),
            concurrency: usize::try_from(access.concurrency).unwrap_or(1).max(1),
            known: Mutex::default(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The image that a name means. Asked for once.
    pub(super) fn image(&self, name: &str) -> Result<String, Failure> {
        if let Some(id) = self.known().images.get(name) {
            return Ok(id.clone());
        }
        let id = image::resolve(&self.session, name)?;
        self.known().images.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// What a name of the network service means. Asked for once.
    pub(super) fn of_network(&self, sort: Sort, name: &str) -> Result<String, Failure> {
        let key = (sort, name.to_owned());
        if let Some(id) = self.known().networks.get(&key) {
            return Ok(id.clone());
        }
        let id = network::resolve(&self.session, sort, name)?;
        self.known().networks.insert(key, id.clone());
        Ok(id)
    }

    /// The server group that a name means. Asked for once.
    pub(super) fn server_group(&self, name: &str) -> Result<String, Failure> {
        if let Some(id) = self.known().server_groups.get(name) {
            return Ok(id.clone());
        }
        let id = server_group::resolve(&self.session, name)?;
        self.known().server_groups.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    /// All sizes. Asked for once.
    pub(super) fn flavors(&self) -> Result<Arc<Vec<Flavor>>, Failure> {
        if let Some(flavors) = &self.known().flavors {
            return Ok(Arc::clone(flavors));
        }
        let flavors = Arc::new(flavors::flavors(&self.session)?);
        self.known().flavors = Some(Arc::clone(&flavors));
        Ok(flavors)
    }

    /// The size of this id, or the only one of this name, or the smallest that has enough.
    pub(super) fn flavor(&self, node_type: &NodeType) -> Result<Flavor, Failure> {
        let flavors = self.flavors()?;
        let (doing, chosen) = match &node_type.size {
            Sizing::Named(wanted) => {
                (format!("find the size \"{}\"", wanted.escape_debug()), flavors::named(&flavors, wanted))
            }
            Sizing::AtLeast { cores, ram_mib } => (
                format!("find a size with {cores} cores and {ram_mib} MiB of memory"),
                flavors::smallest(&flavors, (*cores).into(), *ram_mib, node_type.boot.volume.is_some()),
            ),
        };
        let task = self.session.task(&doing, Verb::Read);
        chosen.map_err(|why| task.failure(FailureKind::Wrong, &why))
    }
}
