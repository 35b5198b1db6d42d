//! Retires and removes: one procedure, each step of it harmless when repeated.
//!
//! 0. a provider that cannot be asked for the deletion stops everything before a node is touched; a server that its cloud
//!    shows as locked is not planned for removal at all;
//! 1. every node that is the server is looked at once more, since a person may have taken it meanwhile, and set
//!    offline, so that no build can arrive unseen;
//! 2. each is read again: a build that was there first stops everything, and the node comes back;
//! 3. the nodes are deleted;
//! 4. the list of nodes is read once more, for all servers together: an agent that registered itself meanwhile stops
//!    the removal of its server;
//! 5. each server is read, and its mark checked;
//! 6. it is deleted.

use crate::apply::drain::{Drained, RESTARTED, Removal, drain, drain_while_busy, restarted, restore};
use crate::apply::volumes::delete_volume;
use crate::apply::{ActionResult, News, Outcome, Site, actions, console, orders, tell};
use crate::domain::names::{MitaId, NodeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::RetirementStep;
use crate::domain::world;
use crate::domain::world::{Listing, Lookup, Queue, ServerState, World};
use crate::plan::identity;
use crate::plan::identity::ownership::is_ours;
use crate::plan::model::{Change, Proof};
use crate::provider::{Deletion, FailureKind};
use crate::workers::{at_once, finished};
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::thread;

pub(super) fn carry_out(site: &Site<'_>, news: Sender<News>) {
    let mut removals = Vec::new();
    let mut restorations = Vec::new();
    let mut drains = Vec::new();
    let mut volumes = Vec::new();
    for (action, planned) in actions(site.plan) {
        let rule = planned.rule;
        match &planned.change {
            Change::RetireNode(target) | Change::DeleteServer(target) => removals.push(Removal {
                action,
                rule,
                nodes: target.nodes.iter().collect(),
                server_id: target.server_id.clone(),
                server: Some((&target.order, &target.provider)),
                made_for: None,
            }),
            Change::DeleteNode { node, proof } => {
                let (server_id, made_for) = match proof {
                    Proof::Server(server) => (server.clone(), None),
                    // Named in its place where the node is set offline.
                    Proof::Order(order) => (ServerId::from(order.as_str()), Some(order)),
                };
                removals.push(Removal { action, rule, nodes: vec![node], server_id, server: None, made_for });
            }
            Change::RestoreNode(target) => restorations.push((action, target)),
            Change::DrainNode(target) => drains.push((action, target, rule)),
            Change::DeleteVolume { volume_id, left_by } => volumes.push((action, volume_id, left_by)),
            Change::CreateServer(_)
            | Change::CreateNode(_)
            | Change::AssignFloatingIp(_)
            | Change::ReleaseFloatingIp { .. } => {}
        }
    }
    at_once(site.config.concurrency, restorations, |(action, target)| {
        let (outcome, error) = restore(site, target);
        if !outcome.is_failure() {
            tell(&news, News::Stopped(target.order.clone()));
        }
        tell(&news, result(action, &target.server_id, outcome, error));
    });
    at_once(site.config.concurrency, drains, |(action, target, rule)| {
        let (outcome, error) = drain_while_busy(site, target, rule);
        tell(&news, result(action, &target.server_id, outcome, error));
    });
    at_once(site.config.concurrency, volumes, |(action, volume, left_by)| {
        let (outcome, error) = delete_volume(site, volume, left_by);
        tell(&news, result(action, &left_by.server_id, outcome, error));
    });
    let drained = at_once(site.config.concurrency, removals, |removal| {
        // Beside the first steps: the deletion is never kept waiting for it alone.
        if let Some((_, provider)) = removal.server
            && let Err(reason) = site.services.provider(provider)
        {
            let reason = format!("nothing is done, since provider {provider} cannot be used: {reason}");
            return (removal, Drained::Ends(Outcome::Failed, Some(reason)));
        }
        let drained = thread::scope(|scope| {
            let failed = removal.server.filter(|(id, _)| console::is_wanted(site, removal.rule, id));
            let reading = failed.map(|(id, provider)| {
                let news = news.clone();
                let server = &removal.server_id;
                scope.spawn(move || console::read(site, provider, id, server, &news))
            });
            let drained = drain(site, &removal, &news);
            reading.map(finished);
            drained
        });
        (removal, drained)
    });
    let mut clear = Vec::new();
    for (removal, drained) in drained {
        match drained {
            Drained::Clear if removal.server.is_some() => clear.push(removal),
            Drained::Clear => tell(&news, removal.result(Outcome::Done, None)),
            Drained::Ends(outcome, error) => tell(&news, removal.result(outcome, error)),
        }
    }
    if clear.is_empty() {
        return;
    }
    let arrived = newly_arrived(site);
    at_once(site.config.concurrency, clear, |removal| {
        let Some((id, provider)) = removal.server else { return };
        let (outcome, error) = match &arrived {
            Err(error) => {
                (Outcome::Failed, Some(format!("server {} is left for the next run: {error}", removal.server_id)))
            }
            Ok(arrived) => match arrived.get(id) {
                Some(node) => {
                    let reason = format!(
                        "node {node} has registered itself in the meantime: server {} stays",
                        removal.server_id
                    );
                    (Outcome::Skipped, Some(reason))
                }
                None => delete_server(site, provider, id, &removal, &news),
            },
        };
        match outcome {
            Outcome::Done | Outcome::AlreadyDone => {
                tell(&news, News::Step { id: id.clone(), step: RetirementStep::ServerDeleted });
            }
            Outcome::Skipped => tell(&news, News::Stopped(id.clone())),
            Outcome::Refused | Outcome::Unknown | Outcome::Failed => {}
        }
        tell(&news, removal.result(outcome, error));
    });
}

fn result(action: usize, server_id: &ServerId, outcome: Outcome, error: Option<String>) -> News {
    News::Result(ActionResult { action, outcome, server_id: Some(server_id.clone()), error })
}

/// Step 4: every server of ours that a node could be, now, with such a node.
fn newly_arrived(site: &Site<'_>) -> Result<BTreeMap<MitaId, NodeName>, String> {
    let jenkins = site.services.jenkins.as_ref().map_err(String::clone)?;
    let nodes = jenkins.nodes().map_err(|error| error.to_string())?;
    if restarted(site, &nodes.session) {
        return Err(RESTARTED.to_owned());
    }
    // Which node is which server: the queue has no part in it.
    let jenkins = world::Jenkins {
        session: nodes.session,
        mode: site.world.jenkins.mode.clone(),
        queue: Listing::Complete(Queue::default()),
        nodes: Listing::Complete(nodes.value),
    };
    let world = World { clouds: site.world.clouds.clone(), jenkins };
    let fleet = identity::identify(site.config, &world, site.memory);
    let found = fleet.machines.iter().filter_map(|machine| {
        let node = machine.nodes.iter().chain(&machine.doubts).next()?;
        Some((machine.id.clone(), node.name.clone()))
    });
    Ok(found.collect())
}

/// Steps 5 and 6.
fn delete_server(
    site: &Site<'_>,
    provider: &ProviderName,
    order: &MitaId,
    removal: &Removal<'_>,
    news: &Sender<News>,
) -> (Outcome, Option<String>) {
    let id = &removal.server_id;
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    let server = match provider.server(id) {
        Lookup::Found(server) => server,
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
    };
    if !is_ours(&site.config.installation(), site.memory, &server) {
        let reason = format!("server {id} does not carry the mark of {}: it is left alone", site.config.owner);
        return (Outcome::Skipped, Some(reason));
    }
    if matches!(server.state, ServerState::Deleting | ServerState::Deleted) {
        return (Outcome::AlreadyDone, None);
    }
    // An agent of it may register at any moment from now on.
    let did_not_run = matches!(removal.rule, Rule::Error | Rule::BootTimeout | Rule::Stopped);
    if did_not_run && server.state == ServerState::Active {
        return (Outcome::Skipped, Some(format!("server {id} has become active in the meantime: it stays")));
    }
    match provider.delete(id) {
        Ok(Deletion::Accepted) => (Outcome::Done, None),
        Ok(Deletion::AlreadyGone) => (Outcome::AlreadyDone, None),
        Err(failure) if failure.kind == FailureKind::Locked => {
            tell(news, News::Locked(order.clone()));
            (Outcome::Refused, Some(failure.message))
        }
        Err(failure) => (orders::outcome(failure.kind), Some(failure.message)),
    }
}
