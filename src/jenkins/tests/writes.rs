//! Writes: what is sent, when it counts as done, crumbs, and the toggle that looks first.

use super::*;
use crate::domain::names::{Owner, ServerId};
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;

#[test]
fn names_that_are_paths_are_never_sent() {
    let server = Loopback::new(|_| redirect(302, ".."));
    let jenkins = controller(&server, "");
    for name in ["", ".", ".."] {
        let name = NodeName::from(name);
        assert_eq!(jenkins.delete(&name).unwrap_err().kind, ErrorKind::NotSent);
        assert_eq!(jenkins.node(&name).unwrap_err().kind, ErrorKind::NotSent);
    }
    assert!(server.seen().is_empty());
}

#[test]
fn each_write_is_one_post_with_its_text_in_the_query() {
    let server = Loopback::new(|_| redirect(302, "https://ci.example.com/computer/"));
    let jenkins = controller(&server, "jenkins/");
    let node = NodeName::from("ubuntu+192.168.1.188");
    assert_eq!(jenkins.set_offline(&node, "a b+c&d").unwrap(), NodeChange::Done);
    assert_eq!(jenkins.delete(&node).unwrap(), NodeChange::Done);
    let lines: Vec<String> = server.seen().iter().map(Seen::line).collect();
    assert_eq!(
        lines,
        [
            "POST /jenkins/computer/ubuntu%2B192.168.1.188/changeOfflineCause?offlineMessage=a%20b%2Bc%26d",
            "POST /jenkins/computer/ubuntu%2B192.168.1.188/doDelete",
        ]
    );
}

#[test]
fn a_write_is_done_where_jenkins_sends_us_back_to_its_nodes_and_nowhere_else() {
    let node = NodeName::from("u+1");
    let delete = |answer: Answer| {
        let server = Loopback::new(move |_| answer.clone());
        controller(&server, "").delete(&node)
    };
    for done in ["..", ".", "/computer/", "http://internal:8080/jenkins/computer/u+1/", "https://h/computer/u%2B1/.."] {
        assert_eq!(delete(redirect(302, done)).unwrap(), NodeChange::Done, "{done}");
    }
    assert_eq!(delete(html(200, "Nodes").with("X-Jenkins", "2.578")).unwrap(), NodeChange::Done);
    assert_eq!(delete(html(404, "Not Found")).unwrap(), NodeChange::NoSuchNode);
    for (answer, kind) in [
        (redirect(302, "https://h/computer/u+1/doDelete"), ErrorKind::Redirected),
        (redirect(302, "https://sso.example.com/login?from=/computer/"), ErrorKind::Redirected),
        (redirect(301, "https://h/computer/"), ErrorKind::Redirected),
        (redirect(308, "https://h/computer/u%2B1/doDelete"), ErrorKind::Redirected),
        (html(302, "Found"), ErrorKind::Redirected),
        (html(200, "Sign in"), ErrorKind::NotJenkins),
        (html(400, "Error").with("X-Error", "no"), ErrorKind::Refused { status: 400 }),
        (html(405, "Error"), ErrorKind::Refused { status: 405 }),
        (html(408, "Request Time-out"), ErrorKind::Refused { status: 408 }),
        (html(503, "Starting"), ErrorKind::Starting),
        (html(504, "Gateway Time-out"), ErrorKind::Failed { status: 504 }),
        (Answer::Cut(Vec::new()), ErrorKind::Lost),
    ] {
        let error = delete(answer).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        let open = matches!(
            kind,
            ErrorKind::NotJenkins
                | ErrorKind::Starting
                | ErrorKind::Refused { status: 408 }
                | ErrorKind::Failed { .. }
                | ErrorKind::Lost
        );
        assert_eq!(error.outcome_is_unknown(), open, "{error}");
    }
}

fn no_crumb() -> Answer {
    html(403, "Error 403 No valid crumb was included in the request")
}

