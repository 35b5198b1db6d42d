//! What happens while a plan is applied, and what each event changes in the state.
//!
//! The actions run in threads and send events; one thread receives them and keeps the state.

use crate::apply::outcome::{ActionResult, Results};
use crate::config::Config;
use crate::domain::format::shortened;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::state::{ClosedNode, DeletionRefused, Refused, RetirementStep, State};
use crate::plan::lifecycle::rights;
use crate::plan::sightings::breaker;
use crate::provider::{Failure, FailureKind};
use jiff::Timestamp;
use std::iter;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

/// Answers to requests that went out together arrive together. Each save waits for the disk, so events that come within
/// so short a time of one another share one. The wait ends with the last action.
const BURST_GAP: Duration = Duration::from_millis(4);

/// How much longer it is for each server and node of the state: about as long as it takes to write them.
const EACH: Duration = Duration::from_micros(2);

/// At most so many share a save, so that little is lost when the run is killed.
const LARGEST_BURST: usize = 100;

/// How much of a cloud's answer is remembered, in characters.
const LONGEST_ANSWER: usize = 500;

/// Something that the state has to record.
pub(super) enum Event {
    /// A server was created.
    ServerCreated { order: MitaId, server_id: ServerId },
    /// The provider did not confirm an order.
    OrderFailed { order: MitaId, provider: ProviderName, failure: Failure },
    /// An order was left out, since its provider asks for fewer requests.
    OrderNotSent(MitaId),
    /// A node was not created; an order whose agent needs it was not sent.
    NodeNotCreated {
        order: MitaId,
        /// Why it will be refused again until somebody changes something.
        wrong: Option<String>,
    },
    /// The node of an order that was not done could not be deleted.
    NodeLeft { node_type: NodeTypeName, reason: String },
    /// A node is about to be closed to new builds. What its configuration had must be on disk before: `written` gets whether
    /// it is.
    NodeClosing { node: NodeName, closed: ClosedNode, written: SyncSender<bool> },
    /// A node has its own configuration again.
    NodeOpened(NodeName),
    /// A node is gone from Jenkins.
    NodeDeleted(NodeName),
    /// A node could not be brought back online.
    NodeNotRestored(NodeName),
    /// The provider gave a server a floating IP, or refused to.
    FloatingIpAnswered { order: MitaId, refused: Option<FailureKind> },
    /// A retirement completed this step.
    RetirementStep { order: MitaId, step: RetirementStep },
    /// A retirement stopped: the server and its nodes stay.
    RetirementStopped(MitaId),
    /// The cloud refused to delete a server because somebody locked it.
    ServerLocked(MitaId),
    /// The cloud refused to delete a server for want of a right.
    DeletionRefused { order: MitaId, reason: String },
    /// The deletion of a server is being sent; or the answer to that says that it was not done.
    DeletionSent { order: MitaId, sent: bool },
    /// A provider accepted the deletion of a server.
    DeletionAccepted(ProviderName),
    /// The end of the console of a server that failed.
    ConsoleRead { order: MitaId, tail: String },
    /// An action is over.
    ActionEnded(ActionResult),
}

/// Waits for the next events, which change this state; none once every action is over.
pub(super) fn next_burst<'a>(
    receiver: &'a Receiver<Event>,
    state: &State,
) -> Option<impl Iterator<Item = Event> + use<'a>> {
    let entries = u32::try_from(state.servers.len() + state.nodes.len()).unwrap_or(u32::MAX);
    let gap = BURST_GAP + EACH.saturating_mul(entries);
    let first = receiver.recv().ok()?;
    let more = iter::from_fn(move || receiver.recv_timeout(gap).ok());
    Some(iter::once(first).chain(more.take(LARGEST_BURST)))
}

impl Event {
    /// Whether there is something to save.
    pub(super) fn changes_state(&self) -> bool {
        !matches!(self, Event::ActionEnded(_))
    }

