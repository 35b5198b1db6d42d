//! The order in which people expect names: numbers in them count as numbers, so that `node-10` comes after `node-9`.

use std::cmp::Ordering;

/// Compares two names. Those that differ only in leading zeros are told apart at the end.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (first, second) = (part(left), part(right));
        let order = match (number(first), number(second)) {
            (Some(first), Some(second)) => (first.len(), first).cmp(&(second.len(), second)),
            _ => first.cmp(second),
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[first.len()..], &right[second.len()..]);
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits, or everything else, at the beginning.
fn part(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

/// The digits without leading zeros.
fn number(part: &str) -> Option<&str> {
    part.starts_with(|c: char| c.is_ascii_digit()).then(|| part.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names =
            ["ubuntu+10.0.0.10", "ubuntu+10.0.0.9", "20261121T233012Z-11", "20261121T233012Z-2", "ubuntu", "b"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["20261121T233012Z-2", "20261121T233012Z-11", "b", "ubuntu", "ubuntu+10.0.0.9", "ubuntu+10.0.0.10"]
        );
        assert_eq!(compare("a01", "a1"), Ordering::Less);
        assert_eq!(compare("a1", "a1"), Ordering::Equal);
        assert_eq!(compare("ä1", "ä1b"), Ordering::Less);
    }
}
