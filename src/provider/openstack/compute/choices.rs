//! Nova: what else an order can name.

use super::wire;
use crate::provider::failure::Failure;
use crate::provider::openstack::api::{Effect, Service, Session};

/// The names of the user's key pairs.
pub(crate) fn key_pairs(session: &Session) -> Result<Vec<String>, Failure> {
    let operation = session.operation("list the key pairs", Effect::Read);
    let wanted = "a list of key pairs";
    let list: Vec<wire::KeyPairEntry> =
        session.get_json(Service::Compute, "/os-keypairs", "/keypairs", wanted, &operation)?;
    Ok(list.into_iter().map(|entry| entry.keypair.name).collect())
}

/// The availability zones.
pub(crate) fn zones(session: &Session) -> Result<Vec<wire::Zone>, Failure> {
    let operation = session.operation("list the availability zones", Effect::Read);
    let (path, wanted) = ("/os-availability-zone", "a list of availability zones");
    session.get_json(Service::Compute, path, "/availabilityZoneInfo", wanted, &operation)
}
