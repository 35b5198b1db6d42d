//! What becomes of a server that its cloud fails to give, or takes away: the rows that ask the cloud.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Status};
use mita_sim::{Fault, JoinRule, Kind, Service, World};

fn waits(it: &Installation, name: &str) -> u64 {
    it.sim.jenkins().submit(Job::freestyle(name).label("trusty").lasting(minutes(60)))
}

#[test]
fn a_server_that_its_cloud_gives_up_is_removed_and_tried_again_at_once() {
    let it = Setup::trusty().start();
    it.sim.cloud("openstack").next_fates.push_back(Fate::no_valid_host());
    let id = waits(&it, "build");
    it.minute().did(&["create_server trusty demand done"]);
    let server = it.server();
    let run = it.minute();
    run.did(&["create_server trusty demand done", "delete_server trusty error done"]);
    assert!(run.verdict(Subject::Server, &server.id).reason.contains("No valid host was found."), "{}", run.story());
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::Demand);
    assert!(run.report.plan.warnings.iter().any(|warning| warning.contains("No valid host")), "{}", run.story());
    for _ in 0..3 {
        let run = it.minute();
        run.did_nothing();
        assert!(run.report.plan.warnings.is_empty(), "told once: {}", run.story());
    }
    assert_eq!(it.sim.jenkins().waiting(), 0);
    assert_eq!(it.orders(), 2);
}

#[test]
fn an_open_breaker_lets_one_server_try_and_pauses_longer_after_each_failure() {
    let it = Setup::trusty().start();
    it.sim.cloud("openstack").default_fate = Fate::no_valid_host();
    for number in 0..3 {
        waits(&it, &format!("build-{number}"));
    }
    it.minute().did(&["create_server trusty demand done"; 3]);
    let mut ordered_at = Vec::new();
    for minute in 1..40 {
        let orders = it.minute().orders();
        assert!(orders <= 1, "{orders} orders in minute {minute}");
        if orders == 1 {
            ordered_at.push(minute);
        }
    }
    // Seen in ERROR a minute after each order: a try at once after the first two runs with failures, then pauses of 5, 10
    // and 20 minutes.
    assert_eq!(ordered_at, [1, 2, 8, 19]);
}

#[test]
fn a_server_that_builds_for_ever_is_removed_after_boot_timeout() {
    let it = Setup::trusty().start();
    it.sim.cloud("openstack").next_fates.push_back(Fate::BuildForever);
    waits(&it, "build");
    it.minute().did(&["create_server trusty demand done"]);
    let server = it.server();
    for minute in 1..15 {
        let run = it.minute();
        match minute {
            6 => run.did(&["create_server trusty demand done"]),
            _ => run.did_nothing(),
        }
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Booting);
    }
    assert_eq!(it.sim.jenkins().waiting(), 0, "the second one serves, since the first one is late");
    it.minute().did(&["delete_server trusty boot_timeout done"]);
    assert_eq!(it.orders(), 2);
}

#[test]
fn a_server_that_never_joins_is_removed_after_join_timeout() {
    let it = Setup::trusty().top("max_servers = 1").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(600), TRUSTY));
    waits(&it, "build");
    it.minutes(2);
    let server = it.server();
    for _ in 0..14 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Connecting, "{}", run.story());
    }
    it.minute().did(&["delete_server trusty never_joined done"]);
}

#[test]
fn a_node_that_was_never_online_is_not_taken_for_an_idle_one_and_goes_with_its_server_after_join_timeout() {
    let it = Setup::trusty().top("idle_grace = \"2m\"").top("max_servers = 1").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(10), TRUSTY).never_connects());
    waits(&it, "build");
    it.minutes(3);
    let node = it.node();
    for _ in 0..13 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Node, &node), Rule::Connecting, "{}", run.story());
    }
    it.minute().did(&[&format!("retire_node {node} never_joined done")]);
    assert!(it.nodes().is_empty() && it.servers().is_empty());
}

#[test]
fn a_server_that_joins_late_is_used_all_the_same() {
    let it = Setup::trusty().top("max_servers = 1").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(13), TRUSTY));
    waits(&it, "build");
    it.minutes(18);
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0));
}

#[test]
fn a_stopped_server_has_join_timeout_to_come_back() {
    for status in [Status::Shutoff, Status::Suspended, Status::Paused, Status::ShelvedOffloaded] {
        let it = Setup::trusty().with_idle_node();
        let (server, node) = (it.server(), it.node());
        it.sim.cloud("openstack").set_status(&server.id, status);
        for _ in 0..15 {
            let run = it.minute();
            run.did_nothing();
            assert_eq!(run.rule(Subject::Server, &server.id), Rule::Stopping, "{}", run.story());
        }
        it.minute().did(&[&format!("retire_node {node} stopped done")]);
    }
}

