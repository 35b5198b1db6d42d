//! What people do in a random world, to nodes, servers and entries that look like ours.

use super::events::{idle_nodes, idle_servers, job, pick};
use crate::harness::Installation;
use crate::matrix::checks::{NAMESAKE, is_ours};
use mita::plan::model::{Subject, Verdict};
use mita_sim::jenkins::nodes::Node;
use mita_sim::openstack::Status;
use serde_json::Value;
use std::collections::BTreeSet;

const PLAIN_ENTRIES: [&str; 2] = ["trusty", "debian"];

pub(super) fn plain_entry(farm: &Installation, which: usize, busy: bool) {
    let name = PLAIN_ENTRIES[which];
    let mut jenkins = farm.sim.jenkins();
    if jenkins.node(name).is_some() {
        return;
    }
    jenkins.add_node(Node::new(name, "other", 1).online());
    if busy {
        jenkins.occupy(name, job(0, 15));
    }
    jenkins.hold(name, "prepared");
}

/// A person changes the region of the first provider. Not before each order has an answer: without one, nothing shows that
/// there is a server in the region that mita left.
pub(super) fn move_region(farm: &Installation, away: bool) {
    let state = std::fs::read_to_string(farm.state_file()).unwrap_or_default();
    let state: Value = serde_json::from_str(&state).unwrap_or_default();
    let mut servers = state["servers"].as_object().into_iter().flatten();
    if away && servers.any(|(_, server)| server["server_id"].is_null()) {
        return;
    }
    let regions = ["RegionOne", "RegionTwo"].map(str::to_owned);
    let [from, to] = regions.each_ref().map(|region| format!("service_region = {region:?}"));
    farm.sim.cloud("openstack").options.regions = regions.to_vec();
    farm.edit_config(|text| if away { text.replacen(&from, &to, 1) } else { text.replace(&to, &from) });
}

/// A job that tidies up deletes servers of ours that have no node yet.
pub(super) fn delete_new_servers(farm: &Installation) {
    let mut world = farm.sim.world();
    let with_nodes: BTreeSet<String> =
        world.jenkins.nodes.iter().filter_map(|node| Some(node.server.as_ref()?.server.clone())).collect();
    let Some(cloud) = world.clouds.get_mut("openstack") else { return };
    let new = cloud.servers.iter().filter(|server| is_ours(server) && !with_nodes.contains(&server.id));
    let new: Vec<String> = new.map(|server| server.id.clone()).collect();
    for id in new {
        cloud.delete_server(&id);
    }
}

/// A person takes the marks away from nodes of ours that people hold, and from all that people renamed, also where they
/// outlived their server, and removes the entries that were prepared.
pub(crate) fn let_go(farm: &Installation) {
    let mut jenkins = farm.sim.jenkins();
    for name in PLAIN_ENTRIES {
        jenkins.delete_node(name);
    }
    // Of those mita releases none by its own command.
    let marked = jenkins.nodes.iter().filter(|node| node.held && node.server.is_some() || is_renamed(node));
    let held: Vec<String> = marked.map(|node| node.name.clone()).collect();
    held.iter().for_each(|node| jenkins.release(node));
}

/// A person lets go of what is left of servers that are gone. After a lost state nothing tells whose such an entry was: it
/// holds the next server at its address.
pub(crate) fn let_go_of_what_is_left(farm: &Installation) {
    let mut world = farm.sim.world();
    let there: BTreeSet<String> =
        world.clouds.values().flat_map(|cloud| &cloud.servers).map(|server| server.id.clone()).collect();
    let is_left = |node: &&Node| node.server.as_ref().is_some_and(|server| !there.contains(&server.server));
    let left: Vec<String> = world.jenkins.nodes.iter().filter(is_left).map(|node| node.name.clone()).collect();
    left.iter().for_each(|node| world.jenkins.release(node));
}

/// A person tells mita of holds that Jenkins forgot when it was restarted: mita alone remembers them.
pub(crate) fn release_forgotten(farm: &Installation) {
    let text = std::fs::read_to_string(farm.state_file()).unwrap_or_default();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    for (node, known) in state["nodes"].as_object().into_iter().flatten() {
        if known["mark_forgotten"] == true && known["set_offline_by"] == "person" {
            farm.command(&["release", node]);
        }
    }
}

