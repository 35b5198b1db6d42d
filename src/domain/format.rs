//! How times and the texts of others are written.

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
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}... ({} characters)", &text[..end], text.chars().count())),
    }
}

/// A text as one word of a shell.
pub fn in_shell(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+-@:=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', "'\\''")).into()
    }
}

/// Whether a character moves the cursor, breaks the line or turns the direction of writing, so that a text with it would read
/// as another one.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A JSON document with escapes for the characters that control a terminal and that JSON allows: only texts have them.
pub(crate) fn escaped(json: &str) -> Cow<'_, str> {
    let escape = |c: char| c > '~' && is_control(c);
    // Most documents are plain: all bytes are looked at, which is faster than to stop at the first that is not.
    if json.bytes().fold(true, |plain, byte| plain & (byte <= b'~')) || !json.contains(escape) {
        return Cow::Borrowed(json);
    }
    let mut document = String::with_capacity(json.len());
    for c in json.chars() {
        if escape(c) { document.push_str(&format!("\\u{:04x}", u32::from(c))) } else { document.push(c) }
    }
    Cow::Owned(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_reads_the_same_and_controls_no_terminal() {
        let json = "{\"a\":\"x\u{9b}2J\u{7f}\u{202e}é\"}";
        assert_eq!(escaped(json), "{\"a\":\"x\\u009b2J\\u007f\\u202eé\"}");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&escaped(json)), read(json));
        assert_eq!(escaped("{\n}"), "{\n}");
    }

    #[test]
    fn a_word_of_a_command_is_quoted_where_a_shell_would_read_it_otherwise() {
        assert_eq!(in_shell("/etc/mita/mita.toml"), "/etc/mita/mita.toml");
        let odd = ["/my mita/x", "/a%b", "/$HOME/x", "/a\"b", "/a;b", "/ü", ""];
        assert!(odd.iter().all(|word| in_shell(word) == format!("'{word}'")));
        assert_eq!(in_shell("it's"), "'it'\\''s'");
    }

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
