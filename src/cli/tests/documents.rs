//! The JSON of each command, as the program writes it.

use crate::apply::{ActionResult, Outcome};
use crate::cli::args::{Arguments, Command};
use crate::cli::check::Checked;
use crate::cli::exit::Exit;
use crate::cli::operator;
use crate::cli::operator::HandDocument;
use crate::cli::reconcile::exit;
use crate::cli::tests::scene::Scene;
use crate::cli::tests::schema;
use crate::cli::tests::schema::faults;
use crate::config::{Config, Loaded};
use crate::domain::rule::Rule;
use crate::plan::model::{
    Action, Change, FloatingIpToAssign, FormerServer, NodeToRegister, Order, Problem, Proof, Subject, Target, Verdict,
};
use crate::progress::Progress;
use crate::reconcile::Report;
use crate::secret::Secret;
use crate::view::document::RunDocument;
use crate::view::explain::Explanation;
use crate::view::picture::Picture;
use crate::view::status::Status;
use crate::view::status::text::render_within;
use clap::Parser;
use jiff::SignedDuration;
use mita_sim::{Fault, Kind, Service};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

fn json(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap()
}

#[track_caller]
fn assert_conforms(name: &str, document: &impl Serialize) {
    assert_eq!(faults(name, &json(document)), [""; 0]);
}

/// One of each action.
fn every_action() -> Vec<Action> {
    let nodes = |nodes: &[&str]| Target {
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        server_id: "5d0f".into(),
        name: "ubuntu".to_owned(),
        order: "20261121T233012Z-1".into(),
        nodes: nodes.iter().map(|node| (*node).into()).collect(),
    };
    let target = || nodes(&["ubuntu+192.168.1.188"]);
    let left_by = || FormerServer { provider: "openstack".into(), server_id: "5d0f".into() };
    let node = |name: &str, server_id: Option<&str>, address: Option<&str>| NodeToRegister {
        node: name.into(),
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        server_id: server_id.map(Into::into),
        id: "20261121T233012Z-1".into(),
        address: address.map(|address| address.parse().unwrap()),
    };
    let order = Order {
        node_type: "ubuntu".into(),
        provider: "openstack".into(),
        name: "ubuntu".to_owned(),
        id: "20261121T233012Z-1".into(),
        jobs: Vec::new(),
    };
    let floating_ip = FloatingIpToAssign { target: nodes(&[]), pool: "public".to_owned(), known: Some("f1".into()) };
    let changes = [
        Change::CreateServer(order),
        Change::RetireNode(target()),
        Change::DrainNode(target()),
        Change::DeleteServer(nodes(&[])),
        Change::RestoreNode(target()),
        Change::DeleteVolume { volume_id: "7f3a".into(), left_by: left_by() },
        Change::AssignFloatingIp(floating_ip),
        Change::ReleaseFloatingIp { floating_ip_id: "f1".into(), left_by: left_by() },
        Change::DeleteNode { node: "ubuntu+192.168.1.188".into(), proof: Proof::Server("5d0f".into()) },
        Change::CreateNode(node("ubuntu+192.168.1.188", Some("5d0f"), Some("192.168.1.188"))),
        Change::CreateNode(node("ubuntu-20261121T233012Z-1", None, None)),
    ];
    changes.map(|change| Action::new(change, Rule::Idle, "so it is")).into()
}

fn every_outcome() -> Vec<ActionResult> {
    let outcomes =
        [Outcome::Done, Outcome::AlreadyDone, Outcome::Skipped, Outcome::Refused, Outcome::Unknown, Outcome::Failed];
    let result = |(action, outcome): (usize, Outcome)| ActionResult {
        action,
        outcome,
        server_id: (action % 2 == 0).then(|| "5d0f".into()),
        error: outcome.is_failure().then(|| "it did not work".to_owned()),
    };
    outcomes.into_iter().enumerate().map(result).collect()
}

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
    let picture = Picture::of(&scene.loaded.config, &report);
    let texts = [
        serde_json::to_string(&RunDocument::of(&report)).unwrap(),
        serde_json::to_string(&Status::of(&picture)).unwrap(),
        serde_json::to_string(&Explanation::of(&picture, "vault")).unwrap(),
    ];
    for text in texts {
        assert!(text.contains("it said [secret]"), "{text}");
        assert!(!text.contains("t0ken-in-an-error"), "{text}");
    }
}

#[test]
fn held_back_removals_come_before_failures_in_the_exit_status() {
    let scene = Scene::start();
    let mut report: Report = scene.run();
    assert_eq!(exit(&report), Exit::Done);
    report.results = Some(every_outcome());
    assert_eq!(exit(&report), Exit::Failed);
    report.plan.held_back = every_action();
    assert_eq!(exit(&report), Exit::HeldBack);
    report.results = Some(Vec::new());
    assert_eq!(exit(&report), Exit::HeldBack);
}

