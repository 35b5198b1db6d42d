//! Records of runs: a run that was recorded is planned again to the same plan, anywhere and at any time.
//!
//! Each file of `tests/fixtures/replays` is a record whose plan is right: a bug report becomes one by `mita replay FILE
//! --record NEW` once the bug is mended, and is replayed here from then on.

use crate::harness::{Installation, Run, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Change;
use mita::record::{Part, Record};
use mita_sim::jenkins::User;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Fault, JoinRule, Kind, Service};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn job(name: &str, label: &str) -> Job {
    Job::freestyle(name).label(label)
}

/// Records a run, writes the record, and gives it as it is read again.
fn written(farm: &Installation) -> (Run, Record, PathBuf) {
    let (run, record) = farm.recorded_run();
    let path = farm.config_file().with_file_name("record.json");
    record.write(&path).unwrap();
    (run, Record::read(&path).unwrap(), path)
}

/// Jobs for two types, one that nobody serves, and a person's node.
fn demand() -> Installation {
    let farm = Setup::trusty().node("debian", "labels = \"amd64 debian\"\nmax = 1").start();
    farm.sim.jenkins().add_agent("static-1", "amd64 static", 1);
    for (name, label) in [("ceph-build", "trusty"), ("ceph-docs", "debian"), ("ceph-dev", "debian"), ("rpm", "centos")]
    {
        farm.sim.jenkins().submit(job(name, label));
    }
    farm
}

/// One node whose grace time is over, one that a person holds, one that builds.
fn idle() -> Installation {
    let farm = Setup::trusty().start();
    for name in ["one", "two", "three"] {
        farm.sim.jenkins().submit(job(name, "trusty"));
    }
    farm.minutes_until(20, "the builds end", |farm| farm.built().len() == 3);
    farm.minute();
    let nodes = farm.nodes();
    let now = farm.sim.now();
    farm.sim.jenkins().node_mut(&nodes[0]).unwrap().mark_offline(CauseKind::User, "looking at the disk", now);
    farm.minutes(6);
    farm.sim.jenkins().submit(job("four", "trusty").lasting(minutes(60)));
    farm.minutes_until(10, "a node goes next", |farm| farm.dry_run().lines().iter().any(|line| line.contains("idle")));
    farm
}

/// Six nodes that are all away for too long at once.
fn brake() -> Installation {
    let farm = Setup::trusty().top("join_timeout = \"5m\"").start();
    for number in 0..6 {
        farm.sim.jenkins().submit(job(&format!("build-{number}"), "trusty"));
    }
    farm.minutes_until(20, "the builds end", |farm| farm.built().len() == 6);
    for node in farm.nodes() {
        let now = farm.sim.now();
        farm.sim.jenkins().node_mut(&node).unwrap().disconnect(CauseKind::ChannelTermination, "gone", now);
    }
    farm.minutes_until(10, "they are gone for too long", |farm| !farm.dry_run().report.plan.held_back.is_empty());
    farm
}

/// A server in ERROR, one that never joins, a cloud that does not answer.
fn failures() -> Installation {
    let lines = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"second\"]";
    let farm = Setup::new().cloud("second", "").node("trusty", lines).start();
    farm.sim.cloud("openstack").next_fates.extend([Fate::no_valid_host(), Fate::Boots]);
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).never_connects());
    farm.sim.jenkins().submit(job("ceph-build", "trusty"));
    farm.sim.jenkins().submit(job("ceph-docs", "trusty"));
    farm.minutes(2);
    farm.sim.fault(Fault::new(Service::Nova, Kind::Status(500, "{}".into())).on("second").always());
    farm.minutes_until(20, "one never joins", |farm| {
        farm.dry_run().lines().iter().any(|line| line.contains("never_joined"))
    });
    farm
}

#[test]
fn a_recorded_run_is_planned_again_to_the_same_plan() {
    for (story, farm) in [("demand", demand()), ("idle", idle()), ("brake", brake()), ("failures", failures())] {
        let (run, record, _) = written(&farm);
        assert_eq!(record.replay(), [], "{story}: {}", run.story());
        let (actions, verdicts) = record.size();
        let plan = &run.report.plan;
        assert_eq!((actions, verdicts), (plan.actions.len() + plan.held_back.len(), plan.verdicts.len()), "{story}");
        assert!(actions > 0, "{story}: {}", run.story());
        assert!(!record.is_redacted(), "{story}");
    }
}

