//! Servers that come from a program (`type = "command"`).

use crate::harness::{Setup, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Quota;
use mita_sim::{Fault, Kind, Service};

fn farm() -> Setup {
    Setup::trusty().by_command()
}

#[test]
fn a_whole_life_from_the_order_to_the_deletion() {
    let it = farm().start();
    it.sim.cloud("openstack").place_server("trusty", &[]);
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(2)));
    it.minutes_until(10, "the job is built", |it| it.built() == ["ceph-build"]);
    it.minutes_until(20, "the server is gone", |it| it.sim.cloud("openstack").servers.len() == 1);
    it.minutes(3).did_nothing();
    assert_eq!(it.sim.count(Service::Command, "POST", "create"), 1);
    assert_eq!(it.sim.count(Service::Command, "DELETE", "delete"), 1);
}

#[test]
fn s8_a_dry_run_calls_only_verbs_that_read() {
    let it = farm().start();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    it.reconcile(&["--dry-run"]);
    assert_eq!(it.sim.writes().len(), 0);
    assert!(it.sim.count(Service::Command, "GET", "list") > 0 && it.sim.count(Service::Command, "GET", "check") > 0);
}

#[test]
fn s4_an_order_whose_answer_was_lost_is_found_by_its_mark_and_not_sent_twice() {
    let it = farm().start();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    it.sim.fault(Fault::new(Service::Command, Kind::DropAfter).method("POST"));
    it.minutes(3);
    assert_eq!(it.sim.cloud("openstack").history.len(), 1);
    assert_eq!(it.sim.count(Service::Command, "POST", "create"), 1);
}

#[test]
fn s3_a_list_that_failed_or_was_cut_off_deletes_nothing() {
    let it = farm().with_idle_node();
    it.sim.advance(minutes(15));
    for kind in [Kind::Status(500, "broken".into()), Kind::Truncated, Kind::Empty(200), Kind::DropBefore] {
        it.sim.fault(Fault::new(Service::Command, kind).path("list"));
        let before = it.sim.writes().len();
        it.minute();
        assert_eq!(it.sim.writes().len(), before);
    }
}

#[test]
fn l1_where_one_program_has_no_room_the_next_provider_serves_the_job_in_the_same_run() {
    let providers = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"second\"]";
    let it = Setup::new().by_command().cloud("second", "").node("trusty", providers).start();
    *it.sim.cloud("openstack").quota_mut("ceph-ci") = Quota { instances: Some(0), ..Quota::default() };
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    it.minute();
    assert_eq!(it.sim.cloud("second").servers.len(), 1);
}

#[test]
fn a_locked_server_is_left_alone() {
    let it = farm().with_idle_node();
    it.sim.cloud("openstack").servers[0].locked = true;
    for _ in 0..15 {
        it.minute();
    }
    assert_eq!(it.sim.cloud("openstack").servers.len(), 1);
    assert_eq!(it.sim.jenkins().nodes.iter().filter(|node| !node.removed).count(), 2);
}

#[test]
fn a_type_that_the_program_does_not_know_is_told_with_its_words() {
    let it = Setup::new().by_command().node("trusty", "labels = \"amd64 trusty\"\nsize = \"enormous\"").start();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    let run = it.minute();
    assert!(run.story().contains("no size \"enormous\""), "{}", run.story());
    assert_eq!(it.sim.cloud("openstack").servers.len(), 0);
}
