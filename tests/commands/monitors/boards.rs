//! The dashboard and the alerts of `examples/`: what they ask for is what the program writes.

use super::{metrics, watched};
use crate::harness::minutes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn dashboard() -> Value {
    let text = fs::read_to_string(example("grafana.json")).expect("a dashboard");
    serde_json::from_str(&text).expect("JSON")
}

fn panels(board: &Value) -> Vec<&Value> {
    board["panels"].as_array().expect("panels").iter().collect()
}

/// Everything that a panel asks Prometheus for.
fn expressions(board: &Value) -> Vec<String> {
    let targets = panels(board).into_iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| target["expr"].as_str().expect("an expression").to_owned()).collect()
}

/// The metrics that a text names; `_bucket`, `_sum` and `_count` belong to a histogram.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
    let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("mita_"));
    words
        .map(|word| word.trim_end_matches("_sum").trim_end_matches("_count").trim_end_matches("_bucket").to_owned())
        .collect()
}

#[test]
fn every_metric_that_the_dashboard_and_the_alerts_name_is_written() {
    let it = watched();
    for _ in 0..4 {
        it.reconcile(&[]);
        it.sim.advance(minutes(1));
    }
    let written: BTreeSet<String> = metrics(&it).into_keys().collect();
    let alerts = fs::read_to_string(example("alerts.yml")).expect("alerts");
    let mut asked = named(&alerts);
    asked.extend(named(&expressions(&dashboard()).join("\n")));
    let missing: Vec<&String> = asked.difference(&written).collect();
    assert!(missing.is_empty(), "nobody writes {missing:?}");
    assert!(asked.len() > 20, "{asked:?}");
}

#[test]
fn no_two_panels_of_the_dashboard_share_a_place_or_a_number() {
    let board = dashboard();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels(&board) {
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{}", panel["title"]);
        let at = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        assert!(at("x") + at("w") <= 24, "{}", panel["title"]);
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{}", panel["title"]);
            }
        }
    }
}

/// By Prometheus' own reader, where it is at hand. What the dashboard asks for is given to it as recording rules.
#[test]
fn promtool_accepts_the_alerts_and_whatever_the_dashboard_asks_for() {
    let check = |path: &Path| Command::new("promtool").args(["check", "rules"]).arg(path).output();
    let Ok(alerts) = check(&example("alerts.yml")) else { return };
    assert!(alerts.status.success(), "{}", String::from_utf8_lossy(&alerts.stderr));
    let filled = |expr: &String| expr.replace("$__rate_interval", "5m").replace("$instance", ".*");
    let rules: Vec<Value> = expressions(&dashboard())
        .iter()
        .enumerate()
        .map(|(number, expr)| serde_json::json!({ "record": format!("mita:panel:{number}"), "expr": filled(expr) }))
        .collect();
    let rules = serde_json::json!({ "groups": [{ "name": "panels", "rules": rules }] });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.yml");
    // JSON is YAML.
    fs::write(&path, rules.to_string()).expect("a writable folder");
    let panels = check(&path).expect("promtool was there a moment ago");
    assert!(panels.status.success(), "{}", String::from_utf8_lossy(&panels.stderr));
}
