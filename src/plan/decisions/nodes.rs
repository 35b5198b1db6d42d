//! Decisions about nodes without a server of ours, and about nodes that a server of ours left behind.

use super::draft::Draft;
use super::findings::Findings;
use super::lasting::{self, WAITED_FOR};
use super::lost;
use crate::domain::format::span;
use crate::domain::names::{MitaId, Owner, ServerId};
use crate::domain::offline;
use crate::domain::rule::Rule;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, NodeKind, Presence};
use crate::plan::capacity::supply::Supply;
use crate::plan::identity::closed::is_closed;
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::lifecycle::doubts::odd_hold;
use crate::plan::model::{Change, Proof};
use jiff::SignedDuration;

/// Verdicts on all nodes that are no machine's.
pub(crate) fn decide(found: &Findings<'_>, draft: &mut Draft) {
    for (node, identity) in &found.supply.fleet.nodes {
        match identity {
            NodeIdentity::Of(_) => {}
            NodeIdentity::Doubtful(reason) => {
                let removed = draft.removal_of(&node.name).map(|removal| (removal.rule, removal.reason.clone()));
                let (rule, reason) = removed.unwrap_or_else(|| (Rule::Ambiguous, reason.clone()));
                draft.node(node, rule, reason);
            }
            NodeIdentity::Foreign(reason) => {
                draft.closed.extend(is_closed_by_nobody(node, &found.supply.config.owner).then(|| node.name.clone()));
                draft.node(node, Rule::NotOurs, *reason);
            }
            NodeIdentity::MadeFor(order) => LeftBehind::by_order(found, node, order).decide(found, node, draft),
            NodeIdentity::Former(server) => match LeftBehind::by_server(node, server, found.supply.state) {
                Some(left) => left.decide(found, node, draft),
                None => draft.node(node, Rule::NotSeen, format!("its server {server} is in no listing")),
            },
        }
    }
}

/// Whether no state tells what a closed node had before, or whether it is a copy of one. What another installation closed
/// it sets offline at once. A mark of this one may be a leftover or a copy, too: the node leads to no server.
fn is_closed_by_nobody(node: &Node, owner: &Owner) -> bool {
    let of_another = |reason: &str| offline::is_message(reason) && offline::server_named_in(reason, owner).is_none();
    let is_being_retired = node.presence.cause().is_some_and(|cause| of_another(&cause.reason));
    node.kind == NodeKind::Agent && node.mark.is_none() && is_closed(node) && !is_being_retired
}

/// A node of ours that has no server.
pub(crate) struct LeftBehind {
    proof: Proof,
    rule: Rule,
    reason: String,
}

impl LeftBehind {
    /// What becomes of a node whose server is known to be gone.
    pub(crate) fn by_server(node: &Node, server: &ServerId, state: &State) -> Option<Self> {
        state.gone_servers.get(server)?;
        let gone = format!("its server {server} is gone (404 in two runs)");
        let (rule, reason) = if let Some(kept) = kept_by_itself(node, &gone, state) {
            kept
        } else if let Some(settling) = &state.settling {
            (Rule::Settling, format!("{gone}; {}", settling.cause.reason()))
        } else {
            (Rule::ServerGone, gone)
        };
        Some(Self { proof: Proof::Server(server.clone()), rule, reason })
    }

    /// What becomes of a node that we made for an order of which there is no server. The order was given up, or was
    /// refused, or its server is gone, or the state that knew of it was lost: then its server may still turn up, for as
    /// long as an order may take to be listed.
    fn by_order(found: &Findings<'_>, node: &Node, order: &MitaId) -> Self {
        let Supply { config, state, now, .. } = *found.supply;
        let made = format!("made for order {order}, of which there is no server");
        let known = state.nodes.get(&node.name);
        let node_type = node.mark.as_ref().map(|mark| &mark.node_type);
        let times = node_type.map_or(config.times, |node_type| config.times(node_type));
        // The id of an order tells its time. An id of another form does not: then two sightings have to do. A clock that
        // was ahead then tells nothing either: what counts is for how long the node was seen without its agent.
        let age = order.ordered_at().map(|at| now.duration_since(at).max(SignedDuration::ZERO));
        let seen_away = known.and_then(|known| *known.offline).map(|offline| offline.credit);
        let waited = seen_away.is_some_and(|seen| seen >= times.order_timeout)
            || state.set_offline_by(&node.name) == Some(SetOfflineBy::Us);
        let young = age.filter(|age| *age < times.order_timeout && !waited);
        let seen_before = known.is_some_and(|known| known.first_seen < state.run);
        let unseen = config.providers.iter().find(|provider| !found.world.lists_servers_of(&provider.name));
        let (rule, reason) = if let Some(kept) = kept_by_itself(node, &made, state) {
            kept
        } else if let Some(provider) = unseen {
            (Rule::NotSeen, format!("{made} that was seen: provider {} gave no answer", provider.name))
        } else if let Some(age) = young {
            let (age, timeout) = (span(age), span(times.order_timeout));
            (Rule::Ordered, format!("{made} yet: ordered {age} ago, order_timeout {timeout}"))
        } else if !seen_before {
            (Rule::Ordered, format!("{made} in this listing; the next one decides"))
        } else if let Some(settling) = &state.settling {
            (Rule::Settling, format!("{made}; {}", settling.cause.reason()))
        } else {
            (Rule::NoServer, made)
        };
        Self { proof: Proof::Order(order.clone()), rule, reason }
    }

    /// Adds the verdict on the node, and its deletion where nothing speaks against it.
    pub(crate) fn decide(self, found: &Findings<'_>, node: &Node, draft: &mut Draft) {
        let Self { proof, rule, reason } = self;
        let kept = lasting::kept_for_pipelines(&node.name);
        let is_due = rule == Rule::ServerGone || rule == Rule::NoServer;
        if is_due
            && found.demand.named.contains(&node.name)
            && !lasting::is_too_long(found.supply.state, &kept, found.supply.now)
        {
            // Where its agent is, mita does not see: it may be back in a moment.
            draft.kept_for_pipelines.insert(kept);
            draft.node(node, Rule::Away, format!("{reason}; {WAITED_FOR}"));
            return;
        }
        if is_due {
            draft.act(Change::DeleteNode { node: node.name.clone(), proof }, rule, reason.clone());
        } else if rule == Rule::Held {
            // It holds nothing.
            let hold = odd_hold(found.supply.state, &node.name, Some(&node.presence), false);
            draft.odd_holds.extend(hold.map(|hold| (format!("node {}", node.name), (hold, reason.clone()))));
        } else if rule == Rule::Busy && (matches!(proof, Proof::Server(_)) || found.world.lists_all_servers()) {
            lost::of_nobody(found, node, draft);
        } else if rule == Rule::Ambiguous {
            draft.still_connected.insert(node.name.clone());
        }
        draft.node(node, rule, reason);
    }
}

/// What keeps a node without a server, whatever became of that.
fn kept_by_itself(node: &Node, what: &str, state: &State) -> Option<(Rule, String)> {
    if !node.idle {
        return Some((Rule::Busy, format!("{what}, and it still runs a build")));
    }
    if node.presence == Presence::Online {
        let advice = "mita leaves it alone; find out where the agent runs, then delete the node in Jenkins";
        return Some((Rule::Ambiguous, format!("{what}, but its agent is still connected: {advice}")));
    }
    (state.set_offline_by(&node.name) == Some(SetOfflineBy::Person))
        .then(|| (Rule::Held, format!("{what}; a person set the node offline")))
}
