//! A line that the terminal does not show.
//!
//! `rpassword` ends the program at Ctrl-C before it restores the terminal, which then shows nothing that is typed. Here
//! Ctrl-C is a key like any other, and the terminal is restored first.

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, ErrorKind, Write, stdin};

/// Asks, and reads a line from the terminal that is standard input. It is silent before the question stands there, so that
/// an answer that comes at once is not shown either.
pub(super) fn read_hidden(question: &str, questions: &mut dyn Write, keys: &mut dyn BufRead) -> io::Result<String> {
    let _silent = Silent::new()?;
    write!(questions, "{question}")?;
    questions.flush()?;
    read_keys(keys)
}

/// The terminal passes each key on at once and shows none, until this is dropped.
struct Silent {
    before: Termios,
}

impl Silent {
    fn new() -> io::Result<Silent> {
        let before = tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        tcsetattr(stdin(), SetArg::TCSANOW, &silent)?;
        Ok(Silent { before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &self.before);
    }
}

/// A line of keys, with those that correct it.
fn read_keys(keys: &mut dyn BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        let mut key = [0];
        if keys.read(&mut key)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match key[0] {
            b'\r' | b'\n' => {
                return String::from_utf8(line).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"));
            }
            CTRL_C => return Err(ErrorKind::Interrupted.into()),
            CTRL_D if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            CTRL_U => line.clear(),
            BACKSPACE | DELETE => {
                // The other bytes of a character begin with the bits 10.
                while line.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
            }
            control if control.is_ascii_control() => {}
            byte => line.push(byte),
        }
    }
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const DELETE: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Result<String, ErrorKind> {
        read_keys(&mut keys.as_bytes()).map_err(|error| error.kind())
    }

    #[test]
    fn keys_make_a_line_and_correct_it() {
        assert_eq!(typed("token\r").as_deref(), Ok("token"));
        assert_eq!(typed("tö\u{7f}okem\u{8}n\n").as_deref(), Ok("token"));
        assert_eq!(typed("wrong\u{15}right\u{1b}\n").as_deref(), Ok("right"));
        assert_eq!(typed("\u{7f}\n").as_deref(), Ok(""));
    }

    #[test]
    fn the_end_of_the_input_and_ctrl_c_are_no_line() {
        assert_eq!(typed("tok\u{3}en\n"), Err(ErrorKind::Interrupted));
        for ended in ["", "tok", "\u{4}"] {
            assert_eq!(typed(ended), Err(ErrorKind::UnexpectedEof), "{ended:?}");
        }
    }
}