#[test]
fn a_service_that_could_not_be_read_is_a_failure_in_a_dry_run_too() {
    let scene = Scene::start();
    let mut report = scene.look();
    assert_eq!(exit(&report), Exit::Done);
    report.plan.problems = vec![Problem { place: "jenkins".to_owned(), error: "no answer".to_owned() }];
    assert_eq!(exit(&report), Exit::Failed);
}

#[test]
fn the_status_of_each_moment_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..4 {
        let report = scene.look();
        assert_conforms("status", &Status::of(&Picture::of(&scene.loaded.config, &report)));
        scene.run();
    }
}

#[test]
fn s3_a_jenkins_that_could_not_be_read_is_not_shown_as_an_empty_one() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.sim.fault(Fault::new(Service::Jenkins, Kind::Html(403)).always());
    let report = scene.look();
    let picture = Picture::of(&scene.loaded.config, &report);
    let status = Status::of(&picture);
    assert_conforms("status", &status);
    let document = json(&status);
    assert!(document["nodes"].is_null() && document["jobs"].is_null(), "{document}");
    assert_eq!(document["servers"].as_array().map(Vec::len), Some(1));
    let text = render_within(&status, 80);
    assert!(text.contains("Jenkins has nodes that cannot be seen and a queue that cannot be seen"), "{text}");
    assert!(
        Explanation::of(&picture, "ceph-build").nothing().starts_with("as far as could be seen, nothing is called")
    );
}

#[test]
fn a_type_that_is_not_ordered_for_now_is_told_with_the_reason() {
    let scene = Scene::start();
    let mut report = scene.look();
    let now = report.plan.now;
    crate::plan::sightings::breaker::failed(
        &mut report.plan.memory,
        &"openstack".into(),
        &"ubuntu".into(),
        "no valid host",
        now,
    );
    crate::plan::sightings::breaker::quota_refused(&mut report.plan.memory, &"openstack".into(), &"centos".into(), now);
    let status = json(&Status::of(&Picture::of(&scene.loaded.config, &report)));
    assert_eq!(faults("status", &status), [""; 0]);
    let pauses = |index: usize| status["node_types"][index]["pauses"].to_string();
    assert_eq!(
        pauses(0),
        r#"[{"provider":"openstack","reason":"no valid host","rule":"breaker_open","until":"2026-01-05T08:05:00Z"}]"#
    );
    assert!(pauses(1).contains(r#""rule":"quota""#), "{}", pauses(1));
    report.plan.now = now + SignedDuration::from_mins(6);
    let status = json(&Status::of(&Picture::of(&scene.loaded.config, &report)));
    assert_eq!(status["node_types"][0]["pauses"].to_string(), "[]");
}

#[test]
fn every_explanation_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..4 {
        let report = scene.look();
        let picture = Picture::of(&scene.loaded.config, &report);
        let nodes = scene.sim.jenkins().node_names();
        let others = ["ceph-build", "4", "ubuntu", "amd64 && !trusty", "Built-In Node", "nothing"];
        for subject in nodes.iter().map(String::as_str).chain(others) {
            let explanation = Explanation::of(&picture, subject);
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

#[test]
fn a_check_of_a_good_and_of_a_bad_file_conforms_to_its_schema() {
    let scene = Scene::start();
    let path = Path::new("mita.toml");
    let online = crate::cli::check::online::check(&scene.loaded.config, scene.moment());
    let Loaded { config, warnings } = scene.loaded;
    let good = Checked::of(path, &Ok(Loaded { config, warnings }), Some(online));
    assert_conforms("check", &good);
    assert_eq!(json(&good)["ok"], true);
    let bad = Checked::of(path, &Config::load(Path::new("no-such-folder/mita.toml")), None);
    assert_conforms("check", &bad);
    assert_eq!(json(&bad)["errors"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_schemas_know_every_rule() {
    let rules: Value = Rule::ALL.iter().map(|rule| rule.name()).collect();
    for name in ["reconcile", "status", "explain"] {
        assert_eq!(schema::read(name)["$defs"]["rule"]["enum"], rules, "{name}");
    }
}

#[test]
fn what_became_of_a_wish_conforms_to_its_schema() {
    let scene = Scene::with_jobs();
    for _ in 0..3 {
        scene.run();
    }
    let node = scene.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("ubuntu+")).unwrap();
    for words in [["hold", &node], ["release", &node], ["retire", &node], ["retire", "vault"], ["hold", "x"]] {
        let wish: operator::Command = match Arguments::try_parse_from(["mita"].iter().chain(&words)).unwrap().command {
            Command::Hold(wish) => wish.into(),
            Command::Release(wish) => wish.into(),
            Command::Retire(wish) => wish.into(),
            other => panic!("{other:?}"),
        };
        let (config, moment) = (&scene.loaded.config, scene.moment());
        let answer = wish.carry_out(config, moment, &Progress::silent()).unwrap();
        let document = HandDocument::of(&wish, &config.owner, moment, &answer);
        assert_conforms("hand", &document);
        assert_eq!(json(&document)["command"], words[0]);
    }
}