fn our_nodes(farm: &Installation) -> Vec<String> {
    let jenkins = farm.sim.jenkins();
    jenkins.nodes.iter().filter(|node| node.server.is_some()).map(|node| node.name.clone()).collect()
}

pub(super) fn command(farm: &Installation, which: usize, verb: &str) {
    let Some(name) = pick(&our_nodes(farm), which) else { return };
    let mut was_held = false;
    if verb != "retire" {
        // Whoever held the node or locked its server has agreed.
        let mut world = farm.sim.world();
        let mita_sim::World { clouds, jenkins, .. } = &mut *world;
        let Some(node) = jenkins.node_mut(&name) else { return };
        was_held = std::mem::take(&mut node.held);
        let server = node.server.as_ref().and_then(|on| clouds.get_mut(&on.cloud)?.server_mut(&on.server));
        server.into_iter().for_each(|server| server.locked = false);
    }
    farm.command(&[verb, &name]);
    if let Some(node) = farm.sim.jenkins().node_mut(&name).filter(|_| verb == "hold") {
        node.held |= was_held;
    }
}

pub(super) fn relabelled(farm: &Installation, which: usize, labels: &str) {
    if let Some(node) = pick(&idle_nodes(farm), which)
        && let Some(node) = farm.sim.jenkins().node_mut(&node)
    {
        node.labels = labels.to_owned();
        node.relabel();
    }
}

/// As a plugin does that tells what a machine runs.
pub(super) fn label_more(farm: &Installation, which: usize) {
    if let Some(node) = pick(&idle_nodes(farm), which)
        && let Some(node) = farm.sim.jenkins().node_mut(&node)
    {
        node.label_by_plugin("linux");
    }
}

/// Somebody stops, locks, takes away or deletes a server of ours that has no node yet.
pub(super) fn lose_on_the_way(farm: &Installation, which: usize, way: usize) {
    let mut world = farm.sim.world();
    let with_nodes: BTreeSet<String> =
        world.jenkins.nodes.iter().filter_map(|node| Some(node.server.as_ref()?.server.clone())).collect();
    for cloud in world.clouds.values_mut() {
        let is_new = |server: &&mita_sim::openstack::Server| {
            is_ours(server) && server.status == Status::Active && !with_nodes.contains(&server.id)
        };
        let new: Vec<String> = cloud.servers.iter().filter(is_new).map(|server| server.id.clone()).collect();
        let Some(id) = pick(&new, which) else { continue };
        match way {
            0 => cloud.set_status(&id, Status::Shutoff),
            1 => cloud.set_status(&id, Status::Error),
            2 => drop(cloud.delete_server(&id)),
            _ => cloud.server_mut(&id).into_iter().for_each(|server| match way {
                3 => server.locked = true,
                _ => drop(server.metadata.remove("mita_owner")),
            }),
        }
    }
}

/// The person takes its node along: an entry that is left could be the next server's at that address for ever.
pub(super) fn mark_taken(farm: &Installation, which: usize) {
    let Some((name, id)) = pick(&idle_servers(farm), which) else { return };
    let mut world = farm.sim.world();
    let mita_sim::World { clouds, jenkins, .. } = &mut *world;
    if let Some(server) = clouds.get_mut(&name).and_then(|cloud| cloud.server_mut(&id)).filter(|s| !s.deleting()) {
        server.metadata.retain(|key, _| key != "mita_owner");
        jenkins.nodes.retain(|node| node.server.as_ref().is_none_or(|on| on.server != id));
    }
}

/// A person releases every node of ours, by mita's own command, and ends a pause.
pub(crate) fn release_all(farm: &Installation) {
    farm.command(&["resume"]);
    for node in our_nodes(farm) {
        farm.command(&["release", &node]);
    }
}

/// A person unlocks what is locked.
pub(crate) fn unlock(farm: &Installation) {
    let mut world = farm.sim.world();
    world.clouds.values_mut().flat_map(|cloud| &mut cloud.servers).for_each(|server| server.locked = false);
}

