//! Pieces of text that all views share: text on one line, numbers with their nouns, durations.

use crate::domain::format::{is_control, span};
use jiff::SignedDuration;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Where there is no state yet: what is shown is no run's.
pub(crate) const NOT_RUN: &str = "mita has not run yet";

/// The text on one line: line breaks are blanks, other control characters are written as escapes, so that a name out of
/// Jenkins can neither forge a line nor control a terminal.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim_end();
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => line.push(' '),
            '\r' => {}
            c if is_control(c) => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    Cow::Owned(line)
}

/// A number with its noun: `1 node`, `2 nodes`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A duration in its two largest units, from days to seconds.
pub(crate) fn duration(time: SignedDuration) -> String {
    let hours = time.as_hours();
    if hours < 48 { span(time) } else { format!("{}d {}h", hours / 24, hours % 24) }
}

/// As [`duration`], for a number of seconds that may be unknown.
pub(crate) fn seconds(number: Option<i64>, unknown: &str) -> String {
    number.map_or(unknown.to_owned(), |seconds| duration(SignedDuration::from_secs(seconds)))
}

/// The end of a sentence that names what a person may have meant; empty if there is nothing to name.
pub(crate) fn similar(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; similar: {}", names.join(", ")) }
}

/// At most this many names are a hint.
const SHOWN: usize = 3;

/// Those that differ in few letters, the closest first, or that contain the text.
pub(crate) fn closest(known: &BTreeSet<&str>, text: &str) -> Vec<String> {
    let wanted = text.to_lowercase();
    let mut close: Vec<(usize, &str)> = Vec::new();
    for name in known {
        let lower = name.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &wanted);
        if distance <= 1 + wanted.chars().count() / 4 {
            close.push((distance, name));
        } else if wanted.len() >= 3 && lower.contains(&wanted) {
            close.push((lower.len(), name));
        }
    }
    close.sort_unstable();
    close.into_iter().take(SHOWN).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        assert_eq!(one_line("a\r\nb\tc\u{7}d\n"), "a b c\\u{7}d");
        assert_eq!(one_line("‘größe’"), "‘größe’");
        assert_eq!(one_line("a\u{202e}b\u{9b}2J\u{2028}"), "a\\u{202e}b\\u{9b}2J");
    }

    #[test]
    fn durations_over_two_days_are_written_in_days() {
        assert_eq!(duration(SignedDuration::from_hours(47)), "47h");
        assert_eq!(duration(SignedDuration::from_hours(50)), "2d 2h");
    }

    #[test]
    fn the_closest_names_come_first_and_strangers_not_at_all() {
        let known = BTreeSet::from(["trusty", "trustee", "xenial", "amd64", "trusty-large-memory"]);
        assert_eq!(closest(&known, "trustyy"), ["trusty", "trustee"]);
        assert_eq!(closest(&known, "TRUSTY"), ["trusty", "trustee", "trusty-large-memory"]);
        assert!(closest(&known, "solaris").is_empty());
    }
}
