//! Node types: what of them is wanted, what is there, and why one is not ordered for now.

use crate::domain::names::{NodeTypeName, ProviderName};
use crate::domain::rule::Rule;
use crate::plan::model::{Change, Order};
use crate::view::document::{clean, to_the_second};
use crate::view::picture::{ItemView, Picture, ServerView};
use jiff::SignedDuration;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A node type of the configuration, or one that only servers remember.
#[derive(Debug, Serialize)]
pub(crate) struct TypeStatus {
    pub(crate) name: NodeTypeName,
    /// False for one that only servers remember.
    pub(crate) configured: bool,
    pub(crate) max: Option<u32>,
    /// Idle nodes to keep at hand just now.
    pub(crate) min_idle: u32,
    pub(crate) servers: Counts,
    /// Servers that a run orders now, and that are not ordered yet.
    pub(crate) wanted: usize,
    /// Jobs that wait and that a server of this type would do for.
    pub(crate) jobs_waiting: usize,
    /// Where it is not ordered for now.
    pub(crate) pauses: Vec<Pause>,
}

/// How far a server has come, in the words of the tables, the metrics and the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Ordered, and in no listing yet.
    Ordered,
    /// Being built by its cloud.
    Booting,
    /// Active, and on its way to Jenkins.
    Connecting,
    /// Online, and without work.
    Idle,
    /// At work.
    Busy,
    /// A person set its node offline.
    Held,
    /// On its way out, or gone.
    Leaving,
    /// Anything else: its verdict says what.
    Other,
}

impl Standing {
    pub(crate) const ALL: [Standing; 8] = [
        Standing::Ordered,
        Standing::Booting,
        Standing::Connecting,
        Standing::Idle,
        Standing::Busy,
        Standing::Held,
        Standing::Leaving,
        Standing::Other,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Standing::Ordered => "ordered",
            Standing::Booting => "booting",
            Standing::Connecting => "connecting",
            Standing::Idle => "idle",
            Standing::Busy => "busy",
            Standing::Held => "held",
            Standing::Leaving => "leaving",
            Standing::Other => "other",
        }
    }

    /// By what is done with the server, then by the rule that decided on it.
    pub(crate) fn of(picture: &Picture<'_>, server: &ServerView<'_>) -> Self {
        if picture.is_removed(&server.verdict.id) {
            return Standing::Leaving;
        }
        match server.verdict.rule {
            Rule::Ordered => Standing::Ordered,
            Rule::Booting => Standing::Booting,
            Rule::Connecting | Rule::WantedAgain => Standing::Connecting,
            Rule::Kept | Rule::KeptForJobs | Rule::MinIdle => Standing::Idle,
            Rule::Busy => Standing::Busy,
            Rule::Held => Standing::Held,
            Rule::Deleting | Rule::Gone => Standing::Leaving,
            _ => Standing::Other,
        }
    }
}

/// Servers by how far they have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) total: usize,
    /// Ordered, booting and connecting ones together.
    pub(crate) on_its_way: usize,
    pub(crate) ordered: usize,
    pub(crate) booting: usize,
    pub(crate) connecting: usize,
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    pub(crate) held: usize,
    pub(crate) leaving: usize,
    pub(crate) other: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, standing: Standing) {
        self.total += 1;
        *self.of_mut(standing) += 1;
        if matches!(standing, Standing::Ordered | Standing::Booting | Standing::Connecting) {
            self.on_its_way += 1;
        }
    }

    pub(crate) fn of(&self, standing: Standing) -> usize {
        let mut copy = *self;
        *copy.of_mut(standing)
    }

    fn of_mut(&mut self, standing: Standing) -> &mut usize {
        match standing {
            Standing::Ordered => &mut self.ordered,
            Standing::Booting => &mut self.booting,
            Standing::Connecting => &mut self.connecting,
            Standing::Idle => &mut self.idle,
            Standing::Busy => &mut self.busy,
            Standing::Held => &mut self.held,
            Standing::Leaving => &mut self.leaving,
            Standing::Other => &mut self.other,
        }
    }
}

