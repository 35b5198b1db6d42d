//! The input and the result of the assignment.

use crate::domain::selection::Selection;

/// Slots that accept the same jobs.
#[derive(Clone, Debug)]
pub struct SlotClass {
    /// How many there are.
    pub slots: u32,
    /// Lower tiers are used first.
    pub tier: u8,
}

/// Jobs that the same slots and types accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JobClass {
    /// Slot classes that accept the job.
    pub slots: Selection,
    /// Node types that a server could be ordered of, the preferred one first.
    pub types: Vec<usize>,
}

/// A node type that servers can be ordered of.
#[derive(Clone, Debug)]
pub struct OrderType {
    /// Executors of each server. At least 1.
    pub executors: u32,
    /// How many more servers the type's own limit allows.
    pub room: u32,
    /// Providers that can take it, the preferred one first, and how many each may be asked for.
    pub providers: Vec<(usize, u32)>,
}

/// What one server of a type takes of a provider's quota: cores, MiB of memory, volumes, GiB of volumes, floating IPs.
pub type Weight = [u64; 5];

/// A quota without limits.
pub const UNLIMITED: Weight = [u64::MAX; 5];

/// A provider that servers can be ordered from.
#[derive(Clone, Debug)]
pub struct ProviderRoom {
    /// How many more servers its limits allow.
    pub room: u32,
    /// What is left of its quota, in the order of [`Weight`].
    pub quota: Weight,
    /// What a server of each type takes of it.
    pub weights: Vec<Weight>,
}

/// Everything on offer.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Classes of jobs.
    pub jobs: Vec<JobClass>,
    /// Classes of slots that exist or are on their way.
    pub slots: Vec<SlotClass>,
    /// Node types.
    pub types: Vec<OrderType>,
    /// Providers.
    pub providers: Vec<ProviderRoom>,
    /// How many more servers may be ordered over all.
    pub room: u32,
}

/// Where a job ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seat {
    /// A slot of this class.
    Slot(usize),
    /// A server to be ordered: its index in [`Outcome::orders`].
    Order(usize),
}

/// A server to be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its node type.
    pub node_type: usize,
    /// Its provider.
    pub provider: usize,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where each job of the queue ends up, in the queue's order.
    pub seats: Vec<Option<Seat>>,
    /// Servers to be ordered, in the order of the oldest job of each.
    pub orders: Vec<Order>,
    /// The first job of the queue for which the effort was used up: it and those behind it sit where there was room, and
    /// nobody was moved for them.
    pub hurried_from: Option<usize>,
}
