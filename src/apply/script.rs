//! The boot script of a node type, with what only an order knows filled in.

use crate::config::{Config, NodeType, Transport};
use crate::domain::names::{MitaId, NodeName};
use crate::secret::Secret;

/// What the agent of a server needs to call in.
#[derive(Debug)]
pub(crate) struct Agent {
    /// The node that was made for it.
    pub node: NodeName,
    /// What it shows to Jenkins.
    pub secret: Secret,
    /// How it connects.
    pub transport: Transport,
}

/// Fills in `${MITA_NODE}`, `${MITA_ID}`, `${MITA_SERVER_NAME}`, `${MITA_LABELS}` and `${JENKINS_URL}`, and
/// for a server whose agent calls in `${MITA_AGENT_NAME}`, `${MITA_AGENT_SECRET}` and `${MITA_AGENT_OPTIONS}`. Any other
/// `${...}` is left to the shell.
pub(crate) fn fill(config: &Config, kind: &NodeType, id: &MitaId, server_name: &str, agent: Option<&Agent>) -> String {
    let labels = kind.label_string();
    let known = |name: &str| match name {
        "MITA_NODE" => Some(kind.name.as_str()),
        "MITA_ID" => Some(id.as_str()),
        "MITA_SERVER_NAME" => Some(server_name),
        "MITA_LABELS" => Some(labels.as_str()),
        "JENKINS_URL" => Some(config.jenkins.url.as_str()),
        "MITA_AGENT_NAME" => agent.map(|agent| agent.node.as_str()),
        "MITA_AGENT_SECRET" => agent.map(|agent| agent.secret.expose()),
        "MITA_AGENT_OPTIONS" => agent.map(|agent| match agent.transport {
            Transport::WebSocket => "-webSocket",
            Transport::Tcp => "",
        }),
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
