//! How many machine-hours a provider or a node type may use in a day, a week or a month.

use super::min_idle::ZoneName;
use crate::domain::format::span;
use crate::domain::state::Spending;
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `budget = { hours = 400, per = "week" }`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Machine-hours, those of servers that boot included.
    pub hours: u32,
    /// The period for which they are.
    pub per: Period,
    /// Where a period begins at midnight.
    pub time_zone: ZoneName,
}

/// The period of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From the first of the month.
    Month,
}

/// How far a budget is used, and where that leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    /// Machine time used in the present period.
    pub used: SignedDuration,
    /// What the whole period will have used at this rate.
    pub expected: SignedDuration,
    /// What the period may use.
    pub limit: SignedDuration,
    /// The end of the present period.
    pub until: Zoned,
}

impl Budget {
    /// The most hours that a budget can have.
    pub const MOST_HOURS: u32 = 10_000_000;

    /// The beginning and the end of the period in which a moment lies.
    pub fn period(&self, now: Timestamp) -> (Timestamp, Zoned) {
        let (begin, end) = self.bounds(now);
        (begin.timestamp(), end)
    }

    fn bounds(&self, now: Timestamp) -> (Zoned, Zoned) {
        let now = now.to_zoned(self.time_zone.zone().clone());
        let bounds = || {
            let today = now.start_of_day()?;
            let begin = match self.per {
                Period::Day => today,
                Period::Week => {
                    let days = i64::from(now.weekday().since(Weekday::Monday));
                    today.checked_sub(days.days())?
                }
                Period::Month => today.first_of_month()?,
            };
            let end = match self.per {
                Period::Day => begin.checked_add(1.day())?,
                Period::Week => begin.checked_add(1.week())?,
                Period::Month => begin.checked_add(1.month())?,
            };
            Ok::<_, jiff::Error>((begin, end))
        };
        // At the ends of the calendar there is no midnight.
        bounds().unwrap_or_else(|_| (now.clone(), now.clone()))
    }

    /// How far it is used.
    pub fn used(&self, spending: Option<&Spending>, now: Timestamp) -> BudgetUse {
        let (begin, until) = self.period(now);
        let used = spending.map_or(SignedDuration::ZERO, |spending| spending.since(begin));
        let whole = until.timestamp().duration_since(begin);
        let passed = now.duration_since(begin);
        let rate = if passed.is_positive() { used.as_secs_f64() / passed.as_secs_f64() } else { 0.0 };
        let expected = SignedDuration::try_from_secs_f64(rate * whole.as_secs_f64()).unwrap_or(SignedDuration::MAX);
        let limit = SignedDuration::from_hours(self.hours.into());
        BudgetUse { used, expected: expected.max(used), limit, until }
    }
}

impl BudgetUse {
    /// From this share of the budget on, mita warns.
    const NEARLY: (i64, i64) = (4, 5);

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.used >= self.limit
    }

    /// Whether little is left.
    pub fn is_nearly_over(&self) -> bool {
        let (part, of) = Self::NEARLY;
        self.used.as_secs().saturating_mul(of) >= self.limit.as_secs().saturating_mul(part)
    }

    /// The end of the present period, as `Mon 2026-11-30 00:00 UTC`.
    pub fn until(&self) -> String {
        self.until.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
    }
}

impl Period {
    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }
}

impl fmt::Display for Budget {
    /// `400h a week`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}h a {}", self.hours, self.per.name())
    }
}

impl fmt::Display for BudgetUse {
    /// `83h of 100h used; at this rate 120h by Mon 2026-11-30 00:00 UTC`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a small budget, the minutes matter.
        let minutes = |time: SignedDuration| SignedDuration::from_mins(time.as_mins());
        let is_small = self.limit < SignedDuration::from_hours(10);
        let show = |time| if is_small { span(minutes(time)) } else { format!("{}h", time.as_hours()) };
        let (used, limit, expected) = (show(self.used), self.limit.as_hours(), show(self.expected));
        write!(f, "{used} of {limit}h used; at this rate {expected} by {}", self.until())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(per: Period, zone: &str) -> Budget {
        Budget { hours: 100, per, time_zone: zone.to_owned().try_into().unwrap() }
    }

    fn bounds(per: Period, zone: &str, now: &str) -> (String, String) {
        let (begin, end) = budget(per, zone).period(now.parse().unwrap());
        (begin.to_string(), end.timestamp().to_string())
    }

    #[test]
    fn a_period_begins_at_midnight_of_its_zone_on_monday_or_on_the_first() {
        let told = |begin: &str, end: &str| (begin.to_owned(), end.to_owned());
        let now = "2026-03-29T12:00:00Z";
        assert_eq!(bounds(Period::Day, "UTC", now), told("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"));
        assert_eq!(bounds(Period::Week, "UTC", now), told("2026-03-23T00:00:00Z", "2026-03-30T00:00:00Z"));
        assert_eq!(bounds(Period::Month, "UTC", now), told("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"));
        // A day of 23 hours.
        assert_eq!(bounds(Period::Day, "Europe/Berlin", now), told("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
    }

    #[test]
    fn what_the_period_will_use_is_what_it_uses_at_this_rate() {
        let now = "2026-03-25T00:00:00Z".parse().unwrap();
        let begin = "2026-03-23T00:00:00Z".parse().unwrap();
        let spending = Spending::default().with(begin, SignedDuration::from_hours(40));
        let used = budget(Period::Week, "UTC").used(Some(&spending), now);
        assert_eq!(used.to_string(), "40h of 100h used; at this rate 140h by Mon 2026-03-30 00:00 UTC");
        assert!(!used.is_nearly_over() && !used.is_over());
        let used = budget(Period::Week, "UTC").used(Some(&spending), "2026-03-30T00:00:01Z".parse().unwrap());
        assert_eq!(used.used, SignedDuration::ZERO, "another week");
        let used = BudgetUse { used: "49m 10s".parse().unwrap(), limit: SignedDuration::from_hours(1), ..used };
        assert!(used.is_nearly_over() && used.to_string().starts_with("49m of 1h used; "), "{used}");
    }

    #[test]
    fn the_ends_of_the_calendar_have_no_period_and_end_no_run() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            for per in [Period::Day, Period::Week, Period::Month] {
                budget(per, "Pacific/Auckland").used(None, now);
            }
        }
    }
}
