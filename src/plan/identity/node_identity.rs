//! Which server a Jenkins node belongs to, by its name, by the address in it, and by the state.

use super::index::{Index, has_address_of};
use crate::domain::names::{Convention, ServerId};
use crate::domain::state::{NodeMemory, Origin, State, Unchanged};
use crate::domain::world::{Mark, Node, NodeKind, Presence, Server, ServerState};
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
        if node.kind == NodeKind::BuiltIn {
            return Candidates::foreign("the built-in node");
        }
        let evidence = Evidence::of(self, node, state, machines);
        if matches!(node.kind, NodeKind::CloudPlugin(_)) {
            let namesakes = evidence.namesakes_of_a_plugins_node();
            return Candidates { namesakes, ..Candidates::foreign("a cloud plugin made it") };
        }
        let back = evidence.back();
        let identity = evidence.identity(&back);
        let own = identity.machine();
        let doubts = if own.is_none() { evidence.doubts(back) } else { Vec::new() };
        let namesakes = evidence.namesakes(own, &doubts);
        Candidates { identity, doubts, namesakes }
    }
}

impl Candidates {
    fn foreign(why: &'static str) -> Self {
        Candidates { identity: NodeIdentity::Foreign(why), doubts: Vec::new(), namesakes: Vec::new() }
    }
}

/// What a node's name, its address and the state say of it. Machines are indices.
struct Evidence<'a> {
    index: &'a Index<'a>,
    node: &'a Node,
    state: &'a State,
    machines: &'a [Machine<'a>],
    base: &'a str,
    ip: Option<IpAddr>,
    memory: Option<&'a NodeMemory>,
    /// Those whose ids are in its name.
    keyed: Vec<usize>,
    /// Those that its name or its address leads to.
    candidates: Vec<usize>,
    /// Those of them that were ordered before it came, or that it came back as.
    could_be: Vec<usize>,
    /// The server that the state has for it.
    remembered: Option<&'a ServerId>,
    /// The machine of that server, if it is still there.
    remembered_machine: Option<usize>,
}

