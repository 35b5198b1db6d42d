//! Applies a plan: orders, floating IPs, new nodes and removals at the same time. The state is saved after each step.
//!
//! One thing is still decided here: whether the plan is still right. A build that started on a node in the middle of
//! its retirement, or an agent that registered itself, stops a removal; everything else is done as planned. An action
//! that fails does not stop the others, and nothing is tried twice: the next run is the second attempt.
//!
//! | what | where |
//! | --- | --- |
//! | how an action ends | `outcome` |
//! | what happens in the meantime, and what the state records | `events` |
//! | what all actions work with | `context` |
//! | servers are created, their boot scripts filled in | `orders`, `script` |
//! | nodes are created in Jenkins | `registration` |
//! | floating IPs are assigned and released | `floating_ips` |
//! | nodes are restored, or drained while a build runs | `nodes` |
//! | volumes that outlived their server are freed and deleted | `volumes` |
//! | servers are retired with their nodes, in steps | `removals`, `node_removal`, `closing`, `console` |

mod closing;
mod console;
mod context;
mod events;
mod floating_ips;
mod node_removal;
mod nodes;
mod orders;
mod outcome;
mod registration;
mod removals;
pub(crate) mod script;
mod volumes;

pub use outcome::{ActionResult, Outcome, Results};

use crate::concurrency::join;
use crate::config::Config;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::observe::Services;
use crate::plan::model::Plan;
use context::Context;
use std::sync::{Mutex, mpsc};
use std::thread;

/// What has happened since the step before.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The state, if it has changed and is to be saved.
    pub state: Option<&'a State>,
    /// The results of actions that are over.
    pub results: &'a [ActionResult],
}

/// Carries out the plan's actions. `state` is `before` in the beginning and kept up to date; `step` is called after each
/// change of it, and for each result, and says whether the state is on disk.
pub fn apply(
    config: &Config,
    services: &Services,
    world: &World,
    plan: &Plan,
    before: &State,
    state: &mut State,
    mut step: impl FnMut(Step<'_>) -> bool,
) -> Results {
    let mut results = Results::default();
    let (throttled, slowed) = (Mutex::default(), Mutex::default());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let context = Context {
            config,
            services,
            world,
            plan,
            state: before,
            events: sender,
            throttled: &throttled,
            slowed: &slowed,
        };
        let groups: [fn(&Context<'_>); 4] =
            [orders::create_servers, floating_ips::assign_and_release, registration::create_nodes, restore_and_remove];
        let threads = groups.map(|group| {
            let context = context.clone();
            scope.spawn(move || group(&context))
        });
        drop(context);
        while let Some(events) = events::next_burst(&receiver, state) {
            let known = results.actions.len();
            let mut changed = false;
            for event in events {
                changed |= event.changes_state();
                event.record(config, plan.now, state, &mut results);
            }
            let saved = step(Step { state: changed.then_some(&*state), results: &results.actions[known..] });
            // Whoever gave up waiting needs no answer.
            for waits in results.to_acknowledge.drain(..) {
                let _ = waits.try_send(saved);
            }
        }
        threads.into_iter().for_each(join);
    });
    results.actions.sort_by_key(|result| result.action);
    results
}

/// What is done to servers and nodes that exist, one kind after the other.
fn restore_and_remove(context: &Context<'_>) {
    nodes::restore(context);
    nodes::drain(context);
    removals::retire(context);
    // Last: a volume service that asks for fewer requests is no reason to keep servers.
    volumes::delete(context);
}
