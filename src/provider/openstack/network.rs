//! Neutron: which network a name means (Networking API v2.0). Asked only where a node type names one.

use super::auth::Identity;
use super::catalogue::Service;
use super::errors::{Task, Verb};
use super::names::{hint, is_uuid};
use super::session::Session;
use super::wire;
use crate::http::encode_query;
use crate::provider::{Failure, FailureKind};

/// The id of a network: the one of this id, or the only one of this name.
pub(super) fn resolve(session: &Session, wanted: &str) -> Result<String, Failure> {
    let doing = format!("find the network \"{}\"", wanted.escape_debug());
    let task = session.task(&doing, Verb::Read);
    if is_uuid(wanted)
        && let Some(network) = listed(session, &[("id", wanted)], &task)?.into_iter().find(|found| found.id == wanted)
    {
        return Ok(network.id);
    }
    let mut named: Vec<_> = listed(session, &[("name", wanted)], &task)?
        .into_iter()
        .filter(|network| network.name.as_deref() == Some(wanted))
        .map(|network| network.id)
        .collect();
    named.sort();
    match named.as_slice() {
        [id] => Ok(id.clone()),
        [] => {
            let all = listed(session, &[("fields", "id"), ("fields", "name")], &task)?;
            let hint = hint(wanted, all.iter().filter_map(|network| network.name.as_deref()));
            Err(task.failure(FailureKind::Wrong, &format!("no network has this name; {hint}: correct networks")))
        }
        ids => {
            let text =
                format!("{} networks have this name: put the id of one in its place: {}", ids.len(), ids.join(", "));
            Err(task.failure(FailureKind::Wrong, &text))
        }
    }
}

/// Every network that the project can see.
pub(super) fn all(session: &Session) -> Result<Vec<wire::Network>, Failure> {
    listed(session, &[], &session.task("list the networks", Verb::Read))
}

/// Those that servers get where none is named: the project's own and shared ones, without external ones
/// (nova/network/neutron.py, `_get_available_networks`).
pub(super) fn usable<'a>(networks: &'a [wire::Network], identity: &Identity) -> Vec<&'a wire::Network> {
    let own = |network: &&wire::Network| {
        let project = network.project_id.as_ref().or(network.tenant_id.as_ref());
        network.shared == Some(true) || identity.project.is_none() || project == identity.project.as_ref()
    };
    networks.iter().filter(own).filter(|network| network.external != Some(true)).collect()
}

/// Every security group of the project.
pub(super) fn security_groups(session: &Session) -> Result<Vec<wire::SecurityGroup>, Failure> {
    let task = session.task("list the security groups", Verb::Read);
    let response = session.read(Service::Network, "/security-groups?fields=id&fields=name".to_owned(), &task)?;
    let body: wire::SecurityGroups = response.json("a list of security groups").map_err(|error| task.broken(&error))?;
    Ok(body.security_groups)
}

fn listed(session: &Session, filter: &[(&str, &str)], task: &Task<'_>) -> Result<Vec<wire::Network>, Failure> {
    let response = session.read(Service::Network, format!("/networks?{}", encode_query(filter)), task)?;
    let body: wire::Networks = response.json("a list of networks").map_err(|error| task.broken(&error))?;
    Ok(body.networks)
}
