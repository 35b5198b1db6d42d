//! A simulated Jenkins controller: a queue, nodes, a scheduler and the part of
//! the remote API that a client of the queue and the nodes needs. Views given
//! out by [`crate::Sim::jenkins`] change it from a test as a person would.

mod actions;
mod answers;
mod api;
mod auth;
mod create;
mod inbound;
pub mod labels;
pub mod nodes;
pub mod queue;
pub mod tree;
mod why;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{self, Ms, millis};
use crate::http::Request;
pub use auth::{Permission, User};
use labels::Label;
use nodes::{BUILT_IN_CLASS, CauseKind, Mode, Node};
use queue::{Build, Finished, Item, Job, Kind, Stage};

/// A release of Jenkins, as `X-Jenkins` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// Release `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Version { major, minor }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How the controller is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its release; it decides the wording of `why` and whether types are exported.
    pub version: Version,
    /// The path prefix, such as `/jenkins`; empty for none.
    pub prefix: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// What is allowed without logging in.
    pub anonymous: BTreeSet<Permission>,
    /// Executors of the built-in node (0, as recommended; it is listed all the same, unlike an agent).
    pub built_in_executors: usize,
    /// The label string of the built-in node.
    pub built_in_labels: String,
    /// Jenkins before 2.482: the cause of a mark is lost when the agent disconnects.
    pub forget_cause_on_disconnect: bool,
    /// Whether crumbs are wanted of those who log in with a password.
    pub crumbs: bool,
    /// Whether pipeline tasks export `name`, `fullDisplayName` and `url`
    /// (workflow-durable-task-step since 2.38).
    pub pipeline_names: bool,
    /// Whether the plugin SSH Build Agents is there.
    pub ssh_build_agents: bool,
    /// The ids of the credentials for agents.
    pub credentials: Vec<String>,
    /// The configured root URL, which item and task URLs begin with; it need not be the real one.
    pub root_url: Option<String>,
    /// Whether a proxy before it removes the `Authorization` header.
    pub loses_credentials: bool,
    /// The names of its jobs.
    pub jobs: Vec<String>,
    /// How many seconds its clock is ahead of the simulated one, as `Date` shows it.
    pub clock_ahead: i64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            version: Version::new(2, 578),
            prefix: String::new(),
            users: vec![User::new("mita", "jenkins-api-token")],
            anonymous: BTreeSet::new(),
            built_in_executors: 0,
            built_in_labels: "built-in".into(),
            forget_cause_on_disconnect: false,
            crumbs: true,
            pipeline_names: true,
            ssh_build_agents: true,
            credentials: vec!["jenkins-agent".into()],
            root_url: None,
            loses_credentials: false,
            jobs: vec!["ceph-build".into()],
            clock_ahead: 0,
        }
    }
}

/// A plugin's refusal: this node does not take this job.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The job's name.
    pub job: String,
    /// The node's name.
    pub node: String,
    /// The plugin's words.
    pub message: String,
}

/// The controller.
#[derive(Clone)]
pub struct Jenkins {
    /// How it is set up.
    pub options: Options,
    /// Its nodes; the built-in node first where it is listed.
    pub nodes: Vec<Node>,
    /// What waits.
    pub queue: Vec<Item>,
    /// What was built, in the order of the ends.
    pub finished: Vec<Finished>,
    /// Plugins' refusals.
    pub refusals: Vec<Refusal>,
    /// Whether it prepares to shut down.
    pub quieting_down: bool,
    pub(crate) now: Ms,
    pub(crate) url: String,
    dirty: bool,
    next_due: Ms,
    next_item: u64,
    builds: BTreeMap<String, u64>,
    labels: BTreeMap<String, Arc<Label>>,
    session: u64,
    starting_until: Option<Ms>,
    crumbs: BTreeMap<String, String>,
}

