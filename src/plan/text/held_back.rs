//! What a person reads of removals that the brake holds back.

use crate::domain::state::State;
use crate::plan::model::{Action, Change, Plan};

/// At most this many of them are named.
const MOST_NAMED: usize = 5;

/// That removals are held back, of what, and what to do; none if none is.
pub fn held_back(plan: &Plan) -> Option<String> {
    let number = plan.held_back.len();
    let list = |removals: &[&Action]| {
        let names: Vec<&str> = removals.iter().filter_map(|action| named(action)).take(MOST_NAMED).collect();
        format!("{}{}", names.join(", "), if removals.len() > MOST_NAMED { ", ..." } else { "" })
    };
    let all: Vec<&Action> = plan.held_back.iter().collect();
    let held: Vec<&Action> = all.iter().copied().filter(|action| was_held(action, &plan.state)).collect();
    let held = match held.len() {
        0 => String::new(),
        1 => format!("; a person held the node of {} when it was last seen", list(&held)),
        _ => format!("; a person held the nodes of {} when they were last seen", list(&held)),
    };
    (number > 0).then(|| {
        format!(
            "held back {number} removals, too many at once to be believed: look at {} (mita status shows why){held}, and if they \
             are to go, run mita reconcile --allow-removals {number}",
            list(&all)
        )
    })
}

/// What a removal is of: the node, or the server that has none.
fn named(removal: &Action) -> Option<&str> {
    match &removal.change {
        Change::DeleteNode { node, .. } => Some(node.as_str()),
        change => change.target().map(|it| it.nodes.first().map_or(it.server_id.as_str(), |node| node.as_str())),
    }
}

/// Whether a person held the node of the server when it was last seen.
fn was_held(removal: &Action, state: &State) -> bool {
    let server = removal.removed().and_then(|target| state.servers.get(&target.order));
    server.is_some_and(|server| server.held)
}
