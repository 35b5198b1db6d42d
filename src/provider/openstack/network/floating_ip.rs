//! Neutron: floating IPs, made, marked and led to a server in one request (Networking API v2.0).
//!
//! The mark stands in the description, which floating IPs have since Mitaka (extension `standard-attr-description`) and
//! which, unlike tags, is part of the request that makes one.

use super::names::Sort;
use super::wire;
use crate::http::{Method, encode_query, encode_segment};
use crate::naming::FloatingIpId;
use crate::provider::openstack::api::{Call, Pages, Service, Session, Task, Verb, says_no_floating_ip};
use crate::provider::openstack::cloud::OpenStack;
use crate::provider::{AddressOrder, Deletion, Failure, FailureKind};
use crate::world::{AddressMark, FloatingIp, Lookup};
use serde_json::json;
use std::collections::BTreeMap;

/// All floating IPs of the project with a mark in their description.
pub(crate) fn floating_ips(session: &Session) -> Result<Vec<FloatingIp>, Failure> {
    let task = session.task("list the floating IPs", Verb::Read);
    let mut all: BTreeMap<String, wire::FloatingIp> = BTreeMap::new();
    let mut pages = Pages::new("/floatingips?limit=1000");
    while let Some(path) = pages.path() {
        let response = session.read(Service::Network, path, &task)?;
        let page: wire::FloatingIps = response.json("a page of floating IPs").map_err(|error| task.broken(&error))?;
        let (seen_before, on_page) = (all.len(), page.floatingips.len());
        all.extend(page.floatingips.into_iter().map(|address| (address.id.clone(), address)));
        let links = page.floatingips_links.unwrap_or_default();
        pages.advance(&links, on_page == 0 || all.len() > seen_before, all.len()).map_err(|why| {
            task.failure(FailureKind::Unavailable, &format!("{why}; the listing is not taken for whole"))
        })?;
    }
    Ok(all.into_values().filter_map(marked).collect())
}

/// One floating IP, read afresh.
pub(crate) fn floating_ip(session: &Session, id: &FloatingIpId) -> Lookup<Option<FloatingIp>> {
    let doing = format!("read floating IP {id}");
    let task = session.task(&doing, Verb::Read);
    let response = match session.send(&call(Method::GET, path(id)), &task) {
        Ok(response) => response,
        Err(failure) => return Lookup::Unavailable(failure.message),
    };
    if says_no_floating_ip(&response) {
        return Lookup::Gone;
    }
    if !response.is_success() {
        return Lookup::Unavailable(task.refused(Service::Network, &response).message);
    }
    match response.json::<wire::OneFloatingIp>("a floating IP") {
        Ok(body) => Lookup::Found(marked(body.floatingip)),
        Err(error) => Lookup::Unavailable(task.broken(&error).message),
    }
}

/// Makes one for a server, or leads the known one there. Sent once.
pub(crate) fn assign(cloud: &OpenStack, order: &AddressOrder<'_>) -> Result<(), Failure> {
    let doing = format!("give server {} a floating IP", order.mark.server);
    let task = cloud.session.task(&doing, Verb::Create);
    let pool = cloud.of_network(Sort::Pool, order.pool)?;
    let networks: Vec<String> =
        order.networks.iter().map(|name| cloud.of_network(Sort::Network, name)).collect::<Result<_, _>>()?;
    let port = port(&cloud.session, order, &networks, &task)?;
    let call = match order.known {
        Some(id) => Call { body: Some(json!({"floatingip": {"port_id": port}})), ..call(Method::PUT, path(id)) },
        None => {
            let body = json!({"floatingip": {"floating_network_id": pool, "port_id": port,
                "description": order.mark.to_string()}});
            Call { body: Some(body), ..call(Method::POST, "/floatingips".to_owned()) }
        }
    };
    let response = cloud.session.send(&call, &task)?;
    if !response.is_success() {
        return Err(task.refused(Service::Network, &response));
    }
    // Whatever else answers with success has done nothing, as far as anybody knows.
    response.json::<wire::OneFloatingIp>("a floating IP").map(drop).map_err(|error| task.broken(&error))
}

/// The port of a server that a floating IP can lead to: one with an IPv4 address, on the first network of its type.
fn port(session: &Session, order: &AddressOrder<'_>, networks: &[String], task: &Task<'_>) -> Result<String, Failure> {
    let query = encode_query(&[("device_id", order.mark.server.as_str())]);
    let response = session.read(Service::Network, format!("/ports?{query}"), task)?;
    let body: wire::ServerPorts = response.json("a list of ports").map_err(|error| task.broken(&error))?;
    let place = |port: &wire::ServerPort| {
        let network = port.network_id.as_deref();
        networks.iter().position(|id| Some(id.as_str()) == network).unwrap_or(networks.len())
    };
    let is_v4 =
        |ip: &wire::FixedIp| ip.ip_address.as_deref().is_some_and(|ip| ip.parse::<std::net::Ipv4Addr>().is_ok());
    let ports = body.ports.into_iter().filter(|port| port.fixed_ips.iter().flatten().any(is_v4));
    let chosen = ports.min_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.id.cmp(&b.id)));
    // A server that is just ACTIVE may lack its port for a moment.
    let none =
        || task.failure(FailureKind::Unavailable, "it has no port with an IPv4 address: the next run asks again");
    chosen.map(|port| port.id).ok_or_else(none)
}

/// Releases one floating IP.
pub(crate) fn release(session: &Session, id: &FloatingIpId) -> Result<Deletion, Failure> {
    let doing = format!("release floating IP {id}");
    let task = session.task(&doing, Verb::Delete);
    let response = session.send(&call(Method::DELETE, path(id)), &task)?;
    if response.is_success() {
        Ok(Deletion::Accepted)
    } else if says_no_floating_ip(&response) {
        Ok(Deletion::AlreadyGone)
    } else {
        Err(task.refused(Service::Network, &response))
    }
}

fn path(id: &FloatingIpId) -> String {
    format!("/floatingips/{}", encode_segment(id.as_str()))
}

fn call(method: Method, path: String) -> Call {
    Call { method, service: Service::Network, path, body: None, limit: None, since: None }
}

fn marked(address: wire::FloatingIp) -> Option<FloatingIp> {
    Some(FloatingIp {
        mark: AddressMark::read(address.description.as_deref()?)?,
        id: FloatingIpId::from(address.id),
        address: address.floating_ip_address.and_then(|text| text.parse().ok()),
        attached: address.port_id.is_some(),
    })
}
