//! JSON with a line for each part of a document and for each entry of a part. A state of thousands of servers is a quarter
//! shorter than with a line for each field, and one of them is one line.

use serde::Serialize;
use serde::ser::Error;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use serde_json::value::RawValue;
use std::io::{self, Write};

/// What is deeper is not cut into lines.
const DEEPEST: usize = 2;

/// Writes a document.
pub(crate) fn write(to: impl Write, document: &impl Serialize) -> serde_json::Result<()> {
    document.serialize(&mut Serializer::with_formatter(to, Lines::default()))
}

/// A part of a document, as it is written there.
pub(super) fn part(value: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, Lines { depth: 1, is_empty: false }))?;
    RawValue::from_string(String::from_utf8(text).map_err(serde_json::Error::custom)?)
}

#[derive(Default)]
struct Lines {
    depth: usize,
    is_empty: bool,
}

impl Lines {
    fn open<W: Write + ?Sized>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        (self.depth, self.is_empty) = (self.depth + 1, true);
        to.write_all(bracket)
    }

    fn close<W: Write + ?Sized>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.depth < DEEPEST && !self.is_empty {
            self.new_line(to)?;
        }
        self.is_empty = false;
        to.write_all(bracket)
    }

    fn entry<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.is_empty = false;
        if !first {
            to.write_all(b",")?;
        }
        if self.depth <= DEEPEST { self.new_line(to) } else { Ok(()) }
    }

    fn new_line<W: Write + ?Sized>(&self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| to.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.entry(to, first)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.entry(to, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_part_and_an_entry_have_a_line_each() {
        let document = serde_json::json!({
            "empty": [{}, []], "number": 1, "servers": {"a": {"name": "x\ny", "list": [1, 2]}, "b": {}}, "words": ["c"],
        });
        let lines = [
            "{",
            r#"  "empty": ["#,
            "    {},",
            "    []",
            "  ],",
            r#"  "number": 1,"#,
            r#"  "servers": {"#,
            r#"    "a": {"list": [1,2],"name": "x\ny"},"#,
            r#"    "b": {}"#,
            "  },",
            r#"  "words": ["#,
            r#"    "c""#,
            "  ]",
            "}",
        ];
        let mut text = Vec::new();
        super::write(&mut text, &document).unwrap();
        assert_eq!(String::from_utf8(text).unwrap().lines().collect::<Vec<_>>(), lines);
    }
}
