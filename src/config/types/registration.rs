//! `register` of a node type: who makes the node of a server in Jenkins, and what that node is like.

use std::collections::BTreeMap;

/// Who makes the node of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// `"none"`: the boot script, or whatever else runs on the server.
    Elsewhere,
    /// `"ssh"`: mita, once the server runs; Jenkins then connects to it.
    Ssh(NodeForm, SshLauncher),
    /// `"inbound"`: mita, before the server is ordered; its agent then calls in.
    Inbound(NodeForm, Transport),
}

impl Registration {
    /// Whether the node is made before the server, whose agent calls in.
    pub fn is_inbound(&self) -> bool {
        matches!(self, Registration::Inbound(..))
    }

    /// Whether the node is made once the server runs, and Jenkins connects to it.
    pub fn is_ssh(&self) -> bool {
        matches!(self, Registration::Ssh(..))
    }
}

/// What a node is like, however its agent is started (hudson/slaves/DumbSlave.java).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeForm {
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
    /// Only those whose label expression fits it.
    Exclusive,
}

/// How Jenkins connects to a server (hudson/plugins/sshslaves/SSHLauncher.java).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshLauncher {
    /// The id of the credentials in Jenkins.
    pub credentials_id: String,
    /// The port.
    pub port: u16,
    /// How the server's host key is checked.
    pub host_key: HostKeyCheck,
    /// The java command, where it is not the one in the path.
    pub java_path: Option<String>,
    /// Options of the agent's Java.
    pub jvm_options: Option<String>,
}

/// How Jenkins checks the host key of a server (hudson/plugins/sshslaves/verifiers).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostKeyCheck {
    /// By the controller's own known_hosts.
    KnownHosts,
    /// It has to be this one, which the image or the boot script brings along.
    Provided(String),
    /// The first one is trusted, and another one refused from then on.
    #[default]
    TrustedOnce,
    /// Any will do.
    NotChecked,
}

/// How an inbound agent reaches the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Over the controller's own URL.
    #[default]
    WebSocket,
    /// To the TCP port for inbound agents.
    Tcp,
}
