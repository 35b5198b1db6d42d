//! `mita status --watch`.

use crate::harness::Setup;
use mita_sim::jenkins::queue::Job;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn without_a_terminal_there_is_nothing_to_redraw() {
    let it = Setup::trusty().start();
    let ended = it.program(&["status", "--watch"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("--output json"), "{}", ended.stderr);
    for wrong in ["0", "soon", "100000"] {
        let ended = it.program(&["status", "--watch", wrong]);
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("1 to 86400"), "{}", ended.stderr);
    }
}

#[test]
fn as_json_one_document_follows_the_other_until_the_reader_goes_away() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_mita"))
        .env_clear()
        .arg("--config")
        .arg(it.config_file())
        .args(["status", "--watch", "1", "--output", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || {
        let line = lines.next().expect("a line").expect("UTF-8");
        serde_json::from_str::<serde_json::Value>(&line).expect("a document")
    };
    let (first, second) = (next(), next());
    assert_eq!(first["to_do"]["order"], 1);
    assert_ne!(first["now"], second["now"], "time goes on");
    drop(lines);
    let ended = child.wait().expect("it ends");
    assert!(ended.success(), "{ended}");
}

#[test]
fn on_a_tiny_terminal_no_line_is_wider_than_it_and_none_too_many() {
    let it = Setup::trusty().start();
    for (columns, rows) in [(20, 5), (10, 3), (80, 4)] {
        let size = format!("stty cols {columns} rows {rows}");
        let mut terminal = it.terminal(&format!("{size}; exec $MITA status --watch 1"));
        terminal.expect("\u{1b}[J");
        terminal.expect("\u{1b}[J");
        let before = terminal.shown.split("\u{1b}[H").next().expect("what comes before the first screen");
        assert!(before.matches('\n').count() >= rows, "what was on the screen can be scrolled back: {before:?}");
        let screen = terminal.shown.split("\u{1b}[J").nth(1).expect("the second screen").replace("\u{1b}[H", "");
        let lines: Vec<&str> = screen.split("\u{1b}[K").map(str::trim).filter(|line| !line.is_empty()).collect();
        assert!(lines.len() < rows, "{columns}x{rows}: {lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= columns), "{columns}x{rows}: {lines:?}");
        assert!(lines[0].starts_with("Every 1s"), "{columns}x{rows}: {lines:?}");
    }
}

#[test]
fn at_a_terminal_nothing_is_said_between_two_looks() {
    let it = Setup::trusty().start();
    let program = format!("{} --config {}", env!("CARGO_BIN_EXE_mita"), it.config_file().display());
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &format!("{program} status --watch 1"), "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux gives a terminal to a program");
    let lines = BufReader::new(terminal.stdout.take().expect("a pipe")).lines();
    let mut drawn = String::new();
    for line in lines.map(|line| line.expect("UTF-8")) {
        drawn += &line;
        if drawn.matches("Every 1s, until Ctrl-C.").count() == 4 {
            break;
        }
    }
    terminal.kill().and_then(|()| terminal.wait()).expect("it ends");
    assert_eq!(drawn.matches("Every 1s, until Ctrl-C.").count(), 4, "{drawn}");
    assert!(!drawn.contains("mita: "), "{drawn}");
}

#[test]
fn a_terminal_of_another_size_is_drawn_again_at_once() {
    let it = Setup::trusty().start();
    let config = it.config_file().display().to_string();
    let resize = "(while sleep 1 && stty rows 9 </dev/tty && sleep 1 && stty rows 24 </dev/tty; do :; done) &";
    let mut terminal = it.terminal(&format!("{resize} exec $MITA status --watch 3600 --config {config}"));
    for _ in 0..3 {
        terminal.expect("Every 3600s");
    }
    terminal.press("\u{3}");
    terminal.end();
}
