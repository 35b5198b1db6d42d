//! Jenkins before 2.517 loses an item that it assigned to a node in the moment in which the node goes offline: mita closes the
//! node first, where it may, and opens it again if the node stays.

use crate::harness::{Installation, Setup, minutes};
use mita::operator::{Ended, Request};
use mita_sim::jenkins::queue::Job;
use mita_sim::jenkins::{Permission, User, Version};
use mita_sim::{Fault, JoinRule, Kind, Meanwhile, Service};

/// An installation on an old Jenkins, whose one node is retired by the next run.
fn about_to_retire(setup: Setup) -> (Installation, String) {
    let it = setup.jenkins(|options| options.version = Version::lts(2, 426, 3)).with_idle_node();
    it.minutes(9).did_nothing();
    let node = it.node();
    (it, node)
}

fn just_before(it: &Installation, method: &str, part: &str, what: impl Meanwhile + 'static) {
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Before(Box::new(what))).method(method).path(part));
}

/// A job of the node's type is assigned to it just before it is set offline, and would start a moment later: Jenkins can do
/// more in that moment than the run.
fn assigned_around_the_mark(it: &Installation) {
    just_before(it, "POST", "changeOfflineCause", |world| {
        world.jenkins.hold_starts(true);
        world.jenkins.submit(Job::freestyle("late").label("trusty").lasting(minutes(1)));
    });
}

#[test]
fn a_node_is_closed_before_it_is_set_offline_and_no_item_is_lost() {
    // A version that a proxy hides may be an old one.
    for lost_headers in [&[][..], &["X-Jenkins"]] {
        let (it, node) = about_to_retire(Setup::trusty());
        it.sim.jenkins().options.lost_headers = lost_headers;
        assigned_around_the_mark(&it);
        let run = it.minute();
        run.did(&[&format!("retire_node {node} idle done")]);
        assert_eq!(run.count(Service::Jenkins, "POST", "config.xml"), 1, "{}", run.story());
        assert!(it.sim.jenkins().lost.is_empty());
        it.minutes_until(10, "the job runs on a new server", |it| it.built().contains(&"late".to_owned()));
    }
}

#[test]
fn a_node_is_not_closed_while_a_job_waits_that_would_start_there_although_its_labels_forbid_that() {
    for label in ["!trusty && !static", "mita-retiring"] {
        let (it, node) = about_to_retire(Setup::trusty());
        it.sim.jenkins().submit(Job::freestyle("elsewhere").label(label).lasting(minutes(1)));
        let run = it.minute();
        run.did(&[&format!("retire_node {node} idle done")]);
        assert_eq!(run.count(Service::Jenkins, "POST", "config.xml"), 0, "{label}: {}", run.story());
        assert_eq!(it.built(), ["first"], "{label}");
    }
}

#[test]
fn without_the_right_to_configure_the_item_is_lost() {
    let user = User::new("mita", "jenkins-api-token")
        .without(Permission::AgentConfigure)
        .without(Permission::AgentExtendedRead);
    let (it, node) = about_to_retire(Setup::trusty().user(user));
    assigned_around_the_mark(&it);
    it.minute().did(&[&format!("retire_node {node} idle done")]);
    assert_eq!(it.sim.jenkins().lost.len(), 1, "what the right is for");
}

#[test]
fn a_newer_jenkins_is_not_asked_for_the_configuration() {
    let it = Setup::trusty().with_idle_node();
    it.minutes(9).did_nothing();
    assert_eq!(it.minute().count(Service::Jenkins, "GET", "config.xml"), 0);
}

#[test]
fn a_build_that_was_first_gets_its_node_back_as_it_was() {
    let (it, node) = about_to_retire(Setup::trusty());
    let before = it.sim.jenkins().node(&node).unwrap().clone();
    let name = node.clone();
    just_before(&it, "POST", "config.xml", move |world| {
        world.jenkins.occupy(&name, Job::freestyle("late").lasting(minutes(5)));
    });
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle skipped")]);
    let after = it.sim.jenkins().node(&node).unwrap().clone();
    assert_eq!((&after.labels, after.mode), (&before.labels, before.mode));
    assert!(!after.temporarily_offline && it.killed().is_empty());
    assert_eq!(it.state()["nodes"][&node].get("closed"), None, "{}", it.state()["nodes"][&node]);
    it.minute().did_nothing();
}

