//! All texts that are to be hidden, and where any of them stands in another text: found in one pass over it, since
//! every text of a state file is looked through in each run.

use std::collections::BTreeMap;
use std::ops::Range;

/// Shorter texts are not looked for: redacting every "a" would hide the message and protect nothing.
const SHORTEST: usize = 4;

/// Texts by their first two bytes.
pub(super) struct Forms {
    by_start: BTreeMap<[u8; 2], Vec<Form>>,
    /// One bit for each pair of bytes that a text begins with: most pairs begin none.
    starts: Vec<u64>,
}

struct Form {
    text: Vec<u8>,
    /// The length of the secret that it shows.
    secret: usize,
}

impl Forms {
    /// Nothing to hide.
    pub(super) const fn none() -> Self {
        Self { by_start: BTreeMap::new(), starts: Vec::new() }
    }

    /// Adds a secret, with what it looks like otherwise. A second time changes nothing.
    pub(super) fn insert(&mut self, secret: &str, disguises: Vec<String>) {
        if secret.len() < SHORTEST {
            return;
        }
        self.starts.resize((1 << 16) / 64, 0);
        for text in disguises.into_iter().chain([secret.to_owned()]).filter(|text| text.len() >= SHORTEST) {
            let text = text.into_bytes();
            let Some(&start) = text.first_chunk() else { continue };
            let (word, bit) = place(start);
            self.starts[word] |= bit;
            let forms = self.by_start.entry(start).or_default();
            if !forms.iter().any(|form| form.text == text && form.secret >= secret.len()) {
                forms.push(Form { text, secret: secret.len() });
            }
        }
    }

    /// Where any form of a secret of at least this length stands. Ranges may overlap.
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
            let forms = self.by_start.get(&start).into_iter().flatten();
            let here = forms.filter(|form| form.secret >= shortest && text[at..].starts_with(&form.text));
            found.extend(here.map(|form| at..at + form.text.len()));
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

    fn forms(secrets: &[(&str, &[&str])]) -> Forms {
        let mut forms = Forms::none();
        for (secret, disguises) in secrets {
            forms.insert(secret, disguises.iter().map(|text| (*text).to_owned()).collect());
        }
        forms
    }

    #[test]
    fn every_place_of_every_form_is_found() {
        let known = forms(&[("abcd", &["dcba"]), ("abxy-long", &[])]);
        assert_eq!(known.find(b"abcdcba abxy-long ab", 4), [0..4, 3..7, 8..17]);
        assert_eq!(known.find(b"", 4), []);
        assert_eq!(known.find(b"abxy-lon", 4), []);
    }

    #[test]
    fn the_length_of_the_secret_counts_and_not_that_of_its_form() {
        let known = forms(&[("short", &["a-long-disguise"]), ("a-long-secret", &["brief"])]);
        assert_eq!(known.find(b"short a-long-disguise brief", 10), vec![std::ops::Range { start: 22, end: 27 }]);
    }

    #[test]
    fn two_secrets_that_look_the_same_are_hidden_where_either_is() {
        for secrets in [["same", "same-and-longer"], ["same-and-longer", "same"]] {
            let known = forms(&[(secrets[0], &["c2FtZQ"]), (secrets[1], &["c2FtZQ"])]);
            assert_eq!(known.find(b"c2FtZQ", 10), vec![std::ops::Range { start: 0, end: 6 }], "{secrets:?}");
        }
    }
}
