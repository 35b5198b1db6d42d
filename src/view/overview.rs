//! What a run saw and decided, put together for each server, node and queue item: what `status` lists and `explain`
//! describes in detail.

use crate::apply::{ActionResult, Outcome};
use crate::config::{Config, NodeType};
use crate::domain::names::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::domain::need::Need;
use crate::domain::rule::Rule;
use crate::domain::state::{ItemMemory, NodeMemory, ServerMemory, State};
use crate::domain::world::{Node, Presence, QueueItem, ServerState};
use crate::plan::identity::fleet::{Fleet, Machine, NodeIdentity, Sighting};
use crate::plan::identity::identify;
use crate::plan::model::{Action, Change, Plan, Subject, Verdict};
use crate::plan::sightings::servers::deletion_failed;
use crate::reconcile::Report;
use crate::view::document::named;
use crate::view::text::plural;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// No installation should be called silent after two minutes, however often it runs.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// The report of a run, with each verdict beside what it is about.
pub(crate) struct Overview<'a> {
    pub(crate) config: &'a Config,
    pub(crate) report: &'a Report,
    pub(crate) fleet: Fleet<'a>,
    verdicts: BTreeMap<(Subject, &'a str), &'a Verdict>,
    removed: BTreeSet<&'a str>,
}

/// A server of this installation.
pub(crate) struct ServerView<'a> {
    pub(crate) verdict: &'a Verdict,
    /// None for a server that this run found to be gone for good.
    pub(crate) machine: Option<&'a Machine<'a>>,
    pub(crate) memory: Option<&'a ServerMemory>,
}

/// A Jenkins node.
pub(crate) struct NodeView<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) node: &'a Node,
    pub(crate) identity: &'a NodeIdentity,
    pub(crate) memory: Option<&'a NodeMemory>,
}

named!(
    /// Whether a Jenkins node is online.
    NodePresence {
        /// Its agent is connected.
        Online = "online",
        /// Its agent is not connected.
        Offline = "offline",
        /// Somebody set it offline.
        SetOffline = "set_offline",
    }
);

impl NodePresence {
    /// The presence, in words.
    pub(crate) fn words(self) -> String {
        self.name().replace('_', " ")
    }
}

/// A queue item.
pub(crate) struct ItemView<'a> {
    pub(crate) verdict: &'a Verdict,
    pub(crate) item: &'a QueueItem,
    pub(crate) memory: Option<&'a ItemMemory>,
}

impl<'a> Overview<'a> {
    pub(crate) fn of(config: &'a Config, report: &'a Report) -> Self {
        let verdicts = report.plan.verdicts.iter().map(|verdict| ((verdict.subject, verdict.id.as_str()), verdict));
        Overview {
            config,
            report,
            fleet: identify(config, &report.world, &report.plan.state),
            verdicts: verdicts.collect(),
            removed: report
                .plan
                .actions
                .iter()
                .filter_map(Action::removed)
                .map(|target| target.server_id.as_str())
                .collect(),
        }
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        &self.report.plan
    }

