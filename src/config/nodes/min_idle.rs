//! Reading `min_idle` and `time_zone`.

use crate::config::file::{Found, Place, Table};
use crate::config::keys;
use crate::config::types::min_idle::{MINUTES_OF_A_DAY, days_of, hours_of};
use crate::config::types::{MinIdle, Window, ZoneName};
use toml::de::DeValue;

/// The time zone of all hours in the file.
pub(crate) fn time_zone(top: &Table<'_>) -> ZoneName {
    let Some(Found { value, at }) = top.text(&["time_zone"]) else { return ZoneName::utc() };
    ZoneName::try_from(value).map_err(|error| top.error(&at, error)).unwrap_or_else(|()| ZoneName::utc())
}

/// Reads a number, or a list of windows.
pub(crate) fn read(table: &Table<'_>, time_zone: &ZoneName) -> MinIdle {
    let Some(entry) = table.entry(&["min_idle"]) else { return MinIdle::Always(0) };
    let DeValue::Array(list) = entry.value else {
        return MinIdle::Always(table.number("min_idle", 0..=u32::MAX).map_or(0, |found| found.value));
    };
    let windows = list.iter().filter_map(|item| {
        let at = Place { line: table.reading.line_at(item.span().start), key: entry.at.key.clone() };
        let window = Table::open(table.reading, &Found { value: item.get_ref(), at }, keys::MIN_IDLE)?;
        window.require(&["count"], "write how many idle nodes to keep in these hours");
        let days = read_or(&window, "days", days_of, [true; 7]);
        let (from, until) = read_or(&window, "hours", hours_of, (0, MINUTES_OF_A_DAY));
        Some(Window { days, from, until, count: window.number("count", 0..=u32::MAX)?.value })
    });
    MinIdle::ByHours { time_zone: time_zone.clone(), windows: windows.collect() }
}

fn read_or<T>(table: &Table<'_>, key: &str, read: fn(&str) -> Result<T, String>, default: T) -> T {
    let Some(Found { value, at }) = table.text(&[key]) else { return default };
    read(&value).map_err(|error| table.error(&at, error)).unwrap_or(default)
}
