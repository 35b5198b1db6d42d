//! Nova: what the project may have, and what is left of it.

use super::wire;
use crate::provider::Failure;
use crate::provider::openstack::api::{Limits, Service, Session, Verb, left};

/// What the project may still have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom {
    pub(crate) instances: Option<u64>,
    pub(crate) cores: Option<u64>,
    pub(crate) ram_mib: Option<u64>,
}

/// What may still be used of the project's instances, cores and memory, with what others run there counted.
pub(crate) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let limits = limits(session)?;
    Ok(Headroom {
        instances: left(limits.max_total_instances, limits.total_instances_used),
        cores: left(limits.max_total_cores, limits.total_cores_used),
        ram_mib: left(limits.max_total_ram_size, limits.total_ram_used),
    })
}

/// The limits of the project, and what everybody in it uses.
pub(crate) fn limits(session: &Session) -> Result<wire::ComputeLimits, Failure> {
    let task = session.task("read the quota", Verb::Read);
    let response = session.read(Service::Compute, "/limits".to_owned(), &task)?;
    let body: Limits<wire::ComputeLimits> =
        response.json("the limits of the project").map_err(|error| task.broken(&error))?;
    Ok(body.limits.absolute)
}
