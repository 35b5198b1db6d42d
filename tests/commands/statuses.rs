//! The exit statuses, the brake and the lock, as cron and a person meet them.

use crate::harness::{Installation, Setup, minutes};
use mita::reconcile::Permits;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};
use std::fs;

fn waits(it: &Installation) {
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(60)));
}

#[test]
fn status_0_and_silence_where_all_is_as_wanted_or_was_done() {
    let it = Setup::trusty().start();
    for _ in 0..2 {
        let ended = it.program(&["reconcile"]);
        assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (0, "", ""));
        waits(&it);
    }
    let ended = it.program(&["reconcile", "--output", "json"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&document["version"], &document["owner"]), (&1.into(), &"ceph-ci".into()));
    assert_eq!(document["results"][0]["outcome"], "done");
    assert_eq!(it.orders(), 2);
}

#[test]
fn status_1_where_something_could_not_be_read_in_a_dry_run_too() {
    let it = Setup::trusty().cloud("second", "").start();
    waits(&it);
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(500)).on("second").always());
    for arguments in [&["reconcile", "--dry-run"][..], &["reconcile"]] {
        let ended = it.program(arguments);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(ended.stderr.contains("second"), "{ended:?}");
    }
    assert_eq!(it.orders(), 1, "what did not fail was done");
}

#[test]
fn status_1_where_an_action_failed() {
    let it = Setup::trusty().start();
    waits(&it);
    it.sim.fault(Fault::new(Service::Nova, Kind::DoneBut(500)).method("POST").path("/servers"));
    let ended = it.program(&["reconcile"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (1, ""));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

#[test]
fn status_2_for_usage_and_configuration_with_everything_that_is_wrong_and_nothing_sent() {
    let it = Setup::trusty().start();
    for arguments in [&["reconcile", "--dryrun"][..], &["reconsile"], &["reconcile", "--output", "xml"], &[]] {
        assert_eq!(it.program(arguments).status, 2, "{arguments:?}");
    }
    it.edit_config(|text| text.replace("idle_grace = \"10m\"", "idle_grace = \"soon\"\nidle_grase = 1"));
    let ended = it.program(&["reconcile"]);
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("idle_grace") && ended.stderr.contains("idle_grase"), "{}", ended.stderr);
    fs::remove_file(it.config_file()).unwrap();
    assert_eq!(it.program(&["reconcile"]).status, 2);
    assert_eq!(it.sim.requests().len(), 0);
}

#[test]
fn status_2_for_a_state_of_another_owner_or_a_newer_program_and_the_file_stays_as_it_is() {
    for state in [
        r#"{"version": 1, "owner": "other-ci", "nodes": {"a+10.0.0.5": {"first_seen": 1, "server": "s1"}}}"#,
        r#"{"version": 99, "owner": "ceph-ci", "what": "ever"}"#,
    ] {
        let it = Setup::trusty().start();
        waits(&it);
        fs::write(it.state_file(), state).unwrap();
        for arguments in [&["reconcile"][..], &["reconcile", "--dry-run"], &["reconcile", "--output", "json"]] {
            let ended = it.program(arguments);
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended:?}");
            assert!(ended.stderr.contains("state.json"), "{ended:?}");
            assert_eq!(fs::read_to_string(it.state_file()).unwrap(), state);
        }
        assert_eq!(it.sim.requests().len(), 0);
    }
}

#[test]
fn status_2_where_the_state_cannot_be_kept_and_nothing_was_done() {
    // A full file system says the same of every file.
    for (file, error) in [
        ("/dev/full/x/state.json", "cannot make the folder of the state file /dev/full/x: Not a directory"),
        ("/proc/state.json", "cannot lock /proc/state.json.lock: No such file or directory"),
    ] {
        let it = Setup::trusty().start();
        waits(&it);
        it.edit_config(|config| config.replace("\"state.json\"", &format!("{file:?}")));
        for words in [&["reconcile"][..], &["pause"]] {
            let ended = it.program(words);
            assert_eq!(ended.status, 2, "{}", ended.stderr);
            let next = "; set state_file to a path where files can be written";
            assert!(ended.stderr.contains(error) && ended.stderr.contains(next), "{}", ended.stderr);
        }
        assert!(it.sim.writes().is_empty());
    }
}

#[test]
fn help_lists_the_statuses_that_a_command_can_end_with() {
    let it = Setup::trusty().start();
    for (command, last) in [("reconcile", 4), ("retire", 4), ("pause", 4), ("status", 2), ("history", 2), ("check", 2)]
    {
        let help = it.program(&[command, "--help"]).stdout;
        let told: Vec<bool> = (0..5).map(|status| help.contains(&format!("\n  {status}  "))).collect();
        let can: Vec<bool> = (0..5).map(|status| status <= last && (status != 3 || command != "pause")).collect();
        assert_eq!(told, can, "{command}");
    }
}

