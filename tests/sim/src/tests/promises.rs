//! Breaches are noticed, and what is right is not taken for one.

use std::time::Duration;

use super::client::{Client, basic, send};
use crate::jenkins::queue::Job;
use crate::{Fault, JoinRule, Kind, Promise, Service};

fn broken(c: &Client) -> Vec<Promise> {
    c.sim.violations().iter().map(|v| v.promise).collect()
}

/// A simulator with one server of ours that has become a node.
fn with_node() -> (Client, String, String) {
    let c = Client::new();
    c.sim.join_all(JoinRule::base_plus_ip(Duration::from_secs(10), "amd64"));
    let id = c.ordered("ubuntu", "1");
    c.sim.advance(Duration::from_secs(75));
    let node = c.sim.jenkins().node_names()[0].clone();
    (c, id, node)
}

#[test]
fn retiring_an_idle_node_of_ours_breaks_nothing() {
    let (c, id, node) = with_node();
    c.post(&format!("/computer/{node}/changeOfflineCause?offlineMessage=mita"));
    c.post(&format!("/computer/{node}/doDelete"));
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}"));
    c.sim.assert_promises();
    assert_eq!(c.sim.writes().len(), 4);
    assert_eq!(c.sim.count(Service::Jenkins, "POST", "doDelete"), 1);
}

#[test]
fn killing_a_build_is_noticed_on_both_ways() {
    let (c, id, node) = with_node();
    c.sim.jenkins().submit(Job::freestyle("f").label("amd64"));
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{id}"));
    assert_eq!(broken(&c), [Promise::BusyKill]);
    c.post(&format!("/computer/{node}/doDelete"));
    assert_eq!(broken(&c), [Promise::BusyKill, Promise::BusyKill]);
}

#[test]
fn touching_what_is_not_ours_is_noticed() {
    let c = Client::new();
    c.sim.jenkins().add_agent("static", "a", 1);
    c.post("/computer/static/changeOfflineCause?offlineMessage=x");
    let server = c.sim.cloud("openstack").place_server("ubuntu", &[("mita_owner", "somebody else")]);
    c.cloud("DELETE", &format!("/compute/v2.1/servers/{server}"));
    let project = c.sim.cloud("openstack").project.clone();
    let volume = c.sim.cloud("openstack").place_volume(&format!("{server}-blank-vol"), 1, &[]);
    c.cloud("DELETE", &format!("/volume/v3/{project}/volumes/{volume}"));
    c.order(&c.plain_order("unmarked"));
    assert_eq!(broken(&c), [Promise::NotOurs; 4]);
}

#[test]
fn a_refused_request_breaks_nothing() {
    let c = Client::new();
    let server = c.sim.cloud("openstack").place_server("theirs", &[]);
    c.sim.cloud("openstack").revoke_tokens();
    assert_eq!(c.cloud("DELETE", &format!("/compute/v2.1/servers/{server}")).status, 401);
    c.sim.assert_promises();
}

#[test]
fn a_hold_is_respected_or_the_breach_noticed() {
    let (c, _, node) = with_node();
    c.sim.jenkins().hold(&node, "debugging");
    c.post(&format!("/computer/{node}/doDelete"));
    assert_eq!(broken(&c), [Promise::Held]);
}

#[test]
fn an_order_sent_twice_and_one_too_many_are_noticed() {
    let c = Client::new();
    c.ordered("ubuntu", "1");
    c.sim.world().rules.max_servers = Some(2);
    c.ordered("ubuntu", "1");
    assert_eq!(broken(&c), [Promise::TooMany]);
    c.ordered("ubuntu", "2");
    assert_eq!(broken(&c), [Promise::TooMany; 2]);
}

#[test]
fn secrets_that_go_astray_are_noticed() {
    let c = Client::new();
    c.sim.add_cloud("second", crate::openstack::Options::default()).unwrap();
    let second = format!("{}/servers", c.sim.cloud("second").endpoint("compute"));
    send("GET", &second, &[("X-Auth-Token", &c.token)], "").unwrap();
    assert_eq!(broken(&c).len(), 1, "a token of another cloud");
    send("GET", &second, &[("Authorization", &basic("mita", "jenkins-api-token"))], "").unwrap();
    assert_eq!(broken(&c).len(), 2, "Jenkins' header at a cloud");
    send("POST", c.sim.stranger_url(), &[], "password=mita-secret").unwrap();
    assert!(broken(&c).len() > 2 && broken(&c).iter().all(|p| *p == Promise::Secret));
}

#[test]
fn a_redirect_leads_to_the_stranger_who_sees_what_comes_along() {
    let c = Client::new();
    c.sim.fault(Fault::new(Service::Jenkins, Kind::Redirect(302, c.sim.stranger_url().into())));
    let answer = c.get("/queue/api/json");
    assert_eq!((answer.status, answer.header("Location")), (302, Some(c.sim.stranger_url())));
    send("GET", answer.header("Location").unwrap(), &[], "").unwrap();
    c.sim.assert_promises();
    assert_eq!(c.sim.requests().last().unwrap().host, "stranger");
}

#[test]
fn a_deleted_node_registers_again_where_its_agent_does_so() {
    let c = Client::new();
    c.sim.join_all(JoinRule::base_plus_ip(Duration::ZERO, "a").rejoins(Duration::from_secs(3)));
    c.ordered("ubuntu", "1");
    c.sim.advance(Duration::from_secs(60));
    let node = c.sim.jenkins().node_names()[0].clone();
    c.post(&format!("/computer/{node}/doDelete"));
    assert!(c.sim.jenkins().node_names().is_empty());
    c.sim.advance(Duration::from_secs(3));
    assert_eq!(c.sim.jenkins().node_names(), [node]);
}
