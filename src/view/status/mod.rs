//! Everything there is, and what mita decided about it: the source of `mita status`, the metrics and the page.

pub(crate) mod activity;
pub(crate) mod budgets;
pub(crate) mod failures;
pub(crate) mod filter;
pub(crate) mod job;
pub(crate) mod next;
pub(crate) mod node_types;
mod screen;
pub(crate) mod standing;
pub(crate) mod text;
pub(crate) mod to_do;

use crate::domain::names::{MitaId, NodeName, NodeTypeName, Owner, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::plan::identity::fleet::NodeIdentity;
use crate::plan::model::{Action, Change, Problem, Verdict};
use crate::plan::text::held_back::held_back;
use crate::record::clean;
use crate::view::document::pause::PauseStatus;
use crate::view::document::{Time, VERSION};
use crate::view::natural;
use crate::view::overview::{NodePresence, NodeView, Overview, ServerView};
use crate::view::text::{NOT_RUN, duration, plural};
use activity::{BuildStatus, Hold};
use budgets::BudgetStatus;
use failures::FailureStatus;
use jiff::SignedDuration;
use job::JobStatus;
use next::Next;
use node_types::{Pause, TypeStatus};
use schemars::JsonSchema;
use serde::Serialize;
use standing::Standing;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;
use to_do::ToDo;

/// Everything there is, and what mita decided about it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita status --output json")]
pub(crate) struct Status {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    /// All in a few lines, whatever part of it is shown.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) head: String,
    pub(crate) owner: Owner,
    pub(crate) now: Time,
    /// When the last run was; null if none was made.
    last_run: Option<Time>,
    #[serde(skip)]
    #[schemars(skip)]
    silence: Option<SignedDuration>,
    /// The maximum number of servers of the installation.
    pub(crate) max_servers: u32,
    /// What a run does now, in numbers.
    pub(crate) to_do: ToDo,
    /// What persons paused.
    pub(crate) paused: Vec<PauseStatus>,
    pub(crate) node_types: Vec<TypeStatus>,
    pub(crate) servers: Vec<ServerStatus>,
    /// Null if the list of nodes could not be read, or was not believed.
    pub(crate) nodes: Option<Vec<NodeStatus>>,
    /// The queue items, the oldest first; null if the queue could not be read.
    pub(crate) jobs: Option<Vec<JobStatus>>,
    /// The budgets of providers and node types.
    pub(crate) budgets: Vec<BudgetStatus>,
    /// The last server of each node type that failed at each provider.
    pub(crate) failures: Vec<FailureStatus>,
    /// Volumes and floating IPs of this installation.
    pub(crate) leftovers: Vec<Verdict>,
    pub(crate) problems: Vec<Problem>,
}

/// A server of this installation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Server")]
pub(crate) struct ServerStatus {
    /// The cloud's id, or the order's while that is not known.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) order: Option<MitaId>,
    pub(crate) node_type: Option<NodeTypeName>,
    pub(crate) provider: Option<ProviderName>,
    /// Its state in its cloud.
    pub(crate) state: String,
    pub(crate) standing: Standing,
    pub(crate) age_seconds: Option<i64>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) nodes: Vec<NodeName>,
    /// The builds that run there, as far as the user of mita may see them.
    pub(crate) builds: Vec<BuildStatus>,
    /// A person's hold on one of its nodes, busy or not.
    pub(crate) held: Option<Hold>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// Null if nothing happens to it without a change.
    pub(crate) next: Option<Next>,
}

/// A Jenkins node.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Node")]
pub(crate) struct NodeStatus {
    pub(crate) name: NodeName,
    /// The server of this installation that it is, or was.
    pub(crate) server_id: Option<ServerId>,
    pub(crate) presence: NodePresence,
    pub(crate) executors: u32,
    pub(crate) idle_executors: u32,
    /// The builds that run there, as far as the user of mita may see them.
    pub(crate) builds: Vec<BuildStatus>,
    /// A person's hold on it, busy or not.
    pub(crate) held: Option<Hold>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
}

