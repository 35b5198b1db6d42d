//! A node's `config.xml`, and what closing a node is good for.

use std::time::Duration;

use super::client::{Answer, Client, basic, send};
use crate::jenkins::nodes::Mode;
use crate::jenkins::queue::{Job, Stage};
use crate::jenkins::{Options, Permission, User, Version};
use crate::{Promise, SimOptions};

const CONFIG: &str = "/computer/ubuntu%2B10.0.0.5/config.xml";

fn with(jenkins: Options) -> Client {
    let c = Client::with(SimOptions { jenkins, ..SimOptions::default() });
    c.sim.jenkins().add_agent("ubuntu+10.0.0.5", "amd64 trusty", 1);
    c
}

fn post(c: &Client, path: &str, document: &str) -> Answer {
    let headers = [("Authorization", basic("mita", "jenkins-api-token")), ("Content-Type", "application/xml".into())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    send("POST", &format!("{}{path}", c.sim.jenkins_url()), &headers, document).unwrap()
}

fn closed(document: &str) -> String {
    document
        .replace("<mode>NORMAL</mode>", "<mode>EXCLUSIVE</mode>")
        .replace("<label>amd64 trusty</label>", "<label>mita-retiring</label>")
}

#[test]
fn a_node_is_closed_and_put_back_byte_for_byte() {
    let c = with(Options::default());
    let before = c.get(CONFIG);
    assert_eq!((before.status, before.header("Content-Type")), (200, Some("application/xml")));
    assert_eq!(post(&c, CONFIG, &closed(&before.text)).status, 200);
    c.sim.jenkins().submit(Job::freestyle("labelled").label("amd64"));
    c.sim.jenkins().submit(Job::freestyle("roams"));
    assert_eq!(c.sim.jenkins().waiting(), 2, "the node takes neither");
    let node = c.sim.jenkins().node("ubuntu+10.0.0.5").unwrap().clone();
    assert_eq!((node.mode, node.connected, node.idle()), (Mode::Exclusive, true, true));
    assert_eq!(post(&c, CONFIG, &before.text).status, 200);
    assert_eq!(c.get(CONFIG).text, before.text);
    assert_eq!(c.sim.jenkins().running_on("ubuntu+10.0.0.5").len(), 1);
}

#[test]
fn a_build_and_a_hold_survive_another_configuration() {
    let c = with(Options::default());
    c.sim.jenkins().occupy("ubuntu+10.0.0.5", Job::freestyle("long"));
    c.sim.jenkins().hold("ubuntu+10.0.0.5", "mine");
    let document = c.get(CONFIG).text;
    assert!(document.contains("<temporaryOfflineCause"), "{document}");
    post(&c, CONFIG, &closed(&document).replace("<numExecutors>1<", "<numExecutors>0<"));
    let node = c.sim.jenkins().node("ubuntu+10.0.0.5").unwrap().clone();
    assert!(node.held && node.temporarily_offline && node.executors.len() == 1);
    c.sim.advance(Duration::from_secs(600));
    assert_eq!(c.sim.jenkins().node("ubuntu+10.0.0.5").unwrap().executors.len(), 0);
    assert!(!c.sim.jenkins().finished[0].killed);
    let broken: Vec<Promise> = c.sim.violations().iter().map(|v| v.promise).collect();
    assert_eq!(broken, [Promise::NotOurs, Promise::Held], "a node that is not ours, and held");
}

#[test]
fn reading_and_writing_a_configuration_need_their_permissions() {
    for (missing, read, write) in [
        (&[][..], 200, 200),
        (&[Permission::AgentExtendedRead], 200, 200),
        (&[Permission::AgentConfigure], 200, 403),
        (&[Permission::AgentConfigure, Permission::AgentExtendedRead], 403, 403),
    ] {
        let user = missing.iter().fold(User::new("mita", "jenkins-api-token"), |user, lacks| user.without(*lacks));
        let c = with(Options { users: vec![user], ..Options::default() });
        let document = c.sim.jenkins().node("ubuntu+10.0.0.5").unwrap().document();
        let (got, posted) = (c.get(CONFIG), post(&c, CONFIG, &document));
        assert_eq!((got.status, posted.status), (read, write), "without {missing:?}");
        let required = [&got, &posted].map(|a| a.header("X-Required-Permission").map(str::to_string));
        let refused = |status: u16, id: &str| (status == 403).then(|| id.to_string());
        assert_eq!(
            required,
            [refused(read, "hudson.model.Computer.ExtendedRead"), refused(write, "hudson.model.Computer.Configure")]
        );
    }
}

#[test]
fn what_is_no_configuration_of_an_agent_is_refused() {
    let c = with(Options::default());
    assert_eq!(post(&c, CONFIG, "no XML").status, 500);
    assert_eq!(post(&c, CONFIG, "<hudson></hudson>").status, 400);
    assert_eq!(post(&c, "/computer/nowhere/config.xml", "<slave></slave>").status, 404);
    assert_eq!(c.get("/computer/(built-in)/config.xml").status, 400);
    let taken = "<slave><name>a:b</name></slave>";
    assert_eq!(post(&c, CONFIG, taken).header("X-Error"), Some(" :  is an unsafe character"));
}

#[test]
fn another_name_is_another_computer() {
    let c = with(Options::default());
    let renamed = c.get(CONFIG).text.replace("<name>ubuntu+10.0.0.5<", "<name>alice-box<");
    assert_eq!(post(&c, CONFIG, &renamed).status, 200);
    let node = c.sim.jenkins().node("alice-box").unwrap().clone();
    assert!(node.has_label("amd64") && node.has_label("alice-box") && !node.connected);
    assert!(c.sim.jenkins().node("ubuntu+10.0.0.5").is_none());
}

#[test]
fn an_executor_that_was_given_an_item_is_busy_before_it_starts() {
    let c = with(Options::default());
    c.sim.jenkins().hold_starts(true);
    let id = c.sim.jenkins().submit(Job::freestyle("f").label("amd64"));
    assert_eq!(c.sim.jenkins().item(id).unwrap().stage, Stage::Pending);
    let item = &c.queue()[0];
    assert_eq!((item["pending"].as_bool(), item["buildable"].as_bool()), (Some(true), Some(true)));
    assert_eq!(c.get("/computer/ubuntu+10.0.0.5/api/json").json()["idle"], false);
    c.sim.jenkins().hold_starts(false);
    assert_eq!(c.sim.jenkins().running_on("ubuntu+10.0.0.5")[0].item, id);
}

/// A job that is triggered in the milliseconds around a mark.
fn marked_in_between(version: Version, closes: bool) -> Client {
    let c = with(Options { version, ..Options::default() });
    if closes {
        post(&c, CONFIG, &closed(&c.get(CONFIG).text));
    }
    c.sim.jenkins().hold_starts(true);
    c.sim.jenkins().submit(Job::freestyle("f").label("amd64"));
    assert_eq!(c.post("/computer/ubuntu+10.0.0.5/changeOfflineCause?offlineMessage=mita").status, 302);
    c.sim.jenkins().hold_starts(false);
    c
}

#[test]
fn an_item_that_was_assigned_is_lost_where_its_node_goes_offline_before_2_517() {
    let c = marked_in_between(Version::lts(2, 516, 3), false);
    assert_eq!(c.sim.jenkins().lost.len(), 1);
    let lost = c.sim.jenkins().lost[0].clone();
    assert_eq!((lost.job.as_str(), lost.node.as_str()), ("f", "ubuntu+10.0.0.5"));
    assert!(c.queue().is_empty());
    assert_eq!(c.get(&format!("/queue/item/{}/api/json", lost.item)).status, 404);
    for way in ["doDisconnect", "doDelete"] {
        let c = with(Options { version: Version::new(2, 516), ..Options::default() });
        c.sim.jenkins().hold_starts(true);
        c.sim.jenkins().submit(Job::freestyle("f").label("amd64"));
        c.post(&format!("/computer/ubuntu+10.0.0.5/{way}"));
        assert!(c.queue().is_empty(), "{way}");
        assert_eq!(c.sim.jenkins().lost.len(), 1, "{way}");
    }
}

#[test]
fn since_2_517_it_waits_again() {
    let c = marked_in_between(Version::new(2, 517), false);
    assert_eq!(c.why(), "‘ubuntu+10.0.0.5’ is offline");
    assert!(c.sim.jenkins().lost.is_empty());
    c.sim.jenkins().release("ubuntu+10.0.0.5");
    assert_eq!(c.sim.jenkins().running_on("ubuntu+10.0.0.5").len(), 1);
}

#[test]
fn a_node_that_was_closed_first_loses_nothing() {
    let c = marked_in_between(Version::lts(2, 516, 3), true);
    assert_eq!(c.why(), "There are no nodes with the label ‘amd64’");
    assert!(c.sim.jenkins().lost.is_empty());
}
