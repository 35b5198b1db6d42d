//! Nova: what else an order can name.

use super::wire;
use crate::provider::Failure;
use crate::provider::openstack::api::{Service, Session, Verb};

/// The names of the user's key pairs.
pub(crate) fn key_pairs(session: &Session) -> Result<Vec<String>, Failure> {
    let task = session.task("list the key pairs", Verb::Read);
    let response = session.read(Service::Compute, "/os-keypairs".to_owned(), &task)?;
    let body: wire::KeyPairs = response.json("a list of key pairs").map_err(|error| task.broken(&error))?;
    Ok(body.keypairs.into_iter().map(|entry| entry.keypair.name).collect())
}

/// The availability zones.
pub(crate) fn zones(session: &Session) -> Result<Vec<wire::Zone>, Failure> {
    let task = session.task("list the availability zones", Verb::Read);
    let response = session.read(Service::Compute, "/os-availability-zone".to_owned(), &task)?;
    let body: wire::Zones = response.json("a list of availability zones").map_err(|error| task.broken(&error))?;
    Ok(body.zones)
}
