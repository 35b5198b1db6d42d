//! Nova: the quota of the project, and what remains of it.

use super::wire;
use crate::domain::world::QuotaUse;
use crate::provider::failure::Failure;
use crate::provider::openstack::api::{Effect, Service, Session, remaining, usage};

/// What remains of the compute quota; `None` means unlimited or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom {
    pub(crate) instances: Option<u64>,
    pub(crate) cores: Option<u64>,
    pub(crate) ram_mib: Option<u64>,
    pub(crate) usage: Vec<(&'static str, QuotaUse)>,
}

/// What remains of the compute quota. What other people run in the project counts as used.
pub(crate) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let limits = limits(session)?;
    Ok(Headroom {
        instances: remaining(limits.max_total_instances, limits.total_instances_used),
        cores: remaining(limits.max_total_cores, limits.total_cores_used),
        ram_mib: remaining(limits.max_total_ram_size, limits.total_ram_used),
        usage: usage([
            ("instances", limits.max_total_instances, limits.total_instances_used),
            ("cores", limits.max_total_cores, limits.total_cores_used),
            ("ram_mib", limits.max_total_ram_size, limits.total_ram_used),
        ]),
    })
}

/// The compute limits of the project, and how much of them everybody uses.
pub(crate) fn limits(session: &Session) -> Result<wire::ComputeLimits, Failure> {
    let operation = session.operation("read the quota", Effect::Read);
    let wanted = "the limits of the project";
    session.get_json(Service::Compute, "/limits", "/limits/absolute", wanted, &operation)
}
