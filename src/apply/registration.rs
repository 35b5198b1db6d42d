//! Makes the nodes of a plan: of servers that run, and of orders whose agents call in.
//!
//! The answer to such a write may be lost, and the write of a run that was killed may have been done. So whatever
//! Jenkins answers but a clear yes, the node is read: where it carries the mark of this very order, it is made.

use crate::apply::script::Agent;
use crate::apply::{ActionResult, News, Outcome, Site, actions, drain, tell};
use crate::config::{NodeForm, Registration};
use crate::domain::description::description;
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ServerId};
use crate::domain::world::Mark;
use crate::jenkins::{ErrorKind, Jenkins, JenkinsError, Launcher, NewNode};
use crate::plan::model::{Change, NodeToRegister};
use crate::workers::at_once;
use std::net::IpAddr;
use std::sync::mpsc::Sender;

/// A node to be made.
struct Making<'a> {
    action: usize,
    node: &'a NodeName,
    node_type: &'a NodeTypeName,
    id: &'a MitaId,
    server_id: Option<&'a ServerId>,
    address: Option<IpAddr>,
}

/// A node that is there.
struct Made {
    outcome: Outcome,
    /// What Jenkins answered, where that was no yes.
    doubt: Option<String>,
}

/// Why a node was not made.
struct Refusal {
    outcome: Outcome,
    error: String,
    /// Whether it will be refused again until somebody changes something.
    wrong: bool,
}

fn makings<'a>(site: &Site<'a>) -> impl Iterator<Item = Making<'a>> {
    actions(site.plan).filter_map(|(action, planned)| match &planned.change {
        Change::CreateNode(NodeToRegister { node, node_type, server_id, id, address, .. }) => {
            Some(Making { action, node, node_type, id, server_id: server_id.as_ref(), address: *address })
        }
        _ => None,
    })
}

/// The nodes of servers that run.
pub(super) fn carry_out(site: &Site<'_>, news: Sender<News>) {
    let of_servers = makings(site).filter(|making| making.server_id.is_some());
    at_once(site.config.concurrency, of_servers.collect(), |making| {
        let made = jenkins(site).and_then(|jenkins| make(site, jenkins, &making));
        report(&making, made, &news);
    });
}

/// The node of an order whose agent calls in, and what that agent has to be given; none where it is not ours to make.
/// Fails, in words, where the order cannot be sent for want of it.
pub(super) fn before_its_server(site: &Site<'_>, order: &MitaId, news: &Sender<News>) -> Result<Option<Agent>, String> {
    let Some(making) = makings(site).find(|making| making.id == order && making.server_id.is_none()) else {
        return Ok(None);
    };
    let registration = site.config.node_type(making.node_type).map(|kind| &kind.registration);
    let Some(Registration::Inbound(_, transport)) = registration else { return Ok(None) };
    let node = making.node;
    let not_ordered = |why: &str| format!("not ordered, since its node {node} {why}");
    let made = jenkins(site).and_then(|jenkins| Ok((jenkins, make(site, jenkins, &making)?)));
    let (jenkins, made) = match made {
        Ok(made) => made,
        Err(refusal) => {
            report(&making, Err(refusal), news);
            return Err(not_ordered("was not made"));
        }
    };
    match jenkins.agent_secret(node) {
        Ok(secret) => {
            report(&making, Ok(made), news);
            Ok(Some(Agent { node: node.clone(), secret, transport: *transport }))
        }
        Err(error) => {
            let mut refusal = refusal(&error);
            if let Some(left) = withdraw(site, order) {
                refusal.error = format!("{}; {left}", refusal.error);
            }
            report(&making, Err(refusal), news);
            Err(not_ordered("has a secret that could not be read"))
        }
    }
}

/// Takes the node of an order back that was not granted. Where that fails, in these words, a later run sees to it: the node
/// is known by its mark.
pub(super) fn withdraw(site: &Site<'_>, order: &MitaId) -> Option<String> {
    let making = makings(site).find(|making| making.id == order && making.server_id.is_none())?;
    let error = drain::withdraw_node(site, making.node, order)?;
    Some(format!("its node {} is left for a later run: {error}", making.node))
}

