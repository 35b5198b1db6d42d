//! Servers that a person locked in their cloud (`openstack server lock`).

use crate::harness::{Installation, Setup, minutes};
use mita::domain::rule::Rule;
use mita::operator::{Ended, Request};
use mita::plan::model::Subject;
use mita_sim::Service;
use mita_sim::jenkins::queue::Job;

fn lock(it: &Installation, locked: bool) {
    it.sim.cloud("openstack").servers.iter_mut().for_each(|server| server.locked = locked);
}

#[test]
fn s7_a_locked_server_keeps_its_node_until_it_is_unlocked() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    lock(&it, true);
    let mut warnings = 0;
    for _ in 0..60 {
        let run = it.minute();
        run.did_nothing();
        assert!(run.problems().is_empty(), "{}", run.story());
        warnings += run.report.plan.warnings.iter().filter(|warning| warning.contains("locked")).count();
    }
    let run = it.minute();
    assert_eq!((run.rule(Subject::Server, &server.id), run.rule(Subject::Node, &node)), (Rule::Held, Rule::Held));
    assert_eq!((warnings, it.sim.count(Service::Jenkins, "POST", &node.replace('+', "%2B"))), (1, 0));
    lock(&it, false);
    it.minute().did(&[&format!("retire_node {node} idle done")]);
}

#[test]
fn s7_a_locked_server_serves_jobs() {
    let it = Setup::trusty().with_idle_node();
    lock(&it, true);
    it.minutes(15);
    it.sim.jenkins().submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
    it.minutes(3);
    assert_eq!((it.built().len(), it.orders()), (2, 1));
}

#[test]
fn s7_a_person_is_told_why_a_locked_server_is_not_retired() {
    let it = Setup::trusty().with_idle_node();
    lock(&it, true);
    for when_idle in [false, true] {
        let answer = it.by_hand(&it.node(), &Request::Retire { when_idle });
        assert_eq!(answer.ended, Ended::Refused, "{}", answer.reason);
        assert!(answer.reason.contains("locked"), "{}", answer.reason);
    }
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(5)));
    it.minute();
    let answer = it.by_hand(&it.node(), &Request::Retire { when_idle: true });
    assert_eq!((answer.ended, answer.reason.contains("locked")), (Ended::Refused, true));
    assert_eq!(it.sim.count(Service::Jenkins, "POST", "computer/"), 0);
}

#[test]
fn s7_a_cloud_that_shows_no_locks_is_believed_when_it_refuses() {
    let it = Setup::trusty().openstack(|cloud| cloud.newest_microversion = 1).with_idle_node();
    let (server, node) = (it.server(), it.node());
    lock(&it, true);
    let retired = format!("retire_node {node} idle refused");
    assert!((0..12).any(|_| it.minute().lines().contains(&retired)), "the deletion is refused");
    for _ in 0..55 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Held, "{}", run.story());
    }
    lock(&it, false);
    it.minutes_until(8, "it is tried again after an hour", |it| it.servers().is_empty());
}

#[test]
fn s7_where_a_cloud_shows_no_locks_a_node_that_registers_again_keeps_its_locked_server_until_a_person_retires_it() {
    let it = Setup::trusty().openstack(|cloud| cloud.newest_microversion = 1).with_idle_node();
    let (server, node) = (it.server(), it.node());
    lock(&it, true);
    it.minutes_until(12, "the node is deleted", |it| it.nodes().is_empty());
    let again =
        mita_sim::jenkins::nodes::Node::new(&node, "amd64 trusty", 1).on_server("openstack", &server.id).online();
    it.sim.jenkins().add_node(again);
    for _ in 0..90 {
        it.minute().did_nothing();
    }
    assert_eq!(it.run().rule(Subject::Node, &node), Rule::Held);
    lock(&it, false);
    let answer = it.by_hand(&node, &Request::Retire { when_idle: false });
    assert_eq!(answer.ended, Ended::Done, "{}", answer.reason);
    assert!(it.servers().is_empty());
}
