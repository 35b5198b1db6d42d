//! Entries of Jenkins that could be a server of ours: none that is idle holds one up, and none of others is touched.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::{CauseKind, Node};
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Status;
use mita_sim::{JoinRule, Service};

/// The address of the first server that is ordered.
fn first_address(it: &Installation) -> String {
    let mut cloud = it.sim.cloud("openstack");
    let id = cloud.place_server("probe", &[]);
    let address = cloud.addresses(&id)[0].clone();
    cloud.servers.retain(|server| server.id != id);
    address
}

/// A job of a minute is built; its server is retired, and the entry stays.
fn a_life_beside(it: &Installation, entry: Node) {
    let name = entry.name.clone();
    it.sim.jenkins().add_node(entry);
    it.minute();
    it.sim.jenkins().submit(Job::freestyle("build").label("amd64 && trusty").lasting(minutes(1)));
    it.minutes_until(6, &format!("{name}: built"), |it| it.built() == ["build"]);
    it.minutes_until(14, &format!("{name}: retired"), |it| it.servers().is_empty());
    assert_eq!(it.nodes(), [name.as_str()]);
    assert_eq!(it.sim.count(Service::Jenkins, "POST", &format!("computer/{name}/")), 0);
}

#[test]
fn l3_an_old_entry_with_a_servers_address_or_the_plain_name_of_its_type_does_not_hold_it_up() {
    let new = || Setup::trusty().node("centos", "labels = \"el7\"").start();
    for (base, labels) in [("precise", "precise i386"), ("labbox", TRUSTY), ("labbox", ""), ("centos", "el7")] {
        let it = new();
        let name = format!("{base}+{}", first_address(&it));
        a_life_beside(&it, Node::new(&name, labels, 1));
    }
    let it = new();
    let mut ours = Node::new(&format!("centos+{}", first_address(&it)), "el7", 1);
    ours.mark_offline(CauseKind::User, "mita retires this node: owner=ceph-ci server=gone rule=idle", it.sim.now());
    a_life_beside(&it, ours);
    a_life_beside(&new(), Node::new("trusty", "el7", 1));
}

#[test]
fn l3_a_plain_name_that_is_online_and_idle_does_not_hold_up_the_servers_of_its_type() {
    let it = Setup::trusty().start();
    for job in ["one", "two"] {
        it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(6, "both work", |it| it.nodes().len() == 2);
    it.sim.jenkins().add_agent("trusty", "el7", 1);
    it.minutes_until(16, "retired", |it| it.servers().is_empty());
    assert_eq!(it.nodes(), ["trusty"]);
}

#[test]
fn l1_an_entry_that_was_never_online_does_not_hold_up_a_server_that_never_joins() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax = 1").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(10_000), TRUSTY));
    let name = format!("precise+{}", first_address(&it));
    it.sim.jenkins().add_node(Node::new(&name, "precise", 1));
    it.minute();
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(1)));
    it.minutes(5);
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY));
    it.minutes_until(40, "another one is tried, and serves the job", |it| it.built() == ["build"]);
    assert!(it.nodes().contains(&name));
}

#[test]
fn s2_a_type_without_labels_takes_no_node_of_a_person_for_its_servers() {
    let it = Setup::new().node("trusty", "").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "trusty"));
    let name = format!("gpu-lab+{}", first_address(&it));
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(1)));
    it.minutes(2);
    it.sim.jenkins().add_agent(&name, "gpu", 1);
    it.minutes_until(10, "built", |it| it.built() == ["build"]);
    it.minutes_until(14, "retired", |it| it.servers().is_empty());
    assert_eq!(it.nodes(), [name]);
}

#[test]
fn s2_a_description_proves_nothing_where_no_type_makes_nodes() {
    let it = Setup::trusty().start();
    let mut node = Node::new("lab-1", "gpu", 1);
    let forged = "made by mita: owner=ceph-ci type=trusty order=20260101T000000Z-1 node=lab-1";
    node.description = Some(forged.to_owned());
    it.sim.jenkins().add_node(node);
    for _ in 0..30 {
        it.minute().did_nothing();
    }
    assert_eq!(it.run().rule(Subject::Node, "lab-1"), Rule::NotOurs);
}

#[test]
fn s5_a_server_goes_whose_address_and_last_name_another_one_has_now() {
    let it = Setup::trusty().start();
    for job in ["one", "two"] {
        it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(10, "both are built", |it| it.built().len() == 2);
    it.minute();
    let (nodes, servers) = (it.nodes(), it.servers());
    let server_of =
        |node: &str| it.sim.jenkins().node(node).and_then(|node| node.server.clone()).expect("a server").server;
    let (first, second) = (server_of(&nodes[0]), server_of(&nodes[1]));
    assert_eq!(servers.len(), 2);
    {
        // The first one breaks: its address goes to the second, and the node of the second gets the name with it.
        let mut jenkins = it.sim.jenkins();
        jenkins.delete_node(&nodes[0]);
        jenkins.rename(&nodes[1], &nodes[0]);
        jenkins.connect(&nodes[0]);
        jenkins.occupy(&nodes[0], Job::freestyle("long").lasting(minutes(60)));
    }
    {
        let mut cloud = it.sim.cloud("openstack");
        cloud.set_status(&first, Status::Error);
        let addresses = std::mem::take(&mut cloud.server_mut(&first).expect("the first one").addresses);
        cloud.server_mut(&second).expect("the second one").addresses.extend(addresses);
    }
    it.minutes(2);
    assert_eq!(it.server().id, second);
    assert_eq!(it.nodes(), [nodes[0].clone()]);
}

#[test]
fn l3_two_clouds_with_one_private_address_let_their_idle_servers_go() {
    let it = Setup::new()
        .node("trusty", "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"backup\"]")
        .provider("max = 1")
        .cloud("backup", "max = 1")
        .start();
    it.sim.cloud("backup").networks[0].prefix = "192.168.1".to_owned();
    for job in ["one", "two"] {
        it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(10, "built", |it| it.built().len() == 2);
    assert_eq!(it.nodes().len(), 1, "both registered under one name");
    let gone = |it: &Installation| it.servers().is_empty() && it.servers_of("backup").is_empty();
    it.minutes_until(20, "both go", gone);
    assert!(it.nodes().is_empty());
}
