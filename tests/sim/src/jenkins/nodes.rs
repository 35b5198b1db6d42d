//! The nodes of the simulated controller: their executors, their modes and why
//! they are offline (hudson/model/Computer.java, hudson/slaves/OfflineCause.java).

use std::collections::BTreeSet;

use crate::clock::Ms;
use crate::jenkins::labels;
use crate::jenkins::queue::Build;

/// Which jobs a node takes (`Node.Mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Any job that fits.
    Normal,
    /// Only jobs that ask for one of its labels.
    Exclusive,
}

/// The kinds of offline cause that matter to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseKind {
    /// Set by somebody, with a message.
    User,
    /// The connection ended.
    ChannelTermination,
    /// The agent could not be started.
    LaunchFailed,
    /// The demand retention strategy put it to sleep.
    Idle,
    /// The disk space monitor took it offline.
    DiskSpace,
    /// The node is being removed.
    Removed,
}

impl CauseKind {
    /// The `_class` under which Jenkins exports the cause.
    pub fn class(self) -> &'static str {
        match self {
            CauseKind::User => "hudson.slaves.OfflineCause$UserCause",
            CauseKind::ChannelTermination => "hudson.slaves.OfflineCause$ChannelTermination",
            CauseKind::LaunchFailed => "hudson.slaves.OfflineCause$LaunchFailed",
            CauseKind::Idle => "hudson.slaves.OfflineCause$IdleOfflineCause",
            CauseKind::DiskSpace => "hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace",
            CauseKind::Removed => "hudson.slaves.OfflineCause$SimpleOfflineCause",
        }
    }

    /// Whether the cause is a `SimpleOfflineCause`, which exports `description`.
    pub fn is_simple(self) -> bool {
        matches!(self, CauseKind::LaunchFailed | CauseKind::Idle | CauseKind::Removed)
    }
}

/// Why a node is offline.
#[derive(Debug, Clone)]
pub struct Cause {
    /// What kind of cause it is.
    pub kind: CauseKind,
    /// The message, not yet escaped for HTML.
    pub message: String,
    /// When it was set.
    pub at: Ms,
}

/// The server of a simulated cloud that an agent runs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerRef {
    /// The cloud's name in the simulator.
    pub cloud: String,
    /// The server's id.
    pub server: String,
}

/// One executor of a node.
#[derive(Debug, Clone, Default)]
pub struct Executor {
    /// What it builds; `None` while it is parked.
    pub build: Option<Build>,
}

/// A node with its computer.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's name; empty for the built-in node.
    pub name: String,
    /// The `_class` of its computer.
    pub class: String,
    /// The description.
    pub description: String,
    /// The label string as typed.
    pub labels: String,
    /// Which jobs it takes.
    pub mode: Mode,
    /// Its executors.
    pub executors: Vec<Executor>,
    /// Whether there is a channel to the agent.
    pub connected: bool,
    /// Whether it accepts tasks while online (a retention strategy may say no).
    pub accepting: bool,
    /// Whether somebody or a monitor marked it offline.
    pub temporarily_offline: bool,
    /// Why it is marked offline; `None` where Jenkins forgot it.
    pub mark: Option<Cause>,
    /// Why the channel is gone.
    pub channel_cause: Option<Cause>,
    /// A person holds it: marked offline by hand through [`crate::jenkins::Jenkins::hold`].
    pub held: bool,
    /// Deleted from the configuration while it was busy.
    pub removed: bool,
    /// Whether it was ever online.
    pub ever_online: bool,
    /// The server that it runs on.
    pub server: Option<ServerRef>,
    /// When it comes online (again), if that is going to happen.
    pub connects_at: Option<Ms>,
    /// Whether the controller starts the agent (SSH) or the agent calls in.
    pub launch_supported: bool,
    /// Where the controller connects to by SSH.
    pub ssh: Option<SshTarget>,
    /// Who made it over the API.
    pub made_by: Option<String>,
    /// Its remote root directory; empty for one that nobody made over the API.
    pub remote_fs: String,
    /// Environment variables of its builds.
    pub environment: Vec<(String, String)>,
    /// `loadStatistics[busyExecutors[sec10[latest]]]`: a tenth of it is new each ten seconds.
    pub busy_average: f64,
    pub(crate) label_set: BTreeSet<String>,
}

