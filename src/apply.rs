//! Carries a plan out: orders, retirements and removals at the same time, each step written down when it is known.
//!
//! No choice is left here but one: what the world has become since it was seen. A build that arrived in the middle of
//! a drain, or an agent that registered itself, stops a removal; everything else is as planned. One action that fails
//! keeps no other from being done, and nothing is tried twice: the next run is the second attempt.

mod orders;
mod removals;

use crate::config::Config;
use crate::naming::{MitaId, NodeName, ServerId};
use crate::observe::Services;
use crate::plan::{Action, Plan, breaker};
use crate::state::{RetirementStep, State};
use crate::workers::finished;
use crate::world::World;
use serde::Serialize;
use std::sync::mpsc::{self, Sender};
use std::thread;

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
    NotOrdered { id: MitaId, lesson: Lesson },
    /// A retirement came this far.
    Step { id: MitaId, step: RetirementStep },
    /// A node is gone from Jenkins.
    NodeDeleted(NodeName),
    /// A retirement was stopped: the node is back.
    Stopped(MitaId),
    /// An action is over.
    Result(ActionResult),
}

/// What a refusal teaches.
enum Lesson {
    /// Nothing: it may be tried again in the next run.
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

/// Carries out the plan's actions. `memory` is kept up to date; `save` is called whenever there is news.
///
/// The results come in the order of the actions.
pub fn apply(
    config: &Config,
    services: &Services,
    world: &World,
    plan: &Plan,
    memory: &mut State,
    mut save: impl FnMut(&State),
) -> Vec<ActionResult> {
    let before = memory.clone();
    let site = Site { config, services, world, plan, memory: &before };
    let mut results = Vec::new();
    thread::scope(|scope| {
        let (sender, news) = mpsc::channel();
        let to_order = sender.clone();
        let orders = scope.spawn(|| orders::send(&site, to_order));
        let removals = scope.spawn(|| removals::carry_out(&site, sender));
        while let Ok(first) = news.recv() {
            // What has come in meanwhile is written down together.
            for item in std::iter::once(first).chain(news.try_iter()) {
                take_down(item, memory, plan, &mut results);
            }
            save(memory);
        }
        finished(orders);
        finished(removals);
    });
    results.sort_by_key(|result| result.action);
    results
}

fn take_down(news: News, memory: &mut State, plan: &Plan, results: &mut Vec<ActionResult>) {
    match news {
        News::Ordered { id, server_id } => {
            if let Some(server) = memory.servers.get_mut(&id) {
                server.server_id = Some(server_id);
            }
        }
        News::NotOrdered { id, lesson } => {
            let Some(server) = memory.servers.remove(&id) else { return };
            match lesson {
                Lesson::Passing => {}
                Lesson::Wrong(reason) => {
                    breaker::failed(memory, &server.provider, &server.node_type, &reason, plan.now);
                }
                Lesson::Quota => breaker::quota_refused(memory, &server.provider, &server.node_type, plan.now),
            }
        }
        News::Step { id, step } => {
            if let Some(retirement) = memory.servers.get_mut(&id).and_then(|server| server.retirement.as_mut()) {
                retirement.step = retirement.step.max(step);
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
        News::Result(result) => results.push(result),
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
