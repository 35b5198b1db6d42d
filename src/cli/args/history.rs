//! The arguments of `mita history`.

use crate::cli::args::format::ResultFormat;
use crate::cli::args::name::name;
use crate::cli::candidates;
use crate::domain::time;
use clap::Args;
use clap_complete::ArgValueCompleter;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A hundred years: a journal is not kept for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

/// `mita history`
#[derive(Args, Clone, Debug)]
pub(crate) struct History {
    /// Only what is about this job, queue item, node, server, order, node type or provider; the address of its page in
    /// Jenkins and the address of a node will do, too
    #[arg(value_name = "JOB|QUEUE-ID|NODE|SERVER|TYPE|PROVIDER", value_parser = name, add = ArgValueCompleter::new(candidates::subjects))]
    pub(crate) subject: Option<String>,

    /// From this time on: a time ago, as in 12h or 7d, or a date and time in UTC, as in 2026-11-28T03:00 [default: 1d
    /// before the end; with a subject, everything]
    #[arg(long, value_name = "TIME", value_parser = When::read, allow_hyphen_values = true)]
    pub(crate) since: Option<When>,

    /// Until this time, written in the same way
    #[arg(long, value_name = "TIME", value_parser = When::read, allow_hyphen_values = true)]
    pub(crate) until: Option<When>,

    #[command(flatten)]
    pub(crate) format: ResultFormat,
}

/// A point in time, as a person writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Ago(SignedDuration),
    At(Timestamp),
}

impl When {
    fn read(text: &str) -> Result<Self, String> {
        let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        let at = || text.parse::<Timestamp>().ok().or_else(civil);
        match (time::read(text, &(SignedDuration::ZERO..=LONGEST)), at()) {
            (_, Some(at)) => Ok(When::At(at)),
            (Ok(time), None) => Ok(When::Ago(time)),
            (Err(_), None) if text.get(1..).is_some_and(|rest| rest.contains(['-', ':'])) => Err(format!(
                "{text:?} is no date and time; write it as in 2026-11-28T03:00 (UTC), or a time ago, as in 12h or 7d"
            )),
            (Err(error), None) => Err(format!("{error}, or a date and time in UTC, as in 2026-11-28T03:00")),
        }
    }

    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            When::Ago(time) => now.checked_sub(time).unwrap_or(Timestamp::MIN),
            When::At(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let at = |text: &str| Ok(When::At(text.parse().unwrap()));
        assert_eq!(When::read("1d 12h"), Ok(When::Ago(SignedDuration::from_hours(36))));
        assert_eq!(When::read("90m"), Ok(When::Ago(SignedDuration::from_mins(90))));
        assert_eq!(When::read("2026-11-28"), at("2026-11-28T00:00:00Z"));
        assert_eq!(When::read("2026-11-28T03:00"), at("2026-11-28T03:00:00Z"));
        assert_eq!(When::read("2026-11-28 03:00:30"), at("2026-11-28T03:00:30Z"));
        assert_eq!(When::read("2026-11-28T03:00:00+01:00"), at("2026-11-28T02:00:00Z"));
        for wrong in ["2026-13-45", "03:00"] {
            assert!(When::read(wrong).is_err_and(|told| told.contains("is no date and time")), "{wrong}");
        }
        for wrong in ["", "yesterday", "-1d", "5", "999999999d"] {
            assert!(When::read(wrong).is_err_and(|told| told.ends_with("as in 2026-11-28T03:00")), "{wrong}");
        }
    }
}
