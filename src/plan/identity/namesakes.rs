//! Entries that lead to a server by a name which all servers of its type have, and that are surely not it: they were listed
//! while a node that is clearly its own had the agent, and a machine has one agent.

use crate::domain::names::{Convention, NodeName};
use crate::domain::state::{NodeMemory, ServerMemory, State};
use crate::domain::world::Node;
use crate::plan::identity::fleet::Machine;
use crate::plan::identity::index::{Index, has_address_of};
use crate::plan::identity::unconventional::runs_its_build_alone;

/// The entries of one machine.
pub(super) struct Namesakes<'a> {
    /// Those that were its own and still work there: they stay in doubt.
    pub(super) at_work: Vec<&'a Node>,
    /// Those that are not it.
    pub(super) others: Vec<&'a Node>,
}

impl<'a> Namesakes<'a> {
    pub(super) fn of(index: &Index<'_>, state: &State, machine: &Machine<'a>, number: usize) -> Self {
        let nodes = machine.all_nodes();
        let is_named = |name: &NodeName| name.as_str() == machine.name && index.is_by_plain_name(name, number);
        let named: Vec<&Node> = nodes.filter(|node| is_named(&node.name)).collect();
        if named.is_empty() {
            return Self { at_work: Vec::new(), others: Vec::new() };
        }
        let own = Own { index, state, machine, number };
        let (has_node, lost) = (own.has_node(), own.node_of_retirement());
        let beside = named.into_iter().filter(|node| has_node || lost.is_some_and(|run| own.was_listed(node, run)));
        let (at_work, others) = beside.partition(|node| own.is_at_work(node));
        Self { at_work, others }
    }
}

/// What tells a machine's own node.
struct Own<'s, 'a> {
    index: &'s Index<'s>,
    state: &'s State,
    machine: &'s Machine<'a>,
    number: usize,
}

impl Own<'_, '_> {
    /// Whether a name is clearly that of the machine: its id, or its type or name with an address that it has now.
    fn is_clear(&self, name: &NodeName) -> bool {
        let Convention { base, ip } = name.convention();
        let named = base == self.machine.node_type.as_str() || base == self.machine.name;
        self.index.keyed(name, base).contains(&self.number) || named && has_address_of(self.machine, ip)
    }

    fn memory(&self) -> Option<&ServerMemory> {
        self.state.servers.get(&self.machine.id)
    }

    fn known(&self, node: &Node) -> Option<&NodeMemory> {
        self.state.nodes.get(&node.name)
    }

    /// Whether a node that is clearly its own has the agent.
    fn has_node(&self) -> bool {
        self.machine.nodes.iter().any(|node| node.has_agent() && self.is_clear(&node.name))
    }

    /// The last run that saw the agent of its own node, if its retirement is under way: that node goes first, and what was
    /// listed beside it is no other name of it.
    fn node_of_retirement(&self) -> Option<u64> {
        let retired = self.memory().filter(|memory| memory.retirement.is_some())?;
        retired.node.as_ref().filter(|node| self.is_clear(node)).and(retired.last_connected)
    }

    /// Whether the node was there in that run: in the list, and with an agent of its own if it works.
    fn was_listed(&self, node: &Node, run: u64) -> bool {
        let since = |known: &NodeMemory| if node.idle { Some(known.first_seen) } else { known.first_online };
        self.known(node).and_then(since).is_some_and(|since| since <= run)
    }

    /// Whether the node was the machine's own, and works there.
    fn is_at_work(&self, node: &Node) -> bool {
        let known = self.known(node).filter(|known| known.first_online.is_some());
        let server = known.and_then(|known| known.server.as_ref());
        let was_its_own = server.is_some() && server == self.machine.server_id.as_ref();
        !node.idle && (was_its_own || runs_its_build_alone(self.state, self.machine, node))
    }
}
