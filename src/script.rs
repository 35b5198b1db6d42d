//! The boot script of a node type, with what only an order knows filled in.

use crate::config::{Config, NodeType};
use crate::naming::MitaId;
use std::collections::BTreeSet;

/// Fills in `${MITA_NODE}`, `${MITA_ID}`, `${MITA_SERVER_NAME}`, `${MITA_LABELS}` and `${JENKINS_URL}`. Any other `${...}` is
/// left to the shell.
pub fn fill(config: &Config, kind: &NodeType, id: &MitaId, server_name: &str) -> String {
    // The name of a node type is one of its labels, and the node must carry it: its own name is another.
    let labels: BTreeSet<&str> = kind.labels.iter().map(String::as_str).chain([kind.name.as_str()]).collect();
    let labels = labels.into_iter().collect::<Vec<_>>().join(" ");
    let known = |name: &str| match name {
        "MITA_NODE" => Some(kind.name.as_str()),
        "MITA_ID" => Some(id.as_str()),
        "MITA_SERVER_NAME" => Some(server_name),
        "MITA_LABELS" => Some(labels.as_str()),
        "JENKINS_URL" => Some(config.jenkins.url.as_str()),
        _ => None,
    };
    let mut filled = String::with_capacity(kind.script.len());
    let mut rest = kind.script.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        rest = match after.split_once('}').and_then(|(name, behind)| Some((known(name)?, behind))) {
            Some((value, behind)) => {
                filled.push_str(value);
                behind
            }
            None => {
                filled.push_str("${");
                after
            }
        };
    }
    filled.push_str(rest);
    filled
}
