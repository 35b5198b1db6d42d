//! JSON as Jenkins writes it (stapler's JSONDataWriter): control characters and characters beyond the basic plane are escaped.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use crate::http::Response;
use crate::jenkins::{Jenkins, Version};

impl Jenkins {
    /// An answer of the API.
    pub(crate) fn json(&self, value: &Value) -> Response {
        let mut body = Vec::new();
        let escapes = Escapes { controls: self.options.version >= Version::new(2, 228) };
        // Writing to memory does not fail.
        drop(value.serialize(&mut Serializer::with_formatter(&mut body, escapes)));
        Response::empty(200)
            .with("X-Frame-Options", "deny")
            .with("Content-Type", "application/json;charset=utf-8")
            .body(body)
    }
}

/// The first of 2048 characters that stand for the lone surrogates, which a Rust string cannot hold: a character of a
/// private plane is written as the escape of the surrogate with the same last 16 bits.
const SURROGATES: std::ops::RangeInclusive<u32> = 0x10_d800..=0x10_dfff;

/// A text that reaches a client as a lone surrogate, such as `'\u{d800}'` in a job's name.
pub fn lone_surrogate(unit: u16) -> char {
    char::from_u32(0x10_0000 | u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

struct Escapes {
    /// Whether control characters are escaped; before 2.228 they are written as they are.
    controls: bool,
}

impl Formatter for Escapes {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| byte < 0x7f) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for c in fragment.chars() {
            match u32::from(c) {
                code if SURROGATES.contains(&code) => write!(writer, "\\u{:04x}", code & 0xffff)?,
                0x7f..=0x9f => write!(writer, "\\u{:04x}", u32::from(c))?,
                0x1_0000.. => {
                    for unit in c.encode_utf16(&mut units) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
                _ => write!(writer, "{c}")?,
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let control = match escape {
            CharEscape::Quote => return writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => return writer.write_all(b"\\\\"),
            CharEscape::Solidus => return writer.write_all(b"/"),
            CharEscape::Backspace => 8,
            CharEscape::FormFeed => 0xc,
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::AsciiControl(code) => code,
        };
        if self.controls { write!(writer, "\\u{control:04x}") } else { writer.write_all(&[control]) }
    }
}

#[cfg(test)]
mod tests {
    use super::lone_surrogate;
    use crate::jenkins::{Jenkins, Options, Version};

    fn written(version: Version, text: &str) -> String {
        let jenkins = Jenkins::new(Options { version, ..Options::default() }, String::new());
        String::from_utf8(jenkins.json(&text.into()).body).unwrap()
    }

    #[test]
    fn texts_are_escaped_as_jenkins_does() {
        let new = Version::new(2, 426);
        assert_eq!(written(new, "a\nb\u{7f}\u{85}\u{2028}"), "\"a\\u000ab\\u007f\\u0085\u{2028}\"");
        assert_eq!(written(new, "😀 \"é\" \\ /"), "\"\\ud83d\\ude00 \\\"é\\\" \\\\ /\"");
        let lone = format!("x{}y", lone_surrogate(0xd800));
        assert_eq!(written(new, &lone), "\"x\\ud800y\"");
        assert_eq!(written(Version::new(2, 227), "a\u{1}\nb"), "\"a\u{1}\nb\"");
    }
}
