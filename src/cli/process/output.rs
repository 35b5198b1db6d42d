//! Standard output: every result goes through this file.

use crate::config::of_process;
use crate::domain::format::escaped;
use crate::secret::{redact, redact_document};
use crate::view::compact::{UNCUT, cut};
use crate::view::style::unmarked;
use crate::view::table::folded;
use crate::view::text::{one_line, plural};
use serde::Serialize;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;

/// The width of a page, a mail, and a terminal that does not report its own.
const USUAL_WIDTH: usize = 80;

/// Whether somebody still reads standard output. It is no failure if nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    Gone,
}

/// Prints text, redacted, without characters that could control a terminal, whose longer lines are folded. Other programs
/// get each line whole.
pub(crate) fn print(text: &str) -> io::Result<Reader> {
    let text = clean(text);
    let text = if is_terminal() { folded(&text, width()) } else { text };
    write(text.as_bytes())
}

/// As [`print`], with what is done last of all: colours.
pub(crate) fn print_with(text: &str, paint: impl Fn(&str) -> String) -> io::Result<Reader> {
    write(paint(&clean(text)).as_bytes())
}

/// The lines of the terminal.
pub(crate) fn height() -> usize {
    terminal_size::terminal_size().map_or(usize::MAX, |(_, rows)| usize::from(rows.0))
}

/// Prints text in place of what the terminal shows, as far as there is room for it; a terminal without escape sequences
/// shows one text below the other.
pub(crate) fn draw(text: &str, paint: impl Fn(&str) -> String) -> io::Result<Reader> {
    if is_dumb() {
        return print_with(&format!("{text}\n"), paint);
    }
    let rows = height();
    let text = clean(text);
    // The cursor is on the line below the last one.
    let room = rows.saturating_sub(1).max(1);
    let all = text.lines().count();
    let mut shown: Vec<&str> = text.lines().take(if all > room { room - 1 } else { room }).collect();
    let rest = format!("{}: mita status", plural(all - shown.len(), "more line"));
    if all > room {
        shown.push(&rest);
    }
    // A longer line would take two, and the screen would scroll.
    let columns = terminal_size::terminal_size().map_or(usize::MAX, |(columns, _)| usize::from(columns.0));
    let narrow = |line: &str| Some(cut(&unmarked(line), columns)).filter(|cut| *cut != unmarked(line));
    let cut: Vec<String> = shown.into_iter().map(|line| narrow(line).unwrap_or_else(|| line.to_owned())).collect();
    let shown: Vec<&str> = cut.iter().map(String::as_str).collect();
    // Each line clears the rest of the old one, and the end everything below: nothing flickers.
    let shown: Vec<String> = shown.into_iter().map(paint).collect();
    write(format!("\x1b[H{}\x1b[K\r\n\x1b[J", shown.join("\x1b[K\r\n")).as_bytes())
}

/// Whether the terminal understands no escape sequences.
pub(crate) fn is_dumb() -> bool {
    of_process("TERM").is_some_and(|term| term == "dumb")
}

fn clean(text: &str) -> String {
    redact(text).split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// Prints one document on one line, without any secret that a service put into a name.
pub(crate) fn print_document(document: &impl Serialize) -> io::Result<Reader> {
    let mut line = serde_json::to_string(document)?;
    line.push('\n');
    write(escaped(&redact_document(&line)).as_bytes())
}

/// Prints a document that this program wrote as JSON.
pub(crate) fn print_json(text: &str) -> io::Result<()> {
    write(escaped(text).as_bytes()).map(drop)
}

/// Prints as it is what this program made for other programs.
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

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether who reads standard output reads standard error with it: at a terminal, or where both lead to one place, as the
/// mails of cron do.
pub(crate) fn is_beside_errors() -> bool {
    let file = |of: BorrowedFd<'_>| File::from(of.try_clone_to_owned()?).metadata();
    let place = |of: BorrowedFd<'_>| file(of).ok().map(|file| (file.dev(), file.ino()));
    let (out, errors) = (place(io::stdout().as_fd()), place(io::stderr().as_fd()));
    is_terminal() || out.is_some() && out == errors
}

/// Moves what a terminal shows out of the way of [`draw`]: it can be scrolled back.
pub(crate) fn make_room() -> io::Result<Reader> {
    let lines = if is_dumb() || height() == usize::MAX { 0 } else { height() };
    write("\n".repeat(lines).as_bytes())
}

/// The width of a result: what is read by a program, such as grep, is neither cut nor folded.
pub(crate) fn width_of_results() -> usize {
    if is_terminal() { width() } else { UNCUT }
}

/// The width of a line of text: that of the terminal, or of a page.
pub(crate) fn width() -> usize {
    let columns = terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| usize::from(columns));
    columns.filter(|_| is_terminal()).map_or(USUAL_WIDTH, |columns| columns.max(40))
}
