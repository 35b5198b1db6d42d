//! Nodes that take no further build: for one build only, or too old.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita_sim::jenkins::Version;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};

fn for_one_build() -> Setup {
    Setup::new().node("trusty", "labels = \"amd64 trusty\"\nsingle_use = true\nmax = 2")
}

fn job(name: &str, lasts: std::time::Duration) -> Job {
    Job::freestyle(name).label("amd64 && trusty").lasting(lasts)
}

fn is_over(farm: &Installation) -> bool {
    farm.servers().is_empty() && farm.nodes().is_empty()
}

#[test]
fn each_job_gets_a_server_of_its_own() {
    let farm = for_one_build().start();
    for number in 0..3 {
        farm.sim.jenkins().submit(job(&format!("build-{number}"), minutes(3)));
    }
    farm.minutes_until(60, "all is built", |farm| farm.built().len() == 3 && is_over(farm));
    assert_eq!((farm.orders(), farm.killed()), (3, vec![]));
    let drains = farm.sim.requests().iter().filter(|request| request.path.ends_with("changeOfflineCause")).count();
    assert_eq!(drains, 6, "each node is set offline while it works, and again when it is retired");
}

#[test]
fn a_build_of_half_a_minute_between_two_runs_is_a_build() {
    let farm = for_one_build().start();
    farm.sim.jenkins().submit(job("short", seconds(25)));
    farm.minutes_until(10, "it is built", |farm| farm.built() == ["short"]);
    assert!(farm.servers().len() == 1, "no run has seen it busy");
    let run = farm.minute();
    let node = run.lines();
    assert!(node.len() == 1 && node[0].ends_with(" single_use done"), "{}", run.story());
    assert!(is_over(&farm) || farm.servers().is_empty());
}

#[test]
fn a_drain_that_jenkins_refused_is_tried_again_and_a_persons_hold_comes_first() {
    let farm = for_one_build().start();
    farm.sim.jenkins().submit(job("long", minutes(20)));
    farm.minutes(2);
    farm.sim
        .fault(Fault::new(Service::Jenkins, Kind::Status(500, "{}".into())).method("POST").path("changeOfflineCause"));
    let refused = farm.minute();
    assert!(
        refused.lines()[0].starts_with("drain_node trusty+") && refused.lines()[0].ends_with("unknown"),
        "{}",
        refused.story()
    );
    let node = farm.node();
    let hold = {
        let node = node.clone();
        move |world: &mut mita_sim::World| world.jenkins.hold(&node, "mine")
    };
    farm.sim.fault(
        Fault::new(Service::Jenkins, Kind::Before(Box::new(hold))).method("GET").path(&node.replace('+', "%2B")),
    );
    let held = farm.minute();
    held.did(&[&format!("drain_node {node} single_use skipped")]);
    farm.minutes(20);
    assert_eq!((farm.nodes(), farm.killed()), (vec![node.clone()], vec![]));
    farm.sim.jenkins().release(&node);
    farm.minutes_until(5, "it goes when it is let go", is_over);
}

#[test]
fn a_server_that_is_always_busy_goes_at_its_age_all_the_same() {
    let farm = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax_age = \"20m\"\nmax = 1").start();
    for number in 0..12 {
        farm.sim.jenkins().submit(job(&format!("build-{number}"), minutes(5)));
    }
    farm.minutes_until(120, "all is built", |farm| farm.built().len() == 12 && is_over(farm));
    assert_eq!((farm.orders(), farm.killed()), (3, vec![]));
}

#[test]
fn a_node_that_had_its_one_build_starts_no_further_one_when_a_person_releases_it() {
    for version in [Version::lts(2, 426, 3), Version::new(2, 528)] {
        let farm = Setup::new()
            .node("trusty", "labels = \"amd64 trusty\"\nsingle_use = true\nmax = 1")
            .jenkins(|options| options.version = version)
            .start();
        farm.sim.jenkins().submit(job("first", minutes(3)));
        farm.minutes_until(10, "it is built", |farm| !farm.built().is_empty() || !farm.nodes().is_empty());
        farm.minutes(1);
        let node = farm.node();
        assert_eq!(farm.program(&["hold", &node, "--reason", "look"]).status, 0);
        farm.minutes_until(10, "it is built", |farm| farm.built() == ["first"]);
        farm.sim.jenkins().submit(job("second", minutes(3)));
        farm.minutes(3);
        let released = farm.program(&["release", &node]);
        let says =
            "is held no more, but takes no build, and mita retires it: its node has had a build, and is for one only";
        assert!(released.stdout.starts_with(&format!("release {node}: {says}; ")), "{released:?}");
        farm.minutes_until(20, "the second has a server of its own", |farm| farm.built() == ["first", "second"]);
        assert_eq!((farm.orders(), farm.killed()), (2, vec![]), "{version}");
    }
}
