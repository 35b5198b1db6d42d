//! Creates the nodes of a plan in Jenkins: for servers that run, and for orders whose agents connect to Jenkins.
//!
//! The answer to such a write may be lost, and a run that was killed may have done it. So unless Jenkins clearly says
//! yes, the node is read: if it carries the mark of this very order, it was created.

use crate::apply::context::Context;
use crate::apply::events::Event;
use crate::apply::node_removal;
use crate::apply::outcome::{ActionResult, NotDone, Outcome, Result};
use crate::apply::script::Agent;
use crate::config::Registration;
use crate::domain::description::description;
use crate::domain::names::MitaId;
use crate::domain::world::Mark;
use crate::jenkins::{ErrorKind, Jenkins, JenkinsError, Launcher, NewNode};
use crate::plan::model::{Change, NodeToRegister};

/// A node that exists.
struct Created {
    outcome: Outcome,
    /// What Jenkins answered, if not yes.
    answer: Option<String>,
}

/// Why a node was not created.
struct Refusal {
    not_done: NotDone,
    /// Whether it will be refused again until somebody changes something.
    wrong: bool,
}

impl From<NotDone> for Refusal {
    fn from(not_done: NotDone) -> Self {
        Self { not_done, wrong: false }
    }
}

impl From<JenkinsError> for Refusal {
    fn from(error: JenkinsError) -> Self {
        let in_passing = match error.kind {
            ErrorKind::Starting | ErrorKind::NotSent | ErrorKind::Lost | ErrorKind::Failed { status: 501.. } => true,
            ErrorKind::Refused { status: 429 } => true,
            ErrorKind::Refused { .. } => error.outcome_is_unknown(),
            _ => false,
        };
        Self { not_done: error.into(), wrong: !in_passing }
    }
}

/// The nodes of servers that run.
pub(super) fn create_nodes(context: &Context<'_>) {
    let nodes = context.actions(|action| match &action.change {
        Change::CreateNode(node) if node.server_id.is_some() => Some(node),
        _ => None,
    });
    context.parallel(nodes, |(action, node)| {
        let jenkins = context.jenkins().map_err(Refusal::from);
        report(context, action, node, jenkins.and_then(|jenkins| create(context, jenkins, node)));
    });
}

/// The node of an order whose agent connects to Jenkins, and what that agent needs for it; none for any other order.
/// Fails where the order cannot be sent without it.
pub(super) fn create_node_for_order(context: &Context<'_>, order: &MitaId) -> Result<Option<Agent>> {
    let Some((action, node)) = node_of_order(context, order) else { return Ok(None) };
    let registration = context.config.node_type(&node.node_type).map(|kind| &kind.registration);
    let Some(Registration::Inbound(_, transport)) = registration else { return Ok(None) };
    let not_ordered = |refusal: Refusal, why: &str| {
        report(context, action, node, Err(refusal));
        NotDone::failed(format!("not ordered, since its node {} {why}", node.node))
    };
    let not_created = |refusal: Refusal| not_ordered(refusal, "was not created");
    let jenkins = context.jenkins().map_err(|not_done| not_created(not_done.into()))?;
    let created = create(context, jenkins, node).map_err(not_created)?;
    match jenkins.agent_secret(&node.node) {
        Ok(secret) => {
            report(context, action, node, Ok(created));
            Ok(Some(Agent { node: node.node.clone(), secret, transport: *transport }))
        }
        Err(error) => {
            let Refusal { not_done, wrong } = error.into();
            let refusal = Refusal { not_done: not_done.and(withdraw_node(context, order)), wrong };
            Err(not_ordered(refusal, "has a secret that could not be read"))
        }
    }
}

/// Reports that the node of an order is not created, since the order is not sent.
pub(super) fn leave_out_node(context: &Context<'_>, order: &MitaId, why: &str) {
    if let Some((action, node)) = node_of_order(context, order) {
        report(context, action, node, Err(NotDone::skipped(why).into()));
    }
}

