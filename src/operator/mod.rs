//! What a person does with one node: hold it, release it, or retire it now; and pauses of orders and removals.
//!
//! Each command for a node takes the lock, observes, and does one thing. A retirement is planned like any other: the request goes
//! into the state, the plan says whether the node can go now, and [`crate::apply`] carries it out with all its checks.
//! So a person can make mita act earlier, but cannot make it unsafe. Nodes that are not ours are left alone here, too.

mod context;
mod elsewhere;
mod hold;
mod lock;
mod named;
mod pause;
mod request;
mod retire;

pub use pause::{PauseAnswer, PauseRequest, Scope, pause};
pub use request::{Answer, Consent, Ended, Request};

use crate::config::Config;
use crate::domain::world::{Listing, Node, NodeKind};
use crate::observe::{Services, observe};
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::identity::identify;
use crate::plan::plan;
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError, StartingState, starting_state};
use context::Context;
use named::{Missing, find};

/// Does what a person requests with the node that `named` names. `person` is who it is, for the journal and for others.
pub fn execute(
    config: &Config,
    named: &str,
    request: &Request,
    person: &str,
    moment: Moment,
    progress: &Progress,
) -> Result<Answer, RunError> {
    let (mut store, moment) = lock::wait(&config.state_file, moment, progress)?;
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
    let (node, identity) = match find(&fleet, named, *request == Request::EndBuild(Consent::GivenForThisName)) {
        Ok((node, identity)) => (*node, identity),
        Err(Missing { machine: None, answer }) => return Ok(answer),
        Err(Missing { machine: Some(machine), answer }) => {
            let by = (person, moment.now);
            let forgotten = elsewhere::forget(config, &world, machine, request, state, &mut store, by)?;
            return Ok(forgotten.unwrap_or(answer));
        }
    };
    // A hold that Jenkins does not show can be ended nowhere else.
    let is_mitas = *request == Request::Release && state.alone_knows_hold(&node.name);
    if let Some(reason) = not_ours(node, identity, request).filter(|_| !is_mitas) {
        return Ok(Answer { node: Some(node.name.clone()), ..Answer::new(Ended::Refused, reason) });
    }
    let plan = plan(config, &world, &state, moment.now);
    let machine = identity.machine().map(|machine| &fleet.machines[machine]);
    let (services, world) = (&services, &world);
    let mut context = Context { config, services, jenkins, world, node, identity, machine, plan, state, store, person };
    progress.now("doing what was asked");
    let answer = match request {
        Request::Hold { reason } => context.hold(reason.as_deref())?,
        Request::Release => context.release()?,
        Request::EndBuild(consent) => context.end_build(*consent)?,
        Request::Retire { when_idle } => context.retire(*when_idle)?,
    };
    let server_id = match identity {
        NodeIdentity::Former(server) => Some(server.clone()),
        _ => machine.and_then(|machine| machine.server_id.clone()),
    };
    Ok(Answer { node: Some(node.name.clone()), server_id, ..answer })
}

/// Why a node is not touched: a person changes in Jenkins what is not ours.
fn not_ours(node: &Node, identity: &NodeIdentity, request: &Request) -> Option<String> {
    let is_held = *request == Request::Release && node.presence.cause().is_some();
    let how = if is_held { ": end the hold, or rename or delete the node" } else { "" };
    match identity {
        _ if node.kind == NodeKind::BuiltIn => Some("it is the built-in node, which mita leaves alone".to_owned()),
        NodeIdentity::Of(_) | NodeIdentity::Former(_) | NodeIdentity::MadeFor(_) => None,
        NodeIdentity::Foreign(why) => Some(format!("mita did not make it ({why}): change it in Jenkins{how}")),
        NodeIdentity::Doubtful(why) => Some(format!("whether it is ours is not clear: {why}")),
    }
}
