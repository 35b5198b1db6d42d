//! Real time, which the simulator itself does not know.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::thread;
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "real time is what the playground adds to the simulator")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a run is real time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real time is what the playground adds to the simulator")]
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
}

/// The time of day in this machine's time zone.
pub(crate) fn time_of_day() -> String {
    now().to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}
