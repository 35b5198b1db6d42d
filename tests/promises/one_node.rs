//! Jenkins names the one node that fits in place of the label that a job asks for.

use crate::harness::{Setup, minutes};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::Service;
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;

fn setup() -> Setup {
    Setup::trusty().node("debian", "labels = \"amd64 debian\"")
}

fn pipeline(name: &str, label: &str) -> Job {
    Job::pipeline(name).label(label).lasting(minutes(60))
}

#[test]
fn l1_the_page_of_a_run_names_the_label_where_jenkins_names_a_dead_entry() {
    let it = setup().start();
    it.sim.jenkins().add_node(Node::new("placeholder", "debian spare", 1));
    for number in 0..7 {
        it.sim.jenkins().submit(pipeline(&format!("deploy-{number}"), "debian"));
    }
    let run = it.minute();
    run.did(&["create_server debian demand done"; 5]);
    assert_eq!(run.count(Service::Jenkins, "GET", "flowGraphTable"), 5, "a few in each run");
    it.minute().did(&["create_server debian demand done"; 2]);
    assert_eq!(it.minute().count(Service::Jenkins, "GET", "flowGraphTable"), 0, "what was read is remembered");
}

#[test]
fn l1_the_page_of_a_run_names_the_label_where_jenkins_names_a_busy_node_of_somebody_else() {
    let it = setup().start();
    it.sim.jenkins().add_agent("rack", "debian physical", 1);
    it.sim.jenkins().submit(Job::freestyle("long").label("physical").lasting(minutes(600)));
    let waits = it.sim.jenkins().submit(pipeline("for-it", "physical"));
    it.sim.jenkins().submit(pipeline("for-any", "debian"));
    let run = it.minute();
    run.did(&["create_server debian demand done"]);
    assert_eq!(run.rule(Subject::QueueItem, &waits.to_string()), Rule::NoNodeType);
    for _ in 0..20 {
        let run = it.minute();
        assert_eq!(run.report.plan.warnings, [""; 0], "that node serves it");
    }
}

#[test]
fn l1_the_page_of_a_run_names_the_label_that_the_built_in_node_alone_fits() {
    let it = setup().start();
    it.sim.jenkins().add_node(Node::new("permanent", "other", 1));
    it.sim.jenkins().submit(pipeline("any-but", "!other"));
    it.minute().did(&["create_server trusty demand done"]);
}

#[test]
fn l6_an_item_of_which_jenkins_cannot_tell_why_it_waits_is_seen_and_told() {
    let it = setup().start();
    it.sim.jenkins().add_node(Node::new("permanent", "other", 1));
    it.sim.jenkins().failing_cloud = true;
    let id = it.sim.jenkins().submit(Job::freestyle("first").label("debian").lasting(minutes(1)));
    let mut told = Vec::new();
    for _ in 0..30 {
        let run = it.minute();
        run.did(&[]);
        told.extend(run.report.plan.warnings.clone());
    }
    assert_eq!(it.minute().rule(Subject::QueueItem, &id.to_string()), Rule::UnknownNeed);
    assert!(told.len() == 1 && told[0].contains("Jenkins fails to tell why it waits"), "{told:?}");
    it.sim.jenkins().failing_cloud = false;
    it.minute().did(&["create_server debian demand done"]);
}
