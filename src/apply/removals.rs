//! Retires and removes: one procedure, each step of it harmless when repeated.
//!
//! 1. every node that is the server is looked at once more, since a person may have taken it meanwhile, and set
//!    offline, so that no build can arrive unseen;
//! 2. each is read again: a build that was there first stops everything, and the node comes back;
//! 3. the nodes are deleted;
//! 4. the list of nodes is read once more, for all servers together: an agent that registered itself meanwhile stops
//!    the removal of its server;
//! 5. each server is read, and its mark checked;
//! 6. it is deleted.

use super::{ActionResult, News, Outcome, Site, actions, console, orders, tell};
use crate::jenkins::{Change, ErrorKind, Jenkins, JenkinsError, Reading, Restoration};
use crate::naming::{MitaId, NodeName, ProviderName, ServerId, VolumeId};
use crate::offline::{is_ours, offline_message};
use crate::plan::{Action, Proof, Rule, fleet, leftovers};
use crate::provider::Deletion;
use crate::state::RetirementStep;
use crate::workers::{at_once, finished};
use crate::world::{self, Listing, Lookup, Node, Presence, Queue, ServerState, VolumeState, World};
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::thread;

/// One removal on its way through the steps.
struct Removal<'a> {
    action: usize,
    rule: Rule,
    nodes: Vec<&'a NodeName>,
    /// The server, or what stands for it.
    server_id: ServerId,
    /// The server to delete in the end; none where only a node is left.
    server: Option<(&'a MitaId, &'a ProviderName)>,
    /// The order that a node was made for, where nothing else proves that it is ours.
    made_for: Option<&'a MitaId>,
}

/// How far a removal got with its nodes.
enum Drained {
    /// No node stands in the way of the server's deletion.
    Clear,
    /// It ends here.
    Ends(Outcome, Option<String>),
}

