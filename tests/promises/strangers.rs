//! What is not this installation's is never touched, whatever it is called.

use crate::harness::{Installation, Setup, minutes};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::Service;
use mita_sim::jenkins::nodes::{CauseKind, Node};
use mita_sim::jenkins::queue::Job;

/// Three hours in which nothing is written anywhere.
fn nothing_is_touched(it: &Installation) {
    for _ in 0..18 {
        it.minute().did_nothing();
        it.sim.advance(minutes(9));
    }
}

#[test]
fn s2_servers_without_the_mark_and_with_another_installations_are_left_alone() {
    let it = Setup::trusty().start();
    let other = [("mita_owner", "other-ci"), ("mita_node", "trusty"), ("mita_id", "20250101T000000Z-1")];
    let half = [("mita_node", "trusty"), ("mita_id", "20250101T000000Z-2")];
    for metadata in [&[][..], &other[..], &half[..]] {
        let id = it.sim.cloud("openstack").place_server("trusty", metadata);
        let address = it.sim.cloud("openstack").addresses(&id)[0].clone();
        let mut node = Node::new(&format!("trusty+{address}"), "amd64 trusty", 1).on_server("openstack", &id).online();
        if metadata.is_empty() {
            node.disconnect(CauseKind::ChannelTermination, "lost", 0);
        }
        it.sim.jenkins().add_node(node);
    }
    it.sim.cloud("openstack").place_server_of("other-team", "trusty");
    nothing_is_touched(&it);
    assert_eq!(it.sim.cloud("openstack").servers.len(), 4);
    assert_eq!(it.nodes().len(), 3);
    let run = it.run();
    for node in it.nodes() {
        assert_eq!(run.rule(Subject::Node, &node), Rule::NotOurs, "{}", run.story());
    }
}

#[test]
fn s2_static_nodes_are_left_alone_idle_offline_or_held() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("trusty", "amd64 trusty", 1);
    it.sim.jenkins().add_agent("trusty+10.9.8.7", "amd64 trusty", 1);
    it.sim.jenkins().add_node(Node::new("trusty-2", "amd64 trusty", 2));
    it.sim.jenkins().add_agent("debian", "", 1);
    it.sim.jenkins().hold("debian", "later");
    nothing_is_touched(&it);
    assert_eq!(it.nodes().len(), 4);
}

#[test]
fn s2_a_static_node_of_a_node_types_name_is_not_taken_for_the_server_that_is_ordered_later() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("trusty", "amd64", 1);
    it.minute();
    it.sim.jenkins().submit(Job::freestyle("build").label("amd64 && trusty && !foo").lasting(minutes(60)));
    it.sim.jenkins().submit(Job::freestyle("other").label("amd64").lasting(minutes(60)));
    it.minutes(5);
    it.sim.jenkins().disconnect("trusty", CauseKind::ChannelTermination, "lost");
    it.minutes(80);
    assert_eq!(it.sim.count(Service::Jenkins, "POST", "computer/trusty/"), 0);
    assert!(it.nodes().contains(&"trusty".to_owned()));
}

#[test]
fn s2_nodes_of_a_cloud_plugin_are_left_alone_though_they_carry_a_servers_address() {
    let it = Setup::trusty().start();
    it.sim.on_boot(
        "trusty",
        mita_sim::JoinRule {
            class: "jenkins.plugins.openstack.compute.JCloudsComputer".to_owned(),
            ..mita_sim::JoinRule::base_plus_ip(minutes(0), "amd64 trusty")
        },
    );
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(1)));
    it.minutes(10);
    let node = it.node();
    assert_eq!(it.run().rule(Subject::Node, &node), Rule::NotOurs);
    it.minutes(10);
    assert_eq!(it.sim.count(Service::Jenkins, "POST", ""), 0);
}

#[test]
fn s2_two_installations_share_a_cloud_and_a_controller_and_do_not_meet() {
    let it = Setup::trusty().start();
    let theirs = Setup::trusty().top("owner = \"other-ci\"").top("state_file = \"other.json\"");
    drop(theirs);
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(10, "built", |it| it.built().len() == 1);
    let ours = it.server();
    // From now on the same configuration belongs to somebody else: the first one's server is a stranger's.
    it.edit_config(|text| {
        text.replace("owner = \"ceph-ci\"", "owner = \"other-ci\"").replace("state.json", "other.json")
    });
    for _ in 0..30 {
        it.minute().did_nothing();
    }
    assert_eq!(it.servers().iter().map(|server| &server.id).collect::<Vec<_>>(), [&ours.id]);
    it.edit_config(|text| text.replace("other-ci", "ceph-ci").replace("other.json", "state.json"));
    it.minutes_until(20, "its own installation retires it", |it| it.servers().is_empty());
}

#[test]
fn an_old_entry_with_another_address_is_not_taken_for_the_one_server_of_the_type() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().add_node(Node::new("trusty+10.1.1.1", "amd64 trusty", 1));
    let run = it.minutes(30);
    assert_eq!(it.nodes(), ["trusty+10.1.1.1"], "{}", run.story());
    assert!(it.servers().is_empty());
}
