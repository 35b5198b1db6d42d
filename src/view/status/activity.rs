//! What goes on at a node: the builds that run there, and a person's hold.

use crate::domain::format::shortened;
use crate::domain::names::NodeName;
use crate::domain::offline::holder;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::{Build, Node};
use crate::record::clean;
use crate::view::document::Time;
use crate::view::overview::Overview;
use crate::view::text::duration;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// At most this many builds are named in a sentence.
const NAMED: usize = 2;

/// A longer reason of a hold is cut in a row: `explain` and the JSON have all.
const LONGEST_REASON: usize = 120;

/// A build, or a part of one, that runs on a node.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Build")]
pub(crate) struct BuildStatus {
    /// Its name as Jenkins shows it.
    pub(crate) name: String,
    /// The full name of its job; null if its address does not show it.
    pub(crate) job: Option<String>,
    pub(crate) number: Option<u64>,
    pub(crate) url: Option<String>,
    /// When it began; for a part of a pipeline, when the pipeline began.
    pub(crate) since: Option<Time>,
    #[serde(skip)]
    pub(crate) lasts: Option<SignedDuration>,
}

/// A person's hold on a node.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Hold {
    pub(crate) node: NodeName,
    /// Null if Jenkins does not say who.
    pub(crate) by: Option<String>,
    /// Empty if no reason was given.
    pub(crate) reason: String,
    /// Null if Jenkins does not say since when.
    pub(crate) since: Option<Time>,
    #[serde(skip)]
    lasts: Option<SignedDuration>,
}

impl BuildStatus {
    /// The builds on these nodes.
    pub(crate) fn all<'a>(overview: &Overview<'_>, nodes: impl IntoIterator<Item = &'a Node>) -> Vec<Self> {
        nodes.into_iter().flat_map(|node| &node.builds).map(|build| BuildStatus::of(overview, build)).collect()
    }

    fn of(overview: &Overview<'_>, build: &Build) -> Self {
        let Build { name, job, number, url, since, queue_id: _ } = build;
        BuildStatus {
            name: clean::text(name),
            job: job.clone(),
            number: *number,
            url: url.clone(),
            since: since.map(Time),
            lasts: since.map(|since| overview.since(since)),
        }
    }

    /// The build and for how long it has run: `ceph-build #12 for 3m`.
    pub(crate) fn words(&self) -> String {
        let lasts = self.lasts.map_or_else(String::new, |lasts| format!(" for {}", duration(lasts)));
        format!("{}{lasts}", self.name)
    }
}

/// The builds in a sentence; none if there are none.
pub(crate) fn sentence(builds: &[BuildStatus]) -> Option<String> {
    let named: Vec<String> = builds.iter().take(NAMED).map(BuildStatus::words).collect();
    let more = builds.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!builds.is_empty()).then(|| format!("runs {}{more}", named.join(", ")))
}

impl Hold {
    /// The hold on one of these nodes, busy or not.
    pub(crate) fn of<'a>(overview: &Overview<'_>, nodes: impl IntoIterator<Item = &'a Node>) -> Option<Self> {
        let is_held = |node: &&Node| {
            let known = overview.state().nodes.get(&node.name);
            known.is_some_and(|known| known.set_offline_by == Some(SetOfflineBy::Person))
        };
        let node = nodes.into_iter().find(is_held)?;
        let cause = node.presence.cause();
        let (by, reason) = cause.map(holder).unwrap_or_default();
        let since = cause.and_then(|cause| cause.since);
        Some(Hold {
            node: node.name.clone(),
            by: by.map(|by| clean::text(&by)),
            reason: clean::text(&reason),
            since: since.map(Time),
            lasts: since.map(|since| overview.since(since)),
        })
    }

    /// By whom, for how long, and why, for a row of a table.
    pub(crate) fn short(&self) -> String {
        let reason = shortened(&self.reason, LONGEST_REASON).into_owned();
        Hold { reason, ..self.clone() }.words()
    }

    /// By whom, for how long, and why.
    pub(crate) fn words(&self) -> String {
        let by = self.by.as_deref().unwrap_or("a person");
        let lasts = self.lasts.map_or_else(String::new, |lasts| format!(" for {}", duration(lasts)));
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("held by {by}{lasts}{reason}")
    }
}