#[test]
fn l4_a_node_that_was_left_closed_serves_its_jobs_and_is_opened() {
    let (it, node) = about_to_retire(Setup::trusty());
    let before = it.sim.jenkins().node(&node).unwrap().clone();
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).method("POST").path("changeOfflineCause").always());
    it.minute();
    assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, "mita-retiring");
    assert_eq!(it.state()["nodes"][&node]["closed"]["label"], before.labels.as_str());
    it.sim.heal();
    it.sim.jenkins().submit(Job::freestyle("late").label("trusty").lasting(minutes(1)));
    let run = it.minute();
    run.did(&[&format!("restore_node {node} wanted_again done")]);
    assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, before.labels);
    it.minutes_until(5, "the job runs there", |it| it.built().contains(&"late".to_owned()));
    assert_eq!(it.orders(), 1, "no second server");
}

#[test]
fn l4_a_node_that_was_left_closed_is_retired_if_nobody_wants_it() {
    let (it, _) = about_to_retire(Setup::trusty());
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).method("POST").path("changeOfflineCause").always());
    it.minute();
    it.sim.heal();
    it.minutes(2);
    assert!(it.nodes().is_empty() && it.servers().is_empty());
}

#[test]
fn a_node_that_a_person_opened_stays_as_that_person_left_it() {
    let (it, node) = about_to_retire(Setup::trusty());
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).method("POST").path("changeOfflineCause").always());
    it.minute();
    it.sim.heal();
    it.sim.jenkins().node_mut(&node).unwrap().labels = "mine".to_owned();
    it.sim.jenkins().node_mut(&node).unwrap().relabel();
    it.sim.jenkins().occupy(&node, Job::freestyle("theirs").lasting(minutes(5)));
    it.minute().did_nothing();
    assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, "mine");
    assert_eq!(it.state()["nodes"][&node].get("closed"), None);
}

/// Faults of the configuration of nodes, in each run.
fn fail_always(it: &Installation, method: &str, kind: Kind) {
    it.sim.fault(Fault::new(Service::Jenkins, kind).method(method).path("config.xml").always());
}

#[test]
fn s5_a_node_whose_configuration_cannot_be_read_or_replaced_goes_in_the_usual_order() {
    for (method, kind) in [("GET", Kind::Html(500)), ("POST", Kind::Html(500)), ("POST", Kind::DropBefore)] {
        let (it, node) = about_to_retire(Setup::trusty());
        fail_always(&it, method, kind);
        it.minute().did(&[&format!("retire_node {node} idle done")]);
    }
}

#[test]
fn s1_a_node_that_was_closed_although_jenkins_answers_500_is_opened_for_the_build_that_came_first() {
    for kind in [Kind::DoneBut(500), Kind::DropAfter] {
        let (it, node) = about_to_retire(Setup::trusty());
        let before = it.sim.jenkins().node(&node).unwrap().labels.clone();
        it.sim.fault(Fault::new(Service::Jenkins, kind).method("POST").path("config.xml"));
        let name = node.clone();
        just_before(&it, "POST", "changeOfflineCause", move |world| {
            world.jenkins.occupy(&name, Job::freestyle("late").lasting(minutes(5)));
        });
        it.minute().did(&[&format!("retire_node {node} idle skipped")]);
        let after = it.sim.jenkins().node(&node).unwrap().clone();
        assert!(after.labels == before && !after.temporarily_offline && it.killed().is_empty(), "{after:?}");
    }
}

#[test]
fn l4_a_node_whose_configuration_cannot_be_read_for_a_moment_is_opened_in_the_next_run() {
    for kind in [Kind::Html(500), Kind::Status(403, String::new()), Kind::Status(404, String::new())] {
        let (it, node) = about_to_retire(Setup::trusty());
        let before = it.sim.jenkins().node(&node).unwrap().labels.clone();
        // The first read is that before the node is closed.
        it.sim.fault(Fault::new(Service::Jenkins, kind).method("GET").path("config.xml").after(1));
        let name = node.clone();
        just_before(&it, "POST", "config.xml", move |world| {
            world.jenkins.occupy(&name, Job::freestyle("late").lasting(minutes(5)));
        });
        let run = it.minute();
        run.did(&[&format!("retire_node {node} idle refused")]);
        assert!(
            run.errors()[0].contains("is closed to builds, and its configuration cannot be read"),
            "{}",
            run.story()
        );
        it.minute().did(&[&format!("restore_node {node} wanted_again done")]);
        assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, before);
        assert_eq!(it.state()["nodes"][&node].get("closed"), None);
    }
}

