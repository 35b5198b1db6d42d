//! Neutron: floating IPs (Networking API v2.0). One request creates one, marks it and points it to a server.
//!
//! The mark is in the description. Floating IPs have had one since Mitaka (extension `standard-attr-description`), and,
//! unlike tags, it is part of the request that creates them.

use super::networks::{self, Kind};
use super::wire;
use crate::domain::names::{FloatingIpId, ServerId};
use crate::domain::world::{AddressMark, FloatingIp, Lookup, QuotaUse};
use crate::http::{Method, encode_query, encode_segment};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::{
    Call, Effect, Operation, Service, Session, lookup, remaining, says_no_floating_ip, says_not_reachable, usage,
};
use crate::provider::openstack::cloud::{OpenStack, Resource};
use crate::provider::order::{AddressOrder, Deletion};
use serde_json::json;

/// All floating IPs of the project with a mark in their description.
pub(crate) fn floating_ips(session: &Session) -> Result<Vec<FloatingIp>, Failure> {
    let operation = session.operation("list the floating IPs", Effect::Read);
    let path = "/floatingips?limit=1000";
    let addresses = session.list(Service::Network, path, "floatingips", |ip: &wire::FloatingIp| &ip.id, &operation)?;
    Ok(addresses.into_iter().filter_map(marked).collect())
}

/// What remains of the quota of floating IPs; `None` means unlimited or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headroom {
    pub(crate) floating_ips: Option<u64>,
    pub(crate) usage: Vec<(&'static str, QuotaUse)>,
}

pub(crate) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let Some(wire::NeutronQuota { limit, used }) = quota(session)? else { return Ok(Headroom::default()) };
    Ok(Headroom { floating_ips: remaining(limit, used), usage: usage([("floating_ips", limit, used)]) })
}

