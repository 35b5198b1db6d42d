//! Reading the times, at the top of the file or in a node type.

use super::file::{Found, Table};
use super::types::Times;
use jiff::SignedDuration;
use toml::de::DeValue;

/// Without any time to boot, each server would be removed as soon as a run sees it.
const SHORTEST_TIMEOUT: SignedDuration = SignedDuration::from_secs(1);

/// A server has to live longer than it boots.
const SHORTEST_AGE: SignedDuration = SignedDuration::from_mins(1);

/// The times of this table; `defaults` for those that it lacks.
pub(super) fn read(table: &Table<'_>, defaults: Times) -> Times {
    let time = |key, least, default| table.time(key, least).unwrap_or(default);
    Times {
        stuck_after: time("stuck_after", SignedDuration::ZERO, defaults.stuck_after),
        idle_grace: match grace_is_auto(table) {
            Some(true) => defaults.idle_grace,
            Some(false) | None => time("idle_grace", SignedDuration::ZERO, defaults.idle_grace),
        },
        boot_timeout: time("boot_timeout", SHORTEST_TIMEOUT, defaults.boot_timeout),
        join_timeout: time("join_timeout", SHORTEST_TIMEOUT, defaults.join_timeout),
        order_timeout: time("order_timeout", SHORTEST_TIMEOUT, defaults.order_timeout),
        max_age: table.time("max_age", SHORTEST_AGE).or(defaults.max_age),
    }
}

/// Whether `idle_grace` is "auto": then the time of `defaults` holds until enough is learned. None where it is not written.
pub(super) fn grace_is_auto(table: &Table<'_>) -> Option<bool> {
    let Found { value, .. } = table.entry(&["idle_grace"])?;
    Some(matches!(value, DeValue::String(text) if text == "auto"))
}
