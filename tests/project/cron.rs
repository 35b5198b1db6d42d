//! `cron.example` under the bare environment that cron gives to a job.

use crate::harness::{Installation, Setup};
use mita_sim::jenkins::queue;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A crontab as cron reads it: variables, then jobs (crontab(5)).
struct Crontab {
    variables: Vec<(String, String)>,
    jobs: Vec<Job>,
}

/// When, after how many seconds, and what.
#[derive(Debug, PartialEq)]
struct Job {
    schedule: String,
    pause: u64,
    command: String,
}

fn crontab() -> Crontab {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cron.example");
    let text = fs::read_to_string(path).expect("cron.example");
    assert!(text.ends_with('\n'), "cron ignores a last line without an end");
    let mut variables = Vec::new();
    let mut jobs = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('=') {
            Some((name, value)) if !name.contains(' ') => variables.push((name.to_owned(), value.to_owned())),
            _ => jobs.push(line.to_owned()),
        }
    }
    let read = |job: &String| {
        assert!(!job.contains('%'), "cron makes a percent sign a line break");
        let words: Vec<&str> = job.split_whitespace().collect();
        let (pause, command) =
            words[5..].join(" ").split_once("; ").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a pause");
        let pause = pause.strip_prefix("sleep ").expect("sleep").parse().expect("seconds");
        Job { schedule: words[..5].join(" "), pause, command }
    };
    Crontab { variables, jobs: jobs.iter().map(read).collect() }
}

/// Runs the job as cron does, in the home of its user. Only the two folders are other ones here.
fn run(installation: &Installation) -> Output {
    let Crontab { variables, mut jobs } = crontab();
    let Job { command, .. } = jobs.remove(0);
    let config = installation.config_file();
    let home = config.parent().expect("a folder");
    let programs = Path::new(env!("CARGO_BIN_EXE_mita")).parent().expect("a folder").display().to_string();
    let command = command.replace("/etc/mita/mita.toml", &config.display().to_string());
    assert!(command.contains(&config.display().to_string()), "the job names its configuration: {command}");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).current_dir(home).env_clear();
    shell.env("HOME", home).env("LOGNAME", "mita").env("SHELL", "/bin/sh").env("PATH", "/usr/bin:/bin");
    for (name, value) in variables {
        shell.env(name, value.replace("/usr/local/bin", &programs));
    }
    shell.output().expect("a shell")
}

#[test]
fn the_crontab_says_twice_every_minute_and_whom_to_tell() {
    let crontab = crontab();
    let jobs: Vec<(&str, u64)> = crontab.jobs.iter().map(|job| (job.schedule.as_str(), job.pause)).collect();
    assert_eq!(jobs, [("* * * * *", 10), ("* * * * *", 40)]);
    assert_eq!(crontab.jobs[0].command, crontab.jobs[1].command);
    let names: Vec<&str> = crontab.variables.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["PATH", "MAILTO"]);
}

#[test]
fn under_cron_a_run_that_orders_a_server_says_nothing() {
    let installation = Setup::trusty().start();
    installation.sim.jenkins().submit(queue::Job::freestyle("ceph-build").label("amd64 && trusty"));
    let output = run(&installation);
    assert_eq!((output.status.code(), text(&output.stdout), text(&output.stderr)), (Some(0), "", ""));
    assert_eq!(installation.servers().len(), 1);
    let again = run(&installation);
    assert_eq!((again.status.code(), text(&again.stdout), text(&again.stderr)), (Some(0), "", ""));
    assert_eq!(installation.servers().len(), 1, "the next minute orders no second one");
}

#[test]
fn under_cron_a_wrong_configuration_is_one_line_with_its_place() {
    let installation = Setup::trusty().start();
    installation.edit_config(|text| text.replace("keyname", "key_name"));
    let output = run(&installation);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("mita: ") && line.contains("mita.toml:"), "{line}");
    assert!(line.contains("nodes.trusty.key_name: unknown key; did you mean keyname?"), "{line}");
}

#[test]
fn under_cron_a_cloud_that_refuses_the_log_in_is_one_line() {
    let installation = Setup::trusty().start();
    installation.edit_config(|text| text.replace("mita-secret", "a-wrong-password"));
    let output = run(&installation);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("mita: provider openstack: "), "{line}");
    assert!(line.contains("401") && !line.contains("a-wrong-password"), "{line}");
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}
