//! Nova: which server group a name means (Compute API, "Server groups").

use super::wire;
use crate::provider::openstack::api::{Service, Session, Verb};
use crate::provider::openstack::names::hint;
use crate::provider::{Failure, FailureKind};

/// The id of a server group: the one of this id, or the only one of this name. A project has ten by default, and a page
/// a thousand.
pub(crate) fn resolve(session: &Session, wanted: &str) -> Result<String, Failure> {
    let doing = format!("find the server group \"{}\"", wanted.escape_debug());
    let task = session.task(&doing, Verb::Read);
    let response = session.read(Service::Compute, "/os-server-groups".to_owned(), &task)?;
    let body: wire::ServerGroups = response.json("a list of server groups").map_err(|error| task.broken(&error))?;
    let groups = body.server_groups;
    if groups.iter().any(|group| group.id == wanted) {
        return Ok(wanted.to_owned());
    }
    let named: Vec<&str> =
        groups.iter().filter(|group| group.name.as_deref() == Some(wanted)).map(|group| group.id.as_str()).collect();
    let why = match named.as_slice() {
        [id] => return Ok((*id).to_owned()),
        [] => {
            let hint = hint(wanted, groups.iter().filter_map(|group| group.name.as_deref()));
            format!("no server group has this name; {hint}: correct server_group")
        }
        ids => {
            format!("{} server groups have this name: put the id of one in its place: {}", ids.len(), ids.join(", "))
        }
    };
    Err(task.failure(FailureKind::Wrong, &why))
}
