//! Neutron: networks, ports and security groups by name (Networking API v2.0). Asked only if a node type names some.

use super::wire;
use crate::domain::names::is_uuid;
use crate::http::encode_query;
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::{Effect, Named, Operation, Service, Session};
use crate::provider::openstack::identity::Identity;
use crate::provider::openstack::names::{ambiguous, unknown};

/// What a name in Neutron is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A network that servers use.
    Network,
    /// A port that exists before its server.
    Port,
    /// A network that floating IPs come from.
    ExternalNetwork,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Network => "network",
            Kind::Port => "port",
            Kind::ExternalNetwork => "external network",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Kind::Network => "networks",
            Kind::Port => "ports",
            Kind::ExternalNetwork => "floating_ip_pool",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Kind::Network | Kind::ExternalNetwork => "/networks",
            Kind::Port => "/ports",
        }
    }

    /// What narrows every list of this kind.
    fn filter(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Kind::Network | Kind::Port => &[],
            Kind::ExternalNetwork => &[("router:external", "true")],
        }
    }
}

/// The id of the network or port with this id, or of the only one with this name.
pub(crate) fn resolve(session: &Session, kind: Kind, wanted: &str) -> Result<String, Failure> {
    let word = kind.word();
    let description = format!("find the {word} \"{}\"", wanted.escape_debug());
    let operation = session.operation(&description, Effect::Read);
    if is_uuid(wanted)
        && let Some(found) =
            listed(session, kind, &[("id", wanted)], &operation)?.into_iter().find(|one| one.id == wanted)
    {
        return Ok(found.id);
    }
    let listed_by_name = listed(session, kind, &[("name", wanted)], &operation)?;
    let named = listed_by_name.iter().filter(|found| found.name.as_deref() == Some(wanted));
    let mut named: Vec<_> = named.map(|found| found.id.as_str()).collect();
    named.sort_unstable();
    let why = match named.as_slice() {
        [id] => return Ok((*id).to_owned()),
        [] => {
            let all = listed(session, kind, &[("fields", "id"), ("fields", "name")], &operation)?;
            let names = all.iter().filter_map(|found| found.name.as_deref()).filter(|name| !name.is_empty());
            unknown(word, wanted, names, kind.key())
        }
        ids => ambiguous(word, ids),
    };
    Err(operation.failure(FailureKind::Wrong, &why))
}

/// Every network that the project can see, in the order of their names.
pub(crate) fn all(session: &Session) -> Result<Vec<wire::Network>, Failure> {
    let mut networks = listed(session, Kind::Network, &[], &session.operation("list the networks", Effect::Read))?;
    networks.sort_by(|a, b| (a.title(), &a.id).cmp(&(b.title(), &b.id)));
    Ok(networks)
}

/// Those that Nova chooses from if the order names none: the project's own and shared ones, external ones among them
/// (nova/network/neutron.py, `_get_available_networks`).
pub(crate) fn usable<'a>(networks: &'a [wire::Network], identity: &Identity) -> Vec<&'a wire::Network> {
    let own = |network: &&wire::Network| {
        let project = network.project_id.as_ref().or(network.tenant_id.as_ref());
        network.shared == Some(true) || identity.project.is_none() || project == identity.project.as_ref()
    };
    networks.iter().filter(own).collect()
}

/// Every security group of the project.
pub(crate) fn security_groups(session: &Session) -> Result<Vec<Named>, Failure> {
    let operation = session.operation("list the security groups", Effect::Read);
    let path = "/security-groups?fields=id&fields=name";
    session.choices(Service::Network, path, "security_groups", |group: &Named| &group.id, &operation)
}

fn listed(
    session: &Session,
    kind: Kind,
    filter: &[(&str, &str)],
    operation: &Operation<'_>,
) -> Result<Vec<wire::Network>, Failure> {
    let filter: Vec<_> = filter.iter().chain(kind.filter()).copied().collect();
    let path = format!("{}?{}", kind.path(), encode_query(&filter));
    let key = kind.path().trim_start_matches('/');
    session.choices(Service::Network, &path, key, |network: &wire::Network| &network.id, operation)
}
