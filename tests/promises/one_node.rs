//! Jenkins names the one node that fits in place of the label that a job asks for.

use crate::harness::{Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, JoinRule, Kind, Service};

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
fn l5_pages_that_cannot_be_read_keep_nobody_elses_page_from_being_read() {
    for own_names in [true, false] {
        let it = setup().start();
        it.sim.jenkins().add_agent("rack", "debian physical", 1);
        it.sim.jenkins().submit(Job::freestyle("long").label("physical").lasting(minutes(600)));
        it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(404)).method("GET").path("job/eve").always());
        let mut started = 0;
        let mut start = |number: u32| {
            for _ in 0..number {
                started += 1;
                let name = if own_names { format!("eve-{started}") } else { "eve".to_owned() };
                it.sim.jenkins().submit(pipeline(&name, "physical"));
            }
        };
        start(8);
        it.minute().did_nothing();
        it.sim.jenkins().submit(pipeline("ann", "debian"));
        start(6);
        it.minute();
        start(6);
        it.minute();
        assert_eq!(it.orders(), 1, "own names: {own_names}");
    }
}

#[test]
fn l5_a_left_over_entry_named_as_a_node_type_does_not_draw_the_jobs_for_its_label_to_that_type() {
    for (name, labels) in [("trusty", "debian"), ("trusty", "debian spare"), ("trusty+x", "debian")] {
        let it = setup().start();
        it.sim.jenkins().add_node(Node::new(name, labels, 1));
        it.sim.jenkins().submit(pipeline("deploy", "debian"));
        it.minute().did(&["create_server debian demand done"]);
    }
}

#[test]
fn l5_a_pipeline_that_asks_for_a_node_of_ours_by_name_gets_one_server_in_vain_at_most_and_one_warning() {
    for more in ["", " amd64-Ubuntu-22.04"] {
        for held in [true, false] {
            let it = setup().start();
            it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), &format!("amd64 trusty{more}")));
            it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
            it.minutes_until(5, "built", |it| it.built() == ["first"]);
            let node = it.node();
            if held {
                it.sim.jenkins().hold(&node, "ann looks at it");
            } else {
                it.sim.jenkins().submit(Job::freestyle("long").label(&node).lasting(minutes(600)));
            }
            it.sim.jenkins().submit(pipeline("again", &node));
            let before = it.orders();
            let mut told = Vec::new();
            for _ in 0..150 {
                told.extend(it.minute().report.plan.warnings.clone());
            }
            told.retain(|warning| warning.contains("again"));
            let in_vain = it.orders() - before;
            assert!(in_vain <= 1 && told.len() <= 2, "{more:?}, {held}: {in_vain} orders, {told:?}");
        }
    }
}

#[test]
fn s4_no_further_pipeline_that_asks_for_a_node_by_name_gets_a_server_in_vain_in_that_hour() {
    let it = setup().start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty"));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(5, "built", |it| it.built() == ["first"]);
    let node = it.node();
    it.sim.jenkins().hold(&node, "ann looks at it");
    let before = it.orders();
    for job in ["one", "two", "three", "four"] {
        it.sim.jenkins().submit(pipeline(job, &node));
        it.minutes(12);
    }
    assert_eq!(it.orders(), before + 1);
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
