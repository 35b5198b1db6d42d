//! The JSON and the text of `replay`.

use crate::progress::Progress;
use crate::reconcile::{Permits, dry_run_with};
use crate::record::Record;
use crate::view::document::replay::ReplayDocument;
use crate::view::tests::scene::Scene;
use crate::view::tests::schema::faults;
use serde_json::{Value, json};
use std::fs;

/// The record of a dry run, after a change of its document.
fn record(change: impl FnOnce(&mut Value)) -> Record {
    let scene = Scene::with_jobs();
    let mut record = None;
    let watch = |decision: crate::reconcile::Decision<'_>| record = Some(Record::of(decision));
    dry_run_with(&scene.loaded.config, Permits::default(), scene.moment(), &Progress::silent(), watch).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.json");
    record.unwrap().write(&path).unwrap();
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut document);
    fs::write(&path, document.to_string()).unwrap();
    Record::read(&path).unwrap()
}

#[test]
fn a_replay_that_gives_the_same_plan_says_so_in_one_line() {
    let record = record(|_| {});
    let replay = ReplayDocument::of(&record);
    assert_eq!(faults("replay", &serde_json::to_value(&replay).unwrap()), [""; 0]);
    let version = env!("CARGO_PKG_VERSION");
    let who = format!("planned by mita {version} for 2026-01-05T08:00:10Z, replayed by mita {version}");
    assert_eq!(replay.render(&record), format!("the plan is the same: 1 action and 6 verdicts; {who}\n"));
}

#[test]
fn every_sort_of_difference_conforms_to_the_schema_and_is_told_in_words() {
    let record = record(|document| {
        let plan = &mut document["plan"];
        plan["actions"][0]["rule"] = "scout".into();
        plan["held_back"] = json!([{"action": "delete_server", "server_id": "5d0f", "rule": "error", "reason": "so"}]);
        plan["verdicts"].as_array_mut().unwrap().remove(0);
        plan["problems"] = json!([{"where": "jenkins", "error": "no answer"}]);
        plan["warnings"] = json!(["look here"]);
        document["redacted"] = true.into();
    });
    let replay = ReplayDocument::of(&record);
    assert_eq!(faults("replay", &serde_json::to_value(&replay).unwrap()), [""; 0]);
    let text = replay.render(&record);
    let heads: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        heads[..5],
        [
            "~ action: create_server ubuntu 20260105T080010Z-1",
            "- held back: delete_server 5d0f",
            "+ verdict: queue_item ceph-build (1)",
            "- problem: jenkins",
            "~ warning",
        ],
        "{text}"
    );
    for line in ["    rule: was scout, is demand", "    was error: so", "    was no answer", "    was look here"] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("where one was a name or a label, that alone can differ\n"), "{text}");
}
