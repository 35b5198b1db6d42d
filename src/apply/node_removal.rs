//! Steps 1 to 3 of a retirement: what is done in Jenkins before anything is deleted in a cloud. A build that starts in
//! the meantime, or a person's change, stops it.

use crate::apply::closing::ClosedNodes;
use crate::apply::context::{Context, JENKINS_RESTARTED};
use crate::apply::events::Event;
use crate::apply::outcome::{NotDone, Result};
use crate::domain::names::{MitaId, NodeName, ServerId};
use crate::domain::offline::{offline_message, server_named_in};
use crate::domain::rule::Rule;
use crate::domain::state::RetirementStep;
use crate::domain::world::{Node, Presence};
use crate::jenkins;
use crate::jenkins::{Jenkins, JenkinsError, Reading};
use crate::plan::lifecycle::arrivals;
use crate::plan::model::{Action, Change, Proof, Target};
use std::slice;

/// What is removed: a server with its nodes, or a node whose server is gone.
pub(super) struct Removal<'a> {
    pub(super) rule: Rule,
    nodes: &'a [NodeName],
    /// What the offline message names: the server, or the order where there is none.
    named: ServerId,
    /// The server to delete in the end.
    pub(super) server: Option<&'a Target>,
    /// The order that the node was made for, where nothing else proves that it is ours.
    made_for: Option<&'a MitaId>,
}

impl<'a> Removal<'a> {
    /// What an action removes, if it does.
    pub(super) fn of(action: &'a Action) -> Option<Self> {
        let rule = action.rule;
        match &action.change {
            Change::RetireNode(target) | Change::DeleteServer(target) => {
                let named = target.server_id.clone();
                Some(Self { rule, nodes: &target.nodes, named, server: Some(target), made_for: None })
            }
            Change::DeleteNode { node, proof: Proof::Server(server) } => {
                let (nodes, named) = (slice::from_ref(node), server.clone());
                Some(Self { rule, nodes, named, server: None, made_for: None })
            }
            Change::DeleteNode { node, proof: Proof::Order(order) } => Some(Self::of_order(rule, node, order)),
            _ => None,
        }
    }

    fn of_order(rule: Rule, node: &'a NodeName, order: &'a MitaId) -> Self {
        let named = ServerId::from(order.as_str());
        Self { rule, nodes: slice::from_ref(node), named, server: None, made_for: Some(order) }
    }
}

/// Deletes the node of an order that was refused.
pub(super) fn remove_node_of_order(context: &Context<'_>, node: &NodeName, order: &MitaId) -> Result<()> {
    remove_nodes(context, &Removal::of_order(Rule::NoServer, node, order)).map(drop)
}

/// Steps 1 to 3. Once they are done no node stands in the way of the server's deletion. Gives the nodes that were deleted: any
/// other one has gone, or has another name.
pub(super) fn remove_nodes<'a>(context: &Context<'_>, removal: &Removal<'a>) -> Result<Vec<&'a NodeName>> {
    let jenkins = context.jenkins()?;
    let message = offline_message(&context.config.owner, &removal.named, removal.rule);
    if let Some(node) = hidden_node(context, jenkins, removal)? {
        let reason = format!("node {node} exists although the list of nodes lacks it: nothing is done");
        return Err(NotDone::skipped(reason));
    }
    // Step 1.
    let mut closed = ClosedNodes::of(context, jenkins, removal.nodes);
    let mut set_offline = Vec::new();
    for node in removal.nodes {
        let reading = jenkins.look_at(node)?;
        if let Some(reason) = changed_meanwhile(context, removal, &reading) {
            return Err(stop(context, jenkins, removal, &mut closed, reason));
        }
        // What cannot be closed before is not set offline. If the node exists after all, the list of step 4 shows it.
        if reading.value.is_none() {
            continue;
        }
        if closed.close(&reading)?
            && let Some(reason) = changed_meanwhile(context, removal, &jenkins.node(node)?)
        {
            return Err(stop(context, jenkins, removal, &mut closed, reason));
        }
        match jenkins.set_offline(node, &message)? {
            jenkins::NodeChange::Done => set_offline.push(node),
            jenkins::NodeChange::NoSuchNode => {}
        }
    }
    completed(context, removal, RetirementStep::NodesOffline);
    // Step 2.
    let mut seen_idle = Vec::new();
    for node in set_offline {
        let reading = jenkins.node(node)?;
        // Only a node that was seen idle is deleted. If this one exists after all, the list of step 4 shows it.
        let Some(seen) = &reading.value else { continue };
        if let Some(reason) = not_deletable(context, &reading, seen) {
            return Err(stop(context, jenkins, removal, &mut closed, reason));
        }
        seen_idle.push(node);
    }
    // Step 3.
    let mut deleted = Vec::new();
    for node in seen_idle {
        match jenkins.delete(node)? {
            jenkins::NodeChange::Done => {
                context.report(Event::NodeDeleted(node.clone()));
                deleted.push(node);
            }
            // What the state knows of it stays until a list lacks it: the node was read a moment ago.
            jenkins::NodeChange::NoSuchNode => {}
        }
    }
    completed(context, removal, RetirementStep::NodesDeleted);
    Ok(deleted)
}

