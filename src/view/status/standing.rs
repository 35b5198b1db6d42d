//! How far a server has come, in the words of the tables, the metrics and the page.

use crate::domain::rule::Rule;
use crate::view::document::named;
use crate::view::overview::{Overview, ServerView};
use schemars::JsonSchema;
use serde::Serialize;

named!(
    /// How far a server has come.
    Standing {
        /// Ordered, and not in a list of its cloud yet.
        Ordered = "ordered",
        /// Its cloud builds it.
        Booting = "booting",
        /// Active; its node is not online in Jenkins yet.
        Connecting = "connecting",
        /// Its node is online and runs no build.
        Idle = "idle",
        /// A build runs there.
        Busy = "busy",
        /// A person set its node offline, locked it or paused its removal, or its cloud would refuse to delete it.
        Held = "held",
        /// Retired, in deletion or gone.
        Leaving = "leaving",
        /// Anything else: the rule of its verdict says what.
        Other = "other",
    }
);

impl Standing {
    /// By what the run does with the server, then by the rule of its verdict.
    pub(crate) fn of(overview: &Overview<'_>, server: &ServerView<'_>) -> Self {
        if overview.is_removed(&server.verdict.id) {
            return Standing::Leaving;
        }
        match server.verdict.rule {
            Rule::Ordered => Standing::Ordered,
            Rule::Booting => Standing::Booting,
            Rule::Connecting | Rule::WantedAgain => Standing::Connecting,
            Rule::Kept | Rule::KeptForJobs | Rule::MinIdle => Standing::Idle,
            Rule::Busy => Standing::Busy,
            Rule::Held | Rule::Paused => Standing::Held,
            Rule::Deleting | Rule::Gone => Standing::Leaving,
            _ => Standing::Other,
        }
    }
}

/// The number of servers, by how far they have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Counts {
    pub(crate) total: usize,
    /// `ordered`, `booting` and `connecting` together.
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

    pub(crate) fn of(mut self, standing: Standing) -> usize {
        *self.of_mut(standing)
    }

    /// Those that are neither on their way nor idle nor busy.
    pub(crate) fn rest(self) -> usize {
        self.total - self.on_its_way - self.idle - self.busy
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