    /// Adds the event to the state and to the results.
    pub(super) fn record(self, config: &Config, now: Timestamp, state: &mut State, results: &mut Results) {
        match self {
            Event::ServerCreated { order, server_id } => {
                if let Some(server) = state.servers.get_mut(&order) {
                    server.server_id = Some(server_id);
                    let (provider, node_type) = (server.provider.clone(), server.node_type.clone());
                    breaker::accepted(state, &provider, &node_type, now);
                }
            }
            Event::OrderNotSent(order) => {
                state.servers.remove(&order);
                results.orders_refused = true;
            }
            Event::OrderFailed { order, provider, failure } => {
                order_failed(&order, provider, failure, now, state, results);
            }
            Event::NodeNotCreated { order, wrong } => {
                let node_type = node_not_created(&order, state);
                if let (Some(node_type), Some(reason)) = (node_type, wrong) {
                    refused_by_jenkins(config, state, &node_type, &reason, now);
                }
            }
            Event::NodeLeft { node_type, reason } => refused_by_jenkins(config, state, &node_type, &reason, now),
            Event::NodeClosing { node, closed, written } => {
                if let Some(known) = state.nodes.get_mut(&node) {
                    known.closed = Some(closed);
                    results.to_acknowledge.push(written);
                }
            }
            Event::NodeOpened(node) => {
                if let Some(known) = state.nodes.get_mut(&node) {
                    known.closed = None;
                }
            }
            Event::NodeDeleted(node) => {
                state.nodes.remove(&node);
            }
            Event::NodeNotRestored(node) => {
                if let Some(node) = state.nodes.get_mut(&node) {
                    node.restore_refused = true;
                }
            }
            Event::FloatingIpAnswered { order, refused } => {
                if let Some(server) = state.servers.get_mut(&order) {
                    let again = server.floating_ip_refused.is_some();
                    let refused = refused.map(|kind| Refused { last: now, lasts: again || kind == FailureKind::Quota });
                    server.floating_ip_refused = refused;
                }
            }
            Event::RetirementStep { order, step } => {
                if let Some(retirement) = state.servers.get_mut(&order).and_then(|server| server.retirement.as_mut()) {
                    retirement.step = retirement.step.max(step);
                }
            }
            Event::DeletionSent { order, sent } => {
                if let Some(server) = state.servers.get_mut(&order) {
                    server.deletion_sent = sent;
                }
            }
            Event::RetirementStopped(order) => {
                if let Some(server) = state.servers.get_mut(&order) {
                    server.retirement = None;
                }
            }
            Event::ServerLocked(order) => {
                if let Some(server) = state.servers.get_mut(&order) {
                    server.lock_met = Some(now);
                }
            }
            Event::DeletionRefused { order, reason } => {
                if let Some(server) = state.servers.get_mut(&order) {
                    let reason = shortened(&reason, LONGEST_ANSWER).into_owned();
                    let refused = DeletionRefused { since: now, reason: String::new(), alone: false };
                    server.deletion_refused.get_or_insert(refused).reason = reason;
                }
            }
            Event::DeletionAccepted(provider) => rights::granted(state, &provider),
            Event::ConsoleRead { order, tail } => {
                let mut failures = state.failures.values_mut().flat_map(|types| types.values_mut());
                if let Some(failure) = failures.find(|failure| failure.id == order) {
                    failure.console = tail.lines().map(str::to_owned).collect();
                }
            }
            Event::ActionEnded(result) => results.actions.push(result),
        }
    }
}

fn order_failed(
    order: &MitaId,
    provider: ProviderName,
    failure: Failure,
    now: Timestamp,
    state: &mut State,
    results: &mut Results,
) {
    if failure.asks_for_pause() {
        breaker::throttled(state, &provider, failure.retry_after, now);
    }
    let Failure { kind, message, .. } = failure;
    let is_wrong = match kind {
        // The server may exist: its order stays in the state, with what a person is told should no list ever show it.
        FailureKind::UnknownOutcome => {
            if let Some(order) = state.servers.get_mut(order) {
                order.fault = Some(shortened(&message, LONGEST_ANSWER).into_owned());
            }
            return;
        }
        FailureKind::Wrong | FailureKind::Denied | FailureKind::Conflict | FailureKind::Locked => true,
        FailureKind::Quota | FailureKind::RateLimited | FailureKind::Unavailable => false,
    };
    results.orders_refused = true;
    let Some(order) = state.servers.remove(order) else { return };
    if is_wrong {
        return breaker::refused(state, &provider, &order.node_type, &message, now);
    }
    if kind == FailureKind::Quota {
        let answer = shortened(&message, LONGEST_ANSWER);
        breaker::quota_refused(state, &provider, &order.node_type, &answer, now);
    }
    results.closed_providers.insert(provider);
}

/// The node type of the order that was to have the node, if it is known.
fn node_not_created(order: &MitaId, state: &mut State) -> Option<NodeTypeName> {
    let server = state.servers.get_mut(order)?;
    let node_type = server.node_type.clone();
    if server.server_id.is_some() {
        // The server exists, and is removed if it never joins.
        server.node = None;
    } else {
        state.servers.remove(order);
    }
    Some(node_type)
}

/// Orders no more servers of this type for a while, wherever they would be: Jenkins would say the same. What it says in each
/// run of the servers that are there counts once.
fn refused_by_jenkins(config: &Config, state: &mut State, node_type: &NodeTypeName, reason: &str, now: Timestamp) {
    for provider in config.node_type(node_type).map_or(&[][..], |kind| &kind.providers) {
        if !breaker::is_open(state, provider, node_type, now) {
            breaker::refused(state, provider, node_type, reason, now);
        }
    }
}
