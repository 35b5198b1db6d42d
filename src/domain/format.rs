//! How times are written in reasons.

use jiff::SignedDuration;
use std::borrow::Cow;

/// A time as a person writes it: `42m`, `1h 5m`, `20s`. Seconds are left out from an hour on.
pub fn span(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, rest) => format!("{minutes}m {rest}s"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

/// A text of others for people: what goes beyond so many characters is left out, and their number is told.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}... ({} characters)", &text[..end], text.chars().count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_with_its_length() {
        assert_eq!(shortened("größe", 5), "größe");
        assert_eq!(shortened("größer", 4), "größ... (6 characters)");
    }

    #[test]
    fn times_read_as_a_person_writes_them() {
        let cases = [(0, "0s"), (59, "59s"), (60, "1m"), (90, "1m 30s"), (2520, "42m"), (3600, "1h"), (3905, "1h 5m")];
        for (seconds, written) in cases {
            assert_eq!(span(SignedDuration::from_secs(seconds)), written);
        }
        assert_eq!(span(SignedDuration::from_secs(-5)), "0s");
    }
}
