//! What happened in the farm between two snapshots of it, a line each.

use mita_sim::World;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::Node;
use mita_sim::openstack::{Server, Status};
use std::collections::BTreeMap;
use std::fmt;

/// One line.
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) text: String,
}

/// What an event is about: its first word.
#[derive(Clone, Copy)]
pub(crate) enum EventKind {
    Queued,
    Cancelled,
    Started,
    Ended,
    Killed,
    Online,
    Offline,
    Held,
    Removed,
    Ordered,
    Active,
    Failed,
    Deleted,
    /// A run of mita that the playground started wrote this.
    Mita,
}

impl EventKind {
    fn word(self) -> &'static str {
        match self {
            EventKind::Queued => "queued",
            EventKind::Cancelled => "cancelled",
            EventKind::Started => "started",
            EventKind::Ended => "ended",
            EventKind::Killed => "KILLED",
            EventKind::Online => "online",
            EventKind::Offline => "offline",
            EventKind::Held => "held",
            EventKind::Removed => "removed",
            EventKind::Ordered => "ordered",
            EventKind::Active => "active",
            EventKind::Failed => "ERROR",
            EventKind::Deleted => "deleted",
            EventKind::Mita => "mita",
        }
    }
}

impl fmt::Display for Event {
    /// The kind and the text, wrapped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} ", self.kind.word())?;
        let mut column = TEXT_COLUMN;
        for word in self.text.split_whitespace() {
            let width = 1 + word.chars().count();
            if column + width > COLUMNS && column > TEXT_COLUMN {
                write!(f, "\n{:TEXT_COLUMN$}", "")?;
                column = TEXT_COLUMN;
            }
            write!(f, " {word}")?;
            column += width;
        }
        Ok(())
    }
}

/// The width of a usual terminal.
const COLUMNS: usize = 80;

/// Where the text begins, after the time and the kind.
const TEXT_COLUMN: usize = "00:00:00  cancelled ".len();

/// The farm at one moment.
pub(crate) struct Snapshot {
    /// By the ids of their queue items.
    jobs: BTreeMap<u64, Job>,
    /// By name.
    nodes: BTreeMap<String, NodeState>,
    /// By id.
    servers: BTreeMap<String, (String, ServerState)>,
    node_of_mita: Option<String>,
}

struct Job {
    name: String,
    label: String,
    stage: Stage,
}

#[derive(PartialEq)]
enum Stage {
    Waits,
    Builds { node: String },
    Ended { node: String, killed: bool },
}

#[derive(PartialEq)]
enum NodeState {
    Online,
    Offline {
        reason: String,
    },
    /// A person set it offline in Jenkins.
    Held {
        reason: String,
    },
}

#[derive(PartialEq)]
enum ServerState {
    Building,
    Active { address: String },
    Failed { fault: String },
    Leaving,
}

impl Snapshot {
    pub(crate) fn of(world: &World) -> Snapshot {
        let jenkins = &world.jenkins;
        let ended = jenkins.finished.iter().map(|build| {
            let stage = Stage::Ended { node: build.node.clone(), killed: build.killed };
            (build.item, Job { name: build.job.clone(), label: String::new(), stage })
        });
        let executors = jenkins.nodes.iter().flat_map(|node| node.executors.iter().map(move |slot| (node, slot)));
        let running = executors.filter_map(|(node, slot)| {
            let build = slot.build.as_ref()?;
            Some((build.item, Job::of(&build.job, Stage::Builds { node: node.name.clone() })))
        });
        let waiting = jenkins.queue.iter().map(|item| (item.id, Job::of(&item.job, Stage::Waits)));
        let jobs = ended.chain(running).chain(waiting).collect();
        let version = jenkins.options.version;
        let agents = jenkins.nodes.iter().filter(|node| !node.is_built_in());
        let node_of_mita = agents.clone().find(|node| node.server.is_some() && !node.offline());
        let servers = world.clouds.values().flat_map(|cloud| &cloud.servers);
        Snapshot {
            jobs,
            node_of_mita: node_of_mita.map(|node| node.name.clone()),
            nodes: agents.map(|node| (node.name.clone(), NodeState::of(node, version))).collect(),
            servers: servers
                .map(|server| (server.id.clone(), (server.name.clone(), ServerState::of(server))))
                .collect(),
        }
    }

