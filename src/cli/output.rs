//! Standard output: the one way out for results.

use crate::secret::{redact, redact_document};
use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// The version of every document that this program writes.
pub(crate) const DOCUMENT_VERSION: u32 = 1;

/// Whether somebody still reads standard output. One who has gone away is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    Gone,
}

/// Writes text, redacted, without characters that could steer a terminal.
pub(crate) fn print(text: &str) -> io::Result<Reader> {
    write(clean(text).as_bytes())
}

/// Writes text in place of what the terminal shows, as far as there is room for it.
pub(crate) fn draw(text: &str) -> io::Result<Reader> {
    let rows = terminal_size::terminal_size().map_or(usize::MAX, |(_, rows)| usize::from(rows.0));
    let text = clean(text);
    // The cursor stands on the line below the last one.
    let room = rows.saturating_sub(1).max(2);
    let all = text.lines().count();
    let mut shown: Vec<&str> = text.lines().take(if all > room { room - 1 } else { room }).collect();
    let rest = format!("and {} more lines, for which there is no room", all - shown.len());
    if all > room {
        shown.push(&rest);
    }
    // Each line wipes out what is left of the one before, and the end everything below: nothing flickers.
    write(format!("\x1b[H{}\x1b[K\r\n\x1b[J", shown.join("\x1b[K\r\n")).as_bytes())
}

fn clean(text: &str) -> String {
    redact(text).split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// Writes one document on one line, without any secret that a service put into a name.
pub(crate) fn print_document(document: &impl Serialize) -> io::Result<Reader> {
    let line = redact_document(&serde_json::to_string(document)?) + "\n";
    write(line.as_bytes())
}

/// Writes what the program itself made, to be read by other programs, as it is.
pub(crate) fn print_own(text: &str) -> io::Result<()> {
    write(text.as_bytes()).map(drop)
}

fn write(bytes: &[u8]) -> io::Result<Reader> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        done => done.map(|()| Reader::There),
    }
}

/// Whether a person reads standard output as it is written.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The text on one line: line breaks are blanks, other control characters are written as escapes, so that a name out of
/// Jenkins can neither forge a line nor steer a terminal.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
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
