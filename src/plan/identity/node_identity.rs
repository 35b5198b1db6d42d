//! Which server a Jenkins node belongs to, by its name, by the address in it, and by the state.

use super::index::{Index, has_address_of};
use crate::domain::names::Convention;
use crate::domain::state::{NodeMemory, Origin, State, Unchanged};
use crate::domain::world::{Node, NodeKind, Presence, Server, ServerState};
use crate::plan::identity::fleet::{Machine, NodeIdentity, Sighting};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A node, and the machines (indices) that it has to do with.
pub(crate) struct Candidates {
    pub(crate) identity: NodeIdentity,
    /// Those that it could be, with no certainty.
    pub(crate) doubts: Vec<usize>,
    /// Those that have its name or address, though it is another's: while it works, they are as busy.
    pub(crate) namesakes: Vec<usize>,
}

impl Index<'_> {
    /// What the node is, and what else it could be.
    pub(crate) fn identify(&self, node: &Node, state: &State, machines: &[Machine<'_>]) -> Candidates {
        let memory = state.nodes.get(&node.name);
        let foreign =
            |why| Candidates { identity: NodeIdentity::Foreign(why), doubts: Vec::new(), namesakes: Vec::new() };
        if node.kind == NodeKind::BuiltIn {
            return foreign("the built-in node");
        }
        let Convention { base, ip } = node.name.convention();
        let lost_its_server = (works(node) || node.connected) && self.lost_its_server(ip, memory, machines);
        let changed_hands = works(node) && lost_its_server;
        // A hold does not keep the agent of another server from connecting.
        let taken_over = node.connected && lost_its_server;
        // Nobody else's node has the id of an order or of a server for its name, whenever it came.
        let keyed = self.keyed(&node.name, base);
        let is_as_before = |machine: &usize| is_as_before(node, memory, machines[*machine].origin);
        let came_after = |machine: &usize| {
            let may_have_come = changed_hands || !was_online_before(memory, machines[*machine].origin);
            keyed.contains(machine) || taken_over || may_have_come && !is_as_before(machine)
        };
        let candidates = self.candidates(&keyed, base, ip);
        let could_be: Vec<usize> = candidates.iter().copied().filter(came_after).collect();
        let remembered = memory.and_then(|memory| memory.server.as_ref());
        let remembered_machine = remembered.and_then(|id| {
            let mut holders = self.keys.get(id.as_str()).into_iter().flatten().copied();
            holders.find(|&machine| machines[machine].server_id.as_ref() == Some(id))
        });
        if matches!(node.kind, NodeKind::CloudPlugin(_)) {
            let entry_of_ours = |machine: &usize| remembered.is_some() && has_address_of(&machines[*machine], ip);
            let ours = candidates.into_iter().filter(entry_of_ours);
            let namesakes: BTreeSet<usize> = ours.chain(could_be).chain(remembered_machine).collect();
            return Candidates { namesakes: namesakes.into_iter().collect(), ..foreign("a cloud plugin made it") };
        }
        let known_before = could_be.len() < candidates.len();
        // Somebody else's, or an entry that its agent took over.
        let back = candidates.iter().copied().filter(|&machine| came_back(node, ip, memory, &machines[machine]));
        let back: Vec<usize> = back.filter(|machine| !could_be.contains(machine) && !is_as_before(machine)).collect();
        let is_seen = |machine: usize| matches!(machines[machine].sighting, Sighting::Seen(_));
        let goes_on = |machine: usize| {
            let known = state.servers.get(&machines[machine].id);
            known.is_some_and(|server| server.work.goes_on_in(&node.builds))
                || hides_its_build(node) && was_at_work(memory) && is_active(&machines[machine])
        };
        let identity = match self.clear_match(node, &keyed, machines, &could_be) {
            Ok(Some(machine)) => {
                // The state of a server that exists says more than the name of one that does not. And an agent whose build
                // goes on stayed where it was, though another server has its address now.
                let stays =
                    |there: &usize| *there != machine && is_seen(*there) && (!is_seen(machine) || goes_on(*there));
                NodeIdentity::Of(remembered_machine.filter(stays).unwrap_or(machine))
            }
            Ok(None) => match (remembered_machine, remembered) {
                (Some(machine), _) => NodeIdentity::Of(machine),
                (None, Some(id)) => NodeIdentity::Former(id.clone()),
                (None, None) if self.is_marked(node) => self.marked(node, memory, machines, &could_be),
                (None, None) if could_be.is_empty() && !back.is_empty() => NodeIdentity::Doubtful(doubt(
                    machines,
                    &back,
                    "was there before and has come back with the address of",
                )),
                (None, None) if could_be.is_empty() && known_before => {
                    NodeIdentity::Foreign("it was online before the server that its name resembles was ordered")
                }
                (None, None) if could_be.is_empty() => {
                    NodeIdentity::Foreign("no server of ours carries its name or address")
                }
                (None, None) => NodeIdentity::Doubtful(doubt(machines, &could_be, "does not map clearly to")),
            },
            Err(reason) => NodeIdentity::Doubtful(reason),
        };
        let own = identity.machine();
        let mut doubts = Vec::new();
        if own.is_none() {
            doubts.clone_from(&could_be);
            doubts.extend(remembered_machine.filter(|machine| !could_be.contains(machine)));
            doubts.extend(back.into_iter().filter(|machine| remembered_machine != Some(*machine)));
        }
        let is_where_it_was = remembered_machine.is_some_and(|machine| has_address_of(&machines[machine], ip));
        let others = candidates.into_iter().filter(|machine| {
            let by_address = has_address_of(&machines[*machine], ip);
            let may_have_moved = !is_where_it_was || came_back(node, ip, memory, &machines[*machine]);
            let entry_of_ours = remembered.is_some() && by_address && may_have_moved && !is_as_before(machine);
            own != Some(*machine) && (entry_of_ours || could_be.contains(machine) && (by_address || ip.is_none()))
        });
        let namesakes = others.filter(|machine| !doubts.contains(machine)).collect();
        Candidates { identity, doubts, namesakes }
    }

    /// Whether the node's description names its owner. Anybody can write such a description, so ours counts only where
    /// this installation makes nodes.
    fn is_marked(&self, node: &Node) -> bool {
        node.mark.as_ref().is_some_and(|mark| self.makes_nodes || mark.owner != *self.owner)
    }

    /// What a node is that some mita made, and that neither its name nor its address leads to: a server can have lost its
    /// address, or never have been made.
    fn marked(
        &self,
        node: &Node,
        memory: Option<&NodeMemory>,
        machines: &[Machine<'_>],
        could_be: &[usize],
    ) -> NodeIdentity {
        let Some(mark) = node.mark.as_ref().filter(|mark| mark.owner == *self.owner) else {
            return NodeIdentity::Foreign("another installation of mita made it");
        };
        match (self.keys.get(mark.id.as_str()).map_or(&[][..], Vec::as_slice), could_be) {
            // mita makes a node after it decided on the order, or with it.
            (&[one], _) if was_online_before(memory, machines[one].origin) => {
                NodeIdentity::Foreign("it was online before the server that its description names was ordered")
            }
            (&[one], _) => NodeIdentity::Of(one),
            ([], []) => NodeIdentity::MadeFor(mark.id.clone()),
            ([], several) | (several, _) => NodeIdentity::Doubtful(doubt(machines, several, "does not map clearly to")),
        }
    }

    /// Whether the node was that of a server of ours which is gone, or has lost the address in the node's name: where it
    /// works all the same, another server took the entry over, however long it has been in Jenkins.
    fn lost_its_server(&self, ip: Option<IpAddr>, memory: Option<&NodeMemory>, machines: &[Machine<'_>]) -> bool {
        let Some(id) = memory.and_then(|memory| memory.server.as_ref()) else { return false };
        let holders = self.keys.get(id.as_str()).into_iter().flatten().map(|&machine| &machines[machine]);
        let mut there = holders.filter(|machine| machine.server_id.as_ref() == Some(id));
        !there.any(|machine| !matches!(machine.sighting, Sighting::Gone) && !lost_address(machine, ip))
    }

    /// The one machine that the node clearly is; an error where the evidence contradicts itself.
    fn clear_match(
        &self,
        node: &Node,
        keyed: &[usize],
        machines: &[Machine<'_>],
        could_be: &[usize],
    ) -> Result<Option<usize>, String> {
        let convention = node.name.convention();
        let has_address = |machine: &usize| has_address_of(&machines[*machine], convention.ip);
        let by_key: Vec<usize> = could_be.iter().copied().filter(|machine| keyed.contains(machine)).collect();
        let by_name: Vec<usize> = if by_key.is_empty() {
            let named = could_be.iter().copied().filter(|&machine| machines[machine].name == convention.base);
            named.filter(|machine| convention.ip.is_none() || has_address(machine)).collect()
        } else {
            by_key.clone()
        };
        let by_ip: Vec<usize> = could_be.iter().copied().filter(has_address).collect();
        let fitting: Vec<usize> = by_ip
            .iter()
            .copied()
            .filter(|&machine| self.base_fits(convention.base, node, &machines[machine]))
            .collect();
        match (by_name.as_slice(), fitting.as_slice()) {
            ([], []) => Ok(None),
            // The base is the type of both, and only one of them has it for a name, too.
            (&[one], others)
                if by_key.is_empty() && others.iter().any(|&other| other != one) && others.contains(&one) =>
            {
                Err(doubt(machines, others, "fits more than one server:"))
            }
            (&[one], _) if by_ip.is_empty() || by_ip.contains(&one) => {
                let plain = by_key.is_empty() && convention.ip.is_none();
                let forgotten = plain && machines[one].origin == Origin::Found;
                let other_type = !by_key.is_empty() && self.names_another_type(convention.base, &machines[one]);
                if forgotten || other_type { Ok(None) } else { Ok(Some(one)) }
            }
            // A base that is no node type does not say which of several servers with the address is meant.
            ([], &[one]) if by_ip.len() == 1 || self.is_type(convention.base) => Ok(Some(one)),
            ([], [_]) => Err(doubt(machines, &by_ip, "fits more than one server:")),
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
}

/// Whether the server lacks the address in a node's name. One that runs and has none at all may be shown without it.
fn lost_address(machine: &Machine<'_>, ip: Option<IpAddr>) -> bool {
    let lost = |server: &Server| !server.addresses.is_empty() || server.state != ServerState::Active;
    ip.is_some() && !has_address_of(machine, ip) && machine.server().is_some_and(lost)
}

/// Whether a build runs there that Jenkins does not name: mita's user may not read the job, or the build is a part of a
/// pipeline of an old plugin (hudson/model/Executor.java, `getCurrentExecutableForApi`).
fn hides_its_build(node: &Node) -> bool {
    let busy = node.executors.saturating_sub(node.idle_executors);
    !node.idle && usize::try_from(busy).is_ok_and(|busy| node.builds.is_empty() || node.builds.len() < busy)
}

/// Whether the last run that saw the node saw it at work, which may be the same work.
fn was_at_work(memory: Option<&NodeMemory>) -> bool {
    memory.is_some_and(|memory| memory.idle.is_none() && memory.offline.is_none() && memory.worked_at.is_some())
}

fn is_active(machine: &Machine<'_>) -> bool {
    machine.server().is_some_and(|server| server.state == ServerState::Active)
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

/// Whether the node has not changed since before the server was ordered: it was set offline, or without its agent in the
/// middle of a build, and still is. No agent of the server connected to it, and no person meant the server.
fn is_as_before(node: &Node, memory: Option<&NodeMemory>, origin: Origin) -> bool {
    let unchanged = memory.and_then(|memory| memory.unchanged.as_ref());
    match (unchanged, origin, Unchanged::of(node, u64::MAX)) {
        (Some(unchanged), Origin::Ordered(run), Some(now)) => now.is_as(unchanged) && unchanged.since <= run,
        (None, _, _) | (_, Origin::Found, _) | (_, _, None) => false,
    }
}

/// Whether a node that was there before was away after the server was ordered, or is now, and works under its address.
fn came_back(node: &Node, ip: Option<IpAddr>, memory: Option<&NodeMemory>, machine: &Machine<'_>) -> bool {
    let away = memory.and_then(|memory| memory.last_away);
    let since = match machine.origin {
        Origin::Ordered(run) => away.is_some_and(|away| away >= run),
        Origin::Found => away.is_some(),
    };
    // The run that sees it away for the first time does not remember it yet.
    let is_away = memory.is_some_and(|memory| memory.first_online.is_some()) && node.presence != Presence::Online;
    (since || is_away) && works(node) && has_address_of(machine, ip)
}

fn names(machines: &[Machine<'_>], which: &[usize]) -> String {
    let ids: Vec<&str> = which.iter().map(|&machine| machines[machine].id.as_str()).collect();
    ids.join(", ")
}

fn doubt(machines: &[Machine<'_>], which: &[usize], what: &str) -> String {
    format!("{what} {}: nothing is touched; name the node base+IP, or delete it", names(machines, which))
}
