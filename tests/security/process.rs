//! What the system shows of a running mita to others: its command line, its environment, its children, its files.

use super::host::{Asked, Host};
use super::pause;
use super::program::{Login, Place, usual};
use super::services::{jenkins, openstack};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TOKEN: &str = "token-Pd5nXr8Gk1-of-jenkins";
const PASSWORD: &str = "password-Ls3vWc6Mj9-of-keystone";

#[test]
fn s9_command_line_and_environment_of_a_run_hold_no_secret_and_it_has_no_children() {
    let controller = Host::new(jenkins);
    let looked_at = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&looked_at);
    let cloud = Host::new(move |asked: &Asked| {
        while asked.path.ends_with("/servers/detail") && !seen.load(Ordering::Relaxed) {
            pause(Duration::from_millis(5));
        }
        openstack(asked)
    });
    let login = Login { jenkins: &controller.url, token: TOKEN, cloud: &cloud.url, password: PASSWORD, more: "" };
    let place = Place::new(&usual(&login));
    let running = place.start(&["reconcile"]);
    while !cloud.asked().iter().any(|asked| asked.path.ends_with("/servers/detail")) {
        pause(Duration::from_millis(5));
    }
    let command_line = String::from_utf8_lossy(&running.proc("cmdline")).replace('\0', " ");
    assert!(command_line.contains("reconcile"), "it is not looked at: {command_line}");
    let shown = format!("{command_line}{}", String::from_utf8_lossy(&running.proc("environ")));
    let pid = running.child.id();
    let children = String::from_utf8_lossy(&running.proc(&format!("task/{pid}/children"))).into_owned();
    looked_at.store(true, Ordering::Relaxed);
    assert_eq!(running.end().status, Some(0));
    for secret in ["Pd5nXr8Gk1", "Ls3vWc6Mj9", "0123456789abcdef-the-token"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(children, "");
}

#[test]
fn s9_no_secret_can_be_given_on_the_command_line() {
    let help = |command: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mita")).args(command).arg("--help").output().expect("it starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for text in [help(&[]), help(&["reconcile"])] {
        let options: Vec<&str> = text.split_whitespace().filter(|word| word.starts_with("--")).collect();
        assert!(options.len() > 2, "{text}");
        let secret = ["token", "pass", "secret", "credential"];
        assert!(!options.iter().any(|option| secret.iter().any(|word| option.contains(word))), "{options:?}");
    }
}

#[test]
fn s9_every_file_of_a_run_belongs_to_its_owner_alone_whatever_the_umask() {
    let controller = Host::new(jenkins);
    let cloud = Host::new(openstack);
    let login = Login { jenkins: &controller.url, token: TOKEN, cloud: &cloud.url, password: PASSWORD, more: "" };
    let place = Place::new(&usual(&login));
    let run = || {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "umask 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mita")]);
        assert_eq!(place.start_as(shell, &["reconcile"]).end().status, Some(0));
        let mode = |name: &String| {
            let mode = place.path(name).metadata().expect("a file").permissions().mode() & 0o777;
            format!("{name} {mode:o}")
        };
        place.files().keys().map(mode).collect::<Vec<_>>()
    };
    assert_eq!(run(), ["state.json 600", "state.json.journal 600", "state.json.lock 600"]);
    // Somebody opened them to all: the next run closes what it replaces.
    std::fs::set_permissions(place.path("state.json"), PermissionsExt::from_mode(0o666)).expect("its own file");
    assert_eq!(run(), ["state.json 600", "state.json.journal 600", "state.json.lock 600"]);
}

#[test]
fn s9_a_state_file_that_is_set_aside_stays_as_private_as_it_was() {
    let controller = Host::new(jenkins);
    let cloud = Host::new(openstack);
    let login = Login { jenkins: &controller.url, token: TOKEN, cloud: &cloud.url, password: PASSWORD, more: "" };
    let place = Place::new(&usual(&login));
    place.write("state.json", "{ damaged");
    assert_eq!(place.run(&["reconcile"]).status, Some(0));
    let names: Vec<String> = place.files().into_keys().filter(|name| name.contains("unreadable")).collect();
    let [aside] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!(place.path(aside).metadata().expect("a file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn s9_a_dry_run_shows_no_secret_of_the_environment_that_it_reads() {
    let controller = Host::new(jenkins);
    let cloud = Host::new(openstack);
    let login = Login { jenkins: &controller.url, token: "x", cloud: &cloud.url, password: PASSWORD, more: "" };
    let mut place = Place::new(&usual(&login).replace("token = \"x\"", "token_env = \"CI_TOKEN\""));
    place.set("CI_TOKEN", TOKEN);
    let ended = place.run(&["-vvv", "reconcile", "--dry-run", "--output", "json"]);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(!format!("{ended:?}").contains("Pd5nXr8Gk1"), "{ended:?}");
    assert!(controller.asked().iter().all(|asked| asked.header("authorization").is_some()));
}
