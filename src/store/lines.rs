//! JSON with a line for each part of a document and for each entry of a part. A state of thousands of servers is a quarter
//! shorter than with a line for each field, and one of them is one line, with no spaces in it: so is the JSON that entries keep.

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// What is deeper is not cut into lines.
const DEEPEST: usize = 2;

/// Writes a document.
pub(super) fn write(to: impl Write, document: &impl Serialize) -> serde_json::Result<()> {
    document.serialize(&mut Serializer::with_formatter(to, Lines::default()))
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
        to.write_all(if self.depth <= DEEPEST { b": " } else { b":" })
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::shared::SharedMap;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Document<T> {
        number: u32,
        part: T,
    }

    fn written(document: &impl Serialize) -> String {
        let mut text = Vec::new();
        super::write(&mut text, document).unwrap();
        String::from_utf8(text).unwrap()
    }

    type Part = BTreeMap<String, Vec<String>>;

    fn part() -> Part {
        BTreeMap::from([("a\nb".to_owned(), vec!["c\n  d".to_owned(), String::new()]), ("e".to_owned(), Vec::new())])
    }

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
            r#"    "a": {"list":[1,2],"name":"x\ny"},"#,
            r#"    "b": {}"#,
            "  },",
            r#"  "words": ["#,
            r#"    "c""#,
            "  ]",
            "}",
        ];
        assert_eq!(written(&document).lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_document_is_the_same_with_json_that_is_kept() {
        for part in [part(), Part::new()] {
            let plain = written(&Document { number: 1, part: part.clone() });
            let mut shared = Document { number: 1, part: SharedMap::from_iter(part) };
            assert_eq!(written(&shared), plain);
            shared.part.keep_json();
            assert_eq!(written(&shared), plain);
            assert_eq!(serde_json::from_str::<Document<SharedMap<String, Vec<String>>>>(&plain).unwrap(), shared);
        }
    }

    #[test]
    fn a_change_is_seen_in_the_json_and_not_in_the_copies() {
        let mut before = Document { number: 1, part: SharedMap::from_iter(part()) };
        before.part.keep_json();
        let text = written(&before);
        let mut after = before.clone();
        assert_eq!(after, before);
        after.part.insert("f".to_owned(), Vec::new());
        after.part.get_or_insert("e".to_owned(), Vec::new()).push("g".to_owned());
        assert_ne!(after, before);
        assert_eq!(written(&before), text);
        let mut alone = after.clone();
        drop((before, after));
        for values in alone.part.values_mut() {
            values.clear();
        }
        assert_eq!(written(&alone).matches("[]").count(), 3);
    }
}
