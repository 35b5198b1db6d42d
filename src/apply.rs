//! Carries a plan out: orders, addresses, retirements and removals at the same time, each step written down when it is known.
//!
//! No choice is left here but one: what the world has become since it was seen. A build that arrived in the middle of
//! a drain, or an agent that registered itself, stops a removal; everything else is as planned. One action that fails
//! keeps no other from being done, and nothing is tried twice: the next run is the second attempt.

mod addresses;
mod console;
mod drain;
mod orders;
mod registration;
mod removals;
pub(crate) mod script;
mod volumes;

use crate::config::Config;
use crate::domain::names::{MitaId, NodeName, ProviderName, ServerId};
use crate::domain::state::{RetirementStep, State};
use crate::domain::world::World;
use crate::observe::Services;
use crate::plan::model::{Action, Plan};
use crate::plan::sightings::breaker;
use crate::workers::finished;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Done,
    /// There was nothing left to do.
    AlreadyDone,
    /// The world changed: what made the action right is no longer the case.
    Skipped,
    /// The service said no.
    Refused,
    /// Sent, and no answer tells whether it was done.
    Unknown,
    /// Not done.
    Failed,
}

impl Outcome {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::AlreadyDone => "already_done",
            Outcome::Skipped => "skipped",
            Outcome::Refused => "refused",
            Outcome::Unknown => "unknown",
            Outcome::Failed => "failed",
        }
    }

    /// Whether the run is to end with exit status 1 for it.
    pub fn is_failure(self) -> bool {
        match self {
            Outcome::Done | Outcome::AlreadyDone | Outcome::Skipped => false,
            Outcome::Refused | Outcome::Unknown | Outcome::Failed => true,
        }
    }
}

/// What became of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionResult {
    /// The action's index in the plan.
    pub action: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// The server that it made or was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_id: Option<ServerId>,
    /// What happened and what to do, where it did not go as planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Something that is to be remembered.
enum News {
    /// A server was made.
    Ordered { id: MitaId, server_id: ServerId },
    /// An order was not granted, and nothing was made.
    NotOrdered { id: MitaId, provider: ProviderName, lesson: Lesson },
    /// A retirement came this far.
    Step { id: MitaId, step: RetirementStep },
    /// The end of the console of a server that failed.
    Console { id: MitaId, tail: String },
    /// An order was not sent, or a node not made, since Jenkins did not make the node.
    NotRegistered { id: MitaId, wrong: Option<String> },
    /// A node is gone from Jenkins.
    NodeDeleted(NodeName),
    /// A retirement was stopped: the node is back.
    Stopped(MitaId),
    /// A cloud refused to delete a server because somebody locked it.
    Locked(MitaId),
    /// An action is over.
    Result(ActionResult),
}

/// What a refusal teaches.
enum Lesson {
    /// The provider takes no orders just now: the next run may try again.
    Passing,
    /// The order itself is wrong.
    Wrong(String),
    /// The quota has no room for this size.
    Quota,
}

/// What the actions work with.
struct Site<'a> {
    config: &'a Config,
    services: &'a Services,
    world: &'a World,
    plan: &'a Plan,
    /// As it was before the first action.
    memory: &'a State,
}

/// What became of a plan.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// One for each action, in the plan's order.
    pub results: Vec<ActionResult>,
    /// Providers that take no further orders in this run.
    pub closed: BTreeSet<ProviderName>,
    /// Whether an order was refused, so that another provider or type may get its jobs.
    pub refused_orders: bool,
}

/// Answers to requests that went out together come back together: what comes within so short a time of one another is
/// written down at once, since each save waits for the disk. The wait ends with the last action.
const PAUSE_IN_NEWS: Duration = Duration::from_millis(4);

/// So much is written down together at most, so that a run that is killed has not long been silent.
const MOST_NEWS: usize = 100;

