//! The clock of a service: the `Date` of its answers (RFC 9110, 6.6.1).

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;
use ureq::http::HeaderMap;

/// A `Date`, and when it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    date: Timestamp,
    received: Instant,
}

impl Reading {
    /// The `Date` in these headers, if it can be read.
    pub(super) fn of(headers: &HeaderMap, received: Instant) -> Option<Self> {
        Some(Self { date: parse_date(headers.get("date")?.to_str().ok()?)?, received })
    }

    /// How far that clock is ahead of one that showed `now` at `then`.
    pub(super) fn ahead_of(self, now: Timestamp, then: Instant) -> SignedDuration {
        let passed = SignedDuration::try_from(self.received.saturating_duration_since(then)).unwrap_or_default();
        self.date.duration_since(now) - passed
    }
}

/// A time as HTTP writes it.
pub fn parse_date(date: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_date_is_compared_with_our_clock_when_it_arrived() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "Mon, 05 Jan 2026 08:01:40 GMT".parse().unwrap());
        #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
        let then = Instant::now();
        let reading = Reading::of(&headers, then + Duration::from_secs(10)).unwrap();
        let now = "2026-01-05T08:00:00Z".parse().unwrap();
        assert_eq!(reading.ahead_of(now, then), SignedDuration::from_secs(90));
    }

    #[test]
    fn an_unreadable_date_counts_as_missing() {
        #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
        let now = Instant::now();
        for date in ["", "soon", "2026-01-05"] {
            let mut headers = HeaderMap::new();
            headers.insert("date", date.parse().unwrap());
            assert!(Reading::of(&headers, now).is_none(), "{date}");
        }
        assert!(Reading::of(&HeaderMap::new(), now).is_none());
    }
}
