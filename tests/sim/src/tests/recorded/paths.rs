//! Names in paths, paths that lead nowhere, and the `tree` parameter.

use super::Scene;
use super::stage::Stage;
use crate::jenkins::nodes::Node;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("bad-percent", names),
    ("computers-names", names),
    ("delete-plus", names),
    ("dot-dot", names),
    ("double-slash", names),
    ("get-doDelete", names),
    ("get-toggleOffline", names),
    ("gone-plus", || names().post("/computer/ubuntu%2B10.0.0.5/doDelete")),
    ("missing-changeOfflineCause", names),
    ("missing-doDelete", names),
    ("node-name-dquote", names),
    ("node-name-labels", names),
    ("node-name-nbsp", names),
    ("node-name-space", names),
    ("node-name-unicode", names),
    ("node-name-zero", names),
    ("offline-emoji", names),
    ("offline-plus", names),
    ("plus-encoded", names),
    ("plus-literal", names),
    ("reason-too-long-9000", || Stage::new().agent("n-never", "lx never")),
    ("secret-none", names),
    ("secret-older", names),
    ("secret-plus", names),
    ("secret-typo", names),
    ("semicolon", names),
    ("semicolon-encoded", names),
    ("tree-big", few_names),
    ("tree-blank", few_names),
    ("tree-dup", few_names),
    ("tree-empty", few_names),
    ("tree-malformed", few_names),
    ("tree-neg", few_names),
    ("tree-range", few_names),
    ("tree-range-one", few_names),
    ("tree-range-open", few_names),
    ("tree-unicode-bytes", few_names),
    ("tree-unknown", few_names),
];

fn named(names: &[&str]) -> Stage {
    let stage = Stage::new();
    for name in names {
        let mut node = Node::new(name, "lx", 1);
        node.description = Some("d".into());
        node.remote_fs = "/srv/agent/wd/ag".into();
        stage.jenkins().add_node(node);
    }
    stage
}

/// Nodes of all names that Jenkins allows, and one with odd labels.
fn names() -> Stage {
    let long = "n".repeat(200);
    let stage = named(&[
        "(a)",
        "-x",
        "UBUNTU+10.0.0.5",
        "a b",
        "a,b=c",
        "a~b{c}",
        "a\u{a0}b",
        "a\u{2028}b",
        "it's",
        &long,
        "q\"q",
        "trimmed",
        "ubuntu+10.0.0.5",
        "v1.2.3",
        "x😀y",
        "ünïcødé日本",
        "‘x’",
    ]);
    stage.then(|jenkins| {
        let mut odd = Node::new("lab1", "linux \"a b\" 'c d' e\\ f \"q\\\"q\"", 1);
        odd.description = Some("d \"é\" <&> 😀".into());
        odd.remote_fs = "/srv/agent/wd/ag".into();
        jenkins.add_node(odd);
        jenkins.add_node(Node::new("zero", "lx", 0));
    })
}

fn few_names() -> Stage {
    named(&["UBUNTU+10.0.0.5", "a,b=c", "a\u{2028}b", "lab1", "trimmed"])
}
