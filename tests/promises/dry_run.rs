//! A dry run looks, and does nothing else.

use crate::harness::{Installation, Setup, lines, minutes};
use mita::plan::model::Subject;
use mita_sim::Service;
use mita_sim::jenkins::queue::Job;
use std::fs;

fn job(name: &str) -> Job {
    Job::freestyle(name).label("trusty").lasting(minutes(5))
}

/// An installation that has an order to send and a node to retire.
fn with_something_to_do() -> Installation {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.jenkins().submit(job("one"));
    it.minutes_until(10, "the build ends", |it| it.built().len() == 1);
    it.minutes(10);
    it.sim.jenkins().submit(Job::freestyle("two").label("debian"));
    it
}

#[test]
fn s8_a_dry_run_sends_nothing_but_reads_and_one_token_request_and_leaves_every_file_as_it_was() {
    let it = with_something_to_do();
    let before = it.files();
    let run = it.dry_run();
    assert_eq!(run.report.plan.actions.len(), 2, "{}", run.story());
    assert!(run.report.results.is_none());
    let writes: Vec<String> = run.requests.iter().filter(|r| r.method != "GET").map(|r| r.line()).collect();
    assert_eq!(writes, ["POST openstack /identity/v3/auth/tokens"]);
    assert_eq!(it.files(), before);
}

#[test]
fn s8_the_first_dry_run_of_all_makes_no_file_at_all() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(job("one"));
    let before = it.files();
    let run = it.dry_run();
    assert_eq!(lines(&run.report.plan.actions), ["create_server trusty demand"]);
    assert_eq!(it.files(), before);
    assert_eq!(before.len(), 1, "mita.toml alone");
}

#[test]
fn a_dry_run_plans_what_the_next_run_does_and_keeps_nothing_from_being_done() {
    let it = with_something_to_do();
    let planned = it.dry_run();
    assert_eq!(lines(&it.dry_run().report.plan.actions), lines(&planned.report.plan.actions));
    let done = it.run();
    assert_eq!(lines(&done.report.plan.actions), lines(&planned.report.plan.actions));
    assert_eq!(done.errors(), [""; 0]);
    assert_eq!(done.report.plan.verdicts, planned.report.plan.verdicts);
}

#[test]
fn s8_a_dry_run_needs_no_lock_and_does_not_hinder_the_run_that_has_it() {
    let it = with_something_to_do();
    let config = it.config();
    let store = mita::store::Store::lock(&config.state_file).unwrap();
    let before = it.files();
    let run = it.dry_run();
    assert_eq!(run.report.plan.actions.len(), 2);
    assert_eq!(it.files(), before);
    drop(store);
    it.run().did(&["create_server debian demand done", "retire_node trusty+192.168.1.10 idle done"]);
}

#[test]
fn s8_a_dry_run_leaves_an_unreadable_state_file_where_it_is_and_tells_of_it() {
    let it = with_something_to_do();
    fs::write(it.state_file(), "{\"version\": 1, \"owner\": \"ceph-ci\", \"serv").unwrap();
    let before = it.files();
    let run = it.dry_run();
    assert_eq!(run.lines(), [""; 0], "{}", run.story());
    assert!(run.report.plan.warnings.iter().any(|warning| warning.contains("state.json")), "{}", run.story());
    assert_eq!(it.files(), before);
}

#[test]
fn s8_the_program_writes_nothing_in_a_dry_run_and_says_what_it_would_do() {
    let it = with_something_to_do();
    let before = it.files();
    let seen = it.sim.requests().len();
    let ended = it.program(&["reconcile", "--dry-run"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert!(ended.stdout.contains("debian"), "{}", ended.stdout);
    assert_eq!(it.files(), before);
    let requests = it.sim.requests().split_off(seen);
    let not_reads = requests.iter().filter(|r| r.method != "GET");
    assert!(not_reads.clone().all(|r| r.service == Service::Keystone), "{:?}", not_reads.collect::<Vec<_>>());
}

#[test]
fn every_thing_that_was_seen_has_exactly_one_verdict() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    it.sim.cloud("openstack").place_server("trusty", &[]);
    let jobs = [
        job("waits"),
        job("blocked").blocked("for good"),
        job("quiet").quiet(minutes(60)),
        Job::pipeline("unserved").label("nobody"),
    ];
    let queued = jobs.map(|job| it.sim.jenkins().submit(job));
    it.minutes(4);
    let run = it.run();
    for id in queued.iter().skip(1) {
        run.verdict(Subject::QueueItem, &id.to_string());
    }
    for node in ["Built-In Node", "static-1", &it.nodes().into_iter().find(|name| name.contains('+')).unwrap()] {
        run.verdict(Subject::Node, node);
    }
    let ours = it.servers().into_iter().find(|server| !server.metadata.is_empty()).unwrap();
    run.verdict(Subject::Server, &ours.id);
    let count = |subject| run.report.plan.verdicts.iter().filter(|verdict| verdict.subject == subject).count();
    assert_eq!((count(Subject::QueueItem), count(Subject::Node), count(Subject::Server)), (3, 3, 1), "{}", run.story());
}
