//! Label expressions: the rows of Jenkins' own tests (LabelExpressionTest.java) and the grammar's edges.

use crate::jenkins::labels::{Label, split};

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
