//! The world moves while a run is under way: builds arrive, people act, agents register.

use crate::harness::{Installation, Run, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Status;
use mita_sim::{Fault, JoinRule, Kind, Meanwhile, Service, World};

/// An installation whose one node is retired by the next run.
fn about_to_retire(setup: Setup) -> (Installation, String) {
    let it = setup.with_idle_node();
    it.minutes(9).did_nothing();
    let node = it.node();
    (it, node)
}

/// Does this just before the first request with that method and path part.
fn just_before(it: &Installation, service: Service, method: &str, part: &str, what: impl Meanwhile + 'static) {
    it.sim.fault(Fault::new(service, Kind::Before(Box::new(what))).method(method).path(part));
}

fn stays(it: &Installation, run: &Run, node: &str) {
    assert_eq!(it.killed(), [""; 0]);
    assert!(it.nodes().contains(&node.to_owned()), "{}", run.story());
    assert_eq!(it.servers().len(), 1, "{}", run.story());
    assert_eq!(run.problems(), [""; 0]);
}

#[test]
fn s1_a_build_that_arrives_before_the_node_is_set_offline_stops_the_retirement() {
    let (it, node) = about_to_retire(Setup::trusty());
    let name = node.clone();
    just_before(&it, Service::Jenkins, "GET", "trusty%2B", move |world| {
        world.jenkins.occupy(&name, Job::freestyle("late").lasting(minutes(5)));
    });
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    stays(&it, &run, &node);
    assert!(!it.sim.jenkins().node(&node).unwrap().temporarily_offline);
    it.minute().did_nothing();
}

#[test]
fn s1_a_build_that_arrives_with_the_offline_mark_brings_the_node_back_and_both_stay() {
    let (it, node) = about_to_retire(Setup::trusty());
    let name = node.clone();
    just_before(&it, Service::Jenkins, "POST", "changeOfflineCause", move |world| {
        world.jenkins.occupy(&name, Job::freestyle("late").lasting(minutes(5)));
    });
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    assert!(run.errors()[0].contains("a build arrived"), "{}", run.story());
    stays(&it, &run, &node);
    assert!(!it.sim.jenkins().node(&node).unwrap().temporarily_offline, "it is back online");
    it.minutes(4).did_nothing();
    assert!(it.built().contains(&"late".to_owned()));
    it.minutes_until(15, "it goes a grace time later", |it| it.servers().is_empty());
}

#[test]
fn s7_a_hold_that_comes_between_looking_and_acting_is_respected() {
    let (it, node) = about_to_retire(Setup::trusty());
    let name = node.clone();
    just_before(&it, Service::Jenkins, "GET", "trusty%2B", move |world| world.jenkins.hold(&name, "mine"));
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    stays(&it, &run, &node);
    let run = it.minutes(20);
    run.did_nothing();
    assert_eq!(run.rule(Subject::Node, &node), Rule::Held);
}

#[test]
fn s7_a_person_who_takes_the_node_over_after_it_was_set_offline_keeps_it() {
    let (it, node) = about_to_retire(Setup::trusty());
    let name = node.clone();
    it.sim.fault(
        Fault::new(
            Service::Jenkins,
            Kind::After(Box::new(move |world: &mut World| world.jenkins.hold(&name, "wait, I need it"))),
        )
        .method("POST")
        .path("changeOfflineCause"),
    );
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    stays(&it, &run, &node);
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::Node, &node), Rule::Held);
}

#[test]
fn an_agent_that_registers_itself_between_the_deletion_of_its_node_and_of_its_server_keeps_its_server() {
    let (it, node) = about_to_retire(Setup::trusty());
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).rejoins(seconds(0)));
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    assert!(run.errors()[0].contains("registered itself"), "{}", run.story());
    stays(&it, &run, &node);
    it.sim.jenkins().submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
    it.minutes(2);
    assert_eq!((it.built().len(), it.orders()), (2, 1), "it is used again");
}

