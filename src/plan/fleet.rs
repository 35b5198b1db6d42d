//! Which servers are ours, and which Jenkins node is which server.
//!
//! A server is ours by its mark alone. A node is ours through a server that it clearly maps to, by its name or by the
//! address in it, or that is remembered. Everything that could be a server's node without being it clearly is kept
//! beside it: it makes the server as busy as it is itself, and nothing is touched while there is such a doubt.

use crate::config::Config;
use crate::naming::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::state::{NodeMemory, Origin, State};
use crate::world::{Listing, Lookup, Node, NodeKind, Presence, Server, World};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// Servers of ours and the nodes of Jenkins, put together.
#[derive(Debug)]
pub struct Fleet<'a> {
    /// Every server of ours, listed or remembered.
    pub machines: Vec<Machine<'a>>,
    /// Every node of Jenkins, with what it is to us.
    pub nodes: Vec<(&'a Node, Kinship)>,
}

/// A server of ours.
#[derive(Debug)]
pub struct Machine<'a> {
    /// Its order; for a second server with the same mark, its own id.
    pub id: MitaId,
    /// Its node type.
    pub node_type: NodeTypeName,
    /// Its provider.
    pub provider: ProviderName,
    /// Its name.
    pub name: String,
    /// The cloud's id, where it is known.
    pub server_id: Option<ServerId>,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// Whether it was ordered by a run that the state remembers.
    pub origin: Origin,
    /// What its cloud says of it.
    pub sighting: Sighting<'a>,
    /// The nodes that it is.
    pub nodes: Vec<&'a Node>,
    /// Nodes that could be it, with no certainty.
    pub doubts: Vec<&'a Node>,
}

/// What a cloud says of a server.
#[derive(Clone, Copy, Debug)]
pub enum Sighting<'a> {
    /// Seen in the listing, or by its id.
    Seen(&'a Server),
    /// The listing is whole and lacks it; its id is not known.
    Unlisted,
    /// The listing is whole and lacks it, and a read by its id answered 404.
    Gone,
    /// There is no answer to conclude from.
    NoAnswer,
}

/// What a node is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kinship {
    /// The node of this machine (index into [`Fleet::machines`]).
    Of(usize),
    /// Nothing is certain, and this is why.
    Doubtful(String),
    /// Remembered as the node of a server that is no longer there.
    Former(ServerId),
    /// Somebody else's.
    Foreign(&'static str),
}

impl Machine<'_> {
    /// The server, where the cloud showed it.
    pub fn server(&self) -> Option<&Server> {
        match self.sighting {
            Sighting::Seen(server) => Some(server),
            Sighting::Unlisted | Sighting::Gone | Sighting::NoAnswer => None,
        }
    }

    /// The first node that could be it and that works.
    pub fn busy_node(&self) -> Option<&Node> {
        self.nodes.iter().chain(&self.doubts).copied().find(|node| !node.idle)
    }

    /// Whether any of its nodes is online.
    pub fn is_online(&self) -> bool {
        self.nodes.iter().any(|node| node.presence == Presence::Online)
    }
}

/// Puts together what was seen and what is remembered.
pub fn assemble<'a>(config: &'a Config, world: &'a World, state: &State) -> Fleet<'a> {
    let mut machines = machines(config, world, state);
    let index = Index::over(&machines, config);
    let nodes: Vec<(&Node, Kinship, Vec<usize>)> = world
        .jenkins
        .nodes
        .complete()
        .into_iter()
        .flatten()
        .map(|node| {
            let (kinship, could_be) = index.relate(node, state.nodes.get(&node.name), &machines);
            (node, kinship, could_be)
        })
        .collect();
    let nodes = nodes
        .into_iter()
        .map(|(node, kinship, could_be)| {
            match kinship {
                Kinship::Of(machine) => machines[machine].nodes.push(node),
                _ => could_be.into_iter().for_each(|machine| machines[machine].doubts.push(node)),
            }
            (node, kinship)
        })
        .collect();
    Fleet { machines, nodes }
}

