//! `mita status`: what there is, and what mita thinks of it. Reads only, like a dry run.

use super::args::Shape;
use super::document::{clean, clean_problem, clean_verdict, to_the_second};
use super::exit::Exit;
use super::failure::Failure;
use super::failures::{self, FailureStatus};
use super::output::{self, DOCUMENT_VERSION};
use super::picture::{ItemView, NodeView, Picture, ServerView};
use super::{dry_report, status_text, tell_what_was_seen};
use crate::config::Loaded;
use crate::naming::{MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::plan::fleet::Kinship;
use crate::plan::{Problem, Rule, Verdict};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::world::Stage;
use jiff::SignedDuration;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(super) fn run(shape: Shape, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let report = dry_report(loaded, moment, progress)?;
    let status = Status::of(&Picture::of(&loaded.config, &report));
    if shape.output.is_json() {
        output::print_document(&status)?;
    } else {
        output::print(&status_text::render(&status))?;
    }
    Ok(tell_what_was_seen(&report, shape.output))
}

/// Everything there is, as its document and its text tell it.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    version: u32,
    pub(super) owner: Owner,
    pub(super) now: String,
    pub(super) max_servers: u32,
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

#[derive(Debug, Serialize)]
pub(super) struct TypeStatus {
    pub(super) name: NodeTypeName,
    /// False for one that only servers remember.
    pub(super) configured: bool,
    pub(super) max: Option<u32>,
    pub(super) servers: Counts,
    /// Jobs that wait and that a server of this type would do for.
    pub(super) jobs_waiting: usize,
    /// Where it is not ordered for now.
    pub(super) pauses: Vec<Pause>,
}

/// Servers by what becomes of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub(super) total: usize,
    pub(super) on_its_way: usize,
    pub(super) idle: usize,
    pub(super) busy: usize,
    pub(super) leaving: usize,
    pub(super) other: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Pause {
    pub(super) provider: ProviderName,
    pub(super) rule: Rule,
    pub(super) until: String,
    #[serde(skip)]
    pub(super) lasts: SignedDuration,
    pub(super) reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct ServerStatus {
    /// The cloud's id; the order's, where that is not known yet.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) order: Option<MitaId>,
    pub(super) node_type: Option<NodeTypeName>,
    pub(super) provider: Option<ProviderName>,
    pub(super) state: String,
    pub(super) age_seconds: Option<i64>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) nodes: Vec<NodeName>,
    pub(super) rule: Rule,
    pub(super) reason: String,
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
            node_types: types(picture, &servers, &items),
            servers: servers.iter().map(|view| server(picture, view)).collect(),
            nodes: jenkins.nodes.complete().map(|_| picture.nodes().iter().map(|view| node(picture, view)).collect()),
            jobs: jenkins.queue.complete().map(|_| items.iter().map(|view| job(picture, view)).collect()),
            failures: failures::all(picture),
            leftovers: picture.leftovers().map(clean_verdict).collect(),
            problems: plan.problems.iter().map(clean_problem).collect(),
        }
    }
}

/// The configured types in their order, then those that only servers remember.
fn types(picture: &Picture<'_>, servers: &[ServerView<'_>], items: &[ItemView<'_>]) -> Vec<TypeStatus> {
    let all = &picture.config.node_types;
    let configured = all.iter().map(|kind| TypeStatus {
        name: kind.name.clone(),
        configured: true,
        max: kind.max,
        servers: counts(servers, &kind.name),
        jobs_waiting: items
            .iter()
            .filter(|item| item.waits() && item.need().is_some_and(|need| need.accepts_type(kind, all)))
            .count(),
        pauses: kind.providers.iter().flat_map(|provider| pauses(picture, provider, &kind.name)).collect(),
    });
    let known = |name: &&NodeTypeName| picture.config.node_type(name).is_none();
    let former: BTreeSet<&NodeTypeName> = servers.iter().filter_map(ServerView::node_type).filter(known).collect();
    let former = former.into_iter().map(|name| TypeStatus {
        name: name.clone(),
        configured: false,
        max: Some(0),
        servers: counts(servers, name),
        jobs_waiting: 0,
        pauses: Vec::new(),
    });
    configured.chain(former).collect()
}

/// Why a type is not ordered at a provider for now.
pub(super) fn pauses(picture: &Picture<'_>, provider: &ProviderName, kind: &NodeTypeName) -> Vec<Pause> {
    let memory = picture.memory();
    let breaker = memory.breakers.get(provider).and_then(|types| types.get(kind));
    let breaker = breaker.filter(|breaker| breaker.until > picture.now()).map(|breaker| Pause {
        provider: provider.clone(),
        rule: Rule::BreakerOpen,
        until: to_the_second(breaker.until),
        lasts: picture.until(breaker.until),
        reason: clean(&breaker.reason),
    });
    let refused = memory.quota_refused.get(provider).and_then(|types| types.get(kind));
    let refused = refused.filter(|until| **until > picture.now()).map(|until| Pause {
        provider: provider.clone(),
        rule: Rule::Quota,
        until: to_the_second(*until),
        lasts: picture.until(*until),
        reason: "the cloud's quota had no room for it".to_owned(),
    });
    breaker.into_iter().chain(refused).collect()
}

fn counts(servers: &[ServerView<'_>], kind: &NodeTypeName) -> Counts {
    let mut counts = Counts::default();
    for server in servers.iter().filter(|server| server.node_type() == Some(kind)) {
        counts.total += 1;
        *match server.verdict.rule {
            Rule::Ordered | Rule::Booting | Rule::Connecting | Rule::WantedAgain => &mut counts.on_its_way,
            Rule::Kept | Rule::KeptForJobs | Rule::MinIdle => &mut counts.idle,
            Rule::Busy => &mut counts.busy,
            Rule::Idle
            | Rule::DrainResumed
            | Rule::Offline
            | Rule::Error
            | Rule::BootTimeout
            | Rule::NeverJoined
            | Rule::NodeMissing
            | Rule::Stopped
            | Rule::ServerGone
            | Rule::Deleting
            | Rule::Gone => &mut counts.leaving,
            _ => &mut counts.other,
        } += 1;
    }
    counts
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
        age_seconds: view.machine.map(|machine| picture.since(machine.ordered_at).as_secs()),
        addresses: seen.map(|server| server.addresses.iter().copied().collect()).unwrap_or_default(),
        nodes: view.nodes().into_iter().cloned().collect(),
        rule: verdict.rule,
        reason: clean(&verdict.reason),
    }
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
        waited_seconds: view.item.in_queue_since.map(|since| picture.since(since).as_secs()),
        needs: view.need().map(|need| format!("{need:#}")),
        rule: view.verdict.rule,
        reason: clean(&view.verdict.reason),
    }
}
