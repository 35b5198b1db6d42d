//! What a dry run saw and thinks, put together thing by thing: what `status` lists and `explain` tells more of.

use crate::apply::{ActionResult, Outcome};
use crate::config::{Config, NodeType};
use crate::naming::{MitaId, NodeName, NodeTypeName, ProviderName, ServerId};
use crate::plan::fleet::{Fleet, Kinship, Machine, Sighting, assemble};
use crate::plan::need::Need;
use crate::plan::{Action, Plan, Rule, Subject, Verdict};
use crate::reconcile::Report;
use crate::state::{ItemMemory, NodeMemory, ServerMemory, State};
use crate::world::{Node, Presence, QueueItem, ServerState};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A dry run's report, and who is whose.
pub(super) struct Picture<'a> {
    pub(super) config: &'a Config,
    pub(super) report: &'a Report,
    pub(super) fleet: Fleet<'a>,
    verdicts: BTreeMap<(Subject, &'a str), &'a Verdict>,
    removed: BTreeSet<&'a str>,
}

/// A server of ours.
pub(super) struct ServerView<'p> {
    pub(super) verdict: &'p Verdict,
    /// None for one that this run found to be gone for good.
    pub(super) machine: Option<&'p Machine<'p>>,
    pub(super) memory: Option<&'p ServerMemory>,
}

/// A node of Jenkins.
pub(super) struct NodeView<'p> {
    pub(super) verdict: &'p Verdict,
    pub(super) node: &'p Node,
    pub(super) kinship: &'p Kinship,
    pub(super) memory: Option<&'p NodeMemory>,
}

/// An item of the queue.
pub(super) struct ItemView<'p> {
    pub(super) verdict: &'p Verdict,
    pub(super) item: &'p QueueItem,
    pub(super) memory: Option<&'p ItemMemory>,
}

impl<'a> Picture<'a> {
    pub(super) fn of(config: &'a Config, report: &'a Report) -> Self {
        let verdicts = report.plan.verdicts.iter().map(|verdict| ((verdict.subject, verdict.id.as_str()), verdict));
        Picture {
            config,
            report,
            fleet: assemble(config, &report.world, &report.plan.memory),
            verdicts: verdicts.collect(),
            removed: report.plan.actions.iter().filter_map(removed).collect(),
        }
    }

    pub(super) fn plan(&self) -> &'a Plan {
        &self.report.plan
    }

    pub(super) fn memory(&self) -> &'a State {
        &self.report.plan.memory
    }

    pub(super) fn now(&self) -> Timestamp {
        self.report.plan.now
    }

    /// Whether the plan removes the server of this id.
    pub(super) fn is_removed(&self, server: &str) -> bool {
        self.removed.contains(server)
    }

    /// Every server that there is a verdict on; orders that this dry run only plans are none.
    pub(super) fn servers(&self) -> Vec<ServerView<'_>> {
        let mut machines: BTreeMap<&str, &Machine<'_>> = BTreeMap::new();
        for machine in &self.fleet.machines {
            machines.insert(machine.server_id.as_ref().map_or(machine.id.as_str(), ServerId::as_str), machine);
        }
        let servers = self.plan().verdicts.iter().filter(|verdict| verdict.subject == Subject::Server);
        let view = |verdict: &'a Verdict| {
            let machine = machines.get(verdict.id.as_str()).copied();
            let memory = machine.and_then(|machine| self.memory().servers.get(&machine.id));
            ServerView { verdict, machine, memory }
        };
        let mut views: Vec<ServerView<'_>> = servers.map(view).collect();
        views.sort_by_key(|view| (view.machine.is_none(), view.node_type().cloned(), view.order().cloned()));
        views
    }

    /// The orders that this run has sent and that were not refused: by the index of the action, with the server's id where
    /// it is known. None of a dry run.
    pub(super) fn ordered(&self) -> impl Iterator<Item = (usize, &'a Action, Option<&'a ServerId>)> {
        let granted = |result: &&ActionResult| matches!(result.outcome, Outcome::Done | Outcome::Unknown);
        self.report.results.iter().flatten().filter(granted).filter_map(|result| {
            let action = self.plan().actions.get(result.action)?;
            let order = matches!(action, Action::CreateServer { .. });
            order.then_some((result.action, action, result.server_id.as_ref()))
        })
    }

    /// Every node of Jenkins that there is a verdict on.
    pub(super) fn nodes(&self) -> Vec<NodeView<'_>> {
        let mut views = Vec::new();
        for (node, kinship) in &self.fleet.nodes {
            let Some(verdict) = self.verdicts.get(&(Subject::Node, node.name.as_str())) else { continue };
            views.push(NodeView { verdict, node, kinship, memory: self.memory().nodes.get(&node.name) });
        }
        views.sort_by_key(|view| &view.node.name);
        views
    }

    /// Every item of the queue, the oldest first.
    pub(super) fn items(&self) -> Vec<ItemView<'_>> {
        let mut views = Vec::new();
        for item in self.report.world.jenkins.queue.complete().into_iter().flat_map(|queue| &queue.items) {
            let id = item.id.to_string();
            let Some(verdict) = self.verdicts.get(&(Subject::QueueItem, id.as_str())) else { continue };
            views.push(ItemView { verdict, item, memory: self.memory().queue.get(&item.id) });
        }
        views.sort_by_key(|view| (view.item.in_queue_since.is_none(), view.item.in_queue_since, view.item.id));
        views
    }

    /// What is left of servers: volumes and addresses.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = &'a Verdict> {
        self.plan().verdicts.iter().filter(|verdict| match verdict.subject {
            Subject::Volume | Subject::FloatingIp => true,
            Subject::QueueItem | Subject::Node | Subject::Server => false,
        })
    }

    /// How long ago a time was; a clock that went back makes nothing negative.
    pub(super) fn since(&self, time: Timestamp) -> SignedDuration {
        self.now().duration_since(time).max(SignedDuration::ZERO)
    }

    /// How long it is until a time.
    pub(super) fn until(&self, time: Timestamp) -> SignedDuration {
        time.duration_since(self.now()).max(SignedDuration::ZERO)
    }

    /// The configured node type of a node of ours.
    pub(super) fn type_of(&self, kinship: &Kinship) -> Option<&'a NodeType> {
        match kinship {
            Kinship::Of(machine) => self.config.node_type(&self.fleet.machines[*machine].node_type),
            Kinship::Doubtful(_) | Kinship::Former(_) | Kinship::MadeFor(_) | Kinship::Foreign(_) => None,
        }
    }

    /// How many servers count against the limits, of one type or of all.
    pub(super) fn counted(&self, servers: &[ServerView<'_>], kind: Option<&NodeTypeName>) -> usize {
        let counts =
            |server: &&ServerView<'_>| server.counts() && kind.is_none_or(|kind| server.node_type() == Some(kind));
        servers.iter().filter(counts).count()
    }
}