/// Servers of ours that are listed, then those that are only remembered.
fn machines<'a>(config: &Config, world: &'a World, state: &State) -> Vec<Machine<'a>> {
    let mut by_id: BTreeMap<MitaId, Machine<'a>> = BTreeMap::new();
    let mut seen: BTreeSet<&ServerId> = BTreeSet::new();
    let holder: BTreeMap<&ServerId, &MitaId> =
        state.servers.iter().filter_map(|(id, memory)| Some((memory.server_id.as_ref()?, id))).collect();
    for (provider, server) in listed(config, world) {
        let Some(mark) = server.mark.as_ref().filter(|mark| mark.owner == config.owner) else { continue };
        if !seen.insert(&server.id) {
            continue;
        }
        let taken = by_id.contains_key(&mark.id)
            || state
                .servers
                .get(&mark.id)
                .and_then(|memory| memory.server_id.as_ref())
                .is_some_and(|id| *id != server.id);
        let id = match holder.get(&server.id) {
            Some(&id) => id.clone(),
            None if taken => MitaId::from(server.id.as_str()),
            None => mark.id.clone(),
        };
        let memory = state.servers.get(&id);
        let ordered_at = memory
            .map(|memory| memory.ordered_at)
            .or_else(|| mark.id.ordered_at())
            .or(server.created)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let machine = Machine {
            id: id.clone(),
            node_type: mark.node_type.clone(),
            provider: memory.map_or_else(|| provider.clone(), |memory| memory.provider.clone()),
            name: server.name.clone(),
            server_id: Some(server.id.clone()),
            ordered_at,
            origin: memory.map_or(Origin::Found, |memory| memory.origin),
            sighting: Sighting::Seen(server),
            nodes: Vec::new(),
            doubts: Vec::new(),
        };
        by_id.insert(id, machine);
    }
    for (id, memory) in &state.servers {
        by_id.entry(id.clone()).or_insert_with(|| Machine {
            id: id.clone(),
            node_type: memory.node_type.clone(),
            provider: memory.provider.clone(),
            name: memory.name.clone(),
            server_id: memory.server_id.clone(),
            ordered_at: memory.ordered_at,
            origin: memory.origin,
            sighting: unlisted(world, &memory.provider, memory.server_id.as_ref()),
            nodes: Vec::new(),
            doubts: Vec::new(),
        });
    }
    by_id.into_values().collect()
}

/// Every server that a cloud showed, the providers in the configuration's order.
fn listed<'a>(config: &Config, world: &'a World) -> Vec<(ProviderName, &'a Server)> {
    let mut found = Vec::new();
    for provider in &config.providers {
        let Some(cloud) = world.clouds.get(&provider.name) else { continue };
        let by_id = cloud.by_id.values().filter_map(|lookup| match lookup {
            Lookup::Found(server) => Some(server),
            Lookup::Gone | Lookup::Unavailable(_) => None,
        });
        let servers = cloud.servers.complete().into_iter().flatten().chain(by_id);
        found.extend(servers.map(|server| (provider.name.clone(), server)));
    }
    found
}

fn unlisted<'a>(world: &World, provider: &ProviderName, id: Option<&ServerId>) -> Sighting<'a> {
    let Some(cloud) = world.clouds.get(provider) else { return Sighting::NoAnswer };
    match (&cloud.servers, id) {
        (Listing::Unavailable(_), _) => Sighting::NoAnswer,
        (Listing::Complete(_), None) => Sighting::Unlisted,
        (Listing::Complete(_), Some(id)) => match cloud.by_id.get(id) {
            Some(Lookup::Gone) => Sighting::Gone,
            Some(Lookup::Found(_) | Lookup::Unavailable(_)) | None => Sighting::NoAnswer,
        },
    }
}

/// Machines by everything that a node's name can say.
struct Index<'a> {
    /// By order id, server id, and name where it is unique by its template.
    keys: HashMap<String, Vec<usize>>,
    /// By name, where several servers share it.
    names: HashMap<String, Vec<usize>>,
    addresses: HashMap<IpAddr, Vec<usize>>,
    types: BTreeMap<&'a NodeTypeName, &'a BTreeSet<String>>,
    /// Types of machines that are no longer configured.
    former_types: BTreeSet<NodeTypeName>,
}

