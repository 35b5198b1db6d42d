//! What a whole list of the nodes tells beyond each of them: builds that several share, and nodes that are missing.

use crate::domain::journal;
use crate::domain::names::{NodeName, ServerId};
use crate::domain::small_set::SmallSet;
use crate::domain::state::{Credit, NodeMemory, ServerMemory, Shield, State};
use crate::domain::world::Node;
use foldhash::{HashMap, HashSet, HashSetExt};
use jiff::Timestamp;
use std::borrow::Cow;

/// What the list of this run tells, beside the one before.
pub(super) struct Listed<'n> {
    pub(super) shared: SharedBuilds<'n>,
    /// The nodes that the list lacks and the one before had, but for those of servers that mita retires.
    missed: HashSet<&'n NodeName>,
    /// The same by the run in which they came.
    missed_by_run: HashMap<u64, &'n NodeName>,
    /// The runs in which the nodes of the list came.
    came: HashSet<u64>,
}

impl<'n> Listed<'n> {
    pub(super) fn new(nodes: impl IntoIterator<Item = &'n Node>, state: &'n State, after: &State) -> Self {
        let retired = state.servers.values().filter(|server| server.retirement.is_some());
        let retired: HashSet<&ServerId> = retired.filter_map(|server| server.server_id.as_ref()).collect();
        let is_retired = |node: &NodeMemory| node.server.as_ref().is_some_and(|server| retired.contains(server));
        let is_missed = |(name, node): &(&NodeName, &NodeMemory)| !after.nodes.contains_key(name) && !is_retired(node);
        let missed: Vec<(&NodeName, &NodeMemory)> = state.nodes.iter().filter(is_missed).collect();
        // Nothing is asked of them where no node is missing.
        let there = after.nodes.values().filter(|_| !missed.is_empty());
        Self {
            shared: shared_builds(nodes),
            came: there.map(|node| node.first_seen).collect(),
            missed_by_run: missed.iter().map(|(name, node)| (node.first_seen, *name)).collect(),
            missed: missed.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// Notes that a node is missing which may have been the server's under another name: it kept the server, or it came when the
    /// server's own went, as no node did that is there. One that never kept the server gives it no time.
    pub(super) fn see_shield(&self, memory: &mut ServerMemory, run: u64, now: Timestamp) {
        let kept = memory.shield.as_ref().is_some_and(|shield| self.missed.contains(&shield.node));
        let came_then = || {
            let is_there = memory.losses().any(|loss| self.came.contains(&loss));
            memory.losses().find_map(|loss| self.missed_by_run.get(&loss)).filter(|_| !is_there)
        };
        let shield = match (&*memory.shield, came_then()) {
            (Some(shield), came_then) if kept || came_then.is_some() => {
                Shield { missed_in: Some(run), ..shield.clone() }
            }
            (None, Some(node)) => {
                let ended = memory.missing.unwrap_or_else(|| Credit::begin(now));
                Shield { node: (*node).clone(), ended, missed_in: Some(run) }
            }
            (Some(_) | None, _) => return,
        };
        memory.shield = Some(shield).into();
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
