//! A server of ours and a node of Jenkins: what was seen, what is remembered, and what is still to pass.

use crate::domain::state::{Origin, RetirementStep, ServerMemory, SetOfflineBy};
use crate::domain::world::{Node, NodeKind, Server};
use crate::plan::identity::fleet::{Machine, NodeIdentity, Sighting};
use crate::view::explain::label::state;
use crate::view::explain::{Finding, Kind, Picture, failure, listed, rows};
use crate::view::next::Next;
use crate::view::picture::{NodeView, ServerView};
use crate::view::table::age;
use std::net::IpAddr;

/// The story of a server.
pub(crate) fn tell(picture: &Picture<'_>, view: &ServerView<'_>) -> Finding {
    let mut finding = Finding::of(Kind::Server, view.verdict);
    let Some(machine) = view.machine else {
        finding.fact("seen", "gone for good: this run forgets it");
        return finding;
    };
    finding.fact("seen", seen(view, machine));
    let of_config = match picture.config.node_type(&machine.node_type) {
        Some(_) => "",
        None => ", which is no longer configured: nothing new is ordered",
    };
    finding.fact("node_type", format!("{} at provider {}{of_config}", machine.node_type, machine.provider));
    let by = match machine.origin {
        Origin::Ordered(run) => format!("by run {run}"),
        Origin::Found => "as its mark says; the state file does not know the order".to_owned(),
    };
    let ordered_at = machine.ordered_at;
    finding.fact("order", format!("{}, {ordered_at:.0} ({} ago), {by}", machine.id, age(picture.since(ordered_at))));
    if !machine.nodes.is_empty() {
        finding.fact("nodes", listed(machine.nodes.iter().map(|node| &node.name)));
    }
    if !machine.doubts.is_empty() {
        let names = listed(machine.doubts.iter().map(|node| &node.name));
        finding.fact("could_be", format!("node {names}: so nothing is touched"));
    }
    if let Some(memory) = view.memory {
        remembered(picture, &mut finding, memory);
    }
    failure::add_of_server(picture, &mut finding, &machine.id);
    if let Some(next) = Next::of(picture, view.verdict.rule, machine, view.memory) {
        finding.fact("next", next.sentence());
    }
    rows::add(picture, &mut finding, machine, view.memory);
    finding
}

fn seen(view: &ServerView<'_>, machine: &Machine<'_>) -> String {
    match machine.sighting {
        Sighting::Seen(Server { addresses, created, .. }) => {
            let addresses: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
            let at = if addresses.is_empty() { "no address yet".to_owned() } else { addresses.join(", ") };
            let created = created.map_or_else(String::new, |created| format!(", made by its cloud {created:.0}"));
            format!("{}, {at}{created}", view.state())
        }
        Sighting::Unlisted => "its cloud's list is whole and lacks it; its id is not known".to_owned(),
        Sighting::Gone => "its cloud does not know it any more (404)".to_owned(),
        Sighting::NoAnswer => format!("provider {} gave no answer about it", machine.provider),
    }
}

fn remembered(picture: &Picture<'_>, finding: &mut Finding, memory: &ServerMemory) {
    let mut times = Vec::new();
    if let Some(at) = memory.active_since {
        times.push(format!("active since {at:.0}"));
    }
    match memory.joined_at {
        Some(at) => times.push(format!("first online in Jenkins {at:.0}")),
        None => times.push("never online in Jenkins".to_owned()),
    }
    if let Some(at) = memory.deleting_since {
        times.push(format!("being deleted since {at:.0}"));
    }
    if memory.gone_sightings > 0 {
        times.push(format!("answered 404 in {} runs", memory.gone_sightings));
    }
    finding.fact("remembered", times.join("; "));
    if let Some(retirement) = &memory.retirement {
        let step = match retirement.step {
            RetirementStep::Decided => "decided, no step known to be done",
            RetirementStep::NodesOffline => "its nodes are set offline",
            RetirementStep::NodesDeleted => "its nodes are deleted",
            RetirementStep::ServerDeleted => "its deletion was accepted",
        };
        let lasts = age(picture.since(retirement.since));
        finding.fact("retirement", format!("begun {lasts} ago ({}): {step}", retirement.rule));
    }
    if let Some(at) = memory.asked {
        finding.fact("asked", format!("{} ago by a person: retired as soon as it is idle", age(picture.since(at))));
    }
    if let Some(fault) = &memory.fault {
        finding.fact("fault", fault.trim());
    }
}