impl Status {
    /// The servers that are there, without those that are gone. The JSON document and `explain` still have it.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &ServerStatus> {
        self.servers.iter().filter(|server| server.rule != Rule::Gone)
    }

    /// Those that a person should look at come first, then by type and by name as people count.
    pub(crate) fn machines_in_order(&self) -> Vec<&ServerStatus> {
        let mut servers: Vec<&ServerStatus> = self.machines().collect();
        servers.sort_by(|a, b| {
            let key = |server: &ServerStatus| (server.urgency(), server.node_type.clone());
            key(a).cmp(&key(b)).then_with(|| natural::compare(&a.display_name(), &b.display_name()))
        });
        servers
    }

    /// The status of an overview; free text is redacted.
    pub(crate) fn of(overview: &Overview<'_>) -> Self {
        let plan = overview.plan();
        let jenkins = &overview.report.world.jenkins;
        let (servers, items) = (overview.servers(), overview.items());
        let nodes = || overview.nodes().iter().map(|view| NodeStatus::of(overview, view)).collect();
        let jobs = || items.iter().map(|view| JobStatus::of(overview, view)).collect();
        let at_hand = next::kept_at_hand(overview);
        let ordered = overview.ordered().filter_map(|(_, action, id)| ServerStatus::of_order(action, id));
        let braked = held_back(plan).map(|error| Problem { place: "brake".to_owned(), error });
        let status = Status {
            version: VERSION,
            head: String::new(),
            owner: plan.owner.clone(),
            now: Time(plan.now),
            last_run: overview.report.last_run.map(Time),
            silence: overview.silence(),
            max_servers: overview.config.max_servers,
            to_do: ToDo::of(&plan.actions, plan.held_back.len()),
            paused: plan.state.pauses.iter().map(PauseStatus::of).collect(),
            node_types: node_types::all(overview, &servers, &items),
            servers: servers.iter().map(|view| ServerStatus::of(overview, view, &at_hand)).chain(ordered).collect(),
            nodes: jenkins.nodes.complete().map(|_| nodes()),
            jobs: jenkins.queue.complete().map(|_| jobs()),
            budgets: budgets::all(overview),
            failures: failures::all(overview),
            leftovers: overview.leftovers().map(clean::verdict).collect(),
            problems: plan.problems.iter().chain(&braked).map(clean::problem).collect(),
        };
        let clouds = overview.report.world.clouds.iter();
        let unseen = clouds.filter(|(_, cloud)| cloud.servers.complete().is_none()).map(|(name, _)| name.as_str());
        let mut head = status.head(&unseen.collect::<Vec<_>>(), overview.report.world.unseen());
        if overview.has_not_run() {
            head = format!("{}\n{NOT_RUN}\n\n", head.trim_end());
        }
        Status { head, ..status }
    }

    /// The first lines. `nothing` says that nothing could be read, where that is so.
    fn head(&self, unseen: &[&str], nothing: Option<String>) -> String {
        let Status { owner, now, max_servers, to_do, nodes, jobs, .. } = self;
        let counted = self.machines().count();
        let without = match unseen {
            [] => String::new(),
            clouds => format!(", without those of {}, which cannot be seen", clouds.join(" and ")),
        };
        let jenkins = match (nodes, jobs) {
            (None, None) => "Jenkins cannot be seen".to_owned(),
            (nodes, jobs) => {
                let unseen = |what: &str| format!("{what} that cannot be seen");
                let nodes = nodes.as_ref().map_or_else(|| unseen("nodes"), |nodes| plural(nodes.len(), "node"));
                let jobs = jobs.as_ref().map_or_else(|| unseen("a queue"), |jobs| plural(jobs.len(), "queue item"));
                format!("Jenkins has {nodes} and {jobs}")
            }
        };
        let most = plural(usize::try_from(*max_servers).unwrap_or(usize::MAX), "server");
        let numbers = format!("{counted} of {most}{without}; {jenkins}");
        let causes = self.waiting_causes().map_or_else(String::new, |causes| format!("\n{causes}"));
        let is_partly_seen = nodes.is_none() || jobs.is_none() || !unseen.is_empty();
        let as_far_as = if is_partly_seen && *to_do == ToDo::default() { ", as far as it can see" } else { "" };
        let to_do = nothing.unwrap_or_else(|| to_do.sentence() + as_far_as);
        let silence = self.silence.map_or_else(String::new, |silence| {
            format!(
                "\nthe last run was {} ago, and nothing happens before the next: does cron run mita?",
                duration(silence)
            )
        });
        format!("{owner} at {now}\n{numbers}\n{to_do}{silence}{causes}\n\n")
    }

    /// The queue items that wait for an executor.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &JobStatus> {
        self.jobs.iter().flatten().filter(|job| job.waits)
    }

    /// How many jobs wait and for what, in a sentence; none if no job waits.
    pub(crate) fn waiting_causes(&self) -> Option<String> {
        let mut causes: Vec<(usize, &'static str)> = Vec::new();
        for job in self.waiting() {
            match causes.iter_mut().find(|(_, cause)| *cause == job.cause()) {
                Some((number, _)) => *number += 1,
                None => causes.push((1, job.cause())),
            }
        }
        causes.sort_by_key(|(number, _)| Reverse(*number));
        let verb = if self.waiting().count() == 1 { "waits" } else { "wait" };
        let jobs = plural(self.waiting().count(), "job");
        match &causes[..] {
            [] => None,
            [(_, cause)] => Some(format!("{jobs} {verb}: {cause}")),
            several => {
                let parts: Vec<String> = several.iter().map(|(number, cause)| format!("{cause} ({number})")).collect();
                Some(format!("{jobs} {verb}: {}", parts.join(", ")))
            }
        }
    }

    /// The nodes that are none of the servers.
    pub(crate) fn other_nodes(&self) -> impl Iterator<Item = &NodeStatus> {
        let ours: BTreeSet<&NodeName> = self.servers.iter().flat_map(|server| &server.nodes).collect();
        self.nodes.iter().flatten().filter(move |node| !ours.contains(&node.name))
    }

    /// Where node types are not ordered for now.
    pub(crate) fn pauses(&self) -> impl Iterator<Item = (&NodeTypeName, &Pause)> {
        self.node_types.iter().flat_map(|kind| kind.pauses.iter().map(|pause| (&kind.name, pause)))
    }
}

