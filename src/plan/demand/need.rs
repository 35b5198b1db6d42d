//! What a queue item needs, from the first source that says it.

use crate::config::{Config, NodeType};
use crate::domain::label::Label;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::state::State;
use crate::domain::why::{Refusal, Why};
use crate::domain::world::{Node, NodeKind, Presence, QueueItem, Task};
use crate::plan::demand::serving::further_labels;
use crate::plan::identity::bearers::Bearers;
use crate::plan::identity::fleet::{Fleet, NodeIdentity};
use crate::plan::sightings::RESUMING;
use foldhash::{HashMap, HashSet};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What an item's fields say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This is what it needs.
    Known(Need),
    /// Jenkins has no agents and names no label.
    Hidden,
    /// A pipeline that waits for this node of ours to come back, which no new server can be.
    Resuming(NodeName),
    /// A label expression that is too long to be read.
    TooLong,
    /// Unknown: Jenkins says nothing that mita understands.
    Unknown,
}

/// The nodes of Jenkins that a reason can name.
pub struct NodeIndex<'a> {
    nodes: HashMap<&'a str, &'a Node>,
    built_in: Option<&'a Node>,
    has_agents: bool,
}

impl<'a> NodeIndex<'a> {
    /// All nodes by name.
    pub fn new(nodes: &'a [Node]) -> Self {
        Self {
            nodes: nodes.iter().map(|node| (node.name.as_str(), node)).collect(),
            built_in: nodes.iter().find(|node| node.kind == NodeKind::BuiltIn),
            // What is left of a node that was removed while busy is no agent: it has no executors and no labels.
            has_agents: nodes.iter().any(|node| node.kind != NodeKind::BuiltIn && node.executors > 0),
        }
    }

    /// Whether Jenkins has any agent. Without one, it names no label.
    pub fn has_agents(&self) -> bool {
        self.has_agents
    }

    /// The node of this name. Reasons call the built-in node by several names
    /// (hudson/model/Messages.properties, `Hudson.Computer.DisplayName`; hudson/model/Node.java, getDisplayName).
    pub fn find(&self, name: &str) -> Option<&'a Node> {
        let built_in = || self.built_in.filter(|_| matches!(name, "Jenkins" | "master" | "Built-In Node"));
        self.nodes.get(name).copied().or_else(built_in)
    }
}

/// Names that are, were or may be those of nodes of ours.
pub struct OurNames<'a> {
    known: HashSet<&'a NodeName>,
    types: HashMap<&'a NodeName, &'a NodeTypeName>,
    bearers: Bearers<'a>,
    config: &'a Config,
    state: &'a State,
}

impl<'a> OurNames<'a> {
    /// All that are remembered, those that the convention gives to the configured types, and those of nodes that may be a
    /// server of ours.
    pub fn of(config: &'a Config, state: &'a State, fleet: &'a Fleet<'a>) -> Self {
        let nodes = state.nodes.iter().filter(|(_, node)| node.server.is_some()).map(|(name, _)| name);
        let servers = state.servers.values().filter_map(|server| server.node.as_ref());
        let gone = state.gone_servers.values().filter_map(|gone| gone.node.as_ref());
        Self {
            known: nodes.chain(servers).chain(gone).collect(),
            types: types_of_nodes(state, fleet),
            bearers: Bearers::of(config, state, fleet),
            config,
            state,
        }
    }

    /// Whether a block can have run on the node before the item entered the queue: the node was online once, or Jenkins was
    /// restarted at about that time, and what was before it may be forgotten; but not where its server was ordered after
    /// that. A pipeline that waits for a node that still boots names it as well, where it is the only one with the label.
    fn can_have_had_a_block(&self, name: &NodeName, waited: SignedDuration) -> bool {
        let never_online = self.state.nodes.get(name).is_some_and(|node| node.first_online.is_none());
        let restarted = self.state.session.as_ref().and_then(|session| session.since);
        let server = self.state.servers.values().find(|server| server.node.as_ref() == Some(name));
        let after_restart = restarted.zip(self.state.last_run).is_some_and(|(restarted, now)| {
            let is_younger = server.is_some_and(|server| server.ordered_at >= restarted);
            // Both by our clock: that of Jenkins may show another time.
            !is_younger && (now.duration_since(restarted) - waited).abs() < RESUMING
        });
        !never_online || after_restart
    }

