//! How a secret looks in other encodings.
//!
//! Base64 and hexadecimal digits change every character, so the encoded secret is computed beforehand and searched for. JSON,
//! HTML, URLs and source code escape single characters in different ways: there the text is unescaped, and the secret
//! searched for in the result.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::ops::Range;

/// Shorter pieces of Base64 or hexadecimal digits occur in other texts by chance.
const SHORTEST: usize = 8;

/// How often a text may be escaped: a JSON error in a JSON error, with a URL in it.
const LAYERS: usize = 4;

/// The longest escape, in bytes: `&#x10FFFF;`.
const LONGEST_ESCAPE: usize = 10;

/// The text in Base64 and hexadecimal digits, and unescaped if a part of it looks like an escape (`50%41` for `50A`): a
/// search unescapes such a part as well.
pub(super) fn of(text: &str) -> Vec<String> {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![digits.to_uppercase(), digits];
    let json = serde_json::Value::from(text).to_string();
    // As it is, and as a part of JSON.
    for text in [text, &json[1..json.len() - 1]] {
        forms.extend((0..3).flat_map(|before| base64(text, before)));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    let resolved = std::iter::successors(View::plain(text).unescaped(), View::unescaped).take(LAYERS);
    forms.extend(resolved.filter_map(|view| String::from_utf8(view.bytes).ok()));
    forms.sort();
    forms.dedup();
    forms
}

/// The text in Base64 after this many other bytes, without the letters at the ends, which share bits with their neighbours.
fn base64(text: &str, before: usize) -> impl Iterator<Item = String> {
    let padded = [&vec![0; before], text.as_bytes()].concat();
    let own = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)]
        .into_iter()
        .filter_map(move |letters| letters.get(own.clone()).map(str::to_owned))
}

/// The text unescaped in every way; nothing if it has no escapes. Lazy, since each view takes far more memory than the text.
pub(super) fn views(text: &str) -> impl Iterator<Item = View> {
    let plain = text.bytes().any(|byte| matches!(byte, b'%' | b'\\' | b'&' | b'+')).then(|| View::plain(text));
    // In forms and queries a plus means a space, in paths a plus; a form can be a part of a path.
    let form = plain.as_ref().and_then(View::with_spaces);
    let layers = |first: Option<View>| std::iter::successors(first, View::unescaped);
    let unescaped = plain.and_then(|plain| plain.unescaped());
    let form_within = unescaped.as_ref().and_then(View::with_spaces);
    layers(unescaped).take(LAYERS).chain(layers(form).take(LAYERS + 1)).chain(layers(form_within).take(LAYERS))
}

/// Whether a text has an escape, so that it has another meaning than it shows.
pub(super) fn has_escapes(text: &[u8]) -> bool {
    let mut marks = memchr::memchr3_iter(b'%', b'\\', b'&', text);
    marks.any(|at| escape(&text[at..text.len().min(at + 2 * LONGEST_ESCAPE)]).is_some())
}

/// An unescaped text, with the place of each byte in the original.
pub(super) struct View {
    bytes: Vec<u8>,
    /// Where each byte starts in the original, and where the last one ends.
    starts: Vec<usize>,
}

impl View {
    fn plain(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), starts: (0..=text.len()).collect() }
    }

    /// The unescaped text.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place of these bytes in the original.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        self.starts[range.start]..self.starts[range.end]
    }

    fn with_spaces(&self) -> Option<Self> {
        self.bytes.contains(&b'+').then(|| Self {
            bytes: self.bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect(),
            starts: self.starts.clone(),
        })
    }

    /// With each escape resolved once; `None` if there is none.
    fn unescaped(&self) -> Option<Self> {
        let mut next = Self { bytes: Vec::with_capacity(self.bytes.len()), starts: Vec::new() };
        let mut at = 0;
        let mut any = false;
        while at < self.bytes.len() {
            let start = self.starts[at];
            let window = &self.bytes[at..self.bytes.len().min(at + 2 * LONGEST_ESCAPE)];
            match escape(window) {
                Some((length, Meaning::Byte(byte))) => {
                    next.push(&[byte], start);
                    (any, at) = (true, at + length);
                }
                Some((length, Meaning::Character(c))) => {
                    next.push(c.encode_utf8(&mut [0; 4]).as_bytes(), start);
                    (any, at) = (true, at + length);
                }
                None => {
                    next.push(&[self.bytes[at]], start);
                    at += 1;
                }
            }
        }
        next.starts.extend(self.starts.last());
        any.then_some(next)
    }

    fn push(&mut self, bytes: &[u8], start: usize) {
        self.bytes.extend_from_slice(bytes);
        self.starts.extend(bytes.iter().map(|_| start));
    }
}

enum Meaning {
    Byte(u8),
    Character(char),
}

/// The escape at the beginning of a text: its length and its meaning.
fn escape(text: &[u8]) -> Option<(usize, Meaning)> {
    match text.first()? {
        b'%' => Some((3, Meaning::Byte(u8::try_from(hex(text.get(1..3)?)?).ok()?))),
        b'\\' => backslash(text),
        b'&' => entity(text),
        _ => None,
    }
}

/// Escapes of JSON (RFC 8259), Rust and Python.
fn backslash(text: &[u8]) -> Option<(usize, Meaning)> {
    let character = |c: char| Some((2, Meaning::Character(c)));
    match text.get(1)? {
        b'u' if text.get(2) == Some(&b'{') => {
            let digits = text[3..].iter().position(|byte| *byte == b'}')?;
            let c = char::from_u32(hex(&text[3..3 + digits])?)?;
            Some((4 + digits, Meaning::Character(c)))
        }
        b'u' => {
            let first = hex(text.get(2..6)?)?;
            if let Some(c) = char::from_u32(first) {
                return Some((6, Meaning::Character(c)));
            }
            let second = text.get(6..8).filter(|mark| *mark == b"\\u").and_then(|_| hex(text.get(8..12)?))?;
            let units = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            let c = char::decode_utf16(units).next()?.ok()?;
            Some((12, Meaning::Character(c)))
        }
        b'x' => Some((4, Meaning::Character(char::from_u32(hex(text.get(2..4)?)?)?))),
        byte @ (b'"' | b'\'' | b'\\' | b'/') => character(char::from(*byte)),
        _ => None,
    }
}

/// Character references of HTML and XML.
fn entity(text: &[u8]) -> Option<(usize, Meaning)> {
    let end = text.iter().take(LONGEST_ESCAPE).position(|byte| *byte == b';')?;
    let c = match &text[1..end] {
        b"quot" => '"',
        b"apos" => '\'',
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"nbsp" => ' ',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((end + 1, Meaning::Character(c)))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, 16).ok()
}