/// Deletes the node of an order that was refused. Returns why it is still there: a later run deletes it, since it knows
/// the node by its mark. Until then no more are made, or each run would leave one.
pub(super) fn withdraw_node(context: &Context<'_>, order: &MitaId) -> Option<String> {
    let (_, NodeToRegister { node, node_type, .. }) = node_of_order(context, order)?;
    let NotDone { reason, .. } = node_removal::remove_node_of_order(context, node, order).err()?;
    let reason = format!("its node {node} is left for a later run: {reason}");
    context.report(Event::NodeLeft { node_type: node_type.clone(), reason: reason.clone() });
    Some(reason)
}

/// The node that is created before the server of an order.
fn node_of_order<'a>(context: &Context<'a>, order: &MitaId) -> Option<(usize, &'a NodeToRegister)> {
    context.plan.actions.iter().enumerate().find_map(|(action, planned)| match &planned.change {
        Change::CreateNode(node) if node.id == *order && node.server_id.is_none() => Some((action, node)),
        _ => None,
    })
}

fn report(context: &Context<'_>, action: usize, node: &NodeToRegister, created: Result<Created, Refusal>) {
    let (outcome, error) = match created {
        Ok(Created { outcome, answer }) => (outcome, answer),
        Err(Refusal { not_done: NotDone { outcome, reason }, wrong }) => {
            // A node that may have been created keeps its place in the state.
            if outcome != Outcome::Unknown || node.server_id.is_none() {
                let wrong = wrong.then(|| reason.clone());
                context.report(Event::NodeNotCreated { order: node.id.clone(), wrong });
            }
            (outcome, Some(reason))
        }
    };
    context.report(Event::ActionEnded(ActionResult { action, outcome, server_id: node.server_id.clone(), error }));
}

/// Creates the node, or finds that it was created.
fn create(context: &Context<'_>, jenkins: &Jenkins, wanted: &NodeToRegister) -> Result<Created, Refusal> {
    let NodeToRegister { node, node_type, id, .. } = wanted;
    let kind = context.config.node_type(node_type);
    let (kind, form, launcher) = match (kind, kind.map(|kind| &kind.registration), wanted.address) {
        (Some(kind), Some(Registration::Ssh(form, settings)), Some(address)) => {
            (kind, form, Launcher::Ssh(address, settings))
        }
        (Some(kind), Some(Registration::Inbound(form, transport)), None) => (kind, form, Launcher::Inbound(*transport)),
        _ => return Err(NotDone::failed(format!("node type {node_type} does not register such nodes")).into()),
    };
    let owner = context.config.owner.clone();
    let mark = Mark { owner, controller: None, node_type: node_type.clone(), id: id.clone() };
    let new = NewNode {
        name: node,
        description: &description(&mark, node),
        labels: &kind.label_string(),
        executors: kind.executors,
        settings: form,
        launcher,
    };
    let Err(error) = jenkins.create_node(&new) else { return Ok(Created { outcome: Outcome::Done, answer: None }) };
    let unknown = error.outcome_is_unknown();
    if !unknown && !matches!(error.kind, ErrorKind::Refused { status: 400 }) {
        return Err(error.into());
    }
    match jenkins.node(node).map(|reading| reading.value) {
        Ok(Some(found)) if found.mark.as_ref() == Some(&mark) => {
            let outcome = if unknown { Outcome::Done } else { Outcome::AlreadyDone };
            Ok(Created { outcome, answer: unknown.then(|| format!("{error}; the node exists")) })
        }
        Ok(Some(_)) => {
            let reason = format!("a node {node} exists and is not the one of order {id}: rename or delete it");
            Err(NotDone::new(Outcome::Refused, reason).into())
        }
        Ok(None) => {
            const HINT: &str = "Jenkins answers so where it lacks the plugin of the launcher: for register = \"ssh\" it needs SSH Build Agents";
            let failed = matches!(error.kind, ErrorKind::Failed { status: 500 });
            let Refusal { not_done: NotDone { reason, .. }, wrong } = error.into();
            let outcome = if unknown { Outcome::Failed } else { Outcome::Refused };
            Err(Refusal { not_done: NotDone::new(outcome, reason).and(failed.then(|| HINT.to_owned())), wrong })
        }
        Err(_) => Err(error.into()),
    }
}