    /// Whether Jenkins may have been restarted after runs last saw the node online, and not long before the item entered the
    /// queue: only then does a block go on there. Nothing is known of a restart where no session is.
    pub(crate) fn may_have_restarted(&self, name: &NodeName, waited: SignedDuration) -> bool {
        let Some(session) = &self.state.session else { return true };
        let (Some(listed_in), Some(since), Some(now)) = (session.listed_in, session.since, self.state.last_run) else {
            return true;
        };
        let away_from = self.state.nodes.get(name).and_then(|node| node.away_from);
        away_from.is_none_or(|away_from| listed_in >= away_from) && now.duration_since(since) - waited < RESUMING
    }

    fn contain(&self, name: &NodeName) -> bool {
        let convention = name.convention();
        let by_type = || self.config.node_types.iter().any(|kind| kind.name.as_str() == convention.base);
        self.known.contains(name) || convention.ip.is_some() && by_type() || !self.machines(name).is_empty()
    }

    /// Every machine of ours (index) that the node of this name may be.
    pub(crate) fn machines(&self, name: &NodeName) -> BTreeSet<usize> {
        self.bearers.machines(name)
    }
}

/// The node types of servers of ours by their nodes, also of such as are gone.
fn types_of_nodes<'a>(state: &'a State, fleet: &'a Fleet<'a>) -> HashMap<&'a NodeName, &'a NodeTypeName> {
    let node_type = |node: &'a Node, identity: &'a NodeIdentity| match identity {
        NodeIdentity::Of(machine) => Some(&fleet.machines[*machine].node_type),
        NodeIdentity::Former(server) => state.gone_servers.get(server).map(|gone| &gone.node_type),
        NodeIdentity::MadeFor(_) => node.mark.as_ref().map(|mark| &mark.node_type),
        NodeIdentity::Doubtful(_) | NodeIdentity::Foreign(_) => None,
    };
    fleet.nodes.iter().filter_map(|(node, identity)| Some((&node.name, node_type(node, identity)?))).collect()
}

/// Reads what the item needs. `known` is what an earlier run read, `shown` the label on the page of its run, `waited` its time
/// in the queue.
pub fn read(
    ours: &OurNames<'_>,
    index: &NodeIndex<'_>,
    item: &QueueItem,
    why: &Why,
    known: Option<&Need>,
    shown: Option<&str>,
    waited: SignedDuration,
) -> Reading {
    // Jenkins shows no build on the node of a block that goes on there.
    let is_away =
        |node: &NodeName| index.find(node.as_str()).is_none_or(|node| node.presence != Presence::Online && node.idle);
    let exact = exact_node(ours, item, why, known, waited).filter(is_away);
    if let Some(node) = exact.as_ref().filter(|node| waited < RESUMING && ours.may_have_restarted(node, waited)) {
        return Reading::Resuming(node.clone());
    }
    let guess = axis_labels(ours.config, &item.task).map(Need::Label);
    let told = label_in(why, index).filter(|_| exact.is_none()).map(Label::bounded);
    let label = match told.or_else(|| label_of(&item.task).map(Label::from_project)) {
        Some(None) => return Reading::TooLong,
        Some(Some(label)) => Some(Need::Label(label)),
        None => None,
    };
    // A label says more than the one node that has it today. The name of a node is one where the page showed it as such.
    let still_holds = |known: &&Need| match &exact {
        Some(node) => matches!(known, Need::Label(label) if *label == Label::atom(node.as_str())),
        None => is_label_of(known, why, index) && Some(*known) != guess.as_ref(),
    };
    let label = label.or_else(|| known.filter(still_holds).cloned());
    if let (None, Some(shown)) = (&label, shown) {
        return read_page(shown);
    }
    let like_exact = exact.map(|node| one_like(node.as_str(), ours, index));
    let like_node = like_exact.or_else(|| node_in(why, ours, index));
    let borne_out = guess.clone().filter(|guess| is_borne_out(guess, ours.config, &item.task, why, index));
    if let Some(need) = label.or(borne_out).or(like_node).or(guess).or_else(|| known.cloned()) {
        return Reading::Known(need);
    }
    let reserved = match why {
        Why::Refusals { refusals, .. } => refusals.iter().any(|refusal| matches!(refusal, Refusal::Reserved { .. })),
        _ => false,
    };
    match why {
        _ if reserved => Reading::Known(Need::Anywhere),
        // A project says by an exported null that it has no label, agents or not.
        Why::NextExecutor
            if index.has_agents
                || matches!(item.task, Task::Project { label: None } | Task::Flyweight { label: None }) =>
        {
            Reading::Known(Need::Anywhere)
        }
        Why::NextExecutor => Reading::Hidden,
        _ => Reading::Unknown,
    }
}

