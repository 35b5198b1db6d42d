//! The results of the earlier steps, from which actions and verdicts are made.

use crate::domain::names::MitaId;
use crate::domain::world::World;
use crate::plan::capacity::blocker::Blocker;
use crate::plan::capacity::placement::Placement;
use crate::plan::capacity::supply::Supply;
use crate::plan::demand::queue::Demand;

/// What the decisions are made from.
pub(crate) struct Findings<'a> {
    pub(crate) world: &'a World,
    pub(crate) supply: &'a Supply<'a>,
    pub(crate) demand: &'a Demand<'a>,
    pub(crate) placement: &'a Placement,
    /// Why nothing at all is ordered, if so.
    pub(crate) blocker: Option<&'a Blocker>,
    /// The ids of the orders.
    pub(crate) ids: &'a [MitaId],
}
