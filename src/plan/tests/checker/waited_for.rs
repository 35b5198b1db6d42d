//! S1: a pipeline that resumes names the node where its build goes on.

use super::other_names::may_be;
use super::seen::Seen;
use crate::domain::need::Need;
use crate::domain::world::*;
use crate::plan::model::{Action, Change, Plan};
use jiff::SignedDuration;

/// No server goes that a node may be for which a pipeline waits by name, in its first six minutes in the queue and for a
/// quarter of an hour in all; nor does such a node go.
pub(super) fn check(seen: &Seen<'_>, made: &Plan) {
    let items = seen.world.jenkins.queue.complete().map_or(&[][..], |queue| &queue.items);
    for node in items.iter().filter_map(|item| named(seen, made, item)) {
        for action in &made.actions {
            let is_it = match &action.change {
                Change::DeleteNode { node: deleted, .. } => *deleted == node.name,
                _ => action.removed().is_some_and(|target| {
                    let (_, server) = &seen.ours()[&target.server_id];
                    let memory = made.state.nodes.get(&node.name).unwrap();
                    let own = memory.server.as_ref() == Some(&target.server_id);
                    own || may_be(seen, made, node, server)
                }),
            };
            assert!(!is_it || is_too_long(seen, action), "S1: a pipeline waits for {}: {action}", node.name);
        }
    }
}

/// The node that was online and is away, for which the item waits.
fn named<'a>(seen: &Seen<'a>, made: &Plan, item: &QueueItem) -> Option<&'a Node> {
    let known = made.state.queue.get(&item.id)?;
    let age = seen.world.jenkins.queue.complete()?.read_at?.duration_since(item.in_queue_since?);
    let is_young = age < SignedDuration::from_mins(6);
    let resumes = item.task == Task::Pipeline && item.stage == Stage::Buildable;
    let by_label = matches!(known.need, Some(Need::Label(_)));
    let name = item.why.as_deref()?.strip_prefix('‘')?.strip_suffix("’ is offline")?;
    let node = seen.node(&name.into()).filter(|_| is_young && resumes && !by_label)?;
    let was_online = made.state.nodes.get(&node.name).is_some_and(|memory| memory.first_online.is_some());
    (was_online && node.presence != Presence::Online).then_some(node)
}

fn is_too_long(seen: &Seen<'_>, action: &Action) -> bool {
    let what = match &action.change {
        Change::DeleteNode { node, .. } => node.to_string(),
        _ => action.removed().map(|target| target.order.to_string()).unwrap_or_default(),
    };
    let lasted = seen.state.lasting.get(&format!("server {what} kept for pipelines"));
    lasted.is_some_and(|lasted| lasted.credit >= SignedDuration::from_mins(15))
}