/// What a block needs whose label the page of its run shows.
fn read_page(label: &str) -> Reading {
    let label = label.trim_matches(|c| c <= ' ');
    if label.is_empty() {
        return Reading::Known(Need::Anywhere);
    }
    Label::bounded(label).map_or(Reading::TooLong, |label| Reading::Known(Need::Label(label)))
}

/// The node of ours that a pipeline which resumes waits for: it is gone or away, or its agent has just come back. Jenkins
/// writes its reasons every five seconds, and only then gives the item its executor.
pub fn waits_for(
    ours: &OurNames<'_>,
    index: &NodeIndex<'_>,
    item: &QueueItem,
    why: &Why,
    known: Option<&Need>,
    waited: SignedDuration,
) -> Option<NodeName> {
    let is_free = |node: &NodeName| index.find(node.as_str()).is_none_or(|node| node.idle);
    exact_node(ours, item, why, known, waited).filter(|node| waited < RESUMING && is_free(node))
}

/// The node of ours that a pipeline asks for by its exact name.
fn exact_node(
    ours: &OurNames<'_>,
    item: &QueueItem,
    why: &Why,
    known: Option<&Need>,
    waited: SignedDuration,
) -> Option<NodeName> {
    if item.task != Task::Pipeline {
        return None;
    }
    let name = match why {
        Why::NodeOffline(name) | Why::WaitingOn(name) | Why::AllOffline(name) | Why::NoNodes(name) => name,
        Why::Refusals { refusals, .. } => refusals.iter().find_map(|refusal| match refusal {
            Refusal::LacksLabel { label, .. } => Some(label),
            Refusal::MustRunOn { node, .. } => Some(node),
            _ => None,
        })?,
        _ => return None,
    };
    let is_ours = |name: &NodeName| ours.contain(name) && ours.can_have_had_a_block(name, waited);
    Some(NodeName::from(name.as_str())).filter(|name| is_ours(name) && !asks_for_another(known, name))
}

/// Whether the item is known to need a label, of which the node is only the one that has it today.
fn asks_for_another(known: Option<&Need>, node: &NodeName) -> bool {
    matches!(known, Some(Need::Label(label)) if *label != Label::atom(node.as_str()))
}

/// The label that `why` names.
fn label_in<'w>(why: &'w Why, index: &NodeIndex<'_>) -> Option<&'w str> {
    match why {
        Why::WaitingOn(name) => index.find(name).is_none().then_some(name.as_str()),
        Why::AllOffline(label) | Why::NoNodes(label) => Some(label.as_str()),
        Why::Refusals { refusals, .. } => refusals.iter().find_map(|refusal| match refusal {
            Refusal::LacksLabel { label, .. } => Some(label.as_str()),
            _ => None,
        }),
        _ => None,
    }
}