    pub(crate) fn state(&self) -> &'a State {
        &self.report.plan.state
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.report.plan.now
    }

    /// Whether this shows what the next run would do: nothing was carried out.
    pub(crate) fn predicts(&self) -> bool {
        self.report.results.is_none()
    }

    /// Whether no run was made so far.
    pub(crate) fn has_not_run(&self) -> bool {
        self.predicts() && self.report.last_run.is_none() && self.report.state_warning.is_none()
    }

    /// For how long no run was made, where that is several times the usual: nothing happens at the times that are counted.
    pub(crate) fn silence(&self) -> Option<SignedDuration> {
        let silence = self.now().duration_since(self.report.last_run?);
        let usual = self.state().learned.interval().max(SHORTEST_INTERVAL);
        Some(silence).filter(|silence| self.predicts() && *silence > usual * 3)
    }

    /// The reason of a verdict. Of an order that the next run would send, it does not say that it is sent, nor its id, which
    /// that run chooses.
    pub(crate) fn reason(&self, verdict: &Verdict) -> String {
        let mut reason = verdict.reason.clone();
        for action in self.plan().actions.iter().filter(|_| self.predicts()) {
            let Change::CreateServer(order) = &action.change else { continue };
            let named = format!("server {} is ordered", order.id);
            reason = reason.replace(
                &format!("{} {named}", order.node_type),
                &format!("one {} server would be ordered", order.node_type),
            );
            reason = reason.replace(&named, "a server would be ordered");
        }
        reason
    }

    /// Whether the plan removes the server of this id.
    pub(crate) fn is_removed(&self, server: &str) -> bool {
        self.removed.contains(server)
    }

    /// Every server with a verdict; not the servers that this run orders.
    pub(crate) fn servers(&self) -> Vec<ServerView<'_>> {
        let mut machines: BTreeMap<&str, &Machine<'_>> = BTreeMap::new();
        for machine in &self.fleet.machines {
            machines.insert(machine.server_id.as_ref().map_or(machine.id.as_str(), ServerId::as_str), machine);
        }
        let servers = self.plan().verdicts.iter().filter(|verdict| verdict.subject == Subject::Server);
        let view = |verdict: &'a Verdict| {
            let machine = machines.get(verdict.id.as_str()).copied();
            let memory = machine.and_then(|machine| self.state().servers.get(&machine.id));
            ServerView { verdict, machine, memory }
        };
        let mut views: Vec<ServerView<'_>> = servers.map(view).collect();
        views.sort_by_key(|view| (view.machine.is_none(), view.node_type().cloned(), view.order().cloned()));
        views
    }

    /// The orders that this run sent and that were not refused: the index of the action, the action, and the server's id
    /// if it is known. None in a dry run.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = (usize, &'a Action, Option<&'a ServerId>)> {
        let granted = |result: &&ActionResult| matches!(result.outcome, Outcome::Done | Outcome::Unknown);
        self.report.results.iter().flatten().filter(granted).filter_map(|result| {
            let action = self.plan().actions.get(result.action)?;
            let order = matches!(action.change, Change::CreateServer(_));
            order.then_some((result.action, action, result.server_id.as_ref()))
        })
    }

    /// Every Jenkins node with a verdict, by name.
    pub(crate) fn nodes(&self) -> Vec<NodeView<'_>> {
        let mut views = Vec::new();
        for (node, identity) in &self.fleet.nodes {
            let Some(verdict) = self.verdicts.get(&(Subject::Node, node.name.as_str())) else { continue };
            views.push(NodeView { verdict, node, identity, memory: self.state().nodes.get(&node.name) });
        }
        views.sort_by_key(|view| &view.node.name);
        views
    }

    /// Every queue item, the oldest first.
    pub(crate) fn items(&self) -> Vec<ItemView<'_>> {
        let mut views = Vec::new();
        for item in self.report.world.jenkins.queue.complete().into_iter().flat_map(|queue| &queue.items) {
            let id = item.id.to_string();
            let Some(verdict) = self.verdicts.get(&(Subject::QueueItem, id.as_str())) else { continue };
            views.push(ItemView { verdict, item, memory: self.state().queue.get(&item.id) });
        }
        views.sort_by_key(|view| (view.item.in_queue_since.is_none(), view.item.in_queue_since, view.item.id));
        views
    }

    /// The verdicts on volumes and floating IPs.
    pub(crate) fn leftovers(&self) -> impl Iterator<Item = &'a Verdict> {
        self.plan().verdicts.iter().filter(|verdict| match verdict.subject {
            Subject::Volume | Subject::FloatingIp => true,
            Subject::QueueItem | Subject::Node | Subject::Server => false,
        })
    }

    /// How long ago a time was; zero if the clock went back since.
    pub(crate) fn since(&self, time: Timestamp) -> SignedDuration {
        self.now().duration_since(time).max(SignedDuration::ZERO)
    }

    /// How long the item is in the queue, as far as Jenkins says.
    pub(crate) fn in_queue_for(&self, item: &QueueItem) -> Option<SignedDuration> {
        let age = self.report.world.jenkins.queue.complete().and_then(|queue| queue.age(item));
        age.or_else(|| item.in_queue_since.map(|since| self.since(since)))
    }

    /// How long it is until a time.
    pub(crate) fn until(&self, time: Timestamp) -> SignedDuration {
        time.duration_since(self.now()).max(SignedDuration::ZERO)
    }

    /// The configured node type of a node of this installation.
    pub(crate) fn type_of(&self, identity: &NodeIdentity) -> Option<&'a NodeType> {
        match identity {
            NodeIdentity::Of(machine) => self.config.node_type(&self.fleet.machines[*machine].node_type),
            NodeIdentity::Doubtful(_)
            | NodeIdentity::Former(_)
            | NodeIdentity::MadeFor(_)
            | NodeIdentity::Foreign(_) => None,
        }
    }

    /// How many servers count against the limits: of one node type, or of all.
    pub(crate) fn counted(&self, servers: &[ServerView<'_>], kind: Option<&NodeTypeName>) -> usize {
        let counts =
            |server: &&ServerView<'_>| server.counts() && kind.is_none_or(|kind| server.node_type() == Some(kind));
        servers.iter().filter(counts).count()
    }
}

