//! Standard output: the one way out for results.

use crate::secret::{redact, redact_document};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// The version of every document that this program writes.
pub(super) const DOCUMENT_VERSION: u32 = 1;

/// Writes text, redacted, without characters that could steer a terminal. A reader that has gone away is no failure.
pub(super) fn print(text: &str) -> io::Result<()> {
    let clean = redact(text);
    let clean = clean.split('\n').map(one_line).collect::<Vec<_>>().join("\n");
    write(clean.as_bytes())
}

/// Writes one document on one line, without any secret that a service put into a name.
pub(super) fn print_document(document: &impl Serialize) -> io::Result<()> {
    let line = redact_document(&serde_json::to_string(document)?) + "\n";
    write(line.as_bytes())
}

/// Writes what the program itself made, to be read by other programs, as it is.
pub(super) fn print_own(text: &str) -> io::Result<()> {
    write(text.as_bytes())
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Whether a person reads standard output as it is written.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The text on one line: line breaks are blanks, other control characters are written as escapes, so that a name out of
/// Jenkins can neither forge a line nor steer a terminal.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim_end();
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => line.push(' '),
            '\r' => {}
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        assert_eq!(one_line("a\r\nb\tc\u{7}d\n"), "a b c\\u{7}d");
        assert_eq!(one_line("‘größe’"), "‘größe’");
    }
}
