//! The client against a server that answers, refuses, moves, wants crumbs, or is no Jenkins at all.

mod ahead;
mod generations;
mod refusals;
mod registrations;
mod writes;

use super::*;
use crate::config::JenkinsConfig;
use crate::domain::names::NodeName;
use crate::domain::world::{Mode, Presence};
use crate::http::Network;
use crate::http::loopback::{Answer, Loopback, Seen, deadline};
use crate::secret::Secret;
use std::time::Duration;

fn controller(server: &Loopback, prefix: &str) -> Jenkins {
    let config = JenkinsConfig {
        url: format!("{}/{prefix}", server.url),
        former_urls: Vec::new(),
        user: "adeza".to_owned(),
        token: Secret::new("11aa-jenkins-token"),
        cacert: None,
        proxy: None,
    };
    Jenkins::new(&config, deadline(Duration::from_secs(30)), &Network::default()).unwrap()
}

fn jenkins_answer(body: &str) -> Answer {
    Answer::json(200, body).with("X-Jenkins", "2.578").with("X-Jenkins-Session", "a1b2c3")
}

fn html(status: u16, title: &str) -> Answer {
    Answer::Whole {
        status,
        headers: vec![("Content-Type".to_owned(), "text/html;charset=utf-8".to_owned())],
        body: format!("<html><head><title>{title}</title></head><body/></html>").into_bytes(),
    }
}

fn redirect(status: u16, to: &str) -> Answer {
    html(status, "Moved").with("Location", to)
}

#[test]
fn a_read_goes_below_the_prefix_signed_at_once_and_asks_for_english() {
    let server = Loopback::new(|_| jenkins_answer(r#"{"_class":"hudson.model.Hudson","quietingDown":true}"#));
    let reading = controller(&server, "jenkins/").mode().unwrap();
    assert_eq!(
        (reading.value, reading.session.as_deref(), reading.version.as_str()),
        (Mode::QuietingDown, Some("a1b2c3"), "2.578")
    );
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "GET /jenkins/api/json?tree=quietingDown");
    assert_eq!(seen.header("authorization"), Some("Basic YWRlemE6MTFhYS1qZW5raW5zLXRva2Vu"));
    assert_eq!(seen.header("accept-language"), Some("en"));
    assert!(seen.header("accept-encoding").is_some_and(|encodings| encodings.contains("gzip")));
}

#[test]
fn each_list_is_one_request() {
    let server = Loopback::new(|seen| {
        jenkins_answer(if seen.target.starts_with("/queue/") {
            include_str!("../../../tests/fixtures/jenkins/queue-2.578.json")
        } else {
            include_str!("../../../tests/fixtures/jenkins/computer-2.578.json")
        })
    });
    let jenkins = controller(&server, "");
    assert_eq!(jenkins.queue().unwrap().value.items.len(), 4);
    assert_eq!(jenkins.nodes().unwrap().value.len(), 5);
    assert_eq!(jenkins.requests_sent(), 2);
    let lines: Vec<String> = server.seen().iter().map(Seen::line).collect();
    assert!(lines[0].starts_with("GET /queue/api/json?tree=items%5Bid%2C"), "{lines:?}");
    assert!(lines[1].starts_with("GET /computer/api/json?tree=computer%5BdisplayName%2C"), "{lines:?}");
}

#[test]
fn s3_what_is_not_jenkins_or_not_the_thing_asked_for_is_no_list() {
    for (answer, kind, words) in [
        (
            html(200, "Sign in"),
            ErrorKind::NotJenkins,
            "the answer does not come from Jenkins: status 200 (text/html;charset=utf-8): an HTML page titled \
             \"Sign in\"; check the url of [jenkins], and whether something in front of Jenkins asks for a log-in",
        ),
        (
            Answer::json(200, r#"{"items":[],"computer":[],"quietingDown":false}"#),
            ErrorKind::NotJenkins,
            "does not come from Jenkins",
        ),
        (html(200, "Jenkins").with("X-Jenkins", "2.578"), ErrorKind::Unexpected, "an HTML page titled \"Jenkins\""),
        (jenkins_answer("{\"items\":["), ErrorKind::Unexpected, "as JSON"),
        (jenkins_answer(""), ErrorKind::Unexpected, "an empty body"),
    ] {
        let server = Loopback::new(move |_| answer.clone());
        let jenkins = controller(&server, "");
        for error in [
            jenkins.queue().unwrap_err(),
            jenkins.nodes().unwrap_err(),
            jenkins.mode().unwrap_err(),
            jenkins.node(&NodeName::from("n")).unwrap_err(),
        ] {
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.to_string().starts_with(&format!("GET {}/", server.url)), "{error}");
            assert!(error.text.contains(words), "{error}");
        }
    }
}

#[test]
fn s3_an_answer_of_jenkins_without_what_was_asked_for_is_no_list() {
    let server = Loopback::new(|_| jenkins_answer("{}"));
    let jenkins = controller(&server, "");
    assert_eq!(jenkins.queue().unwrap_err().kind, ErrorKind::Unexpected);
    assert_eq!(jenkins.nodes().unwrap_err().kind, ErrorKind::Incomplete);
    assert_eq!(jenkins.mode().unwrap_err().kind, ErrorKind::Unexpected);
    assert_eq!(jenkins.node(&NodeName::from("n")).unwrap_err().kind, ErrorKind::Unexpected);
}

#[test]
fn a_node_is_read_by_its_encoded_name_and_404_is_no_node() {
    let server = Loopback::new(|seen| {
        match seen.target.starts_with("/computer/a%2Bb%20%C3%A9%3Bc/api/json?tree=displayName%2C") {
            true => jenkins_answer(
                r#"{"_class":"hudson.slaves.SlaveComputer","displayName":"a+b é;c","idle":true,"offline":false,
                "temporarilyOffline":false,"numExecutors":1,"executors":[{"idle":true}],
                "assignedLabels":[{"name":"x"}]}"#,
            ),
            false => html(404, "Not Found"),
        }
    });
    let jenkins = controller(&server, "");
    let reading = jenkins.node(&NodeName::from("a+b é;c")).unwrap();
    assert_eq!(reading.session.as_deref(), Some("a1b2c3"));
    let node = reading.value.unwrap();
    assert_eq!((node.presence, node.idle_executors, node.idle), (Presence::Online, 1, true));
    assert_eq!(jenkins.node(&NodeName::from("gone")).unwrap().value, None);
}

#[test]
fn a_node_that_answers_under_another_name_is_not_the_node() {
    let server = Loopback::new(|_| jenkins_answer(r#"{"displayName":"other","idle":true,"offline":false}"#));
    let error = controller(&server, "").node(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unexpected);
}
