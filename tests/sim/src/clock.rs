//! Simulated time: milliseconds since the epoch, and the ways the services
//! write it. Nothing here reads the real clock, so that a run of the simulator
//! gives the same times on every machine.

/// A point of simulated time, in milliseconds since the Unix epoch.
pub type Ms = u64;

/// Where the simulated clock starts: 2026-01-05T08:00:00Z, a Monday.
pub const START: Ms = 1_767_600_000_000;

/// The length of a `Duration` in milliseconds.
pub fn millis(d: std::time::Duration) -> Ms {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// `2026-01-05T08:00:00Z`, as Nova, Neutron and Glance write times.
pub fn iso(at: Ms) -> String {
    let (y, mo, d, h, mi, s) = civil(at);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
}

/// `2026-01-05T08:00:00.000000`, as Cinder and the usage fields of Nova write times.
pub fn iso_micros(at: Ms) -> String {
    let (y, mo, d, h, mi, s) = civil(at);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.000000")
}

/// `Mon, 05 Jan 2026 08:00:00 GMT`, for the `Date` header.
pub fn http_date(at: Ms) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (y, mo, d, h, mi, s) = civil(at);
    let weekday = DAYS[(at / 86_400_000 % 7) as usize];
    let month = MONTHS[(mo - 1) as usize];
    format!("{weekday}, {d:02} {month} {y:04} {h:02}:{mi:02}:{s:02} GMT")
}

/// Year, month, day, hour, minute and second in UTC (days-to-civil after Howard Hinnant).
fn civil(at: Ms) -> (u64, u64, u64, u64, u64, u64) {
    let secs = at / 1000;
    let z = secs / 86_400 + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    let rest = secs % 86_400;
    (year, month, day, rest / 3600, rest % 3600 / 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_starts_on_a_monday_morning() {
        assert_eq!(iso(START), "2026-01-05T08:00:00Z");
        assert_eq!(http_date(START), "Mon, 05 Jan 2026 08:00:00 GMT");
        assert_eq!(iso_micros(START), "2026-01-05T08:00:00.000000");
    }

    #[test]
    fn leap_days_and_year_ends_are_written_right() {
        assert_eq!(iso(1_709_164_800_000), "2024-02-29T00:00:00Z");
        assert_eq!(iso(1_798_761_599_000), "2026-12-31T23:59:59Z");
    }
}
