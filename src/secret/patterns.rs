//! All texts to remove, and where they occur in another text. One pass finds them all, since each run searches every text
//! of the state file.

use std::collections::BTreeMap;
use std::ops::Range;

/// Shorter texts are not removed: redacting every "a" would make a message useless and protect nothing. Whoever reads a
/// secret from a configuration warns of a shorter one.
pub(crate) const SHORTEST: usize = 4;

/// Patterns by their first two bytes.
pub(super) struct Patterns {
    by_start: BTreeMap<[u8; 2], Vec<Pattern>>,
    /// One bit for each pair of bytes at the start of a pattern: most pairs start none.
    starts: Vec<u64>,
    /// Whether any pattern has a space.
    pub(super) have_spaces: bool,
}

struct Pattern {
    text: Vec<u8>,
    /// The length of the secret.
    secret: usize,
}

impl Patterns {
    /// No patterns.
    pub(super) const fn none() -> Self {
        Self { by_start: BTreeMap::new(), starts: Vec::new(), have_spaces: false }
    }

    /// Adds a secret with its encoded forms. Adding it again changes nothing.
    pub(super) fn insert(&mut self, secret: &str, encoded: Vec<String>) {
        if secret.len() < SHORTEST {
            return;
        }
        self.starts.resize((1 << 16) / 64, 0);
        for text in encoded.into_iter().chain([secret.to_owned()]).filter(|text| text.len() >= SHORTEST) {
            let text = text.into_bytes();
            let Some(&start) = text.first_chunk() else { continue };
            let (word, bit) = place(start);
            self.starts[word] |= bit;
            self.have_spaces |= text.contains(&b' ');
            let patterns = self.by_start.entry(start).or_default();
            if !patterns.iter().any(|pattern| pattern.text == text && pattern.secret >= secret.len()) {
                patterns.push(Pattern { text, secret: secret.len() });
            }
        }
    }

    /// Where any form of a secret of at least this length occurs. Ranges may overlap.
    pub(super) fn find(&self, text: &[u8], shortest: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.starts.is_empty() {
            return found;
        }
        for (at, pair) in text.windows(2).enumerate() {
            let start = [pair[0], pair[1]];
            let (word, bit) = place(start);
            if self.starts[word] & bit == 0 {
                continue;
            }
            let patterns = self.by_start.get(&start).into_iter().flatten();
            let here = patterns.filter(|pattern| pattern.secret >= shortest && text[at..].starts_with(&pattern.text));
            found.extend(here.map(|pattern| at..at + pattern.text.len()));
        }
        found
    }
}

fn place(start: [u8; 2]) -> (usize, u64) {
    let number = usize::from(u16::from_be_bytes(start));
    (number / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(secrets: &[(&str, &[&str])]) -> Patterns {
        let mut patterns = Patterns::none();
        for (secret, encoded) in secrets {
            patterns.insert(secret, encoded.iter().map(|text| (*text).to_owned()).collect());
        }
        patterns
    }

    #[test]
    fn every_place_of_every_form_is_found() {
        let known = patterns(&[("abcd", &["dcba"]), ("abxy-long", &[])]);
        assert_eq!(known.find(b"abcdcba abxy-long ab", 4), [0..4, 3..7, 8..17]);
        assert_eq!(known.find(b"", 4), []);
        assert_eq!(known.find(b"abxy-lon", 4), []);
    }

    #[test]
    fn the_length_of_the_secret_counts_and_not_that_of_its_form() {
        let known = patterns(&[("short", &["a-long-encoding"]), ("a-long-secret", &["brief"])]);
        assert_eq!(known.find(b"short a-long-encoding brief", 10), vec![std::ops::Range { start: 22, end: 27 }]);
    }

    #[test]
    fn two_secrets_that_look_the_same_are_hidden_where_either_is() {
        for secrets in [["same", "same-and-longer"], ["same-and-longer", "same"]] {
            let known = patterns(&[(secrets[0], &["c2FtZQ"]), (secrets[1], &["c2FtZQ"])]);
            assert_eq!(known.find(b"c2FtZQ", 10), vec![std::ops::Range { start: 0, end: 6 }], "{secrets:?}");
        }
    }
}