pub(super) fn carry_out(site: &Site<'_>, news: Sender<News>) {
    let mut removals = Vec::new();
    let mut restorations = Vec::new();
    let mut drains = Vec::new();
    let mut volumes = Vec::new();
    for (action, planned) in actions(site.plan) {
        match planned {
            Action::RetireNode { nodes, server_id, id, provider, rule, .. } => removals.push(Removal {
                action,
                rule: *rule,
                nodes: nodes.iter().collect(),
                server_id: server_id.clone(),
                server: Some((id, provider)),
                made_for: None,
            }),
            Action::DeleteServer { server_id, id, provider, rule, .. } => removals.push(Removal {
                action,
                rule: *rule,
                nodes: Vec::new(),
                server_id: server_id.clone(),
                server: Some((id, provider)),
                made_for: None,
            }),
            Action::DeleteNode { node, proof, rule, .. } => {
                let (server_id, made_for) = match proof {
                    Proof::Server(server) => (server.clone(), None),
                    // Named in its place where the node is set offline.
                    Proof::Order(order) => (ServerId::from(order.as_str()), Some(order)),
                };
                removals.push(Removal { action, rule: *rule, nodes: vec![node], server_id, server: None, made_for });
            }
            Action::RestoreNode { node, server_id, id, .. } => restorations.push((action, node, server_id, id)),
            Action::DrainNode { nodes, server_id, rule, .. } => drains.push((action, nodes, server_id, *rule)),
            Action::DeleteVolume { volume_id, provider, server_id, .. } => {
                volumes.push((action, volume_id, provider, server_id));
            }
            Action::CreateServer { .. }
            | Action::CreateNode { .. }
            | Action::AssignFloatingIp { .. }
            | Action::ReleaseFloatingIp { .. } => {}
        }
    }
    at_once(site.config.concurrency, restorations, |(action, node, server_id, id)| {
        let (outcome, error) = restore(site, node, server_id, id);
        if !outcome.is_failure() {
            tell(&news, News::Stopped(id.clone()));
        }
        tell(&news, result(action, server_id, outcome, error));
    });
    at_once(site.config.concurrency, drains, |(action, nodes, server_id, rule)| {
        let (outcome, error) = drain_while_busy(site, nodes, server_id, rule);
        tell(&news, result(action, server_id, outcome, error));
    });
    at_once(site.config.concurrency, volumes, |(action, volume, provider, server_id)| {
        let (outcome, error) = delete_volume(site, provider, volume, server_id);
        tell(&news, result(action, server_id, outcome, error));
    });
    let drained = at_once(site.config.concurrency, removals, |removal| {
        // Beside the first steps: the deletion is never kept waiting for it alone.
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
                None => delete_server(site, provider, &removal),
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

impl Removal<'_> {
    fn result(&self, outcome: Outcome, error: Option<String>) -> News {
        let server_id = self.made_for.is_none().then(|| self.server_id.clone());
        News::Result(ActionResult { action: self.action, outcome, server_id, error })
    }
}

fn result(action: usize, server_id: &ServerId, outcome: Outcome, error: Option<String>) -> News {
    News::Result(ActionResult { action, outcome, server_id: Some(server_id.clone()), error })
}

fn restore(site: &Site<'_>, node: &NodeName, server_id: &ServerId, order: &MitaId) -> (Outcome, Option<String>) {
    let jenkins = match &site.services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => return (Outcome::Failed, Some(reason.clone())),
    };
    match jenkins.bring_online(node, &site.config.owner, (server_id, Some(order))) {
        Ok(Restoration::Done) => (Outcome::Done, None),
        Ok(Restoration::NotSetOffline) => (Outcome::AlreadyDone, None),
        Ok(Restoration::Held(reason)) => {
            (Outcome::Skipped, Some(format!("node {node} was set offline by somebody else: {reason}")))
        }
        Ok(Restoration::NoSuchNode) => (Outcome::Skipped, Some(format!("node {node} is gone from Jenkins"))),
        Err(error) => failed(&error),
    }
}

/// Sets nodes offline while a build runs there: it goes on, and no further one comes. A node that somebody has set offline
/// meanwhile is that person's.
fn drain_while_busy(
    site: &Site<'_>,
    nodes: &[NodeName],
    server_id: &ServerId,
    rule: Rule,
) -> (Outcome, Option<String>) {
    let jenkins = match &site.services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => return (Outcome::Failed, Some(reason.clone())),
    };
    let message = offline_message(&site.config.owner, server_id, rule);
    for node in nodes {
        let seen = match jenkins.node(node) {
            Ok(reading) if restarted(site, &reading.session) && reading.value.is_some() => {
                return (Outcome::Skipped, Some(RESTARTED.to_owned()));
            }
            Ok(reading) => reading.value,
            Err(error) => return failed(&error),
        };
        let Some(seen) = seen else { return (Outcome::Skipped, Some(format!("node {node} is gone from Jenkins"))) };
        if seen.presence != Presence::Online {
            return (Outcome::Skipped, Some(format!("node {node} is no longer online: it is left as it is")));
        }
        match jenkins.set_offline(node, &message) {
            Ok(Change::Done) => {}
            Ok(Change::NoSuchNode) => return (Outcome::Skipped, Some(format!("node {node} is gone from Jenkins"))),
            Err(error) => return failed(&error),
        }
    }
    (Outcome::Done, None)
}

/// Takes back the node of an order that was not granted, by the first three steps. Returns what kept it from that.
pub(super) fn withdraw_node(site: &Site<'_>, node: &NodeName, order: &MitaId) -> Option<String> {
    let removal = Removal {
        action: 0,
        rule: Rule::NoServer,
        nodes: vec![node],
        server_id: ServerId::from(order.as_str()),
        server: None,
        made_for: Some(order),
    };
    // Nobody is told of it: a run that finds the node again says what becomes of it.
    let (unheard, _) = std::sync::mpsc::channel();
    match drain(site, &removal, &unheard) {
        Drained::Clear => None,
        Drained::Ends(_, reason) => reason,
    }
}

/// Steps 1 to 3.
fn drain(site: &Site<'_>, removal: &Removal<'_>, news: &Sender<News>) -> Drained {
    let jenkins = match &site.services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => return Drained::Ends(Outcome::Failed, Some(reason.clone())),
    };
    match try_drain(site, jenkins, removal, news) {
        Ok(drained) => drained,
        Err(error) => {
            let (outcome, error) = failed(&error);
            Drained::Ends(outcome, error)
        }
    }
}

