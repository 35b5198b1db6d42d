//! `ahead`: what was needed at this time of the last two days, or weeks, is there before it is needed again.

use crate::domain::state::{BIN, Peaks};
use jiff::{SignedDuration, Timestamp};

const SECONDS_OF_A_DAY: i64 = 24 * 3600;

/// How many bins are kept for this.
pub(super) fn bins_kept(days: u32) -> usize {
    // Two periods, the bin of this moment, and one of margin.
    usize::try_from(2 * i64::from(days) * SECONDS_OF_A_DAY / BIN + 2).unwrap_or(usize::MAX)
}

/// The lower of the peaks of the last two periods between this time and `lead` later; none where one of them is not known.
pub(super) fn servers(peaks: &Peaks, days: u32, now: Timestamp, lead: SignedDuration) -> Option<u32> {
    let before = |periods: i64| {
        let from = now.as_second() - periods * i64::from(days) * SECONDS_OF_A_DAY;
        peaks.highest(from.div_euclid(BIN), (from + lead.as_secs()).div_euclid(BIN))
    };
    Some(before(1)?.min(before(2)?))
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

    fn at(day: i64, minute: i64) -> Timestamp {
        Timestamp::from_second(day * SECONDS_OF_A_DAY + minute * 60).unwrap()
    }

    #[test]
    fn servers_are_wanted_one_boot_before_they_were_needed_on_both_days() {
        let peaks = nightly(2);
        let lead = SignedDuration::from_mins(4);
        assert_eq!(servers(&peaks, 1, at(2, 115), lead), Some(1));
        assert_eq!(servers(&peaks, 1, at(2, 117), lead), Some(60));
        assert_eq!(servers(&peaks, 1, at(2, 134), lead), Some(60));
        assert_eq!(servers(&peaks, 1, at(2, 135), lead), Some(1));
    }

    #[test]
    fn the_lower_of_two_days_counts_and_one_day_alone_says_nothing() {
        assert_eq!(servers(&nightly(1), 1, at(1, 120), SignedDuration::ZERO), None);
        let mut peaks = nightly(1);
        (288..576).for_each(|bin| peaks.note(bin, 4, bins_kept(1)));
        assert_eq!(servers(&peaks, 1, at(2, 120), SignedDuration::ZERO), Some(4));
    }
}
