//! `min_idle`: how many idle nodes to keep ready, always or by the hours of the week.
//!
//! The time zone is looked up when the configuration is read, so that the number at a given time needs no further data.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many idle nodes to keep ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MinIdle {
    /// At any time.
    Always(u32),
    /// By the hours of the week.
    ByHours {
        /// The time zone of the hours.
        time_zone: ZoneName,
        /// The first one that applies decides; without one, no idle nodes are kept.
        windows: Vec<Window>,
    },
}

/// A time zone by its name in the IANA database. An unknown name is an error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName {
    name: String,
    zone: TimeZone,
}

/// Some hours of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days, Monday first.
    pub(crate) days: [bool; 7],
    /// The minute of the day from which it applies.
    pub(crate) from: u16,
    /// The minute of the day until which it applies, on the next day if this is not after `from`.
    pub(crate) until: u16,
    /// How many nodes.
    pub(crate) count: u32,
}

pub(crate) const MINUTES_OF_A_DAY: u16 = 24 * 60;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl MinIdle {
    /// The number at this time.
    pub fn at(&self, now: Timestamp) -> u32 {
        match self {
            MinIdle::Always(count) => *count,
            MinIdle::ByHours { time_zone, windows } => {
                let local = time_zone.zone.to_datetime(now);
                let applies = |window: &&Window| window.applies(local.weekday(), local.time());
                windows.iter().find(applies).map_or(0, |window| window.count)
            }
        }
    }

    /// The largest number at any time.
    pub fn largest(&self) -> u32 {
        match self {
            MinIdle::Always(count) => *count,
            MinIdle::ByHours { windows, .. } => windows.iter().map(|window| window.count).max().unwrap_or(0),
        }
    }
}

impl Window {
    /// Hours past midnight belong to the day on which they begin.
    fn applies(&self, day: Weekday, time: Time) -> bool {
        let minute = u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs());
        let on = |day: Weekday| self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())];
        if self.from < self.until {
            on(day) && (self.from..self.until).contains(&minute)
        } else {
            on(day) && minute >= self.from || on(day.previous()) && minute < self.until
        }
    }
}

