//! What a controller knows after it was stopped or killed.

use std::time::Duration;

use serde_json::json;

use super::client::{Client, basic, send};
use crate::SimOptions;
use crate::jenkins::nodes::CauseKind;
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, SavedQueue, Version};

const MINUTE: Duration = Duration::from_secs(60);

fn with(version: Version) -> Client {
    let c = Client::with(SimOptions { jenkins: Options { version, ..Options::default() }, ..SimOptions::default() });
    c.sim.jenkins().add_agent("n", "a", 1);
    c
}

fn marked(c: &Client) -> (bool, String) {
    let node = c.get("/computer/n/api/json").json();
    (node["temporarilyOffline"].as_bool().unwrap(), node["offlineCauseReason"].as_str().unwrap().to_string())
}

#[test]
fn a_hold_is_out_of_force_after_a_restart_before_2_482_until_the_agent_connects() {
    for (version, in_force) in [(Version::lts(2, 479, 3), false), (Version::new(2, 482), true)] {
        let c = with(version);
        c.sim.jenkins().hold("n", "mine");
        c.sim.jenkins().restart(MINUTE, 5 * MINUTE);
        c.sim.advance(MINUTE);
        let reason = if in_force { "mine" } else { "" };
        assert_eq!(marked(&c), (in_force, reason.into()), "{version}");
        assert!(c.sim.jenkins().node("n").unwrap().held, "a person still means it");
        c.sim.advance(5 * MINUTE);
        assert_eq!(marked(&c), (true, "mine".into()), "{version}");
    }
}

#[test]
fn who_cut_a_connection_or_marked_the_node_is_forgotten_with_the_next_launch() {
    for (version, marked_by) in [(Version::lts(2, 479, 3), "LaunchFailed"), (Version::new(2, 482), "UserCause")] {
        let c = with(version);
        let class = || {
            let node = c.get("/computer/n/api/json").json();
            node["offlineCause"]["_class"].as_str().unwrap().rsplit('$').next().unwrap().to_string()
        };
        c.sim.jenkins().cut("n", "strace");
        assert_eq!((class().as_str(), marked(&c)), ("UserCause", (false, "strace".into())), "{version}");
        c.sim.jenkins().launch_fails("n");
        assert_eq!((class().as_str(), marked(&c).0), ("LaunchFailed", false), "{version}");
        assert!(c.sim.jenkins().node("n").unwrap().held, "a person still means it");
        c.sim.jenkins().connect("n");
        assert!(!c.sim.jenkins().node("n").unwrap().held);
        c.sim.jenkins().hold("n", "mine");
        c.sim.jenkins().disconnect("n", CauseKind::ResponseTime, "Time out");
        let shown = if version.keeps_offline_cause() { "UserCause" } else { "Data" };
        assert_eq!((class().as_str(), marked(&c).0), (shown, true), "{version}");
        c.sim.jenkins().launch_fails("n");
        assert_eq!((class().as_str(), marked(&c).0), (marked_by, true), "{version}");
        c.sim.jenkins().connect("n");
        assert_eq!((class().as_str(), marked(&c)), ("UserCause", (true, "mine".into())), "{version}");
    }
}

#[test]
fn ids_count_on_after_an_orderly_restart_and_from_one_where_nothing_waited() {
    let c = with(Version::new(2, 578));
    c.sim.jenkins().submit(Job::freestyle("built").label("a").lasting(MINUTE));
    let waits = c.sim.jenkins().submit(Job::freestyle("waits").label("b"));
    c.sim.jenkins().restart(MINUTE, MINUTE);
    c.sim.advance(MINUTE);
    assert_eq!((c.queue().len(), &c.queue()[0]["id"]), (1, &json!(waits)));
    assert_eq!(c.sim.jenkins().submit(Job::freestyle("next").label("b")), waits + 1);
    c.sim.jenkins().queue.clear();
    c.sim.jenkins().restart(MINUTE, MINUTE);
    c.sim.advance(MINUTE);
    assert_eq!(c.sim.jenkins().submit(Job::freestyle("first").label("b")), 1);
}

#[test]
fn a_controller_that_was_killed_knows_the_queue_as_it_was_saved() {
    let c = with(Version::new(2, 578));
    let old = c.sim.jenkins().submit(Job::freestyle("old").label("b"));
    c.sim.advance(2 * MINUTE);
    c.sim.jenkins().submit(Job::freestyle("late").label("b"));
    c.sim.jenkins().crash(MINUTE, MINUTE, SavedQueue::Before(MINUTE));
    c.sim.advance(MINUTE);
    assert_eq!((c.queue().len(), &c.queue()[0]["id"]), (1, &json!(old)));
    assert_eq!(c.sim.jenkins().submit(Job::freestyle("another").label("b")), old + 1, "an id is given twice");
    c.sim.jenkins().crash(MINUTE, MINUTE, SavedQueue::Nothing);
    c.sim.advance(MINUTE);
    assert!(c.queue().is_empty());
    assert_eq!(c.sim.jenkins().submit(Job::freestyle("first").label("b")), 1);
}

#[test]
fn an_item_that_was_assigned_shows_pending_after_a_restart_until_it_is_assigned_again() {
    let c = with(Version::new(2, 578));
    c.sim.jenkins().hold_starts(true);
    c.sim.jenkins().submit(Job::freestyle("f").label("a"));
    c.sim.jenkins().restart(MINUTE, MINUTE);
    c.sim.jenkins().hold_starts(false);
    c.sim.advance(MINUTE);
    assert_eq!((&c.queue()[0]["pending"], c.why()), (&json!(true), "‘n’ is offline".into()));
    c.sim.advance(MINUTE);
    assert_eq!(c.sim.jenkins().running_on("n").len(), 1);
}

#[test]
fn while_it_starts_a_get_is_503_and_a_post_asks_for_a_crumb() {
    let c = with(Version::new(2, 578));
    c.sim.jenkins().restart(MINUTE, MINUTE);
    let get = c.get("/computer/api/json");
    assert_eq!((get.status, get.header("X-Jenkins")), (503, None));
    let url = format!("{}/computer/n/doDelete", c.sim.jenkins_url());
    let headers = [("Authorization", basic("mita", "jenkins-api-token")), ("Accept", "application/json".into())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let post = send("POST", &url, &headers, "").unwrap();
    assert_eq!((post.status, post.header("X-You-Are-Authenticated-As")), (403, None));
    assert_eq!(post.json()["message"], "No valid crumb was included in the request");
}

#[test]
fn a_head_request_is_answered_like_a_get_without_a_body() {
    let c = with(Version::new(2, 578));
    let url = format!("{}/computer/n/api/json", c.sim.jenkins_url());
    let head = send("HEAD", &url, &[("Authorization", &basic("mita", "jenkins-api-token"))], "");
    assert!(head.is_err(), "the length of the body is told, and none sent");
    assert_eq!(c.sim.requests().last().unwrap().status, Some(200));
}
