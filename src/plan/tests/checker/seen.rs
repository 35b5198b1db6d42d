//! What was seen and is remembered, read by the words of the design alone.

use crate::config::{Config, Registration};
use crate::domain::installation::Controller;
use crate::domain::names::{NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::state::{Origin, ServerMemory, SetOfflineBy, Standstill, State};
use crate::domain::world::*;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Servers by id, each with all providers that showed it.
type Listed<'a> = BTreeMap<&'a ServerId, (Vec<&'a ProviderName>, &'a Server)>;

pub(super) struct Seen<'a> {
    pub(super) config: &'a Config,
    pub(super) world: &'a World,
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    by_id: BTreeMap<&'a ServerId, &'a ServerMemory>,
    shown: Listed<'a>,
    ours: Listed<'a>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(config: &'a Config, world: &'a World, state: &'a State, now: Timestamp) -> Self {
        let by_id = state.servers.values().filter_map(|memory| Some((memory.server_id.as_ref()?, memory))).collect();
        let mut shown: Listed<'_> = BTreeMap::new();
        for provider in &config.providers {
            let Some((name, cloud)) = world.clouds.iter().find(|(name, _)| **name == provider.name) else { continue };
            let found = cloud.by_id.values().filter_map(|lookup| match lookup {
                Lookup::Found(server) => Some(server),
                Lookup::Gone | Lookup::Unavailable(_) => None,
            });
            for server in cloud.servers.complete().into_iter().flatten().chain(found) {
                shown.entry(&server.id).or_insert((Vec::new(), server)).0.push(name);
            }
        }
        let mut seen = Self { config, world, state, now, by_id, shown, ours: BTreeMap::new() };
        let ours = seen.shown.iter().filter(|(_, (_, server))| seen.is_ours(server));
        seen.ours = ours.map(|(id, server)| (*id, server.clone())).collect();
        seen
    }

    /// Whether a server has our mark: our owner, and our controller, none, or one that this state ordered under.
    fn is_ours(&self, server: &Server) -> bool {
        let Some(mark) = server.mark.as_ref().filter(|mark| mark.owner == self.config.owner) else { return false };
        let jenkins = &self.config.jenkins;
        let mut urls = jenkins.former_urls.iter().chain([&jenkins.url]);
        mark.controller.as_ref().is_none_or(|controller| urls.any(|url| Controller::at(url) == *controller))
            || self.remembered(&server.id).is_some_and(|memory| matches!(memory.origin, Origin::Ordered(_)))
    }

    /// The node type of a server: the one that this state ordered, whatever its mark says now.
    pub(super) fn kind_of(&self, server: &'a Server) -> Option<&'a NodeTypeName> {
        let by_order = || {
            let memory = self.state.servers.get(&server.mark.as_ref()?.id)?;
            memory.server_id.is_none().then_some(memory)
        };
        let ordered = self.remembered(&server.id).or_else(by_order).filter(|memory| memory.origin != Origin::Found);
        ordered.map(|memory| &memory.node_type).or(server.mark.as_ref().map(|mark| &mark.node_type))
    }

    /// Every server that a configured cloud showed.
    pub(super) fn shown(&self) -> &Listed<'a> {
        &self.shown
    }

    /// Those with our mark.
    pub(super) fn ours(&self) -> &Listed<'a> {
        &self.ours
    }

    pub(super) fn remembered(&self, id: &ServerId) -> Option<&'a ServerMemory> {
        self.by_id.get(id).copied()
    }

    /// What is remembered of a server, by its id or else by its order.
    fn memory_of(&self, server: &Server) -> Option<&'a ServerMemory> {
        let by_mark = || self.state.servers.get(&server.mark.as_ref()?.id).filter(|memory| memory.server_id.is_none());
        self.remembered(&server.id).or_else(by_mark)
    }

    /// Whether somebody took the mark of a remembered server away, or it never was ours.
    pub(super) fn is_disowned(&self, id: &ServerId) -> bool {
        let shown = self.shown().get(id).is_some_and(|(_, server)| server.shown == Shown::Whole);
        shown && !self.ours().contains_key(id)
    }

    /// Whether the agent of a remembered server is connected to its node.
    pub(super) fn has_agent(&self, memory: &ServerMemory) -> bool {
        let nodes = self.world.jenkins.nodes.complete().into_iter().flatten();
        let of_server = |node: &&Node| self.state.nodes.get(&node.name).and_then(|known| known.server.as_ref());
        let mut own = nodes.filter(|node| memory.server_id.is_some() && of_server(node) == memory.server_id.as_ref());
        own.any(Node::has_agent)
    }

    /// Where what is remembered at a provider is to be found now.
    pub(super) fn place(&self, remembered: &'a ProviderName) -> &'a ProviderName {
        let known = |name: &ProviderName| self.config.providers.iter().any(|provider| provider.name == *name);
        let moved = |(at, server): &(Vec<&'a ProviderName>, &'a Server)| {
            let memory = self.memory_of(server).filter(|memory| memory.provider == *remembered)?;
            (!at.contains(&&memory.provider)).then(|| at[0])
        };
        if known(remembered) { remembered } else { self.ours().values().find_map(moved).unwrap_or(remembered) }
    }

    pub(super) fn nodes(&self) -> &'a [Node] {
        self.world.jenkins.nodes.complete().map_or(&[], Vec::as_slice)
    }

    pub(super) fn node(&self, name: &NodeName) -> Option<&'a Node> {
        self.nodes().iter().find(|node| node.name == *name)
    }

    /// The run that ordered a server, as far as is remembered.
    pub(super) fn ordered_in(&self, server: &Server) -> Option<u64> {
        match self.memory_of(server)?.origin {
            Origin::Ordered(run) => Some(run),
            Origin::Found => None,
        }
    }

    /// Whether the node was somebody else's before the server was ordered. An entry of ours that works may have changed
    /// hands since: for certain where its own server is gone, perhaps where it has the other's address.
    pub(super) fn was_before(&self, node: &Node, server: &Server) -> bool {
        let Some(memory) = self.state.nodes.get(&node.name) else { return false };
        let online = memory.first_online.zip(self.ordered_in(server)).is_some_and(|(online, run)| online <= run);
        let changed_hands = memory.server.as_ref().is_some_and(|own| {
            let works = node.presence == Presence::Online || !node.idle;
            let has_address =
                |server: &Server| node.name.convention().ip.is_some_and(|ip| server.addresses.contains(&ip));
            let away = memory.last_away.is_some_and(|away| self.ordered_in(server).is_none_or(|run| away >= run));
            let stayed = self.ours().get(own).is_some_and(|(_, own)| has_address(own)) && !away;
            own == &server.id || works && (has_address(server) && !stayed || self.is_gone(own))
        });
        !keyed(node, server) && (online && !changed_hands || self.stood_still(node, server))
    }

    /// Whether the node was already without an agent that works, and as busy and held as it is, when the server was ordered.
    fn stood_still(&self, node: &Node, server: &Server) -> bool {
        let unchanged = self.state.nodes.get(&node.name).and_then(|memory| memory.unchanged);
        let Some((unchanged, run)) = unchanged.zip(self.ordered_in(server)) else { return false };
        let set_offline = node.presence.cause().is_some();
        let same = match unchanged.standstill {
            Standstill::SetOffline => set_offline && node.idle,
            Standstill::Lost => node.presence == Presence::Disconnected && !node.idle,
            Standstill::BusySetOffline => set_offline && !node.idle,
        };
        same && unchanged.since <= run
    }

    fn is_gone(&self, id: &ServerId) -> bool {
        let known = self.state.servers.values().any(|memory| memory.server_id.as_ref() == Some(id));
        let answered = self.world.clouds.values().any(|cloud| cloud.by_id.get(id) == Some(&Lookup::Gone));
        !self.ours().contains_key(id) && (!known || answered)
    }

    /// Whether the node could be the server: by its name, its address, or else by what is remembered of it. A node of
    /// another class of computer could be it as well.
    pub(super) fn could_be(&self, node: &Node, server: &Server) -> bool {
        let memory = self.state.nodes.get(&node.name);
        let remembered = memory.is_some_and(|memory| memory.server.as_ref() == Some(&server.id));
        let of_another = || {
            let ours = self.ours();
            let others = ours.values().map(|(_, other)| other).filter(|other| other.id != server.id);
            self.is_a_known_order(node) || others.into_iter().any(|other| names(node, other))
        };
        node.kind != NodeKind::BuiltIn
            && !self.was_before(node, server)
            && (names(node, server) || remembered && !of_another())
    }

    /// Whether the node has the name of a type alone and was there while a node with the server's id or address had its agent:
    /// it is surely not the server, unless it was before and still works.
    pub(super) fn is_beside_its_own(&self, node: &Node, server: &Server) -> bool {
        let known = self.state.nodes.get(&node.name);
        let was_its_own = known.is_some_and(|known| {
            known.server.as_ref() == Some(&server.id) && known.first_online.is_some() && !node.idle
        });
        let is_plain = node.name.convention().ip.is_none() && node.name.as_str() == server.name && !keyed(node, server);
        if !is_plain || was_its_own {
            return false;
        }
        let holders = |ip| self.ours().values().filter(|(_, other)| other.addresses.contains(&ip)).count();
        let is_own = |other: &Node| {
            let ip = other.name.convention().ip.filter(|ip| server.addresses.contains(ip) && holders(*ip) == 1);
            (keyed(other, server) || ip.is_some()) && (other.connected || other.presence == Presence::Online)
        };
        let memory = self.memory_of(server).filter(|memory| memory.retirement.is_some());
        let connected = memory.and_then(|memory| memory.last_connected);
        let since = known.and_then(|known| if node.idle { Some(known.first_seen) } else { known.first_online });
        let was_there = since.zip(connected).is_some_and(|(since, connected)| since <= connected);
        was_there || self.nodes().iter().any(is_own)
    }

    /// Whether the node's name is the id of an order or of a server that is remembered.
    fn is_a_known_order(&self, node: &Node) -> bool {
        let base = node.name.convention().base;
        self.state.servers.iter().any(|(order, memory)| {
            let keys = [Some(order.as_str()), memory.server_id.as_ref().map(ServerId::as_str)];
            [node.name.as_str(), base].iter().any(|name| keys.contains(&Some(name)))
        })
    }

    /// Whether nothing leads from the node to a server of ours.
    pub(super) fn leads_nowhere(&self, node: &Node) -> bool {
        let remembered = self.state.nodes.get(&node.name).is_some_and(|memory| memory.server.is_some());
        let base = node.name.convention().base;
        // One without an address may have run with any.
        let leads_to =
            |server: &Server| names(node, server) || server.addresses.is_empty() && server.name.as_str() == base;
        let named = self.ours().values().any(|(_, server)| leads_to(server));
        let nodes_of_known = self.state.servers.values().any(|memory| memory.name == node.name.as_str());
        !remembered && !named && !nodes_of_known && !self.is_a_known_order(node) && node.mark.is_none()
    }

    /// Whether mita makes nodes, so that its description on one proves something.
    pub(super) fn makes_nodes(&self) -> bool {
        self.config.node_types.iter().any(|kind| kind.registration != Registration::Elsewhere)
    }

    /// Whether a text is the name of a node type, configured or of a server that is left.
    fn is_type(&self, text: &str) -> bool {
        let ours = self.ours();
        let is_not_ours_now = |id: &ServerId| self.shown().contains_key(id) && !ours.contains_key(id);
        let is_left = |memory: &&ServerMemory| !memory.server_id.as_ref().is_some_and(is_not_ours_now);
        let mut kinds = ours.values().filter_map(|(_, server)| self.kind_of(server));
        self.config.node_types.iter().any(|kind| kind.name.as_str() == text)
            || kinds.any(|kind| kind.as_str() == text)
            || self.state.servers.values().filter(is_left).any(|memory| memory.node_type.as_str() == text)
    }

    /// Whether the node is deleted with the server: it maps to it by its name, its address or its labels, by what mita
    /// wrote into it, or by what is remembered.
    pub(super) fn maps_to(&self, node: &Node, server: &Server) -> bool {
        let Some(mark) = &server.mark else { return false };
        let convention = node.name.convention();
        let base = convention.base;
        let by_address = convention.ip.is_some_and(|ip| server.addresses.contains(&ip));
        let own = self.kind_of(server);
        let labels = own.and_then(|kind| self.config.node_type(kind)).map(|kind| &kind.labels);
        let has_labels = labels.is_some_and(|labels| !labels.is_empty() && node.labels.contains_all(labels));
        let of_base =
            own.is_some_and(|kind| kind.as_str() == base) || base == server.name || !self.is_type(base) && has_labels;
        let known = self.state.nodes.get(&node.name);
        let remembered = known.and_then(|memory| memory.server.as_ref());
        let was_listed = known.zip(self.ordered_in(server)).is_some_and(|(known, run)| known.first_seen <= run);
        let plain = convention.ip.is_none() && base == server.name && (remembered.is_some() || !was_listed);
        let made = node.mark.as_ref().is_some_and(|made| made.owner == mark.owner && made.id == mark.id);
        keyed(node, server)
            || by_address && of_base
            || plain
            || remembered == Some(&server.id)
            || made && self.makes_nodes()
    }
}

