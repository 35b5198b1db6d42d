//! Everything there is, and what mita decided about it: the source of `mita status`, the metrics and the page.

pub(crate) mod failures;
pub(crate) mod next;
pub(crate) mod node_types;
pub(crate) mod standing;
pub(crate) mod text;
pub(crate) mod to_do;

use crate::domain::names::{MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::world::Stage;
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::model::{Action, Change, Problem, Verdict};
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::overview::{ItemView, NodePresence, NodeView, Overview, ServerView};
use failures::FailureStatus;
use next::Next;
use node_types::{Pause, TypeStatus};
use schemars::JsonSchema;
use serde::Serialize;
use standing::Standing;
use std::collections::BTreeSet;
use std::net::IpAddr;
use to_do::ToDo;

/// Everything there is, and what mita decided about it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita status --output json")]
pub(crate) struct Status {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    pub(crate) owner: Owner,
    pub(crate) now: Time,
    /// The maximum number of servers of the installation.
    pub(crate) max_servers: u32,
    /// What a run does now, in numbers.
    pub(crate) to_do: ToDo,
    pub(crate) node_types: Vec<TypeStatus>,
    pub(crate) servers: Vec<ServerStatus>,
    /// Null if the list of nodes could not be read, or was not believed.
    pub(crate) nodes: Option<Vec<NodeStatus>>,
    /// The queue items, the oldest first; null if the queue could not be read.
    pub(crate) jobs: Option<Vec<JobStatus>>,
    /// The last server of each node type that failed at each provider.
    pub(crate) failures: Vec<FailureStatus>,
    /// Volumes and floating IPs of this installation.
    pub(crate) leftovers: Vec<Verdict>,
    pub(crate) problems: Vec<Problem>,
}

/// A server of this installation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Server")]
pub(crate) struct ServerStatus {
    /// The cloud's id, or the order's while that is not known.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) order: Option<MitaId>,
    pub(crate) node_type: Option<NodeTypeName>,
    pub(crate) provider: Option<ProviderName>,
    /// Its state in its cloud.
    pub(crate) state: String,
    pub(crate) standing: Standing,
    pub(crate) age_seconds: Option<i64>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) nodes: Vec<NodeName>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// Null if nothing happens to it without a change.
    pub(crate) next: Option<Next>,
}

/// A Jenkins node.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Node")]
pub(crate) struct NodeStatus {
    pub(crate) name: NodeName,
    /// The server of this installation that it is, or was.
    pub(crate) server_id: Option<ServerId>,
    pub(crate) presence: NodePresence,
    pub(crate) executors: u32,
    pub(crate) idle_executors: u32,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

/// A queue item.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "QueueItem")]
pub(crate) struct JobStatus {
    pub(crate) queue_id: u64,
    pub(crate) job: String,
    pub(crate) stage: Stage,
    /// Whether it waits for an executor.
    pub(crate) waits: bool,
    pub(crate) waited_seconds: Option<i64>,
    /// What it needs, in words; null if that is not known.
    pub(crate) needs: Option<String>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

impl Status {
    /// The status of an overview; free text is redacted.
    pub(crate) fn of(overview: &Overview<'_>) -> Self {
        let plan = overview.plan();
        let jenkins = &overview.report.world.jenkins;
        let (servers, items) = (overview.servers(), overview.items());
        let nodes = || overview.nodes().iter().map(|view| NodeStatus::of(overview, view)).collect();
        let jobs = || items.iter().map(|view| JobStatus::of(overview, view)).collect();
        let ordered = overview.ordered().filter_map(|(_, action, id)| ServerStatus::of_order(action, id));
        Status {
            version: VERSION,
            owner: plan.owner.clone(),
            now: Time(plan.now),
            max_servers: overview.config.max_servers,
            to_do: ToDo::of(&plan.actions, plan.held_back.len()),
            node_types: node_types::all(overview, &servers, &items),
            servers: servers.iter().map(|view| ServerStatus::of(overview, view)).chain(ordered).collect(),
            nodes: jenkins.nodes.complete().map(|_| nodes()),
            jobs: jenkins.queue.complete().map(|_| jobs()),
            failures: failures::all(overview),
            leftovers: overview.leftovers().map(clean::verdict).collect(),
            problems: plan.problems.iter().map(clean::problem).collect(),
        }
    }