/// Carries out the plan's actions. `memory` is kept up to date; `save` is called whenever there is news.
pub fn apply(
    config: &Config,
    services: &Services,
    world: &World,
    plan: &Plan,
    memory: &mut State,
    mut save: impl FnMut(&State),
) -> Applied {
    let before = memory.clone();
    let site = Site { config, services, world, plan, memory: &before };
    let mut applied = Applied::default();
    thread::scope(|scope| {
        let (sender, news) = mpsc::channel();
        let to_order = sender.clone();
        let orders = scope.spawn(|| orders::send(&site, to_order));
        let to_address = sender.clone();
        let addresses = scope.spawn(|| addresses::carry_out(&site, to_address));
        let to_register = sender.clone();
        let registrations = scope.spawn(|| registration::carry_out(&site, to_register));
        let removals = scope.spawn(|| removals::carry_out(&site, sender));
        while let Ok(first) = news.recv() {
            let burst = std::iter::from_fn(|| news.recv_timeout(PAUSE_IN_NEWS).ok());
            for item in std::iter::once(first).chain(burst.take(MOST_NEWS)) {
                take_down(item, memory, &site, &mut applied);
            }
            save(memory);
        }
        finished(orders);
        finished(addresses);
        finished(registrations);
        finished(removals);
    });
    applied.results.sort_by_key(|result| result.action);
    applied
}

fn take_down(news: News, memory: &mut State, site: &Site<'_>, applied: &mut Applied) {
    let Site { config, plan, .. } = site;
    match news {
        News::Ordered { id, server_id } => {
            if let Some(server) = memory.servers.get_mut(&id) {
                server.server_id = Some(server_id);
            }
        }
        News::NotOrdered { id, provider, lesson } => {
            applied.refused_orders = true;
            let Some(order) = memory.servers.remove(&id) else { return };
            match lesson {
                Lesson::Wrong(reason) => breaker::failed(memory, &provider, &order.node_type, &reason, plan.now),
                Lesson::Quota => {
                    breaker::quota_refused(memory, &provider, &order.node_type, plan.now);
                    applied.closed.insert(provider);
                }
                Lesson::Passing => {
                    applied.closed.insert(provider);
                }
            }
        }
        News::NotRegistered { id, wrong } => {
            let Some(order) = memory.servers.get_mut(&id) else { return };
            if order.server_id.is_some() {
                // The server is there, and goes if it never joins.
                order.node = None;
                return;
            }
            let Some(order) = memory.servers.remove(&id) else { return };
            // Jenkins says the same whichever cloud the server would be in.
            let providers = config.node_type(&order.node_type).map_or(&[][..], |kind| &kind.providers);
            for (provider, reason) in providers.iter().zip(wrong.iter().cycle()) {
                breaker::failed(memory, provider, &order.node_type, reason, plan.now);
            }
        }
        News::Step { id, step } => {
            if let Some(retirement) = memory.servers.get_mut(&id).and_then(|server| server.retirement.as_mut()) {
                retirement.step = retirement.step.max(step);
            }
        }
        News::Console { id, tail } => {
            let mut failures = memory.failures.values_mut().flat_map(|types| types.values_mut());
            if let Some(failure) = failures.find(|failure| failure.id == id) {
                failure.console = tail.lines().map(str::to_owned).collect();
            }
        }
        News::NodeDeleted(node) => {
            memory.nodes.remove(&node);
        }
        News::Stopped(id) => {
            if let Some(server) = memory.servers.get_mut(&id) {
                server.retirement = None;
            }
        }
        News::Locked(id) => {
            if let Some(server) = memory.servers.get_mut(&id) {
                server.lock_met = Some(plan.now);
            }
        }
        News::Result(result) => applied.results.push(result),
    }
}

/// Tells the run; it listens as long as anybody can speak.
fn tell(sender: &Sender<News>, news: News) {
    // The receiver outlives every sender: both live in one scope.
    let _ = sender.send(news);
}

/// The actions of some kind, with their indices.
fn actions(plan: &Plan) -> impl Iterator<Item = (usize, &Action)> {
    plan.actions.iter().enumerate()
}
