//! What happened in the farm between two looks at it, a line each.

use mita_sim::World;
use mita_sim::jenkins::nodes::Node;
use mita_sim::openstack::{Server, Status};
use std::collections::BTreeMap;
use std::fmt;

/// One thing that happened.
pub(crate) struct Event {
    pub(crate) what: What,
    pub(crate) text: String,
}

/// Its kind: the first word of its line.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Queued,
    Cancelled,
    Started,
    Ended,
    Killed,
    Online,
    Offline,
    Removed,
    Ordered,
    Active,
    Failed,
    Deleted,
    /// What a run of mita told that the playground started.
    Mita,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Queued => "queued",
            What::Cancelled => "cancelled",
            What::Started => "started",
            What::Ended => "ended",
            What::Killed => "KILLED",
            What::Online => "online",
            What::Offline => "offline",
            What::Removed => "removed",
            What::Ordered => "ordered",
            What::Active => "active",
            What::Failed => "ERROR",
            What::Deleted => "deleted",
            What::Mita => "mita",
        }
    }
}

impl fmt::Display for Event {
    /// The kind and the text, which goes on in further lines where it is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<9} ", self.what.word())?;
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

/// What there is to be seen of the farm at a moment.
pub(crate) struct Farm {
    /// By the ids of their queue items.
    jobs: BTreeMap<u64, Job>,
    /// By name.
    nodes: BTreeMap<String, NodeState>,
    /// By id.
    servers: BTreeMap<String, (String, ServerState)>,
    /// The first node of mita's that is online.
    pub(crate) node_of_mita: Option<String>,
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
    Offline { reason: String },
}

#[derive(PartialEq)]
enum ServerState {
    Building,
    Active { address: String },
    Failed { fault: String },
    Leaving,
}

impl Farm {
    /// What there is now.
    pub(crate) fn look(world: &World) -> Farm {
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
        let agents = jenkins.nodes.iter().filter(|node| !node.is_built_in());
        let node_of_mita = agents.clone().find(|node| node.server.is_some() && !node.offline());
        let servers = world.clouds.values().flat_map(|cloud| &cloud.servers);
        Farm {
            jobs,
            node_of_mita: node_of_mita.map(|node| node.name.clone()),
            nodes: agents.map(|node| (node.name.clone(), NodeState::of(node))).collect(),
            servers: servers
                .map(|server| (server.id.clone(), (server.name.clone(), ServerState::of(server))))
                .collect(),
        }
    }

    /// What happened since an earlier look, in an order in which it can have happened.
    pub(crate) fn events_since(&self, before: &Farm) -> Vec<Event> {
        let mut events = Vec::new();
        let mut tell = |what, text| events.push(Event { what, text });
        self.tell_servers(before, &mut tell);
        self.tell_nodes(before, &mut tell);
        self.tell_jobs(before, &mut tell);
        for node in before.nodes.keys().filter(|node| !self.nodes.contains_key(*node)) {
            tell(What::Removed, format!("node {node}"));
        }
        for (id, (name, _)) in before.servers.iter().filter(|(id, _)| !self.servers.contains_key(*id)) {
            tell(What::Deleted, format!("server {name} {}", short(id)));
        }
        events
    }

    fn tell_servers(&self, before: &Farm, tell: &mut impl FnMut(What, String)) {
        for (id, (name, state)) in &self.servers {
            let earlier = before.servers.get(id).map(|(_, state)| state);
            if earlier.is_none() {
                tell(What::Ordered, format!("server {name} {}", short(id)));
            }
            if earlier == Some(state) {
                continue;
            }
            match state {
                ServerState::Active { address } => {
                    tell(What::Active, format!("server {name} {}, {address}", short(id)));
                }
                ServerState::Failed { fault } => {
                    tell(What::Failed, format!("server {name} {}: {fault}", short(id)));
                }
                ServerState::Building | ServerState::Leaving => {}
            }
        }
    }

    fn tell_nodes(&self, before: &Farm, tell: &mut impl FnMut(What, String)) {
        for (node, state) in self.nodes.iter().filter(|(node, state)| before.nodes.get(*node) != Some(*state)) {
            match state {
                NodeState::Online => tell(What::Online, format!("node {node}")),
                NodeState::Offline { reason } => tell(What::Offline, format!("node {node}: {reason}")),
            }
        }
    }

    fn tell_jobs(&self, before: &Farm, tell: &mut impl FnMut(What, String)) {
        for (item, Job { name, label, stage }) in &self.jobs {
            let earlier = before.jobs.get(item).map(|job| &job.stage);
            if earlier.is_none() {
                tell(What::Queued, format!("{name} ({item}) needs {label}"));
            }
            if earlier == Some(stage) {
                continue;
            }
            match stage {
                Stage::Waits => {}
                Stage::Builds { node } => tell(What::Started, format!("{name} ({item}) on {node}")),
                Stage::Ended { node, killed: false } => tell(What::Ended, format!("{name} ({item}) on {node}")),
                Stage::Ended { node, killed: true } => tell(What::Killed, format!("{name} ({item}) on {node}")),
            }
        }
        for (item, job) in before.jobs.iter().filter(|(item, _)| !self.jobs.contains_key(*item)) {
            tell(What::Cancelled, format!("{} ({item})", job.name));
        }
    }
}

/// The first digits of an id, enough to tell a handful of servers apart.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

impl Job {
    fn of(job: &mita_sim::jenkins::queue::Job, stage: Stage) -> Job {
        Job { name: job.name.clone(), label: job.label.clone().unwrap_or_default(), stage }
    }
}

impl NodeState {
    fn of(node: &Node) -> NodeState {
        if !node.offline() {
            return NodeState::Online;
        }
        NodeState::Offline { reason: node.cause().map_or_else(String::new, |cause| cause.message.clone()) }
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