impl<'a> Index<'a> {
    fn over(machines: &[Machine<'_>], config: &'a Config) -> Self {
        let mut index = Self {
            keys: HashMap::new(),
            names: HashMap::new(),
            addresses: HashMap::new(),
            types: config.node_types.iter().map(|kind| (&kind.name, &kind.labels)).collect(),
            former_types: machines.iter().map(|machine| machine.node_type.clone()).collect(),
        };
        for (number, machine) in machines.iter().enumerate() {
            // Two servers of one order have its id and its unique name in common, so that neither tells them apart.
            let order = machine.server().and_then(|server| server.mark.as_ref()).map_or(&machine.id, |mark| &mark.id);
            let mut keys = BTreeSet::from([machine.id.as_str(), order.as_str()]);
            keys.extend(machine.server_id.as_ref().map(ServerId::as_str));
            if machine.name.contains(order.as_str()) {
                keys.insert(&machine.name);
            } else {
                index.names.entry(machine.name.clone()).or_default().push(number);
            }
            for key in keys {
                index.keys.entry(key.to_owned()).or_default().push(number);
            }
            for address in machine.server().into_iter().flat_map(|server| &server.addresses) {
                index.addresses.entry(*address).or_default().push(number);
            }
        }
        index
    }

    /// What the node is, and every machine that it could be.
    fn relate(&self, node: &Node, memory: Option<&NodeMemory>, machines: &[Machine<'_>]) -> (Kinship, Vec<usize>) {
        match node.kind {
            NodeKind::BuiltIn => return (Kinship::Foreign("the built-in node"), Vec::new()),
            NodeKind::CloudPlugin(_) => return (Kinship::Foreign("a cloud plugin made it"), Vec::new()),
            NodeKind::Agent => {}
        }
        let changed_hands = works(node) && self.lost_its_server(memory, machines);
        let came_after = |&machine: &usize| changed_hands || !was_online_before(memory, machines[machine].origin);
        let candidates = self.candidates(&node.name, machines);
        let could_be: Vec<usize> = candidates.iter().copied().filter(came_after).collect();
        let remembered = memory.and_then(|memory| memory.server.as_ref());
        let remembered_machine = remembered.and_then(|id| {
            let mut holders = self.keys.get(id.as_str()).into_iter().flatten().copied();
            holders.find(|&machine| machines[machine].server_id.as_ref() == Some(id))
        });
        let known_before = could_be.len() < candidates.len();
        let kinship = match self.clear_match(node, machines, &could_be) {
            Ok(Some(machine)) => Kinship::Of(machine),
            Ok(None) => match (remembered_machine, remembered) {
                (Some(machine), _) => Kinship::Of(machine),
                (None, Some(id)) => Kinship::Former(id.clone()),
                (None, None) if could_be.is_empty() && known_before => {
                    Kinship::Foreign("it was online before the server that its name resembles was ordered")
                }
                (None, None) if could_be.is_empty() => {
                    Kinship::Foreign("no server of ours carries its name or address")
                }
                (None, None) => Kinship::Doubtful(doubt(machines, &could_be, "does not map clearly to")),
            },
            Err(reason) => Kinship::Doubtful(reason),
        };
        (kinship, could_be)
    }

    /// Whether the node was that of a server of ours which is gone: where it works all the same, another server took
    /// the entry over, however long it has been in Jenkins.
    fn lost_its_server(&self, memory: Option<&NodeMemory>, machines: &[Machine<'_>]) -> bool {
        let Some(id) = memory.and_then(|memory| memory.server.as_ref()) else { return false };
        let holders = self.keys.get(id.as_str()).into_iter().flatten().map(|&machine| &machines[machine]);
        let mut there = holders.filter(|machine| machine.server_id.as_ref() == Some(id));
        !there.any(|machine| !matches!(machine.sighting, Sighting::Gone))
    }

    /// Every machine that a node of this name could be, by name or by address.
    fn candidates(&self, name: &NodeName, machines: &[Machine<'_>]) -> BTreeSet<usize> {
        let convention = name.convention();
        let mut found: BTreeSet<usize> = self.keyed(name).into_iter().collect();
        let named = self.names.get(convention.base).into_iter().flatten().copied();
        found.extend(named.filter(|&machine| match (convention.ip, machines[machine].server()) {
            (None, _) => true,
            (Some(ip), Some(server)) => server.addresses.contains(&ip) || server.addresses.is_empty(),
            (Some(_), None) => false,
        }));
        found.extend(convention.ip.and_then(|ip| self.addresses.get(&ip)).into_iter().flatten());
        found
    }

    /// Machines whose order id, server id or unique name is the node's whole name or its base.
    fn keyed(&self, name: &NodeName) -> BTreeSet<usize> {
        let base = name.convention().base;
        [name.as_str(), base].into_iter().filter_map(|key| self.keys.get(key)).flatten().copied().collect()
    }

    /// The one machine that the node clearly is; an error where the evidence contradicts itself.
    fn clear_match(&self, node: &Node, machines: &[Machine<'_>], could_be: &[usize]) -> Result<Option<usize>, String> {
        let convention = node.name.convention();
        let has_address = |machine: &usize, ip: &IpAddr| {
            machines[*machine].server().is_some_and(|server| server.addresses.contains(ip))
        };
        let keyed = self.keyed(&node.name);
        let by_key: Vec<usize> = could_be.iter().copied().filter(|machine| keyed.contains(machine)).collect();
        let by_name: Vec<usize> = if by_key.is_empty() {
            let named = could_be.iter().copied().filter(|&machine| machines[machine].name == convention.base);
            named.filter(|machine| convention.ip.is_none_or(|ip| has_address(machine, &ip))).collect()
        } else {
            by_key.clone()
        };
        let by_ip: Vec<usize> = could_be
            .iter()
            .copied()
            .filter(|machine| convention.ip.is_some_and(|ip| has_address(machine, &ip)))
            .collect();
        let fitting: Vec<usize> = by_ip
            .iter()
            .copied()
            .filter(|&machine| self.base_fits(convention.base, node, &machines[machine]))
            .collect();
        match (by_name.as_slice(), fitting.as_slice()) {
            ([], []) => Ok(None),
            (&[one], _) if by_ip.is_empty() || by_ip.contains(&one) => {
                let plain = by_key.is_empty() && convention.ip.is_none();
                let forgotten = plain && machines[one].origin == Origin::Found;
                let other_type = !by_key.is_empty() && self.names_another_type(convention.base, &machines[one]);
                if forgotten || other_type { Ok(None) } else { Ok(Some(one)) }
            }
            ([], &[one]) => Ok(Some(one)),
            (&[one], others) => Err(format!(
                "its name says server {}, its address {}: nothing is touched; rename or delete the node",
                machines[one].id,
                names(machines, if others.is_empty() { &by_ip } else { others }),
            )),
            (several, _) => {
                let several = if several.is_empty() { &fitting } else { several };
                Err(doubt(machines, several, "fits more than one server:"))
            }
        }
    }

    /// Whether a base can stand for the machine where the address does: its own type, or no type and all its labels.
    fn base_fits(&self, base: &str, node: &Node, machine: &Machine<'_>) -> bool {
        if machine.node_type.as_str() == base {
            return true;
        }
        let labels = self.types.get(&machine.node_type);
        !self.is_type(base) && labels.is_some_and(|labels| labels.is_subset(&node.labels))
    }

    fn names_another_type(&self, base: &str, machine: &Machine<'_>) -> bool {
        machine.node_type.as_str() != base && self.is_type(base)
    }

    fn is_type(&self, name: &str) -> bool {
        let name = NodeTypeName::from(name);
        self.types.contains_key(&name) || self.former_types.contains(&name)
    }
}

fn works(node: &Node) -> bool {
    node.presence == Presence::Online || !node.idle
}

/// Whether the node was seen online by the run that ordered the server, or by one before it.
fn was_online_before(memory: Option<&NodeMemory>, origin: Origin) -> bool {
    match (memory.and_then(|memory| memory.first_online), origin) {
        (Some(online), Origin::Ordered(run)) => online <= run,
        (None, _) | (_, Origin::Found) => false,
    }
}

fn names(machines: &[Machine<'_>], which: &[usize]) -> String {
    let ids: Vec<&str> = which.iter().map(|&machine| machines[machine].id.as_str()).collect();
    ids.join(", ")
}

fn doubt(machines: &[Machine<'_>], which: &[usize], what: &str) -> String {
    format!("{what} {}: nothing is touched; name the node base+IP, or delete it", names(machines, which))
}
