//! What a run is given, what it decides, and what it reports.

use crate::apply::ActionResult;
use crate::config::Config;
use crate::domain::state::State;
use crate::domain::world::World;
use crate::observe::Traffic;
use crate::plan::model::Plan;
use crate::store::{LockError, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};
use thiserror::Error;

/// When a run happens. Only `main` reads the clock.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time that the plan is made for.
    pub now: Timestamp,
    /// When the program started, for the deadline.
    pub started: Instant,
}

/// The year 9000. Waits are added to the present, and no time can be written that is later than the year 9999.
const LATEST: Timestamp = Timestamp::constant(221_845_392_000, 0);

/// A clock that is thousands of years ahead tells no more than that it is wrong.
fn shown_by(clock: SystemTime) -> Timestamp {
    Timestamp::try_from(clock).unwrap_or(LATEST).min(LATEST)
}

impl Moment {
    /// What the clock shows.
    pub fn new(clock: SystemTime, started: Instant) -> Moment {
        Moment { now: shown_by(clock), started }
    }

    /// The present, counted on from what the clock showed at the start, for a command that waits for a person.
    #[must_use]
    pub fn again(self) -> Moment {
        let passed = self.started.elapsed();
        Moment { now: self.now + passed, started: self.started + passed }
    }
}

/// What a run may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permits {
    /// How many removals the brake lets through.
    pub allow_removals: usize,
}

/// The decision of a run, and everything that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What the run may do.
    pub permits: Permits,
    /// The state before the run.
    pub state: &'a State,
    /// What was observed.
    pub world: &'a World,
    /// What follows from these, and from nothing else.
    pub plan: &'a Plan,
}

/// Everything that a run observed, decided and did.
#[derive(Debug)]
pub struct Report {
    /// What was observed.
    pub world: World,
    /// What was decided; after refusals with the orders that were tried instead.
    pub plan: Plan,
    /// What a person should know about the state that it started from; a warning of the plan as well.
    pub state_warning: Option<String>,
    /// When the last run before it was.
    pub last_run: Option<Timestamp>,
    /// The results of the actions; none for a dry run.
    pub results: Option<Vec<ActionResult>>,
    /// Requests that were sent, by service.
    pub traffic: BTreeMap<String, Traffic>,
    /// Time from the start of the program to the decision.
    pub deciding: Duration,
    /// Time from the start of the program to the end of the run.
    pub whole: Duration,
}

impl Report {
    /// Requests that were sent, to all services.
    pub fn requests(&self) -> u64 {
        self.traffic.values().map(|traffic| traffic.requests).sum()
    }
}

/// Why a run ended before it did anything.
#[derive(Debug, Error)]
pub enum RunError {
    /// The lock was not acquired.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_no_time_can_show_is_the_latest_one() {
        let after = |seconds| shown_by(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(after(86_400), "1970-01-02T00:00:00Z".parse().unwrap());
        for seconds in [221_845_392_001, 253_402_207_201, 253_402_300_799, 1 << 40] {
            assert_eq!(after(seconds), "9000-01-01T00:00:00Z".parse().unwrap(), "{seconds}");
        }
    }
}
