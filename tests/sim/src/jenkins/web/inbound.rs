//! What an inbound agent fetches before it connects: its start file with its secret, and the program
//! (hudson/slaves/SlaveComputer/jenkins-agent.jnlp.jelly, jenkins/slaves/JnlpAgentReceiver.java).

use crate::http::{Request, Response};
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::web::pages::{error_page, method_not_allowed};
use crate::jenkins::{Jenkins, Version};

impl Jenkins {
    /// What the agent of this name shows when it connects: made from the name alone, so that a node that is created
    /// once more has the same.
    pub fn agent_secret(&self, name: &str) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut secret = String::new();
        for round in 0..4_u8 {
            for byte in name.bytes().chain([round]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            secret.push_str(&format!("{hash:016x}"));
        }
        secret
    }

    /// The start file has its present name since 2.264, and always the older one.
    pub(crate) fn knows_start_file(&self, file: &str) -> bool {
        file == "slave-agent.jnlp" || self.options.version >= Version::new(2, 264)
    }

    /// `GET computer/NAME/jenkins-agent.jnlp`.
    pub(crate) fn start_file(&self, name: &str, request: &Request, caller: &Caller) -> Response {
        if request.method != "GET" {
            return method_not_allowed();
        }
        if !caller.may(Permission::AgentConnect) {
            return self.forbidden(caller, Permission::AgentConnect, request);
        }
        let directory = self.node(name).map_or("", |node| node.remote_fs.as_str());
        let (secret, url) = (self.agent_secret(name), format!("{}/", self.url));
        let mut arguments = vec![secret.as_str(), name, "-webSocket"];
        if !directory.is_empty() {
            arguments.extend(["-workDir", directory, "-internalDir", "remoting"]);
        }
        arguments.extend(["-url", url.as_str()]);
        let arguments: String = arguments.iter().map(|word| format!("<argument>{word}</argument>")).collect();
        let text = format!("<jnlp><application-desc>{arguments}</application-desc></jnlp>");
        Response::empty(200).with("Content-Type", "application/x-java-jnlp-file").body(text.into_bytes())
    }

    /// The same with `?encrypt=true`: everybody may read it, and it can be decrypted only with the secret.
    pub(crate) fn packed_start_file(&self) -> Response {
        Response::empty(200).with("Content-Type", "application/octet-stream").body(vec![0xa7; 400])
    }

    /// `GET wsagents/`: an agent connects by WebSocket with the name of its node and its secret (jenkins/agents/
    /// WebSocketAgents.java). Here nothing follows the first answer, and the node stays connected.
    pub(crate) fn agent_connects(&mut self, request: &Request) -> Response {
        let name = request.header("node-name").unwrap_or_default();
        let known = self.node(name).is_some() && request.header("secret-key") == Some(&self.agent_secret(name));
        if !known {
            return error_page(403, "Forbidden", request);
        }
        if let Some(node) = self.node_mut(name).filter(|node| !node.connected) {
            node.connect();
        }
        Response::empty(101).with("Connection", "Upgrade").with("Upgrade", "websocket")
    }

    /// `GET jnlpJars/agent.jar`: a few bytes in its place, for everybody.
    pub(crate) fn agent_program(&self) -> Response {
        Response::empty(200).with("Content-Type", "application/java-archive").body(b"PK\x03\x04".to_vec())
    }
}
