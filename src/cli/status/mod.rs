//! `mita status`: what there is, and what mita thinks of it. Reads only, like a dry run.

pub(super) mod text;
mod types;
mod watch;

pub(super) use types::{Counts, Pause, Standing, TypeStatus, pauses};

use super::args::{self, Shape};
use super::document::{clean, clean_problem, clean_verdict, to_the_second};
use super::exit::Exit;
use super::failure::Failure;
use super::failures::{self, FailureStatus};
use super::next::Next;
use super::output::{self, DOCUMENT_VERSION};
use super::picture::{ItemView, NodeView, Picture, ServerView};
use super::{dry_report, tell_what_was_seen};
use crate::config::Loaded;
use crate::naming::{MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::plan::fleet::Kinship;
use crate::plan::{Action, Problem, Rule, Verdict};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::world::Stage;
use serde::Serialize;
use std::net::IpAddr;

pub(super) fn run(wish: args::Status, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
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
pub(super) struct Status {
    version: u32,
    pub(super) owner: Owner,
    pub(super) now: String,
    pub(super) max_servers: u32,
    /// What a run does now.
    pub(super) to_do: ToDo,
    pub(super) node_types: Vec<TypeStatus>,
    pub(super) servers: Vec<ServerStatus>,
    /// None where Jenkins' list is not there, or not believed: that is not the same as no node.
    pub(super) nodes: Option<Vec<NodeStatus>>,
    /// None where the queue could not be read.
    pub(super) jobs: Option<Vec<JobStatus>>,
    /// The server of each node type that failed last, where it was.
    pub(super) failures: Vec<FailureStatus>,
    /// Volumes and floating IPs of ours.
    pub(super) leftovers: Vec<Verdict>,
    pub(super) problems: Vec<Problem>,
}

/// A plan in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ToDo {
    /// Servers to order.
    pub(super) order: usize,
    /// Nodes to make.
    pub(super) make: usize,
    /// Floating IPs to give to servers.
    pub(super) assign: usize,
    /// Nodes to keep further builds from.
    pub(super) drain: usize,
    /// Nodes, servers, volumes and floating IPs to remove.
    pub(super) remove: usize,
    /// Nodes to bring back.
    pub(super) bring_back: usize,
    /// Removals that the brake holds back.
    pub(super) held_back: usize,
}

impl ToDo {
    /// What these actions come to.
    pub(super) fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, held_back: usize) -> Self {
        let mut to_do = ToDo { held_back, ..ToDo::default() };
        for action in actions {
            *match action {
                Action::CreateServer { .. } => &mut to_do.order,
                Action::CreateNode { .. } => &mut to_do.make,
                Action::AssignFloatingIp { .. } => &mut to_do.assign,
                Action::DrainNode { .. } => &mut to_do.drain,
                Action::RestoreNode { .. } => &mut to_do.bring_back,
                Action::RetireNode { .. }
                | Action::DeleteServer { .. }
                | Action::DeleteNode { .. }
                | Action::DeleteVolume { .. }
                | Action::ReleaseFloatingIp { .. } => &mut to_do.remove,
            } += 1;
        }
        to_do
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ServerStatus {
    /// The cloud's id; the order's, where that is not known yet.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) order: Option<MitaId>,
    pub(super) node_type: Option<NodeTypeName>,
    pub(super) provider: Option<ProviderName>,
    /// What its cloud says.
    pub(super) state: String,
    pub(super) standing: Standing,
    pub(super) age_seconds: Option<i64>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) nodes: Vec<NodeName>,
    pub(super) rule: Rule,
    pub(super) reason: String,
    /// What it waits for, and how long still.
    pub(super) next: Option<Next>,
}

#[derive(Debug, Serialize)]
pub(super) struct NodeStatus {
    pub(super) name: NodeName,
    /// The server of ours that it is, or was.
    pub(super) server_id: Option<ServerId>,
    pub(super) presence: &'static str,
    pub(super) executors: u32,
    pub(super) idle_executors: u32,
    pub(super) rule: Rule,
    pub(super) reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct JobStatus {
    pub(super) queue_id: u64,
    pub(super) job: String,
    pub(super) stage: Stage,
    /// Whether it waits for an executor.
    pub(super) waits: bool,
    pub(super) waited_seconds: Option<i64>,
    pub(super) needs: Option<String>,
    pub(super) rule: Rule,
    pub(super) reason: String,
}

impl Status {
    /// Everything that the picture shows; free text is redacted.
    pub(super) fn of(picture: &Picture<'_>) -> Self {
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
        let Action::CreateServer { node_type, provider, name, id, rule, reason, .. } = action else { continue };
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
    let server_id = match view.kinship {
        Kinship::Of(machine) => picture.fleet.machines[*machine].server_id.clone(),
        Kinship::Former(server) => Some(server.clone()),
        Kinship::Doubtful(_) | Kinship::MadeFor(_) | Kinship::Foreign(_) => None,
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
