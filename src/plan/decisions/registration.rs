//! The nodes that mita creates: for servers that run, and for orders whose agents connect to Jenkins. Also what happens
//! to a node if its order never created a server.
//!
//! The name of such a node leads to its server, and its description carries a mark. While the server exists, or the
//! state has the order, the name alone decides what the node is, as for any other node. The mark decides only when
//! neither is left: it then proves that the node is ours, even if the state was lost.

use super::findings::Findings;
use crate::config::Config;
use crate::domain::format::span;
use crate::domain::names::{MitaId, NodeName, node_name};
use crate::domain::rule::Rule;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{Node, Presence, Server};
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::model::{Action, Change, NodeToRegister, Order};
use crate::plan::sightings::floating_ips;
use jiff::SignedDuration;
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

/// What becomes of a node that we made for an order of which there is no server. The order was given up, or was refused,
/// or its server is gone, or the state that knew of it was lost: then its server may still turn up, for as long as an
/// order may take to be listed.
pub(crate) fn without_server(found: &Findings<'_>, node: &Node, order: &MitaId) -> (Rule, String) {
    let Supply { config, memory, now, .. } = *found.supply;
    let made = format!("made for order {order}, of which there is no server");
    let known = memory.nodes.get(&node.name);
    let node_type = node.mark.as_ref().map(|mark| &mark.node_type);
    let times = node_type.map_or(config.times, |node_type| config.times(node_type));
    // The id of an order tells its time. An id of another form does not: then two sightings have to do. A clock that was
    // ahead then tells nothing either: what counts is for how long the node was seen without its agent.
    let age = order.ordered_at().map(|at| now.duration_since(at).max(SignedDuration::ZERO));
    let seen_away = known.and_then(|known| *known.offline).map(|offline| offline.credit);
    let set_offline_by = known.and_then(|known| known.set_offline_by);
    let waited = seen_away.is_some_and(|seen| seen >= times.order_timeout) || set_offline_by == Some(SetOfflineBy::Us);
    let young = age.filter(|age| *age < times.order_timeout && !waited);
    let seen_before = known.is_some_and(|known| known.first_seen < memory.run);
    let unseen = config.providers.iter().find(|provider| !found.world.lists_servers_of(&provider.name));
    if !node.idle {
        (Rule::Busy, format!("{made}, and it runs a build"))
    } else if node.presence == Presence::Online {
        (
            Rule::Ambiguous,
            format!(
                "{made}, but its agent is still connected: mita leaves it alone; find out where the agent runs, then delete the node in Jenkins"
            ),
        )
    } else if set_offline_by == Some(SetOfflineBy::Person) {
        (Rule::Held, format!("{made}; a person set the node offline"))
    } else if let Some(provider) = unseen {
        (Rule::NotSeen, format!("{made} that was seen: provider {} gave no answer", provider.name))
    } else if let Some(age) = young {
        (Rule::Ordered, format!("{made} yet: ordered {} ago, order_timeout {}", span(age), span(times.order_timeout)))
    } else if !seen_before {
        (Rule::Ordered, format!("{made} in this listing; the next one decides"))
    } else if let Some(settling) = &memory.settling {
        (Rule::Settling, format!("{made}; {}", settling.cause.reason()))
    } else {
        (Rule::NoServer, made)
    }
}