impl Jenkins {
    pub(crate) fn new(options: Options, url: String) -> Self {
        let mut node = Node::new("", &options.built_in_labels, options.built_in_executors);
        node.class = BUILT_IN_CLASS.into();
        node.relabel();
        Jenkins {
            options,
            nodes: vec![node.online()],
            queue: Vec::new(),
            finished: Vec::new(),
            refusals: Vec::new(),
            quieting_down: false,
            now: clock::START,
            url,
            dirty: true,
            next_due: Ms::MAX,
            next_item: 0,
            builds: BTreeMap::new(),
            labels: BTreeMap::new(),
            session: 0x5e55_1000,
            starting_until: None,
            crumbs: BTreeMap::new(),
        }
    }

    fn label(&mut self, text: &str) -> Arc<Label> {
        let make = || Arc::new(Label::get(text));
        self.labels.entry(text.to_string()).or_insert_with(make).clone()
    }

    /// Adds an agent that is online and belongs to nobody in particular.
    pub fn add_agent(&mut self, name: &str, label_string: &str, executors: usize) {
        self.add_node(Node::new(name, label_string, executors).online());
    }

    /// Adds a node, or replaces the one of that name, as `Jenkins.addNode` does.
    pub fn add_node(&mut self, node: Node) {
        self.nodes.retain(|n| n.name != node.name);
        let place = self.nodes.partition_point(|n| n.name < node.name);
        self.nodes.insert(place, node);
        self.dirty = true;
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// The node of this name, to be changed.
    pub fn node_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.dirty = true;
        self.nodes.iter_mut().find(|n| n.name == name)
    }

    /// The names of all agents.
    pub fn node_names(&self) -> Vec<String> {
        self.nodes.iter().filter(|n| !n.is_built_in()).map(|n| n.name.clone()).collect()
    }

    /// The builds that run on a node.
    pub fn running_on(&self, name: &str) -> Vec<&Build> {
        let node = self.node(name);
        node.into_iter().flat_map(|n| &n.executors).filter_map(|e| e.build.as_ref()).collect()
    }