    /// The queue items that wait for an executor.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &JobStatus> {
        self.jobs.iter().flatten().filter(|job| job.waits)
    }

    /// The nodes that are none of the servers.
    pub(crate) fn other_nodes(&self) -> impl Iterator<Item = &NodeStatus> {
        let ours: BTreeSet<&NodeName> = self.servers.iter().flat_map(|server| &server.nodes).collect();
        self.nodes.iter().flatten().filter(move |node| !ours.contains(&node.name))
    }

    /// Where node types are not ordered for now.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = (&NodeTypeName, &Pause)> {
        self.node_types.iter().flat_map(|kind| kind.pauses.iter().map(|pause| (&kind.name, pause)))
    }
}

impl ServerStatus {
    fn of(overview: &Overview<'_>, view: &ServerView<'_>) -> Self {
        let Verdict { id, name, rule, reason, .. } = view.verdict;
        let seen = view.machine.and_then(|machine| machine.server());
        ServerStatus {
            id: id.clone(),
            name: name.clone(),
            order: view.order().cloned(),
            node_type: view.node_type().cloned(),
            provider: view.provider().cloned(),
            state: view.state(),
            standing: Standing::of(overview, view),
            age_seconds: view.machine.map(|machine| overview.since(machine.ordered_at).as_secs()),
            addresses: seen.map(|server| server.addresses.iter().copied().collect()).unwrap_or_default(),
            nodes: view.nodes().into_iter().cloned().collect(),
            rule: *rule,
            reason: clean::text(reason),
            next: view.machine.and_then(|machine| Next::of(overview, *rule, machine, view.memory)),
        }
    }

    /// A server that this very run has ordered.
    fn of_order(action: &Action, server_id: Option<&ServerId>) -> Option<Self> {
        let Action { change: Change::CreateServer(order), rule, reason } = action else { return None };
        Some(ServerStatus {
            id: server_id.map_or_else(|| order.id.to_string(), ServerId::to_string),
            name: order.name.clone(),
            order: Some(order.id.clone()),
            node_type: Some(order.node_type.clone()),
            provider: Some(order.provider.clone()),
            state: "ordered".to_owned(),
            standing: Standing::Ordered,
            age_seconds: Some(0),
            addresses: Vec::new(),
            nodes: Vec::new(),
            rule: *rule,
            reason: clean::text(reason),
            next: None,
        })
    }

    /// The name that people use: that of its node, else of its order, else its own.
    pub(crate) fn display_name(&self) -> String {
        match (&self.nodes[..], &self.order) {
            ([node, ..], _) => node.to_string(),
            ([], Some(order)) => order.to_string(),
            ([], None) => self.name.clone(),
        }
    }

    /// The reason, without its name if it begins with that.
    pub(crate) fn short_reason(&self) -> &str {
        self.reason.strip_prefix(&format!("node {} ", self.display_name())).unwrap_or(&self.reason)
    }

    /// Whether it counts against the limits.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self.rule, Rule::Gone | Rule::Deleting)
    }
}

impl NodeStatus {
    fn of(overview: &Overview<'_>, view: &NodeView<'_>) -> Self {
        let server_id = match view.identity {
            NodeIdentity::Of(machine) => overview.fleet.machines[*machine].server_id.clone(),
            NodeIdentity::Former(server) => Some(server.clone()),
            NodeIdentity::Doubtful(_) | NodeIdentity::MadeFor(_) | NodeIdentity::Foreign(_) => None,
        };
        NodeStatus {
            name: view.node.name.clone(),
            server_id,
            presence: view.presence(),
            executors: view.node.executors,
            idle_executors: view.node.idle_executors,
            rule: view.verdict.rule,
            reason: clean::text(&view.verdict.reason),
        }
    }
}

impl JobStatus {
    fn of(overview: &Overview<'_>, view: &ItemView<'_>) -> Self {
        JobStatus {
            queue_id: view.item.id,
            job: view.item.job.clone(),
            stage: view.item.stage,
            waits: view.waits(),
            waited_seconds: view.item.in_queue_since.map(|since| overview.since(since).as_secs()),
            needs: view.need().map(|need| format!("{need:#}")),
            rule: view.verdict.rule,
            reason: clean::text(&view.verdict.reason),
        }
    }
}
