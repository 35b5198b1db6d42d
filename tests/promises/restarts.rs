//! Jenkins restarts, goes to sleep or has nobody; the state file is lost, cut or old; the clock jumps.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, JoinRule, Kind, Service};
use std::fs;

fn waits(it: &Installation, name: &str) -> u64 {
    it.sim.jenkins().submit(Job::freestyle(name).label("trusty").lasting(minutes(1)))
}

#[test]
fn for_two_minutes_after_a_restart_of_jenkins_nothing_is_ordered_or_deleted() {
    let it = Setup::trusty().with_idle_node();
    it.minutes(9);
    it.sim.jenkins().restart(minutes(2), minutes(4));
    for _ in 0..2 {
        let run = it.minute();
        run.did(&[]);
        assert!(!run.problems().is_empty(), "it answers 503: {}", run.story());
    }
    let id = waits(&it, "second");
    for _ in 0..2 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::Settling, "{}", run.story());
    }
    let run = it.minute();
    assert_eq!(run.lines(), ["create_server trusty demand done"], "{}", run.story());
}

#[test]
fn s1_agents_that_come_back_late_after_a_restart_lose_nothing() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().restart(minutes(1), minutes(12));
    it.minutes(14);
    assert_eq!(it.nodes(), [node]);
    assert_eq!(it.servers().len(), 1);
}

#[test]
fn a_pipeline_that_resumes_after_a_restart_asks_for_its_old_node_and_no_server_is_ordered_for_it() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::pipeline("deploy").label("trusty").lasting(minutes(20)));
    it.minutes(2);
    assert_eq!(it.sim.jenkins().running_on(&node).len(), 1);
    it.sim.jenkins().restart(minutes(1), minutes(3));
    let mut resuming = 0;
    for _ in 0..8 {
        let run = it.minute();
        run.did(&[]);
        let verdicts = &run.report.plan.verdicts;
        resuming += usize::from(verdicts.iter().any(|verdict| verdict.rule == Rule::Resuming));
    }
    assert!(resuming > 0);
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, 0), "it goes on where it was");
}

#[test]
fn s1_a_node_for_one_build_waits_for_its_block_that_jenkins_queues_late_after_a_restart() {
    for version in [Version::lts(2, 426, 3), Version::new(2, 528)] {
        let it = Setup::new()
            .node("trusty", "labels = \"amd64 trusty\"\nsingle_use = true")
            .jenkins(|options| (options.version, options.resumes_after) = (version, minutes(4)))
            .start();
        it.sim.jenkins().submit(Job::pipeline("deploy").label("trusty").lasting(minutes(20)));
        it.minutes_until(10, "it runs", |it| {
            it.nodes().iter().any(|node| !it.sim.jenkins().running_on(node).is_empty())
        });
        it.minutes(2);
        it.sim.jenkins().restart(minutes(1), seconds(20));
        it.minutes_until(40, "it is built", |it| it.built() == ["deploy"]);
        assert_eq!(it.orders(), 1, "{version}: it went on where it was");
        it.minutes(3);
        assert!(it.servers().is_empty(), "{version}");
    }
}

#[test]
fn while_jenkins_prepares_to_shut_down_nothing_is_ordered_and_idle_nodes_go() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().quiet_down(true);
    let id = it.sim.jenkins().submit(Job::freestyle("second").label("amd64 && trusty && foo"));
    let run = it.minute();
    run.did_nothing();
    let rule = run.rule(Subject::QueueItem, &id.to_string());
    assert!([Rule::QuietingDown, Rule::NoNodeType, Rule::UnknownNeed].contains(&rule), "{}", run.story());
    let id = waits(&it, "third");
    for _ in 0..5 {
        let run = it.minute();
        run.did_nothing();
        assert_ne!(run.rule(Subject::QueueItem, &id.to_string()), Rule::Demand);
    }
    it.sim.jenkins().quiet_down(false);
    it.minutes(3);
    assert!(it.built().contains(&"third".to_owned()), "on {node}");
}

#[test]
fn s6_a_state_file_that_is_lost_makes_mita_late_and_never_wrong() {
    let it = Setup::trusty().with_idle_node();
    let (server, node) = (it.server(), it.node());
    waits(&it, "second");
    it.minutes(9);
    fs::remove_file(it.state_file()).unwrap();
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::Server, &server.id), Rule::Kept, "{}", run.story());
    it.minutes(9).did_nothing();
    it.minute().did(&[&format!("retire_node {node} idle done")]);
    assert_eq!(it.orders(), 1);
}

#[test]
fn s6_with_the_state_lost_servers_on_their_way_are_known_by_their_mark() {
    let it = Setup::trusty().start();
    waits(&it, "first");
    it.minute().did(&["create_server trusty demand done"]);
    fs::remove_file(it.state_file()).unwrap();
    it.minutes(5).did_nothing();
    assert_eq!((it.orders(), it.built().len()), (1, 1));
}