impl<'a> Evidence<'a> {
    fn of(index: &'a Index<'a>, node: &'a Node, state: &'a State, machines: &'a [Machine<'a>]) -> Self {
        let memory = state.nodes.get(&node.name);
        let Convention { base, ip } = node.name.convention();
        let keyed = index.keyed(&node.name, base);
        let candidates = index.candidates(&keyed, base, ip);
        let remembered = memory.and_then(|memory| memory.server.as_ref());
        let mut evidence = Self {
            index,
            node,
            state,
            machines,
            base,
            ip,
            memory,
            keyed,
            candidates,
            could_be: Vec::new(),
            remembered,
            remembered_machine: None,
        };
        let remembered_machine = evidence.holders().next();
        evidence.remembered_machine = remembered_machine;
        evidence.could_be = evidence.came_after();
        evidence
    }

    /// The machines of the server that the state has for it.
    fn holders(&self) -> impl Iterator<Item = usize> {
        let keyed = self.remembered.and_then(|id| self.index.keys.get(id.as_str())).into_iter().flatten().copied();
        keyed.filter(|&machine| self.machines[machine].server_id.as_ref() == self.remembered)
    }

    /// The candidates that the node can be by the time at which it came.
    fn came_after(&self) -> Vec<usize> {
        let Self { node, memory, .. } = self;
        let lost_its_server = (works(node) || node.connected) && self.lost_its_server();
        let changed_hands = works(node) && lost_its_server;
        // A hold does not keep the agent of another server from connecting.
        let taken_over = node.connected && lost_its_server;
        let came_after = |machine: &usize| {
            let may_have_come = changed_hands || !was_online_before(*memory, self.machines[*machine].origin);
            // Nobody else's node has the id of an order or of a server for its name, whenever it came.
            self.keyed.contains(machine) || taken_over || may_have_come && !self.is_as_before(*machine)
        };
        self.candidates.iter().copied().filter(came_after).collect()
    }

    /// Whether the node was that of a server of ours which is gone, or has lost the address in the node's name: where it
    /// works all the same, another server took the entry over, however long it has been in Jenkins.
    fn lost_its_server(&self) -> bool {
        let has_it = |machine: usize| {
            let machine = &self.machines[machine];
            !matches!(machine.sighting, Sighting::Gone) && !lost_address(machine, self.ip)
        };
        self.remembered.is_some() && !self.holders().any(has_it)
    }

    /// Whether the node has not changed since before the machine was ordered.
    fn is_as_before(&self, machine: usize) -> bool {
        is_as_before(self.node, self.memory, self.machines[machine].origin)
    }

    fn has_address_of(&self, machine: usize) -> bool {
        has_address_of(&self.machines[machine], self.ip)
    }

    fn came_back(&self, machine: usize) -> bool {
        came_back(self.node, self.ip, self.memory, &self.machines[machine])
    }

    /// Candidates that it came back as, though it was there before them: somebody else's node, or an entry that their agent
    /// took over.
    fn back(&self) -> Vec<usize> {
        let back = self.candidates.iter().copied().filter(|machine| self.came_back(*machine));
        back.filter(|machine| !self.could_be.contains(machine) && !self.is_as_before(*machine)).collect()
    }

    fn identity(&self, back: &[usize]) -> NodeIdentity {
        match self.clear_match() {
            Ok(Some(machine)) => {
                // The state of a server that exists says more than the name of one that does not. And an agent whose build
                // goes on stayed where it was, though another server has its address now.
                let stays = |there: &usize| {
                    *there != machine && self.is_seen(*there) && (!self.is_seen(machine) || self.goes_on(*there))
                };
                NodeIdentity::Of(self.remembered_machine.filter(stays).unwrap_or(machine))
            }
            Ok(None) => match (self.remembered_machine, self.remembered) {
                (Some(machine), _) => NodeIdentity::Of(machine),
                (None, Some(id)) => NodeIdentity::Former(id.clone()),
                (None, None) if self.is_marked() => self.marked(),
                (None, None) => self.without_a_match(back),
            },
            Err(reason) => NodeIdentity::Doubtful(reason),
        }
    }

    fn is_seen(&self, machine: usize) -> bool {
        matches!(self.machines[machine].sighting, Sighting::Seen(_))
    }

    /// Whether a build of the machine goes on in the node, as far as can be seen.
    fn goes_on(&self, machine: usize) -> bool {
        let known = self.state.servers.get(&self.machines[machine].id);
        known.is_some_and(|server| server.work.goes_on_in(&self.node.builds))
            || hides_its_build(self.node) && was_at_work(self.memory) && is_active(&self.machines[machine])
    }

    /// Whether the node's description names its owner. Anybody can write such a description, so ours counts only where
    /// this installation makes nodes, or the state remembers that it made this one.
    fn is_marked(&self) -> bool {
        let is_remembered = |mark: &Mark| self.memory.is_some_and(|known| known.made_for.as_ref() == Some(&mark.id));
        let counts = |mark: &Mark| self.index.makes_nodes || mark.owner != *self.index.owner || is_remembered(mark);
        self.node.mark.as_ref().is_some_and(counts)
    }

    /// What a node is that some mita made, and that neither its name nor its address leads to: a server can have lost its
    /// address, or never have been made.
    fn marked(&self) -> NodeIdentity {
        let Some(mark) = self.node.mark.as_ref().filter(|mark| mark.owner == *self.index.owner) else {
            return NodeIdentity::Foreign("another installation of mita made it");
        };
        match (self.index.keys.get(mark.id.as_str()).map_or(&[][..], Vec::as_slice), &self.could_be[..]) {
            // mita makes a node after it decided on the order, or with it.
            (&[one], _) if was_online_before(self.memory, self.machines[one].origin) => {
                NodeIdentity::Foreign("it was online before the server that its description names was ordered")
            }
            (&[one], _) => NodeIdentity::Of(one),
            ([], []) => NodeIdentity::MadeFor(mark.id.clone()),
            ([], several) | (several, _) => self.doubtful(several, "does not map clearly to"),
        }
    }

    /// What a node is that nothing ties to one machine alone.
    fn without_a_match(&self, back: &[usize]) -> NodeIdentity {
        if !self.could_be.is_empty() {
            self.doubtful(&self.could_be, "does not map clearly to")
        } else if !back.is_empty() {
            self.doubtful(back, "was there before and has come back with the address of")
        } else if !self.candidates.is_empty() {
            NodeIdentity::Foreign("it was online before the server that its name resembles was ordered")
        } else {
            NodeIdentity::Foreign("no server of ours carries its name or address")
        }
    }

    fn doubtful(&self, which: &[usize], what: &str) -> NodeIdentity {
        NodeIdentity::Doubtful(self.doubt(which, what))
    }

    fn doubt(&self, which: &[usize], what: &str) -> String {
        format!("{what} {}: nothing is touched; name the node base+IP, or delete it", self.names(which))
    }

    fn names(&self, which: &[usize]) -> String {
        let ids: Vec<&str> = which.iter().map(|&machine| self.machines[machine].id.as_str()).collect();
        ids.join(", ")
    }

    /// Every machine that a node which is no machine's own could be.
    fn doubts(&self, back: Vec<usize>) -> Vec<usize> {
        let mut doubts = self.could_be.clone();
        doubts.extend(self.remembered_machine.filter(|machine| !self.could_be.contains(machine)));
        doubts.extend(back.into_iter().filter(|machine| self.remembered_machine != Some(*machine)));
        doubts
    }

    /// Machines that the node of another one leads to as well.
    fn namesakes(&self, own: Option<usize>, doubts: &[usize]) -> Vec<usize> {
        let is_where_it_was = self.remembered_machine.is_some_and(|machine| self.has_address_of(machine));
        let is_namesake = |machine: usize| {
            let by_address = self.has_address_of(machine);
            let may_have_moved = !is_where_it_was || self.came_back(machine);
            let entry_of_ours =
                self.remembered.is_some() && by_address && may_have_moved && !self.is_as_before(machine);
            let was_its_own = self.remembered_machine == Some(machine) && by_address;
            entry_of_ours || was_its_own || self.could_be.contains(&machine) && (by_address || self.ip.is_none())
        };
        let others = self.candidates.iter().copied().filter(|machine| own != Some(*machine));
        let others = others.filter(|machine| !doubts.contains(machine) && is_namesake(*machine));
        let namesakes: BTreeSet<usize> = others.chain(self.copied_from(own)).collect();
        namesakes.into_iter().collect()
    }

    /// The machines of the order that its description names, though it was written for a node of another name.
    fn copied_from(&self, own: Option<usize>) -> impl Iterator<Item = usize> {
        let made_for = self.node.copied_mark.iter().flat_map(|mark| self.index.made_for(mark));
        made_for.filter(move |machine| own != Some(*machine))
    }

    /// Machines that are as busy as a node which a cloud plugin made.
    fn namesakes_of_a_plugins_node(&self) -> Vec<usize> {
        let entry_of_ours = |machine: &usize| self.remembered.is_some() && self.has_address_of(*machine);
        let ours = self.candidates.iter().copied().filter(entry_of_ours);
        let namesakes: BTreeSet<usize> = ours
            .chain(self.could_be.iter().copied())
            .chain(self.remembered_machine)
            .chain(self.copied_from(None))
            .collect();
        namesakes.into_iter().collect()
    }

    /// Whether the node was listed before the server was ordered, and was none of ours then, or whether that is not known.
    fn may_have_been_there(&self, origin: Origin) -> bool {
        let run = match origin {
            Origin::Ordered(run) => run,
            Origin::Found => return true,
        };
        self.memory.is_some_and(|known| known.server.is_none() && known.first_seen <= run)
    }

    /// The one machine that the node clearly is; an error where the evidence contradicts itself.
    fn clear_match(&self) -> Result<Option<usize>, String> {
        let Self { index, base, ip, .. } = self;
        let those = |fits: &dyn Fn(usize) -> bool| -> Vec<usize> {
            self.could_be.iter().copied().filter(|&machine| fits(machine)).collect()
        };
        let by_key = those(&|machine| self.keyed.contains(&machine));
        let by_name = if by_key.is_empty() {
            those(&|machine| self.machines[machine].name == *base && (ip.is_none() || self.has_address_of(machine)))
        } else {
            by_key.clone()
        };
        let by_ip = those(&|machine| self.has_address_of(machine));
        let fits = |machine: &usize| index.base_fits(base, self.node, &self.machines[*machine]);
        let fitting: Vec<usize> = by_ip.iter().copied().filter(fits).collect();
        match (by_name.as_slice(), fitting.as_slice()) {
            ([], []) => Ok(None),
            // The base is the type of both, and only one of them has it for a name, too.
            (&[one], others)
                if by_key.is_empty() && others.iter().any(|&other| other != one) && others.contains(&one) =>
            {
                Err(self.doubt(others, "fits more than one server:"))
            }
            (&[one], _) if by_ip.is_empty() || by_ip.contains(&one) => {
                let plain = by_key.is_empty() && ip.is_none();
                let unsure = plain && self.may_have_been_there(self.machines[one].origin);
                let other_type = !by_key.is_empty() && index.names_another_type(base, &self.machines[one]);
                if unsure || other_type { Ok(None) } else { Ok(Some(one)) }
            }
            // A base that is no node type does not say which of several servers with the address is meant.
            ([], &[one]) if by_ip.len() == 1 || index.is_type(base) => Ok(Some(one)),
            ([], [_]) => Err(self.doubt(&by_ip, "fits more than one server:")),
            (&[one], others) => Err(format!(
                "its name says server {}, its address {}: nothing is touched; rename or delete the node",
                self.machines[one].id,
                self.names(if others.is_empty() { &by_ip } else { others }),
            )),
            (several, _) => {
                let several = if several.is_empty() { &fitting } else { several };
                Err(self.doubt(several, "fits more than one server:"))
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
