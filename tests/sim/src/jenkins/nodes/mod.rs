//! The nodes of the simulated controller: what they are, and their executors
//! (hudson/model/Computer.java, hudson/model/Slave.java).

pub(crate) mod config;
mod offline;

use std::collections::BTreeSet;

use crate::clock::Ms;
use crate::jenkins::labels;
use crate::jenkins::queue::Build;
pub use offline::{Cause, CauseKind};

/// Which jobs a node takes (`Node.Mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Any job that fits.
    Normal,
    /// Only jobs that ask for one of its labels.
    Exclusive,
}

impl Mode {
    /// As `config.xml` and forms write it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Normal => "NORMAL",
            Mode::Exclusive => "EXCLUSIVE",
        }
    }
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
    /// What it builds.
    pub build: Option<Build>,
    /// The item that it was given and has not started.
    pub(crate) assigned: Option<u64>,
}

impl Executor {
    /// Whether it has nothing to do (`Executor.isIdle`): it is busy from the moment on at which it is given an item.
    pub fn idle(&self) -> bool {
        self.build.is_none() && self.assigned.is_none()
    }
}

/// A node with its computer.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node's name; empty for the built-in node.
    pub name: String,
    /// The `_class` of its computer.
    pub class: String,
    /// The description; `None` where none was ever set, which the API shows as null.
    pub description: Option<String>,
    /// The label string as typed.
    pub labels: String,
    /// Which jobs it takes.
    pub mode: Mode,
    /// Its executors: for a moment more than are configured, where busy ones were to go.
    pub executors: Vec<Executor>,
    /// Flyweight builds beside its executors (`oneOffExecutors`).
    pub one_off: Vec<Build>,
    /// Whether there is a channel to the agent.
    pub connected: bool,
    /// Whether it accepts tasks while online (a retention strategy may say no).
    pub accepting: bool,
    /// Whether a mark by somebody or a monitor is in force.
    pub temporarily_offline: bool,
    /// Why it is marked offline. It is stored with the node, and before 2.482 it is out of force after a restart until
    /// the agent connects.
    pub mark: Option<Cause>,
    /// Why the channel is gone.
    pub channel_cause: Option<Cause>,
    pub(crate) latest_cause: Option<Cause>,
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
    pub(crate) configured: usize,
    /// Elements of a posted `config.xml` that have no field here, as they were sent.
    pub(crate) raw: Vec<(String, String)>,
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
            description: None,
            labels: label_string.to_string(),
            mode: Mode::Normal,
            executors: vec![Executor::default(); executors],
            one_off: Vec::new(),
            configured: executors,
            connected: false,
            accepting: true,
            temporarily_offline: false,
            mark: None,
            channel_cause: None,
            latest_cause: None,
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
            raw: Vec::new(),
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
        self.carry(labels::split(&self.labels));
    }

    /// Gives the node a label that its configuration does not have, as plugins do.
    pub fn label_by_plugin(&mut self, label: &str) {
        self.label_set.insert(label.to_owned());
    }

    /// Gives the node these labels, and its own name as one.
    pub(crate) fn carry(&mut self, labels: Vec<String>) {
        self.label_set = labels.into_iter().collect();
        if !self.is_built_in() {
            self.label_set.insert(self.name.clone());
        }
    }

    /// Whether this is the built-in node.
    pub fn is_built_in(&self) -> bool {
        self.class == BUILT_IN_CLASS
    }

    /// Whether nothing runs on it (`Computer.isIdle`; true for offline nodes too).
    pub fn idle(&self) -> bool {
        self.one_off.is_empty() && self.executors.iter().all(Executor::idle)
    }

    /// How many executors are parked.
    pub fn parked(&self) -> usize {
        self.executors.iter().filter(|e| e.idle()).count()
    }

    /// Configures another number of executors. Busy ones stay until they are done (`Computer.setNumExecutors`).
    pub fn set_executors(&mut self, number: usize) {
        self.configured = number;
        self.executors.resize(self.executors.len().max(number), Executor::default());
        self.drop_surplus();
    }

    /// Ends the idle executors beyond the configured number.
    pub(crate) fn drop_surplus(&mut self) {
        while self.executors.len() > self.configured
            && let Some(idle) = self.executors.iter().rposition(Executor::idle)
        {
            self.executors.remove(idle);
        }
    }

    /// Whether a label atom is one of the node's labels.
    pub fn has_label(&self, atom: &str) -> bool {
        self.label_set.contains(atom)
    }
}
