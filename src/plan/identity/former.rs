//! Nodes of servers that their clouds call gone. While such a node works, the cloud may be wrong: its answers are old, or it lost
//! its record of a server that runs.

use crate::domain::names::{MitaId, NodeName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, NodeKind, World};
use crate::plan::identity::fleet::{Fleet, NodeIdentity};
use foldhash::HashMap;

/// Why nothing is touched that servers left behind which their clouds call gone: a node that is, or may be, the server works, is
/// connected or is held, or the list of nodes does not tell.
pub(crate) struct SignsOfLife<'a> {
    is_listed: bool,
    nodes: HashMap<&'a ServerId, (Rule, String)>,
}

impl<'a> SignsOfLife<'a> {
    pub(crate) fn of(world: &World, state: &'a State, fleet: &'a Fleet<'_>) -> Self {
        let mut by_order: HashMap<&MitaId, &ServerId> = HashMap::default();
        let mut by_name: HashMap<&NodeName, Vec<&ServerId>> = HashMap::default();
        for (server, gone) in &state.gone_servers {
            by_order.insert(&gone.id, server);
            for name in gone.node.iter().chain(&gone.other_names) {
                by_name.entry(name).or_default().push(server);
            }
        }
        let mut nodes = HashMap::default();
        let mut add = |server: &'a ServerId, node: &Node, (rule, why): (Rule, &str)| {
            nodes.entry(server).or_insert_with(|| (rule, format!("node {}, which is or may be it, {why}", node.name)));
        };
        for (node, identity) in &fleet.nodes {
            let Some(sign) = sign_of_life(state, node) else { continue };
            match identity {
                NodeIdentity::Of(machine) => {
                    fleet.machines[*machine].server_id.iter().for_each(|server| add(server, node, sign));
                }
                NodeIdentity::Former(server) => add(server, node, sign),
                NodeIdentity::MadeFor(order) => by_order.get(order).iter().for_each(|server| add(server, node, sign)),
                NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) if node.kind == NodeKind::Agent => {
                    let known = state.nodes.get(&node.name).and_then(|known| known.server.as_ref());
                    let named = by_name.get(&node.name).into_iter().flatten().copied();
                    known.into_iter().chain(named).for_each(|server| add(server, node, sign));
                }
                NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) => {}
            }
        }
        for machine in &fleet.machines {
            let Some(server) = &machine.server_id else { continue };
            for node in machine.doubts.iter().chain(&machine.namesakes) {
                sign_of_life(state, node).into_iter().for_each(|sign| add(server, node, sign));
            }
        }
        Self { is_listed: world.jenkins.nodes.complete().is_some(), nodes }
    }

    /// Why this server may still run.
    pub(crate) fn may_still_run(&self, server: &ServerId) -> Option<(Rule, String)> {
        match self.is_listed {
            true => self.nodes.get(server).cloned(),
            false => Some((Rule::NotSeen, "whether its agent is connected is not known".to_owned())),
        }
    }
}

fn sign_of_life(state: &State, node: &Node) -> Option<(Rule, &'static str)> {
    if !node.idle {
        return Some((Rule::Busy, "runs a build"));
    }
    if node.has_agent() {
        return Some((Rule::Ambiguous, "is connected"));
    }
    if state.set_offline_by(&node.name) == Some(SetOfflineBy::Person) {
        return Some((Rule::Held, "is held by a person"));
    }
    state.may_resume(&node.name).then_some((Rule::Settling, "worked until Jenkins was restarted"))
}