/// The label that the task exports.
fn label_of(task: &Task) -> Option<&str> {
    match task {
        Task::Project { label } | Task::Flyweight { label } => label.as_deref(),
        Task::Pipeline | Task::Matrix { .. } | Task::Unknown => None,
    }
}

/// The node that `why` names, as the one that fits.
fn node_in(why: &Why, ours: &OurNames<'_>, index: &NodeIndex<'_>) -> Option<Need> {
    let (Why::NodeOffline(name) | Why::WaitingOn(name)) = why else { return None };
    Some(one_like(name, ours, index))
}

/// Whether an earlier run read a label which the node that `why` names has: it is the one that fits.
fn is_label_of(known: &Need, why: &Why, index: &NodeIndex<'_>) -> bool {
    let Need::Label(label) = known else { return false };
    let (Why::NodeOffline(name) | Why::WaitingOn(name)) = why else { return true };
    index.find(name).is_none_or(|node| label.matches(|atom| node.labels.contains(atom)))
}

/// The need of a node like this one. A node of ours stands for its type, whatever labels a person or a plugin gave it besides;
/// only where another type has all of them, its labels tell.
fn one_like(name: &str, ours: &OurNames<'_>, index: &NodeIndex<'_>) -> Need {
    let node = index.find(name);
    let name = node.map_or_else(|| NodeName::from(name), |node| node.name.clone());
    let labels: BTreeSet<String> = node.map(further_labels).into_iter().flatten().cloned().collect();
    let types = &ours.config.node_types;
    let has_all = |kind: &NodeType| labels.iter().all(|label| kind.carries(label));
    let own = ours.types.get(&name).and_then(|own| ours.config.node_type(own));
    let own = own.filter(|own| has_all(own) || !types.iter().any(has_all)).map(|own| own.name.clone());
    Need::Node { name, node_type: own, labels }
}

/// The values of a matrix configuration's axes that are labels of some node type.
fn axis_labels(config: &Config, task: &Task) -> Option<Label> {
    let Task::Matrix { axis_values } = task else { return None };
    let is_label = |value: &&String| config.node_types.iter().any(|kind| kind.carries(value));
    axis_values.iter().filter(is_label).map(Label::atom).reduce(Label::and)
}

/// Whether the node that `why` names, as the one that fits, has the labels that were guessed from axes, and none of the other
/// axis values as a label: the configuration may need that as well.
fn is_borne_out(guess: &Need, config: &Config, task: &Task, why: &Why, index: &NodeIndex<'_>) -> bool {
    let (Task::Matrix { axis_values }, Why::NodeOffline(name) | Why::WaitingOn(name)) = (task, why) else {
        return true;
    };
    let of_node = |value: &&String| index.find(name).is_some_and(|node| node.labels.contains(value.as_str()));
    let is_label = |value: &String| config.node_types.iter().any(|kind| kind.carries(value));
    is_label_of(guess, why, index) && axis_values.iter().filter(of_node).all(is_label)
}

/// The nodes that an item's reason says refuse it. One that is called offline does not: it would take the item, and
/// where it is online by now, or can be brought back, it will.
pub fn refusing(why: &Why) -> BTreeSet<NodeName> {
    let Why::Refusals { refusals, .. } = why else { return BTreeSet::new() };
    let node = |refusal: &Refusal| match refusal {
        Refusal::LacksLabel { node, .. }
        | Refusal::Reserved { node }
        | Refusal::NotAccepting { node }
        | Refusal::LacksPermission { node, .. }
        | Refusal::Removed { node } => Some(NodeName::from(node.as_str())),
        Refusal::MustRunOn { not, .. } => Some(NodeName::from(not.as_str())),
        Refusal::Offline { .. }
        | Refusal::SlotInUse
        | Refusal::Throttled
        | Refusal::CheckFailed
        | Refusal::Other(_) => None,
    };
    refusals.iter().filter_map(node).collect()
}
