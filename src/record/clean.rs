//! Removes secrets from free text. Names and ids stay as they are: a short password can be part of a name, which would
//! then name something else. Documents look for long secrets in names as well, with [`crate::secret::redact_document`].
//!
//! Values that contain text are taken apart field by field, so that whoever adds a field decides whether it is free
//! text.

use crate::apply::ActionResult;
use crate::domain::world::{Cloud, Jenkins, Listing, Lookup, Node, OfflineCause, Presence, QueueItem, Server, World};
use crate::plan::model::{Action, Plan, Problem, Verdict};
use crate::secret::redact;

/// A text without secrets.
pub fn text(text: &str) -> String {
    redact(text).into_owned()
}

/// The action with a clean reason.
pub fn action(action: &Action) -> Action {
    Action { reason: text(&action.reason), ..action.clone() }
}

/// The verdict with a clean reason.
pub fn verdict(verdict: &Verdict) -> Verdict {
    Verdict { reason: text(&verdict.reason), ..verdict.clone() }
}

/// The problem with a clean text.
pub fn problem(problem: &Problem) -> Problem {
    Problem { error: text(&problem.error), ..problem.clone() }
}

/// The result with a clean error.
pub fn result(result: &ActionResult) -> ActionResult {
    ActionResult { error: result.error.as_deref().map(text), ..result.clone() }
}

/// Everything that a plan says; its state stays as it is.
pub(super) fn plan(plan: &Plan) -> Plan {
    let mut clean = plan.clone();
    let Plan {
        owner: _,
        now: _,
        actions,
        verdicts,
        problems,
        warnings,
        held_back,
        at_hand: _,
        closed_nodes_draw_jobs: _,
        state: _,
    } = &mut clean;
    actions.iter_mut().chain(held_back).for_each(|action| redact_in_place(&mut action.reason));
    verdicts.iter_mut().for_each(|verdict| redact_in_place(&mut verdict.reason));
    problems.iter_mut().for_each(|problem| redact_in_place(&mut problem.error));
    warnings.iter_mut().for_each(redact_in_place);
    clean
}

/// Everything that services said in their own words.
pub(super) fn world(world: &World) -> World {
    let mut clean = world.clone();
    let World { jenkins: Jenkins { session: _, shows_marks: _, mode, queue, nodes }, clouds } = &mut clean;
    listing(mode, |_| {});
    listing(queue, |queue| queue.items.iter_mut().for_each(item));
    listing(nodes, |nodes| nodes.iter_mut().for_each(node));
    clouds.values_mut().for_each(cloud);
    clean
}

fn redact_in_place(words: &mut String) {
    *words = text(words);
}

fn listing<T>(listing: &mut Listing<T>, clean: impl FnOnce(&mut T)) {
    match listing {
        Listing::Complete(contents) => clean(contents),
        Listing::Unavailable(why) => redact_in_place(why),
    }
}

fn item(item: &mut QueueItem) {
    let QueueItem { id: _, job: _, task: _, stage: _, in_queue_since: _, why, run: _ } = item;
    why.iter_mut().for_each(redact_in_place);
}

fn node(node: &mut Node) {
    let Node {
        name: _,
        kind: _,
        labels: _,
        executors: _,
        idle_executors: _,
        idle: _,
        presence,
        connected: _,
        busy_average: _,
        mark: _,
        copied_mark: _,
        unclear: _,
        builds: _,
    } = node;
    match presence {
        Presence::Online | Presence::Disconnected => {}
        Presence::SetOffline(OfflineCause { class: _, reason, by: _, since: _ })
        | Presence::DisconnectedBy(OfflineCause { class: _, reason, by: _, since: _ }) => redact_in_place(reason),
    }
}

fn cloud(cloud: &mut Cloud) {
    let Cloud { servers, by_id, volumes, floating_ips, quota: _, removal_forbidden, project: _, site: _ } = cloud;
    listing(servers, |servers| servers.iter_mut().for_each(server));
    for answer in by_id.values_mut() {
        match answer {
            Lookup::Found(found) => server(found),
            Lookup::Gone => {}
            Lookup::Unavailable(why) => redact_in_place(why),
        }
    }
    removal_forbidden.iter_mut().for_each(redact_in_place);
    volumes.iter_mut().for_each(|volumes| listing(volumes, |_| {}));
    floating_ips.iter_mut().for_each(|floating_ips| listing(floating_ips, |_| {}));
}

fn server(server: &mut Server) {
    let Server {
        id: _,
        name: _,
        mark: _,
        state: _,
        created: _,
        launch: _,
        lock: _,
        shown: _,
        addresses: _,
        fault,
        volumes: _,
        kept_volumes: _,
    } = server;
    fault.iter_mut().for_each(redact_in_place);
}
