//! What came of the actions of a run.

use super::{life, of_server};
use crate::apply::{ActionResult, Outcome};
use crate::domain::journal::{Entry, Event};
use crate::domain::names::{MitaId, NodeName};
use crate::domain::state::State;
use crate::plan::model::{Action, Change, FormerServer, Order, Proof, Target};
use jiff::Timestamp;

/// An entry for each result that changed something or failed. `state` is the one that the actions started from.
pub fn done(state: &State, actions: &[Action], results: &[ActionResult], now: Timestamp) -> Vec<Entry> {
    let entry = |result: &ActionResult| entry(state, actions.get(result.action)?, result, now);
    results.iter().filter_map(entry).collect()
}

fn entry(state: &State, action: &Action, result: &ActionResult, now: Timestamp) -> Option<Entry> {
    let done = matches!(result.outcome, Outcome::Done | Outcome::AlreadyDone);
    let base = || about(state, action, now);
    if !done {
        let event = if matches!(action.change, Change::CreateServer(_)) { Event::OrderFailed } else { Event::NotDone };
        let what = format!("{} ({})", action.change.kind().replace('_', " "), action.rule);
        let why = result.error.as_deref().unwrap_or_default();
        let words = format!("{what}: {}: {why}", result.outcome.name().replace('_', " "));
        return Some(Entry { event, rule: Some(action.rule), ..base() }.saying(&words));
    }
    let event = match &action.change {
        Change::CreateServer(_) => {
            return Some(Entry { event: Event::Created, server_id: result.server_id.clone(), ..base() });
        }
        Change::CreateNode(_) | Change::AssignFloatingIp(_) => return None,
        Change::RestoreNode(_) => Event::Restored,
        Change::DrainNode(_) => Event::Drained,
        Change::RetireNode(_) | Change::DeleteServer(_) => Event::Removed,
        Change::DeleteNode { .. } => Event::NodeRemoved,
        Change::DeleteVolume { .. } => Event::VolumeRemoved,
        Change::ReleaseFloatingIp { .. } => Event::FloatingIpReleased,
    };
    Some(Entry { event, ..base() }.because(action.rule, &action.reason))
}

/// An entry about what the action is about.
fn about(state: &State, action: &Action, now: Timestamp) -> Entry {
    let entry = Entry { run: Some(state.run), ..Entry::new(now, Event::NotDone) };
    match &action.change {
        Change::CreateServer(Order { node_type, provider, id, .. }) => Entry {
            node_type: Some(node_type.clone()),
            provider: Some(provider.clone()),
            order: Some(id.clone()),
            ..entry
        },
        Change::CreateNode(node) => Entry {
            node_type: Some(node.node_type.clone()),
            provider: Some(node.provider.clone()),
            order: Some(node.id.clone()),
            server_id: node.server_id.clone(),
            node: Some(node.node.clone()),
            ..entry
        },
        Change::AssignFloatingIp(wanted) => of_target(state, &wanted.target, now),
        Change::RestoreNode(target)
        | Change::DrainNode(target)
        | Change::RetireNode(target)
        | Change::DeleteServer(target) => of_target(state, target, now),
        Change::DeleteNode { node, proof } => {
            let (order, server_id) = match proof {
                Proof::Server(id) => (state.gone_servers.get(id).map(|gone| gone.id.clone()), Some(id.clone())),
                Proof::Order(id) => (Some(id.clone()), None),
            };
            let node: Option<NodeName> = Some(node.clone());
            Entry { order, server_id, node, ..entry }
        }
        Change::DeleteVolume { volume_id, left_by } => {
            Entry { resource: Some(volume_id.to_string()), ..of_former(state, left_by, entry) }
        }
        Change::ReleaseFloatingIp { floating_ip_id, left_by } => {
            Entry { resource: Some(floating_ip_id.to_string()), ..of_former(state, left_by, entry) }
        }
    }
}

fn of_target(state: &State, target: &Target, now: Timestamp) -> Entry {
    let known = state.servers.get(&target.order);
    let entry = match known {
        Some(server) => of_server(state, &target.order, server, Event::NotDone, now),
        None => Entry { run: Some(state.run), ..Entry::new(now, Event::NotDone) },
    };
    Entry {
        node_type: Some(target.node_type.clone()),
        provider: Some(target.provider.clone()),
        order: Some(target.order.clone()),
        server_id: Some(target.server_id.clone()),
        node: target.nodes.first().cloned().or(entry.node),
        life: known.map(|server| life(server, now)),
        ..entry
    }
}

fn of_former(state: &State, left_by: &FormerServer, entry: Entry) -> Entry {
    let order: Option<MitaId> = state.gone_servers.get(&left_by.server_id).map(|gone| gone.id.clone());
    Entry { provider: Some(left_by.provider.clone()), server_id: Some(left_by.server_id.clone()), order, ..entry }
}
