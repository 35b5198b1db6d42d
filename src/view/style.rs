//! Colours of text for terminals, as marks that [`paint`] turns into escape sequences at the very end: until then the text
//! can be measured, cut and cleaned like any other.
//!
//! One colour has one meaning.

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The title of a table.
    Title,
    /// Heads, and what matters little.
    Dim,
    /// At work.
    Busy,
    /// Idle, or done.
    Idle,
    /// On its way, or waiting for something that ends by itself.
    Coming,
    /// Held or paused by a person.
    Held,
    /// Wrong.
    Bad,
}

/// Marks are characters that no font has: the private use of plane 15.
const FIRST: char = '\u{f0000}';
const END: char = '\u{f00ff}';

const TONES: [(Tone, char, &str); 7] = [
    (Tone::Title, FIRST, "1"),
    (Tone::Dim, '\u{f0001}', "2"),
    (Tone::Busy, '\u{f0002}', "34"),
    (Tone::Idle, '\u{f0003}', "36"),
    (Tone::Coming, '\u{f0004}', "33"),
    (Tone::Held, '\u{f0005}', "35"),
    (Tone::Bad, '\u{f0006}', "31"),
];

/// Marks a text that has no marks yet.
pub(crate) fn mark(tone: Option<Tone>, text: &str) -> String {
    let found = TONES.iter().find(|(known, _, _)| Some(*known) == tone).filter(|_| !text.is_empty());
    found.map_or_else(|| text.to_owned(), |(_, mark, _)| format!("{mark}{text}{END}"))
}

/// A text from outside, without marks.
pub(crate) fn unmarked(text: &str) -> String {
    text.chars().filter(|c| !(FIRST..=END).contains(c)).collect()
}

/// The text for a terminal that shows colours, or without any.
pub(crate) fn paint(text: &str, colours: bool) -> String {
    let mut painted = String::with_capacity(text.len());
    for c in text.chars() {
        match TONES.iter().find(|(_, mark, _)| *mark == c) {
            Some((_, _, code)) if colours => painted.push_str(&format!("\x1b[{code}m")),
            None if c == END && colours => painted.push_str("\x1b[0m"),
            Some(_) => {}
            None if c == END => {}
            None => painted.push(c),
        }
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_or_nothing_and_text_from_outside_has_none() {
        let text = format!("a {} b", mark(Some(Tone::Busy), "busy"));
        assert_eq!(paint(&text, true), "a \x1b[34mbusy\x1b[0m b");
        assert_eq!(paint(&text, false), "a busy b");
        assert_eq!(unmarked(&text), "a busy b");
        assert_eq!(mark(None, "x"), "x");
    }
}
