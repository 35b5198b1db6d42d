//! Neutron: what the names of networks and ports mean (Networking API v2.0). Asked only where a node type names some.

use super::wire;
use crate::http::encode_query;
use crate::provider::openstack::api::{Service, Session, Task, Verb};
use crate::provider::openstack::identity::Identity;
use crate::provider::openstack::names::{hint, is_uuid};
use crate::provider::{Failure, FailureKind};

/// What a name of Neutron's is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// A network that servers use.
    Network,
    /// A port that was made beforehand.
    Port,
    /// A network that floating IPs come from.
    Pool,
}

impl Sort {
    fn word(self) -> &'static str {
        match self {
            Sort::Network => "network",
            Sort::Port => "port",
            Sort::Pool => "external network",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Sort::Network => "networks",
            Sort::Port => "ports",
            Sort::Pool => "floating_ip_pool",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Sort::Network | Sort::Pool => "/networks",
            Sort::Port => "/ports",
        }
    }

    /// What every listing of the sort is narrowed to.
    fn filter(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Sort::Network | Sort::Port => &[],
            Sort::Pool => &[("router:external", "true")],
        }
    }
}

/// The id of a network or port: the one of this id, or the only one of this name.
pub(crate) fn resolve(session: &Session, sort: Sort, wanted: &str) -> Result<String, Failure> {
    let word = sort.word();
    let doing = format!("find the {word} \"{}\"", wanted.escape_debug());
    let task = session.task(&doing, Verb::Read);
    if is_uuid(wanted)
        && let Some(found) = listed(session, sort, &[("id", wanted)], &task)?.into_iter().find(|one| one.id == wanted)
    {
        return Ok(found.id);
    }
    let mut named: Vec<_> = listed(session, sort, &[("name", wanted)], &task)?
        .into_iter()
        .filter(|found| found.name.as_deref() == Some(wanted))
        .map(|found| found.id)
        .collect();
    named.sort();
    match named.as_slice() {
        [id] => Ok(id.clone()),
        [] => {
            let all = listed(session, sort, &[("fields", "id"), ("fields", "name")], &task)?;
            let hint =
                hint(wanted, all.iter().filter_map(|found| found.name.as_deref()).filter(|name| !name.is_empty()));
            let text = format!("no {word} has this name; {hint}: correct {}", sort.key());
            Err(task.failure(FailureKind::Wrong, &text))
        }
        ids => {
            let text =
                format!("{} {word}s have this name: put the id of one in its place: {}", ids.len(), ids.join(", "));
            Err(task.failure(FailureKind::Wrong, &text))
        }
    }
}

/// Every network that the project can see.
pub(crate) fn all(session: &Session) -> Result<Vec<wire::Network>, Failure> {
    listed(session, Sort::Network, &[], &session.task("list the networks", Verb::Read))
}

/// Those that servers get where none is named: the project's own and shared ones, without external ones
/// (nova/network/neutron.py, `_get_available_networks`).
pub(crate) fn usable<'a>(networks: &'a [wire::Network], identity: &Identity) -> Vec<&'a wire::Network> {
    let own = |network: &&wire::Network| {
        let project = network.project_id.as_ref().or(network.tenant_id.as_ref());
        network.shared == Some(true) || identity.project.is_none() || project == identity.project.as_ref()
    };
    networks.iter().filter(own).filter(|network| network.external != Some(true)).collect()
}

/// Every security group of the project.
pub(crate) fn security_groups(session: &Session) -> Result<Vec<wire::SecurityGroup>, Failure> {
    let task = session.task("list the security groups", Verb::Read);
    let response = session.read(Service::Network, "/security-groups?fields=id&fields=name".to_owned(), &task)?;
    let body: wire::SecurityGroups = response.json("a list of security groups").map_err(|error| task.broken(&error))?;
    Ok(body.security_groups)
}

fn listed(
    session: &Session,
    sort: Sort,
    filter: &[(&str, &str)],
    task: &Task<'_>,
) -> Result<Vec<wire::Network>, Failure> {
    let filter: Vec<_> = filter.iter().chain(sort.filter()).copied().collect();
    let response = session.read(Service::Network, format!("{}?{}", sort.path(), encode_query(&filter)), task)?;
    match sort {
        Sort::Network | Sort::Pool => response.json("a list of networks").map(|body: wire::Networks| body.networks),
        Sort::Port => response.json("a list of ports").map(|body: wire::Ports| body.ports),
    }
    .map_err(|error| task.broken(&error))
}
