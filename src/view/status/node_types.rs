//! Node types: how many servers they have and want, and where they are not ordered for now.

use crate::config::NodeType;
use crate::domain::label::Carriers;
use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::rule::Rule;
use crate::plan::capacity::budgets::budgets;
use crate::plan::lifecycle::lateness::is_late;
use crate::plan::model::{Change, Order};
use crate::record::clean;
use crate::view::document::Time;
use crate::view::overview::{ItemView, Overview, ServerView};
use crate::view::status::activity::Hold;
use crate::view::status::standing::{Counts, Standing};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A node type of the configuration, or one that only servers still have.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NodeType")]
pub(crate) struct TypeStatus {
    pub(crate) name: NodeTypeName,
    /// False for a node type that only servers still have.
    pub(crate) configured: bool,
    /// The maximum number of servers; null if only `max_servers` limits it.
    pub(crate) max: Option<u32>,
    /// The number of idle nodes to keep available at this time.
    pub(crate) min_idle: u32,
    /// The number of idle servers that should be ready now: `min_idle`, and what `spare`, `idle_grace = "auto"` and
    /// `ahead` add to it.
    pub(crate) at_hand: u32,
    pub(crate) servers: Counts,
    /// The number of servers that a person holds or whose removal a person paused, busy ones included.
    pub(crate) held: usize,
    /// The number of servers on their way that are late: another one is ordered for their jobs.
    pub(crate) late: usize,
    /// The number of servers that a run orders now.
    pub(crate) wanted: usize,
    /// The number of waiting jobs that a server of this node type could run.
    pub(crate) jobs_waiting: usize,
    /// Where the node type is not ordered for now.
    pub(crate) pauses: Vec<Pause>,
}

/// Why a node type is not ordered at a provider for now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pause {
    pub(crate) provider: ProviderName,
    /// `budget`, `breaker_open` or `quota`.
    pub(crate) rule: Rule,
    pub(crate) until: Time,
    #[serde(skip)]
    pub(crate) lasts: SignedDuration,
    pub(crate) reason: String,
}

/// The configured node types in their order, then those that only servers still have.
pub(crate) fn all(overview: &Overview<'_>, servers: &[ServerView<'_>], items: &[ItemView<'_>]) -> Vec<TypeStatus> {
    let all = &overview.config.node_types;
    let (mut counts, mut wanted) = counts(overview, servers);
    let mut types = Vec::new();
    let carriers = Carriers::new(all.iter().map(NodeType::all_labels));
    let needs = items.iter().filter(|item| item.waits()).filter_map(ItemView::need);
    let served: Vec<Vec<bool>> = needs.map(|need| need.served_by(&carriers, all)).collect();
    for (index, kind) in all.iter().enumerate() {
        types.push(TypeStatus {
            name: kind.name.clone(),
            configured: true,
            max: kind.max,
            min_idle: kind.min_idle.at(overview.now()),
            at_hand: overview.plan().at_hand.get(&kind.name).map_or(0, |at_hand| at_hand.order),
            late: late(overview, &kind.name),
            servers: counts.remove(&kind.name).unwrap_or_default(),
            held: held(overview, servers, &kind.name),
            wanted: wanted.remove(&kind.name).unwrap_or_default(),
            jobs_waiting: served.iter().filter(|served| served[index]).count(),
            pauses: kind.providers.iter().flat_map(|provider| pauses(overview, provider, &kind.name)).collect(),
        });
    }
    let there = servers.iter().filter(|server| server.is_there());
    let former: BTreeSet<&NodeTypeName> = there.filter_map(ServerView::node_type).collect();
    let former = former.into_iter().filter(|name| overview.config.node_type(name).is_none());
    types.extend(former.map(|name| TypeStatus {
        name: name.clone(),
        configured: false,
        max: Some(0),
        min_idle: 0,
        at_hand: 0,
        late: 0,
        servers: counts.remove(name).unwrap_or_default(),
        held: held(overview, servers, name),
        wanted: 0,
        jobs_waiting: 0,
        pauses: Vec::new(),
    }));
    types
}

/// The servers of a type that are held, or busy and held.
fn held(overview: &Overview<'_>, servers: &[ServerView<'_>], kind: &NodeTypeName) -> usize {
    let is_held = |server: &&ServerView<'_>| {
        let nodes = server.machine.into_iter().flat_map(|machine| machine.nodes.iter().copied());
        server.node_type() == Some(kind)
            && (Standing::of(overview, server) == Standing::Held || Hold::of(overview, nodes).is_some())
    };
    servers.iter().filter(is_held).count()
}

/// Servers on their way that are late.
fn late(overview: &Overview<'_>, kind: &NodeTypeName) -> usize {
    let of_type = overview.fleet.machines.iter().filter(|machine| machine.node_type == *kind && !machine.is_online());
    of_type.filter(|machine| is_late(overview.state(), machine)).count()
}

/// The servers of each type that are there, those that this run has ordered included; and how many are still to be ordered.
fn counts(
    overview: &Overview<'_>,
    servers: &[ServerView<'_>],
) -> (BTreeMap<NodeTypeName, Counts>, BTreeMap<NodeTypeName, usize>) {
    let mut counts: BTreeMap<NodeTypeName, Counts> = BTreeMap::new();
    let mut wanted: BTreeMap<NodeTypeName, usize> = BTreeMap::new();
    for server in servers.iter().filter(|server| server.is_there()) {
        if let Some(kind) = server.node_type() {
            counts.entry(kind.clone()).or_default().add(Standing::of(overview, server));
        }
    }
    let ordered: BTreeSet<usize> = overview.ordered().map(|(index, _, _)| index).collect();
    for (index, action) in overview.plan().actions.iter().enumerate() {
        let Change::CreateServer(Order { node_type, .. }) = &action.change else { continue };
        if ordered.contains(&index) {
            counts.entry(node_type.clone()).or_default().add(Standing::Ordered);
        } else {
            *wanted.entry(node_type.clone()).or_default() += 1;
        }
    }
    (counts, wanted)
}

/// Why a node type is not ordered at a provider for now.
pub(crate) fn pauses(overview: &Overview<'_>, provider: &ProviderName, kind: &NodeTypeName) -> Vec<Pause> {
    let memory = overview.state();
    let pause = |rule, until: Timestamp, reason: &str| Pause {
        provider: provider.clone(),
        rule,
        until: Time(until),
        lasts: overview.until(until),
        reason: clean::text(reason),
    };
    let breaker = memory.breakers.get(provider).and_then(|types| types.get(kind));
    let breaker = breaker.map(|breaker| pause(Rule::BreakerOpen, breaker.until, &breaker.reason));
    let refused = memory.quota_refused.get(provider).and_then(|types| types.get(kind));
    let answer = memory.quota_answers.get(provider).and_then(|types| types.get(kind));
    let why = answer.map_or("the cloud's quota had no room for it", String::as_str);
    let refused = refused.map(|until| pause(Rule::Quota, *until, why));
    let throttled = memory.throttled_until(provider, overview.now());
    let throttled = throttled.map(|until| pause(Rule::BreakerOpen, until, "the provider asks for fewer requests"));
    let over = budgets(overview.config, &memory.spent, overview.now())
        .filter(|(scope, _, used)| used.is_over() && scope.counts(kind, provider));
    let over = over.map(|(scope, budget, used)| {
        let reason = format!("{scope} has used its budget of {budget}");
        pause(Rule::Budget, used.until.timestamp(), &reason)
    });
    over.chain(throttled).chain(breaker).chain(refused).filter(|pause| pause.until.0 > overview.now()).collect()
}
