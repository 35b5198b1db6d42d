//! The trials of `examples/conformance`, against the reference backend and against backends that are wrong in one way.

use super::backend::{Backend, TIMEOUT};
use super::trials::{self, Others};
use super::{has_python, reference_backend};
use crate::harness::write_program;
use serde_json::json;
use std::time::Duration;

/// What is first found to be wrong with the reference backend behind a shell script: `"$@"` is the call, and `$verb` its
/// verb.
fn wrong(wrapper: &str) -> String {
    wrong_within(TIMEOUT, wrapper)
}

fn wrong_within(timeout: Duration, wrapper: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("backend");
    write_program(&program, &format!("#!/bin/sh\nfor verb; do :; done\n{wrapper}\nexec \"$@\"\n"));
    let root = folder.path().join("farm").display().to_string();
    let direct = reference_backend(&root).to_vec();
    let command = [vec![program.display().to_string()], direct.clone()].concat();
    let trials = trials::run(&Backend::new(command, timeout), Others::Skipped);
    // Also what the wrapper keeps from being deleted.
    let backend = Backend::new(direct, TIMEOUT);
    for server in backend.ask("list", json!({})).unwrap()["servers"].as_array().unwrap() {
        backend.ask("delete", json!({"id": server["id"]})).unwrap();
    }
    let lines =
        trials.into_iter().flat_map(|trial| trial.wrong.into_iter().map(move |text| format!("{}: {text}", trial.what)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_reference_backend_keeps_the_contract() {
    if has_python() {
        assert_eq!(wrong(""), "");
    }
}

#[test]
fn what_is_wrong_with_a_backend_is_said_to_its_author() {
    if !has_python() {
        return;
    }
    for (wrapper, said) in [
        ("test $verb = list && echo hello", "printed something else than one JSON document"),
        (
            "test $verb = list && { echo broken >&2; exit 3; }",
            "list ended with status 3, not 0; standard error ends with \"broken\"",
        ),
        (
            "test $verb = list && { echo '{}'; exit 0; }",
            "not as in backends/schemas/list-answer.json (missing field `servers`",
        ),
        (
            "test $verb = list && { \"$@\" | sed s/active/running/; exit; }",
            "unknown variant `running`, expected one of",
        ),
        ("test $verb = create && { \"$@\" | sed s/127.77/999.77/; exit; }", "invalid IP address syntax"),
        ("test $verb = show && echo hello", "show printed something else than one JSON document"),
        ("test $verb = check && head -c 4096 /dev/urandom", "check printed something else than one JSON document"),
        ("test $verb = check && { \"$@\" >/dev/null; exit 0; }", "check printed something else than one JSON document"),
        (
            "test $verb = delete && { cat >/dev/null; echo '{\"existed\": true}'; exit; }",
            "still active after its deletion",
        ),
        ("test $verb = create && { sleep 60 & }", "holds its standard output open"),
        ("test $verb = create && { \"$@\"; echo done; exit; }", "create printed something else than one JSON document"),
    ] {
        let found = wrong(wrapper);
        assert!(found.contains(said), "{wrapper}: {found}");
    }
}

#[test]
fn a_backend_that_hangs_is_named_with_its_verb() {
    if has_python() {
        let found = wrong_within(Duration::from_millis(300), "test $verb = list && exec sleep 600");
        assert!(found.contains("list hangs"), "{found}");
    }
}

#[test]
fn servers_that_a_list_lacks_while_others_change_are_found() {
    if !has_python() {
        return;
    }
    // It shows nothing any more once there was the first of the orders that come beside lists.
    let found = wrong(
        "test $verb = create && { request=$(cat); case $request in *-d0*) : >\"$0.d0\" ;; esac\n\
         printf %s \"$request\" | \"$@\"; exit; }\n\
         test $verb = list && test -e \"$0.d0\" && { echo '{\"servers\": []}'; exit; }",
    );
    assert!(found.contains("list: whole while servers come: a list during other calls lacks server"), "{found}");
}

#[test]
fn orders_that_are_forgotten_and_orders_that_are_carried_out_twice_are_found() {
    if !has_python() {
        return;
    }
    for (wrapper, said) in [
        // It does not look for the order.
        (
            "test $verb = create && { sed \"s/\\\"mita_id\\\":\\\"[^\\\"]*\\\",\\\"name/\\\"mita_id\\\":\\\"$$\\\",\\\"name/\" | \"$@\"; exit; }",
            "create: the same mita_id gives the same server: the first call created",
        ),
        // It forgets what is deleted.
        ("test $verb = delete && { \"$@\"; rm -f \"$5\"/orders/*-a*; exit; }", "created another one: remember the ids"),
    ] {
        let found = wrong(wrapper);
        assert!(found.contains(said), "{wrapper}: {found}");
    }
}
