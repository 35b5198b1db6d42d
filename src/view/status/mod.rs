//! `mita status`: what there is, and what mita thinks of it. Reads only, like a dry run.

pub(crate) mod text;
mod types;
mod watch;

pub(crate) use types::{Counts, Pause, Standing, TypeStatus, pauses};

use crate::cli::args;
use crate::cli::args::Shape;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::DOCUMENT_VERSION;
use crate::cli::{dry_report, tell_what_was_seen};
use crate::config::Loaded;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::world::Stage;
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::model::{Action, Change, Order, Problem, Verdict};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::{clean, clean_problem, clean_verdict, to_the_second};
use crate::view::failures;
use crate::view::failures::FailureStatus;
use crate::view::next::Next;
use crate::view::picture::{ItemView, NodeView, Picture, ServerView};
use serde::Serialize;
use std::net::IpAddr;

pub(crate) fn run(wish: args::Status, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    match wish.watch {
        Some(pause) => {
            // It would count the seconds of the pauses.
            drop(progress);
            watch::run(wish.shape, pause, loaded, moment)
        }
        None => look(wish.shape, loaded, moment, progress),
    }
}

fn look(shape: Shape, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let report = dry_report(loaded, moment, progress)?;
    let status = Status::of(&Picture::of(&loaded.config, &report));
    if shape.output.is_json() {
        output::print_document(&status)?;
    } else {
        output::print(&text::render(&status))?;
    }
    Ok(tell_what_was_seen(&report, shape.output))
}

/// Everything there is, as its document, its text, the metrics and the page tell it.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    version: u32,
    pub(crate) owner: Owner,
    pub(crate) now: String,
    pub(crate) max_servers: u32,
    /// What a run does now.
    pub(crate) to_do: ToDo,
    pub(crate) node_types: Vec<TypeStatus>,
    pub(crate) servers: Vec<ServerStatus>,
    /// None where Jenkins' list is not there, or not believed: that is not the same as no node.
    pub(crate) nodes: Option<Vec<NodeStatus>>,
    /// None where the queue could not be read.
    pub(crate) jobs: Option<Vec<JobStatus>>,
    /// The server of each node type that failed last, where it was.
    pub(crate) failures: Vec<FailureStatus>,
    /// Volumes and floating IPs of ours.
    pub(crate) leftovers: Vec<Verdict>,
    pub(crate) problems: Vec<Problem>,
}

/// A plan in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ToDo {
    /// Servers to order.
    pub(crate) order: usize,
    /// Nodes to make.
    pub(crate) make: usize,
    /// Floating IPs to give to servers.
    pub(crate) assign: usize,
    /// Nodes to keep further builds from.
    pub(crate) drain: usize,
    /// Nodes, servers, volumes and floating IPs to remove.
    pub(crate) remove: usize,
    /// Nodes to bring back.
    pub(crate) bring_back: usize,
    /// Removals that the brake holds back.
    pub(crate) held_back: usize,
}

impl ToDo {
    /// What these actions come to.
    pub(crate) fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, held_back: usize) -> Self {
        let mut to_do = ToDo { held_back, ..ToDo::default() };
        for action in actions {
            *match action.change {
                Change::CreateServer(_) => &mut to_do.order,
                Change::CreateNode(_) => &mut to_do.make,
                Change::AssignFloatingIp(_) => &mut to_do.assign,
                Change::DrainNode(_) => &mut to_do.drain,
                Change::RestoreNode(_) => &mut to_do.bring_back,
                Change::RetireNode(_)
                | Change::DeleteServer(_)
                | Change::DeleteNode { .. }
                | Change::DeleteVolume { .. }
                | Change::ReleaseFloatingIp { .. } => &mut to_do.remove,
            } += 1;
        }
        to_do
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ServerStatus {
    /// The cloud's id; the order's, where that is not known yet.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) order: Option<MitaId>,
    pub(crate) node_type: Option<NodeTypeName>,
    pub(crate) provider: Option<ProviderName>,
    /// What its cloud says.
    pub(crate) state: String,
    pub(crate) standing: Standing,
    pub(crate) age_seconds: Option<i64>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) nodes: Vec<NodeName>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// What it waits for, and how long still.
    pub(crate) next: Option<Next>,
}