/// Why a type is not ordered at a provider for now.
#[derive(Debug, Serialize)]
pub(crate) struct Pause {
    pub(crate) provider: ProviderName,
    pub(crate) rule: Rule,
    pub(crate) until: String,
    #[serde(skip)]
    pub(crate) lasts: SignedDuration,
    pub(crate) reason: String,
}

/// The configured types in their order, then those that only servers remember.
pub(crate) fn all(picture: &Picture<'_>, servers: &[ServerView<'_>], items: &[ItemView<'_>]) -> Vec<TypeStatus> {
    let all = &picture.config.node_types;
    let wanted = wanted(picture);
    let mut counts = counts(picture, servers);
    let mut counts_of = |name: &NodeTypeName| counts.remove(name).unwrap_or_default();
    let mut types = Vec::new();
    for kind in all {
        types.push(TypeStatus {
            name: kind.name.clone(),
            configured: true,
            max: kind.max,
            min_idle: kind.min_idle.at(picture.now()),
            servers: counts_of(&kind.name),
            wanted: wanted.get(&kind.name).copied().unwrap_or_default(),
            jobs_waiting: items
                .iter()
                .filter(|item| item.waits() && item.need().is_some_and(|need| need.accepts_type(kind, all)))
                .count(),
            pauses: kind.providers.iter().flat_map(|provider| pauses(picture, provider, &kind.name)).collect(),
        });
    }
    let known = |name: &&NodeTypeName| picture.config.node_type(name).is_none();
    let former: BTreeSet<&NodeTypeName> = servers.iter().filter_map(ServerView::node_type).filter(known).collect();
    types.extend(former.into_iter().map(|name| TypeStatus {
        name: name.clone(),
        configured: false,
        max: Some(0),
        min_idle: 0,
        servers: counts_of(name),
        wanted: 0,
        jobs_waiting: 0,
        pauses: Vec::new(),
    }));
    types
}

/// Servers that a run orders and that are not ordered yet, by type.
fn wanted(picture: &Picture<'_>) -> BTreeMap<NodeTypeName, usize> {
    let ordered: BTreeSet<usize> = picture.ordered().map(|(action, _, _)| action).collect();
    let mut wanted = BTreeMap::new();
    for (index, action) in picture.plan().actions.iter().enumerate() {
        if let Change::CreateServer(Order { node_type, .. }) = &action.change
            && !ordered.contains(&index)
        {
            *wanted.entry(node_type.clone()).or_default() += 1;
        }
    }
    wanted
}

/// What was seen, and what the run has ordered since.
fn counts(picture: &Picture<'_>, servers: &[ServerView<'_>]) -> BTreeMap<NodeTypeName, Counts> {
    let mut counts: BTreeMap<NodeTypeName, Counts> = BTreeMap::new();
    for server in servers {
        if let Some(kind) = server.node_type() {
            counts.entry(kind.clone()).or_default().add(Standing::of(picture, server));
        }
    }
    for (_, action, _) in picture.ordered() {
        if let Change::CreateServer(Order { node_type, .. }) = &action.change {
            counts.entry(node_type.clone()).or_default().add(Standing::Ordered);
        }
    }
    counts
}

/// Why a type is not ordered at a provider for now.
pub(crate) fn pauses(picture: &Picture<'_>, provider: &ProviderName, kind: &NodeTypeName) -> Vec<Pause> {
    let memory = picture.memory();
    let breaker = memory.breakers.get(provider).and_then(|types| types.get(kind));
    let breaker = breaker.filter(|breaker| breaker.until > picture.now()).map(|breaker| Pause {
        provider: provider.clone(),
        rule: Rule::BreakerOpen,
        until: to_the_second(breaker.until),
        lasts: picture.until(breaker.until),
        reason: clean(&breaker.reason),
    });
    let refused = memory.quota_refused.get(provider).and_then(|types| types.get(kind));
    let refused = refused.filter(|until| **until > picture.now()).map(|until| Pause {
        provider: provider.clone(),
        rule: Rule::Quota,
        until: to_the_second(*until),
        lasts: picture.until(*until),
        reason: "the cloud's quota had no room for it".to_owned(),
    });
    breaker.into_iter().chain(refused).collect()
}