#[test]
fn a_crumb_is_fetched_once_when_asked_for_and_kept_with_its_session() {
    let server = Loopback::new(|seen| match seen.target.as_str() {
        "/crumbIssuer/api/json" => {
            jenkins_answer(r#"{"_class":"x","crumb":"c0ffee-crumb","crumbRequestField":"Jenkins-Crumb"}"#)
                .with("Set-Cookie", "JSESSIONID.1=node0abc; Path=/; HttpOnly")
                .with("Set-Cookie", "route=r1")
        }
        _ if seen.header("jenkins-crumb") == Some("c0ffee-crumb")
            && seen.header("cookie") == Some("JSESSIONID.1=node0abc; route=r1") =>
        {
            redirect(302, ".")
        }
        _ => no_crumb(),
    });
    let jenkins = controller(&server, "");
    assert_eq!(jenkins.set_offline(&NodeName::from("n"), "m").unwrap(), NodeChange::Done);
    assert_eq!(jenkins.delete(&NodeName::from("n")).unwrap(), NodeChange::Done);
    let paths: Vec<String> = server.seen().iter().map(Seen::line).collect();
    assert_eq!(
        paths,
        [
            "POST /computer/n/changeOfflineCause?offlineMessage=m",
            "GET /crumbIssuer/api/json",
            "POST /computer/n/changeOfflineCause?offlineMessage=m",
            "POST /computer/n/doDelete",
        ]
    );
}

#[test]
fn a_write_is_repeated_once_for_a_crumb_and_no_more() {
    let server = Loopback::new(|seen| match seen.target.as_str() {
        "/crumbIssuer/api/json" => jenkins_answer(r#"{"crumb":"stale-crumb","crumbRequestField":"Jenkins-Crumb"}"#),
        _ => no_crumb(),
    });
    let error = controller(&server, "").delete(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden { permission: None });
    assert!(error.text.contains("use an API token instead of the password"), "{error}");
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_write_that_a_starting_jenkins_refuses_for_a_crumb_is_reported_as_starting() {
    let server = Loopback::new(|seen| match seen.target.as_str() {
        "/crumbIssuer/api/json" => html(503, "Starting Jenkins"),
        _ => no_crumb(),
    });
    let error = controller(&server, "").delete(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Starting, "{error}");
    assert_eq!(server.seen().iter().filter(|seen| seen.method == "POST").count(), 1, "one write");
}

#[test]
fn without_an_issuer_of_crumbs_the_refusal_stands() {
    let server = Loopback::new(|seen| match seen.method.as_str() {
        "GET" => html(404, "Not Found"),
        _ => no_crumb(),
    });
    let error = controller(&server, "").delete(&NodeName::from("n")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden { permission: None });
    assert_eq!(server.seen().len(), 2);
}

fn node_set_offline(reason: &str) -> Answer {
    let node = serde_json::json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "n", "idle": true,
        "offline": true, "temporarilyOffline": true, "offlineCauseReason": reason});
    jenkins_answer(&node.to_string())
}

fn restore(read: Answer) -> (Result<Restoration, JenkinsError>, Vec<String>) {
    let server = Loopback::new(move |seen| if seen.method == "GET" { read.clone() } else { redirect(302, ".") });
    let owner = Owner::new("ceph-ci").unwrap();
    let result = controller(&server, "").bring_online(&NodeName::from("n"), &owner, (&ServerId::from("4711"), None));
    (result, server.seen().iter().map(Seen::line).filter(|line| line.starts_with("POST")).collect())
}

#[test]
fn a_node_that_we_set_offline_is_brought_back() {
    let message = offline_message(&Owner::new("ceph-ci").unwrap(), &ServerId::from("4711"), Rule::Idle);
    let (result, posts) = restore(node_set_offline(&message));
    assert_eq!(result.unwrap(), Restoration::Done);
    // Should the toggle set it offline after all, then with our message.
    assert_eq!(
        posts,
        ["POST /computer/n/toggleOffline?offlineMessage=mita%20retires%20this%20node%3A%20owner%3Dceph-ci%20\
             server%3D4711%20rule%3Didle"]
    );
}

#[test]
fn s7_nothing_is_toggled_that_we_did_not_set_offline() {
    let theirs = offline_message(&Owner::new("other-ci").unwrap(), &ServerId::from("4711"), Rule::Idle);
    let of_another_server = offline_message(&Owner::new("ceph-ci").unwrap(), &ServerId::from("4712"), Rule::Idle);
    for reason in ["disk swap", "", &theirs, &of_another_server] {
        let (result, posts) = restore(node_set_offline(reason));
        assert_eq!(result.unwrap(), Restoration::Held(reason.to_owned()));
        assert!(posts.is_empty(), "{posts:?}");
    }
    let online = r#"{"displayName":"n","idle":true,"offline":false,"temporarilyOffline":false}"#;
    for (answer, outcome) in [
        (jenkins_answer(online), Restoration::NotSetOffline),
        (jenkins_answer(&online.replace(r#""offline":false"#, r#""offline":true"#)), Restoration::NotSetOffline),
        (html(404, "Not Found"), Restoration::NoSuchNode),
    ] {
        let (result, posts) = restore(answer);
        assert_eq!(result.unwrap(), outcome);
        assert!(posts.is_empty(), "{posts:?}");
    }
    let (result, posts) = restore(html(500, "Oops"));
    assert!(result.is_err() && posts.is_empty());
}
