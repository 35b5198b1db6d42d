//! Time in one condition, counted over sightings.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Time in one condition, counted over sightings: it grows by the gap between two of them, at most by half of the
/// time that it is measured against, and never by a clock that went back. So a silent cron or a clock jump
/// brings nothing to its end. It is no longer than what the clock shows since the first sighting: a clock that returns from a
/// jump takes back what the jump gave, and one that jumps forth and back in turn gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The first sighting in this condition.
    pub first: Timestamp,
    /// The last sighting.
    pub last: Timestamp,
    /// Time counted so far.
    pub credit: SignedDuration,
}

impl Credit {
    /// The condition is seen for the first time.
    pub fn begin(now: Timestamp) -> Self {
        Self { first: now, last: now, credit: SignedDuration::ZERO }
    }

    /// The condition is seen once more, `grace` being the time that it is measured against.
    pub fn seen_again(self, now: Timestamp, grace: SignedDuration) -> Self {
        let gap = now.duration_since(self.last).max(SignedDuration::ZERO);
        // Rounded up, so that two gaps of half a time always make a whole one.
        let half = grace - grace / 2;
        let grown = Self { credit: self.credit + gap.min(half), ..self };
        Self { first: begun(self.first, self.credit, now), last: now, credit: grown.by(now) }
    }

    /// What counts by the clock of a later run: no more than has passed since the first sighting.
    pub fn by(&self, now: Timestamp) -> SignedDuration {
        self.credit.min(now.duration_since(begun(self.first, self.credit, now)))
    }

    /// Whether the condition was seen more than once.
    pub fn is_confirmed(&self) -> bool {
        self.first != self.last
    }

    /// Continues `before`, or begins.
    pub fn sighted(before: Option<Self>, now: Timestamp, grace: SignedDuration) -> Self {
        before.map_or_else(|| Self::begin(now), |credit| credit.seen_again(now, grace))
    }
}

/// When something began for which so much was counted. A beginning that is ahead of the clock is by one that was ahead and was
/// set right: what was counted by it holds.
pub fn begun(since: Timestamp, counted: SignedDuration, now: Timestamp) -> Timestamp {
    if since > now { now.checked_sub(counted).unwrap_or(Timestamp::MIN) } else { since }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s6_what_a_damaged_file_says_was_counted_reaches_back_to_the_first_time_that_there_is() {
        let now: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
        assert_eq!(begun(Timestamp::MAX, SignedDuration::from_hours(24 * 365 * 20_000), now), Timestamp::MIN);
        assert_eq!(begun(Timestamp::MAX, SignedDuration::from_hours(1), now), now - SignedDuration::from_hours(1));
    }
}