impl ServerStatus {
    fn of(overview: &Overview<'_>, view: &ServerView<'_>, at_hand: &BTreeSet<MitaId>) -> Self {
        let Verdict { id, name, rule, reason, .. } = view.verdict;
        let seen = view.machine.and_then(|machine| machine.server());
        let nodes = || view.machine.into_iter().flat_map(|machine| machine.nodes.iter().copied());
        ServerStatus {
            id: id.clone(),
            name: name.clone(),
            order: view.order().cloned(),
            node_type: view.node_type().cloned(),
            provider: view.provider().cloned(),
            state: view.state(),
            standing: Standing::of(overview, view),
            age_seconds: view.machine.map(|machine| overview.since(machine.ordered_at).as_secs()),
            addresses: seen.map(|server| server.addresses.iter().copied().collect()).unwrap_or_default(),
            nodes: view.nodes().into_iter().cloned().collect(),
            builds: BuildStatus::all(overview, nodes()),
            held: Hold::of(overview, nodes()),
            rule: *rule,
            reason: clean::text(&kept(overview, view, at_hand, reason)),
            next: view.machine.and_then(|machine| Next::of(overview, *rule, machine, view.memory, at_hand)),
        }
    }

    /// A server that this very run has ordered.
    fn of_order(action: &Action, server_id: Option<&ServerId>) -> Option<Self> {
        let Action { change: Change::CreateServer(order), rule, reason } = action else { return None };
        Some(ServerStatus {
            id: server_id.map_or_else(|| order.id.to_string(), ServerId::to_string),
            name: order.name.clone(),
            order: Some(order.id.clone()),
            node_type: Some(order.node_type.clone()),
            provider: Some(order.provider.clone()),
            state: "ordered".to_owned(),
            standing: Standing::Ordered,
            age_seconds: Some(0),
            addresses: Vec::new(),
            nodes: Vec::new(),
            builds: Vec::new(),
            held: None,
            rule: *rule,
            reason: clean::text(reason),
            next: None,
        })
    }

