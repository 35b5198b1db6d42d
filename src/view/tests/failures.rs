//! A server that failed, as `status` and `explain` tell of it when it is gone.

use crate::plan::text::display::Detail;
use crate::view::explain::explain;
use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::text::{Layout, render};
use crate::view::style::unmarked;
use crate::view::tests::scene::Scene;
use crate::view::tests::schema::faults;
use mita_sim::JoinRule;
use mita_sim::jenkins::queue::Job;
use serde_json::Value;
use std::time::Duration;

/// A server of `ubuntu` never joined and is gone; its id.
fn failed() -> (Scene, String) {
    let scene = Scene::start();
    scene.sim.on_boot("ubuntu", JoinRule::base_plus_ip(Duration::from_secs(30), "amd64 trusty").never_connects());
    let console: String = (1..=7).map(|number| format!("step {number}\n")).collect();
    scene.sim.cloud("openstack").console = Some(format!("{console}curl: (6) could not resolve jenkins"));
    scene.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    let first = scene.run();
    let server = first.results.unwrap()[0].server_id.clone().unwrap().to_string();
    for _ in 0..20 {
        scene.run();
    }
    assert!(scene.sim.cloud("openstack").server(&server).is_none());
    (scene, server)
}

#[test]
fn the_status_shows_the_last_failure_of_each_node_type_with_the_end_of_its_console() {
    let (scene, server) = failed();
    let report = scene.look();
    let status = Status::of(&Overview::of(&scene.loaded.config, &report));
    let document = serde_json::to_value(&status).unwrap();
    assert_eq!(faults("status", &document), [""; 0]);
    assert_eq!(document["failures"][0]["console"].as_array().map(Vec::len), Some(8));
    assert_eq!(document["failures"][0]["rule"], "never_joined");
    let text = unmarked(&render(&status, 110, Layout::Wide));
    let shown: Vec<&str> = text.lines().skip_while(|line| *line != "Last failures").take(8).collect();
    let reason = "active for 15m, its node was never online yet, join_timeout 15m";
    assert_eq!(shown[2].split_whitespace().collect::<Vec<_>>()[..4], ["ubuntu", "openstack", "5m", "never_joined"]);
    let note = shown[2..].join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(note.contains(&format!("{server}: {reason}")), "{text}");
    let quoted: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("      | ")).collect();
    assert_eq!(quoted, ["step 4", "step 5", "step 6", "step 7", "curl: (6) could not resolve jenkins"]);
}

#[test]
fn a_failed_server_is_explained_by_its_id_its_order_and_its_node_type_after_it_is_gone() {
    let (scene, server) = failed();
    let report = scene.look();
    let overview = Overview::of(&scene.loaded.config, &report);
    let order = report.plan.state.failures.values().next().unwrap().values().next().unwrap().id.to_string();
    for subject in [server.as_str(), &server[..8], &order, "ubuntu"] {
        let explanation = explain(&overview, subject);
        let document = serde_json::to_value(&explanation).unwrap();
        assert_eq!(faults("explain", &document), [""; 0]);
        let found = document["found"].as_array().unwrap();
        let facts: Vec<&Value> = found.iter().flat_map(|finding| finding["facts"].as_array().unwrap()).collect();
        let fact = |what: &str| facts.iter().find(|fact| fact["what"] == what).map(|fact| &fact["text"]);
        let console = fact("console").and_then(Value::as_str).unwrap_or_else(|| panic!("{subject}: {document:#}"));
        assert!(console.starts_with("step 1\n") && console.ends_with("could not resolve jenkins"), "{console}");
        let failed = fact("failed").and_then(Value::as_str).unwrap();
        assert!(failed.starts_with("5m ago (2026-01-05T08:1") && failed.contains(&server), "{failed}");
        let text = explanation.render(80, Detail::Full);
        assert!(text.contains("  console         step 1\n                  step 2\n"), "{text}");
    }
}