#[test]
fn a_stopped_server_that_comes_back_in_time_stays() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.cloud("openstack").set_status(&server.id, Status::Shutoff);
    it.minutes(10);
    it.sim.cloud("openstack").set_status(&server.id, Status::Active);
    it.sim.jenkins().connect(&node);
    let run = it.minute();
    assert_eq!(run.rule(Subject::Server, &server.id), Rule::Kept, "{}", run.story());
}

#[test]
fn a_server_in_a_state_that_mita_does_not_know_is_left_alone_and_told_of() {
    for status in [Status::Other("RESCUE"), Status::Other("SOMETHING_NEW")] {
        let it = Setup::trusty().with_idle_node();
        let server = it.server();
        it.sim.cloud("openstack").set_status(&server.id, status);
        let told: usize = (0..60).map(|_| it.minute().report.plan.warnings.len()).sum();
        assert_eq!((it.servers().len(), told), (1, 1));
    }
}

#[test]
fn a_server_of_which_a_person_makes_an_image_is_left_alone_until_that_is_made() {
    for status in [Status::Active, Status::Shutoff] {
        let it = Setup::trusty().with_idle_node();
        let server = it.server();
        let task = |task| it.sim.cloud("openstack").server_mut(&server.id).unwrap().task = task;
        it.sim.cloud("openstack").set_status(&server.id, status);
        task(Some("image_uploading"));
        it.minutes(60);
        assert_eq!(it.servers().len(), 1, "{status:?}");
        task(None);
        it.minutes_until(20, "it goes", |it| it.servers().is_empty());
    }
}

#[test]
fn a_server_that_somebody_deleted_is_gone_after_two_runs_and_its_node_with_it() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    assert!(it.sim.cloud("openstack").delete_server(&server.id));
    it.sim.advance(seconds(30));
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::Server, &server.id), Rule::Gone, "{}", run.story());
    it.minute().did(&[&format!("delete_node {node} server_gone done")]);
    assert!(it.nodes().is_empty());
    it.minute().did_nothing();
}

#[test]
fn s1_the_node_of_a_server_that_is_gone_stays_while_it_counts_a_build() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.jenkins().occupy(&node, Job::freestyle("pipeline").lasting(minutes(30)));
    it.sim.jenkins().disconnect_while_busy(&node);
    let now = it.sim.now();
    it.sim.cloud("openstack").server_mut(&server.id).unwrap().gone_at = Some(now);
    for minute in 0..20 {
        let run = it.minute();
        run.did(&[]);
        assert_eq!(run.rule(Subject::Node, &node), Rule::Busy, "{}", run.story());
        assert_eq!(run.problems().len(), usize::from(minute >= 15), "{minute}: {}", run.story());
    }
    it.minutes_until(15, "the node goes once its build is over", |it| it.nodes().is_empty());
}

#[test]
fn a_server_that_is_stuck_in_deletion_is_shown_and_takes_no_place_of_another() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax = 1").with_idle_node();
    let server = it.server();
    let id = server.id.clone();
    let stuck = move |world: &mut World| world.cloud("openstack").server_mut(&id).unwrap().stuck_deleting = true;
    it.sim.fault(Fault::new(Service::Nova, Kind::After(Box::new(stuck))).method("DELETE"));
    it.minutes_until(12, "the server is being deleted", |it| it.servers().is_empty());
    waits(&it, "next");
    it.minute().did(&["create_server trusty demand done"]);
    let mut last = Vec::new();
    for _ in 0..20 {
        let run = it.minute();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Deleting);
        last.clone_from(&run.report.plan.problems);
    }
    assert!(matches!(last.as_slice(), [one] if one.error.contains("ask the cloud's operators")), "{last:?}");
}

#[test]
fn s1_a_busy_server_that_its_cloud_calls_failed_is_left_alone() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.jenkins().occupy(&node, Job::freestyle("build").lasting(minutes(30)));
    for status in [Status::Error, Status::Shutoff, Status::Other("UNKNOWN")] {
        it.sim.cloud("openstack").server_mut(&server.id).unwrap().status = status;
        let run = it.minutes(5);
        run.did_nothing();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Busy, "{}", run.story());
    }
    assert_eq!(it.killed(), [""; 0]);
}
