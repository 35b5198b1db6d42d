//! Free text without secrets, wherever it stands. Names and ids stay as they are: a short password can be part of an
//! honest one, which would then be the name of something else. Documents look for long secrets in them as well, with
//! [`crate::secret::redact_document`].
//!
//! What holds text is taken apart field by field, so that whoever adds a field decides whether it is free text.

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

/// Everything that a plan says; what it remembers is left as it is.
pub(super) fn plan(plan: &Plan) -> Plan {
    let Plan { owner, now, actions, verdicts, problems, warnings, held_back, memory } = plan;
    Plan {
        owner: owner.clone(),
        now: *now,
        actions: actions.iter().map(action).collect(),
        verdicts: verdicts.iter().map(verdict).collect(),
        problems: problems.iter().map(problem).collect(),
        warnings: warnings.iter().map(|warning| text(warning)).collect(),
        held_back: held_back.iter().map(action).collect(),
        memory: memory.clone(),
    }
}

/// Everything that services said in their own words.
pub(super) fn world(world: &World) -> World {
    let World { jenkins, clouds } = world;
    let Jenkins { session, mode, queue, nodes } = jenkins;
    World {
        jenkins: Jenkins {
            session: session.clone(),
            mode: listing(mode, |_| {}),
            queue: listing(queue, |queue| queue.items.iter_mut().for_each(item)),
            nodes: listing(nodes, |nodes| nodes.iter_mut().for_each(node)),
        },
        clouds: clouds.iter().map(|(name, of)| (name.clone(), cloud(of))).collect(),
    }
}

fn listing<T: Clone>(listing: &Listing<T>, clean: impl FnOnce(&mut T)) -> Listing<T> {
    match listing {
        Listing::Complete(contents) => {
            let mut contents = contents.clone();
            clean(&mut contents);
            Listing::Complete(contents)
        }
        Listing::Unavailable(why) => Listing::Unavailable(text(why)),
    }
}

fn item(item: &mut QueueItem) {
    let QueueItem { id: _, job: _, task: _, stage: _, in_queue_since: _, why } = item;
    clean(why);
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
        busy_average: _,
        mark: _,
    } = node;
    match presence {
        Presence::Online | Presence::Disconnected => {}
        Presence::SetOffline(OfflineCause { class: _, reason }) => *reason = text(reason),
    }
}

fn cloud(cloud: &Cloud) -> Cloud {
    let Cloud { servers, by_id, volumes, floating_ips, quota } = cloud;
    let by_id = by_id.iter().map(|(id, answer)| {
        let answer = match answer {
            Lookup::Found(found) => {
                let mut found = found.clone();
                server(&mut found);
                Lookup::Found(found)
            }
            Lookup::Gone => Lookup::Gone,
            Lookup::Unavailable(why) => Lookup::Unavailable(text(why)),
        };
        (id.clone(), answer)
    });
    Cloud {
        servers: listing(servers, |servers| servers.iter_mut().for_each(server)),
        by_id: by_id.collect(),
        volumes: volumes.as_ref().map(|volumes| listing(volumes, |_| {})),
        floating_ips: floating_ips.as_ref().map(|addresses| listing(addresses, |_| {})),
        quota: quota.clone(),
    }
}

fn server(server: &mut Server) {
    let Server { id: _, name: _, mark: _, state: _, created: _, launch: _, lock: _, shown: _, addresses: _, fault } =
        server;
    clean(fault);
}

fn clean(words: &mut Option<String>) {
    if let Some(words) = words {
        *words = text(words);
    }
}