#[test]
fn a_dry_run_with_a_record_is_planned_again_to_the_same_plan() {
    let farm = demand();
    let ended = farm.program(&["reconcile", "--dry-run", "--record", "dry.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let path = farm.config_file().with_file_name("dry.json");
    assert_eq!(document(&path).get("run"), None, "nothing was done");
    let replay = farm.program(&["replay", "dry.json"]);
    assert_eq!((replay.status, replay.stderr.as_str()), (0, ""), "{}", replay.stdout);
    assert!(
        replay.stdout.starts_with("the plan is the same: 2 actions and 6 verdicts; planned by"),
        "{}",
        replay.stdout
    );
    assert!(!farm.state_file().exists());
}

#[test]
fn the_program_records_what_it_did_in_a_file_of_its_own_that_nobody_else_can_read() {
    let farm = demand();
    let path = farm.config_file().with_file_name("run.json");
    fs::write(&path, "{\n  \"version\": 1,\n  \"mita\": \"0.0.1\"\n}\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let ended = farm.program(&["reconcile", "--record", "run.json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let record = document(&path);
    let outcomes: Vec<&Value> = record["run"]["results"].as_array().unwrap().iter().map(|r| &r["outcome"]).collect();
    assert_eq!(outcomes, ["done", "done"]);
    let names: Vec<String> =
        farm.files().keys().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["mita.toml", "run.json", "state.json", "state.json.journal", "state.json.lock"]);
}

#[test]
fn a_run_that_cannot_write_its_state_leaves_a_record_all_the_same() {
    let farm = demand();
    let state = farm.state_file();
    let path = farm.config_file().with_file_name("record.json");
    // What stands in the state file's place goes away only after the run has looked.
    let ended = {
        let mut seen = None;
        let result = farm.watched(|decision| {
            let record = Record::of(decision);
            record.write(&path).unwrap();
            fs::create_dir(&state).unwrap();
            seen = Some(record);
        });
        assert!(seen.is_some());
        result
    };
    assert!(ended.is_err(), "the state could not be written");
    assert_eq!(farm.orders(), 0);
    assert_eq!(Record::read(&path).unwrap().replay(), []);
}

#[test]
fn a_record_that_cannot_be_written_stops_nothing_and_the_exit_status_tells() {
    let farm = demand();
    let ended = farm.program(&["reconcile", "--record", "no/such/folder/run.json"]);
    assert_eq!(ended.status, 1);
    let errors: Vec<&str> = ended.stderr.lines().filter(|line| !line.contains("warning: ")).collect();
    let folder = "there is no folder no/such/folder, make it with: mkdir -p no/such/folder";
    assert_eq!(errors, [format!("mita: cannot write the record no/such/folder/run.json: {folder}")]);
    assert_eq!(farm.orders(), 2);
}

#[test]
fn what_is_no_record_is_told_in_plain_words() {
    let farm = demand();
    assert_eq!(farm.program(&["reconcile", "--record", "record.json"]).status, 0);
    let path = farm.config_file().with_file_name("record.json");
    let record = fs::read_to_string(&path).unwrap();
    fs::write(path.with_file_name("half.json"), &record[..record.len() / 2]).unwrap();
    fs::write(path.with_file_name("damaged.json"), record.replacen("\"configuration\"", "\"other\"", 1)).unwrap();
    for (file, why) in [
        ("state.json", "state.json is not a record of a run: it is another document, such as a state file; "),
        ("mita.toml", "mita.toml is not a record of a run: it is not JSON, or not all of it: expected value"),
        ("half.json", "it is not JSON, or not all of it: EOF"),
        ("damaged.json", "it is damaged: "),
        (".", "cannot read the record .: it is a folder"),
    ] {
        let ended = farm.program(&["replay", file]);
        assert!(ended.status == 2 && ended.stderr.contains(why), "{file}: {}", ended.stderr);
    }
}

#[test]
fn orders_that_follow_refused_ones_are_recorded_beside_the_plan() {
    let lines = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"second\"]";
    let farm = Setup::new().cloud("second", "").node("trusty", lines).start();
    let refusal = r#"{"forbidden":{"code":403,"message":"Quota exceeded for instances"}}"#;
    let refused = Fault::new(Service::Nova, Kind::Status(403, refusal.into())).on("openstack").method("POST");
    farm.sim.fault(refused.always());
    farm.sim.jenkins().submit(job("ceph-build", "trusty"));
    let (run, record, path) = written(&farm);
    assert_eq!(run.lines().len(), 2, "{}", run.story());
    assert_eq!(record.replay(), []);
    let record = document(&path);
    assert_eq!(record["plan"]["actions"][0]["provider"], "openstack");
    assert_eq!(record["run"]["more_actions"][0]["provider"], "second");
    assert_eq!(record["run"]["results"][1]["outcome"], "done");
}

#[test]
fn a_record_that_was_changed_is_planned_otherwise_and_the_difference_is_told() {
    let farm = idle();
    let (run, _, path) = written(&farm);
    let retired = run.report.plan.actions.iter().find_map(|action| match &action.change {
        Change::RetireNode(target) if action.rule == Rule::Idle => Some(target.nodes[0].to_string()),
        _ => None,
    });
    let retired = retired.expect("a node that goes");
    edit(&path, |record| {
        let kinds = record["configuration"]["node_types"].as_array_mut().unwrap();
        kinds[0]["times"]["idle_grace"] = "PT40M".into();
    });
    let differences = Record::read(&path).unwrap().replay();
    let parts: Vec<Part> = differences.iter().map(|difference| difference.part).collect();
    assert_eq!(parts, [Part::Action, Part::Verdict, Part::Verdict]);
    let ended = farm.program(&["replay", "record.json"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (1, ""));
    for line in [
        format!("- action: retire_node {retired} "),
        "    was idle: idle 10m, grace 10m".to_owned(),
        format!("~ verdict: node {retired}"),
        "    rule: was idle, is kept".to_owned(),
        "    reason: was idle 10m, grace 10m, is idle 10m, grace 40m".to_owned(),
        "the plan differs in 3 things from 1 action and ".to_owned(),
    ] {
        assert!(ended.stdout.lines().any(|shown| shown.starts_with(&line)), "{line} is not in\n{}", ended.stdout);
    }
    let ended = farm.program(&["replay", "record.json", "--output", "json"]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.status, &told["same"], &told["version"]), (1, &false.into(), &1.into()));
    assert_eq!(told["differences"][0]["part"], "action");
    assert_eq!(told["differences"][0]["now"], Value::Null);
    assert_eq!(told["differences"].as_array().unwrap().len(), 3);
}

#[test]
fn a_record_is_written_anew_with_the_plan_of_this_program() {
    let farm = idle();
    let (_, _, path) = written(&farm);
    edit(&path, |record| {
        record["plan"]["actions"] = Value::Array(Vec::new());
        record["plan"]["verdicts"][0]["rule"] = "busy".into();
        record["mita"] = "0.0.1".into();
    });
    assert_eq!(Record::read(&path).unwrap().replay().len(), 2);
    let ended = farm.program(&["replay", "record.json", "--record", "right.json"]);
    assert_eq!(ended.status, 1, "it told what differs before it wrote the other");
    let right = path.with_file_name("right.json");
    assert_eq!(Record::read(&right).unwrap().replay(), []);
    assert_eq!((&document(&right)["mita"], document(&right).get("run")), (&env!("CARGO_PKG_VERSION").into(), None));
}

#[test]
fn what_is_no_record_and_what_a_newer_program_wrote_is_refused() {
    let farm = demand();
    let (_, _, path) = written(&farm);
    edit(&path, |record| record["version"] = 2.into());
    fs::write(path.with_file_name("empty.json"), "").unwrap();
    let files = [
        ("record.json", "the record record.json has version 2, this program knows versions up to 1"),
        ("mita.toml", "mita.toml is not a record of a run: "),
        ("nothing.json", "cannot read the record nothing.json: it does not exist"),
        ("empty.json", "empty.json is not a record of a run: it is empty"),
        ("state.json", "state.json is not a record of a run: "),
    ];
    for (file, words) in files {
        let ended = farm.program(&["replay", file]);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{file}");
        assert!(ended.stderr.starts_with(&format!("mita: {words}")), "{}", ended.stderr);
    }
}

#[test]
fn s9_no_secret_of_the_configuration_and_no_script_gets_into_a_record() {
    let (token, password) = ("11d4f2a6c0ffee0123456789abcdef0123", "mita-secret");
    let lines = "labels = \"amd64 trusty\"\nscript = \"echo SCRIPT-TEXT\"\nmetadata = { team = \"META-TEXT\" }";
    let farm = Setup::new().user(User::new("mita", token)).node("trusty", lines).start();
    // A service that repeats what it should not, in words of its own and in names.
    farm.sim.jenkins().add_agent(&format!("leak-{token}"), "static", 1);
    let agent = format!("leak-{token}");
    let now = farm.sim.now();
    let words = format!("cannot log in with {password}");
    farm.sim.jenkins().node_mut(&agent).unwrap().mark_offline(CauseKind::User, &words, now);
    farm.sim.jenkins().submit(job("ceph-build", "trusty"));
    farm.sim.jenkins().submit(job(&format!("job-{token}"), "nobody"));
    let (run, record, path) = written(&farm);
    assert_eq!(run.lines(), ["create_server trusty demand done"], "{}", run.story());
    let text = fs::read_to_string(&path).unwrap();
    for secret in [token, password, "SCRIPT-TEXT", "META-TEXT", "/identity"] {
        assert!(!text.contains(secret), "{secret} is in the record");
    }
    assert!(text.contains("[secret]") && record.is_redacted());
    assert_eq!(record.replay(), [], "secrets are taken out of both sides alike");
}

#[test]
fn every_kept_record_is_planned_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replays");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let record = Record::read(&file).unwrap_or_else(|error| panic!("{error}"));
        let differences = record.replay();
        assert!(differences.is_empty(), "{}: {differences:#?}", file.display());
    }
}

#[test]
fn a_record_can_come_through_a_pipe() {
    let farm = demand();
    let (_, _, path) = written(&farm);
    let text = fs::read_to_string(&path).unwrap();
    let (named, piped) =
        (farm.program(&["replay", &path.display().to_string()]), farm.program_with(&["replay", "-"], &[], &text));
    assert_eq!((piped.status, &piped.stdout), (0, &named.stdout), "{}", piped.stderr);
}

fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut record = document(path);
    change(&mut record);
    fs::write(path, record.to_string()).unwrap();
}
