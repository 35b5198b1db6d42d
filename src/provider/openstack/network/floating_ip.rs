//! Neutron: floating IPs (Networking API v2.0). One request creates one, marks it and points it to a server.
//!
//! The mark is in the description. Floating IPs have had one since Mitaka (extension `standard-attr-description`), and,
//! unlike tags, it is part of the request that creates them.

use super::networks::Kind;
use super::wire;
use crate::domain::names::FloatingIpId;
use crate::domain::world::{AddressMark, FloatingIp, Lookup};
use crate::http::{Method, encode_query, encode_segment};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::{Call, Effect, Operation, Service, Session, lookup, says_no_floating_ip};
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

/// One floating IP as it is now.
pub(crate) fn floating_ip(session: &Session, id: &FloatingIpId) -> Lookup<Option<FloatingIp>> {
    let description = format!("read floating IP {id}");
    let operation = session.operation(&description, Effect::Read);
    lookup(session.look_up(Service::Network, path(id), "/floatingip", says_no_floating_ip, &operation), marked)
}

/// Creates one for a server, or points the known one to it. Sent once.
pub(crate) fn assign(cloud: &OpenStack, order: &AddressOrder<'_>) -> Result<(), Failure> {
    let description = format!("give server {} a floating IP", order.mark.server);
    let operation = cloud.session.operation(&description, Effect::Create);
    let pool = cloud.resolve(Resource::Network(Kind::ExternalNetwork), order.pool)?;
    let networks = cloud.resolve_all(Resource::Network(Kind::Network), order.networks)?;
    let port = port(&cloud.session, order, &networks, &operation)?;
    let (method, path, address) = match order.known {
        Some(id) => (Method::PUT, path(id), json!({"port_id": port})),
        None => {
            let description = order.mark.to_string();
            let address = json!({"floating_network_id": pool, "port_id": port, "description": description});
            (Method::POST, "/floatingips".to_owned(), address)
        }
    };
    let body = Some(json!({ "floatingip": address }));
    let response = cloud.session.send(&Call { body, ..Call::new(method, Service::Network, path) }, &operation)?;
    if !response.is_success() {
        return Err(operation.refused(Service::Network, &response));
    }
    // Any other successful answer does not show that something was done.
    let body = response.json_body("a floating IP");
    let made = body.and_then(|body| body.take::<wire::FloatingIp>("/floatingip"));
    made.map(drop).map_err(|error| operation.unusable(&error))
}

/// The port of a server that a floating IP can point to: one with an IPv4 address, on the first network of its type.
fn port(
    session: &Session,
    order: &AddressOrder<'_>,
    networks: &[String],
    operation: &Operation<'_>,
) -> Result<String, Failure> {
    let query = encode_query(&[("device_id", order.mark.server.as_str())]);
    let path = format!("/ports?{query}");
    let ports: Vec<wire::ServerPort> =
        session.get_json(Service::Network, path, "/ports", "a list of ports", operation)?;
    let rank = |port: &wire::ServerPort| {
        let network = port.network_id.as_deref();
        networks.iter().position(|id| Some(id.as_str()) == network).unwrap_or(networks.len())
    };
    let is_v4 =
        |ip: &wire::FixedIp| ip.ip_address.as_deref().is_some_and(|ip| ip.parse::<std::net::Ipv4Addr>().is_ok());
    let ports = ports.into_iter().filter(|port| port.fixed_ips.iter().flatten().any(is_v4));
    let chosen = ports.min_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.id.cmp(&b.id)));
    // A server that is just ACTIVE may lack its port for a moment.
    let none =
        || operation.failure(FailureKind::Unavailable, "it has no port with an IPv4 address: the next run tries again");
    chosen.map(|port| port.id).ok_or_else(none)
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
    })
}