pub(super) fn look_alike(farm: &Installation, which: usize) {
    let another = [("mita_owner", "another-ci"), ("mita_node", "trusty"), ("mita_id", "20260105T080000Z-1")];
    match which {
        0 => farm.sim.jenkins().add_agent("trusty+10.9.8.8", "amd64 other", 1),
        1 => farm.sim.jenkins().add_agent("debian-3", "other", 2),
        2 => drop(farm.sim.cloud("openstack").place_server("debian", &another)),
        3 => drop(farm.sim.cloud("openstack").place_server("trusty", &[])),
        // An installation at another controller that has our owner.
        5 => {
            let id = format!("20260105T075900Z-{}", farm.sim.cloud("openstack").servers.len());
            let (owner, node) = (("mita_owner", "ceph-ci"), ("mita_node", "trusty"));
            let namesake = [owner, node, ("mita_controller", NAMESAKE), ("mita_id", id.as_str())];
            drop(farm.sim.cloud("openstack").place_server("trusty", &namesake));
        }
        _ => {
            let name = "11111111-0000-4000-8000-000000000000-blank-vol";
            farm.sim.cloud("openstack").place_volume(name, 5, &[("mita_owner", "another-ci")]);
        }
    }
}

/// What people write into the description of a node whose name they change.
const RENAMED: &str = "kept by a person";

/// How the names begin that lead nowhere.
const KEPT: &str = "kept-";

fn is_renamed(node: &Node) -> bool {
    node.description.as_deref() == Some(RENAMED)
}

/// A node of ours that mita did not make, idle, with its agent.
fn renamable(farm: &Installation, which: usize) -> Option<Node> {
    let mut nodes = idle_nodes(farm);
    let jenkins = farm.sim.jenkins();
    nodes.retain(|node| jenkins.node(node).is_some_and(|n| n.made_by.is_none() && !n.offline() && !n.removed));
    jenkins.node(&pick(&nodes, which)?).cloned()
}

fn rename(farm: &Installation, node: &str, name: &str, held: bool) {
    let mut jenkins = farm.sim.jenkins();
    if jenkins.node(name).is_some() {
        return;
    }
    jenkins.rename(node, name);
    if let Some(node) = jenkins.node_mut(name) {
        node.description = Some(RENAMED.to_owned());
    }
    jenkins.connect(name);
    if held {
        jenkins.hold(name, "a person looks at it");
    } else {
        jenkins.occupy(name, job(0, 12));
    }
}

pub(super) fn renamed(farm: &Installation, which: usize, held: bool) {
    if let Some(Node { name, .. }) = renamable(farm, which) {
        rename(farm, &name, &format!("{KEPT}{name}").replace('+', "-"), held);
    }
}

/// The new name leads to another server of ours, which has a node of its own, or to another type.
pub(super) fn misnamed(farm: &Installation, which: usize, to: usize, held: bool) {
    let Some(node) = renamable(farm, which) else { return };
    let own_type = node.server.as_ref().and_then(|on| {
        let world = farm.sim.world();
        world.clouds.get(&on.cloud)?.server(&on.server)?.metadata.get("mita_node").cloned()
    });
    let other_type = match own_type.as_deref() {
        // Its labels no longer tell of which type it is.
        Some(own) if !node.labels.contains(own) => return,
        Some("trusty") => "debian",
        Some("debian") => "trusty",
        Some(_) | None => return,
    };
    let others: Vec<(String, String, Vec<String>)> = {
        let world = farm.sim.world();
        let has_node = |id: &str| {
            let mut nodes = world.jenkins.nodes.iter().filter(|other| other.connected && !is_renamed(other));
            nodes.any(|other| other.name != node.name && other.server.as_ref().is_some_and(|on| on.server == id))
        };
        let of = |cloud: &mita_sim::openstack::Cloud| {
            let ours = cloud.servers.iter().filter(|server| is_ours(server) && has_node(&server.id));
            let of = |server: &mita_sim::openstack::Server| {
                (server.id.clone(), server.metadata["mita_id"].clone(), cloud.addresses(&server.id))
            };
            ours.map(of).collect::<Vec<_>>()
        };
        world.clouds.values().flat_map(of).collect()
    };
    let other = pick(&others, which / 4);
    let name = match (to, other) {
        (0, Some((id, ..))) => id,
        (1, Some((_, order, _))) => order,
        (2, Some((.., addresses))) if !addresses.is_empty() => format!("{other_type}+{}", addresses[0]),
        _ => other_type.to_owned(),
    };
    rename(farm, &node.name, &name, held);
}