/// The server that an action removes.
fn removed(action: &Action) -> Option<&str> {
    match action {
        Action::RetireNode { server_id, .. } | Action::DeleteServer { server_id, .. } => Some(server_id.as_str()),
        Action::CreateServer { .. }
        | Action::CreateNode { .. }
        | Action::DrainNode { .. }
        | Action::RestoreNode { .. }
        | Action::DeleteNode { .. }
        | Action::DeleteVolume { .. }
        | Action::AssignFloatingIp { .. }
        | Action::ReleaseFloatingIp { .. } => None,
    }
}

impl ServerView<'_> {
    /// Whether it counts against the limits.
    pub(super) fn counts(&self) -> bool {
        !matches!(self.verdict.rule, Rule::Gone | Rule::Deleting)
    }

    pub(super) fn node_type(&self) -> Option<&NodeTypeName> {
        self.machine.map(|machine| &machine.node_type)
    }

    pub(super) fn provider(&self) -> Option<&ProviderName> {
        self.machine.map(|machine| &machine.provider)
    }

    pub(super) fn order(&self) -> Option<&MitaId> {
        self.machine.map(|machine| &machine.id)
    }

    pub(super) fn nodes(&self) -> Vec<&NodeName> {
        self.machine.into_iter().flat_map(|machine| &machine.nodes).map(|node| &node.name).collect()
    }

    /// What its cloud says of it, in a word.
    pub(super) fn state(&self) -> String {
        match self.machine.map(|machine| machine.sighting) {
            Some(Sighting::Seen(server)) => match &server.state {
                ServerState::Building => "building".to_owned(),
                ServerState::Active => "active".to_owned(),
                ServerState::Error => "error".to_owned(),
                ServerState::Deleting => "deleting".to_owned(),
                ServerState::Deleted => "deleted".to_owned(),
                ServerState::Stopped(word) | ServerState::Other(word) => word.to_lowercase(),
            },
            Some(Sighting::Unlisted) => "not listed".to_owned(),
            Some(Sighting::Gone) | None => "gone".to_owned(),
            Some(Sighting::NoAnswer) => "not seen".to_owned(),
        }
    }
}

impl NodeView<'_> {
    pub(super) fn presence(&self) -> &'static str {
        match self.node.presence {
            Presence::Online => "online",
            Presence::Disconnected => "offline",
            Presence::SetOffline(_) => "set_offline",
        }
    }
}

impl ItemView<'_> {
    pub(super) fn need(&self) -> Option<&Need> {
        self.memory.and_then(|memory| memory.need.as_ref())
    }

    /// Whether it waits for an executor.
    pub(super) fn waits(&self) -> bool {
        !matches!(self.verdict.rule, Rule::QuietPeriod | Rule::Blocked | Rule::Pending | Rule::Resuming)
    }
}