fn report(making: &Making<'_>, made: Result<Made, Refusal>, news: &Sender<News>) {
    let (outcome, error) = match made {
        Ok(Made { outcome, doubt }) => (outcome, doubt),
        Err(Refusal { outcome, error, wrong }) => {
            // What may have been done all the same is remembered as it was meant.
            if outcome != Outcome::Unknown || making.server_id.is_none() {
                let wrong = wrong.then(|| error.clone());
                tell(news, News::NotRegistered { id: making.id.clone(), wrong });
            }
            (outcome, Some(error))
        }
    };
    let server_id = making.server_id.cloned();
    tell(news, News::Result(ActionResult { action: making.action, outcome, server_id, error }));
}

fn jenkins<'a>(site: &Site<'a>) -> Result<&'a Jenkins, Refusal> {
    let failed = |reason: &String| Refusal { outcome: Outcome::Failed, error: reason.clone(), wrong: false };
    site.services.jenkins.as_ref().map_err(failed)
}

/// Makes the node, or finds it made.
fn make(site: &Site<'_>, jenkins: &Jenkins, making: &Making<'_>) -> Result<Made, Refusal> {
    let kind = site.config.node_type(making.node_type);
    let (form, launcher): (&NodeForm, Launcher<'_>) = match (kind.map(|kind| &kind.registration), making.address) {
        (Some(Registration::Ssh(form, settings)), Some(address)) => (form, Launcher::Ssh(address, settings)),
        (Some(Registration::Inbound(form, transport)), None) => (form, Launcher::Inbound(*transport)),
        _ => {
            let error = format!("node type {} does not register such nodes", making.node_type);
            return Err(Refusal { outcome: Outcome::Failed, error, wrong: false });
        }
    };
    let mark = Mark {
        owner: site.config.owner.clone(),
        controller: None,
        node_type: making.node_type.clone(),
        id: making.id.clone(),
    };
    let new = NewNode {
        name: making.node,
        description: &description(&mark, making.node),
        labels: &kind.map(|kind| kind.label_string()).unwrap_or_default(),
        executors: kind.map_or(1, |kind| kind.executors),
        form,
        launcher,
    };
    let Err(error) = jenkins.create_node(&new) else { return Ok(Made { outcome: Outcome::Done, doubt: None }) };
    let in_doubt = error.outcome_is_unknown() || matches!(error.kind, ErrorKind::Refused { status: 400 });
    if !in_doubt {
        return Err(refusal(&error));
    }
    match jenkins.node(making.node).map(|reading| reading.value) {
        Ok(Some(there)) if there.mark.as_ref() == Some(&mark) => {
            let doubt = error.outcome_is_unknown().then(|| format!("{error}; the node is there all the same"));
            let outcome = if doubt.is_some() { Outcome::Done } else { Outcome::AlreadyDone };
            Ok(Made { outcome, doubt })
        }
        Ok(Some(_)) => Err(Refusal {
            outcome: Outcome::Refused,
            error: format!(
                "a node {} is there already and is not the one of order {}: nothing is done; rename or delete it",
                making.node, making.id
            ),
            wrong: false,
        }),
        Ok(None) => Err(Refusal { outcome: not_made(&error), ..refusal(&error) }),
        Err(_) => Err(refusal(&error)),
    }
}

/// What became of a write after which the node is not there.
fn not_made(error: &JenkinsError) -> Outcome {
    if error.outcome_is_unknown() { Outcome::Failed } else { Outcome::Refused }
}

fn refusal(error: &JenkinsError) -> Refusal {
    let (outcome, text) = drain::failed(error);
    let wrong = match error.kind {
        ErrorKind::Forbidden { .. } | ErrorKind::Refused { .. } | ErrorKind::NotFound => true,
        ErrorKind::Failed { status } => status == 500,
        _ => false,
    };
    let text = text.unwrap_or_else(|| error.to_string());
    let hint = if matches!(error.kind, ErrorKind::Failed { status: 500 }) {
        "; Jenkins answers so where it lacks the plugin of the launcher: for register = \"ssh\" it needs SSH Build Agents"
    } else {
        ""
    };
    Refusal { outcome, error: format!("{text}{hint}"), wrong }
}