#[test]
fn status_4_while_another_run_is_active_and_nothing_is_sent() {
    let it = Setup::trusty().start();
    waits(&it);
    let store = mita::store::Store::lock(&it.config().state_file).unwrap();
    for arguments in [&["reconcile"][..], &["reconcile", "--output", "json"]] {
        let ended = it.program(arguments);
        assert_eq!((ended.status, ended.stdout.as_str()), (4, ""), "{ended:?}");
        assert_eq!(ended.stderr, "", "cron sends no mail");
    }
    assert_eq!(it.sim.requests().len(), 0);
    drop(store);
    assert_eq!(it.program(&["reconcile"]).status, 0);
}

/// Six nodes lose their connection at once, and stay away until the next run would remove them all.
fn mass_offline() -> Installation {
    let it = Setup::trusty().start();
    for number in 0..6 {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(10, "all are built", |it| it.built().len() == 6);
    for node in it.nodes() {
        it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    }
    it.minutes(15).did_nothing();
    it
}

#[test]
fn the_brake_holds_back_removals_that_are_too_many_at_once() {
    let it = mass_offline();
    for _ in 0..3 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.report.plan.held_back.len(), 6, "{}", run.story());
    }
    assert_eq!(it.nodes().len(), 6);
    let run = it.attempt(Permits { allow_removals: 2 }).unwrap();
    assert_eq!((run.lines().len(), run.report.plan.held_back.len()), (2, 4));
    assert_eq!((it.nodes().len(), it.servers().len()), (4, 4));
    assert_eq!(it.attempt(Permits { allow_removals: 4 }).unwrap().lines().len(), 4);
    assert_eq!((it.nodes().len(), it.servers().len()), (0, 0));
}

#[test]
fn the_brake_does_not_hold_back_what_idleness_explains_nor_orders() {
    let it = mass_offline();
    it.sim.jenkins().submit(Job::freestyle("next").label("amd64 && trusty").lasting(minutes(1)));
    let run = it.minute();
    assert_eq!(run.lines(), ["create_server trusty demand done"], "{}", run.story());
    assert_eq!(run.report.plan.held_back.len(), 6);
}

#[test]
fn three_removals_are_never_too_many() {
    let it = Setup::trusty().start();
    for number in 0..3 {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(10, "all are built", |it| it.built().len() == 3);
    for node in it.nodes() {
        it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    }
    it.minutes_until(17, "all go", |it| it.servers().is_empty());
}

#[test]
fn status_3_where_the_brake_held_something_back_before_status_1_and_it_says_how_to_let_it_through() {
    let it = mass_offline();
    let ended = it.program(&["reconcile"]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.stderr.contains("--allow-removals 6"), "{ended:?}");
    assert!(ended.stderr.contains("look at trusty+") && ended.stderr.contains(", ... (mita status shows why)"));
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(503)).path("/queue/").always());
    assert_eq!(it.program(&["reconcile"]).status, 3, "a failed reading beside it does not hide it");
    it.sim.heal();
    let ended = it.program(&["reconcile", "--allow-removals", "6"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(it.nodes().is_empty());
}

#[test]
fn the_brake_names_servers_that_have_no_node_by_their_ids_and_the_one_whose_node_a_person_held() {
    let it = Setup::trusty().start();
    for number in 0..4 {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(2)));
    }
    it.minutes_until(10, "all are built", |it| it.built().len() == 4);
    let held = it.nodes()[0].clone();
    let server = it.state()["nodes"][&held]["server"].as_str().expect("its server").to_owned();
    assert_eq!(it.program(&["hold", &held, "--reason", "forensics"]).status, 0);
    it.minute();
    // Jenkins is restored from a backup.
    for node in it.nodes() {
        it.sim.jenkins().delete_node(&node);
    }
    let lost = it.program(&["reconcile"]);
    assert!(lost.stderr.contains("its node, which a person held, is missing from Jenkins for 0s"), "{lost:?}");
    it.minutes(17).did_nothing();
    let ended = it.program(&["reconcile"]);
    let told = format!("; a person held the node of {server} when it was last seen, and if they are to go");
    assert!(ended.status == 3 && ended.stderr.contains(&told), "{ended:?}");
    assert!(it.servers().iter().all(|server| ended.stderr.contains(&server.id)), "{ended:?}");
    let status = it.program(&["status"]);
    assert!(status.stdout.contains("held back 4 removals"), "{status:?}");
    assert!(it.program(&["explain", &server]).stdout.contains("its node, which a person held, is missing"));
}
