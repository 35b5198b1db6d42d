//! What a person does with one node: hold it, release it, or retire it now; and pauses of orders and removals.
//!
//! Each command for a node takes the lock, observes, and does one thing. A retirement is planned like any other: the request goes
//! into the state, the plan says whether the node can go now, and [`crate::apply`] carries it out with all its checks.
//! So a person can make mita act earlier, but cannot make it unsafe. Nodes that are not ours are left alone here, too.

mod context;
mod hold;
mod lock;
mod pause;
mod request;
mod retire;

pub use pause::{PauseAnswer, PauseRequest, Scope, pause};
pub use request::{Answer, Ended, Request};

use crate::config::Config;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::world::{Build, Listing, Node, NodeKind};
use crate::observe::{Services, observe};
use crate::plan::identity::fleet::{Machine, NodeIdentity};
use crate::plan::identity::identify;
use crate::plan::plan;
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError, StartingState, starting_state};
use context::Context;

/// Does what a person requests with this node. `person` is who it is, for the journal and for others.
pub fn execute(
    config: &Config,
    node: &NodeName,
    request: &Request,
    person: &str,
    moment: Moment,
    progress: &Progress,
) -> Result<Answer, RunError> {
    let (mut store, moment) = lock::wait(&config.state_file, moment, Some(progress))?;
    let StartingState { state, warning } =
        starting_state(store.load(&config.installation(), moment.now)?, config, moment.now);
    if let Some(warning) = warning {
        log::warn!("{warning}");
    }
    let services = Services::open(config, moment.started);
    progress.now("reading Jenkins and the clouds");
    let world = observe(config, &services, &state);
    let jenkins = match (&services.jenkins, &world.jenkins.nodes) {
        (Err(reason), _) | (Ok(_), Listing::Unavailable(reason)) => return Ok(Answer::new(Ended::Failed, reason)),
        (Ok(jenkins), Listing::Complete(_)) => jenkins,
    };
    let fleet = identify(config, &world, &state);
    let ordered = fleet.machines.iter().find(|machine| {
        let server = machine.server_id.as_ref().map(ServerId::as_str);
        machine.id.as_str() == node.as_str() || server == Some(node.as_str())
    });
    // An order or a server is as good a name as that of its node, once it has one. What ends a build has asked a person about
    // the node of exactly this name.
    let ordered = ordered.filter(|_| *request != Request::EndBuild);
    let node = match ordered.map(|machine| (machine, machine.nodes.first())) {
        None => node,
        Some((_, Some(known))) => &known.name,
        Some((machine, None)) => return Ok(Answer::new(Ended::Failed, without_node(machine))),
    };
    let Some((node, identity)) = fleet.nodes.iter().find(|(seen, _)| seen.name == *node) else {
        let known = fleet.nodes.iter().map(|(node, _)| node.name.clone()).collect();
        return Ok(Answer::new(Ended::NoSuchNode(known), "Jenkins has no node of this name"));
    };
    if let Some(reason) = not_ours(node, identity) {
        return Ok(Answer::new(Ended::Refused, reason));
    }
    let plan = plan(config, &world, &state, moment.now);
    let machine = identity.machine().map(|machine| &fleet.machines[machine]);
    let (services, world) = (&services, &world);
    let mut context = Context { config, services, jenkins, world, node, identity, machine, plan, state, store, person };
    progress.now("doing what was asked");
    let answer = match request {
        Request::Hold { reason } => context.hold(reason.as_deref())?,
        Request::Release => context.release()?,
        Request::EndBuild => context.end_build()?,
        Request::Retire { when_idle } => context.retire(*when_idle)?,
    };
    let server_id = match identity {
        NodeIdentity::Former(server) => Some(server.clone()),
        _ => machine.and_then(|machine| machine.server_id.clone()),
    };
    Ok(Answer { server_id, ..answer })
}

/// What runs on a node, as Jenkins shows it now: names and URLs of builds. Sends one read.
///
/// # Errors
/// Why Jenkins does not say.
pub fn builds_on(config: &Config, node: &NodeName, moment: Moment) -> Result<Vec<String>, String> {
    let services = Services::open(config, moment.started);
    let jenkins = services.jenkins.as_ref().map_err(Clone::clone)?;
    // That there is no such node the command itself says, with names like it.
    let seen = jenkins.node(node).map_err(|error| error.to_string())?.value;
    let shown = |Build { name, url, .. }| match url {
        Some(url) => format!("{name} ({url})"),
        None => name,
    };
    Ok(seen.into_iter().flat_map(|node| node.builds).map(shown).collect())
}

/// That an order has no node yet, and what to do.
fn without_node(machine: &Machine<'_>) -> String {
    let kind = &machine.node_type;
    format!(
        "it is an order of node type {kind} whose server has no node in Jenkins yet: do it once the node is there (mita status \
         --watch), or mita pause --type {kind} leaves everything of this type alone"
    )
}

/// Why a node is not touched: a person changes in Jenkins what is not ours.
fn not_ours(node: &Node, identity: &NodeIdentity) -> Option<String> {
    match identity {
        _ if node.kind == NodeKind::BuiltIn => Some("it is the built-in node, which mita leaves alone".to_owned()),
        NodeIdentity::Of(_) | NodeIdentity::Former(_) | NodeIdentity::MadeFor(_) => None,
        NodeIdentity::Foreign(why) => Some(format!("mita did not make it ({why}): change it in Jenkins")),
        NodeIdentity::Doubtful(why) => Some(format!("whether it is ours is not clear: {why}")),
    }
}
