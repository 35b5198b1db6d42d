//! The plan while the decisions add to it.

use crate::domain::format::shortened;
use crate::domain::names::{NodeName, NodeTypeName, ProviderName};
use crate::domain::rule::Rule;
use crate::domain::world::{Node, QueueItem};
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::failing::Failing;
use crate::plan::identity::fleet::Machine;
use crate::plan::lifecycle::doubts::OddHold;
use crate::plan::model::{Action, Change, Problem, Subject, Target, Verdict};
use jiff::SignedDuration;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Actions and verdicts so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) actions: Vec<Action>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) problems: Vec<Problem>,
    /// What a person is warned of once.
    pub(crate) warnings: Vec<Warning>,
    /// Servers that are kept for a pipeline which waits for their very nodes, by the key of that condition.
    pub(crate) kept_for_pipelines: BTreeSet<String>,
    /// Nodes whose servers mita sees no more, and whose agents are connected all the same.
    pub(crate) still_connected: BTreeSet<NodeName>,
    /// Nodes of ours of which Jenkins does not say whether they work.
    pub(crate) unclear: BTreeSet<NodeName>,
    /// Agents of nobody of ours that have the label of closed nodes, and none that a run could give them back.
    pub(crate) closed: BTreeSet<NodeName>,
    /// Node types that jobs wait for, where only what others use fills the quotas of their providers; each with the reason.
    pub(crate) starved: BTreeMap<NodeTypeName, String>,
    /// Node types of which servers are wanted, and fail where they are ordered.
    pub(crate) failing: BTreeMap<NodeTypeName, Failing>,
    /// Servers that nodes keep which are not clearly theirs, and that fill limits at which jobs wait, by name and id; each with
    /// what keeps it.
    pub(crate) in_doubt_at_limits: BTreeMap<String, String>,
    /// Node types that jobs wait for, at limits and quotas where no server of ours makes room by itself; each with the evidence.
    pub(crate) filled_by_unused: BTreeMap<NodeTypeName, String>,
    /// Node types that jobs wait for longer than for the grace of idle servers that fill a limit or quota; each with the evidence.
    pub(crate) filled_by_idle: BTreeMap<NodeTypeName, String>,
    /// Nodes whose builds wait for agents that may not come back.
    pub(crate) lost: BTreeMap<NodeName, Lost>,
    /// How providers refuse removals, where servers keep their nodes for that.
    pub(crate) removals_refused: BTreeMap<ProviderName, String>,
    /// Servers, and nodes without one, that holds keep which may have been forgotten, by name and id; each with what keeps it.
    pub(crate) odd_holds: BTreeMap<String, (OddHold, String)>,
    /// Servers of ours that their cloud shows without metadata, by id, with their names.
    pub(crate) without_metadata: BTreeMap<String, String>,
    /// Why it is not known whether Jenkins leaves items out of the queue.
    pub(crate) left_out_unknown: Option<String>,
}

/// A node whose build waits for its agent.
#[derive(Debug)]
pub(crate) struct Lost {
    /// What has become of its server.
    pub(crate) what: String,
    /// Whether a person holds it.
    pub(crate) is_held: bool,
    /// For how long that is in good order.
    pub(crate) after: SignedDuration,
}

/// An event that a person is told of once, for as long as it lasts.
#[derive(Debug)]
pub(crate) struct Warning {
    /// Its kind, a blank, and whom it is about: the event is remembered by this.
    pub(crate) key: String,
    /// What a person reads.
    pub(crate) text: String,
}

impl Warning {
    pub(crate) fn new(key: impl AsRef<str>, text: String) -> Self {
        const REMEMBERED: usize = 500;
        Self { key: shortened(key.as_ref(), REMEMBERED).into_owned(), text }
    }
}

impl Draft {
    /// Shortens what others said and what repeats it: nobody reads a megabyte, and a mail has to carry it.
    pub(crate) fn shorten(&mut self) {
        const READ: usize = 1_000;
        let texts = self.verdicts.iter_mut().flat_map(|verdict| [&mut verdict.name, &mut verdict.reason]);
        let texts = texts.chain(self.actions.iter_mut().map(|action| &mut action.reason));
        let texts = texts.chain(self.problems.iter_mut().map(|problem| &mut problem.error));
        for text in texts.chain(self.warnings.iter_mut().map(|warning| &mut warning.text)) {
            if let Cow::Owned(short) = shortened(text, READ) {
                *text = short;
            }
        }
    }

    /// Adds an action.
    pub(crate) fn act(&mut self, change: Change, rule: Rule, reason: impl Into<String>) {
        self.actions.push(Action::new(change, rule, reason));
    }

    /// The removal of a server that takes this node with it.
    pub(crate) fn removal_of(&self, node: &NodeName) -> Option<&Action> {
        self.actions.iter().find(|action| action.removed().is_some_and(|target| target.nodes.contains(node)))
    }

    /// Whether the node is drained or removed.
    pub(crate) fn takes_offline(&self, node: &NodeName) -> bool {
        let drains =
            |action: &Action| matches!(&action.change, Change::DrainNode(target) if target.nodes.contains(node));
        self.actions.iter().any(drains) || self.removal_of(node).is_some()
    }

    /// Whether a node of the provider is retired.
    pub(crate) fn retires_at(&self, provider: &ProviderName) -> bool {
        let retires =
            |action: &Action| matches!(&action.change, Change::RetireNode(target) if target.provider == *provider);
        self.actions.iter().any(retires)
    }

    /// Notes that a job waits, if only what others use prevents an order for it, or what fails.
    pub(crate) fn starve(&mut self, blocker: &Blocker) {
        self.starved.extend(blocker.starved.clone().map(|kind| (kind, blocker.reason.clone())));
        self.fails(blocker.failing.clone());
    }

    /// Notes that a server of a type is wanted which fails.
    pub(crate) fn fails(&mut self, failing: Option<Failing>) {
        self.failing.extend(failing.map(|failing| (failing.node_type.clone(), failing)));
    }

    /// Adds the verdict on a queue item.
    pub(crate) fn item(&mut self, item: &QueueItem, rule: Rule, reason: impl Into<String>) {
        self.verdict(Subject::QueueItem, item.id, item.name(), rule, reason);
    }

    /// Adds the verdict on a node.
    pub(crate) fn node(&mut self, node: &Node, rule: Rule, reason: impl Into<String>) {
        self.verdict(Subject::Node, &node.name, &node.name, rule, reason);
    }

    /// Adds a verdict.
    pub(crate) fn verdict(
        &mut self,
        subject: Subject,
        id: impl ToString,
        name: impl ToString,
        rule: Rule,
        reason: impl Into<String>,
    ) {
        let (id, name, reason) = (id.to_string(), name.to_string(), reason.into());
        self.verdicts.push(Verdict { subject, id, name, rule, reason });
    }
}

/// The server as the target of an action that concerns these nodes of it; none while its cloud's id is not known.
pub(crate) fn target<'n>(machine: &Machine<'_>, nodes: impl IntoIterator<Item = &'n Node>) -> Option<Target> {
    Some(Target {
        node_type: machine.node_type.clone(),
        provider: machine.provider.clone(),
        server_id: machine.server_id.clone()?,
        name: machine.name.clone(),
        order: machine.id.clone(),
        nodes: nodes.into_iter().map(|node| node.name.clone()).collect(),
    })
}
