//! The keys of `budget`.

use super::key::{Key, Kind, MOST, key};

/// `budget`
pub(crate) const BUDGET: &[Key] = &[
    key("hours", Kind::Number(1, MOST), "required", "the machine-hours, those of servers that boot included"),
    key(
        "per",
        Kind::OneOf(&["day", "week", "month"]),
        "required",
        "the period, which begins at midnight (week: on Monday, month: on the first) in time_zone",
    ),
];
