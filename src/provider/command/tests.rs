//! The provider against programs that do what they should, and programs that do not.

use super::Program;
use crate::config::{CommandConfig, Variable};
use crate::domain::names::ServerId;
use crate::domain::world::{Launch, Lock, Lookup, ServerState};
use crate::http::Network;
use crate::provider::failure::FailureKind;
use crate::provider::interface::Provider;
use crate::provider::order::Deletion;
use crate::secret::Secret;
use jiff::SignedDuration;
use std::time::{Duration, Instant};

/// A program that is a few lines of shell; `$1` is the verb.
fn program(script: &str) -> Program {
    within(script, SignedDuration::from_secs(60), Duration::from_secs(120))
}

#[expect(clippy::disallowed_methods, reason = "a run has a deadline")]
fn within(script: &str, timeout: SignedDuration, deadline: Duration) -> Program {
    let environment = vec![
        ("PATH".to_owned(), Variable::Common("/usr/bin:/bin".to_owned())),
        ("BACKEND_ACCESS".to_owned(), Variable::Named(Secret::new("backend-secret-4711"))),
    ];
    let config = CommandConfig {
        program: "/bin/sh".into(),
        arguments: ["-c", script, "backend"].map(str::to_owned).to_vec(),
        folder: "/".into(),
        environment,
        timeout,
    };
    Program::new(&config, Instant::now() + deadline, &Network::default())
}

fn list_fails(script: &str) -> (FailureKind, String) {
    let failure = program(script).servers().unwrap_err();
    (failure.kind, failure.message)
}

#[test]
fn a_list_is_read_with_marks_states_and_addresses() {
    let servers = program(
        r#"test "$1" = list && test "$(cat)" = '{"version":1}' && echo '{"servers": [
            {"id": "a", "name": "ubuntu", "state": "active", "addresses": ["10.0.0.1", "2001:db8::1"], "locked": true,
             "created": "2026-11-28T21:30:00Z", "launched": true, "new_key": 1,
             "metadata": {"mita_owner": "ceph-ci", "mita_node": "ubuntu", "mita_id": "m1", "mita_controller": "ci"}},
            {"id": "b", "name": "other", "state": "stopped", "metadata": {}}]}'"#,
    )
    .servers()
    .unwrap();
    let [ubuntu, other] = &servers[..] else { panic!("{servers:?}") };
    assert_eq!(ubuntu.mark.as_ref().unwrap().id.as_str(), "m1");
    assert_eq!((ubuntu.address().unwrap().to_string(), ubuntu.addresses.len()), ("10.0.0.1".to_owned(), 2));
    assert_eq!(
        (ubuntu.lock, ubuntu.launch, ubuntu.state.clone()),
        (Lock::Locked, Launch::Launched, ServerState::Active)
    );
    assert_eq!((other.mark.clone(), other.lock), (None, Lock::Unknown));
}