fn try_drain(
    site: &Site<'_>,
    jenkins: &Jenkins,
    removal: &Removal<'_>,
    news: &Sender<News>,
) -> Result<Drained, JenkinsError> {
    let step = |step| {
        if let Some((id, _)) = removal.server {
            tell(news, News::Step { id: id.clone(), step });
        }
    };
    let message = offline_message(&site.config.owner, &removal.server_id, removal.rule);
    let mut there = Vec::new();
    if let Some(node) = hidden_node(site, jenkins, removal)? {
        let reason = format!("node {node} is there all the same, though the list of nodes lacks it: nothing is done");
        return Ok(Drained::Ends(Outcome::Skipped, Some(reason)));
    }
    for &node in &removal.nodes {
        if let Some(reason) = taken_meanwhile(site, jenkins, removal, node)? {
            return stop(site, jenkins, removal, reason, news);
        }
        match jenkins.set_offline(node, &message)? {
            Change::Done => there.push(node),
            Change::NoSuchNode => {}
        }
    }
    step(RetirementStep::NodesOffline);
    let mut seen_idle = Vec::new();
    for &node in &there {
        let again = jenkins.node(node)?;
        // Only what was seen idle is deleted. Should a node be there all the same, the list of step 4 has it.
        let Some(seen) = &again.value else { continue };
        if let Some(reason) = unfit(site, &again, seen) {
            return stop(site, jenkins, removal, reason, news);
        }
        seen_idle.push(node);
    }
    for node in seen_idle {
        jenkins.delete(node)?;
        tell(news, News::NodeDeleted(node.clone()));
    }
    step(RetirementStep::NodesDeleted);
    Ok(Drained::Clear)
}

/// The node that a server without nodes last had, where Jenkins knows it under that name. Jenkins leaves an element out
/// of a list whose export fails (JENKINS-40083), so a list alone does not prove that a node is gone.
fn hidden_node(site: &Site<'_>, jenkins: &Jenkins, removal: &Removal<'_>) -> Result<Option<NodeName>, JenkinsError> {
    let Some((id, _)) = removal.server.filter(|_| removal.nodes.is_empty()) else { return Ok(None) };
    let Some(last) = site.memory.servers.get(id).and_then(|server| server.node.as_ref()) else { return Ok(None) };
    Ok(jenkins.node(last)?.value.map(|_| last.clone()))
}

/// Why a node is not to be touched after all. Setting it offline would take the place of a person's hold, and would
/// keep a build from being followed by the next one.
fn taken_meanwhile(
    site: &Site<'_>,
    jenkins: &Jenkins,
    removal: &Removal<'_>,
    node: &NodeName,
) -> Result<Option<String>, JenkinsError> {
    let reading = jenkins.node(node)?;
    let Some(seen) = &reading.value else { return Ok(None) };
    if restarted(site, &reading.session) {
        return Ok(Some(RESTARTED.to_owned()));
    }
    if !seen.idle {
        return Ok(Some(format!("a build has arrived on node {node}: it stays")));
    }
    if let Some(order) = removal.made_for
        && !seen.mark.as_ref().is_some_and(|mark| mark.owner == site.config.owner && mark.id == *order)
    {
        return Ok(Some(format!("node {node} is no longer the one that was made for order {order}: it stays")));
    }
    let seen_before = site.world.jenkins.nodes.complete().into_iter().flatten().find(|before| before.name == *node);
    let new = seen_before.is_none_or(|before| before.presence != seen.presence);
    Ok(match &seen.presence {
        Presence::Online if new => Some(format!("node {node} has come online in the meantime: it stays")),
        Presence::SetOffline(cause) if new && is_ours(&cause.reason, &site.config.owner).is_none() => {
            Some(format!("somebody has set node {node} offline: it is held"))
        }
        Presence::Online | Presence::Disconnected | Presence::SetOffline(_) => None,
    })
}

/// Why a node that was set offline is not to be deleted.
fn unfit(site: &Site<'_>, reading: &Reading<Option<Node>>, seen: &Node) -> Option<String> {
    let marked = match &seen.presence {
        Presence::SetOffline(cause) => is_ours(&cause.reason, &site.config.owner).is_some(),
        Presence::Online | Presence::Disconnected => false,
    };
    let node = &seen.name;
    if restarted(site, &reading.session) {
        Some(RESTARTED.to_owned())
    } else if !seen.idle {
        Some(format!("a build arrived on node {node} while it was being retired: it is back online and stays"))
    } else if !marked {
        Some(format!("somebody changed node {node} while it was being retired: it stays"))
    } else {
        None
    }
}