    /// The first node of mita's that is online.
    pub(crate) fn node_of_mita(&self) -> Option<&str> {
        self.node_of_mita.as_deref()
    }

    /// What happened since an earlier snapshot, in an order in which it can have happened.
    pub(crate) fn events_since(&self, before: &Snapshot) -> Vec<Event> {
        let mut events = Vec::new();
        let mut add = |kind, text| events.push(Event { kind, text });
        self.add_servers(before, &mut add);
        self.add_nodes(before, &mut add);
        self.add_jobs(before, &mut add);
        for node in before.nodes.keys().filter(|node| !self.nodes.contains_key(*node)) {
            add(EventKind::Removed, format!("node {node}"));
        }
        for (id, (name, _)) in before.servers.iter().filter(|(id, _)| !self.servers.contains_key(*id)) {
            add(EventKind::Deleted, format!("server {name} {}", short(id)));
        }
        events
    }

    fn add_servers(&self, before: &Snapshot, add: &mut impl FnMut(EventKind, String)) {
        for (id, (name, state)) in &self.servers {
            let earlier = before.servers.get(id).map(|(_, state)| state);
            if earlier.is_none() {
                add(EventKind::Ordered, format!("server {name} {}", short(id)));
            }
            if earlier == Some(state) {
                continue;
            }
            match state {
                ServerState::Active { address } => {
                    add(EventKind::Active, format!("server {name} {}, {address}", short(id)));
                }
                ServerState::Failed { fault } => {
                    add(EventKind::Failed, format!("server {name} {}: {fault}", short(id)));
                }
                ServerState::Building | ServerState::Leaving => {}
            }
        }
    }

    fn add_nodes(&self, before: &Snapshot, add: &mut impl FnMut(EventKind, String)) {
        for (node, state) in self.nodes.iter().filter(|(node, state)| before.nodes.get(*node) != Some(*state)) {
            match state {
                NodeState::Online => add(EventKind::Online, format!("node {node}")),
                NodeState::Offline { reason } => add(EventKind::Offline, format!("node {node}: {reason}")),
                NodeState::Held { reason } => add(EventKind::Held, format!("node {node}: {reason}")),
            }
        }
    }

    fn add_jobs(&self, before: &Snapshot, add: &mut impl FnMut(EventKind, String)) {
        for (item, Job { name, label, stage }) in &self.jobs {
            let earlier = before.jobs.get(item).map(|job| &job.stage);
            if earlier.is_none() {
                add(EventKind::Queued, format!("{name} ({item}) needs {label}"));
            }
            if earlier == Some(stage) {
                continue;
            }
            match stage {
                Stage::Waits => {}
                Stage::Builds { node } => add(EventKind::Started, format!("{name} ({item}) on {node}")),
                Stage::Ended { node, killed: false } => add(EventKind::Ended, format!("{name} ({item}) on {node}")),
                Stage::Ended { node, killed: true } => add(EventKind::Killed, format!("{name} ({item}) on {node}")),
            }
        }
        for (item, job) in before.jobs.iter().filter(|(item, _)| !self.jobs.contains_key(*item)) {
            add(EventKind::Cancelled, format!("{} ({item})", job.name));
        }
    }
}

/// The first digits of an id, enough for a handful of servers.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

impl Job {
    fn of(job: &mita_sim::jenkins::queue::Job, stage: Stage) -> Job {
        Job { name: job.name.clone(), label: job.label.clone().unwrap_or_default(), stage }
    }
}

impl NodeState {
    fn of(node: &Node, version: Version) -> NodeState {
        if !node.offline() {
            return NodeState::Online;
        }
        let reason = node.cause(version).map_or_else(String::new, |cause| cause.message.clone());
        if node.held { NodeState::Held { reason } } else { NodeState::Offline { reason } }
    }
}

impl ServerState {
    fn of(server: &Server) -> ServerState {
        let first_address = || server.addresses.first().map_or_else(String::new, |address| address.addr.clone());
        match server.status {
            _ if server.deleting() => ServerState::Leaving,
            Status::Build => ServerState::Building,
            Status::Error => ServerState::Failed { fault: server.fault.clone().unwrap_or_default() },
            _ => ServerState::Active { address: first_address() },
        }
    }
}