/// Whether the node has the server's name or an address of it.
fn names(node: &Node, server: &Server) -> bool {
    let convention = node.name.convention();
    let by_address = convention.ip.is_some_and(|ip| server.addresses.contains(&ip));
    by_address || keyed(node, server) || convention.base == server.name && convention.ip.is_none()
}

/// Whether the node is named by the order, the server's id or its unique name.
pub(super) fn keyed(node: &Node, server: &Server) -> bool {
    let mark = server.mark.as_ref().map(|mark| mark.id.as_str()).unwrap_or_default();
    let mut keys = vec![mark, server.id.as_str()];
    keys.extend(Some(server.name.as_str()).filter(|name| name.contains(mark)));
    [node.name.as_str(), node.name.convention().base].iter().any(|name| keys.contains(name))
}

/// S7: temporarily offline for a cause that is neither ours nor a monitor's, or for one that nobody knows.
pub(super) fn held(seen: &Seen<'_>, node: &Node) -> bool {
    let (OfflineCause { class, reason, by: _, since: _ }, marked) = match &node.presence {
        Presence::SetOffline(cause) => (cause, true),
        Presence::DisconnectedBy(cause) => (cause, false),
        // Jenkins forgets who disconnected an agent when it launches that again.
        Presence::Disconnected => {
            let known = seen.state.nodes.get(&node.name);
            return known.is_some_and(|known| known.is_cut && known.set_offline_by == Some(SetOfflineBy::Person));
        }
        Presence::Online => return false,
    };
    let class = class.as_deref().unwrap_or_default();
    let ours = reason.contains("mita retires this node: owner=ci server=");
    let remembered = seen.state.nodes.get(&node.name).and_then(|memory| memory.set_offline_by);
    let known = seen.state.nodes.get(&node.name);
    let retiring = seen.state.servers.iter().any(|(order, memory)| {
        let under_way = memory.retirement.is_some() || memory.asked.is_some();
        let seen_there = seen
            .ours()
            .values()
            .any(|(_, server)| memory.server_id.as_ref() == Some(&server.id) && seen.could_be(node, server));
        // Of a server that is gone, its name and what is remembered are all that is left.
        let remembered = memory.node.as_ref() == Some(&node.name)
            || known.is_some_and(|known| known.server.is_some() && known.server == memory.server_id)
            || node.name.convention().base == memory.name
            || node.mark.as_ref().is_some_and(|mark| mark.id == *order);
        under_way && (seen_there || remembered)
    });
    let by_monitor = class.starts_with("hudson.node_monitors.") && !class.ends_with("ResponseTimeMonitor$Data");
    if ours || by_monitor {
        false
    } else if class.ends_with("UserCause") || !marked {
        true
    } else {
        remembered.map_or(!retiring, |by| by == SetOfflineBy::Person)
    }
}