/// The target of an SSH launcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    /// The address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The id of the credentials.
    pub credentials: String,
    /// The class that checks the host's key, without its package.
    pub verifier: String,
}

/// The `_class` of an agent made by hand or over the API.
pub const SLAVE_CLASS: &str = "hudson.slaves.SlaveComputer";
/// The `_class` of the built-in node's computer.
pub const BUILT_IN_CLASS: &str = "hudson.model.Hudson$MasterComputer";

impl Node {
    /// An agent that is configured and not connected.
    pub fn new(name: &str, label_string: &str, executors: usize) -> Self {
        let mut node = Node {
            name: name.to_string(),
            class: SLAVE_CLASS.to_string(),
            description: String::new(),
            labels: label_string.to_string(),
            mode: Mode::Normal,
            executors: vec![Executor::default(); executors],
            connected: false,
            accepting: true,
            temporarily_offline: false,
            mark: None,
            channel_cause: None,
            held: false,
            removed: false,
            ever_online: false,
            server: None,
            connects_at: None,
            launch_supported: false,
            ssh: None,
            made_by: None,
            remote_fs: String::new(),
            environment: Vec::new(),
            busy_average: 0.0,
            label_set: BTreeSet::new(),
        };
        node.relabel();
        node
    }

    /// An agent that is online.
    #[must_use]
    pub fn online(mut self) -> Self {
        self.connected = true;
        self.ever_online = true;
        self
    }

    /// The same node in another mode.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The same node with another class of computer, as cloud plugins make them.
    #[must_use]
    pub fn class(mut self, class: &str) -> Self {
        self.class = class.to_string();
        self
    }

    /// The same node, running on this server.
    #[must_use]
    pub fn on_server(mut self, cloud: &str, server: &str) -> Self {
        self.server = Some(ServerRef { cloud: cloud.to_string(), server: server.to_string() });
        self
    }

    /// Reads the label string again, after it was changed.
    pub fn relabel(&mut self) {
        self.label_set = labels::split(&self.labels).into_iter().collect();
        if !self.is_built_in() {
            self.label_set.insert(self.name.clone());
        }
    }

    /// Whether this is the built-in node.
    pub fn is_built_in(&self) -> bool {
        self.class == BUILT_IN_CLASS
    }

    /// Marked offline, or without a channel (`Computer.isOffline`).
    pub fn offline(&self) -> bool {
        self.temporarily_offline || !self.connected
    }

    /// The cause that Jenkins shows: the mark's before the channel's.
    pub fn cause(&self) -> Option<&Cause> {
        let mark = if self.temporarily_offline { self.mark.as_ref() } else { None };
        mark.or(self.channel_cause.as_ref().filter(|_| !self.connected))
    }

    /// Whether no executor has work (`Computer.isIdle`; true for offline nodes too).
    pub fn idle(&self) -> bool {
        self.executors.iter().all(|e| e.build.is_none())
    }

    /// How many executors are parked.
    pub fn parked(&self) -> usize {
        self.executors.iter().filter(|e| e.build.is_none()).count()
    }

    /// Whether a label atom is one of the node's labels.
    pub fn has_label(&self, atom: &str) -> bool {
        self.label_set.contains(atom)
    }

    /// Marks the node offline, or changes the cause of the mark.
    pub fn mark_offline(&mut self, kind: CauseKind, message: &str, at: Ms) {
        self.temporarily_offline = true;
        self.mark = Some(Cause { kind, message: message.to_string(), at });
    }

    /// Takes the mark away.
    pub fn clear_mark(&mut self) {
        self.temporarily_offline = false;
        self.mark = None;
        self.held = false;
    }

    /// Ends the channel. Builds on it are ended by the caller.
    pub fn disconnect(&mut self, kind: CauseKind, message: &str, at: Ms, forget_mark: bool) {
        self.connected = false;
        self.connects_at = None;
        self.channel_cause = Some(Cause { kind, message: message.to_string(), at });
        if forget_mark {
            self.mark = None;
        }
    }

    /// A channel is there: the agent is online unless it is marked offline.
    pub fn connect(&mut self) {
        self.connected = true;
        self.ever_online = true;
        self.channel_cause = None;
        self.connects_at = None;
    }
}
