//! What must be so after everything: nothing leaked, nothing twice, nobody's build killed, nobody else's thing touched.

use crate::harness::Installation;
use mita_sim::jenkins::nodes::Node;
use mita_sim::openstack::Server;
use std::collections::BTreeMap;

/// How much of what there is, counted coarsely enough to be the same whenever in a minute it happened.
pub(crate) type Picture = BTreeMap<String, usize>;

/// The controller of another installation with our owner.
pub(crate) const NAMESAKE: &str = "staging.example.com";

/// How the description of a floating IP of ours begins.
const OUR_ADDRESSES: &str = "mita owner=ceph-ci ";

/// What is there.
pub(crate) fn picture(farm: &Installation) -> Picture {
    let mut picture = Picture::new();
    let mut count = |what: String| *picture.entry(what).or_default() += 1;
    let world = farm.sim.world();
    for (name, cloud) in &world.clouds {
        for server in cloud.servers.iter().filter(|server| is_ours(server) && !server.deleting()) {
            count(format!("servers of {} at {name}", server.metadata["mita_node"]));
        }
        let blank = cloud.volumes.iter().filter(|volume| volume.name.ends_with("-blank-vol"));
        blank.for_each(|_| count(format!("volumes at {name}")));
        let addresses = cloud.floating_ips.iter().filter(|ip| ip.description.starts_with(OUR_ADDRESSES));
        addresses.for_each(|_| count(format!("floating IPs at {name}")));
    }
    for node in world.jenkins.nodes.iter().filter(|node| node.server.is_some()) {
        let gone = node.server.as_ref().is_none_or(|on| world.clouds[&on.cloud].server(&on.server).is_none());
        match (gone, node.temporarily_offline) {
            (true, _) => count("nodes whose server is gone".to_owned()),
            (false, true) => count("nodes of ours that are set offline".to_owned()),
            (false, false) => {}
        }
    }
    let made = |node: &&Node| node.made_by.is_some();
    for node in world.jenkins.nodes.iter().filter(made) {
        let state = if node.server.is_some() { "that have their server" } else { "without a server" };
        count(format!("nodes that mita made {state}"));
    }
    picture
}

pub(crate) fn is_ours(server: &Server) -> bool {
    server.metadata.get("mita_owner").is_some_and(|owner| owner == "ceph-ci")
        && server.metadata.get("mita_controller").is_none_or(|controller| controller != NAMESAKE)
}

/// How many servers were ever made for us.
pub(crate) fn ever_made(farm: &Installation) -> usize {
    let world = farm.sim.world();
    let all = world.clouds.values().flat_map(|cloud| cloud.history.values());
    all.filter(|metadata| metadata.get("mita_owner").is_some_and(|owner| owner == "ceph-ci")).count()
}

/// What holds at every moment, however things went.
#[track_caller]
pub(crate) fn sound(farm: &Installation) {
    farm.sim.assert_promises();
    assert_eq!(farm.killed(), [""; 0], "builds were killed");
    assert_eq!(farm.state()["version"], 1, "the state file is whole");
    strangers_are_untouched(farm);
    let world = farm.sim.world();
    let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
    for server in world.clouds.values().flat_map(|cloud| &cloud.servers).filter(|server| is_ours(server)) {
        *marks.entry(&server.metadata["mita_id"]).or_default() += 1;
    }
    assert!(marks.values().all(|number| *number == 1), "an order was sent twice: {marks:?}");
    let mut addresses: BTreeMap<&str, usize> = BTreeMap::new();
    for ip in world.clouds.values().flat_map(|cloud| &cloud.floating_ips) {
        *addresses.entry(&ip.description).or_default() += 1;
    }
    assert!(addresses.values().all(|number| *number == 1), "a server has two floating IPs: {addresses:?}");
}

/// The configurations of all nodes that nobody set offline: a mark is a part of them.
pub(crate) fn configurations(farm: &Installation) -> BTreeMap<String, String> {
    let jenkins = farm.sim.jenkins();
    let unmarked = jenkins.nodes.iter().filter(|node| !node.is_built_in() && !node.removed && node.mark.is_none());
    unmarked.map(|node| (node.name.clone(), node.document())).collect()
}

/// Nodes that are there as they were have the configuration that they had, to the letter.
#[track_caller]
pub(crate) fn configured_as(farm: &Installation, before: &BTreeMap<String, String>) {
    for (node, document) in configurations(farm) {
        assert!(before.get(&node).is_none_or(|before| *before == document), "node {node} was changed: {document}");
    }
}

/// Jenkins before 2.517 dropped no job.
#[track_caller]
pub(crate) fn nothing_is_lost(farm: &Installation) {
    let lost = farm.sim.jenkins().lost.clone();
    assert!(lost.is_empty(), "jobs were lost: {lost:?}");
}

#[track_caller]
pub(crate) fn strangers_are_untouched(farm: &Installation) {
    let world = farm.sim.world();
    for name in ["static-1", "trusty", "trusty+10.9.8.7"] {
        // The one scene without it tells so itself; that nobody deletes it is watched by the simulator.
        let node = world.jenkins.node(name);
        let as_it_was = node.map_or(name == "trusty", |node| !node.offline());
        assert!(as_it_was, "the node {name} of somebody else is as it was: {node:?}");
    }
    let held = world.jenkins.node("held+192.168.1.200");
    let words = held.and_then(|node| node.mark.as_ref()).map(|mark| mark.message.as_str());
    assert_eq!(words, Some("disk is being replaced"), "the held node is as it was");
    let cloud = &world.clouds["openstack"];
    let strangers = cloud.servers.iter().filter(|server| !is_ours(server) && !server.deleting()).count();
    assert!(strangers >= 2, "the servers of others are there");
    assert!(cloud.floating_ips.iter().any(|ip| ip.description == "a person's"), "somebody else's address is there");
    let theirs = "00000000-0000-4000-8000-000000000000-blank-vol";
    assert!(cloud.volumes.iter().any(|volume| volume.name == theirs), "the volume of somebody else is there");
}

/// Every build ends now: while one runs on, a run has nothing to do.
fn end_builds(farm: &Installation) {
    let now = farm.sim.now();
    let mut jenkins = farm.sim.jenkins();
    let builds = jenkins.nodes.iter_mut().flat_map(|node| &mut node.executors).filter_map(|it| it.build.as_mut());
    builds.for_each(|build| build.ends = build.ends.min(now));
}

/// The end of it all: every job is built, and then nothing of ours is left.
pub(crate) fn nothing_is_left(farm: &Installation) {
    let idle = |farm: &Installation| {
        end_builds(farm);
        let jenkins = farm.sim.jenkins();
        jenkins.queue.is_empty() && jenkins.nodes.iter().all(|node| node.idle())
    };
    farm.minutes_until(70, "every job is built", idle);
    let empty = |farm: &Installation| {
        let left = picture(farm);
        left.is_empty() || left == Picture::from([("volumes at openstack".to_owned(), 1)])
    };
    farm.minutes_until(20, "nothing of ours is left", empty);
    farm.minutes(3);
    let is_ours = |node: &&Node| node.server.is_some() || node.made_by.is_some();
    let ours = farm.sim.world().jenkins.nodes.iter().filter(is_ours).count();
    assert_eq!((ours, farm.state()["servers"].clone()), (0, serde_json::json!({})), "nothing is left");
    sound(farm);
}
