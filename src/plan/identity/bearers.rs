//! Which servers a node may be that a queue item names: clearly, in doubt, under another name, or as it was remembered.
//!
//! A restart of Jenkins ends what a node shows of its build: it is idle and offline, and only the item that waits for it
//! tells that the build goes on there. So every server that the node may be is kept for that item.

use crate::config::Config;
use crate::domain::names::NodeName;
use crate::domain::state::State;
use crate::domain::world::Node;
use crate::plan::identity::fleet::{Fleet, Machine};
use crate::plan::identity::unconventional::{Distance, agents, lacks_its_node};
use foldhash::{HashMap, HashMapExt};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The servers by the nodes that they may be.
pub(crate) struct Bearers<'a> {
    config: &'a Config,
    state: &'a State,
    fleet: &'a Fleet<'a>,
    /// Machines (indices) by the nodes that lead to them, listed or remembered.
    known: HashMap<&'a NodeName, Vec<usize>>,
    /// Agents that lead to no server.
    agents: HashMap<&'a NodeName, &'a Node>,
    /// What was found: thousands of items may name one node.
    found: RefCell<HashMap<NodeName, BTreeSet<usize>>>,
}

impl<'a> Bearers<'a> {
    /// All of the fleet.
    pub(crate) fn of(config: &'a Config, state: &'a State, fleet: &'a Fleet<'a>) -> Self {
        let mut known: HashMap<&NodeName, Vec<usize>> = HashMap::with_capacity(state.nodes.len());
        let mut by_id = HashMap::with_capacity(fleet.machines.len());
        for (index, machine) in fleet.machines.iter().enumerate() {
            by_id.extend(machine.server_id.as_ref().map(|id| (id, index)));
            let listed = machine.all_nodes().map(|node| &node.name);
            let server = state.servers.get(&machine.id);
            let own = server.and_then(|server| server.node.as_ref());
            let shield = server.and_then(|server| server.shield.as_ref()).map(|shield| &shield.node);
            for name in listed.chain(own).chain(shield) {
                known.entry(name).or_default().push(index);
            }
        }
        for (name, node) in &state.nodes {
            if let Some(index) = node.server.as_ref().and_then(|id| by_id.get(id)) {
                known.entry(name).or_default().push(*index);
            }
        }
        let agents = agents(fleet).into_iter().map(|node| (&node.name, node)).collect();
        Self { config, state, fleet, known, agents, found: RefCell::default() }
    }

    /// Every machine (index into [`Fleet::machines`]) that the node of this name may be.
    pub(crate) fn machines(&self, name: &NodeName) -> BTreeSet<usize> {
        if let Some(found) = self.found.borrow().get(name) {
            return found.clone();
        }
        let found = self.find(name);
        self.found.borrow_mut().insert(name.clone(), found.clone());
        found
    }

    fn find(&self, name: &NodeName) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = self.known.get(name).into_iter().flatten().copied().collect();
        let agent = self.agents.get(name).copied();
        let convention = name.convention();
        let may_be = |machine: &Machine<'_>| match agent {
            Some(node) => {
                lacks_its_node(machine) && Distance::between(self.config, self.state, machine, node).is_some()
            }
            // Not listed: an agent of this name that comes back is the server's.
            None => {
                let has_address = |ip| machine.server().is_some_and(|server| server.addresses.contains(&ip));
                convention.ip.is_some_and(|ip| machine.node_type.as_str() == convention.base && has_address(ip))
            }
        };
        let others = self.fleet.machines.iter().enumerate().filter(|(_, machine)| may_be(machine));
        found.extend(others.map(|(index, _)| index));
        found
    }
}