const RESTARTED: &str = "Jenkins was restarted in the middle of the run";

/// Whether Jenkins is no longer the one that the plan was made for. After a restart its nodes look idle, and a pipeline
/// may wait for one of them to go on where it was.
fn restarted(site: &Site<'_>, session: &Option<String>) -> bool {
    site.world.jenkins.session.is_some() && *session != site.world.jenkins.session
}

/// A build arrived first, or somebody took the mark away: the nodes come back, whichever run set them offline, and the
/// server stays.
fn stop(
    site: &Site<'_>,
    jenkins: &Jenkins,
    removal: &Removal<'_>,
    reason: String,
    news: &Sender<News>,
) -> Result<Drained, JenkinsError> {
    for &node in &removal.nodes {
        let order = removal.server.map(|(id, _)| id);
        jenkins.bring_online(node, &site.config.owner, (&removal.server_id, order))?;
    }
    if let Some((id, _)) = removal.server {
        tell(news, News::Stopped(id.clone()));
    }
    Ok(Drained::Ends(Outcome::Skipped, Some(reason)))
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
    let fleet = fleet::assemble(site.config, &world, site.memory);
    let found = fleet.machines.iter().filter_map(|machine| {
        let node = machine.nodes.iter().chain(&machine.doubts).next()?;
        Some((machine.id.clone(), node.name.clone()))
    });
    Ok(found.collect())
}

/// Steps 5 and 6.
fn delete_server(site: &Site<'_>, provider: &ProviderName, removal: &Removal<'_>) -> (Outcome, Option<String>) {
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
    if server.mark.is_none_or(|mark| mark.owner != site.config.owner) {
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
        Err(failure) => (orders::outcome(failure.kind), Some(failure.message)),
    }
}

/// A volume's own proof, read afresh: it is free, and its name, its mark or its server's fault says that it is the one.
fn delete_volume(
    site: &Site<'_>,
    provider: &ProviderName,
    id: &VolumeId,
    server: &ServerId,
) -> (Outcome, Option<String>) {
    let provider = match site.services.provider(provider) {
        Ok(provider) => provider,
        Err(reason) => return (Outcome::Failed, Some(reason.to_owned())),
    };
    let volume = match provider.volume(id) {
        Lookup::Found(volume) => volume,
        Lookup::Gone => return (Outcome::AlreadyDone, None),
        Lookup::Unavailable(reason) => return (Outcome::Failed, Some(reason)),
    };
    let marked = volume.mark.as_ref().is_some_and(|mark| mark.owner == site.config.owner);
    let in_fault = site.memory.departed.get(server).is_some_and(|departed| leftovers::is_in_fault(&volume, departed));
    if !marked && !in_fault && leftovers::volume_of(&volume.name).as_ref() != Some(server) {
        let reason = format!("volume {id} is not the one of server {server} any more: it is left alone");
        return (Outcome::Skipped, Some(reason));
    }
    match &volume.state {
        VolumeState::Free => {}
        VolumeState::Deleting => return (Outcome::AlreadyDone, None),
        VolumeState::DeletionFailed => return (Outcome::Skipped, Some(format!("the deletion of volume {id} failed"))),
        VolumeState::InUse(word) => return (Outcome::Skipped, Some(format!("volume {id} is {word}"))),
    }
    match provider.delete_volume(id) {
        Ok(Deletion::Accepted) => (Outcome::Done, None),
        Ok(Deletion::AlreadyGone) => (Outcome::AlreadyDone, None),
        Err(failure) => (orders::outcome(failure.kind), Some(failure.message)),
    }
}

pub(super) fn failed(error: &JenkinsError) -> (Outcome, Option<String>) {
    let outcome = match error.kind {
        _ if error.outcome_is_unknown() => Outcome::Unknown,
        ErrorKind::Unauthorized | ErrorKind::Forbidden { .. } | ErrorKind::Refused { .. } => Outcome::Refused,
        _ => Outcome::Failed,
    };
    (outcome, Some(error.to_string()))
}