/// Whether so many servers leave no room in a limit.
pub(crate) fn reached(there: usize, max: u32) -> bool {
    u32::try_from(there).map_or(true, |there| there >= max)
}

impl ServerView<'_> {
    /// Whether it is not gone: tables and sums have no others.
    pub(crate) fn is_there(&self) -> bool {
        self.verdict.rule != Rule::Gone
    }

    /// Whether it counts against the limits.
    pub(crate) fn counts(&self) -> bool {
        let deletion_failed = self.machine.is_some_and(|machine| deletion_failed(machine, self.memory));
        !deletion_failed && !matches!(self.verdict.rule, Rule::Gone | Rule::Deleting)
    }

    pub(crate) fn node_type(&self) -> Option<&NodeTypeName> {
        self.machine.map(|machine| &machine.node_type)
    }

    pub(crate) fn provider(&self) -> Option<&ProviderName> {
        self.machine.map(|machine| &machine.provider)
    }

    pub(crate) fn order(&self) -> Option<&MitaId> {
        self.machine.map(|machine| &machine.id)
    }

    pub(crate) fn nodes(&self) -> Vec<&NodeName> {
        self.machine.into_iter().flat_map(|machine| &machine.nodes).map(|node| &node.name).collect()
    }

    /// Its state in its cloud, in a word.
    pub(crate) fn state(&self) -> String {
        match self.machine.map(|machine| machine.sighting) {
            Some(Sighting::Seen(server)) => match &server.state {
                ServerState::Building => "building".to_owned(),
                ServerState::Active => "active".to_owned(),
                ServerState::Error => "error".to_owned(),
                ServerState::Deleting => "deleting".to_owned(),
                ServerState::Deleted => "deleted".to_owned(),
                ServerState::Stopped(word) | ServerState::Other(word) => word.to_lowercase(),
            },
            Some(Sighting::Unlisted | Sighting::Hidden) => "not listed".to_owned(),
            Some(Sighting::Gone) | None => "gone".to_owned(),
            Some(Sighting::Deleted) => "deleted".to_owned(),
            Some(Sighting::NoAnswer | Sighting::Elsewhere | Sighting::WithoutMetadata) => "not seen".to_owned(),
        }
    }
}

impl NodeView<'_> {
    pub(crate) fn presence(&self) -> NodePresence {
        match self.node.presence {
            Presence::Online => NodePresence::Online,
            Presence::Disconnected | Presence::DisconnectedBy(_) => NodePresence::Offline,
            Presence::SetOffline(_) => NodePresence::SetOffline,
        }
    }

    /// Whether it is online, and how many of its executors are idle.
    pub(crate) fn state(&self) -> String {
        let Node { executors, idle_executors, .. } = self.node;
        format!("{}, {idle_executors} of {} idle", self.presence().words(), plural(*executors as usize, "executor"))
    }
}

impl ItemView<'_> {
    pub(crate) fn need(&self) -> Option<&Need> {
        self.memory.and_then(|memory| memory.need.as_ref())
    }

    /// Whether it waits for an executor.
    pub(crate) fn waits(&self) -> bool {
        !matches!(self.verdict.rule, Rule::QuietPeriod | Rule::Blocked | Rule::Pending | Rule::Resuming)
    }
}