fn completed(context: &Context<'_>, removal: &Removal<'_>, step: RetirementStep) {
    if let Some(target) = removal.server {
        context.report(Event::RetirementStep { order: target.order.clone(), step });
    }
}

/// The node that a server without nodes last had, where Jenkins still knows it by that name and it is not another server's
/// by now. Jenkins leaves a node out of the list if its export fails (JENKINS-40083), so the list alone does not prove that
/// a node is gone; where the list has the name, the plan knows whose it is.
fn hidden_node<'a>(
    context: &Context<'a>,
    jenkins: &Jenkins,
    removal: &Removal<'_>,
) -> Result<Option<&'a NodeName>, JenkinsError> {
    let Some(target) = removal.server.filter(|_| removal.nodes.is_empty()) else { return Ok(None) };
    let Some(last) = context.state.servers.get(&target.order).and_then(|server| server.node.as_ref()) else {
        return Ok(None);
    };
    let mut listed = context.world.jenkins.nodes.complete().into_iter().flatten();
    if listed.any(|node| node.name == *last) {
        return Ok(None);
    }
    let of_another =
        |node: &Node| arrivals::is_of_another(context.config, context.world, context.state, node, &target.order);
    Ok(jenkins.node(last)?.value.filter(|node| !of_another(node)).map(|_| last))
}

/// Why a node is not set offline after all: that would replace a person's hold, or keep the next build from starting
/// where one runs already.
fn changed_meanwhile(context: &Context<'_>, removal: &Removal<'_>, reading: &Reading<Option<Node>>) -> Option<String> {
    let seen = reading.value.as_ref()?;
    let node = &seen.name;
    if context.is_restarted(&reading.session) {
        return Some(JENKINS_RESTARTED.to_owned());
    }
    if !seen.idle {
        return Some(format!("a build has started on node {node}: it stays"));
    }
    if let Some(order) = removal.made_for
        && !seen.mark.as_ref().is_some_and(|mark| mark.owner == context.config.owner && mark.id == *order)
    {
        return Some(format!("node {node} is no longer the one that was made for order {order}: it stays"));
    }
    let before = context.world.jenkins.nodes.complete().into_iter().flatten().find(|before| before.name == *node);
    if before.is_some_and(|before| before.presence == seen.presence) {
        return None;
    }
    match &seen.presence {
        Presence::Online => Some(format!("node {node} has come online in the meantime: it stays")),
        Presence::SetOffline(cause) if server_named_in(&cause.reason, &context.config.owner).is_none() => {
            Some(format!("somebody has set node {node} offline: it is held"))
        }
        Presence::DisconnectedBy(_) => Some(format!("somebody has disconnected node {node}: it is held")),
        Presence::SetOffline(_) | Presence::Disconnected => None,
    }
}

/// Why a node that was set offline is not deleted.
fn not_deletable(context: &Context<'_>, reading: &Reading<Option<Node>>, seen: &Node) -> Option<String> {
    let node = &seen.name;
    let marked = match &seen.presence {
        Presence::SetOffline(cause) => server_named_in(&cause.reason, &context.config.owner).is_some(),
        Presence::Online | Presence::Disconnected | Presence::DisconnectedBy(_) => false,
    };
    if context.is_restarted(&reading.session) {
        Some(JENKINS_RESTARTED.to_owned())
    } else if !seen.idle {
        Some(format!("a build arrived on node {node} while it was being retired: it is back online and stays"))
    } else if !marked {
        Some(format!("somebody changed node {node} while it was being retired: it stays"))
    } else {
        None
    }
}

/// Brings all nodes back online, whichever run set them offline: the server stays.
fn stop(
    context: &Context<'_>,
    jenkins: &Jenkins,
    removal: &Removal<'_>,
    closed: &mut ClosedNodes<'_>,
    reason: String,
) -> NotDone {
    let order = removal.server.map(|target| &target.order);
    for node in removal.nodes {
        if let Err(error) = jenkins.bring_online(node, &context.config.owner, (&removal.named, order)) {
            return error.into();
        }
        if let Err(not_done) = closed.open(node) {
            return not_done;
        }
    }
    if let Some(order) = order {
        context.report(Event::RetirementStopped(order.clone()));
    }
    NotDone::skipped(reason)
}
