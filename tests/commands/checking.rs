//! What `mita check` counts as an error, and what persons type by mistake.

use crate::harness::{Installation, Setup, minutes};
use mita::domain::journal::Event;
use mita::operator::Request;
use mita::store::journal_of;
use mita_sim::jenkins::queue::Job;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// The exit status of a command, with everything that it prints.
fn said(it: &Installation, words: &[&str]) -> (i32, String) {
    let ended = it.program(words);
    (ended.status, ended.stdout + &ended.stderr)
}

fn trusty_with(lines: &str) -> Installation {
    let labels = if lines.contains("labels") { "" } else { "labels = \"amd64 trusty\"\n" };
    Setup::new().node("trusty", &format!("{labels}{lines}")).start()
}

#[test]
fn what_no_node_type_can_work_with_is_an_error_of_check_and_no_run_stops_at_it() {
    for (lines, part) in [
        ("script = \"echo hello\"", "which cloud-init does not know"),
        ("script = \"\\n#!/bin/sh\"", "begins with white space"),
        ("script = \"#!/bin/sh\\r\\necho\"", "has Windows line ends"),
    ] {
        let it = trusty_with(lines);
        let (status, shown) = said(&it, &["check"]);
        assert!(status == 2 && shown.contains(part), "{lines}: {shown}");
        assert!(shown.contains(": 1 error\n"), "{lines}: {shown}");
        it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
        let (status, shown) = said(&it, &["reconcile", "--dry-run"]);
        assert!(status == 0 && shown.contains(part), "{lines}: {shown}");
        let (status, shown) = said(&it, &["reconcile"]);
        assert!(status == 0 && shown.matches(part).count() == 1, "a run that orders says it: {lines}: {shown}");
        assert_eq!(it.servers().len(), 1, "what the last version ordered is ordered");
        assert_eq!(said(&it, &["reconcile"]), (0, String::new()), "{lines}");
    }
}

#[test]
fn a_name_where_nova_takes_ids_only_is_an_error_of_check_and_a_warning_of_the_run_that_orders() {
    for (hints, part) in [
        ("group = \"near\"", "\"near\" is no UUID, and Nova takes nothing else"),
        ("group = [\"near\"]", "is a list, and Nova takes one group"),
        ("different_host = [\"a\"]", "\"a\" is no UUID"),
        ("different_host = \"a\"", "\"a\" is no UUID"),
        ("same_host = [\"a\"]", "\"a\" is no UUID"),
    ] {
        let it = trusty_with(&format!("scheduler_hints = {{ {hints} }}"));
        let (status, shown) = said(&it, &["check"]);
        assert!(status == 2 && shown.contains(part), "{hints}: {shown}");
        it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
        let shown = said(&it, &["reconcile"]).1;
        assert!(shown.contains(part), "{hints}: {shown}");
    }
}

#[test]
fn what_cloud_init_and_nova_take_is_no_error_of_check() {
    let id = "7916ff6a-6887-42d7-8e19-58c214755a1d";
    for lines in [
        "script = \"\\n#cloud-config\\n\"",
        &format!(
            "scheduler_hints = {{ different_host = \"{id}\", same_host = [\"{id}\"], group = \"{id}\", cell = \"x\" }}"
        ),
    ] {
        let (status, shown) = said(&trusty_with(lines), &["check"]);
        assert!(status == 0 && !shown.contains("warning"), "{lines}: {shown}");
    }
}

#[test]
fn what_can_be_meant_is_a_warning_of_check() {
    for (lines, part) in [("max = 0", "is 0, so mita orders no server there"), ("labels = [\"a,b\"]", "has a comma")] {
        let (status, shown) = said(&trusty_with(lines), &["check"]);
        assert!(status == 0 && shown.contains(part), "{lines}: {shown}");
    }
}

#[test]
fn files_and_folders_that_others_can_write_are_a_warning_of_check() {
    let it = Setup::trusty().start();
    let mode = |mode| fs::set_permissions(it.config_file(), Permissions::from_mode(mode)).expect("its own file");
    mode(0o600);
    assert!(!said(&it, &["check"]).1.contains("can be written by"), "{}", said(&it, &["check"]).1);
    mode(0o606);
    let (status, shown) = said(&it, &["check"]);
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("can be written by everybody (mode 0606): chmod go-w "), "{shown}");
}

