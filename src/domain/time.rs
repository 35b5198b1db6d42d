//! A time as a person writes it, in the configuration and on the command line: `40m`, `1h 30m`, `7d`. A day has 24 hours and a
//! week seven days; months are not allowed.

use jiff::fmt::friendly::SpanParser;
use jiff::{SignedDuration, SpanRelativeTo};
use std::ops::RangeInclusive;

/// A number of more digits is too large for any time.
const MOST_DIGITS: usize = 12;

/// The time, or what is wrong with the text and what to write.
pub(crate) fn read(text: &str, bounds: &RangeInclusive<SignedDuration>) -> Result<SignedDuration, String> {
    let (least, longest) = (*bounds.start(), *bounds.end());
    let digits = text.trim().trim_start_matches(['-', '+']);
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!("a time needs its unit; write \"{digits}s\" or \"{digits}m\""));
    }
    let years = longest.as_hours() / (365 * 24);
    let too_long = || {
        let longest = if years == 1 { "a year".to_owned() } else { format!("{years} years") };
        Err(format!("{text:?} is longer than {longest}; write a shorter time"))
    };
    let span = SpanParser::new().parse_span(text).ok();
    let Some(time) = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()) else {
        let numbers = || text.split(|c: char| !c.is_ascii_digit());
        if numbers().any(|number| number.len() > MOST_DIGITS) {
            return too_long();
        }
        let last = numbers().next_back().filter(|last| !last.is_empty());
        return Err(match last {
            Some(last) => format!("{text:?} lacks the unit after {last}; write it as in \"1h 30m\""),
            None => format!("{text:?} is not a time; write it as in \"50s\", \"40m\", \"1h 30m\" or \"7d\""),
        });
    };
    if time.is_negative() {
        Err(format!("{text:?} is a negative time; write it without the sign"))
    } else if time < least {
        Err(format!("{text:?} is too short; write at least \"{least:#}\""))
    } else if time > longest {
        too_long()
    } else {
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: RangeInclusive<SignedDuration> = SignedDuration::from_secs(1)..=SignedDuration::from_hours(365 * 24);

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("90m", 5400), ("10 m", 600), ("1h30m", 5400), ("1d 12h", 129_600), ("5 minutes", 300)]
        {
            assert_eq!(read(text, &YEAR), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_time_is_told_with_what_to_write() {
        for (text, told) in [
            ("10", "a time needs its unit; write \"10s\" or \"10m\""),
            ("-5", "a time needs its unit; write \"5s\" or \"5m\""),
            ("1h30", "\"1h30\" lacks the unit after 30; write it as in \"1h 30m\""),
            ("-5m", "\"-5m\" is a negative time; write it without the sign"),
            ("0s", "\"0s\" is too short; write at least \"1s\""),
            ("9000h", "\"9000h\" is longer than a year; write a shorter time"),
            ("999999999999999999999h", "\"999999999999999999999h\" is longer than a year; write a shorter time"),
            ("", "\"\" is not a time; write it as in \"50s\", \"40m\", \"1h 30m\" or \"7d\""),
            ("5M", "\"5M\" is not a time; write it as in \"50s\", \"40m\", \"1h 30m\" or \"7d\""),
        ] {
            assert_eq!(read(text, &YEAR), Err(told.to_owned()));
        }
        let century = SignedDuration::ZERO..=SignedDuration::from_hours(100 * 366 * 24);
        assert!(read("99999999h", &century).is_err_and(|told| told.contains("is longer than 100 years")));
    }
}
