//! Where a run writes: `-` is standard output, and nothing that mita reads or keeps is replaced.

use crate::harness::{Installation, Setup};
use mita_sim::jenkins::queue::Job;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;

/// An installation with something to do.
fn farm() -> Installation {
    let farm = Setup::trusty().start();
    farm.sim.jenkins().submit(Job::freestyle("build").label("trusty"));
    farm
}

#[test]
fn no_option_replaces_a_file_that_mita_reads_or_keeps() {
    let farm = farm();
    assert_eq!(farm.program(&["reconcile"]).status, 0);
    let folder = farm.config_file().parent().unwrap().to_owned();
    symlink("mita.toml", folder.join("alias")).unwrap();
    fs::hard_link(folder.join("state.json"), folder.join("second")).unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let before = farm.files();
    let targets = ["mita.toml", "alias", "./mita.toml", "state.json", "second", "state.json.lock", "notes.txt"];
    for target in targets {
        for arguments in [
            vec!["reconcile", "--record", target],
            vec!["reconcile", "--dry-run", "--record", target],
            vec!["reconcile", "--html", target],
            vec!["reconcile", "--metrics-file", target],
        ] {
            let ended = farm.program(&arguments);
            assert_eq!(ended.status, 2, "{arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(&format!("would replace {target}, which is ")), "{}", ended.stderr);
        }
    }
    let ended = farm.program(&["reconcile", "--html", "same", "--metrics-file", "./same"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert_eq!(farm.files(), before);
}

#[test]
fn a_configuration_that_is_wrong_still_protects_its_files() {
    let farm = farm();
    assert_eq!(farm.program(&["reconcile"]).status, 0);
    let config = fs::read_to_string(farm.config_file()).unwrap();
    for wrong in [format!("nonsense = 1\n{config}"), "not toml".to_owned()] {
        fs::write(farm.config_file(), wrong).unwrap();
        let before = farm.files();
        for target in ["mita.toml", "state.json"] {
            let ended = farm.program(&["reconcile", "--html", target]);
            assert_eq!(ended.status, 2, "{}", ended.stderr);
            assert_eq!(farm.files(), before, "{target}");
        }
    }
}

#[test]
fn a_dash_is_standard_output_for_one_document() {
    let farm = farm();
    let printed = farm.program(&["reconcile", "--dry-run", "--record", "-"]);
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    let record: Value = serde_json::from_str(&printed.stdout).expect("a record and nothing else");
    assert_eq!(record["plan"]["actions"][0]["action"], "create_server");
    fs::write(farm.config_file().with_file_name("record.json"), &printed.stdout).unwrap();
    let again = farm.program(&["replay", "record.json", "--record", "-"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).expect("a record"), record);
    let page = farm.program(&["reconcile", "--html", "-"]);
    assert!(page.status == 0 && page.stdout.starts_with("<!doctype html>"), "{} {}", page.stdout, page.stderr);
    let metrics = farm.program(&["reconcile", "--metrics-file", "-"]);
    assert!(metrics.status == 0 && metrics.stdout.starts_with("# HELP mita_"), "{} {}", metrics.stdout, metrics.stderr);
    for both in [
        vec!["reconcile", "--html", "-", "--metrics-file", "-"],
        vec!["reconcile", "--dry-run", "--record", "-", "--output", "json"],
        vec!["replay", "record.json", "--record", "-", "--output", "json"],
    ] {
        let ended = farm.program(&both);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{both:?}");
        assert!(ended.stderr.contains("both write to standard output"), "{}", ended.stderr);
    }
    assert!(!farm.config_file().with_file_name("-").exists());
}

#[test]
fn a_replay_replaces_records_only() {
    let farm = farm();
    assert_eq!(farm.program(&["reconcile", "--dry-run", "--record", "record.json"]).status, 0);
    let before = farm.files();
    let ended = farm.program(&["replay", "record.json", "--record", "mita.toml"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert_eq!(farm.files(), before);
    assert_eq!(farm.program(&["replay", "record.json", "--record", "record.json"]).status, 0);
}
