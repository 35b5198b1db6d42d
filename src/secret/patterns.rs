//! All texts to remove, and where they occur in another text. One pass finds them all, since each run searches every text
//! of the state file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Shorter texts are not removed: redacting every "a" would make a message useless and protect nothing. Whoever reads a
/// secret from a configuration warns of a shorter one.
pub(crate) const SHORTEST: usize = 4;

/// From this length on a secret is removed from names, too. A shorter password can be part of a real name (`openstack`),
/// which would then name something else; tokens and generated passwords are longer.
pub(crate) const LONG: usize = 16;

/// Patterns by their first two bytes.
pub(super) struct Patterns {
    by_start: BTreeMap<[u8; 2], Vec<Pattern>>,
    /// One bit for each pair of bytes at the start of a pattern: most pairs start none.
    starts: Vec<u64>,
    /// For the search of whole documents.
    long: Skips,
    /// Whether any pattern has a space.
    pub(super) have_spaces: bool,
    /// Words that everybody can read.
    public: BTreeSet<String>,
}

struct Pattern {
    text: Vec<u8>,
    /// The length of the secret.
    secret: usize,
}

impl Patterns {
    /// No patterns.
    pub(super) const fn none() -> Self {
        Self {
            by_start: BTreeMap::new(),
            starts: Vec::new(),
            long: Skips::none(),
            have_spaces: false,
            public: BTreeSet::new(),
        }
    }

    /// Whether this secret was added. A form of another one is none: it is shorter or longer than that one.
    pub(super) fn has(&self, secret: &str) -> bool {
        let start = secret.as_bytes().first_chunk();
        let mut patterns = start.and_then(|start| self.by_start.get(start)).into_iter().flatten();
        patterns.any(|pattern| pattern.secret == secret.len() && pattern.text == secret.as_bytes())
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
            if secret.len() >= LONG {
                self.long.add(&text);
            }
            let patterns = self.by_start.entry(start).or_default();
            if !patterns.iter().any(|pattern| pattern.text == text && pattern.secret >= secret.len()) {
                patterns.push(Pattern { text, secret: secret.len() });
            }
        }
    }

    /// Lets these words be read. A long secret is never a word.
    pub(super) fn publish<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) {
        self.public.extend(words.into_iter().filter(|word| word.len() < LONG).map(str::to_owned));
    }

    /// Whether all of a public word is found there, and no part of a longer one.
    pub(super) fn is_public_word(&self, text: &str, found: &Range<usize>) -> bool {
        let is_inside = |c: char| c.is_alphanumeric() || c == '_';
        self.public.contains(&text[found.clone()])
            && !text[..found.start].ends_with(is_inside)
            && !text[found.end..].starts_with(is_inside)
    }

    /// Where any form of a secret of at least this length occurs. Ranges may overlap.
    pub(super) fn find(&self, text: &[u8], shortest: usize) -> Vec<Range<usize>> {
        if shortest >= LONG { self.find_long(text, shortest) } else { self.find_any(text, shortest) }
    }

    fn find_any(&self, text: &[u8], shortest: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.starts.is_empty() {
            return found;
        }
        for (at, pair) in text.windows(2).enumerate() {
            let start = [pair[0], pair[1]];
            let (word, bit) = place(start);
            if self.starts[word] & bit != 0 {
                found.extend(self.at(text, at, shortest));
            }
        }
        found
    }

    /// The same without a look at most bytes of a long text.
    fn find_long(&self, text: &[u8], shortest: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let Skips { window, skips } = &self.long;
        let mut at = 0;
        while *window > 0 && at + window <= text.len() {
            let pair = u16::from_be_bytes([text[at + window - 2], text[at + window - 1]]);
            match usize::from(skips[usize::from(pair)]) {
                0 => {
                    found.extend(self.at(text, at, shortest));
                    at += 1;
                }
                skip => at += skip,
            }
        }
        found
    }

    /// The patterns that occur at this place.
    fn at<'t>(&'t self, text: &'t [u8], at: usize, shortest: usize) -> impl Iterator<Item = Range<usize>> + 't {
        let start = text.get(at..at + 2).and_then(<[u8]>::first_chunk);
        let patterns = start.and_then(|start| self.by_start.get(start)).into_iter().flatten();
        let here = patterns.filter(move |pattern| pattern.secret >= shortest && text[at..].starts_with(&pattern.text));
        here.map(move |pattern| at..at + pattern.text.len())
    }
}

/// How far a search for several patterns at once may go on, by the last two bytes of the part of the text that it looks at
/// (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994).
struct Skips {
    /// The length of that part: that of the shortest pattern. 0 if there are no patterns.
    window: usize,
    /// By a pair of bytes; 0 where a pattern may end its first part.
    skips: Vec<u8>,
}

impl Skips {
    const fn none() -> Self {
        Self { window: 0, skips: Vec::new() }
    }

    /// Adds a pattern of two bytes or more. One that is shorter than all before it makes every skip as much shorter.
    fn add(&mut self, pattern: &[u8]) {
        let window = pattern.len().min(usize::from(u8::MAX));
        if self.skips.is_empty() {
            self.window = window;
            self.skips = vec![u8::try_from(window - 1).unwrap_or(u8::MAX); 1 << 16];
        } else if window < self.window {
            let less = u8::try_from(self.window - window).unwrap_or(u8::MAX);
            self.skips.iter_mut().for_each(|skip| *skip = skip.saturating_sub(less));
            self.window = window;
        }
        for (skip, pair) in (0..self.window - 1).rev().zip(pattern.windows(2)) {
            let known = &mut self.skips[usize::from(u16::from_be_bytes([pair[0], pair[1]]))];
            *known = (*known).min(u8::try_from(skip).unwrap_or(u8::MAX));
        }
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
    fn s9_a_long_text_is_searched_for_long_secrets_at_every_place() {
        let long = ["a long secret of some kind", "another-secret-0123456789", "aaaaaaaaaaaaaaaaaaaa"];
        let forms: &[&str] = &["c2VjcmV0", "a%20long"];
        let known = patterns(&long.map(|secret| (secret, forms)));
        for secret in long.into_iter().chain(["c2VjcmV0", "a%20long"]) {
            for before in 0..60 {
                let text = format!("{}{secret}{}", "ab".repeat(before), "ba".repeat(60 - before));
                let mut everywhere = known.find_any(text.as_bytes(), LONG);
                everywhere.sort_by_key(|range| (range.start, range.end));
                let mut found = known.find(text.as_bytes(), LONG);
                found.sort_by_key(|range| (range.start, range.end));
                assert_eq!(found, everywhere, "{text}");
                assert!(found.contains(&(2 * before..2 * before + secret.len())), "{text}");
            }
            assert_eq!(known.find(secret.as_bytes(), LONG).first().map(|found| found.start), Some(0));
        }
        assert_eq!(known.find(b"c2VjcmV", LONG), []);
        assert_eq!(patterns(&[("short", &[])]).find(b"short and long", LONG), []);
    }

    #[test]
    fn a_form_of_a_secret_is_not_known_as_a_secret() {
        let known = patterns(&[("a-long-secret", &["brief"])]);
        assert_eq!(["a-long-secret", "brief", "a-long"].map(|text| known.has(text)), [true, false, false]);
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
