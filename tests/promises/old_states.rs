//! State files as earlier programs wrote them: read for good, and nothing in them forgotten.
//!
//! A file of `tests/fixtures/state` is never changed. Whoever changes what is remembered adds one.

use mita::domain::installation::{Controller, Installation};
use mita::domain::names::Owner;
use mita::domain::state::{Retirement, RetirementStep};
use mita::store::{Loaded, load_only};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn a_state_file_of_version_1_is_read_whole() {
    is_read_whole("v1.json");
}

#[test]
fn a_state_file_with_what_was_learned_and_whose_queue_items_are_is_read_whole() {
    is_read_whole("v1-learned.json");
}

#[test]
fn a_retirement_of_a_version_to_which_the_sent_deletion_was_a_step_goes_on() {
    let text = r#"{"rule":"idle","since":"2026-11-21T12:00:00Z","step":"deletion_sent"}"#;
    let read: Retirement = serde_json::from_str(text).unwrap();
    assert_eq!(read.step, RetirementStep::NodesDeleted);
}

#[track_caller]
fn is_read_whole(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state").join(name);
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let state = match load_only(&path, &installation()).unwrap() {
        Loaded::Known(state) => state,
        other => panic!("{other:?}"),
    };
    let read = serde_json::to_value(&state).unwrap();
    let mut lost = Vec::new();
    look_for("", &written, &read, &mut lost);
    assert!(lost.is_empty(), "{lost:#?}");
    for part in written.as_object().unwrap() {
        assert!(!is_blank(part.1), "the file has nothing in {}, so it does not show that it is read", part.0);
    }
}

fn installation() -> Installation {
    let owner = Owner::new("ceph-ci").unwrap();
    Installation { owner, controller: Controller::at("https://jenkins.ceph.example.com/"), former: Vec::new() }
}

/// Keys that this program writes only where they say something.
const LEFT_OUT: [&str; 4] = ["storage", "listed", "gone_sightings", "failure_counted"];

/// Everything of the one document that the other lacks or has otherwise.
fn look_for(place: &str, written: &Value, read: &Value, lost: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            // What a server has not is left out by now.
            let is_left_out = |key: &str, value: &Value| {
                !read.contains_key(key) && LEFT_OUT.contains(&key) && (*value == json!(false) || *value == json!(0))
            };
            for (key, value) in written.iter().filter(|(key, value)| !is_left_out(key, value)) {
                look_for(&format!("{place}/{key}"), value, read.get(key).unwrap_or(&Value::Null), lost);
            }
        }
        _ if written == read => {}
        _ => lost.push(format!("{place}: {written} became {read}")),
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
