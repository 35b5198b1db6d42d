//! What prevents an order.

use super::failing::Failing;
use crate::domain::names::NodeTypeName;
use crate::domain::rule::Rule;
use crate::domain::state::State;
use crate::domain::world::{Mode, World};

/// Why a server is not ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blocker {
    /// The rule.
    pub rule: Rule,
    /// The evidence.
    pub reason: String,
    /// The node type for which no server of ours will ever make room.
    pub starved: Option<NodeTypeName>,
    /// What fails where servers of the type are ordered.
    pub failing: Option<Failing>,
}

impl Blocker {
    pub(crate) fn new(rule: Rule, reason: impl Into<String>) -> Self {
        Self { rule, reason: reason.into(), starved: None, failing: None }
    }
}

/// Why nothing at all is ordered, if so.
pub(crate) fn ordering_blocker(world: &World, state: &State) -> Option<Blocker> {
    let blocker = |rule, reason: &str| Some(Blocker::new(rule, reason));
    let jenkins = &world.jenkins;
    if let Some(settling) = &state.settling {
        return blocker(Rule::Settling, settling.cause.reason());
    }
    if jenkins.queue.complete().is_none() || jenkins.nodes.complete().is_none() {
        return blocker(Rule::NotSeen, "Jenkins' queue or its list of nodes is not there, or not believed");
    }
    match jenkins.mode.complete() {
        None => blocker(Rule::NotSeen, "whether Jenkins takes work could not be read"),
        Some(Mode::QuietingDown) => blocker(Rule::QuietingDown, "Jenkins is about to shut down"),
        Some(Mode::Running) => None,
    }
}
