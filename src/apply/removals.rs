//! Retires and removes servers and nodes: one procedure, and each of its steps can be repeated without harm.
//!
//! 0. the plan is saved before the first step: a run that finds a server halfway goes on from there. A provider that
//!    cannot be used stops everything before a node is touched; a server that its cloud shows as locked, or is known to
//!    refuse to delete, is not planned for removal at all;
//! 1. every node of the server is read once more, since a person may hold it by now, and set offline, so that no build
//!    starts there unseen;
//! 2. every node is read again: if a build was faster, the retirement stops and the nodes come back online;
//! 3. the nodes are deleted;
//! 4. the list of nodes is read once more, for all servers together: an agent that registered itself in the meantime
//!    stops the removal of its server;
//! 5. each server is read, and its mark checked;
//! 6. the server is deleted.

use crate::apply::console;
use crate::apply::context::{Context, JENKINS_RESTARTED};
use crate::apply::events::Event;
use crate::apply::node_removal::{Removal, remove_nodes};
use crate::apply::outcome::{NotDone, Outcome, Result, deleted, found};
use crate::concurrency::join;
use crate::domain::names::{MitaId, NodeName};
use crate::domain::rule::Rule;
use crate::domain::state::RetirementStep;
use crate::domain::world;
use crate::domain::world::{Listing, Lock, Queue, ServerState, World};
use crate::plan::identity::ownership::is_ours;
use crate::plan::lifecycle::arrivals;
use crate::plan::model::Target;
use crate::provider::{Deletion, Failure, FailureKind};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

pub(super) fn retire(context: &Context<'_>) {
    // Steps 1 to 3, for each removal on its own.
    let removals = context.parallel(context.actions(Removal::of), |(action, removal)| {
        let nodes_removed = remove_nodes_and_read_console(context, &removal);
        (action, removal, nodes_removed)
    });
    let (mut servers, mut deleted) = (Vec::new(), BTreeSet::new());
    for (action, removal, nodes_removed) in removals {
        match (nodes_removed, removal.server) {
            (Ok(nodes), Some(target)) => {
                servers.push((action, removal.rule, target));
                deleted.extend(nodes);
            }
            (Ok(_), None) => context.report_result(action, Ok(Outcome::Done)),
            (Err(not_done), _) => context.report_result(action, Err(not_done)),
        }
    }
    if servers.is_empty() {
        return;
    }
    let registered = registered_meanwhile(context, &deleted);
    context.parallel(servers, |(action, rule, target)| {
        let result = check_and_delete(context, rule, target, &registered);
        let order = target.order.clone();
        if result.is_ok() {
            context.report(Event::RetirementStep { order, step: RetirementStep::ServerDeleted });
        }
        context.report_result(action, result);
    });
}

/// The console is read at the same time, so that the deletion does not wait for it.
fn remove_nodes_and_read_console<'a>(context: &Context<'_>, removal: &Removal<'a>) -> Result<Vec<&'a NodeName>> {
    if let Some(Target { provider, .. }) = removal.server
        && let Err(reason) = context.services.provider(provider)
    {
        let reason = format!("nothing is done, since provider {provider} cannot be used: {reason}");
        return Err(NotDone::failed(reason));
    }
    if let Some(target) = removal.server {
        context.may_delete_at(&target.provider)?;
    }
    thread::scope(|scope| {
        let console = console::wanted(context, removal).map(|target| scope.spawn(|| console::read(context, target)));
        let nodes_removed = remove_nodes(context, removal);
        console.map(join);
        nodes_removed
    })
}

/// Step 4: the servers that stay, each with the node that keeps it.
fn registered_meanwhile(context: &Context<'_>, deleted: &BTreeSet<&NodeName>) -> Result<BTreeMap<MitaId, NodeName>> {
    let nodes = context.jenkins()?.nodes().map_err(|error| NotDone::failed(error.to_string()))?;
    if context.is_restarted(&nodes.session) {
        return Err(NotDone::failed(JENKINS_RESTARTED));
    }
    let jenkins = world::Jenkins {
        session: nodes.session,
        shows_marks: context.world.jenkins.shows_marks,
        mode: context.world.jenkins.mode.clone(),
        // Which node is which server does not depend on the queue.
        queue: Listing::Complete(Queue::default()),
        nodes: Listing::Complete(nodes.value),
    };
    let world = World { clouds: context.world.clouds.clone(), jenkins };
    Ok(arrivals::keepers(context.config, context.plan, deleted, context.world, &world))
}

/// The result of step 4 for one server, then steps 5 and 6.
fn check_and_delete(
    context: &Context<'_>,
    rule: Rule,
    target: &Target,
    registered: &Result<BTreeMap<MitaId, NodeName>>,
) -> Result<Outcome> {
    let Target { provider, server_id: id, order, .. } = target;
    let stays = |reason: String| {
        context.report(Event::RetirementStopped(order.clone()));
        Err(NotDone::skipped(reason))
    };
    let registered = registered
        .as_ref()
        .map_err(|error| NotDone::failed(format!("server {id} is left for the next run: {}", error.reason)))?;
    if let Some(node) = registered.get(order) {
        return stays(format!("node {node} has registered itself in the meantime: server {id} stays"));
    }
    context.may_delete_at(provider)?;
    let provider = context.provider(provider)?;
    let Some(server) = found(provider.server(id))? else { return Ok(Outcome::AlreadyDone) };
    if !is_ours(&context.config.installation(), context.state, &server) {
        let owner = &context.config.owner;
        return stays(format!("server {id} does not carry the mark of {owner}: it is left alone"));
    }
    if matches!(server.state, ServerState::Deleting | ServerState::Deleted) {
        return Ok(Outcome::AlreadyDone);
    }
    if server.lock == Lock::Locked {
        return stays(format!("somebody has locked server {id} in the meantime: it stays"));
    }
    // The plan removes no server in such a state.
    if let ServerState::Other(word) = &server.state {
        return stays(format!("server {id} is in state {word} by now: it stays while somebody works on it"));
    }
    // Its agent may register at any moment from now on.
    let did_not_run = matches!(rule, Rule::Error | Rule::BootTimeout | Rule::Stopped);
    if did_not_run && server.state == ServerState::Active {
        return stays(format!("server {id} has become active in the meantime: it stays"));
    }
    // A run that is killed, or gets no answer, knows by this that the server may be gone by its own doing. A refusal takes back
    // no earlier request whose answer was lost.
    let was_sent = context.state.servers.get(order).is_some_and(|server| server.deletion_sent);
    let deletion = context.delete(&target.provider, || {
        context.report(Event::DeletionSent { order: order.clone(), sent: true });
        provider.delete(id)
    })?;
    if deletion.as_ref().is_err_and(|failure| failure.kind != FailureKind::UnknownOutcome) {
        context.report(Event::DeletionSent { order: order.clone(), sent: was_sent });
    }
    match &deletion {
        Ok(Deletion::Accepted) => context.report(Event::DeletionAccepted(target.provider.clone())),
        // This says nothing of rights.
        Ok(Deletion::AlreadyGone) => {}
        Err(Failure { kind: FailureKind::Locked, .. }) => context.report(Event::ServerLocked(order.clone())),
        Err(Failure { kind: FailureKind::Denied, message, .. }) => {
            context.report(Event::DeletionRefused { order: order.clone(), reason: message.clone() });
        }
        Err(_) => {}
    }
    deleted(deletion)
}
