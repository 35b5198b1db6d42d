//! The program at a terminal of 80 columns, with a person who types.

use super::Installation;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A hundred times what an answer takes on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A terminal of its own: `script` makes it and joins it to pipes.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Receiver<String>,
    /// Everything that it showed.
    pub(crate) shown: String,
    /// How much of it was waited for already.
    seen: usize,
}

impl Installation {
    /// Starts a command line of the shell, in which `$MITA` is the program.
    pub(crate) fn terminal(&self, line: &str) -> Terminal {
        let line = format!("stty cols 80 rows 24; {line}");
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-c", &line, "/dev/null"]).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("TERM", "xterm").env("MITA", env!("CARGO_BIN_EXE_mita"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("script, of util-linux");
        let (keys, mut out) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut buffer) {
                let _ = sender.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        });
        Terminal { child, keys, output, shown: String::new(), seen: 0 }
    }
}

impl Terminal {
    /// Waits until the terminal shows this after what was waited for before. A long line may be folded at a blank.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) {
        loop {
            if let Some(end) = end_of(text, &self.shown[self.seen..]) {
                self.seen += end;
                return;
            }
            match self.output.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.push_str(&more),
                Err(error) => panic!("the terminal does not show {text:?}: {error}\n{}", self.shown),
            }
        }
    }

    /// Waits until the terminal shows this, and types an answer.
    #[track_caller]
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.expect(question);
        self.press(&format!("{answer}\n"));
    }

    /// Types these keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a terminal that listens");
    }

    /// What the terminal shows while nobody types for so long.
    pub(crate) fn idle(&mut self, time: Duration) -> String {
        let before = self.shown.len();
        while let Ok(more) = self.output.recv_timeout(time) {
            self.shown.push_str(&more);
        }
        self.shown[before..].to_owned()
    }

    /// The exit status, once everything is over.
    pub(crate) fn end(mut self) -> (i32, String) {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.push_str(&more),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.shown),
            }
        }
        let status = self.child.wait().expect("it ended").code().expect("an exit status");
        (status, std::mem::take(&mut self.shown))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, except where a test fails.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Where this ends in what is shown.
fn end_of(text: &str, shown: &str) -> Option<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (first, rest) = words.split_first()?;
    shown.match_indices(first).find_map(|(at, _)| {
        rest.iter().try_fold(at + first.len(), |end, word| {
            let after = shown[end..].trim_start();
            let begin = shown.len() - after.len();
            (begin > end && after.starts_with(word)).then_some(begin + word.len())
        })
    })
}
