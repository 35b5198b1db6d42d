//! The JSON of runs, of `status` and of `explain`, as the program writes it.

use crate::apply::{ActionResult, Outcome};
use crate::domain::rule::Rule;
use crate::plan::model::{Problem, Subject, Verdict};
use crate::secret::Secret;
use crate::view::document::run::RunDocument;
use crate::view::explain::explain;
use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::text::{Layout, render};
use crate::view::tests::samples::{every_action, every_outcome};
use crate::view::tests::scene::Scene;
use crate::view::tests::schema::{assert_conforms, faults, json};
use jiff::SignedDuration;
use mita_sim::{Fault, Kind, Service};
use serde_json::Value;

#[test]
fn the_document_of_each_run_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    let dry = scene.look();
    assert_conforms("reconcile", &RunDocument::of(&dry));
    for _ in 0..3 {
        let report = scene.run();
        assert_conforms("reconcile", &RunDocument::of(&report));
    }
    let mut report = dry;
    report.plan.actions = every_action();
    report.plan.held_back = every_action();
    report.plan.problems = vec![Problem { place: "jenkins".to_owned(), error: "no answer".to_owned() }];
    report.results = Some(every_outcome());
    assert_conforms("reconcile", &RunDocument::of(&report));
}

#[test]
fn the_run_document_has_the_keys_of_the_documentation_in_their_order() {
    let scene = Scene::with_jobs();
    let text = serde_json::to_string(&RunDocument::of(&scene.look())).unwrap();
    let start = "{\"version\":1,\"owner\":\"ceph-ci\",\"now\":\"2026-01-05T08:00:10Z\",\"dry_run\":true,\"actions\":[{\
                 \"action\":\"create_server\",\"node_type\":\"ubuntu\",\"provider\":\"openstack\",\"name\":\"ubuntu\",\
                 \"id\":\"20260105T080010Z-1\",\"jobs\":[{\"queue_id\":1,\"job\":\"ceph-build\",\"needs\":\"amd64 && \
                 trusty\"}],\"rule\":\"demand\",\"reason\":\"";
    assert!(text.starts_with(start), "{text}");
    let keys = ["\"actions\":[", "\"verdicts\":[", "\"problems\":[]}"];
    let places: Vec<Option<usize>> = keys.iter().map(|key| text.find(key)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
}

#[test]
fn results_are_absent_from_a_dry_run_and_there_for_a_run_without_actions() {
    let scene = Scene::start();
    assert_eq!(json(&RunDocument::of(&scene.look())).get("results"), None);
    assert_eq!(json(&RunDocument::of(&scene.run())).get("results"), Some(&Value::Array(Vec::new())));
}

#[test]
fn s9_what_a_service_said_gives_no_secret_away() {
    let _secret = Secret::new("t0ken-in-an-error");
    let scene = Scene::start();
    let mut report = scene.look();
    let leak = || "it said t0ken-in-an-error".to_owned();
    report.plan.problems = vec![Problem { place: "jenkins".to_owned(), error: leak() }];
    report.plan.verdicts.push(Verdict {
        subject: Subject::Volume,
        id: "7f3a".to_owned(),
        name: "7f3a".to_owned(),
        rule: Rule::ServerGone,
        reason: leak(),
    });
    report.plan.actions = every_action();
    for action in &mut report.plan.actions {
        action.reason = leak();
    }
    report.results =
        Some(vec![ActionResult { action: 0, outcome: Outcome::Failed, server_id: None, error: Some(leak()) }]);
    let overview = Overview::of(&scene.loaded.config, &report);
    let texts = [
        serde_json::to_string(&RunDocument::of(&report)).unwrap(),
        serde_json::to_string(&Status::of(&overview)).unwrap(),
        serde_json::to_string(&explain(&overview, "vault")).unwrap(),
    ];
    for text in texts {
        assert!(text.contains("it said [secret]"), "{text}");
        assert!(!text.contains("t0ken-in-an-error"), "{text}");
    }
}

#[test]
fn the_status_of_each_moment_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..4 {
        let report = scene.look();
        assert_conforms("status", &Status::of(&Overview::of(&scene.loaded.config, &report)));
        scene.run();
    }
}

#[test]
fn s3_a_jenkins_that_could_not_be_read_is_not_shown_as_an_empty_one() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.sim.fault(Fault::new(Service::Jenkins, Kind::Html(403)).always());
    let report = scene.look();
    let overview = Overview::of(&scene.loaded.config, &report);
    let status = Status::of(&overview);
    assert_conforms("status", &status);
    let document = json(&status);
    assert!(document["nodes"].is_null() && document["jobs"].is_null(), "{document}");
    assert_eq!(document["servers"].as_array().map(Vec::len), Some(1));
    let text = render(&status, 80, Layout::Compact).replace('\n', " ");
    assert!(text.contains("Jenkins cannot be seen the next run has nothing to do, as far as it can see"), "{text}");
    assert!(explain(&overview, "ceph-build").nothing().starts_with("as far as could be seen, nothing is called"));
}

#[test]
fn a_type_that_is_not_ordered_for_now_is_told_with_the_reason() {
    let scene = Scene::start();
    let mut report = scene.look();
    let now = report.plan.now;
    crate::plan::sightings::breaker::refused(
        &mut report.plan.state,
        &"openstack".into(),
        &"ubuntu".into(),
        "no valid host",
        now,
    );
    crate::plan::sightings::breaker::quota_refused(
        &mut report.plan.state,
        &"openstack".into(),
        &"centos".into(),
        "full",
        now,
    );
    let status = json(&Status::of(&Overview::of(&scene.loaded.config, &report)));
    assert_eq!(faults("status", &status), [""; 0]);
    let pauses = |index: usize| status["node_types"][index]["pauses"].to_string();
    assert_eq!(
        pauses(0),
        r#"[{"provider":"openstack","reason":"no valid host","rule":"breaker_open","until":"2026-01-05T08:05:00Z"}]"#
    );
    assert!(pauses(1).contains(r#""rule":"quota""#), "{}", pauses(1));
    report.plan.now = now + SignedDuration::from_mins(6);
    let status = json(&Status::of(&Overview::of(&scene.loaded.config, &report)));
    assert_eq!(status["node_types"][0]["pauses"].to_string(), "[]");
}

#[test]
fn every_explanation_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..4 {
        let report = scene.look();
        let overview = Overview::of(&scene.loaded.config, &report);
        let nodes = scene.sim.jenkins().node_names();
        let others = ["ceph-build", "4", "ubuntu", "amd64 && !trusty", "Built-In Node", "nothing"];
        for subject in nodes.iter().map(String::as_str).chain(others) {
            let explanation = explain(&overview, subject);
            assert_conforms("explain", &explanation);
            assert_rows_lead_to_the_verdict(&json(&explanation));
        }
        scene.run();
    }
}

/// Each rule before the one that decided has evidence against it.
fn assert_rows_lead_to_the_verdict(explanation: &Value) {
    for finding in explanation["found"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["kind"] == "server" || finding["kind"] == "node")
    {
        let answers = finding["answers"].as_array().unwrap();
        let rows: Vec<&Value> = answers.iter().filter(|answer| answer["of"] == "rule").collect();
        let Some((last, before)) = rows.split_last() else {
            assert_eq!(finding["rule"], "not_ours", "{finding}");
            continue;
        };
        assert_eq!((&last["name"], &last["fits"]), (&finding["rule"], &Value::Bool(true)), "{finding}");
        assert!(before.iter().all(|row| row["fits"] == false && row["reason"] != "it does not apply"), "{finding}");
    }
}
