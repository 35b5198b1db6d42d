//! Nova: what else an order can name.

use super::wire;
use crate::provider::Failure;
use crate::provider::openstack::api::{Effect, Service, Session};

/// The names of the user's key pairs.
pub(crate) fn key_pairs(session: &Session) -> Result<Vec<String>, Failure> {
    let operation = session.operation("list the key pairs", Effect::Read);
    let list: wire::KeyPairs = session.get_json(Service::Compute, "/os-keypairs", "a list of key pairs", &operation)?;
    Ok(list.keypairs.into_iter().map(|entry| entry.keypair.name).collect())
}

/// The availability zones.
pub(crate) fn zones(session: &Session) -> Result<Vec<wire::Zone>, Failure> {
    let operation = session.operation("list the availability zones", Effect::Read);
    let path = "/os-availability-zone";
    let list: wire::Zones = session.get_json(Service::Compute, path, "a list of availability zones", &operation)?;
    Ok(list.zones)
}
