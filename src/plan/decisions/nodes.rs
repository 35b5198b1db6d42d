//! Decisions about nodes without a server of ours, and about nodes that a server of ours left behind.

use super::draft::Draft;
use super::findings::Findings;
use super::registration;
use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::model::{Change, Proof};

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
            NodeIdentity::Foreign(reason) => draft.node(node, Rule::NotOurs, *reason),
            NodeIdentity::MadeFor(order) => {
                let (rule, reason) = registration::without_server(found, node, order);
                if rule == Rule::NoServer {
                    delete(node, Proof::Order(order.clone()), rule, &reason, draft);
                }
                add_verdict(node, rule, reason, draft);
            }
            NodeIdentity::Former(server) => match left_behind(node, Some(server), found.supply.memory) {
                Some(left) => left.decide(node, draft),
                None => draft.node(node, Rule::NotSeen, format!("its server {server} is in no listing")),
            },
        }
    }
}

/// What a server that is gone left in Jenkins.
pub(crate) struct LeftBehind {
    server: ServerId,
    rule: Rule,
    reason: String,
}

impl LeftBehind {
    /// Adds the verdict on the node, and its deletion where nothing speaks against it.
    pub(crate) fn decide(self, node: &Node, draft: &mut Draft) {
        if self.rule == Rule::ServerGone {
            delete(node, Proof::Server(self.server), self.rule, &self.reason, draft);
        }
        add_verdict(node, self.rule, self.reason, draft);
    }
}

/// Adds the verdict on a node of ours that has no server.
fn add_verdict(node: &Node, rule: Rule, reason: String, draft: &mut Draft) {
    if rule == Rule::Ambiguous {
        draft.still_connected.insert(node.name.clone());
    }
    draft.node(node, rule, reason);
}

fn delete(node: &Node, proof: Proof, rule: Rule, reason: &str, draft: &mut Draft) {
    draft.act(Change::DeleteNode { node: node.name.clone(), proof }, rule, reason);
}

/// The decision about a node whose server is known to be gone.
pub(crate) fn left_behind(node: &Node, server: Option<&ServerId>, memory: &State) -> Option<LeftBehind> {
    let server = server?;
    memory.gone_servers.get(server)?;
    let gone = format!("its server {server} is gone (404 in two runs)");
    let (rule, reason) = if !node.idle {
        (Rule::Busy, format!("{gone}, and it still runs a build"))
    } else if node.presence == Presence::Online {
        (
            Rule::Ambiguous,
            format!(
                "{gone}, but its agent is still connected: mita leaves it alone; find out where the agent runs, then delete the node in Jenkins"
            ),
        )
    } else if memory.set_offline_by(&node.name) == Some(SetOfflineBy::Person) {
        (Rule::Held, format!("{gone}; a person set the node offline"))
    } else if let Some(settling) = &memory.settling {
        (Rule::Settling, format!("{gone}; {}", settling.cause.reason()))
    } else {
        (Rule::ServerGone, gone)
    };
    Some(LeftBehind { server: server.clone(), rule, reason })
}
