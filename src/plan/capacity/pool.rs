//! Pools of equal executors: idle, coming back, or on their way.

use crate::config::NodeType;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::world::Node;
use crate::plan::capacity::placement::Place;

/// When executors can be used, the soonest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    Idle,
    /// Once their node, which is being retired, is back online.
    Draining,
    OnItsWay,
}

/// How long the nodes of a pool have stood beside waiting jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    /// For a node that is not wholly idle and ours: idle for so long that a job waiting beside it is not taken.
    pub(crate) long_free: bool,
    /// For a node of ours that was kept for jobs long enough, and not as one at hand: no job may count on it.
    pub(crate) overdue: bool,
    /// For a node of ours that came just now: a job that its type was thought to serve still counts on it, whatever
    /// labels it came with. In the second sighting they are the truth.
    pub(crate) fresh: bool,
    /// For a node of ours that lacks a label which its type got since: it is none at hand.
    pub(crate) outdated: bool,
}

/// Executors that accept the same jobs, and the servers or nodes that have them.
pub(crate) struct ExecutorPool<'a> {
    pub(crate) tier: Tier,
    pub(crate) sample: Sample<'a>,
    pub(crate) standing: Standing,
    /// Where the executors are, and how many of them are not taken.
    pub(crate) members: Vec<(Place, u32)>,
    /// Members without a slot left, from the first on.
    pub(crate) used: usize,
}

/// What decides whether a pool accepts a job.
#[derive(Clone, Copy)]
pub(crate) enum Sample<'a> {
    /// A node as it is, and its type if it is ours.
    Node(&'a Node, Option<&'a NodeType>),
    /// A server to be, of this type.
    Type(&'a NodeType),
}

/// What makes two slots the same to every job: among others the labels, and the name of a node that a job speaks of.
pub(crate) type PoolKey<'a> = (Tier, Option<&'a NodeTypeName>, Vec<&'a str>, Option<&'a NodeName>, Standing);

impl<'a> ExecutorPool<'a> {
    pub(crate) fn new(tier: Tier, sample: Sample<'a>, standing: Standing) -> Self {
        Self { tier, sample, standing, members: Vec::new(), used: 0 }
    }

    pub(crate) fn slots(&self) -> u32 {
        // Jenkins says how many executors a node has, and nothing keeps that small.
        self.members.iter().fold(0, |sum, (_, slots)| sum.saturating_add(*slots))
    }

    /// One of its nodes, with its type; none for servers to be.
    pub(crate) fn node(&self) -> Option<(&'a Node, Option<&'a NodeType>)> {
        match self.sample {
            Sample::Node(node, kind) => Some((node, kind)),
            Sample::Type(_) => None,
        }
    }

    /// How many of its slots are not taken.
    pub(crate) fn left(&self) -> u32 {
        self.members[self.used..].iter().fold(0, |sum, (_, slots)| sum.saturating_add(*slots))
    }

    /// One slot of the first member that has any left.
    pub(crate) fn take(&mut self) -> Place {
        if self.members.len() > self.used + 1 && self.members[self.used].1 <= 1 {
            self.used += 1;
            return self.members[self.used - 1].0.clone();
        }
        let (place, left) = &mut self.members[self.used];
        *left = left.saturating_sub(1);
        place.clone()
    }
}
