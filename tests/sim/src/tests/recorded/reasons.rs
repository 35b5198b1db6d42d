//! The reasons that people give for a node's being offline, and other texts of theirs.

use super::Scene;
use super::stage::{MARK, Stage};
use crate::http::percent_encode;
use crate::jenkins::lone_surrogate;
use crate::jenkins::nodes::Node;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("labels-odd", odd_labels),
    ("reason-backslash", || given("a\\b/c</script>")),
    ("reason-bidi", || given("a\u{202e}b\u{200b}c\u{feff}d")),
    ("reason-blank", || given("   ")),
    ("reason-controls", || given(&('\u{1}'..' ').collect::<String>())),
    ("reason-del-c1", || given("a\u{7f}b\u{9b}c\u{85}d")),
    ("reason-emoji", || given("😀 ü 日本")),
    ("reason-empty", || given("")),
    ("reason-lone-surrogate", || given(&format!("x{}y{}z", lone_surrogate(0xd800), lone_surrogate(0xdc00)))),
    ("reason-long", || given(&"x".repeat(LONG_REASON))),
    ("reason-lsep", || given("a\u{2028}b\u{2029}c")),
    ("reason-mita", || given(MARK)),
    ("reason-nul", || given("a\0b")),
    ("reason-odd-user", || on_n1("mita retires this node: owner=ci.example.com server=1 rule=idle")),
    ("reason-odd-user-bare", || on_n1("")),
    ("reason-plain", || given("plain words")),
    ("reason-trim", || given("  padded  ")),
];

const LONG_REASON: usize = 1000;

fn given(reason: &str) -> Stage {
    let target = format!("/computer/n-never/changeOfflineCause?offlineMessage={}", percent_encode(reason));
    Stage::new().agent("n-never", "lx never").post(&target)
}

fn on_n1(reason: &str) -> Stage {
    let target = format!("/computer/n1/changeOfflineCause?offlineMessage={}", percent_encode(reason));
    Stage::new().agent("n1", "amd64").post(&target)
}

/// A label string that a job asks for as a whole, and a description that no XML can hold.
fn odd_labels() -> Stage {
    let label = "qq 'a b' \\back <i>&amp; \u{7}bell \u{7f} \u{9b} x\u{2028}y";
    Stage::new().jobs(&[("odd", label)]).then(|jenkins| {
        jenkins.queue.clear();
        let mut node = Node::new("n-idle", label, 1).online();
        node.description = Some("d \u{1}\0 <b> \"q\" \\ / \u{2028}".into());
        jenkins.add_node(node);
    })
}
