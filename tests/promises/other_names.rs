//! Nodes that people renamed, or that registered under names outside the convention: their servers stay while they work.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Jenkins;
use mita_sim::jenkins::nodes::{Node, SLAVE_CLASS};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, JoinRule, Kind, Service, World};

const ANNS: &str = "keep-for-ann";

/// Three hours of runs, two minutes apart.
fn three_hours(it: &Installation) {
    for _ in 0..90 {
        it.minute();
        it.sim.advance(minutes(1));
    }
}

/// A person renames an idle node, and its agent connects again.
fn rename(jenkins: &mut Jenkins, node: &str) {
    jenkins.rename(node, ANNS);
    jenkins.connect(ANNS);
}

fn works(jenkins: &mut Jenkins, node: &str) {
    jenkins.occupy(node, Job::freestyle("long").lasting(minutes(240)));
}

#[test]
fn s1_s7_the_server_of_a_renamed_node_stays_while_a_build_runs_there_or_a_person_holds_it() {
    for held in [false, true] {
        let it = Setup::trusty().with_idle_node();
        let (node, server) = (it.node(), it.server().id);
        rename(&mut it.sim.jenkins(), &node);
        match held {
            true => it.sim.jenkins().hold(ANNS, "looking at a failed test"),
            false => works(&mut it.sim.jenkins(), ANNS),
        }
        three_hours(&it);
        assert_eq!(it.server().id, server);
        let run = it.minute();
        let verdict = run.verdict(Subject::Server, &server);
        assert_eq!(verdict.rule, Rule::OtherName, "{}", run.story());
        assert!(verdict.reason.contains("name it trusty+IP"), "{}", verdict.reason);
        assert_eq!(it.killed(), [""; 0]);
        it.sim.jenkins().release(ANNS);
        it.minutes_until(130, "it goes in the end", |it| it.servers().is_empty());
        assert_eq!(it.nodes(), [ANNS]);
    }
}

#[test]
fn s1_after_a_deletion_that_failed_the_server_stays_while_its_node_works_under_another_name() {
    let it = Setup::trusty().with_idle_node();
    let server = it.server().id;
    it.sim.fault(Fault::new(Service::Nova, Kind::Status(500, "{}".into())).method("DELETE"));
    it.minutes_until(12, "its node is gone", |it| it.nodes().is_empty());
    it.sim.jenkins().add_node(Node::new(ANNS, TRUSTY, 1).on_server("openstack", &server).online());
    works(&mut it.sim.jenkins(), ANNS);
    three_hours(&it);
    assert_eq!((it.server().id, it.killed()), (server, vec![]));
    it.minutes_until(70, "it goes when the build has ended", |it| it.servers().is_empty());
}

#[test]
fn s1_a_server_whose_node_never_had_its_name_stays_for_as_long_as_its_build_runs() {
    let it = Setup::trusty().start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).named("worker-7"));
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(200)));
    three_hours(&it);
    assert_eq!((it.servers().len(), it.killed()), (1, vec![]));
}

#[test]
fn s1_a_busy_node_of_another_class_keeps_the_server_that_has_its_address() {
    let it = Setup::trusty().start();
    let class = "jenkins.plugins.openstack.compute.JCloudsComputer".to_owned();
    it.sim.on_boot("trusty", JoinRule { class, ..JoinRule::base_plus_ip(seconds(30), TRUSTY) });
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(200)));
    three_hours(&it);
    assert_eq!((it.servers().len(), it.killed()), (1, vec![]));
    let run = it.minute();
    assert_eq!(run.rule(Subject::Server, &it.server().id), Rule::Busy, "{}", run.story());
}

#[test]
fn s1_a_node_that_is_renamed_in_the_middle_of_its_retirement_and_works_keeps_its_server() {
    for path in ["changeOfflineCause", "doDelete"] {
        let it = Setup::trusty().with_idle_node();
        let (node, server) = (it.node(), it.server().id);
        let rename = move |world: &mut World| {
            world.jenkins.release(&node);
            rename(&mut world.jenkins, &node);
            works(&mut world.jenkins, ANNS);
        };
        it.sim.fault(Fault::new(Service::Jenkins, Kind::Before(Box::new(rename))).method("POST").path(path));
        three_hours(&it);
        assert_eq!((it.server().id, it.killed()), (server, vec![]), "{path}");
        assert_eq!(it.nodes(), [ANNS], "{path}");
    }
}

#[test]
fn s1_of_two_servers_that_lost_their_nodes_the_one_whose_node_was_renamed_stays() {
    for (deleted, renamed) in [(0, 1), (1, 0)] {
        let it = Setup::trusty().start();
        for job in ["one", "two"] {
            it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(2)));
        }
        it.minutes_until(10, "both are built", |it| it.built().len() == 2);
        it.minute();
        let nodes = it.nodes();
        let kept = it.sim.jenkins().node(&nodes[renamed]).and_then(|node| node.server.clone()).expect("a server");
        it.sim.jenkins().delete_node(&nodes[deleted]);
        it.minute();
        rename(&mut it.sim.jenkins(), &nodes[renamed]);
        works(&mut it.sim.jenkins(), ANNS);
        it.minutes_until(40, "the other one goes", |it| it.servers().len() == 1);
        assert_eq!(it.server().id, kept.server);
        it.minutes(40);
        assert_eq!((it.server().id, it.killed()), (kept.server, vec![]));
    }
}

#[test]
fn l3_an_agent_of_somebody_else_that_works_does_not_keep_idle_servers() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().add_agent("lab-3", TRUSTY, 1);
    works(&mut it.sim.jenkins(), "lab-3");
    assert_eq!(it.sim.jenkins().node("lab-3").map(|node| node.class.as_str()), Some(SLAVE_CLASS));
    it.minutes_until(11, "retired", |it| it.servers().is_empty());
    assert_eq!(it.nodes(), ["lab-3"]);
}
