//! JSON is repaired while it arrives, so that one odd text does not make a whole list unreadable.
//!
//! Services write what people and jobs put into them. Jenkins writes lone surrogates as they are, and before 2.228 control
//! characters, too; its JSON then is none. A text may also be longer than anything that mita needs. Such a text is read as
//! far as it goes. All other bytes stay as they are.

use std::cell::LazyCell;

/// The longest text that is kept, in bytes as the service wrote it. A reason of Jenkins that names five thousand nodes is
/// shorter.
pub(super) const LONGEST_TEXT: usize = 256 << 10;

/// What stands at the end of a text that was cut.
const CUT: char = '…';

/// JSON that arrives piece by piece.
#[derive(Default)]
pub(super) struct Repair {
    json: Vec<u8>,
    /// What was looked at so far. Nothing, for as long as all of it is usual.
    scanned: usize,
    text: Option<Text>,
    /// How much of it is UTF-8, while nothing was looked at.
    valid: usize,
    /// The bytes behind the last quote, or all.
    behind_quote: usize,
}

/// A text whose closing quote was not found yet.
#[derive(Default)]
struct Text {
    /// Where it begins in the JSON.
    began: usize,
    after_backslash: bool,
    /// Whether it may have bytes other than printable ASCII.
    unusual: bool,
    /// Whether it has `\u` escapes.
    units: bool,
    cut: bool,
}

impl Repair {
    /// For JSON of about so many bytes.
    pub(super) fn of_about(length: usize) -> Self {
        Self { json: Vec::with_capacity(length), ..Self::default() }
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.json.extend_from_slice(piece);
        if self.is_usual(piece) {
            return;
        }
        let waits = self.scanned + piece.len() < self.json.len();
        let unusual = LazyCell::new(|| waits || !piece.is_ascii() || has_control(piece));
        while self.scanned < self.json.len() {
            match self.text.take() {
                None => self.outside(),
                Some(mut text) => {
                    // What a cut text goes on with is dropped, and its beginning is repaired in any case.
                    text.unusual = text.unusual || text.cut || *unusual;
                    self.inside(text);
                }
            }
        }
    }

    /// Whether nothing of what arrived so far can be odd, so that nobody has to know where its texts begin and end. So are
    /// nearly all answers.
    fn is_usual(&mut self, piece: &[u8]) -> bool {
        // No text is longer than this: a quote behind a backslash, which ends none, is not usual.
        let longest = self.behind_quote + piece.len();
        self.behind_quote = memchr::memrchr(b'"', piece).map_or(longest, |quote| piece.len() - quote);
        if self.scanned > 0 || longest > LONGEST_TEXT || has_control(piece) || memchr::memchr(b'\\', piece).is_some() {
            return false;
        }
        match std::str::from_utf8(&self.json[self.valid..]) {
            Ok(rest) => self.valid += rest.len(),
            // A piece may end within a character.
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return false,
        }
        true
    }

    /// How many bytes were kept so far.
    pub(super) fn len(&self) -> usize {
        self.json.len()
    }

    /// The repaired JSON.
    pub(super) fn finish(self) -> Vec<u8> {
        self.json
    }

    fn outside(&mut self) {
        match memchr::memchr(b'"', &self.json[self.scanned..]) {
            Some(quote) => {
                self.scanned += quote + 1;
                self.text = Some(Text { began: self.scanned, ..Text::default() });
            }
            None => self.scanned = self.json.len(),
        }
    }

    fn inside(&mut self, mut text: Text) {
        if text.after_backslash {
            text.after_backslash = false;
            text.units |= self.json[self.scanned] == b'u';
            self.scanned += 1;
        }
        match memchr::memchr2(b'"', b'\\', &self.json[self.scanned..]) {
            Some(at) if self.json[self.scanned + at] == b'"' => {
                self.scanned += at;
                let length = text.close(&mut self.json, self.scanned);
                self.scanned = text.began + length + 1;
                return;
            }
            Some(at) => {
                self.scanned += at + 1;
                text.after_backslash = true;
            }
            None => self.scanned = self.json.len(),
        }
        if self.scanned == self.json.len() && self.scanned > text.began + LONGEST_TEXT {
            text.cut = true;
            self.json.truncate(text.began + LONGEST_TEXT);
            self.scanned = self.json.len();
        }
        self.text = Some(text);
    }
}

impl Text {
    /// Repairs the text, whose closing quote is at `end`. Returns its length then.
    fn close(&mut self, json: &mut Vec<u8>, end: usize) -> usize {
        let kept = &json[self.began..end.min(self.began + LONGEST_TEXT)];
        self.cut |= kept.len() < end - self.began;
        let odd = self.unusual && (has_control(kept) || (!kept.is_ascii() && std::str::from_utf8(kept).is_err()));
        if !(odd || self.cut || (self.units && has_surrogate(kept))) {
            return kept.len();
        }
        let mut text = decoded(&String::from_utf8_lossy(kept));
        text.extend(self.cut.then_some(CUT));
        let encoded = serde_json::Value::from(text).to_string();
        let encoded = &encoded.as_bytes()[1..encoded.len() - 1];
        json.splice(self.began..end, encoded.iter().copied());
        encoded.len()
    }
}