/// How many floating IPs the project has and may have; a limit below zero is none. `None` where the cloud does not tell
/// users, or lacks the extension `quota_details`.
pub(crate) fn quota(session: &Session) -> Result<Option<wire::NeutronQuota>, Failure> {
    let operation = session.operation("read the quota of floating IPs", Effect::Read);
    let Some(project) = session.identity()?.project else { return Ok(None) };
    let path = format!("/quotas/{}/details.json", encode_segment(&project));
    let wanted = "the quota of floating IPs";
    match session.get_json(Service::Network, path, "/quota/floatingip", wanted, &operation) {
        Ok(quota) => Ok(Some(quota)),
        Err(Failure { kind: FailureKind::Denied | FailureKind::Wrong, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// One floating IP as it is now.
pub(crate) fn floating_ip(session: &Session, id: &FloatingIpId) -> Lookup<Option<FloatingIp>> {
    let description = format!("read floating IP {id}");
    let operation = session.operation(&description, Effect::Read);
    lookup(session.look_up(Service::Network, path(id), "/floatingip", says_no_floating_ip, &operation), marked)
}

/// Whether it leads to a port of this server.
pub(crate) fn leads_to(session: &Session, id: &FloatingIpId, server: &ServerId) -> Result<bool, Failure> {
    let description = format!("read where floating IP {id} leads");
    let operation = session.operation(&description, Effect::Read);
    let address: wire::FloatingIp =
        session.get_json(Service::Network, path(id), "/floatingip", "a floating IP", &operation)?;
    let ports = ports_of(session, server, &operation)?;
    Ok(address.port_id.is_some_and(|led_to| ports.iter().any(|port| port.id == led_to)))
}

fn ports_of(session: &Session, server: &ServerId, operation: &Operation<'_>) -> Result<Vec<wire::ServerPort>, Failure> {
    let path = format!("/ports?{}", encode_query(&[("device_id", server.as_str())]));
    session.choices(Service::Network, &path, "ports", |port: &wire::ServerPort| &port.id, operation)
}

/// Creates one for a server, or points the known one to it. Sent once.
pub(crate) fn assign(cloud: &OpenStack, order: &AddressOrder<'_>) -> Result<(), Failure> {
    let description = format!("give server {} a floating IP", order.mark.server);
    let operation = cloud.session.operation(&description, Effect::Create);
    let pool = cloud.resolve(Resource::Network(Kind::ExternalNetwork), order.pool)?;
    let networks = cloud.resolve_all(Resource::Network(Kind::Network), order.networks)?;
    let mut unreached = Vec::new();
    for port in ports(&cloud.session, order, &networks, &operation)? {
        let (method, path, address) = match order.known {
            Some(id) => (Method::PUT, path(id), json!({"port_id": port.id})),
            None => {
                let description = order.mark.to_string();
                let address = json!({"floating_network_id": pool, "port_id": port.id, "description": description});
                (Method::POST, "/floatingips".to_owned(), address)
            }
        };
        let body = Some(json!({ "floatingip": address }));
        let response = cloud.session.send(&Call { body, ..Call::new(method, Service::Network, path) }, &operation)?;
        if says_not_reachable(&response) {
            // Neutron did nothing, and another network of the server may have a router.
            unreached.push((port, response));
            continue;
        }
        if !response.is_success() {
            return Err(operation.refused(Service::Network, &response));
        }
        // Any other successful answer does not show that something was done.
        let body = response.json_body("a floating IP");
        let made = body.and_then(|body| body.take::<wire::FloatingIp>("/floatingip"));
        return made.map(drop).map_err(|error| operation.unusable(&error));
    }
    let Some((_, response)) = unreached.last() else {
        // A server that is just ACTIVE may lack its port for a moment.
        let text = "it has no port with an IPv4 address: the next run tries again";
        return Err(operation.failure(FailureKind::Unavailable, text));
    };
    let networks: Vec<_> = unreached.iter().map(|(port, _)| title_of_network(&cloud.session, port)).collect();
    let advice = format!(
        "no router leads from the network {} to {:?}: give it one, or name a network that has one in networks",
        networks.join(" or "),
        order.pool
    );
    Err(operation.refused_as(FailureKind::Wrong, &Service::Network.to_string(), response, &advice))
}

/// The name of a port's network in quotes, or its id.
fn title_of_network(session: &Session, port: &wire::ServerPort) -> String {
    let id = port.network_id.clone().unwrap_or_default();
    let networks = networks::all(session).unwrap_or_default();
    let name = networks.iter().find(|network| network.id == id).map_or(id.as_str(), wire::Network::title);
    format!("{name:?}")
}

/// The ports of a server that a floating IP can point to: those with an IPv4 address, in the order of its type's networks.
fn ports(
    session: &Session,
    order: &AddressOrder<'_>,
    networks: &[String],
    operation: &Operation<'_>,
) -> Result<Vec<wire::ServerPort>, Failure> {
    let mut ports = ports_of(session, &order.mark.server, operation)?;
    let rank = |port: &wire::ServerPort| {
        let network = port.network_id.as_deref();
        networks.iter().position(|id| Some(id.as_str()) == network).unwrap_or(networks.len())
    };
    let is_v4 =
        |ip: &wire::FixedIp| ip.ip_address.as_deref().is_some_and(|ip| ip.parse::<std::net::Ipv4Addr>().is_ok());
    ports.retain(|port| port.fixed_ips.iter().flatten().any(is_v4));
    ports.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    Ok(ports)
}

/// Releases one floating IP.
pub(crate) fn release(session: &Session, id: &FloatingIpId) -> Result<Deletion, Failure> {
    let description = format!("release floating IP {id}");
    let operation = session.operation(&description, Effect::Delete);
    session.delete(Service::Network, path(id), says_no_floating_ip, &operation)
}

fn path(id: &FloatingIpId) -> String {
    format!("/floatingips/{}", encode_segment(id.as_str()))
}

fn marked(address: wire::FloatingIp) -> Option<FloatingIp> {
    Some(FloatingIp {
        mark: AddressMark::read(address.description.as_deref()?)?,
        id: FloatingIpId::from(address.id),
        address: address.floating_ip_address.and_then(|text| text.parse().ok()),
        attached: address.port_id.is_some(),
        leads_to: address.port_details.and_then(|port| port.device_id).map(ServerId::from),
    })
}
