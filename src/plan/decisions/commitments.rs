//! What the state records of a plan before its first request: each order, and each retirement.

use crate::config::{Config, NodeType};
use crate::domain::names::MitaId;
use crate::domain::rule::Rule;
use crate::domain::state::{Origin, Retirement, RetirementStep, ServerMemory, SetOfflineBy, State};
use crate::domain::world::World;
use crate::plan::model::{Action, Change, Order};
use jiff::{SignedDuration, Timestamp};

/// Writes the actions down in the state.
pub(crate) fn commit(config: &Config, world: &World, state: &mut State, actions: &[Action], now: Timestamp) {
    for Action { change, rule, .. } in actions {
        match change {
            Change::CreateServer(order) => {
                let cloud = world.clouds.get(&order.provider);
                let (project, site) = cloud.map_or((None, None), |cloud| (cloud.project.clone(), cloud.site.clone()));
                let server = ServerMemory { project, site, ..ordered(config, order, state.run, now) };
                state.servers.insert(order.id.clone(), server);
            }
            // After the order that it belongs to, where there is one.
            Change::CreateNode(node) => {
                with_server(state, &node.id, |server| server.node = Some(node.node.clone()));
            }
            Change::RetireNode(target) | Change::DeleteServer(target) => {
                let learned = &mut state.learned;
                if let Some(usage) = learned.usage.get_mut(&target.node_type).filter(|_| *rule == Rule::Idle) {
                    usage.retired_at = Some(learned.clock);
                }
                let decided = Retirement { rule: *rule, since: now, step: RetirementStep::Decided };
                with_server(state, &target.order, |server| {
                    server.retirement.get_or_insert(decided);
                });
            }
            Change::AssignFloatingIp(wanted) => {
                with_server(state, &wanted.target.order, |server| server.floating_ip = true);
            }
            // The node itself carries the mark as well, but Jenkins before 2.482 forgets it with the connection.
            Change::DrainNode(target) => {
                for node in &target.nodes {
                    if let Some(node) = state.nodes.get_mut(node) {
                        (node.set_offline_by, node.spent) = (Some(SetOfflineBy::Us), Some(*rule));
                    }
                }
            }
            Change::RestoreNode(_)
            | Change::DeleteNode { .. }
            | Change::DeleteVolume { .. }
            | Change::ReleaseFloatingIp { .. } => {}
        }
    }
}

fn ordered(config: &Config, order: &Order, run: u64, now: Timestamp) -> ServerMemory {
    let Order { node_type, provider, name, .. } = order;
    let storage = config.node_type(node_type).is_some_and(NodeType::has_volumes);
    let server = ServerMemory::new(node_type.clone(), provider.clone(), name.clone(), now, Origin::Ordered(run));
    ServerMemory { storage, waited: Some(SignedDuration::ZERO), under_way: Some(SignedDuration::ZERO), ..server }
}

fn with_server(state: &mut State, id: &MitaId, change: impl FnOnce(&mut ServerMemory)) {
    if let Some(server) = state.servers.get_mut(id) {
        change(server);
    }
}
