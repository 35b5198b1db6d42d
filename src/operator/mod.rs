//! The hand at the wheel: a person holds a node, lets it go, or has it retired now.
//!
//! Each is a run of its own that takes the lock, looks, and does one thing. A retirement is the planner's like any other:
//! what a person asks for is written into the state, the plan says whether it can be now, and the one procedure of
//! [`crate::apply`] carries it out with all its checks. So a person can hasten what mita does, and cannot make it unsafe; what is not ours is not touched either.

mod hold;
mod retire;

use crate::config::Config;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Listing, Node, NodeKind, World};
use crate::jenkins::{Jenkins, JenkinsError};
use crate::observe::{Services, observe};
use crate::plan::identity::fleet::{Fleet, NodeIdentity};
use crate::plan::identity::identify;
use crate::plan::model::Plan;
use crate::plan::plan;
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError, open, recall};
use crate::store::Store;

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The node takes no build, and is neither retired nor brought back until it is released.
    Hold {
        /// Who says so.
        person: String,
        /// Why.
        why: Option<String>,
    },
    /// An end to a person's hold, or to what was asked by `Retire`.
    Release,
    /// The node and its server go.
    Retire {
        /// A busy one once it is idle; else that is refused.
        when_idle: bool,
    },
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub ended: Ended,
    /// The server that the node is, where it is one of ours.
    pub server_id: Option<ServerId>,
    /// What happened, or why not, and what to do.
    pub reason: String,
}

/// How a wish ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is done.
    Done,
    /// There was nothing to do.
    AlreadySo,
    /// The runs to come do it.
    Remembered,
    /// It would not be right, or not safe.
    Refused,
    /// A service did not do it.
    Failed,
    /// Jenkins has no such node, but these.
    NoSuchNode(Vec<NodeName>),
}

/// Looks, and does what is wished with this node.
pub fn carry_out(
    config: &Config,
    node: &NodeName,
    wish: &Wish,
    moment: Moment,
    progress: &Progress,
) -> Result<Answer, RunError> {
    let mut store = Store::lock(&config.state_file)?;
    let (state, notice) = recall(store.load(&config.installation(), moment.now)?, config, moment.now);
    if let Some(notice) = notice {
        log::warn!("{notice}");
    }
    let services = open(config, moment);
    progress.now("reading Jenkins and the clouds");
    let world = observe(config, &services, &state);
    let jenkins = match (&services.jenkins, &world.jenkins.nodes) {
        (Err(reason), _) | (Ok(_), Listing::Unavailable(reason)) => return Ok(answer(Ended::Failed, reason)),
        (Ok(jenkins), Listing::Complete(_)) => jenkins,
    };
    let fleet = identify(config, &world, &state);
    let Some((seen, identity)) = fleet.nodes.iter().find(|(seen, _)| seen.name == *node) else {
        let known = fleet.nodes.iter().map(|(node, _)| node.name.clone()).collect();
        return Ok(answer(Ended::NoSuchNode(known), "Jenkins has no node of this name"));
    };
    if let Some(refusal) = not_ours(seen, identity) {
        return Ok(refusal);
    }
    let plan = plan(config, &world, &state, moment.now);
    let mut scene = Scene { config, services: &services, jenkins, world: &world, fleet: &fleet, plan, state, store };
    progress.now("doing what was asked");
    let mut answer = match wish {
        Wish::Hold { person, why } => scene.hold(seen, identity, person, why.as_deref())?,
        Wish::Release => scene.release(seen, identity)?,
        Wish::Retire { when_idle } => scene.retire(seen, identity, *when_idle)?,
    };
    answer.server_id = match identity {
        NodeIdentity::Of(machine) => fleet.machines[*machine].server_id.clone(),
        NodeIdentity::Former(server) => Some(server.clone()),
        NodeIdentity::MadeFor(_) | NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) => None,
    };
    Ok(answer)
}

/// What a wish is carried out with.
struct Scene<'a> {
    config: &'a Config,
    services: &'a Services,
    jenkins: &'a Jenkins,
    world: &'a World,
    fleet: &'a Fleet<'a>,
    /// What a run would do now. Of its memory only what concerns the node is kept.
    plan: Plan,
    state: State,
    store: Store,
}

impl Scene<'_> {
    /// Who set the node offline, as far as is known.
    fn set_offline_by(&self, node: &Node) -> Option<SetOfflineBy> {
        self.plan.memory.nodes.get(&node.name).and_then(|known| known.set_offline_by)
    }

    /// Writes down who sets the node offline, before it is done: a Jenkins before 2.482 forgets it when the agent
    /// disconnects, and then what is remembered holds.
    fn remember_set_offline_by(&mut self, node: &Node, by: SetOfflineBy) {
        let known = self.state.nodes.get(&node.name).or_else(|| self.plan.memory.nodes.get(&node.name)).cloned();
        if let Some(known) = known {
            let known = crate::domain::state::NodeMemory { set_offline_by: Some(by), ..known };
            self.state.nodes.insert(node.name.clone(), known);
        }
    }
}

/// Why a node is not touched, if so: a person has other ways with what is not ours.
fn not_ours(node: &Node, identity: &NodeIdentity) -> Option<Answer> {
    let why = match identity {
        _ if node.kind == NodeKind::BuiltIn => "it is Jenkins' own".to_owned(),
        NodeIdentity::Of(_) | NodeIdentity::Former(_) | NodeIdentity::MadeFor(_) => return None,
        NodeIdentity::Foreign(why) => format!("it is not ours: {why}"),
        NodeIdentity::Doubtful(why) => format!("whether it is ours is not clear: {why}"),
    };
    Some(answer(Ended::Refused, why))
}

fn answer(ended: Ended, reason: impl Into<String>) -> Answer {
    Answer { ended, server_id: None, reason: reason.into() }
}

fn failed(error: &JenkinsError) -> Answer {
    answer(Ended::Failed, error.to_string())
}
