//! Restores nodes that mita set offline, and drains nodes on which a build runs. Their servers stay.

use crate::apply::closing::ClosedNodes;
use crate::apply::context::{Context, JENKINS_RESTARTED};
use crate::apply::events::Event;
use crate::apply::outcome::{NotDone, Outcome, Result};
use crate::domain::names::NodeName;
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::world::Node;
use crate::jenkins;
use crate::jenkins::{Reading, Restoration};
use crate::plan::model::{Change, Target};

pub(super) fn restore(context: &Context<'_>) {
    context.carry_out(|action| match &action.change {
        Change::RestoreNode(target) => Some(move || {
            let result = restore_node(context, target);
            match &result {
                Err(not_done) if not_done.outcome.is_failure() => {
                    target.nodes.iter().for_each(|node| context.report(Event::NodeNotRestored(node.clone())));
                }
                _ => context.report(Event::RetirementStopped(target.order.clone())),
            }
            result
        }),
        _ => None,
    });
}

fn restore_node(context: &Context<'_>, target: &Target) -> Result<Outcome> {
    let Target { server_id, order, nodes, .. } = target;
    let Some(node) = nodes.first() else { return Ok(Outcome::AlreadyDone) };
    let jenkins = context.jenkins()?;
    let opened = ClosedNodes::of(context, jenkins, nodes).open(node)?;
    match jenkins.bring_online(node, &context.config.owner, (server_id, Some(order)))? {
        Restoration::Done => Ok(Outcome::Done),
        Restoration::NotSetOffline if opened => Ok(Outcome::Done),
        Restoration::NotSetOffline => Ok(Outcome::AlreadyDone),
        Restoration::Held(reason) => {
            Err(NotDone::skipped(format!("node {node} was set offline by somebody else: {reason}")))
        }
        Restoration::NoSuchNode => Err(gone(node)),
    }
}

pub(super) fn drain(context: &Context<'_>) {
    context.carry_out(|action| match &action.change {
        Change::DrainNode(target) => Some(move || drain_node(context, target, action.rule)),
        _ => None,
    });
}

/// The build that runs there goes on, and no further one starts. An executor that is free may have been assigned an item a
/// moment ago, so the node is closed before, as for a retirement. A node that somebody has set offline in the meantime is
/// theirs.
fn drain_node(context: &Context<'_>, target: &Target, rule: Rule) -> Result<Outcome> {
    let Target { server_id, nodes, .. } = target;
    let jenkins = context.jenkins()?;
    let message = offline_message(&context.config.owner, server_id, rule);
    let mut closed = ClosedNodes::of(context, jenkins, nodes);
    for node in nodes {
        let reading = jenkins.node(node)?;
        if let Some(not_done) = not_to_drain(context, node, &reading) {
            return Err(not_done);
        }
        // It takes no build, and since 2.482 Jenkins answers 500 to its mark.
        if reading.value.as_ref().is_some_and(Node::is_removed) {
            continue;
        }
        if closed.close(&reading)?
            && let Some(not_done) = not_to_drain(context, node, &jenkins.node(node)?)
        {
            closed.open(node)?;
            return Err(not_done);
        }
        match jenkins.set_offline(node, &message)? {
            jenkins::NodeChange::Done => {}
            jenkins::NodeChange::NoSuchNode => return Err(gone(node)),
        }
    }
    Ok(Outcome::Done)
}

fn not_to_drain(context: &Context<'_>, node: &NodeName, reading: &Reading<Option<Node>>) -> Option<NotDone> {
    let Some(seen) = &reading.value else { return Some(gone(node)) };
    let mut listed = context.world.jenkins.nodes.complete().into_iter().flatten();
    if context.is_restarted(&reading.session) {
        Some(NotDone::skipped(JENKINS_RESTARTED))
    } else if !listed.any(|before| before.name == *node && before.presence == seen.presence) {
        Some(NotDone::skipped(format!("node {node} has been set offline or changed meanwhile: it is left as it is")))
    } else {
        None
    }
}

fn gone(node: &NodeName) -> NotDone {
    NotDone::skipped(format!("node {node} is gone from Jenkins"))
}
