//! Our servers by what a node's name can say: an order id, a server id, a server's name, a node type, an address.

use crate::config::{Config, NodeType};
use crate::domain::names::{Convention, NodeName, NodeTypeName, Owner, ServerId};
use crate::domain::world::{Launch, Mark, Node, Server};
use crate::plan::identity::fleet::Machine;
use foldhash::{HashMap, HashMapExt};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Machines by everything that a node's name can say.
pub(crate) struct Index<'a> {
    pub(super) owner: &'a Owner,
    /// By order id, server id, and name where it is unique by its template.
    pub(super) keys: HashMap<String, Vec<usize>>,
    /// By name, where several servers share it.
    names: HashMap<String, Vec<usize>>,
    /// Those of them that were seen and have no address just now, though they may have run with one.
    without_address: HashMap<String, Vec<usize>>,
    addresses: HashMap<IpAddr, Vec<usize>>,
    types: BTreeMap<&'a str, &'a NodeType>,
    /// Types of machines that are no longer configured.
    former_types: BTreeSet<String>,
    /// Whether mita makes nodes, so that a description can prove that one is ours.
    pub(super) makes_nodes: bool,
}

impl<'a> Index<'a> {
    pub(crate) fn over(machines: &[Machine<'_>], config: &'a Config) -> Self {
        let mut index = Self {
            owner: &config.owner,
            keys: HashMap::with_capacity(2 * machines.len()),
            names: HashMap::new(),
            without_address: HashMap::new(),
            addresses: HashMap::new(),
            types: config.node_types.iter().map(|kind| (kind.name.as_str(), kind)).collect(),
            former_types: BTreeSet::new(),
            makes_nodes: config
                .node_types
                .iter()
                .any(|kind| kind.registration.is_ssh() || kind.registration.is_inbound()),
        };
        for (number, machine) in machines.iter().enumerate() {
            if !index.is_type(machine.node_type.as_str()) {
                index.former_types.insert(machine.node_type.to_string());
            }
            // Two servers of one order have the same id and unique name, so neither distinguishes them.
            let order = machine.server().and_then(|server| server.mark.as_ref()).map_or(&machine.id, |mark| &mark.id);
            let name = Some(machine.name.as_str()).filter(|name| name.contains(order.as_str()));
            let keys = [
                Some(machine.id.as_str()),
                Some(order.as_str()),
                machine.server_id.as_ref().map(ServerId::as_str),
                name,
            ];
            for key in keys.into_iter().flatten() {
                let known = index.keys.entry(key.to_owned()).or_default();
                if known.last() != Some(&number) {
                    known.push(number);
                }
            }
            if name.is_none() {
                index.names.entry(machine.name.clone()).or_default().push(number);
                let may_have_had_one = |server: &Server| server.addresses.is_empty() && server.launch != Launch::Never;
                if machine.server().is_some_and(may_have_had_one) {
                    index.without_address.entry(machine.name.clone()).or_default().push(number);
                }
            }
            for address in machine.server().into_iter().flat_map(|server| &server.addresses) {
                index.addresses.entry(*address).or_default().push(number);
            }
        }
        index
    }

    /// The machines of the order that a mark of ours names.
    pub(crate) fn made_for(&self, mark: &Mark) -> Vec<usize> {
        let of_order = self.keys.get(mark.id.as_str()).filter(|_| mark.owner == *self.owner);
        of_order.cloned().unwrap_or_default()
    }

    /// Every machine that a node could be, by the parts of its name: in order, each once.
    pub(super) fn candidates(&self, keyed: &[usize], base: &str, ip: Option<IpAddr>) -> Vec<usize> {
        let mut found = keyed.to_vec();
        // Of those that share the name, one with an address is found by that.
        let names = if ip.is_some() { &self.without_address } else { &self.names };
        found.extend(names.get(base).into_iter().flatten());
        found.extend(ip.and_then(|ip| self.addresses.get(&ip)).into_iter().flatten());
        in_order(found)
    }

    /// Machines whose order id, server id or unique name is the node's whole name or its base.
    pub(super) fn keyed(&self, name: &NodeName, base: &str) -> Vec<usize> {
        in_order([name.as_str(), base].into_iter().filter_map(|key| self.keys.get(key)).flatten().copied().collect())
    }

    /// Whether a node's name can lead to the machine only by a name that other servers may have, too.
    pub(crate) fn is_by_plain_name(&self, node: &NodeName, machine: usize) -> bool {
        let Convention { base, ip } = node.convention();
        ip.is_none() && !self.keyed(node, base).contains(&machine)
    }

    /// Whether a node's name leads to the machine by its address alone, under a base that names neither it nor its type.
    pub(crate) fn is_by_labels(&self, node: &NodeName, machine: usize, machines: &[Machine<'_>]) -> bool {
        let Convention { base, ip } = node.convention();
        let named = base == machines[machine].node_type.as_str() || base == machines[machine].name;
        ip.is_some() && !named && !self.keyed(node, base).contains(&machine)
    }

    /// Whether the node would be the machine's, did no other server of ours have the same address.
    pub(crate) fn shares_address(&self, node: &Node, machine: &Machine<'_>) -> bool {
        let Convention { ip, .. } = node.name.convention();
        let holders = ip.and_then(|ip| self.addresses.get(&ip)).map_or(0, Vec::len);
        holders > 1 && self.is_by_address(node, machine)
    }

    /// Whether the node's name has an address of the machine, and a base that fits it.
    pub(super) fn is_by_address(&self, node: &Node, machine: &Machine<'_>) -> bool {
        let Convention { base, ip } = node.name.convention();
        has_address_of(machine, ip) && self.base_fits(base, node, machine)
    }

    /// Whether a base can stand for the machine where the address does: its own type, or no type and all its labels.
    pub(super) fn base_fits(&self, base: &str, node: &Node, machine: &Machine<'_>) -> bool {
        if machine.node_type.as_str() == base {
            return true;
        }
        let kind = self.types.get(machine.node_type.as_str()).filter(|kind| !kind.labels.is_empty());
        !self.is_type(base) && kind.is_some_and(|kind| kind.labels_are_on(node))
    }

    /// Whether somebody gave the node the labels of the type, apart from its own name, which Jenkins counts as one; nothing if
    /// the type is no longer configured.
    pub(super) fn has_labels_of(&self, kind: &NodeTypeName, node: &Node) -> Option<bool> {
        let is_given = |label: &str| label != node.name.as_str() && node.labels.contains(label);
        let NodeType { name, labels, .. } = self.types.get(kind.as_str())?;
        Some(if labels.is_empty() { is_given(name.as_str()) } else { labels.iter().all(|label| is_given(label)) })
    }

    pub(super) fn names_another_type(&self, base: &str, machine: &Machine<'_>) -> bool {
        machine.node_type.as_str() != base && self.is_type(base)
    }

    pub(super) fn is_type(&self, name: &str) -> bool {
        self.types.contains_key(name) || self.former_types.contains(name)
    }
}

/// In order, each once.
fn in_order(mut machines: Vec<usize>) -> Vec<usize> {
    machines.sort_unstable();
    machines.dedup();
    machines
}

/// Whether the server has the address in a node's name.
pub(crate) fn has_address_of(machine: &Machine<'_>, ip: Option<IpAddr>) -> bool {
    let addresses = machine.server().map(|server| &server.addresses);
    ip.is_some_and(|ip| addresses.is_some_and(|addresses| addresses.contains(&ip)))
}
