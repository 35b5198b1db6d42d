//! JSON documents on their way into a file, without long secrets.

use crate::domain::format::escaped;
use crate::secret::redact_document;
use std::io::{self, ErrorKind, Write};

/// So much of a document is redacted and written at a time, in bytes: a state of many megabytes is never in memory as a whole.
const PART: usize = 64 * 1024;

/// Writes a JSON document without long secrets. It is cut only at the ends of lines, which no text of JSON contains.
pub(super) struct Redacted<W> {
    to: W,
    /// What is not written yet.
    rest: Vec<u8>,
}

impl<W: Write> Redacted<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, rest: Vec::new() }
    }

    /// Ends the document, and its last line.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.rest.push(b'\n');
        self.pass_on(self.rest.len())
    }

    fn pass_on(&mut self, length: usize) -> io::Result<()> {
        let text = std::str::from_utf8(&self.rest[..length]);
        let text = text.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        self.to.write_all(escaped(&redact_document(text)).as_bytes())?;
        self.rest.drain(..length);
        Ok(())
    }
}

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = &bytes[..bytes.len().min(PART)];
        self.rest.extend_from_slice(taken);
        if self.rest.len() >= PART
            && let Some(end) = memchr::memrchr(b'\n', &self.rest)
        {
            self.pass_on(end + 1)?;
        }
        Ok(taken.len())
    }

    /// Most pieces of JSON are a few bytes.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.rest.len() + bytes.len() < PART {
            self.rest.extend_from_slice(bytes);
            return Ok(());
        }
        bytes.chunks(PART).try_for_each(|part| self.write(part).map(drop))
    }

    /// A part of a line may hold a part of a secret, and waits for its end.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn written(document: &serde_json::Value, pretty: bool) -> (String, usize) {
        /// Counts what arrives.
        struct Counting(Vec<u8>, usize);
        impl Write for Counting {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 += 1;
                self.0.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut counting = Counting(Vec::new(), 0);
        let mut redacted = Redacted::new(&mut counting);
        let json = if pretty { serde_json::to_string_pretty(document) } else { serde_json::to_string(document) };
        let json = json.unwrap();
        redacted.write_all(json.as_bytes()).unwrap();
        redacted.finish().unwrap();
        (String::from_utf8(counting.0).unwrap(), counting.1)
    }

    #[test]
    fn s9_a_large_document_is_written_in_parts_and_without_the_secret_wherever_it_is() {
        let _secret = Secret::new("a secret of a large document");
        let texts = |text: &str| vec![format!("before {text} behind"); 60_000];
        let (document, clean) = (texts("a secret of a large document"), texts("[secret]"));
        for pretty in [true, false] {
            let (text, parts) = written(&serde_json::json!(document), pretty);
            assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), clean);
            assert!(text.ends_with("]\n"));
            assert_eq!(parts > 5, pretty, "{parts}");
        }
    }

    #[test]
    fn what_a_file_shows_on_a_terminal_does_not_control_it() {
        let (text, _) = written(&serde_json::json!("x\u{9b}2J\u{202e}é"), false);
        assert_eq!(text, "\"x\\u009b2J\\u202eé\"\n");
    }

    #[test]
    fn a_small_document_is_written_at_once() {
        assert_eq!(written(&serde_json::json!({"a": "b"}), true), ("{\n  \"a\": \"b\"\n}\n".to_owned(), 1));
    }
}
