//! What becomes of a node in each of the states that Jenkins knows.

use crate::harness::{Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::{JoinRule, Service};

#[test]
fn s1_a_node_that_builds_is_never_touched_however_long() {
    let it = Setup::trusty().top("idle_grace = \"2m\"").with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(100)));
    for _ in 0..19 {
        it.minute().did_nothing();
        it.sim.advance(minutes(4));
    }
    assert_eq!(it.run().rule(Subject::Node, &node), Rule::Busy);
    assert_eq!(it.killed(), [""; 0]);
}

#[test]
fn s1_one_busy_executor_of_two_keeps_the_node() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nexecutors = 2\nidle_grace = \"2m\"").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(10), TRUSTY).executors(2));
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(30)));
    it.minutes(30).did_nothing();
    assert_eq!(it.nodes().len(), 1);
}

#[test]
fn s7_a_node_that_a_person_holds_stays_until_it_is_let_go() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().hold(&node, "debugging <the> network & more");
    for _ in 0..20 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Node, &node), Rule::Held);
        it.sim.advance(minutes(2));
    }
    it.sim.jenkins().release(&node);
    it.minutes(10).did_nothing();
    it.minutes_until(2, "the node goes after a new grace time", |it| it.nodes().is_empty());
}

#[test]
fn s7_a_hold_outlives_the_connection_though_an_old_jenkins_forgets_its_cause() {
    for version in [Version::new(2, 482), Version::new(2, 481)] {
        let it = Setup::trusty().jenkins(|jenkins| jenkins.version = version).with_idle_node();
        let node = it.node();
        it.sim.jenkins().hold(&node, "mine");
        it.minute().did_nothing();
        it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "gone for lunch");
        for _ in 0..40 {
            let run = it.minute();
            run.did_nothing();
            assert_eq!(run.rule(Subject::Node, &node), Rule::Held, "{}", run.story());
        }
    }
}

#[test]
fn a_node_that_a_monitor_set_offline_is_retired_after_join_timeout() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().monitor_marks(&node, "Disk space is too low. Only 0.5GB left on /home.");
    for _ in 0..15 {
        it.minute().did_nothing();
    }
    it.minute().did(&[&format!("retire_node {node} offline done")]);
    assert!(it.servers().is_empty());
}

#[test]
fn s7_a_node_whose_agent_a_person_disconnected_is_held_for_as_long_as_that_lasts() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().disconnect(&node, CauseKind::User, "moving racks");
    for _ in 0..60 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Node, &node), Rule::Held);
    }
}

#[test]
fn a_node_that_lost_its_connection_is_retired_after_join_timeout_and_not_before() {
    for cause in [CauseKind::ChannelTermination, CauseKind::LaunchFailed] {
        let it = Setup::trusty().with_idle_node();
        let node = it.node();
        it.sim.jenkins().disconnect(&node, cause, "no route to host");
        for _ in 0..15 {
            let run = it.minute();
            run.did_nothing();
            assert_eq!(run.rule(Subject::Node, &node), Rule::Away);
        }
        it.minute().did(&[&format!("retire_node {node} offline done")]);
    }
}

#[test]
fn a_node_that_comes_back_in_time_stays_and_its_absence_is_forgotten() {
    let it = Setup::trusty().top("idle_grace = \"2h\"").with_idle_node();
    let node = it.node();
    for _ in 0..3 {
        it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
        it.minutes(10).did_nothing();
        it.sim.jenkins().connect(&node);
        it.minute().did_nothing();
    }
}

#[test]
fn a_server_whose_node_somebody_deleted_is_removed_after_join_timeout() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.jenkins().delete_node(&node);
    for _ in 0..15 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Away, "{}", run.story());
    }
    it.minute().did(&["delete_server trusty node_missing done"]);
}

#[test]
fn a_node_that_was_deleted_and_registers_again_in_time_is_the_same_node() {
    let it = Setup::trusty().top("idle_grace = \"2h\"").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(10, "built", |it| it.built().len() == 1);
    let (server, node) = (it.server(), it.node());
    let copy = it.sim.jenkins().node(&node).unwrap().clone();
    it.sim.jenkins().delete_node(&node);
    it.minutes(10).did_nothing();
    it.sim.jenkins().add_node(copy);
    let run = it.minutes(20);
    run.did_nothing();
    assert_eq!(run.rule(Subject::Server, &server.id), Rule::Kept);
}

#[test]
fn s1_a_node_that_was_deleted_while_it_builds_keeps_its_server_until_the_build_ends() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(40)));
    it.sim.jenkins().delete_node_lingering(&node);
    for _ in 0..35 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::Busy, "{}", run.story());
    }
    it.minutes_until(30, "the server goes then", |it| it.servers().is_empty());
}

#[test]
fn a_node_under_a_name_outside_the_convention_keeps_its_server_for_three_join_timeouts_and_mita_says_how_to_name_it() {
    let it = Setup::trusty().start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).named("worker-7"));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes(17);
    let server = it.server();
    let run = it.minute();
    run.did_nothing();
    let verdict = run.verdict(Subject::Server, &server.id);
    assert_eq!(verdict.rule, Rule::OtherName, "{}", run.story());
    assert!(verdict.reason.contains("trusty+IP"), "{}", verdict.reason);
    it.minutes_until(40, "then it goes", |it| it.servers().is_empty());
    assert_eq!(it.nodes(), ["worker-7"], "the node is nobody's of ours");
    assert_eq!(it.sim.count(Service::Jenkins, "POST", ""), 0);
}

#[test]
fn a_node_that_lacks_a_promised_label_is_told_of_and_its_type_is_not_ordered_for_the_job_again_and_again() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty gpu\"").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY));
    let id = it.sim.jenkins().submit(Job::freestyle("train").label("gpu").lasting(minutes(1)));
    let mut warnings = Vec::new();
    for _ in 0..55 {
        warnings.extend(it.minute().report.plan.warnings.clone());
    }
    assert_eq!(it.orders(), 1, "one server was tried");
    assert!(warnings.iter().any(|warning| warning.contains("lacks the label gpu")), "{warnings:?}");
    let run = it.minute();
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::InVain, "{}", run.story());
    assert!(it.nodes().is_empty(), "it did not stay for a job that it cannot take");
}
