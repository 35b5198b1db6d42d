//! `register` of a node type: who creates the nodes of its servers in Jenkins, and with which settings.

use std::collections::BTreeMap;

/// Who creates the node of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// `"none"`: the boot script, or whatever else runs on the server.
    Elsewhere,
    /// `"ssh"`: mita, once the server runs; Jenkins then connects to it.
    Ssh(NodeSettings, SshLauncher),
    /// `"inbound"`: mita, before it orders the server; its agent then connects to Jenkins.
    Inbound(NodeSettings, Transport),
}

impl Registration {
    /// Whether mita creates the node before the server.
    pub fn is_inbound(&self) -> bool {
        matches!(self, Registration::Inbound(..))
    }

    /// Whether mita creates the node once the server runs.
    pub fn is_ssh(&self) -> bool {
        matches!(self, Registration::Ssh(..))
    }
}

/// The settings of a node, however its agent is started (hudson/slaves/DumbSlave.java).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// Remote root directory.
    pub remote_fs: String,
    /// Which jobs it takes.
    pub usage: Usage,
    /// Environment variables of its builds.
    pub environment: BTreeMap<String, String>,
}

/// Which jobs a node takes (hudson/model/Node.java, Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// As many as possible.
    #[default]
    Normal,
    /// Only jobs whose label expression matches it.
    Exclusive,
}

/// How Jenkins connects to a server (hudson/plugins/sshslaves/SSHLauncher.java).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshLauncher {
    /// The id of the credentials in Jenkins.
    pub credentials_id: String,
    /// The port.
    pub port: u16,
    /// How Jenkins verifies the server's host key.
    pub host_key: HostKeyVerification,
    /// The java command; `None` if Jenkins finds it.
    pub java_path: Option<String>,
    /// Options of the agent's Java.
    pub jvm_options: Option<String>,
}

/// How Jenkins verifies the host key of a server (hudson/plugins/sshslaves/verifiers).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostKeyVerification {
    /// By the controller's own known_hosts.
    KnownHosts,
    /// It has to be this key, which the image or the boot script installs.
    ManuallyProvided(String),
    /// Jenkins trusts the first key and refuses any other one from then on.
    #[default]
    ManuallyTrusted,
    /// Not at all.
    NonVerifying,
}

/// How an inbound agent connects to the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// To the controller's URL.
    #[default]
    WebSocket,
    /// To the TCP port for inbound agents.
    Tcp,
}