/// The story of a node.
pub(crate) fn tell_node(picture: &Picture<'_>, view: &NodeView<'_>) -> Finding {
    let mut finding = Finding::of(Kind::Node, view.verdict);
    let node = view.node;
    finding.fact("seen", format!("{}{}", state(view.presence(), node), kind(node)));
    if let Some(cause) = node.presence.cause() {
        let class = cause.class.as_deref().map_or_else(String::new, |class| format!(" ({class})"));
        finding.fact("offline_cause", format!("\"{}\"{class}", cause.reason.trim()));
    }
    let labels: Vec<&str> = node.labels.iter().map(String::as_str).collect();
    finding.fact("labels", labels.join(", "));
    finding.fact("is", is(picture, view.identity));
    if let Some(memory) = view.memory {
        let online = memory.first_online.map_or("never online".to_owned(), |run| format!("first online by run {run}"));
        finding.fact("remembered", format!("first seen by run {}, {online}", memory.first_seen));
        if let Some(by) = memory.set_offline_by {
            finding.fact(
                "set_offline_by",
                match by {
                    SetOfflineBy::Us => "this installation",
                    SetOfflineBy::Monitor => "a node monitor of Jenkins",
                    SetOfflineBy::Person => "a person, or somebody that Jenkins does not tell",
                },
            );
        }
        if let Some(idle) = memory.idle {
            finding.fact("idle", format!("for {} as counted, first seen so {:.0}", age(idle.credit), idle.first));
        }
        if let Some(offline) = memory.offline {
            let lasted = age(offline.credit);
            finding.fact("offline", format!("for {lasted} as counted, first seen so {:.0}", offline.first));
        }
    }
    if let NodeIdentity::Of(machine) = view.identity {
        let machine = &picture.fleet.machines[*machine];
        promised(picture, &mut finding, node, machine);
        let memory = picture.memory().servers.get(&machine.id);
        if let Some(next) = Next::of(picture, view.verdict.rule, machine, memory) {
            finding.fact("next", next.sentence());
        }
        rows::add(picture, &mut finding, machine, memory);
    }
    finding
}

fn kind(node: &Node) -> String {
    match &node.kind {
        NodeKind::BuiltIn => "; the built-in node".to_owned(),
        NodeKind::Agent => String::new(),
        NodeKind::CloudPlugin(class) => format!("; made by a cloud plugin ({class})"),
    }
}

fn is(picture: &Picture<'_>, identity: &NodeIdentity) -> String {
    match identity {
        NodeIdentity::Of(machine) => {
            let machine = &picture.fleet.machines[*machine];
            let server = machine.server_id.as_ref().map_or_else(String::new, |id| format!(", {id}"));
            format!("server {} of node type {}{server}", machine.id, machine.node_type)
        }
        NodeIdentity::Doubtful(reason) => format!("not clear: {reason}"),
        NodeIdentity::Former(server) => format!("the node of server {server}, which is not there"),
        NodeIdentity::MadeFor(order) => format!("made for order {order}, of which there is no server"),
        NodeIdentity::Foreign(reason) => format!("not ours: {reason}"),
    }
}

/// Labels that its node type promises and that it lacks.
fn promised(picture: &Picture<'_>, finding: &mut Finding, node: &Node, machine: &Machine<'_>) {
    let Some(kind) = picture.config.node_type(&machine.node_type) else { return };
    let missing: Vec<&str> = kind.labels.difference(&node.labels).map(String::as_str).collect();
    if !missing.is_empty() {
        finding.fact("lacks", format!("{}, promised by nodes.{}", missing.join(", "), kind.name));
    }
}
