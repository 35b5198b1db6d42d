//! What is done to nodes in Jenkins before anything is deleted in a cloud: set offline, looked at again, deleted or
//! brought back. Whatever a build or a person did meanwhile comes first.

use super::{ActionResult, News, Outcome, Site, tell};
use crate::jenkins::{Change, ErrorKind, Jenkins, JenkinsError, Reading, Restoration};
use crate::naming::{MitaId, NodeName, ProviderName, ServerId};
use crate::offline::{is_ours, offline_message};
use crate::plan::Rule;
use crate::state::RetirementStep;
use crate::world::{Node, Presence};
use std::sync::mpsc::Sender;

/// One removal on its way through the steps.
pub(super) struct Removal<'a> {
    pub(super) action: usize,
    pub(super) rule: Rule,
    pub(super) nodes: Vec<&'a NodeName>,
    /// The server, or what stands for it.
    pub(super) server_id: ServerId,
    /// The server to delete in the end; none where only a node is left.
    pub(super) server: Option<(&'a MitaId, &'a ProviderName)>,
    /// The order that a node was made for, where nothing else proves that it is ours.
    pub(super) made_for: Option<&'a MitaId>,
}

/// How far a removal got with its nodes.
pub(super) enum Drained {
    /// No node stands in the way of the server's deletion.
    Clear,
    /// It ends here.
    Ends(Outcome, Option<String>),
}

impl Removal<'_> {
    pub(super) fn result(&self, outcome: Outcome, error: Option<String>) -> News {
        let server_id = self.made_for.is_none().then(|| self.server_id.clone());
        News::Result(ActionResult { action: self.action, outcome, server_id, error })
    }
}

pub(super) fn restore(
    site: &Site<'_>,
    node: &NodeName,
    server_id: &ServerId,
    order: &MitaId,
) -> (Outcome, Option<String>) {
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
pub(super) fn drain_while_busy(
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
pub(super) fn drain(site: &Site<'_>, removal: &Removal<'_>, news: &Sender<News>) -> Drained {
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
        match jenkins.delete(node)? {
            Change::Done => tell(news, News::NodeDeleted(node.clone())),
            // What the state knows of it stays until a list lacks it: the node was read a moment ago.
            Change::NoSuchNode => {}
        }
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

pub(super) const RESTARTED: &str = "Jenkins was restarted in the middle of the run";

/// Whether Jenkins is no longer the one that the plan was made for. After a restart its nodes look idle, and a pipeline
/// may wait for one of them to go on where it was.
pub(super) fn restarted(site: &Site<'_>, session: &Option<String>) -> bool {
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

pub(super) fn failed(error: &JenkinsError) -> (Outcome, Option<String>) {
    let outcome = match error.kind {
        _ if error.outcome_is_unknown() => Outcome::Unknown,
        ErrorKind::Unauthorized | ErrorKind::Forbidden { .. } | ErrorKind::Refused { .. } => Outcome::Refused,
        _ => Outcome::Failed,
    };
    (outcome, Some(error.to_string()))
}
