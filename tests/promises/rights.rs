//! Credentials and permissions: what is said when one is missing, and where secrets go.

use crate::harness::{Installation, Setup, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::jenkins::{Permission, User};
use mita_sim::{Fault, Kind, Service};
use std::collections::BTreeSet;

fn without(permission: Permission) -> Setup {
    Setup::trusty().user(User::new("mita", "jenkins-api-token").without(permission))
}

fn grant(it: &Installation) {
    it.sim.jenkins().options.users[0].permissions = Permission::ALL.into();
}

#[test]
fn a_wrong_token_is_told_as_such_and_nothing_is_done() {
    let it = Setup::trusty().with_idle_node();
    it.minutes(9);
    it.sim.jenkins().options.users[0].token = "another-token".to_owned();
    let run = it.minute();
    run.did(&[]);
    assert!(run.problems()[0].contains("user and token"), "{}", run.story());
    assert_eq!(run.count(Service::Jenkins, "GET", ""), 3, "a refusal is not repeated");
}

#[test]
fn s3_a_queue_that_looks_empty_for_want_of_job_read_is_told_loudly_and_retires_nobody() {
    let it = without(Permission::JobRead).start();
    grant(&it);
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(10, "built", |it| it.built().len() == 1);
    it.minutes(10);
    it.sim.jenkins().options.users[0].permissions.remove(&Permission::JobRead);
    it.sim.jenkins().submit(Job::freestyle("second").label("amd64 && nobody"));
    let run = it.minute();
    run.did(&[]);
    assert!(run.problems().iter().any(|problem| problem.contains("Job/Read")), "{}", run.story());
    grant(&it);
    assert_eq!(it.minute().lines().len(), 1);
}

#[test]
fn each_missing_permission_of_a_retirement_is_named_and_the_server_stays_until_it_is_granted() {
    for (permission, name) in
        [(Permission::AgentDisconnect, "Agent/Disconnect"), (Permission::AgentDelete, "Agent/Delete")]
    {
        let it = without(permission).with_idle_node();
        it.minutes(9);
        let node = it.node();
        for _ in 0..3 {
            let run = it.minute();
            assert!(run.lines()[0].ends_with("refused"), "{}", run.story());
            assert!(run.errors()[0].contains(name), "{}", run.story());
            assert_eq!((it.servers().len(), it.nodes()), (1, vec![node.clone()]));
        }
        grant(&it);
        it.minutes(2);
        assert!(it.servers().is_empty() && it.nodes().is_empty());
    }
}

#[test]
fn without_agent_connect_a_node_cannot_be_brought_back_and_that_is_said() {
    let it = without(Permission::AgentConnect).with_idle_node();
    it.minutes(9);
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Status(500, "{}".into())).method("POST").path("doDelete"));
    it.minute();
    it.sim.jenkins().submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
    let run = it.minute();
    assert!(run.lines()[0].starts_with("restore_node") && run.lines()[0].ends_with("refused"), "{}", run.story());
    assert!(run.errors()[0].contains("Agent/Connect"), "{}", run.story());
    grant(&it);
    it.minutes(3);
    assert_eq!(it.built(), ["first", "second"]);
}

#[test]
fn a_password_in_place_of_a_token_works_with_crumbs() {
    let it = Setup::trusty().user(User::new("mita", "unused-token").password("jenkins-password")).start();
    it.edit_config(|text| text.replace("unused-token", "jenkins-password"));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(25, "a whole life", |it| it.built().len() == 1 && it.servers().is_empty());
    it.sim.assert_promises();
}

/// Everything that must appear nowhere: what the configuration holds, and what the services gave out.
fn secrets(it: &Installation) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = ["jenkins-api-token", "mita-secret"].map(str::to_owned).into();
    for request in it.sim.requests() {
        for (name, value) in &request.headers {
            if name == "authorization" || name == "x-auth-token" {
                secrets.insert(value.trim_start_matches("Basic ").to_owned());
            }
        }
    }
    assert!(secrets.len() >= 4, "both headers were sent");
    secrets
}

fn nowhere(it: &Installation, text: &[&str]) {
    for secret in secrets(it) {
        for text in text {
            assert!(!text.contains(&secret), "{secret} in: {text}");
        }
        for (path, (bytes, _)) in it.files() {
            let config = path.ends_with("mita.toml");
            assert!(config || !String::from_utf8_lossy(&bytes).contains(&secret), "{secret} in {}", path.display());
        }
    }
}

#[test]
fn s9_no_secret_is_in_the_output_the_log_or_the_state_at_the_highest_verbosity() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().submit(Job::freestyle("second").label("amd64 && trusty").lasting(minutes(1)));
    it.sim.jenkins().submit(Job::freestyle("third").label("amd64 && trusty").lasting(minutes(1)));
    for arguments in [
        &["reconcile", "--dry-run", "-vvv"][..],
        &["reconcile", "-vvv", "--output", "json"],
        &["reconcile", "-vvv", "--log-format", "json"],
    ] {
        let ended = it.program(arguments);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(ended.stderr.lines().count() > 4, "the log is there: {}", ended.stderr);
        nowhere(&it, &[&ended.stdout, &ended.stderr]);
    }
}

#[test]
fn s9_a_service_that_repeats_a_secret_in_its_error_gives_nothing_away() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty"));
    let body = r#"{"badRequest": {"code": 400, "message": "bad: mita-secret jenkins-api-token bWl0YTpqZW5raW5zLWFwaS10b2tlbg=="}}"#;
    for (service, method) in [(Service::Nova, "POST"), (Service::Nova, "GET"), (Service::Jenkins, "GET")] {
        it.sim.fault(Fault::new(service, Kind::Status(400, body.into())).method(method).always());
        let ended = it.program(&["reconcile", "-vvv", "--output", "json"]);
        assert_eq!(ended.status, 1, "{}", ended.stderr);
        assert!(ended.stderr.contains("bad: [secret] [secret]"), "{}", ended.stderr);
        nowhere(&it, &[&ended.stdout, &ended.stderr]);
        it.sim.heal();
    }
}

#[test]
fn wrong_credentials_of_a_cloud_are_told_with_the_providers_name() {
    let wrong =
        "auth_version = \"3.x_password\"\nusername = \"mita\"\npassword = \"not-this-one\"\ntenant_name = \"ceph-ci\"";
    let it = Setup::trusty().cloud("second", wrong).start();
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(60)));
    let run = it.minute();
    run.did(&["create_server trusty demand done"]);
    assert!(matches!(run.problems().as_slice(), [one] if one.starts_with("provider second")), "{}", run.story());
}