/// Whether the bytes hold control characters. Looks at all of them, which is faster than to stop at the first.
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | (*byte < b' '))
}

/// Whether an escape in the text may be half of a pair. Nearly all are whole pairs, which stay what they are.
fn has_surrogate(text: &[u8]) -> bool {
    text.windows(4).any(|escape| matches!(escape, [b'\\', b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F']))
}

/// What the inside of a JSON text means. An escape that means nothing becomes a replacement character.
fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (character, length) = match escape.as_bytes().get(1) {
            Some(b'u') => unit(escape),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(byte @ (b'"' | b'\\' | b'/')) => (char::from(*byte), 2),
            _ => (char::REPLACEMENT_CHARACTER, 1),
        };
        plain.push(character);
        rest = &escape[length..];
    }
    plain.push_str(rest);
    plain
}

/// The character of a `\uXXXX`, or of a pair of them, at the beginning of a text, and its length.
fn unit(text: &str) -> (char, usize) {
    let code = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    match (code(0), code(6)) {
        (Some(first), Some(second)) if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&second) => {
            let character = char::decode_utf16([first, second]).next().and_then(Result::ok);
            (character.unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        (Some(code), _) => (char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
        (None, _) => (char::REPLACEMENT_CHARACTER, 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(json: &[u8], piece: usize) -> Vec<u8> {
        let mut repair = Repair::default();
        json.chunks(piece).for_each(|piece| repair.push(piece));
        repair.finish()
    }

    /// In pieces of every length, since a piece may end anywhere.
    fn read(json: &[u8]) -> serde_json::Value {
        let whole = repaired(json, json.len().max(1));
        for piece in 1..json.len().min(40) {
            assert_eq!(repaired(json, piece), whole, "pieces of {piece}");
        }
        serde_json::from_slice(&whole).unwrap_or_else(|error| panic!("{}: {error}", String::from_utf8_lossy(&whole)))
    }

    #[test]
    fn s3_an_odd_text_is_read_as_far_as_it_goes() {
        for (odd, text) in [
            (&b"a\x1bb"[..], "a\u{1b}b"),
            (b"a\x00\x07\x0b\nb", "a\0\u{7}\u{b}\nb"),
            (b"a\xff\xfeb", "a\u{fffd}\u{fffd}b"),
            (b"a\xc3b", "a\u{fffd}b"),
            (b"a\xed\xa0\x80b", "a\u{fffd}\u{fffd}\u{fffd}b"),
            (br"a\ud800b", "a\u{fffd}b"),
            (br"\uDC00\ud83d\ude00 \ud800\ud800\udc00", "\u{fffd}😀 \u{fffd}\u{10000}"),
            (br#"\ud800 \"\\\/\b\f\n\r\t\u0041"#, "\u{fffd} \"\\/\u{8}\u{c}\n\r\tA"),
            (b"\x1b\\u12\\q\\\\", "\u{1b}\u{fffd}12\u{fffd}q\\"),
            ("é\u{1b}‘x’".as_bytes(), "é\u{1b}‘x’"),
        ] {
            let json = [b"[{\"", odd, b"\": 1}, \"", odd, b"\", \"behind\"]"].concat();
            assert_eq!(read(&json), serde_json::json!([{text: 1}, text, "behind"]), "{text:?}");
        }
    }

    #[test]
    fn what_is_json_stays_as_it_is_and_so_does_what_is_none() {
        for same in [
            r#" {"a" : [1,2.5e3,null,true], "‘b’é\u2018\n": "\ud83d\ude00\\\"", "": {}} "#,
            "{\"a\n",
            "<html title=\"x\">",
            r#"["\q"]"#,
            "[\"cut off \\u00",
            "{'a': 1}\t\n\u{1b}",
            "",
        ] {
            let json = same.replace(r"\ud83d\ude00", "😀");
            assert_eq!(repaired(json.as_bytes(), 3), json.as_bytes(), "{json}");
        }
        assert_eq!(read(br#"["\ud83d\ude00"]"#), serde_json::json!(["😀"]));
    }

    #[test]
    fn l5_a_text_that_is_too_long_is_cut_and_the_rest_is_read() {
        for unit in ["x", "é", "\\u00e9", "\\\\", "\\ud83d\\ude00"] {
            let json =
                format!(r#"["{}", {{"behind": "{}"}}]"#, unit.repeat(LONGEST_TEXT + 1), "y".repeat(LONGEST_TEXT));
            let mut repair = Repair::default();
            json.as_bytes().chunks(10_007).for_each(|piece| repair.push(piece));
            assert!(repair.len() < 3 * LONGEST_TEXT, "{}", repair.len());
            let read: serde_json::Value = serde_json::from_slice(&repair.finish()).unwrap();
            assert!(read[0].as_str().unwrap().ends_with(CUT), "{unit}");
            assert_eq!(read[1]["behind"].as_str().unwrap().len(), LONGEST_TEXT);
        }
    }
}
