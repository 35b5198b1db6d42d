//! Agents that lead to one server, and may be another one: a person may have given the node of that one such a name.
//! For all that becomes of the first, they are its node.

use crate::config::Config;
use crate::domain::names::NodeName;
use crate::domain::state::{NodeMemory, Origin, RetirementStep, ServerMemory, SetOfflineBy, State};
use crate::domain::world::{Node, NodeKind};
use crate::plan::identity::closed::is_closed;
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity};
use crate::plan::identity::index::has_address_of;
use crate::plan::identity::unconventional::{Distance, keeps_its_server, may_have_labels_of};
use foldhash::HashSet;
use std::collections::BTreeMap;

/// Those that may be one of several servers.
pub(crate) struct Misleading<'a> {
    config: &'a Config,
    state: &'a State,
    signs: BTreeMap<&'a NodeName, Signs<'a>>,
}

/// What tells that the node is not, or not only, that of the server to which it leads.
struct Signs<'a> {
    node: &'a Node,
    /// The run that first saw it.
    came: u64,
    /// Whether a person held it by then, and it lacks the address of the server: so does no agent that joins.
    came_held: bool,
    /// Whether it is in the first list that the state knows of, and lacks the address of the server, or mita has closed it:
    /// nothing tells what it was before.
    was_there: bool,
    /// Whether that server has its own node, by its address, which this one lacks.
    is_further: bool,
}

impl<'a> Misleading<'a> {
    /// Those that may be one of these servers (indices into [`Fleet::machines`]).
    pub(crate) fn of(config: &'a Config, state: &'a State, fleet: &Fleet<'a>, servers: &[usize]) -> Self {
        let known = || servers.iter().filter_map(|server| state.servers.get(&fleet.machines[*server].id));
        let losses: HashSet<u64> = known().flat_map(ServerMemory::losses).collect();
        let first_list = if known().any(is_unknown) { first_list(state) } else { None };
        let further: HashSet<&NodeName> =
            fleet.machines.iter().flat_map(|machine| further_nodes(state, machine)).collect();
        let leads = |(node, identity): &(&'a Node, NodeIdentity)| {
            let known = state.nodes.get(&node.name).filter(|_| leads_to_a_server(fleet, node, identity))?;
            let machine = identity.machine().map(|machine| &fleet.machines[machine]);
            // What has the address of a server is that server's, unless more tells against it than that it is new here.
            let has_address = machine.is_some_and(|machine| has_address_of(machine, node.name.convention().ip));
            let was_there = first_list == Some(known.first_seen) && keeps_its_server(state, node);
            let signs = Signs {
                node,
                came: known.first_seen,
                came_held: came_held(known) && !has_address,
                was_there: was_there && (!has_address || is_closed(node)),
                is_further: further.contains(&node.name),
            };
            let tells = losses.contains(&signs.came) || signs.came_held || signs.was_there || signs.is_further;
            tells.then_some((&node.name, signs))
        };
        Self { config, state, signs: fleet.nodes.iter().filter_map(leads).collect() }
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = &'a Node> {
        self.signs.values().map(|signs| signs.node)
    }

    pub(crate) fn contains(&self, node: &NodeName) -> bool {
        self.signs.contains_key(node)
    }

    /// Between a server and a node that may be it, as [`Distance::between`].
    pub(crate) fn near(&self, machine: &Machine<'_>, node: &Node) -> Option<Distance> {
        if self.contains(&node.name) {
            self.distance(machine, node)
        } else {
            Distance::between(self.config, self.state, machine, node)
        }
    }

    /// Between a server and such a node of another one that may be it.
    fn distance(&self, machine: &Machine<'_>, node: &Node) -> Option<Distance> {
        let Self { config, state, .. } = *self;
        let signs = self.signs.get(&node.name)?;
        // What it leads to is judged by that.
        let is_its_own = machine.all_nodes().any(|own| own.name == node.name);
        let known = state.servers.get(&machine.id)?;
        let came_since = known.missing_since.is_none_or(|lost| signs.came >= lost);
        let tells = known.losses().any(|lost| lost == signs.came)
            || signs.came_held && came_since
            || signs.is_further && known.joined_at.is_none()
            || signs.was_there && is_unknown(known);
        let may_be = tells && !is_its_own && !was_deleted(known) && may_have_labels_of(config, machine, node);
        if may_be { Distance::between(config, state, machine, node) } else { None }
    }

    /// Whether this is such a node, and may be the server.
    pub(crate) fn may_be(&self, machine: &Machine<'_>, node: &NodeName) -> bool {
        self.signs.get(node).is_some_and(|signs| self.distance(machine, signs.node).is_some())
    }
}

/// To one of ours, there or gone, or to one of somebody else: a person may have taken that one from us.
fn leads_to_a_server(fleet: &Fleet<'_>, node: &Node, identity: &NodeIdentity) -> bool {
    let leads_to_ours = !matches!(identity, NodeIdentity::Foreign(_));
    node.kind == NodeKind::Agent && (leads_to_ours || fleet.strangers.contains(&node.name))
}

/// Whether nothing is known of the server's node: the state was lost, and has not seen it.
fn is_unknown(known: &ServerMemory) -> bool {
    known.origin == Origin::Found && known.joined_at.is_none()
}

/// Whether mita itself has deleted the server's node.
fn was_deleted(known: &ServerMemory) -> bool {
    known.retirement.as_ref().is_some_and(|retirement| retirement.step >= RetirementStep::NodesDeleted)
}

fn first_list(state: &State) -> Option<u64> {
    state.nodes.values().map(|known| known.first_seen).min()
}

fn came_held(known: &NodeMemory) -> bool {
    let since = known.unchanged.as_ref().map(|unchanged| unchanged.since);
    known.set_offline_by == Some(SetOfflineBy::Person) && since == Some(known.first_seen)
}

/// The nodes of a machine without its address, where another one has that and had an agent.
fn further_nodes<'m>(state: &State, machine: &'m Machine<'_>) -> impl Iterator<Item = &'m NodeName> {
    let has_address = |node: &Node| has_address_of(machine, node.name.convention().ip);
    let had_agent = |node: &Node| state.nodes.get(&node.name).is_some_and(|known| known.first_online.is_some());
    let has_its_own = machine.nodes.iter().any(|node| has_address(node) && had_agent(node));
    let nodes = machine.nodes.iter().chain(&machine.doubts).filter(move |node| has_its_own && !has_address(node));
    nodes.map(|node| &node.name)
}
