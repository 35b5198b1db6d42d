//! The end of a server's console, cleaned so that it can be kept and shown.

use crate::secret::{REDACTED, redact_answer};

/// The last lines show where a boot failed.
const LINES: usize = 20;

/// The most bytes that are kept: consoles also show pictures made of letters, and keys.
const BYTES: usize = 4096;

/// The last lines that are not empty, oldest first; `None` if there are none. Secrets are removed before anything is cut,
/// and control characters other than line ends are escaped.
pub fn tail(output: &str) -> Option<String> {
    let clean = redact_answer(output);
    let clean = without_agent_secrets(&clean);
    let lines = clean.lines().map(|line| one_line(line.trim_end())).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut room = BYTES;
    for line in lines.iter().rev().take(LINES) {
        let line = end_of(line, room);
        room = room.saturating_sub(line.len() + 1);
        kept.push(line);
        if room == 0 {
            break;
        }
    }
    kept.reverse();
    (!kept.is_empty()).then(|| kept.join("\n"))
}

/// A boot script that prints its commands prints the secret of its agent, which an earlier run gave it: this many
/// hexadecimal digits in a row (jenkins/slaves/JnlpAgentReceiver.java). A checksum that looks the same is no loss.
const SECRET_DIGITS: usize = 64;

fn without_agent_secrets(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        clean.extend([before, if length == SECRET_DIGITS { REDACTED } else { digits }]);
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// What a terminal would show of a line that carriage returns overwrite, with its other control characters escaped.
fn one_line(line: &str) -> String {
    let shown = line.rsplit('\r').next().unwrap_or_default();
    let mut text = String::with_capacity(shown.len());
    for c in shown.chars() {
        match c {
            '\t' => text.push(' '),
            c if c.is_control() => text.extend(c.escape_default()),
            c => text.push(c),
        }
    }
    text
}

/// The last bytes of a line, without a partial character.
fn end_of(line: &str, most: usize) -> &str {
    let mut from = line.len().saturating_sub(most);
    while !line.is_char_boundary(from) {
        from += 1;
    }
    &line[from..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_last_twenty_lines_that_say_something_are_kept() {
        let output: String = (1..=40).map(|number| format!("line {number}\r\n\r\n")).collect();
        let kept = tail(&output).unwrap();
        let lines: Vec<&str> = kept.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[19]), (20, "line 21", "line 40"));
    }

    #[test]
    fn no_console_keeps_more_than_its_bytes_whatever_its_lines_are() {
        let kept = tail(&"ö".repeat(10_000)).unwrap();
        assert!(kept.len() <= BYTES && kept.len() > BYTES - 4, "{}", kept.len());
        let kept = tail(&format!("{}\n", "x".repeat(1000)).repeat(10)).unwrap();
        assert!(kept.len() <= BYTES, "{}", kept.len());
        assert_eq!(kept.lines().last().map(str::len), Some(1000));
    }

    #[test]
    fn characters_that_steer_a_terminal_are_written_as_escapes() {
        assert_eq!(tail("10%\r50%\r100% done\n\u{1b}[31mfailed\tnow").unwrap(), "100% done\n\\u{1b}[31mfailed now");
    }

    #[test]
    fn s9_a_secret_is_taken_out_before_its_line_is_cut() {
        let _secret = Secret::new("console-secret-4711");
        let output = format!("token=console-secret-4711 {}", "x".repeat(BYTES - 5));
        assert!(!tail(&output).unwrap().contains("4711"));
    }

    #[test]
    fn s9_the_secret_of_an_agent_is_taken_out_though_another_run_read_it() {
        let secret = "5a17e9c0d3b84f62".repeat(4);
        assert_eq!(tail(&format!("+ agent -secret {secret} -url x")).unwrap(), "+ agent -secret [secret] -url x");
        for other in [&secret[1..], &format!("{secret}0"), "deadbeef é abc"] {
            assert_eq!(tail(&format!("x {other}")).unwrap(), format!("x {other}"));
        }
    }

    #[test]
    fn a_console_that_says_nothing_is_none() {
        assert_eq!(tail(""), None);
        assert_eq!(tail("\r\n \n\n"), None);
    }
}