#[test]
fn a_secret_that_is_too_short_to_be_hidden_is_a_warning() {
    let it = Setup::trusty().start();
    let config = fs::read_to_string(it.config_file()).expect("the configuration");
    let short = config.replace("password = \"mita-secret\"", "password = \"abc\"");
    assert_ne!(config, short);
    fs::write(it.config_file(), short).expect("the configuration");
    let (status, shown) = said(&it, &["check"]);
    assert!(status == 0 && shown.contains("is so short that mita cannot hide it in messages"), "{shown}");
    assert!(!shown.contains("abc"), "{shown}");
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused() {
    let it = Setup::trusty().start();
    let (status, shown) = said(&it, &["history", "--since", "1h", "--until", "2h"]);
    assert!(status == 2 && shown.contains("is later than --until"), "{shown}");
    let (status, shown) = said(&it, &["history", "--since", "2999-01-01"]);
    assert!(status == 2 && shown.contains("--since 2999-01-01T00:00:00Z is later than now"), "{shown}");
    it.minute();
    let (status, shown) = said(&it, &["history"]);
    assert!(status == 0 && shown.contains("mita history --since 7d looks further back"), "{shown}");
}

#[test]
fn a_mistyped_name_resumes_nothing_and_a_former_one_does() {
    let it = Setup::trusty().start();
    let (status, shown) = said(&it, &["resume", "--type", "trutsy"]);
    assert!(status == 2 && shown.contains("no node type \"trutsy\"; similar: trusty"), "{shown}");
    assert_eq!(said(&it, &["resume", "--provider", "openstak"]).0, 2);
    assert_eq!(said(&it, &["resume", "--type", "trusty"]).0, 0);
    assert_eq!(said(&it, &["pause", "--type", "trusty"]).0, 0);
    let config = fs::read_to_string(it.config_file()).expect("the configuration");
    fs::write(it.config_file(), config.replace("[nodes.trusty]", "[nodes.newer]")).expect("the configuration");
    let (status, shown) = said(&it, &["resume", "--type", "trusty"]);
    assert!(status == 0 && shown.contains("goes on"), "what is not configured any more can be resumed: {shown}");
}

#[test]
fn what_resume_says_fits_the_pauses_that_there_are() {
    let it = Setup::trusty().start();
    assert_eq!(said(&it, &["resume"]).1, "nothing is paused\n");
    said(&it, &["pause", "--reason", "move"]);
    let (_, shown) = said(&it, &["resume", "--type", "trusty"]);
    let told = "nothing has changed: that is not paused by itself\neverything is paused by ";
    assert!(shown.starts_with(told) && shown.ends_with(", until `mita resume`: move\n"), "{shown}");
    said(&it, &["pause", "--type", "trusty"]);
    let (_, shown) = said(&it, &["resume", "--type", "trusty"]);
    assert!(shown.starts_with("the pause of node type trusty is ended\neverything is paused by "), "{shown}");
    assert!(said(&it, &["resume"]).1.starts_with("everything goes on; that ends the pause of "));
    said(&it, &["pause", "--type", "trusty"]);
    assert!(said(&it, &["resume", "--provider", "openstack"]).1.starts_with("nothing has changed: "));
}

#[test]
fn explain_tells_what_the_journal_has_of_a_former_provider() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    it.minute();
    it.edit_config(|text| text.replace("provider.openstack", "provider.main").replace("\"openstack\"", "\"main\""));
    let (status, shown) = said(&it, &["explain", "openstack"]);
    assert!(status == 0 && shown.contains("ordered"), "{status} {shown}");
}

#[test]
fn a_pause_of_a_provider_that_has_another_name_by_now_is_told_by_check_and_each_run() {
    let it = Setup::trusty().start();
    said(&it, &["pause", "--provider", "openstack", "--reason", "move"]);
    it.edit_config(|text| text.replace("provider.openstack", "provider.main").replace("\"openstack\"", "\"main\""));
    for (command, status) in [("check", 0), ("reconcile", 1), ("reconcile", 1)] {
        let (ended, shown) = said(&it, &[command]);
        let told =
            "`mita pause --provider NAME` pauses the new name, then `mita resume --provider openstack` ends this pause";
        assert!(ended == status && shown.contains(told), "{command}: {ended} {shown}");
    }
    said(&it, &["resume", "--provider", "openstack"]);
    assert_eq!(said(&it, &["reconcile"]), (0, String::new()));
}

#[test]
fn a_state_file_that_cannot_be_parsed_is_reported_before_a_run_meets_it() {
    let it = Setup::trusty().start();
    fs::write(it.state_file(), "{").expect("its own folder");
    let (status, shown) = said(&it, &["check"]);
    assert!(status == 0 && shown.contains("the next run keeps it under another name"), "{shown}");
}

#[test]
fn a_reason_with_a_line_break_stays_on_its_line() {
    let it = Setup::trusty().start();
    let (_, shown) = said(&it, &["pause", "--reason", "a move\nof racks"]);
    assert!(shown.contains("a move of racks"), "{shown}");
    for words in [&["status"][..], &["status", "-o", "wide"], &["history"], &["explain", "openstack"]] {
        let (_, shown) = said(&it, words);
        let words_of = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words_of.contains("a move of racks") && !shown.contains("\nof racks"), "{words:?}: {shown}");
    }
}