/// A build runs on one executor of a node, and an item is assigned to the other in the moment in which the node is set offline.
fn assigned_around_the_drain(more: &str) -> Installation {
    let node = format!("labels = \"amd64 trusty\"\nexecutors = 2\n{more}");
    let it = Setup::new().node("trusty", &node).jenkins(|options| options.version = Version::lts(2, 426, 3)).start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(1), "amd64 trusty").executors(2));
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(30)));
    it.minutes_until(10, "the build runs", |it| it.sim.jenkins().nodes.iter().any(|node| !node.idle()));
    assigned_around_the_mark(&it);
    it
}

fn both_are_built(it: &Installation) {
    let lost = it.sim.jenkins().lost.clone();
    assert!(lost.is_empty(), "{lost:?}");
    it.minutes_until(60, "both are built", |it| it.built().len() == 2);
    assert!(it.killed().is_empty());
}

#[test]
fn an_item_that_is_assigned_to_a_node_beside_its_last_build_is_not_lost() {
    let it = assigned_around_the_drain("max_age = \"1m\"");
    it.minute().did(&[&format!("drain_node {} max_age done", it.node())]);
    both_are_built(&it);
}

#[test]
fn an_item_that_is_assigned_to_a_node_that_a_person_has_retired_is_not_lost() {
    let it = assigned_around_the_drain("");
    let answer = it.by_hand(&it.node(), &Request::Retire { when_idle: true });
    assert_eq!(answer.ended, Ended::Remembered, "{answer:?}");
    both_are_built(&it);
}

#[test]
fn a_node_that_is_closed_and_not_yet_set_offline_for_its_last_build_is_set_offline_by_the_next_run() {
    let it = assigned_around_the_drain("max_age = \"1m\"");
    it.sim.heal();
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).method("POST").path("changeOfflineCause").always());
    it.minute();
    let node = it.node();
    assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, "mita-retiring");
    it.sim.heal();
    let run = it.minute();
    run.did(&[&format!("drain_node {node} max_age done")]);
    it.minutes_until(60, "it is built, and all is gone", |it| it.nodes().is_empty() && it.servers().is_empty());
    assert!(it.killed().is_empty());
}

/// A run was killed after it closed the node and before it set it offline. There is a node of somebody else as well.
fn left_closed() -> (Installation, String, String) {
    let (it, node) = about_to_retire(Setup::trusty());
    it.sim.jenkins().add_agent("theirs", "other", 1);
    let before = it.sim.jenkins().node(&node).unwrap().document();
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).method("POST").path("changeOfflineCause").always());
    it.minute();
    it.sim.heal();
    assert_eq!(it.sim.jenkins().node(&node).unwrap().labels, "mita-retiring");
    (it, node, before)
}

#[test]
fn a_closed_node_that_a_person_renames_gets_its_labels_back() {
    for connected in [true, false] {
        let (it, node, before) = left_closed();
        it.sim.jenkins().rename(&node, "keep-for-ann");
        if connected {
            it.sim.jenkins().connect("keep-for-ann");
        } else {
            it.minute().did_nothing();
            it.sim.jenkins().connect("keep-for-ann");
        }
        it.minute().did(&["restore_node keep-for-ann wanted_again done"]);
        let after = it.sim.jenkins().node("keep-for-ann").unwrap().document();
        assert_eq!(after, before.replace(&node, "keep-for-ann"));
        it.minute().did_nothing();
        assert!(it.minutes_until(30, "it goes once it is idle", |it| it.servers().is_empty()) > 5);
        assert_eq!(it.nodes(), ["theirs"]);
    }
}

#[test]
fn s2_a_node_that_another_installation_closed_stays_closed_though_ours_was_deleted() {
    let (it, node, _) = left_closed();
    it.sim.jenkins().delete_node(&node);
    it.sim.jenkins().node_mut("theirs").unwrap().labels = "mita-retiring".to_owned();
    it.sim.jenkins().node_mut("theirs").unwrap().relabel();
    it.minutes(3);
    assert_eq!(it.sim.jenkins().node("theirs").unwrap().labels, "mita-retiring");
    assert!(it.servers().is_empty());
}
