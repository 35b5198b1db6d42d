//! Nova: server groups by name (Compute API, "Server groups").

use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::{Effect, Named, Service, Session};
use crate::provider::openstack::names::{ambiguous, unknown};

/// The id of the server group with this id, or of the only one with this name. A project has ten by default, and one
/// page holds a thousand.
pub(crate) fn resolve(session: &Session, wanted: &str) -> Result<String, Failure> {
    let description = format!("find the server group \"{}\"", wanted.escape_debug());
    let operation = session.operation(&description, Effect::Read);
    let (path, wanted_list) = ("/os-server-groups", "a list of server groups");
    let groups: Vec<Named> = session.get_json(Service::Compute, path, "/server_groups", wanted_list, &operation)?;
    if groups.iter().any(|group| group.id == wanted) {
        return Ok(wanted.to_owned());
    }
    let named: Vec<&str> =
        groups.iter().filter(|group| group.name.as_deref() == Some(wanted)).map(|group| group.id.as_str()).collect();
    let why = match named.as_slice() {
        [id] => return Ok((*id).to_owned()),
        [] => unknown("server group", wanted, groups.iter().filter_map(|group| group.name.as_deref()), "server_group"),
        ids => ambiguous("server group", ids),
    };
    Err(operation.failure(FailureKind::Wrong, &why))
}
