//! Rights that a cloud denies: a server whose removal is refused must not lose its node for it.

use crate::harness::{Installation, Setup, minutes};
use mita::domain::rule::Rule;
use mita::operator::{Ended, Request};
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::AccessRule;
use mita_sim::{Fault, Kind, Service};

const LOGIN: &str = "auth_version = \"3.x_appcred\"";

/// What mita needs to order servers, to use them and to remove them.
const RULES: [(&str, &str, &str); 9] = [
    ("compute", "GET", "/compute/v2.1/servers/detail"),
    ("compute", "GET", "/compute/v2.1/servers/*"),
    ("compute", "DELETE", "/compute/v2.1/servers/*"),
    ("compute", "POST", "/compute/v2.1/servers"),
    ("compute", "GET", "/compute/v2.1/flavors/**"),
    ("compute", "GET", "/compute/v2.1/limits"),
    ("compute", "GET", "/compute/v2.1/os-keypairs/**"),
    ("image", "GET", "/image/**"),
    ("network", "GET", "/network/**"),
];

/// The application credential allows all of this but what begins so.
fn allow_all_but(it: &Installation, method: &str, path: &str) {
    let rules = RULES.iter().filter(|rule| (rule.1, rule.2) != (method, path));
    let rules = rules.map(|&(service, method, path)| AccessRule { service, method, path });
    it.sim.cloud("openstack").app_credentials[0].access_rules = rules.collect();
}

/// One idle node, and a log-in with an application credential.
fn with_credential() -> Installation {
    let it = Setup::trusty().with_idle_node();
    let (id, secret) = {
        let cloud = it.sim.cloud("openstack");
        (cloud.app_credentials[0].id.clone(), cloud.app_credentials[0].secret.clone())
    };
    let keys = format!("application_credential_id = {id:?}\napplication_credential_secret = {secret:?}");
    let password = "username = \"mita\"\npassword = \"mita-secret\"\ntenant_name = \"ceph-ci\"";
    it.edit_config(|text| text.replace(password, &format!("{LOGIN}\n{keys}")));
    it
}

#[test]
fn l6_a_removal_that_the_access_rules_do_not_allow_touches_no_node_and_is_told_in_each_run() {
    let servers = "/compute/v2.1/servers/*";
    for method in ["GET", "DELETE"] {
        let it = with_credential();
        let (server, node) = (it.server(), it.node());
        allow_all_but(&it, method, servers);
        let rule = format!("{{service: compute, method: {method}, path: {servers}}}");
        for _ in 0..30 {
            let run = it.minute();
            run.did(&[]);
            assert!(matches!(&run.problems()[..], [one] if one.contains(&rule)), "{}", run.story());
        }
        let run = it.run();
        for verdict in [run.verdict(Subject::Server, &server.id), run.verdict(Subject::Node, &node)] {
            assert!(verdict.rule == Rule::Held && verdict.reason.contains(&rule), "{}", run.story());
        }
        assert_eq!(it.reconcile(&[]), 1);
        for when_idle in [false, true] {
            let answer = it.by_hand(&node, &Request::Retire { when_idle });
            assert!(answer.ended == Ended::Refused && answer.reason.contains(&rule), "{}", answer.reason);
        }
        // It serves the next job all the same.
        it.sim.jenkins().submit(Job::freestyle("second").label("trusty").lasting(minutes(1)));
        it.minutes(5);
        assert_eq!((it.built().len(), it.orders()), (2, 1));
        assert_eq!(it.sim.count(Service::Jenkins, "POST", "computer/"), 0);
        allow_all_but(&it, "", "");
        it.minutes_until(15, "it is retired", |it| it.servers().is_empty() && it.nodes().is_empty());
    }
}

#[test]
fn l6_after_a_refused_deletion_no_further_idle_node_is_retired_until_one_is_accepted() {
    let policy = r#"{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:servers:delete."}}"#;
    let token = r#"{"error": {"code": 401, "message": "The request you have made requires authentication."}}"#;
    for (refusal, said) in [
        (Kind::Status(403, policy.into()), "Policy doesn't allow os_compute_api:servers:delete"),
        (Kind::Status(401, token.into()), "answered 401"),
        (Kind::Html(405), "answered 405"),
    ] {
        let it = Setup::trusty().start();
        for (job, length) in [("first", 1), ("second", 8)] {
            it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(length)));
        }
        it.sim.fault(Fault::new(Service::Nova, refusal).method("DELETE").always());
        it.minutes_until(25, "the first node is deleted", |it| it.nodes().len() == 1 && it.built().len() == 2);
        let node = it.node();
        let kept = it.minutes(10);
        for _ in 0..30 {
            let run = it.minute();
            // What has no node any more is tried again.
            run.did(&["delete_server trusty drain_resumed refused"]);
        }
        let run = it.run();
        let verdict = run.verdict(Subject::Node, &node);
        assert!(verdict.rule == Rule::Held && verdict.reason.contains(said), "{}", run.story());
        let removal = run.problems().into_iter().find(|problem| problem.starts_with("server trusty"));
        assert!(removal.is_some_and(|problem| problem.contains(said)), "{}", run.story());
        assert_eq!((it.servers().len(), it.nodes()), (2, vec![node.clone()]), "{}", kept.story());
        it.sim.jenkins().submit(Job::freestyle("third").label("trusty").lasting(minutes(1)));
        it.minutes(4);
        assert_eq!((it.built().len(), it.orders()), (3, 2));
        it.minutes(12);
        it.sim.heal();
        it.minute().did(&["delete_server trusty drain_resumed done"]);
        it.minute().did(&[&format!("retire_node {node} idle done")]);
    }
}

#[test]
fn after_a_refused_deletion_a_person_who_retires_a_node_is_obeyed() {
    let it = Setup::trusty().start();
    for (job, length) in [("first", 1), ("second", 8)] {
        it.sim.jenkins().submit(Job::freestyle(job).label("trusty").lasting(minutes(length)));
    }
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(405)).method("DELETE").always());
    it.minutes_until(25, "the first node is deleted", |it| it.nodes().len() == 1 && it.built().len() == 2);
    it.sim.heal();
    let answer = it.by_hand(&it.node(), &Request::Retire { when_idle: false });
    assert_eq!(answer.ended, Ended::Done, "{}", answer.reason);
}
