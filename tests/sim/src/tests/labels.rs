//! Label expressions: the rows of Jenkins' own tests (LabelExpressionTest.java) and the grammar's edges.

use super::client::Client;
use crate::SimOptions;
use crate::jenkins::labels::{Label, split};
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, Version};

#[track_caller]
fn stored(text: &str, name: &str) {
    assert_eq!(Label::get(text).name(), name);
}

fn fits(text: &str, labels: &[&str]) -> bool {
    Label::get(text).matches(&|l| labels.contains(&l))
}

#[test]
fn names_are_stored_without_white_space_and_with_parentheses_as_typed() {
    stored("foo || bar", "foo||bar");
    stored("  ( foo || bar )  && zot", "(foo||bar)&&zot");
    stored("foo||(bar&&zot)", "foo||(bar&&zot)");
    stored("!foo <-> bar", "!foo<->bar");
    stored("foo ->\tbar", "foo->bar");
    stored("linux && host:1", "linux&&\"host:1\"");
    stored("linux && \"plain\"", "linux&&plain");
    stored("linux && \"abc def\"", "linux&&\"abc def\"");
}

#[test]
fn text_that_does_not_parse_is_one_atom() {
    for text in ["!!a", "a->b->c", "foo bar", "foo(bar)", "a & b", "a&&", "()", "->", "linux && 'x'", "a &&\n b"] {
        stored(text, text);
        assert!(fits(text, &[text]), "{text}");
    }
    stored("\"abc def\"", "abc def");
    stored("\"a b\"&&\"c d\"", "a b\"&&\"c d");
    stored("\"label1||label2\"", "label1||label2");
    assert!(fits("\"label1||label2\"", &["label2"]));
}

#[test]
fn operators_bind_as_in_jenkins() {
    assert!(fits("foo||bar&&zot", &["foo"]));
    assert!(!fits("(foo||bar)&&zot", &["foo"]));
    assert!(fits("a->b", &[]));
    assert!(!fits("a-->b", &["a-"]));
    assert!(fits("a<->b", &[]));
    assert!(!fits("!a", &["a"]));
    assert!(fits("-1", &["-1"]));
    assert!(!fits("Linux", &["linux"]));
}

#[test]
fn label_strings_split_at_white_space_and_quotes_group() {
    assert_eq!(split("a  b\tc"), ["a", "b", "c"]);
    assert_eq!(split("\"a b\" c\\ d"), ["a b", "c d"]);
    assert!(split("  ").is_empty());
}

#[test]
fn semicolons_and_many_parentheses_are_ordinary() {
    stored("a;b", "a;b");
    stored("a;b && c", "\"a;b\"&&c");
    let deep = format!("{}a{}", "(".repeat(120), ")".repeat(120));
    stored(&deep, &deep);
    assert!(fits(&deep, &["a"]));
    stored("x && \"a\\bb\"", "x&&\"a\\bb\"");
}

/// The labels of a node that is made while a job asks for its whole label string.
fn labels_of(version: Version, label_string: &str) -> Vec<String> {
    let c = Client::with(SimOptions { jenkins: Options { version, ..Options::default() }, ..SimOptions::default() });
    c.sim.jenkins().submit(Job::freestyle("f").label("amd64 trusty"));
    c.sim.jenkins().add_agent("n", label_string, 1);
    let node = c.get("/computer/n/api/json?tree=assignedLabels[name]").json();
    node["assignedLabels"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap().to_string()).collect()
}

#[test]
fn a_label_string_that_a_job_asks_for_is_one_label_since_2_421() {
    assert_eq!(labels_of(Version::new(2, 420), "amd64 trusty"), ["amd64", "n", "trusty"]);
    assert_eq!(labels_of(Version::new(2, 421), "amd64 trusty"), ["amd64 trusty", "n"]);
    assert_eq!(labels_of(Version::new(2, 421), "amd64  trusty"), ["amd64", "n", "trusty"], "two blanks avoid it");
}

#[test]
fn nodes_that_were_there_follow_at_the_next_restart() {
    let c = Client::new();
    c.sim.jenkins().add_agent("n", "amd64 trusty", 1);
    c.sim.jenkins().submit(Job::freestyle("f").label("amd64 trusty"));
    assert!(c.sim.jenkins().node("n").unwrap().has_label("amd64"));
    let second = std::time::Duration::from_secs(1);
    c.sim.jenkins().restart(second, second);
    assert!(!c.sim.jenkins().node("n").unwrap().has_label("amd64"));
}

#[test]
fn labels_in_quotes_come_back_in_two_layers_or_hide_their_item() {
    let c = Client::new();
    for (name, label) in [("single", "'a||b'"), ("double", "\"c||d\""), ("escaped", "\"e\\.f\"")] {
        c.sim.jenkins().submit(Job::freestyle(name).label(label));
    }
    let queue = c.get("/queue/api/json?tree=items[task[name,labelExpression]]").json();
    let shown: Vec<(&str, &str)> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["task"])
        .map(|task| (task["name"].as_str().unwrap(), task["labelExpression"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [("escaped", "\"\\\"e\\\\.f\\\"\""), ("single", "\"'a||b'\"")]);
    assert_eq!(c.get("/queue/api/json?tree=items[task[name]]").json()["items"].as_array().unwrap().len(), 3);
}
