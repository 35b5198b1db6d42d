//! A line of keys from the terminal. Nothing is shown but the answer to the question that stands there.
//!
//! The terminal itself shows a key when it arrives, which for a pasted text is before its question. `rpassword` ends the
//! program at Ctrl-C before it restores the terminal. Here the terminal shows nothing during the whole dialogue, the answer is
//! shown as it is read, and Ctrl-C and Ctrl-Z at a question are keys like any other.

use crate::cli::process::terminal::{Silence, stop};
use std::io::{self, BufRead, ErrorKind, Write};
use unicode_width::UnicodeWidthChar;

/// Whether an answer is shown while it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Yes,
    No,
}

/// Asks, and reads a line from the terminal that is standard input.
pub(super) fn ask(
    question: &str,
    shown: Shown,
    questions: &mut dyn Write,
    keys: &mut dyn BufRead,
) -> io::Result<String> {
    let _keys = Silence::without_signals()?;
    loop {
        write!(questions, "{question}")?;
        questions.flush()?;
        let answer = match shown {
            Shown::Yes => read_keys(keys, questions),
            Shown::No => read_keys(keys, &mut io::sink()),
        };
        writeln!(questions)?;
        match answer? {
            Typed::Line(line) => return Ok(line),
            Typed::Stop => stop()?,
        }
    }
}

/// What a person typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    Line(String),
    /// Ctrl-Z.
    Stop,
}

/// A line of keys, with those that correct it.
fn read_keys(keys: &mut dyn BufRead, echo: &mut dyn Write) -> io::Result<Typed> {
    let mut line = String::new();
    let mut character = Vec::new();
    let mut sequence = Sequence::None;
    loop {
        let mut key = [0];
        if keys.read(&mut key)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let key = key[0];
        sequence = sequence.after(key);
        match key {
            b'\r' | b'\n' if character.is_empty() => return Ok(Typed::Line(line)),
            CTRL_C => return Err(ErrorKind::Interrupted.into()),
            CTRL_Z => return Ok(Typed::Stop),
            CTRL_D if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            CTRL_U => {
                while let Some(last) = line.pop() {
                    erase(last, echo)?;
                }
            }
            BACKSPACE | DELETE => {
                if let Some(last) = line.pop() {
                    erase(last, echo)?;
                }
            }
            _ if sequence != Sequence::None => {}
            byte => {
                character.push(byte);
                match str::from_utf8(&character) {
                    Ok(text) => {
                        if !text.contains(char::is_control) {
                            line.push_str(text);
                            write!(echo, "{text}")?;
                        }
                        character.clear();
                    }
                    // The rest of the character comes with the next keys.
                    Err(error) if error.error_len().is_none() => {}
                    Err(_) => return Err(io::Error::new(ErrorKind::InvalidData, "it is not UTF-8")),
                }
            }
        }
        echo.flush()?;
    }
}

/// Takes a character back from the terminal.
fn erase(last: char, echo: &mut dyn Write) -> io::Result<()> {
    (0..last.width().unwrap_or(0)).try_for_each(|_| write!(echo, "\u{8} \u{8}"))
}

/// How much there is of the escape sequence of a key such as an arrow, which is no part of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sequence {
    None,
    Begun,
    Parameters,
    /// This key ends it.
    Last,
}

impl Sequence {
    fn after(self, key: u8) -> Sequence {
        match (self, key) {
            (_, ESCAPE) => Sequence::Begun,
            (Sequence::Begun, b'[' | b'O') => Sequence::Parameters,
            (Sequence::Parameters, b' '..=b'?') => Sequence::Parameters,
            (Sequence::Parameters, _) => Sequence::Last,
            (Sequence::None | Sequence::Begun | Sequence::Last, _) => Sequence::None,
        }
    }
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const CTRL_Z: u8 = 26;
const ESCAPE: u8 = 27;
const DELETE: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Result<String, ErrorKind> {
        match read_keys(&mut keys.as_bytes(), &mut io::sink()).map_err(|error| error.kind())? {
            Typed::Line(line) => Ok(line),
            Typed::Stop => panic!("it stops"),
        }
    }

    #[test]
    fn keys_make_a_line_and_correct_it() {
        assert_eq!(typed("token\r").as_deref(), Ok("token"));
        assert_eq!(typed("tö\u{7f}okem\u{8}n\n").as_deref(), Ok("token"));
        assert_eq!(typed("wrong\u{15}right\u{1b}\n").as_deref(), Ok("right"));
        assert_eq!(typed("\u{7f}\n").as_deref(), Ok(""));
    }

    #[test]
    fn keys_that_are_no_characters_are_no_part_of_the_line() {
        assert_eq!(typed("to\u{1b}[A\u{1b}[1;5Dk\u{1b}OBe\u{9b}n\n").as_deref(), Ok("token"));
        assert_eq!(read_keys(&mut &b"to\xffken\n"[..], &mut io::sink()).map_err(|error| error.kind()), {
            Err(ErrorKind::InvalidData)
        });
    }

    #[test]
    fn the_answer_is_shown_as_it_is_read_and_nothing_after_it() {
        let (mut keys, mut shown) = ("tö\u{7f}ok\u{1b}[2Jen\nthe next answer\n".as_bytes(), Vec::new());
        assert_eq!(read_keys(&mut keys, &mut shown).unwrap(), Typed::Line("token".to_owned()));
        assert_eq!(String::from_utf8(shown).unwrap(), "tö\u{8} \u{8}oken");
        assert_eq!(keys, b"the next answer\n");
    }

    #[test]
    fn the_end_of_the_input_and_ctrl_c_are_no_line() {
        assert_eq!(typed("tok\u{3}en\n"), Err(ErrorKind::Interrupted));
        for ended in ["", "tok", "\u{4}"] {
            assert_eq!(typed(ended), Err(ErrorKind::UnexpectedEof), "{ended:?}");
        }
    }
}