/// Whether there is a node that got another name and other labels, or the name of another server or type.
pub(crate) fn has_unrecognizable(farm: &Installation) -> bool {
    let jenkins = farm.sim.jenkins();
    let mut renamed = jenkins.nodes.iter().filter(|node| is_renamed(node));
    let has_labels = |node: &Node| node.labels.split_whitespace().any(|label| label == "amd64");
    renamed.any(|node| !node.name.starts_with(KEPT) || !has_labels(node))
}

/// Whether Jenkins shows no more that a person disconnected an agent.
pub(crate) fn has_hidden_hold(farm: &Installation) -> bool {
    farm.sim.jenkins().nodes.iter().any(|node| node.held && node.mark.is_none())
}

pub(super) fn old_entry(farm: &Installation, which: usize, sort: usize) {
    let addresses: Vec<String> = {
        let cloud = farm.sim.cloud("openstack");
        let ids: Vec<String> = cloud.servers.iter().filter(|server| !server.deleting()).map(|s| s.id.clone()).collect();
        ids.iter().flat_map(|id| cloud.addresses(id)).collect()
    };
    let Some(address) = pick(&addresses, which) else { return };
    let mut jenkins = farm.sim.jenkins();
    let base = ["precise", "labbox", "jclouds", "jclouds"][sort];
    let name = format!("{base}+{address}");
    if jenkins.node(&name).is_some() {
        return;
    }
    let entry = Node::new(&name, "other", 1);
    if base == "jclouds" {
        jenkins.add_node(entry.class("jenkins.plugins.openstack.compute.JCloudsComputer").online());
        jenkins.occupy(&name, job(0, 6));
    } else {
        jenkins.add_node(entry);
    }
}

/// A person removes the servers that were taken away from mita, with what belongs to them.
pub(crate) fn remove_taken(farm: &Installation) {
    let mut world = farm.sim.world();
    let mita_sim::World { clouds, jenkins, .. } = &mut *world;
    for cloud in clouds.values_mut() {
        let is_taken = |server: &&mita_sim::openstack::Server| {
            server.metadata.contains_key("mita_id") && !server.metadata.contains_key("mita_owner")
        };
        let ids: Vec<String> = cloud.servers.iter().filter(is_taken).map(|server| server.id.clone()).collect();
        for id in &ids {
            cloud.delete_server(id);
            cloud.volumes.retain(|volume| !volume.name.starts_with(id.as_str()));
        }
        jenkins.nodes.retain(|node| node.server.as_ref().is_none_or(|on| !ids.contains(&on.server)));
    }
}

/// A person removes the nodes that people renamed, once nothing runs there.
pub(crate) fn remove_renamed(farm: &Installation) {
    remove(farm, is_renamed);
}

/// A person does what a problem advises: an agent has taken over an entry that somebody had named like its server to be, and
/// nothing but the person can tell whether it is that server.
pub(crate) fn delete_entries_taken_over(farm: &Installation) {
    let report = farm.dry_run();
    let problems = report.problems();
    let told = |name: &str| {
        let reason = "was there before and has come back";
        let is_it = |verdict: &&Verdict| verdict.subject == Subject::Node && verdict.id == name;
        let mut verdicts = report.report.plan.verdicts.iter().filter(is_it);
        verdicts.any(|verdict| verdict.reason.contains(reason)) && problems.iter().any(|told| told.contains(name))
    };
    remove(farm, |node| node.idle() && told(&node.name));
}

/// Those whose server is gone: an agent with such a name would take the entry over, and nothing would tell whose it is.
pub(super) fn remove_renamed_without_a_server(farm: &Installation) {
    let servers: BTreeSet<String> = {
        let world = farm.sim.world();
        world.clouds.values().flat_map(|cloud| cloud.servers.iter().map(|server| server.id.clone())).collect()
    };
    let has_server = |node: &Node| node.server.as_ref().is_some_and(|on| servers.contains(&on.server));
    remove(farm, |node| is_renamed(node) && !has_server(node));
}

fn remove(farm: &Installation, which: impl Fn(&Node) -> bool) {
    let mut jenkins = farm.sim.jenkins();
    let names: Vec<String> = jenkins.nodes.iter().filter(|n| which(n)).map(|node| node.name.clone()).collect();
    for name in names {
        jenkins.delete_node(&name);
    }
}
