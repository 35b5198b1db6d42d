//! A queue item that waits for an executor.

use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::need::Need;
use crate::domain::world::{QueueItem, Task};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A queue item that waits for an executor.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    pub(crate) item: &'a QueueItem,
    pub(crate) need: Need,
    /// For each node type of the configuration, whether a new server of it would do.
    pub(crate) served_by: Vec<bool>,
    /// Time in the queue.
    pub(crate) waited: SignedDuration,
    /// Since when mita sees it wait.
    pub(crate) seen_since: Timestamp,
    /// Nodes that its reason says refuse it.
    pub(crate) refusing: BTreeSet<NodeName>,
    /// Node types that do not serve it, whatever their labels say.
    pub(crate) mismatched: BTreeSet<NodeTypeName>,
    /// Node types of which an idle node refuses it by name: one more of the kind would do the same.
    pub(crate) refused_by: BTreeSet<NodeTypeName>,
}

impl Waiting<'_> {
    /// Whether it takes no executor of its node.
    pub(crate) fn is_flyweight(&self) -> bool {
        matches!(self.item.task, Task::Flyweight { .. })
    }
}
