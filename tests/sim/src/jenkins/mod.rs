//! A simulated Jenkins controller: a queue, nodes, a scheduler and the part of
//! the remote API that a client of the queue and the nodes needs. Views given
//! out by [`crate::Sim::jenkins`] change it from a test as a person would.
//!
//! [`Options::version`] decides which faults of Jenkins it has ([`Version`] lists them), [`Options::placement`] which
//! node gets a build. To catch an item between its assignment and its start, call [`Jenkins::hold_starts`], submit the
//! job, and let the client act: a node that goes offline in that time gives the item back, and before 2.517 Jenkins
//! drops it ([`Jenkins::lost`]). [`Jenkins::restart`] and [`Jenkins::crash`] start the controller again.
//!
//! What it answers is compared with recorded answers of a real controller (`src/tests/recorded`).

mod api;
pub mod labels;
mod names;
pub mod nodes;
mod options;
pub(crate) mod people;
pub mod queue;
mod restart;
mod version;
mod web;
mod why;

use std::collections::BTreeMap;

use crate::clock::{self, Ms};
use crate::http::Request;
pub use api::lone_surrogate;
use labels::Label;
use labels::known::{Known, Whole};
use nodes::{BUILT_IN_CLASS, Mode, Node};
pub use options::Options;
use queue::left::Left;
use queue::placement::Circle;
pub use queue::placement::Placement;
use queue::{Build, Finished, Item, Job, Lost, Stage};
pub use restart::SavedQueue;
pub use version::Version;
pub use web::auth::{Permission, User};
pub use why::wording::Language;

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
    /// Items that vanished between their assignment and their start.
    pub lost: Vec<Lost>,
    /// Plugins' refusals.
    pub refusals: Vec<Refusal>,
    /// Whether it prepares to shut down.
    pub quieting_down: bool,
    /// Whether a cloud plugin fails when it is asked whether it serves a label.
    pub failing_cloud: bool,
    pub(crate) now: Ms,
    pub(crate) url: String,
    dirty: bool,
    next_due: Ms,
    next_item: u64,
    /// The highest id at each time at which one was given.
    ids: BTreeMap<Ms, u64>,
    next_turn: u64,
    starts_held: bool,
    left: Vec<Left>,
    /// Builds that run on and that no computer shows.
    unseen: Vec<Build>,
    /// Pipelines outside of any block.
    runs: Vec<(String, u64)>,
    /// Blocks that enter the queue again once the controller is up.
    resuming: Vec<Job>,
    builds: BTreeMap<String, u64>,
    /// The jobs that were made over the API, by name.
    projects: BTreeMap<String, Job>,
    circle: Circle,
    labels: Known,
    session: u64,
    starting_until: Option<Ms>,
    /// When it queues the blocks again that ran before it started.
    resumes_at: Option<Ms>,
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
            lost: Vec::new(),
            refusals: Vec::new(),
            quieting_down: false,
            failing_cloud: false,
            now: clock::START,
            url,
            dirty: true,
            next_due: Ms::MAX,
            next_item: 0,
            ids: BTreeMap::new(),
            next_turn: 0,
            starts_held: false,
            left: Vec::new(),
            unseen: Vec::new(),
            runs: Vec::new(),
            resuming: Vec::new(),
            builds: BTreeMap::new(),
            projects: BTreeMap::new(),
            circle: Circle::default(),
            labels: Known::default(),
            session: 0x5e55_1000,
            starting_until: None,
            resumes_at: None,
            crumbs: BTreeMap::new(),
        }
    }

    /// One step of the simulated clock.
    pub(crate) fn step(&mut self, now: Ms) {
        self.now = now;
        self.dirty |= std::mem::take(&mut self.starts_held);
        if self.starting_until.is_some_and(|t| t <= now) {
            self.come_up();
        }
        if self.resumes_at.is_some_and(|t| t <= now) {
            self.resume();
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
        // A node without executors has no computer.
        self.nodes.iter().find(|n| !n.is_built_in() && n.name == name && !n.executors.is_empty())
    }

    /// Reads the label strings of nodes again, as at a start.
    fn relabel(&mut self, only: Option<&str>) {
        let whole = if self.options.version.takes_label_string_for_atom() { Whole::AtomIfKnown } else { Whole::Split };
        for node in self.nodes.iter_mut().filter(|node| only.is_none_or(|name| node.name == name)) {
            if !node.is_built_in() {
                self.labels.add_atom(&node.name);
            }
            node.carry(self.labels.of_node(&node.labels, whole));
        }
    }

    /// The decoded segments of a path below the prefix.
    fn segments(&self, path: &str) -> Option<Vec<String>> {
        let rest = path.strip_prefix(&self.options.prefix)?;
        let parts = rest.split('/').filter(|s| !s.is_empty());
        Some(parts.map(crate::http::percent_decode).collect())
    }
}
