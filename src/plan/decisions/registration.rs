//! The nodes that mita creates: for servers that run, and for orders whose agents connect to Jenkins.
//!
//! The name of such a node leads to its server, and its description carries a mark. While the server exists, or the
//! state has the order, the name alone decides what the node is, as for any other node. The mark decides only when
//! neither is left: it then proves that the node is ours, even if the state was lost.

use super::findings::Findings;
use crate::config::Config;
use crate::domain::names::{NodeName, node_name};
use crate::domain::rule::Rule;
use crate::domain::world::Server;
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::model::{Action, Change, NodeToRegister, Order};
use crate::plan::sightings::floating_ips;
use std::net::IpAddr;

/// What is done about the node of a server that has none.
pub(crate) enum NodeOfServer {
    /// Nothing: somebody else makes it.
    NotOurs,
    /// Nothing yet, and this is why.
    Waits(String),
    /// It is made in this run.
    Now(Action),
    /// Its name is another node's, and a person has to see to that.
    NameTaken(String),
}

/// The node of a server that runs, where mita makes it: if Jenkins connects to the server, or if somebody deleted the node
/// that was made before it. Its agent comes back to a new node of the same name: the secret depends on the name alone.
pub(crate) fn of_server(found: &Findings<'_>, machine: &Machine<'_>, planned: &[Action]) -> NodeOfServer {
    let Supply { config, .. } = *found.supply;
    let (Some(kind), Some(server), true) =
        (config.node_type(&machine.node_type), machine.server(), machine.nodes.is_empty())
    else {
        return NodeOfServer::NotOurs;
    };
    if kind.registration.is_inbound() && server.name == kind.server_name_for(&machine.id) {
        return made_again(found, machine, server);
    }
    if !kind.registration.is_ssh() {
        return NodeOfServer::NotOurs;
    }
    let address = match kind.boot.floating_ip_pool {
        Some(_) => floating_ips::of_server(config, found.world, server),
        None => server.address(),
    };
    let Some(address) = address else {
        return NodeOfServer::Waits("its node is made once it has an address".to_owned());
    };
    let node = node_name(base(machine, server), address);
    if let Some((_, identity)) = found.supply.fleet.nodes.iter().find(|(there, _)| there.name == node) {
        return taken(&node, identity);
    }
    let twice = |action: &Action| matches!(&action.change, Change::CreateNode(other) if other.node == node);
    if planned.iter().any(twice) {
        return NodeOfServer::NameTaken(format!(
            "two servers of ours have the address {address}, so that only one can be node {node}: give them names of \
             their own with server_name = \"{{node}}-{{id}}\""
        ));
    }
    let reason = format!("server {} is active, and Jenkins connects to it at {address}", server.id);
    create(machine, server, node, Some(address), reason)
}

fn create(
    machine: &Machine<'_>,
    server: &Server,
    node: NodeName,
    address: Option<IpAddr>,
    reason: String,
) -> NodeOfServer {
    let node = NodeToRegister {
        node,
        node_type: machine.node_type.clone(),
        provider: machine.provider.clone(),
        server_id: Some(server.id.clone()),
        id: machine.id.clone(),
        address,
    };
    NodeOfServer::Now(Action::new(Change::CreateNode(node), Rule::Register, reason))
}

fn made_again(found: &Findings<'_>, machine: &Machine<'_>, server: &Server) -> NodeOfServer {
    let node = NodeName::from(server.name.as_str());
    if let Some((_, identity)) = found.supply.fleet.nodes.iter().find(|(there, _)| there.name == node) {
        return taken(&node, identity);
    }
    let reason = format!("server {} runs, and the node that its agent connects to is gone from Jenkins", server.id);
    create(machine, server, node, None, reason)
}

/// The text before the address: the name of the server if it has one of its own, else that of its type.
fn base<'a>(machine: &'a Machine<'_>, server: &'a Server) -> &'a str {
    let own = server.mark.as_ref().is_some_and(|mark| server.name.contains(mark.id.as_str()));
    if own { &server.name } else { machine.node_type.as_str() }
}

fn taken(node: &NodeName, identity: &NodeIdentity) -> NodeOfServer {
    match identity {
        NodeIdentity::Former(_) | NodeIdentity::MadeFor(_) => {
            NodeOfServer::Waits(format!("its node is made once the old node {node} is gone"))
        }
        NodeIdentity::Of(_) | NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) => NodeOfServer::NameTaken(format!(
            "a node {node} is there already and is not the one of this server, so that its own is not made: rename or \
             delete the one that is there"
        )),
    }
}

/// The node of an order whose agent connects to Jenkins: it is created before its server, under the server's name.
pub(crate) fn of_order(config: &Config, order: &Change) -> Option<Action> {
    let Change::CreateServer(Order { node_type, provider, name, id, .. }) = order else { return None };
    config.node_type(node_type).filter(|kind| kind.registration.is_inbound())?;
    let node = NodeToRegister {
        node: name.as_str().into(),
        node_type: node_type.clone(),
        provider: provider.clone(),
        server_id: None,
        id: id.clone(),
        address: None,
    };
    Some(Action::new(Change::CreateNode(node), Rule::Register, format!("order {id} is to have an agent that calls in")))
}