impl ZoneName {
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

impl TryFrom<String> for ZoneName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let zone = TimeZone::get(&name).map_err(|_| {
            format!(
                "there is no time zone {name:?}; write a name of the IANA database, as in \"Europe/Berlin\" or \"UTC\""
            )
        })?;
        Ok(Self { name, zone })
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> String {
        zone.name
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// "mon-fri", "sat,sun", "fri-mon"
pub(crate) fn days_of(text: &str) -> Result<[bool; 7], String> {
    let error = || format!("{text:?} names no days; write them as in \"mon-fri\" or \"sat,sun\"");
    let number = |name: &str| DAYS.iter().position(|day| *day == name.trim().to_lowercase()).ok_or_else(error);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (number(first)?, number(last)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Ok(days)
}

/// "8-18", "22-6", "7:30-18"
pub(crate) fn hours_of(text: &str) -> Result<(u16, u16), String> {
    let error = || format!("{text:?} names no hours; write them as in \"8-18\" or \"22:30-6\"");
    let minutes = |text: &str| {
        let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
        let part = |text: &str| text.parse::<u16>().ok().filter(|_| text.chars().all(|c| c.is_ascii_digit()));
        let (hour, minute) = (part(hour).filter(|hour| *hour <= 24)?, part(minute).filter(|minute| *minute < 60)?);
        Some(hour * 60 + minute).filter(|minutes| *minutes <= MINUTES_OF_A_DAY)
    };
    let (from, until) = text.split_once('-').ok_or_else(error)?;
    let (from, until) = (minutes(from).ok_or_else(error)?, minutes(until).ok_or_else(error)?);
    if from == until || from == MINUTES_OF_A_DAY { Err(error()) } else { Ok((from, until)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_hours(zone: &str, windows: &[(&str, &str, u32)]) -> MinIdle {
        let window = |&(days, hours, count): &(&str, &str, u32)| {
            let (from, until) = hours_of(hours).unwrap();
            Window { days: days_of(days).unwrap(), from, until, count }
        };
        MinIdle::ByHours {
            time_zone: ZoneName::try_from(zone.to_owned()).unwrap(),
            windows: windows.iter().map(window).collect(),
        }
    }

    #[track_caller]
    fn check(min_idle: &MinIdle, expected: &[(&str, u32)]) {
        for (time, count) in expected {
            assert_eq!(min_idle.at(time.parse().unwrap()), *count, "{time}");
        }
    }

    #[test]
    fn the_first_window_that_holds_decides_and_none_are_kept_outside_of_all() {
        let office = by_hours("UTC", &[("mon-fri", "8-18", 3), ("sat,sun", "0-24", 1)]);
        // 2026-03-27 is a Friday.
        check(
            &office,
            &[
                ("2026-03-27T07:59:59Z", 0),
                ("2026-03-27T08:00:00Z", 3),
                ("2026-03-27T17:59:59Z", 3),
                ("2026-03-27T18:00:00Z", 0),
                ("2026-03-28T00:00:00Z", 1),
                ("2026-03-29T23:59:59Z", 1),
                ("2026-03-30T00:00:00Z", 0),
            ],
        );
        assert_eq!(office.largest(), 3);
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall_before_and_after_it_is_changed() {
        let berlin = by_hours("Europe/Berlin", &[("mon-sun", "8-18", 3)]);
        check(
            &berlin,
            &[
                ("2026-03-28T06:59:59Z", 0),
                ("2026-03-28T07:00:00Z", 3),
                ("2026-03-29T05:59:59Z", 0),
                ("2026-03-29T06:00:00Z", 3),
                ("2026-10-25T06:59:59Z", 0),
                ("2026-10-25T07:00:00Z", 3),
            ],
        );
    }

    #[test]
    fn an_hour_that_a_change_of_the_clock_skips_or_repeats_holds_as_often_as_it_is_there() {
        let early = by_hours("Europe/Berlin", &[("sun", "2-3", 1)]);
        // On 2026-03-29 it is 03:00 after 01:59; on 2026-10-25 it is 02:00 twice.
        check(
            &early,
            &[
                ("2026-03-29T00:59:59Z", 0),
                ("2026-03-29T01:00:00Z", 0),
                ("2026-10-25T00:30:00Z", 1),
                ("2026-10-25T01:30:00Z", 1),
                ("2026-10-25T02:00:00Z", 0),
            ],
        );
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
        let night = by_hours("UTC", &[("fri", "22:30-6", 2)]);
        check(
            &night,
            &[
                ("2026-03-27T05:00:00Z", 0),
                ("2026-03-27T22:29:59Z", 0),
                ("2026-03-27T22:30:00Z", 2),
                ("2026-03-28T05:59:59Z", 2),
                ("2026-03-28T06:00:00Z", 0),
                ("2026-03-28T22:30:00Z", 0),
            ],
        );
    }

    #[test]
    fn days_and_hours_that_are_none_are_refused() {
        assert_eq!(days_of("fri-mon").unwrap(), [true, false, false, false, true, true, true]);
        for days in ["", "monday", "mon-", "mon,,tue", "1-5"] {
            assert!(days_of(days).is_err(), "{days}");
        }
        for hours in ["", "8", "8-", "18-18", "8-25", "8:60-9", "24-6", "+8-9", "8-24:01"] {
            assert!(hours_of(hours).is_err(), "{hours}");
        }
        assert!(ZoneName::try_from("Europe/Berlim".to_owned()).is_err());
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        for min_idle in [MinIdle::Always(2), by_hours("Europe/Berlin", &[("mon-fri", "8-18", 3)])] {
            let text = serde_json::to_string(&min_idle).unwrap();
            assert_eq!(serde_json::from_str::<MinIdle>(&text).unwrap(), min_idle, "{text}");
        }
    }
}
