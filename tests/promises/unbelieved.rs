//! Answers that are missing, cut short, or somebody else's: not seen is not gone.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, JoinRule, Kind, Service, World};

const NODES: &str = "/computer/api/json";
const QUEUE: &str = "/queue/api/json";

/// One node has been idle for its grace time, one offline for its own: the next run has work.
fn with_much_to_remove() -> Installation {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"\nidle_grace = \"12m\"").with_idle_node();
    let away = it.node();
    it.sim.jenkins().disconnect(&away, CauseKind::ChannelTermination, "lost");
    it.sim.jenkins().submit(Job::freestyle("second").label("debian").lasting(minutes(1)));
    it.minutes(15).did_nothing();
    it
}

/// A name, and the fault that it stands for.
type Case = (&'static str, fn() -> Kind);

/// Ways in which an answer can be no answer.
fn no_answers() -> Vec<Case> {
    vec![
        ("503", || Kind::Html(503)),
        ("HTML with status 200", || Kind::Html(200)),
        ("nothing with status 200", || Kind::Empty(200)),
        ("404", || Kind::Status(404, "{}".into())),
        ("an empty object", || Kind::Status(200, "{}".into())),
        ("a cut answer", || Kind::Truncated),
        ("no connection", || Kind::DropBefore),
        ("429", || Kind::RetryAfter(3600)),
        ("a list", || Kind::Status(200, "[]".into())),
    ]
}

fn nothing_was_written(it: &Installation, service: Service, path: &str, kind: Kind, what: &str) {
    it.sim.fault(Fault::new(service, kind).method("GET").path(path).always());
    let run = it.run();
    let writes: Vec<String> = run.requests.iter().filter(|r| r.is_write()).map(|r| r.line()).collect();
    assert_eq!(writes, [""; 0], "{what} at {path}: {}", run.story());
    assert!(!run.problems().is_empty(), "{what} at {path}: nothing was told");
    it.sim.heal();
}

#[test]
fn s3_without_a_list_of_nodes_that_can_be_believed_nothing_is_deleted_or_ordered() {
    let it = with_much_to_remove();
    it.sim.jenkins().submit(Job::freestyle("third").label("trusty"));
    for (what, kind) in no_answers() {
        nothing_was_written(&it, Service::Jenkins, NODES, kind(), what);
    }
    nothing_was_written(&it, Service::Jenkins, NODES, Kind::EmptyLists, "an empty list");
    let run = it.minute();
    assert_eq!(run.lines().len(), 3, "with a list all is done: {}", run.story());
}

#[test]
fn s3_a_list_without_the_built_in_node_is_not_believed() {
    let it = with_much_to_remove();
    let built_in = it.sim.jenkins().nodes.remove(0);
    let run = it.run();
    run.did(&[]);
    assert!(!run.problems().is_empty(), "{}", run.story());
    it.sim.jenkins().nodes.insert(0, built_in);
    assert_eq!(it.minute().lines().len(), 2);
}

#[test]
fn s3_without_the_queue_no_node_is_retired_for_idleness_and_nothing_is_ordered() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.minutes(9);
    it.sim.jenkins().submit(Job::freestyle("other").label("amd64 && !trusty"));
    for (what, kind) in no_answers() {
        nothing_was_written(&it, Service::Jenkins, QUEUE, kind(), what);
    }
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(503)).path(QUEUE).always());
    let run = it.minute();
    assert_eq!(run.rule(Subject::Node, &node), Rule::NotSeen, "{}", run.story());
    it.sim.heal();
    it.minute().did(&[&format!("retire_node {node} idle done")]);
}

#[test]
fn s3_without_the_queue_what_failed_is_removed_all_the_same() {
    let it = Setup::trusty().start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(600), TRUSTY));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty"));
    it.minutes(16);
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(503)).path(QUEUE).always());
    it.minute().did(&["delete_server trusty never_joined done"]);
}

#[test]
fn s3_without_a_clouds_list_nothing_is_deleted_or_ordered_there() {
    let it = with_much_to_remove();
    it.sim.jenkins().submit(Job::freestyle("third").label("trusty"));
    for (what, kind) in no_answers() {
        nothing_was_written(&it, Service::Nova, "/servers/detail", kind(), what);
    }
    nothing_was_written(&it, Service::Nova, "/servers/detail", Kind::Status(401, "{}".into()), "401");
}

#[test]
fn s3_an_empty_list_of_servers_is_not_taken_for_their_end() {
    let it = Setup::trusty().with_idle_node();
    it.sim.fault(Fault::new(Service::Nova, Kind::EmptyLists).path("/servers/detail").always());
    let run = it.minutes(5);
    assert_eq!(it.nodes().len(), 1, "{}", run.story());
    assert_eq!(it.sim.writes().iter().filter(|r| r.method == "DELETE").count(), 0);
    it.sim.heal();
    it.minutes_until(12, "it goes on as ever", |it| it.servers().is_empty());
}

#[test]
fn s3_pages_that_repeat_themselves_are_not_read_for_ever_and_not_believed() {
    let it = Setup::trusty().openstack(|cloud| cloud.page_size = 1).start();
    for name in ["one", "two"] {
        it.sim.jenkins().submit(Job::freestyle(name).label("trusty").lasting(minutes(60)));
    }
    it.minutes(3);
    it.sim.fault(Fault::new(Service::Nova, Kind::RepeatMarker).path("marker=").always());
    let run = it.minute();
    assert!(!run.problems().is_empty(), "{}", run.story());
    assert!(run.requests.len() < 30, "{} requests", run.requests.len());
}

#[test]
fn a_service_that_hangs_costs_no_more_than_the_deadline_and_the_rest_is_read() {
    let hangs = |path: &str| {
        let it = Setup::trusty().top("deadline = \"5s\"").start();
        it.sim.jenkins().submit(Job::freestyle("first").label("trusty"));
        it.sim.fault(Fault::new(Service::Jenkins, Kind::Hang).path(path).always());
        let run = it.run();
        it.sim.heal();
        run.did(&[]);
        let told = |problem: &String| problem.starts_with("jenkins") && problem.contains("no answer within");
        assert!(run.problems().iter().any(told), "{}", run.story());
        assert_eq!(run.count(Service::Nova, "GET", "/servers/detail"), 1);
        it.minute().did(&["create_server trusty demand done"]);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| hangs(QUEUE));
        scope.spawn(|| hangs(NODES));
    });
}

#[test]
fn a_read_that_fails_in_passing_is_repeated_and_the_run_goes_on() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty"));
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DropBefore).path(QUEUE));
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(502)).path("/servers/detail"));
    let run = it.minute();
    run.did(&["create_server trusty demand done"]);
    assert_eq!(run.problems(), [""; 0]);
}

#[test]
fn a_token_that_dies_in_the_middle_of_a_run_is_replaced() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty"));
    let dies = |world: &mut World| world.cloud("openstack").revoke_tokens();
    it.sim.fault(Fault::new(Service::Nova, Kind::Before(Box::new(dies))).method("POST").path("/servers"));
    it.minute().did(&["create_server trusty demand done"]);
    assert_eq!(it.orders(), 2, "the first one was refused with 401");
    it.sim.advance(seconds(1));
    assert_eq!(it.servers().len(), 1);
}
