//! Servers on their way, as limits and breakers count them.

use crate::domain::names::{MitaId, NodeTypeName, ProviderName};
use crate::domain::state::{Breaker, Origin};

/// A server on its way.
#[derive(Debug)]
pub(super) struct Coming<'a> {
    pub(super) order: &'a MitaId,
    pub(super) place: (&'a NodeTypeName, &'a ProviderName),
    pub(super) origin: Origin,
    pub(super) late: bool,
    /// Whether no list ever showed it, and its cloud says that it is gone.
    pub(super) vanished: bool,
    /// Whether its cloud refused it the floating IP that it may need to join.
    pub(super) refused_floating_ip: bool,
}

impl Coming<'_> {
    /// Whether it is the one server that is tried after a failure. What was ordered before the failure tells nothing, and
    /// one that is late is waited for only once so many runs saw failures that the breaker opens.
    pub(super) fn is_try_after(&self, breaker: &Breaker) -> bool {
        if self.vanished {
            // The first one is replaced at once. Where that one vanishes as well, its cloud's answers may lag: both may be there.
            return breaker.failures > 1;
        }
        let after = match self.origin {
            Origin::Ordered(run) => run >= breaker.failed_in,
            Origin::Found => true,
        };
        after && (!self.late || breaker.failures >= Breaker::OPENS_AT)
    }
}
