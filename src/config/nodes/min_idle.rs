//! Reading `min_idle` and `time_zone`.

use crate::config::file::{Found, Place, Table};
use crate::config::keys;
use crate::config::types::min_idle::{MINUTES_OF_A_DAY, days_of, hours_of};
use crate::config::types::{MinIdle, Window, ZoneName};
use toml::de::DeValue;

/// The zone of all hours of the file.
pub(crate) fn time_zone(top: &Table<'_>) -> ZoneName {
    let Some(Found { value, at }) = top.text(&["time_zone"]) else { return ZoneName::utc() };
    ZoneName::try_from(value).map_err(|fault| top.reading.fault(&at, fault)).unwrap_or_else(|()| ZoneName::utc())
}

/// A number, or a list of windows.
pub(crate) fn read(table: &Table<'_>, time_zone: &ZoneName) -> MinIdle {
    let Some(entry) = table.entry(&["min_idle"]) else { return MinIdle::Always(0) };
    let DeValue::Array(list) = entry.value else {
        return MinIdle::Always(table.number("min_idle", 0..=u32::MAX).map_or(0, |found| found.value));
    };
    let windows = list.iter().filter_map(|item| {
        let at = Place { line: table.reading.line_at(item.span().start), key: entry.at.key.clone() };
        let window = Table::open(table.reading, &Found { value: item.get_ref(), at }, keys::MIN_IDLE)?;
        window.require(&["count"], "write how many idle nodes to keep in these hours");
        let days = window.text(&["days"]);
        let hours = window.text(&["hours"]);
        let days = read_or(table, days, days_of, [true; 7]);
        let (from, until) = read_or(table, hours, hours_of, (0, MINUTES_OF_A_DAY));
        Some(Window { days, from, until, count: window.number("count", 0..=u32::MAX)?.value })
    });
    MinIdle::ByHours { time_zone: time_zone.clone(), windows: windows.collect() }
}

fn read_or<T>(table: &Table<'_>, found: Option<Found<String>>, read: fn(&str) -> Result<T, String>, default: T) -> T {
    let Some(Found { value, at }) = found else { return default };
    read(&value).map_err(|fault| table.reading.fault(&at, fault)).unwrap_or(default)
}
