//! One project, and the ids of what node types name in it.

use super::api::{Effect, Session, unusable_client};
use super::compute::flavors::{self, Flavor};
use super::compute::server_group;
use super::image::{self, Image};
use super::network;
use crate::config::{ClientCertificate, Connection, FlavorChoice, NodeType, OpenStackConfig};
use crate::domain::names::ProviderName;
use crate::http::{Client, ClientOptions};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::interface::Access;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One project of an OpenStack cloud, for one run.
pub struct OpenStack {
    pub(super) session: Session,
    pub(super) concurrency: u32,
    cache: Mutex<Cache>,
}

/// Something that a node type names and a request needs the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Image,
    ServerGroup,
    Network(network::Kind),
}

/// What was read in this run, so that an order does not read what the survey read.
#[derive(Default)]
struct Cache {
    flavors: Option<Arc<Vec<Flavor>>>,
    images: BTreeMap<String, Arc<Image>>,
    ids: BTreeMap<(Resource, String), String>,
}

impl OpenStack {
    /// Sends nothing yet. Fails if the certificates of `cacert` cannot be read.
    pub fn new(name: &ProviderName, config: &OpenStackConfig, access: Access<'_>) -> Result<OpenStack, Failure> {
        let service = format!("provider {name}");
        let Connection { client_cert, proxy, endpoints: _ } = config.connection.clone();
        let options = ClientOptions {
            service: &service,
            cacert: config.cacert.clone(),
            client_cert: client_cert.map(|ClientCertificate { cert, key }| (cert, key)),
            proxy,
            deadline: access.deadline,
            network: access.network,
        };
        let http = Client::new(options).map_err(|error| unusable_client(&error))?;
        Ok(Self {
            session: Session::new(config.clone(), http),
            concurrency: access.concurrency,
            cache: Mutex::default(),
        })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of what has this name. Asked for once in a run.
    pub(super) fn resolve(&self, resource: Resource, name: &str) -> Result<String, Failure> {
        let key = (resource, name.to_owned());
        if let Some(id) = self.cache().ids.get(&key) {
            return Ok(id.clone());
        }
        let id = match resource {
            Resource::Image => self.image(name)?.id.clone(),
            Resource::ServerGroup => server_group::resolve(&self.session, name)?,
            Resource::Network(kind) => network::resolve(&self.session, kind, name)?,
        };
        self.cache().ids.insert(key, id.clone());
        Ok(id)
    }

    /// The ids of several, in their order.
    pub(super) fn resolve_all(&self, resource: Resource, names: &[String]) -> Result<Vec<String>, Failure> {
        names.iter().map(|name| self.resolve(resource, name)).collect()
    }

    /// The image that a node type names. Asked for once in a run.
    pub(super) fn image(&self, name: &str) -> Result<Arc<Image>, Failure> {
        if let Some(image) = self.cache().images.get(name) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(image::find(&self.session, name)?);
        self.cache().images.insert(name.to_owned(), Arc::clone(&image));
        Ok(image)
    }

    /// All flavors. Asked for once in a run.
    pub(super) fn flavors(&self) -> Result<Arc<Vec<Flavor>>, Failure> {
        if let Some(flavors) = &self.cache().flavors {
            return Ok(Arc::clone(flavors));
        }
        let flavors = Arc::new(flavors::flavors(&self.session)?);
        self.cache().flavors = Some(Arc::clone(&flavors));
        Ok(flavors)
    }

    /// The flavor that a node type names, or the smallest one that is large enough.
    pub(super) fn flavor(&self, node_type: &NodeType) -> Result<Flavor, Failure> {
        let flavors = self.flavors()?;
        let (description, chosen) = match &node_type.size {
            FlavorChoice::Named(wanted) => {
                (format!("find the flavor \"{}\"", wanted.escape_debug()), flavors::named(&flavors, wanted))
            }
            FlavorChoice::AtLeast { cores, ram_mib } => (
                format!("find a flavor with {cores} cores and {ram_mib} MiB of memory"),
                flavors::smallest(&flavors, (*cores).into(), *ram_mib, node_type.boot.volume.is_some()),
            ),
        };
        let operation = self.session.operation(&description, Effect::Read);
        chosen.map_err(|why| operation.failure(FailureKind::Wrong, &why))
    }
}