#[test]
fn a_retirement_that_stops_is_over_also_where_the_cloud_asks_for_fewer_requests() {
    let it = Setup::trusty().top("concurrency = 1").node("debian", "labels = \"amd64 debian\"").start();
    it.sim.on_boot("debian", JoinRule::base_plus_ip(seconds(30), "amd64 debian"));
    for label in ["debian", "trusty"] {
        it.sim.jenkins().submit(Job::freestyle(label).label(label).lasting(minutes(1)));
    }
    it.minutes_until(10, "both are built", |it| it.built().len() == 2);
    it.minutes_until(12, "the next run retires them", |it| it.dry_run().lines().len() == 2);
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).rejoins(seconds(0)));
    it.sim.fault(Fault::new(Service::Nova, Kind::RetryAfter(300)).method("DELETE").always());
    let run = it.minute();
    let state = it.state();
    let servers = state["servers"].as_object().expect("servers");
    let goes_on =
        |kind: &str| servers.values().any(|server| server["node_type"] == kind && !server["retirement"].is_null());
    assert_eq!((goes_on("debian"), goes_on("trusty")), (true, false), "{}", run.story());
}

#[test]
fn s1_a_job_that_comes_to_an_agent_which_registered_itself_again_is_not_killed() {
    let (it, node) = about_to_retire(Setup::trusty());
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).rejoins(seconds(0)));
    it.sim.fault(
        Fault::new(
            Service::Jenkins,
            Kind::After(Box::new(|world: &mut World| {
                world.jenkins.submit(Job::freestyle("second").label("trusty").lasting(minutes(9)));
            })),
        )
        .method("POST")
        .path("doDelete"),
    );
    let run = it.minute();
    stays(&it, &run, &node);
    it.minutes(10);
    assert_eq!(it.built(), ["first", "second"]);
}

#[test]
fn a_job_that_is_queued_during_a_retirement_gets_a_server_of_its_own_in_the_next_run() {
    let (it, node) = about_to_retire(Setup::trusty());
    just_before(&it, Service::Jenkins, "POST", "doDelete", |world| {
        world.jenkins.submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
    });
    it.minute().did(&[&format!("retire_node {node} idle done")]);
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(5);
    assert_eq!(it.built(), ["first", "second"]);
}

#[test]
fn a_node_that_is_being_retired_is_brought_back_for_a_job_that_wants_it() {
    let (it, node) = about_to_retire(Setup::trusty());
    // The run dies after the node was set offline.
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Status(500, "{}".into())).method("POST").path("doDelete"));
    it.minute();
    assert!(it.sim.jenkins().node(&node).unwrap().temporarily_offline);
    it.sim.jenkins().submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
    it.minute().did(&[&format!("restore_node {node} wanted_again done")]);
    it.minutes(2);
    assert_eq!((it.built().len(), it.orders()), (2, 1));
}

#[test]
fn two_nodes_that_go_in_one_run_are_looked_for_in_one_last_reading_of_the_list() {
    let it = Setup::trusty().start();
    for name in ["one", "two", "three"] {
        it.sim.jenkins().submit(Job::freestyle(name).label("trusty").lasting(minutes(1)));
    }
    it.minutes_until(10, "all are built", |it| it.built().len() == 3);
    let run = it.minutes(11);
    assert_eq!(run.lines().len(), 3, "{}", run.story());
    assert_eq!(run.requests.iter().filter(|r| r.path.ends_with("/computer/api/json")).count(), 2);
    assert!(it.servers().is_empty());
}

#[test]
fn s3_a_node_that_the_list_leaves_out_is_looked_for_by_its_name_before_its_server_goes() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    // Jenkins leaves an element out of a list whose export fails.
    let name = node.clone();
    let hidden = it.sim.jenkins().node(&node).unwrap().clone();
    it.sim.jenkins().delete_node(&node);
    it.minutes(15).did_nothing();
    just_before(&it, Service::Jenkins, "GET", "trusty%2B", move |world| world.jenkins.add_node(hidden.clone()));
    let run = it.minute();
    run.did(&["delete_server trusty node_missing skipped"]);
    stays(&it, &run, &name);
}

#[test]
fn s2_a_server_of_which_somebody_begins_to_make_an_image_before_its_deletion_stays_whatever_it_was() {
    for stopped in [false, true] {
        let (it, node) = about_to_retire(Setup::trusty());
        let id = it.server().id;
        if stopped {
            it.sim.cloud("openstack").set_status(&id, Status::Shutoff);
        }
        let image = id.clone();
        just_before(&it, Service::Nova, "GET", &format!("servers/{id}"), move |world: &mut World| {
            world.cloud("openstack").server_mut(&image).expect("it is there").task = Some("image_snapshot");
        });
        let run = (0..40).map(|_| it.minute()).find(|run| !run.errors().is_empty()).expect("its deletion is tried");
        assert!(it.servers().iter().any(|server| server.id == id), "{node}, {stopped}: {}", run.story());
        assert!(run.errors()[0].contains("in state image_snapshot"), "{}", run.story());
    }
}
