//! `ahead`: what was needed at this time of the last two days, or weeks, is there before it is needed again; less on a day
//! that is quieter than those. Use that did not grow at this time says nothing: what it needs is there, or comes at any time.

use crate::domain::state::{BIN, Peaks};
use jiff::{SignedDuration, Timestamp};

const BINS_OF_A_DAY: i64 = 24 * 3600 / BIN;

/// Bins in which a day is compared with those before: the last half hour.
const COMPARED: i64 = 1800 / BIN;

/// Bins for which servers stay that a rise of use had ordered: jobs come some minutes later than on the days before.
const LATER: i64 = 600 / BIN;

/// How many bins are kept for this.
pub(super) fn bins_kept(days: u32) -> usize {
    // Two periods, the half hour before a rise, the bin of this moment, and one of margin.
    usize::try_from(2 * i64::from(days) * BINS_OF_A_DAY + LATER + COMPARED + 2).unwrap_or(usize::MAX)
}

/// What the last two periods say of this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outlook {
    /// The lower of their peaks between this time and the end of a boot.
    pub(super) before: u32,
    /// The same without as many as the peak of the last half hour is below theirs: few on a holiday.
    pub(super) servers: u32,
}

/// The outlook for the time from now until `lead` later; none where one of the periods is not known, or use did not grow.
pub(super) fn outlook(peaks: &Peaks, days: u32, now: Timestamp, lead: SignedDuration) -> Option<Outlook> {
    let lower = |from: i64, until: i64| {
        let before = |periods: i64| {
            let back = periods * i64::from(days) * BINS_OF_A_DAY;
            peaks.highest(from - back, until - back)
        };
        Some(before(1)?.min(before(2)?))
    };
    let bin = |second: i64| second.div_euclid(BIN);
    let this = bin(now.as_second());
    let before = lower(this, bin(now.as_second() + lead.as_secs()))?;
    if lower(this - LATER - COMPARED, this - LATER - 1).is_some_and(|earlier| earlier >= before) {
        return None;
    }
    let last = (this - COMPARED, this - 1);
    let missing = |usual: u32| usual.saturating_sub(peaks.highest(last.0, last.1).unwrap_or(usual));
    Some(Outlook { before, servers: before.saturating_sub(lower(last.0, last.1).map_or(0, missing)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60 servers at 02:00 of each day, from a midnight on.
    fn nightly(days: i64) -> Peaks {
        let mut peaks = Peaks::default();
        for bin in 0..days * 288 {
            peaks.note(bin, if (24..27).contains(&(bin % 288)) { 60 } else { 1 }, bins_kept(1));
        }
        peaks
    }

    fn servers(peaks: &Peaks, now: Timestamp, lead: SignedDuration) -> Option<u32> {
        outlook(peaks, 1, now, lead).map(|outlook| outlook.servers)
    }

    fn at(day: i64, minute: i64) -> Timestamp {
        Timestamp::from_second(day * BINS_OF_A_DAY * BIN + minute * 60).unwrap()
    }

    #[test]
    fn servers_are_wanted_one_boot_before_they_were_needed_on_both_days() {
        let peaks = nightly(2);
        let lead = SignedDuration::from_mins(4);
        assert_eq!(servers(&peaks, at(2, 117), lead), Some(60));
        assert_eq!(servers(&peaks, at(2, 134), lead), Some(60));
    }

    #[test]
    fn use_that_did_not_grow_at_this_time_says_nothing() {
        let peaks = nightly(2);
        let lead = SignedDuration::from_mins(4);
        assert_eq!([115, 135, 180].map(|minute| servers(&peaks, at(2, minute), lead)), [None; 3]);
        assert_eq!(servers(&peaks, at(2, 132), lead), Some(60), "jobs may come some minutes later");
    }

    #[test]
    fn the_lower_of_two_days_counts_and_one_day_alone_says_nothing() {
        assert_eq!(servers(&nightly(1), at(1, 120), SignedDuration::ZERO), None);
        let mut peaks = nightly(1);
        (288..576).for_each(|bin| peaks.note(bin, 4, bins_kept(1)));
        assert_eq!(servers(&peaks, at(2, 120), SignedDuration::ZERO), Some(4));
    }

    /// Until a minute of a day on which `used` servers are in use from 08:00 on, after two with 30.
    fn third_day(used: u32, minute: i64) -> Peaks {
        let mut peaks = Peaks::default();
        for bin in 0..=2 * 288 + minute * 60 / BIN {
            let busy = if bin < 2 * 288 { 30 } else { used };
            peaks.note(bin, if bin % 288 < 96 { 0 } else { busy }, bins_kept(1));
        }
        peaks
    }

    #[test]
    fn a_day_that_is_quieter_than_those_before_is_thought_to_stay_so() {
        let after_eight = |used| outlook(&third_day(used, 490), 1, at(2, 490), SignedDuration::from_mins(4));
        let servers = |servers| Some(Outlook { before: 30, servers });
        assert_eq!([0, 10, 30, 60].map(after_eight), [0, 10, 30, 30].map(servers));
    }

    #[test]
    fn one_server_that_was_not_in_use_takes_one_of_many_and_what_did_not_come_yet_takes_none() {
        let mut peaks = nightly(2);
        (576..600).for_each(|bin| peaks.note(bin, 0, bins_kept(1)));
        assert_eq!(servers(&peaks, at(2, 119), SignedDuration::from_mins(4)), Some(59));
        assert_eq!(servers(&third_day(0, 478), at(2, 478), SignedDuration::from_mins(4)), Some(30));
    }
}