#[test]
fn s3_what_is_no_whole_list_is_no_list() {
    for (answer, said) in [
        ("", "it printed no answer"),
        ("{}", "missing field `servers`"),
        ("Traceback (most recent call last)", "it begins with \"Traceback"),
        (r#"{"servers": null}"#, "invalid type: null"),
        (r#"{"servers": [{"id": "a", "name": "x", "metadata": {}}]}"#, "missing field `state`"),
        (r#"{"servers": [{"id": "a", "name": "x", "state": "gone", "metadata": {}}]}"#, "unknown variant `gone`"),
        (r#"{"servers": [{"id": "a", "name": "x", "state": "active"}]}"#, "missing field `metadata`"),
        (r#"{"servers": []} {"servers": []}"#, "trailing characters"),
        (r#"{"servers": [{"id": "", "name": "x", "state": "active", "metadata": {}}]}"#, "the server id \"\" twice"),
    ] {
        let (kind, message) = list_fails(&format!("cat > /dev/null; printf %s '{answer}'"));
        assert_eq!(kind, FailureKind::UnknownOutcome);
        assert!(message.contains(said) && message.contains("examples/backend.md"), "{answer}: {message}");
    }
    // A list that was written in full by a program that then failed is none either.
    assert!(list_fails(r#"echo '{"servers": []}'; exit 1"#).1.contains("exit status 1"));
}

#[test]
fn s3_a_server_is_gone_only_if_the_program_says_so() {
    let shown = |answer: &str| program(&format!("cat > /dev/null; echo '{answer}'")).server(&ServerId::from("a"));
    assert_eq!(shown(r#"{"server": null}"#), Lookup::Gone);
    for answer in ["{}", r#"{"server": {"id": "b", "name": "x", "state": "active", "metadata": {}}}"#] {
        assert!(matches!(shown(answer), Lookup::Unavailable(_)), "{answer}");
    }
}

#[test]
fn statuses_of_their_own_say_what_a_failure_means_and_all_others_leave_it_open() {
    for (status, kind) in [
        (1, FailureKind::UnknownOutcome),
        (2, FailureKind::UnknownOutcome),
        (65, FailureKind::Wrong),
        (69, FailureKind::Unavailable),
        (73, FailureKind::Quota),
        (74, FailureKind::Conflict),
        (75, FailureKind::RateLimited),
        (77, FailureKind::Denied),
        (127, FailureKind::UnknownOutcome),
    ] {
        let failure = program(&format!("echo no room >&2; exit {status}")).delete(&ServerId::from("a")).unwrap_err();
        assert_eq!(failure.kind, kind, "{status}");
        assert!(failure.message.starts_with("/bin/sh delete: ") && failure.message.ends_with(": no room"), "{failure}");
    }
    let killed = program("kill -SEGV $$").delete(&ServerId::from("a")).unwrap_err();
    assert_eq!(killed.kind, FailureKind::UnknownOutcome);
    let deleted = program(r#"echo '{"existed": false}'"#).delete(&ServerId::from("a"));
    assert_eq!(deleted, Ok(Deletion::AlreadyGone));
}

#[test]
fn s4_a_program_that_says_much_is_not_killed_for_it_and_the_end_is_shown() {
    // More than a pipe and what is kept of it can take.
    let much = "cat >/dev/null; head -c 3000000 /dev/zero | tr '\\0' 'x' >&2 || exit 3; echo >&2; echo the end >&2";
    let deleted = program(&format!("{much}; echo '{{\"existed\": true}}'")).delete(&ServerId::from("a"));
    assert_eq!(deleted, Ok(Deletion::Accepted));
    let failure = program(&format!("{much}; exit 73")).delete(&ServerId::from("a")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Quota);
    assert!(failure.message.ends_with("/ the end"), "{failure}");
    assert!(failure.message.len() < 1000, "{failure}");
}

#[test]
fn a_program_that_is_not_there_has_done_nothing() {
    let mut there = program("");
    there.config.program = "/nonexistent/backend".into();
    let failure = there.delete(&ServerId::from("a")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.message.contains("/nonexistent/backend delete: cannot be started"), "{failure}");
}

#[test]
fn a_program_without_end_is_killed_at_its_time_with_everything_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("child");
    let script = format!("sleep 600 & echo $! > {}; echo waiting >&2; sleep 600", file.display());
    let failure = within(&script, SignedDuration::from_secs(3), Duration::from_secs(60)).servers().unwrap_err();
    assert!(failure.message.contains("no end after 3.0s") && failure.message.contains("waiting"), "{failure}");
    let child = std::fs::read_to_string(&file).unwrap();
    // A killed process is there until somebody collects it.
    let lives = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ") && !stat.contains(") X ")
    };
    for _ in 0..3000 {
        if !lives() {
            return;
        }
        super::process::sleep(Duration::from_millis(10));
    }
    panic!("process {child} lives");
}

#[test]
fn the_deadline_of_the_run_ends_a_call_and_starts_none_after_it() {
    let failure = within("sleep 600", SignedDuration::from_secs(60), Duration::from_millis(200)).servers().unwrap_err();
    assert!(failure.message.contains("no end after"), "{failure}");
    let late = within("echo", SignedDuration::from_secs(60), Duration::ZERO).servers().unwrap_err();
    assert_eq!(late.kind, FailureKind::Unavailable);
}

#[test]
fn an_answer_without_end_does_not_use_up_the_memory() {
    let (kind, message) = list_fails("cat > /dev/null; exec cat /dev/zero");
    assert_eq!(kind, FailureKind::UnknownOutcome);
    assert!(message.contains("its answer has no end"), "{message}");
}

#[test]
fn output_that_somebody_else_keeps_open_does_not_hold_a_run() {
    let list = program(r#"cat > /dev/null; echo '{"servers": []}'; setsid sleep 20 &"#).servers();
    assert_eq!(list.unwrap(), []);
}

#[test]
fn s9_the_environment_has_what_is_configured_and_messages_have_no_secret() {
    let (_, message) = list_fails("env | sort >&2; exit 1");
    assert!(message.contains("BACKEND_ACCESS=[secret]") && message.contains("PATH=/usr/bin:/bin"), "{message}");
    assert!(!message.contains("CARGO") && !message.contains("HOME="), "{message}");
}

#[test]
fn the_end_of_a_long_fault_is_quoted() {
    let (_, message) = list_fails("for n in $(seq 500); do echo line $n >&2; done; exit 1");
    assert!(message.ends_with("line 499 / line 500") && message.len() < 700, "{message}");
}

#[test]
fn the_schemas_in_the_tree_are_those_of_the_types() {
    for (name, schema) in super::schemas() {
        let path = format!("{}/examples/backends/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let written: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(
            written == *schema.as_value(),
            "{name}: cargo run --example package, then copy target/package/backends/schemas"
        );
    }
}
