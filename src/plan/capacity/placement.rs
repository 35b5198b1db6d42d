//! Where each waiting job will run, and which servers are ordered for that.

use crate::domain::names::NodeName;
use crate::domain::rule::Rule;
use crate::plan::capacity::blocker::Blocker;
use std::collections::BTreeSet;

/// Where a job will run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a node that is there, of this machine if it is ours.
    Node { name: NodeName, machine: Option<usize> },
    /// On a server that is on its way.
    Coming { machine: usize },
    /// On a server to be ordered: an index into [`Placement::orders`].
    Order(usize),
}

impl Place {
    /// The machine of a node that is there.
    pub(crate) fn machine(&self) -> Option<usize> {
        match self {
            Place::Node { machine, .. } => *machine,
            Place::Coming { .. } | Place::Order(_) => None,
        }
    }
}

/// A server to be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedOrder {
    /// Index into the configuration's node types.
    pub(crate) node_type: usize,
    /// Index into the configuration's providers.
    pub(crate) provider: usize,
    /// Why.
    pub(crate) rule: Rule,
}

/// The result.
#[derive(Debug, Default)]
pub(crate) struct Placement {
    /// For each waiting job, in their order.
    pub(crate) places: Vec<Option<Place>>,
    /// For a scout, where one was asked for.
    pub(crate) scout: Option<usize>,
    /// What stood in the way of a scout that was asked for.
    pub(crate) no_scout: Option<Blocker>,
    /// Servers to be ordered.
    pub(crate) orders: Vec<PlannedOrder>,
    /// The first waiting job from which on the jobs were placed without moving others, since the effort for searches was
    /// used up.
    pub(crate) hurried_from: Option<usize>,
    /// Machines whose idle node is kept ready.
    pub(crate) kept_ready: BTreeSet<usize>,
    /// Machines that may go, but not yet: too few may go together with them.
    pub(crate) waiting_for_others: BTreeSet<usize>,
}
