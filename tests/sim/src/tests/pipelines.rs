//! Pipelines and matrix projects: what holds a node, and what a node's end makes of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use crate::SimOptions;
use crate::jenkins::nodes::CauseKind;
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, Permission, User};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn with_block() -> Client {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    c.sim.jenkins().submit(Job::pipeline("p").label("a").lasting(HOUR));
    c
}

fn node(c: &Client, name: &str) -> Value {
    c.get(&format!("/computer/{name}/api/json?tree=idle,offline,numExecutors,oneOffExecutors[number]")).json()
}

#[test]
fn a_block_keeps_its_executor_though_the_agent_is_lost_and_goes_on_when_it_is_back() {
    let c = with_block();
    c.sim.jenkins().disconnect("n", CauseKind::ChannelTermination, "lost");
    assert_eq!((&node(&c, "n")["idle"], &node(&c, "n")["offline"]), (&json!(false), &json!(true)));
    c.sim.jenkins().connect("n");
    c.sim.advance(HOUR);
    assert!(!c.sim.jenkins().finished[0].killed);
}

#[test]
fn a_node_that_is_deleted_under_a_block_stays_without_executors_for_five_minutes() {
    let c = with_block();
    c.post("/computer/n/doDelete");
    let left = node(&c, "n");
    assert_eq!((&left["idle"], &left["numExecutors"]), (&json!(false), &json!(0)));
    c.sim.advance(5 * MINUTE);
    assert_eq!(c.get("/computer/n/api/json").status, 404);
    assert!(c.sim.jenkins().finished[0].killed);
}

#[test]
fn after_a_restart_a_block_asks_for_its_node_under_a_new_id_and_gives_up_after_five_minutes() {
    let c = with_block();
    c.sim.jenkins().restart(MINUTE, HOUR);
    c.sim.advance(MINUTE);
    let up = c.sim.now();
    let item = c.queue()[0].clone();
    assert_eq!((&item["inQueueSince"], &item["stuck"]), (&json!(up), &json!(true)));
    assert_eq!(item["why"], "‘n’ is offline");
    assert_eq!(node(&c, "n")["idle"], true, "only the queue tells of the block");
    c.sim.advance(5 * MINUTE - Duration::from_secs(1));
    assert_eq!(c.queue().len(), 1);
    c.sim.advance(Duration::from_secs(1));
    assert!(c.queue().is_empty());
}

#[test]
fn a_pipeline_whose_only_node_still_boots_names_that_node() {
    let c = Client::new();
    c.sim.jenkins().add_node(crate::jenkins::nodes::Node::new("uno-1", "uno", 1));
    c.sim.jenkins().submit(Job::pipeline("p").label("uno"));
    assert_eq!(c.why(), "‘uno-1’ is offline");
}

#[test]
fn a_pipeline_in_its_quiet_period_is_a_job_and_its_block_another_item() {
    let c = Client::new();
    let first = c.sim.jenkins().submit(Job::pipeline("p").label("a").quiet(MINUTE));
    assert_eq!(c.queue()[0]["task"]["_class"], "org.jenkinsci.plugins.workflow.job.WorkflowJob");
    c.sim.advance(MINUTE);
    let block = c.queue()[0].clone();
    assert!(block["task"]["_class"].as_str().unwrap().ends_with("$PlaceholderTask"));
    assert_ne!(block["id"], first);
}

#[test]
fn a_matrix_project_sits_beside_the_executors_and_makes_its_node_busy() {
    let c = Client::new();
    c.sim.jenkins().submit(Job::matrix_parent("m").label("mat").lasting(HOUR));
    assert_eq!((c.why(), &c.queue()[0]["stuck"]), ("Waiting for next available executor".into(), &json!(true)));
    c.sim.jenkins().add_agent("n", "mat", 1);
    assert!(c.queue().is_empty());
    let busy = node(&c, "n");
    assert_eq!((&busy["idle"], &busy["oneOffExecutors"][0]["number"]), (&json!(false), &json!(-1)));
    c.sim.jenkins().submit(Job::matrix("m", "A=1").label("mat").lasting(MINUTE));
    assert_eq!(c.sim.jenkins().running_on("n").len(), 1, "its executor is free for others");
    c.post("/computer/n/doDelete");
    assert_eq!(c.get("/computer/n/api/json").status, 404, "the entry goes at once");
    c.sim.advance(HOUR);
    assert!(c.sim.jenkins().finished.iter().any(|build| build.job == "m" && !build.killed), "and the project ran on");
}

#[test]
fn the_page_of_a_run_shows_the_label_that_the_queue_does_not() {
    let users = vec![User::new("mita", "jenkins-api-token"), User::new("blind", "t").without(Permission::JobRead)];
    let c = Client::with(SimOptions { jenkins: Options { users, ..Options::default() }, ..SimOptions::default() });
    c.sim.jenkins().submit(Job::pipeline("folder/p").label("gpu && linux"));
    assert_eq!(c.why(), "Waiting for next available executor");
    let page = c.get("/job/folder/job/p/1/flowGraphTable/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains(">Allocate node : Start"), "{}", page.text);
    assert!(page.text.contains("<td>gpu &amp;&amp; linux</td>"), "{}", page.text);
    assert_eq!(c.get("/job/folder/job/p/2/flowGraphTable/").status, 404);
    let url = format!("{}/job/folder/job/p/1/flowGraphTable/", c.sim.jenkins_url());
    let hidden = super::client::send("GET", &url, &[("Authorization", &super::client::basic("blind", "t"))], "");
    assert_eq!(hidden.unwrap().status, 404);
}
