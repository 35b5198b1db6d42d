//! Whether Jenkins lets mita make the nodes that node types want of it (`register`).

use super::Online;
use crate::config::Config;
use crate::jenkins::{ErrorKind, Jenkins, JenkinsError};

impl Online {
    /// What keeps nodes from being made. What cannot be told without making one is named as not checked.
    pub(super) fn registration(&mut self, config: &Config, jenkins: &Jenkins) {
        let makes = |ssh: bool| {
            let kinds = config.node_types.iter().map(|kind| (&kind.name, &kind.registration));
            kinds.filter(move |(_, how)| how.is_ssh() && ssh || how.is_inbound() && !ssh)
        };
        let names: Vec<String> = makes(true).chain(makes(false)).map(|(name, _)| format!("nodes.{name}")).collect();
        if names.is_empty() {
            return;
        }
        match jenkins.may_create_nodes() {
            Ok(()) => {}
            Err(JenkinsError { kind: ErrorKind::Forbidden { permission: Some(permission) }, .. }) => {
                let user = &config.jenkins.user;
                let text =
                    format!("{user} lacks the permission {permission}, so that mita cannot make nodes: grant it");
                self.fault(&names.join(", "), text);
            }
            Err(error) => self.fault(&names.join(", "), error.to_string()),
        }
        if makes(true).next().is_some() {
            self.not_checked.push("whether Jenkins has SSH Build Agents, and credentials of these ids".to_owned());
        }
    }
}
