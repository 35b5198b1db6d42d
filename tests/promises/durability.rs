//! Disks that are full, folders that cannot be written, and runs that end in the middle of one.

use crate::harness::{Installation, Setup, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// An installation with something to order.
fn waiting_job() -> Installation {
    let farm = Setup::trusty().start();
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(10)));
    farm
}

/// The program under a limit for the size of files, which fails writes as a full disk does. The signal that goes with the
/// limit is ignored, so that the program sees the error alone.
fn with_file_limit(farm: &Installation, blocks: u32) -> Output {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    shell.arg(env!("CARGO_BIN_EXE_mita")).arg("--config").arg(farm.config_file()).arg("reconcile");
    shell.env_clear().stdin(Stdio::null()).output().expect("a shell")
}

fn writes(farm: &Installation) -> usize {
    let is_write = |request: &&mita_sim::Record| request.method != "GET" && request.service != Service::Keystone;
    farm.sim.requests().iter().filter(is_write).count()
}

#[test]
fn s6_a_run_whose_disk_is_full_does_not_start_to_act_and_leaves_the_old_state_whole() {
    let farm = waiting_job();
    farm.run();
    let state = farm.state();
    let files: Vec<PathBuf> = farm.files().into_keys().collect();
    farm.sim.jenkins().submit(Job::freestyle("another").label("trusty").lasting(minutes(10)));
    farm.sim.clear_log();
    let ended = with_file_limit(&farm, 0);
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{told}");
    assert!(told.contains("state.json") && told.contains("; make room on its file system"), "{told}");
    assert_eq!(writes(&farm), 0, "{told}");
    assert_eq!(farm.state(), state);
    assert!(farm.files().keys().eq(&files), "nothing is left of the attempt: {:?}", farm.files().keys());
}

#[test]
fn s6_a_run_that_cannot_write_the_folder_of_its_state_does_not_start_to_act() {
    let farm = waiting_job();
    // Not even root can make a file there.
    farm.edit_config(|text| text.replacen("state_file = \"state.json\"", "state_file = \"/sys/mita-state.json\"", 1));
    let ended = farm.program(&["reconcile"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("/sys/mita-state.json"), "{}", ended.stderr);
    assert_eq!(writes(&farm), 0);
}

fn start(farm: &Installation) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mita"));
    command.env_clear().arg("--config").arg(farm.config_file()).arg("reconcile");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(120), "it never came to be: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_that_hangs_keeps_others_out_with_status_4_and_leaves_no_lock_when_it_is_killed() {
    let farm = waiting_job();
    farm.sim.fault(Fault::new(Service::Nova, Kind::Hang).path("/servers/detail"));
    let mut hanging = start(&farm);
    until("the first run waits for the cloud", || {
        farm.sim.requests().iter().any(|request| request.path.ends_with("/servers/detail"))
    });
    let next = farm.program(&["reconcile"]);
    assert_eq!((next.status, next.stderr.as_str()), (4, ""), "no reason for a mail of cron's");
    let second = farm.program(&["-v", "reconcile"]);
    assert_eq!(second.status, 4, "{}", second.stderr);
    assert!(second.stderr.contains(&hanging.id().to_string()), "it says who: {}", second.stderr);
    hanging.kill().expect("it is ours");
    hanging.wait().expect("it is ours");
    farm.sim.heal();
    let third = farm.program(&["reconcile"]);
    assert_eq!((third.status, third.stderr.as_str()), (0, ""));
    assert_eq!(farm.orders(), 1);
}

#[test]
fn s4_a_run_that_is_killed_after_it_found_the_state_unreadable_leaves_the_wait_to_the_next_one() {
    let farm = waiting_job();
    std::fs::write(farm.state_file(), "{\"version\": 1, \"own").expect("its own folder");
    farm.sim.fault(Fault::new(Service::Nova, Kind::Hang).path("/servers/detail"));
    let mut hanging = start(&farm);
    until("the run waits for the cloud", || {
        farm.sim.requests().iter().any(|request| request.path.ends_with("/servers/detail"))
    });
    hanging.kill().expect("it is ours");
    hanging.wait().expect("it is ours");
    farm.sim.heal();
    let next = farm.program(&["reconcile"]);
    assert_eq!(next.status, 0, "{}", next.stderr);
    assert_eq!(farm.orders(), 0, "nothing is ordered for two minutes");
    assert_eq!(farm.state()["settling"]["cause"], "state_unreadable");
}

#[test]
fn l6_a_state_file_that_becomes_unreadable_again_and_again_is_a_problem_after_a_quarter_of_an_hour() {
    let farm = waiting_job();
    for run in 0..10 {
        std::fs::write(farm.state_file(), "rubbish").expect("its own folder");
        farm.sim.advance(minutes(2));
        let run_of = farm.minute();
        let told = run_of.problems().iter().any(|problem| problem.contains("why the state file cannot be read"));
        // Three minutes lie between two runs.
        assert_eq!(told, run >= 5, "{run}: {:?}", run_of.problems());
    }
    farm.minutes(3);
    assert_eq!(farm.orders(), 1);
    assert!(farm.minute().problems().is_empty());
}