#[test]
fn s6_a_cut_state_file_is_set_aside_and_nothing_is_ordered_or_deleted_for_two_minutes() {
    let it = Setup::trusty().with_idle_node();
    let text = fs::read(it.state_file()).unwrap();
    fs::write(it.state_file(), &text[..text.len() / 2]).unwrap();
    let id = it.sim.jenkins().submit(Job::freestyle("second").label("amd64 && trusty && (trusty)"));
    let node = it.node();
    it.sim.jenkins().refuse("second", &node, "not here");
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.report.plan.warnings.iter().filter(|warning| warning.contains("state")).count(), 1);
    let asides = || it.files().into_keys().filter(|path| path.to_string_lossy().contains("state.json.")).count();
    assert!(
        it.files().values().any(|(bytes, _)| bytes == &text[..text.len() / 2]),
        "it is kept: {:?}",
        it.files().keys()
    );
    let kept = asides();
    it.minute().did_nothing();
    it.minute();
    assert_eq!(asides(), kept, "set aside once");
    assert!(id > 0);
}

#[test]
fn s6_an_old_state_file_leads_to_no_second_order_and_no_wrong_deletion() {
    let it = Setup::trusty().start();
    it.minute();
    let old = fs::read(it.state_file()).unwrap();
    waits(&it, "first");
    it.minutes(2);
    fs::write(it.state_file(), &old).unwrap();
    it.minutes_until(10, "built", |it| it.built().len() == 1);
    fs::write(it.state_file(), &old).unwrap();
    it.minutes(10).did_nothing();
    assert_eq!((it.orders(), it.nodes().len()), (1, 1));
    it.minutes_until(12, "it goes in the end", |it| it.servers().is_empty());
}

#[test]
fn l3_a_cron_that_slept_for_days_retires_nobody_at_once() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.advance(minutes(3 * 24 * 60));
    it.minute().did_nothing();
    it.sim.advance(minutes(60));
    it.run().did(&[&format!("retire_node {node} idle done")]);
}

/// The pages of pipelines' steps, which name labels, are not there for this user.
fn hide_steps(it: &Installation) {
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(404)).method("GET").path("flowGraphTable").always());
}

#[test]
fn l1_the_page_of_a_run_names_the_label_that_jenkins_without_agents_does_not() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.on_boot("debian", JoinRule::base_plus_ip(seconds(30), "amd64 debian"));
    for number in 0..7 {
        it.sim.jenkins().submit(Job::pipeline(&format!("deploy-{number}")).label("debian").lasting(minutes(1)));
    }
    let run = it.minute();
    run.did(&["create_server debian demand done"; 5]);
    assert_eq!(run.count(Service::Jenkins, "GET", "flowGraphTable"), 5, "a few in each run");
    it.minute().did(&["create_server debian demand done"; 2]);
}

#[test]
fn a_scout_is_ordered_where_jenkins_has_no_agents_and_names_no_label_and_then_the_right_type() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    hide_steps(&it);
    it.sim.on_boot("debian", JoinRule::base_plus_ip(seconds(30), "amd64 debian"));
    let id = it.sim.jenkins().submit(Job::pipeline("deploy").label("debian").lasting(minutes(1)));
    let other = it.sim.jenkins().submit(Job::pipeline("deploy-2").label("debian").lasting(minutes(1)));
    let run = it.minute();
    run.did(&["create_server trusty scout done"]);
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::Scout);
    assert_eq!(run.rule(Subject::QueueItem, &other.to_string()), Rule::UnknownNeed);
    let minutes = it.minutes_until(4, "the right type", |it| it.servers().iter().any(|s| s.name == "debian"));
    assert!(minutes <= 3, "{minutes}");
    it.minutes(5);
    assert_eq!((it.built().len(), it.orders()), (2, 3));
}

#[test]
fn no_scout_goes_out_where_one_permanent_entry_is_there_even_an_offline_one() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.jenkins().add_node(mita_sim::jenkins::nodes::Node::new("permanent", "other", 1));
    it.sim.jenkins().submit(Job::pipeline("deploy").label("debian").lasting(minutes(1)));
    it.minute().did(&["create_server debian demand done"]);
}

#[test]
fn s4_a_scout_is_never_more_than_one_however_many_jobs_hide_their_labels() {
    let it = Setup::trusty().start();
    hide_steps(&it);
    it.sim.world().rules.max_servers = Some(1);
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(600), TRUSTY));
    for number in 0..10 {
        it.sim.jenkins().submit(Job::pipeline(&format!("deploy-{number}")).label("trusty"));
    }
    it.minute().did(&["create_server trusty scout done"]);
    for _ in 0..14 {
        it.minute().did_nothing();
    }
}