    /// A person marks a node offline by hand: mita must leave it alone.
    pub fn hold(&mut self, name: &str, message: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.mark_offline(CauseKind::User, message, now);
            node.held = true;
        }
    }

    /// A node monitor marks a node offline.
    pub fn monitor_marks(&mut self, name: &str, message: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.mark_offline(CauseKind::DiskSpace, message, now);
        }
    }

    /// A person (or monitor) takes the mark away.
    pub fn release(&mut self, name: &str) {
        if let Some(node) = self.node_mut(name) {
            node.clear_mark();
        }
    }

    /// The connection to an agent ends; its builds die with it.
    pub fn disconnect(&mut self, name: &str, kind: CauseKind, message: &str) {
        let (now, forget) = (self.now, self.options.forget_cause_on_disconnect);
        self.kill_builds(name);
        if let Some(node) = self.node_mut(name) {
            node.disconnect(kind, message, now, forget);
        }
        self.nodes.retain(|n| !n.removed || !n.idle());
    }

    /// The connection ends, and Jenkins still counts the builds as running.
    pub fn disconnect_while_busy(&mut self, name: &str) {
        let (now, forget) = (self.now, self.options.forget_cause_on_disconnect);
        if let Some(node) = self.node_mut(name) {
            node.disconnect(CauseKind::ChannelTermination, LOST, now, forget);
        }
    }

    /// An agent connects.
    pub fn connect(&mut self, name: &str) {
        if let Some(node) = self.node_mut(name) {
            node.connect();
        }
    }

    /// A plugin refuses a job on a node, in these words.
    pub fn refuse(&mut self, job: &str, node: &str, message: &str) {
        let (job, node, message) = (job.to_string(), node.to_string(), message.to_string());
        self.refusals.push(Refusal { job, node, message });
        self.dirty = true;
    }

    /// Prepares to shut down, or no more.
    pub fn quiet_down(&mut self, on: bool) {
        self.quieting_down = on;
        self.dirty = true;
    }

    /// Deletes a node, with what runs on it. False when there is none of that name.
    pub fn delete_node(&mut self, name: &str) -> bool {
        let known = self.nodes.iter().any(|n| n.name == name && !n.is_built_in() && !n.removed);
        if known {
            self.kill_builds(name);
            self.nodes.retain(|n| n.name != name);
        }
        self.dirty = true;
        known
    }

    /// Deletes a node whose builds take a while to die: it stays listed without
    /// labels and with 0 executors until they end.
    pub fn delete_node_lingering(&mut self, name: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.disconnect(CauseKind::Removed, "Node is being removed", now, false);
            node.removed = true;
            node.label_set.clear();
        }
        self.nodes.retain(|n| !n.removed || !n.idle());
    }

    /// Restarts: 503 for `down`, then all agents are offline and come back
    /// after `reconnect`. Running pipeline blocks queue again for their node,
    /// other builds die.
    pub fn restart(&mut self, down: Duration, reconnect: Duration) {
        let up = self.now + millis(down);
        self.session += 1;
        self.starting_until = Some(up);
        self.quieting_down = false;
        self.crumbs.clear();
        let mut resuming = Vec::new();
        let names = self.node_names();
        for name in names {
            let running = self.running_on(&name).into_iter();
            resuming.extend(
                running
                    .filter(|b| b.job.kind == Kind::Pipeline)
                    .map(|b| Job::resuming(&b.job.name, &name).lasting(b.job.duration)),
            );
            self.kill_builds(&name);
            if let Some(node) = self.node_mut(&name)
                && node.connected
            {
                node.connected = false;
                node.channel_cause = None;
                node.connects_at = Some(up + millis(reconnect));
            }
        }
        for job in resuming {
            self.submit(job);
        }
    }

    /// One step of the simulated clock.
    pub(crate) fn step(&mut self, now: Ms) {
        self.now = now;
        if self.starting_until.is_some_and(|t| t <= now) {
            self.starting_until = None;
        }
        for node in &mut self.nodes {
            if node.connects_at.is_some_and(|t| t <= now) {
                node.connect();
                self.dirty = true;
            }
        }
        // hudson/model/LoadStatistics.java, CLOCK and DECAY.
        if now.is_multiple_of(10_000) {
            for node in &mut self.nodes {
                let busy = node.executors.len() - node.parked();
                node.busy_average = node.busy_average * 0.9 + busy as f64 * 0.1;
            }
        }
        self.end_builds();
        self.dirty |= self.next_due <= now;
        self.settle();
    }

    /// Whether an item waits for an executor that it does not have.
    pub fn waiting(&self) -> usize {
        self.queue.iter().filter(|i| i.stage == Stage::Buildable).count()
    }

    /// The number of parked executors of nodes that take tasks, and fit `label` where given.
    pub fn free_executors(&self, label: Option<&str>) -> usize {
        let label = label.map(Label::get);
        let fits = |n: &&Node| match &label {
            Some(l) => l.matches(&|a| n.has_label(a)),
            None => n.mode == Mode::Normal,
        };
        self.nodes.iter().filter(|n| self.takes_tasks(n)).filter(fits).map(Node::parked).sum()
    }

    /// Everything that a client must send to nobody else.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let users = self.options.users.iter();
        users.flat_map(|u| [Some(u.token.clone()), u.password.clone()]).flatten().collect()
    }

    /// The node whose computer a path like `/computer/NAME/doDelete` names.
    pub(crate) fn node_in_path(&self, request: &Request) -> Option<(&Node, String)> {
        let segments = self.segments(&request.path)?;
        match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["computer", name, action] => Some((self.computer(name)?, action.to_string())),
            _ => None,
        }
    }

    fn computer(&self, name: &str) -> Option<&Node> {
        if name == "(built-in)" || name == "(master)" {
            return self.nodes.iter().find(|n| n.is_built_in());
        }
        self.nodes.iter().find(|n| !n.is_built_in() && n.name == name)
    }

    /// The decoded segments of a path below the prefix.
    fn segments(&self, path: &str) -> Option<Vec<String>> {
        let rest = path.strip_prefix(&self.options.prefix)?;
        let parts = rest.split('/').filter(|s| !s.is_empty());
        Some(parts.map(crate::http::percent_decode).collect())
    }
}

/// What Jenkins writes when a connection broke.
pub(crate) const LOST: &str = "Connection was broken: java.io.EOFException";
