//! What a whole list of the nodes tells beyond each of them: builds that several share, and nodes that are missing.

use crate::domain::journal;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::small_set::SmallSet;
use crate::domain::state::{NodeMemory, ServerMemory, State};
use crate::domain::world::Node;
use foldhash::{HashSet, HashSetExt};
use std::borrow::Cow;

/// What the list of this run tells, beside the one before.
pub(super) struct Listed<'n> {
    pub(super) shared: SharedBuilds<'n>,
    /// The nodes that the list lacks and the one before had, but for those that mita has deleted.
    missed: Vec<(&'n NodeName, &'n NodeMemory)>,
}

impl<'n> Listed<'n> {
    pub(super) fn new(nodes: impl IntoIterator<Item = &'n Node>, state: &'n State, after: &State) -> Self {
        let retired = state.servers.values().filter(|server| server.retirement.is_some());
        let retired: HashSet<&ServerId> = retired.filter_map(|server| server.server_id.as_ref()).collect();
        let is_retired = |node: &NodeMemory| node.server.as_ref().is_some_and(|server| retired.contains(server));
        let is_missed = |(name, node): &(&NodeName, &NodeMemory)| !after.nodes.contains_key(name) && !is_retired(node);
        Self { shared: shared_builds(nodes), missed: state.nodes.iter().filter(is_missed).collect() }
    }

    /// Of those nodes, one that may have been the server's under another name: it kept the server, or it came when the server's
    /// own went.
    pub(super) fn missed_again(&self, memory: &ServerMemory) -> Option<&'n NodeName> {
        let shield = memory.shield.as_ref();
        let kept = |name: &NodeName| shield.is_some_and(|shield| shield.node == *name);
        let came_then = |node: &NodeMemory| memory.losses().any(|run| run == node.first_seen);
        let may_be_it = |(name, node): &&(&NodeName, &NodeMemory)| kept(name) || came_then(node);
        self.missed.iter().find(may_be_it).map(|(name, _)| *name)
    }
}

/// Builds that run on several nodes at once, by their pages or names.
pub(super) type SharedBuilds<'n> = HashSet<Cow<'n, str>>;

/// The builds that these nodes share.
fn shared_builds<'n>(nodes: impl IntoIterator<Item = &'n Node>) -> SharedBuilds<'n> {
    let mut seen = HashSet::new();
    let mut shared = SharedBuilds::new();
    for node in nodes {
        let pages: SmallSet<Cow<'_, str>> = node.builds.iter().map(journal::page_or_name).collect();
        shared.extend(pages.iter().filter_map(|page| seen.replace(page.clone())));
    }
    shared
}
