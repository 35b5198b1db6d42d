//! Nodes made over the API: what is refused, and when their agents start.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Answer, Client};
use crate::SimOptions;
use crate::jenkins::{Options, Permission, User};

fn create(c: &Client, name: &str, form: &Value) -> Answer {
    let json = crate::http::percent_encode(&form.to_string());
    c.post(&format!("/computer/doCreateItem?name={name}&type=hudson.slaves.DumbSlave&json={json}"))
}

fn ssh(host: &str, credentials: &str) -> Value {
    let verifier = "hudson.plugins.sshslaves.verifiers.NonVerifyingKeyVerificationStrategy";
    json!({"numExecutors": "1", "launcher": {"$class": "hudson.plugins.sshslaves.SSHLauncher", "host": host, "port": 22,
        "credentialsId": credentials, "sshHostKeyVerificationStrategy": {"$class": verifier}}})
}

fn inbound() -> Value {
    json!({"numExecutors": "1", "launcher": {"$class": "hudson.slaves.JNLPLauncher"}})
}

fn with(jenkins: Options) -> Client {
    Client::with(SimOptions { jenkins, ..SimOptions::default() })
}

#[test]
fn what_stapler_cannot_make_of_a_form_is_an_error_of_the_server() {
    let c = Client::new();
    for wrong in [
        json!({"numExecutors": "many"}),
        json!({"numExecutors": "1", "mode": "normal"}),
        json!({"numExecutors": "1", "launcher": {"$class": "org.example.Launcher"}}),
        json!({"numExecutors": "1", "launcher": {"$class": "hudson.plugins.sshslaves.SSHLauncher", "host": "h"}}),
        json!({"numExecutors": "1", "retentionStrategy": {"$class": "org.example.Strategy"}}),
    ] {
        assert_eq!(create(&c, "n", &wrong).status, 500, "{wrong}");
    }
    assert_eq!(c.post("/computer/doCreateItem?name=n&type=org.example.Slave&json=%7B%7D").status, 500);
    assert_eq!(c.post("/computer/doCreateItem?name=n&type=hudson.slaves.DumbSlave").status, 400);
    assert!(c.sim.jenkins().node("n").is_none());
    let without = with(Options { ssh_build_agents: false, ..Options::default() });
    assert_eq!(create(&without, "n", &ssh("192.168.1.10", "jenkins-agent")).status, 500);
}

#[test]
fn making_a_node_and_reading_its_start_file_need_their_permissions() {
    for (missing, ok) in [(Permission::AgentCreate, false), (Permission::AgentConnect, true)] {
        let users = vec![User::new("mita", "jenkins-api-token").without(missing)];
        let c = with(Options { users, ..Options::default() });
        let (check, created) = (c.get("/computer/checkName?value="), create(&c, "n", &inbound()));
        assert_eq!((check.status == 200, created.status == 302), (ok, ok));
        let refused = if ok { c.get("/computer/n/jenkins-agent.jnlp") } else { created };
        assert_eq!((refused.status, refused.header("X-Required-Permission")), (403, Some(missing.id())));
    }
}

#[test]
fn jenkins_connects_to_a_server_of_ours_that_runs_and_whose_keys_it_has() {
    let c = Client::new();
    let ours = [("mita_owner", "ceph-ci")];
    let id = c.sim.cloud("openstack").place_server("ours", &ours);
    let theirs = c.sim.cloud("openstack").place_server("theirs", &[]);
    let address = |id: &str| c.sim.cloud("openstack").addresses(id)[0].clone();
    for (name, host, credentials) in [
        ("good", address(&id), "jenkins-agent"),
        ("unknown-credentials", address(&id), "another"),
        ("theirs", address(&theirs), "jenkins-agent"),
        ("nowhere", "192.168.1.250".to_string(), "jenkins-agent"),
    ] {
        assert_eq!(create(&c, name, &ssh(&host, credentials)).status, 302);
    }
    c.sim.advance(Duration::from_secs(60));
    let online = |name: &str| c.sim.jenkins().node(name).is_some_and(|node| node.connected);
    assert!(online("good"));
    assert!(!online("unknown-credentials") && !online("theirs") && !online("nowhere"));
    c.sim.cloud("openstack").delete_server(&id);
    c.sim.advance(Duration::from_secs(60));
    assert!(!online("good"), "its server is gone");
}

#[test]
fn an_agent_calls_in_from_the_server_that_was_given_its_secret() {
    let c = Client::new();
    for name in ["mine", "other"] {
        assert_eq!(create(&c, name, &inbound()).status, 302);
    }
    let id = c.sim.cloud("openstack").place_server("ours", &[("mita_owner", "ceph-ci")]);
    let secret = c.sim.jenkins().agent_secret("mine");
    if let Some(server) = c.sim.cloud("openstack").server_mut(&id) {
        server.user_data = Some(format!("start {secret}").into_bytes());
    }
    c.sim.advance(Duration::from_secs(60));
    let online = |name: &str| c.sim.jenkins().node(name).is_some_and(|node| node.connected);
    assert!(online("mine") && !online("other"));
}

#[test]
fn the_load_of_a_node_rises_while_it_works_and_fades_after() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "a", 1);
    let load = || {
        let tree = "loadStatistics%5BbusyExecutors%5Bsec10%5Blatest%5D%5D%5D";
        let answer = c.get(&format!("/computer/n/api/json?tree={tree}")).json();
        answer["loadStatistics"]["busyExecutors"]["sec10"]["latest"].as_f64().unwrap()
    };
    c.sim.advance(Duration::from_secs(60));
    assert_eq!(load(), 0.0);
    c.sim.jenkins().submit(crate::jenkins::queue::Job::freestyle("f").label("a").lasting(Duration::from_secs(15)));
    c.sim.advance(Duration::from_secs(10));
    let working = load();
    c.sim.advance(Duration::from_secs(60));
    assert!(working > 0.05 && load() > 0.0 && load() < working + 0.1, "{working} {}", load());
}
