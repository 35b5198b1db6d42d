//! Nodes made over the API, and what is refused.

use super::Scene;
use super::stage::Stage;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("create-bad-blank", Stage::new),
    ("create-bad-colon", Stage::new),
    ("create-bad-ctrl", Stage::new),
    ("create-bad-dotdot", Stage::new),
    ("create-bad-empty", Stage::new),
    ("create-bad-long300", Stage::new),
    ("create-bad-lsep", Stage::new),
    ("create-bad-nel", Stage::new),
    ("create-badjson", Stage::new),
    ("create-badtype", Stage::new),
    ("create-blanks", Stage::new),
    ("create-by-xml", Stage::new),
    ("create-get", Stage::new),
    ("create-lone-surrogate", Stage::new),
    ("create-nojson", Stage::new),
    ("create-plus", Stage::new),
    ("create-semij", Stage::new),
    ("create-ssh-noplugin", || Stage::with(|options| options.ssh_build_agents = false)),
    ("create-taken", || Stage::new().agent("ubuntu+10.0.0.5", "lx")),
    ("create-zero", Stage::new),
    ("token-create", Stage::new),
];