    fn urgency(&self) -> u8 {
        match self.standing {
            Standing::Other => 0,
            Standing::Held => 1,
            Standing::Ordered | Standing::Booting | Standing::Connecting => 2,
            Standing::Busy => 3,
            Standing::Idle => 4,
            Standing::Leaving => 5,
        }
    }

    /// The name that people use: that of its node, else of its order, else its own.
    pub(crate) fn display_name(&self) -> String {
        match (&self.nodes[..], &self.order) {
            ([node, ..], _) => node.to_string(),
            ([], Some(order)) => order.to_string(),
            // Of several servers of a type, the beginning of the id tells which.
            ([], None) => format!("{} {}", self.name, self.id.chars().take(8).collect::<String>()),
        }
    }

    /// The reason, without its name if it begins with that.
    pub(crate) fn short_reason(&self) -> &str {
        self.reason.strip_prefix(&format!("node {} ", self.display_name())).unwrap_or(&self.reason)
    }

    /// Its state for people: a hold of a busy node is seen as well.
    pub(crate) fn state_words(&self) -> String {
        let held = if self.held.is_some() && self.standing != Standing::Held { ", held" } else { "" };
        format!("{}{held}", self.standing.name())
    }

    /// The reason for people: the builds that run there, and who holds it.
    pub(crate) fn why(&self) -> String {
        why(self.short_reason(), &self.builds, self.held.as_ref())
    }

    /// The same, where the builds are shown anyway.
    pub(crate) fn why_beside_builds(&self) -> String {
        why(self.short_reason(), &[], self.held.as_ref())
    }
}

/// The reason of an idle server; of one that is kept at hand beyond its grace time, that it is.
fn kept(overview: &Overview<'_>, view: &ServerView<'_>, at_hand: &BTreeSet<MitaId>, reason: &str) -> String {
    let Some(machine) = view.machine.filter(|it| view.verdict.rule == Rule::Kept && at_hand.contains(&it.id)) else {
        return reason.to_owned();
    };
    format!("{reason}; then {}", next::stays_at_hand(overview, machine))
}

/// A reason with the builds that it speaks of, or with the hold.
fn why(reason: &str, builds: &[BuildStatus], held: Option<&Hold>) -> String {
    let running = activity::sentence(builds);
    let reason = match running {
        Some(running) if reason.contains(RUNS_A_BUILD) => reason.replacen(RUNS_A_BUILD, &running, 1),
        _ => reason.to_owned(),
    };
    match held {
        None => reason,
        Some(held) if reason.starts_with("a person ") || reason.contains("is held by ") => held.short(),
        Some(held) => format!("{}; {reason}", held.short()),
    }
}

/// The words of the planner for a busy node.
const RUNS_A_BUILD: &str = "runs a build";

impl NodeStatus {
    /// The reason for people: the builds that run there, and who holds it.
    pub(crate) fn why(&self) -> String {
        let running = activity::sentence(&self.builds).filter(|_| !self.reason.contains(RUNS_A_BUILD));
        let reason = why(&self.reason, &self.builds, self.held.as_ref());
        running.map_or(reason.clone(), |running| format!("{reason}; {running}"))
    }

    fn of(overview: &Overview<'_>, view: &NodeView<'_>) -> Self {
        let server_id = match view.identity {
            NodeIdentity::Of(machine) => overview.fleet.machines[*machine].server_id.clone(),
            NodeIdentity::Former(server) => Some(server.clone()),
            NodeIdentity::Doubtful(_) | NodeIdentity::MadeFor(_) | NodeIdentity::Foreign(_) => None,
        };
        NodeStatus {
            name: view.node.name.clone(),
            server_id,
            presence: view.presence(),
            executors: view.node.executors,
            idle_executors: view.node.idle_executors,
            builds: BuildStatus::all(overview, [view.node]),
            held: Hold::of(overview, [view.node]),
            rule: view.verdict.rule,
            reason: clean::text(&overview.reason(view.verdict)),
        }
    }
}
