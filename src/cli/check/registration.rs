//! Whether Jenkins lets mita make the nodes that node types want of it (`register`).

use super::online::Finding;
use crate::config::Config;
use crate::jenkins::{ErrorKind, Jenkins, JenkinsError};

/// What keeps nodes from being made. What cannot be told without making one is not among it: whether Jenkins has the plugin
/// and the credentials of `register = "ssh"`.
pub(super) fn faults(config: &Config, jenkins: &Jenkins) -> Vec<Finding> {
    let registering =
        config.node_types.iter().filter(|kind| kind.registration.is_ssh() || kind.registration.is_inbound());
    let names: Vec<String> = registering.map(|kind| format!("nodes.{}", kind.name)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    match jenkins.may_create_nodes() {
        Ok(()) => Vec::new(),
        Err(JenkinsError { kind: ErrorKind::Forbidden { permission: Some(permission) }, .. }) => {
            let text = format!(
                "the user of [jenkins] lacks the permission {permission}, which register needs: grant it in Jenkins"
            );
            vec![Finding::new(names.join(", "), text)]
        }
        Err(error) => vec![Finding::new(names.join(", "), error.to_string())],
    }
}