#[test]
fn a_retirement_that_was_asked_for_already_is_not_written_down_again() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty").lasting(minutes(30)));
    it.minutes_until(10, "the build runs", |it| {
        it.sim.jenkins().nodes.iter().any(|node| node.server.is_some() && !node.idle())
    });
    let node = it.node();
    it.by_hand(&node, &Request::Retire { when_idle: true });
    let again = it.by_hand(&node, &Request::Retire { when_idle: true });
    assert!(again.reason.contains("adeza asked for it"), "{again:?}");
    let read = journal_of(&it.state_file(), jiff::Timestamp::UNIX_EPOCH).expect("a journal");
    assert_eq!(read.entries.iter().filter(|entry| entry.event == Event::Asked).count(), 1);
}

#[test]
fn a_word_for_a_token_does_not_hide_the_name_of_the_configuration() {
    let it = Setup::trusty().start();
    it.edit_config(|config| config.replace("jenkins-api-token", "none"));
    let none = it.config_file().with_file_name("none.toml");
    fs::copy(it.config_file(), &none).expect("its own folder");
    let none = none.to_str().expect("a path");
    let (_, shown) = said(&it, &["check", "--config", none]);
    assert!(shown.contains("none.toml: ok") && !shown.contains("[secret]"), "{shown}");
    let wrong = format!("nonsense = 1\n{}", fs::read_to_string(none).expect("its own file"));
    fs::write(none, wrong).expect("its own file");
    let (_, shown) = said(&it, &["check", "--config", none]);
    assert!(shown.contains("none.toml: 1 error") && !shown.contains("[secret]"), "{shown}");
}

#[test]
fn each_error_is_told_and_counted_once() {
    for (key, part) in [("owner = \"another\"\n", "belongs to the owner \"ceph-ci\""), ("", "jenkins.former_urls")] {
        let it = Setup::trusty().with_idle_node();
        it.edit_config(|config| match key {
            "" => config.replace("url = \"http://127.0.0.1:", "url = \"http://localhost:"),
            owner => format!("{owner}{}", config.replace("owner = \"ceph-ci\"\n", "")),
        });
        let (status, shown) = said(&it, &["check", "--online"]);
        assert!(status == 2 && shown.matches(part).count() == 1, "{shown}");
        assert!(shown.contains(": 1 error"), "{shown}");
    }
}

#[test]
fn an_empty_file_is_told_everything_that_it_lacks() {
    let it = Setup::trusty().start();
    it.edit_config(|_| String::new());
    let (status, shown) = said(&it, &["check"]);
    assert!(status == 2 && shown.contains("jenkins: is missing") && shown.contains("write a [nodes.NAME]"), "{shown}");
    it.edit_config(|_| "[node.trusty]\n".to_owned());
    let (_, shown) = said(&it, &["check"]);
    assert!(!shown.contains("there is no node type"), "a misspelled table is one error: {shown}");
}

#[test]
fn the_next_step_names_the_configuration_as_it_was_named() {
    let it = Setup::trusty().start();
    fs::copy(it.config_file(), it.config_file().with_file_name("my mita.toml")).expect("its own folder");
    for (words, next) in [
        (&["check"][..], "mita check --online --config 'my mita.toml' asks"),
        (&["check", "--online"], "mita reconcile --dry-run --config 'my mita.toml' shows"),
    ] {
        let (_, shown) = said(&it, &[words, &["--config", "my mita.toml"]].concat());
        assert!(shown.contains(&format!("next: {next}")), "{shown}");
    }
    assert!(said(&it, &["check"]).1.ends_with("next: mita check --online asks Jenkins and the clouds\n"));
    let (_, shown) = said(&it, &["check", "--config", "none.toml"]);
    assert!(shown.contains("then mita check --config none.toml again"), "{shown}");
}

#[test]
fn a_configuration_that_the_environment_names_wrongly_is_told_with_its_variable() {
    let it = Setup::trusty().start();
    let ended = it.program_with(&["status"], &[("MITA_CONFIG", "/none.toml")], "");
    let told = "/none.toml (named by the variable MITA_CONFIG): does not exist";
    assert!(ended.status == 2 && ended.stderr.contains(told), "{}", ended.stderr);
    assert!(!said(&it, &["status", "--config", "/none.toml"]).1.contains("variable"));
}

#[test]
fn a_path_is_written_in_one_way_in_a_report() {
    let it = Setup::trusty().start();
    fs::set_permissions(it.config_file(), Permissions::from_mode(0o666)).expect("its own file");
    let (_, shown) = said(&it, &["check", "--config", "./mita.toml"]);
    assert!(shown.contains("./mita.toml: the configuration can be written by everybody"), "{shown}");
    assert!(
        shown.contains("./mita.toml holds a secret and can be read by others (mode 0666): chmod 600 ./mita.toml"),
        "{shown}"
    );
}