#[derive(Debug, Serialize)]
pub(crate) struct NodeStatus {
    pub(crate) name: NodeName,
    /// The server of ours that it is, or was.
    pub(crate) server_id: Option<ServerId>,
    pub(crate) presence: &'static str,
    pub(crate) executors: u32,
    pub(crate) idle_executors: u32,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct JobStatus {
    pub(crate) queue_id: u64,
    pub(crate) job: String,
    pub(crate) stage: Stage,
    /// Whether it waits for an executor.
    pub(crate) waits: bool,
    pub(crate) waited_seconds: Option<i64>,
    pub(crate) needs: Option<String>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

impl Status {
    /// Everything that the picture shows; free text is redacted.
    pub(crate) fn of(picture: &Picture<'_>) -> Self {
        let plan = picture.plan();
        let jenkins = &picture.report.world.jenkins;
        let (servers, items) = (picture.servers(), picture.items());
        Status {
            version: DOCUMENT_VERSION,
            owner: plan.owner.clone(),
            now: to_the_second(plan.now),
            max_servers: picture.config.max_servers,
            to_do: ToDo::of(&plan.actions, plan.held_back.len()),
            node_types: types::all(picture, &servers, &items),
            servers: servers.iter().map(|view| server(picture, view)).chain(ordered(picture)).collect(),
            nodes: jenkins.nodes.complete().map(|_| picture.nodes().iter().map(|view| node(picture, view)).collect()),
            jobs: jenkins.queue.complete().map(|_| items.iter().map(|view| job(picture, view)).collect()),
            failures: failures::all(picture),
            leftovers: picture.leftovers().map(clean_verdict).collect(),
            problems: plan.problems.iter().map(clean_problem).collect(),
        }
    }
}

fn server(picture: &Picture<'_>, view: &ServerView<'_>) -> ServerStatus {
    let verdict = view.verdict;
    let seen = view.machine.and_then(|machine| machine.server());
    ServerStatus {
        id: verdict.id.clone(),
        name: verdict.name.clone(),
        order: view.order().cloned(),
        node_type: view.node_type().cloned(),
        provider: view.provider().cloned(),
        state: view.state(),
        standing: Standing::of(picture, view),
        age_seconds: view.machine.map(|machine| picture.since(machine.ordered_at).as_secs()),
        addresses: seen.map(|server| server.addresses.iter().copied().collect()).unwrap_or_default(),
        nodes: view.nodes().into_iter().cloned().collect(),
        rule: verdict.rule,
        reason: clean(&verdict.reason),
        next: view.machine.and_then(|machine| Next::of(picture, verdict.rule, machine, view.memory)),
    }
}

/// Servers that this very run has ordered.
fn ordered(picture: &Picture<'_>) -> Vec<ServerStatus> {
    let mut servers = Vec::new();
    for (_, action, server_id) in picture.ordered() {
        let Action { change: Change::CreateServer(order), rule, reason } = action else { continue };
        let Order { node_type, provider, name, id, .. } = order;
        servers.push(ServerStatus {
            id: server_id.map_or_else(|| id.to_string(), ServerId::to_string),
            name: name.clone(),
            order: Some(id.clone()),
            node_type: Some(node_type.clone()),
            provider: Some(provider.clone()),
            state: "ordered".to_owned(),
            standing: Standing::Ordered,
            age_seconds: Some(0),
            addresses: Vec::new(),
            nodes: Vec::new(),
            rule: *rule,
            reason: clean(reason),
            next: None,
        });
    }
    servers
}

fn node(picture: &Picture<'_>, view: &NodeView<'_>) -> NodeStatus {
    let server_id = match view.identity {
        NodeIdentity::Of(machine) => picture.fleet.machines[*machine].server_id.clone(),
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
        reason: clean(&view.verdict.reason),
    }
}

fn job(picture: &Picture<'_>, view: &ItemView<'_>) -> JobStatus {
    JobStatus {
        queue_id: view.item.id,
        job: view.item.job.clone(),
        stage: view.item.stage,
        waits: view.waits(),
        waited_seconds: view.item.in_queue_since.map(|since| picture.since(since).as_secs()),
        needs: view.need().map(|need| format!("{need:#}")),
        rule: view.verdict.rule,
        reason: clean(&view.verdict.reason),
    }
}
