//! The brake: many removals at once that no failure of mita's own orders explains are more likely a fault in what the
//! run saw than the truth.

use super::lasting;
use crate::domain::rule::Rule;
use crate::domain::state::{Origin, State};
use crate::plan::model::{Action, Change, Plan, Subject};
use std::collections::BTreeSet;

/// So few are let through, whatever the fleet's size.
const ALWAYS_ALLOWED: usize = 3;

/// Holds back removals if a plan has too many, except for as many as a person allowed, and reports which of the others do
/// not come to their end. That removals are held back is told in each run, with what helps.
///
/// Too many are more than three and more than half of our servers that ever had a node.
pub fn brake(plan: &mut Plan, allowed: usize) {
    hold_back(plan, allowed);
    lasting::report_removals(plan);
}

fn hold_back(plan: &mut Plan, allowed: usize) {
    let suspicious = plan.actions.iter().filter(|action| is_suspicious(action, &plan.state)).count();
    let nodes_left = plan.actions.iter().filter(|action| matches!(action.change, Change::DeleteNode { .. })).count();
    let joined = plan.state.servers.values().filter(|server| server.joined_at.is_some()).count();
    let half = (joined + nodes_left) / 2;
    if suspicious <= ALWAYS_ALLOWED || suspicious <= half || suspicious <= allowed {
        return;
    }
    let mut let_through = allowed;
    let (held, kept) = std::mem::take(&mut plan.actions).into_iter().partition(|action| {
        let counts = is_suspicious(action, &plan.state);
        let passes = counts && let_through > 0;
        if passes {
            let_through -= 1;
        }
        counts && !passes
    });
    plan.actions = kept;
    plan.held_back = held;
    let mut subjects: BTreeSet<(Subject, String)> = BTreeSet::new();
    for action in &plan.held_back {
        if let Some(target) = action.removed() {
            if let Some(server) = plan.state.servers.get_mut(&target.order) {
                server.retirement = None;
            }
            subjects.insert((Subject::Server, target.server_id.to_string()));
            subjects.extend(target.nodes.iter().map(|node| (Subject::Node, node.to_string())));
        } else if let Change::DeleteNode { node, .. } = &action.change {
            subjects.insert((Subject::Node, node.to_string()));
        }
    }
    for verdict in &mut plan.verdicts {
        if subjects.contains(&(verdict.subject, verdict.id.clone())) {
            verdict.reason = format!("held back by the brake ({}): {}", verdict.rule, verdict.reason);
            verdict.rule = Rule::Brake;
        }
    }
}

/// Whether the action removes something for what the run did not see: no failed order of mita explains that, and no
/// service states it, as a cloud states that a server does not run. A volume or a floating IP follows its server, and
/// the removal of that counts already.
fn is_suspicious(action: &Action, state: &State) -> bool {
    let removes = action.removed().is_some() || matches!(action.change, Change::DeleteNode { .. });
    let not_ordered = || {
        let server = action.removed().and_then(|target| state.servers.get(&target.order));
        server.is_none_or(|server| server.origin == Origin::Found)
    };
    match action.rule {
        Rule::Offline | Rule::NodeMissing | Rule::ServerGone => removes,
        // A server that this state ordered failed to join. Any other may be at work for somebody else.
        Rule::NeverJoined => removes && not_ordered(),
        _ => false,
    }
}
