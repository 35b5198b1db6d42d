//! The playground, as somebody who tries mita uses it: it starts, and the program is run against what it wrote.

use crate::harness::example;
use clap::Parser;
use mita::cli::Arguments;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// A hundred times what it takes on an idle machine.
const PATIENCE: Duration = Duration::from_secs(300);

struct Playground {
    child: Child,
    lines: Receiver<String>,
    folder: tempfile::TempDir,
    /// What it printed so far.
    printed: Vec<String>,
}

impl Playground {
    fn start() -> Playground {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // It ends by itself where this test is killed.
        let options = ["--speed", "60", "--jenkins-port", "0", "--openstack-port", "0", "--for", "20m", "--folder"];
        let mut child = example("playground")
            .args(options)
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the playground starts");
        let lines = lines(child.stdout.take().expect("a pipe"));
        Playground { child, lines, folder, printed: Vec::new() }
    }

    /// Waits for a line that holds this.
    fn wait_for(&mut self, part: &str) {
        while !self.printed.iter().any(|line| line.contains(part)) {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.printed.push(line),
                Err(error) => panic!("the playground does not print {part:?}: {error}\n{}", self.printed.join("\n")),
            }
        }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("mita.toml")
    }

    /// What mita prints; it must exit with 0.
    fn mita(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mita"));
        command.env_clear().args(words).arg("--config").arg(self.config()).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("UTF-8")
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("it ends");
    }
}

fn lines(out: ChildStdout) -> Receiver<String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        let printed = BufReader::new(out).lines().map_while(Result::ok);
        printed.for_each(|line| drop(tell.send(line)));
    });
    lines
}

#[test]
fn mita_serves_a_job_of_the_playground_with_what_it_wrote() {
    let mut playground = Playground::start();
    playground.wait_for("queued     ceph-build (1) needs amd64 && trusty");
    for file in ["mita.toml", "jenkins.token"] {
        let mode = fs::metadata(playground.folder.path().join(file)).expect(file).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file} holds a secret");
    }
    playground.mita(&["check", "--online"]);
    assert!(playground.mita(&["status"]).contains("ceph-build"));
    playground.mita(&["reconcile"]);
    playground.wait_for("ordered    server ubuntu");
    playground.wait_for("online     node ubuntu+192.168.1.");
    playground.wait_for("ended      ceph-build (1) on ubuntu+192.168.1.");
}

#[test]
fn a_server_of_the_playground_is_one_node_however_it_is_registered() {
    let inbound = "register = \"inbound\"\nscript = \"#!/bin/sh\\n# ${MITA_AGENT_SECRET}\"\n";
    let ssh = "register = \"ssh\"\ncredentials_id = \"jenkins-agent\"\n";
    for register in [inbound, ssh] {
        let mut playground = Playground::start();
        playground.wait_for("queued     ceph-build (1) needs amd64 && trusty");
        let text = fs::read_to_string(playground.config()).expect("the configuration");
        let text = text.replace("[nodes.ubuntu]\n", &format!("[nodes.ubuntu]\n{register}"));
        fs::write(playground.config(), text).expect("the configuration");
        playground.mita(&["reconcile"]);
        playground.wait_for("online     node ubuntu");
        playground.mita(&["reconcile"]);
        playground.wait_for("ended      ceph-build (1) on ubuntu");
        let status = playground.mita(&["status", "-o", "json"]);
        let status: serde_json::Value = serde_json::from_str(&status).expect("a document");
        let servers = status["servers"].as_array().expect("servers");
        assert!(!servers.is_empty());
        for server in servers.iter().filter(|server| server["node_type"] == "ubuntu") {
            assert!(server["nodes"].as_array().is_some_and(|nodes| nodes.len() <= 1), "{register}: {server:#}");
        }
        let nodes = status["nodes"].as_array().expect("nodes");
        let ubuntu = nodes.iter().filter(|node| node["name"].as_str().is_some_and(|name| name.starts_with("ubuntu")));
        assert!(ubuntu.count() <= servers.len(), "{register}: {status:#}");
    }
}

#[test]
fn the_guide_fits_a_usual_terminal_and_every_command_in_it_is_one_that_mita_takes() {
    let mut playground = Playground::start();
    playground.wait_for("  status page");
    let lines = &playground.printed;
    assert!(lines.len() < 24 && lines.iter().all(|line| line.chars().count() <= 80), "{}", lines.join("\n"));
    assert!(lines.contains(&format!("  export MITA_CONFIG={}", playground.config().display())), "{lines:?}");
    playground.wait_for("queued     ceph-build (1)");
    playground.mita(&["reconcile"]);
    playground.wait_for("retire ubuntu+");
    let commands: Vec<&str> =
        playground.printed.iter().filter_map(|line| line.strip_prefix("  cargo run -q -- ")).collect();
    for name in ["hold", "release", "retire", "pause", "resume", "history", "explain", "status", "reconcile", "check"] {
        assert!(commands.iter().any(|command| command.starts_with(name)), "{name}: {commands:?}");
    }
    for command in commands {
        let printed = Command::new("sh").args(["-c", &format!("printf '%s\\n' {command}")]).output().expect("a shell");
        let words = String::from_utf8(printed.stdout).expect("UTF-8");
        let words = std::iter::once("mita").chain(words.lines());
        assert!(Arguments::try_parse_from(words).is_ok(), "mita does not take {command}");
    }
}

#[test]
fn a_playground_without_cargo_makes_its_folder_where_it_is_started() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = example("playground");
    command.args(["--jenkins-port", "0", "--openstack-port", "0", "--for", "1s"]).current_dir(folder.path());
    let Output { stdout, .. } = command.env_remove("CARGO_MANIFEST_DIR").output().expect("it starts");
    let printed = String::from_utf8_lossy(&stdout);
    assert!(printed.contains("  export MITA_CONFIG=playground/mita.toml\n  mita check"), "{printed}");
    assert!(folder.path().join("playground/mita.toml").exists());
}

#[test]
fn a_folder_with_files_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = folder.path().join("mita.toml");
    fs::write(&config, "# mine\n").expect("a file");
    let options = ["--jenkins-port", "0", "--openstack-port", "0", "--for", "1s", "--folder"];
    let Output { status, stderr, .. } =
        example("playground").args(options).arg(folder.path()).output().expect("it starts");
    let printed = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(1), "{printed}");
    assert!(printed.starts_with("playground: ") && printed.contains("--folder"), "{printed}");
    assert_eq!(fs::read_to_string(&config).expect("the file"), "# mine\n");
}
