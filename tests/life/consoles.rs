//! What the console of a server that failed said: read while it can be, kept for a person, and in nobody's way.

use crate::harness::{Installation, Run, Setup, TRUSTY, lines, seconds};
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Fault, JoinRule, Kind, Record, Service};
use serde_json::Value;

/// A server that boots, and whose node never comes online.
fn never_joins(console: Option<&str>) -> Installation {
    // No second server comes for the job.
    let farm = Setup::trusty().top("max_servers = 1").start();
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), TRUSTY).never_connects());
    farm.sim.cloud("openstack").console = console.map(str::to_owned);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm
}

/// Minutes until a run is about to remove a server, and that run.
fn removal(farm: &Installation, rule: &str) -> Run {
    let planned =
        |farm: &Installation| lines(&farm.dry_run().report.plan.actions).iter().any(|line| line.ends_with(rule));
    farm.minutes_until(20, rule, planned);
    farm.minute()
}

fn is_console(request: &Record) -> bool {
    request.body.contains("os-getConsoleOutput")
}

fn failure(farm: &Installation) -> Value {
    farm.state()["failures"]["openstack"]["trusty"].clone()
}

#[test]
fn the_end_of_the_console_of_a_server_that_never_joined_is_kept_with_its_failure() {
    let lines: String = (1..=60).map(|number| format!("line {number}\r\n")).collect();
    let farm = never_joins(Some(&format!("{lines}\u{1b}[31mpassword is mita-secret\r\n\r\nlogin: ")));
    let server = farm.minute().report.results.unwrap()[0].server_id.clone().unwrap();
    let run = removal(&farm, "never_joined");
    assert_eq!(run.requests.iter().filter(|request| is_console(request)).count(), 1);
    let asked = run.requests.iter().position(is_console).unwrap();
    let deleted = run.requests.iter().position(|r| r.method == "DELETE" && r.service == Service::Nova).unwrap();
    assert!(asked < deleted);
    let body: Value = serde_json::from_str(&run.requests[asked].body).unwrap();
    assert_eq!(body, serde_json::json!({"os-getConsoleOutput": {"length": 50}}));
    let failure = failure(&farm);
    let console: Vec<&str> = failure["console"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((console.len(), console[0]), (20, "line 43"));
    assert_eq!(console[18..], ["\\u{1b}[31mpassword is [secret]", "login:"]);
    assert_eq!((&failure["rule"], &failure["server_id"]), (&"never_joined".into(), &server.as_str().into()));
    farm.minutes(2);
    assert_eq!(farm.sim.requests().iter().filter(|request| is_console(request)).count(), 1, "it is read once");
    assert_eq!(self::failure(&farm), failure, "it is kept when the server is gone");
}

#[test]
fn a_server_that_never_ran_has_no_console_and_goes_all_the_same_with_its_fault_kept() {
    let farm = never_joins(Some("not of this server"));
    farm.sim.cloud("openstack").next_fates.push_back(Fate::no_valid_host());
    let run = removal(&farm, "error");
    assert_eq!(run.lines(), ["delete_server trusty error done"], "{}", run.story());
    let failure = failure(&farm);
    assert_eq!((&failure["rule"], failure.get("console")), (&"error".into(), None));
    assert_eq!(failure["reason"], "its cloud gave it up: No valid host was found.");
}

#[test]
fn a_console_that_cannot_be_read_neither_keeps_a_server_from_being_removed_nor_fails_the_run() {
    let html = "<html>gateway</html>";
    for (fault, words) in [
        (None, "no console at all: 501"),
        (Some(Kind::Status(500, "{}".into())), "500"),
        (Some(Kind::Status(200, "{\"output\": 7}".into())), "another shape"),
        (Some(Kind::Status(200, html.into())), "not JSON"),
        (Some(Kind::DropAfter), "no answer"),
    ] {
        let farm = never_joins(None);
        farm.minute();
        if let Some(fault) = fault {
            farm.sim.fault(Fault::new(Service::Nova, fault).path("/action").always());
        }
        let run = removal(&farm, "never_joined");
        assert!(run.lines()[0].ends_with("never_joined done"), "{words}: {}", run.story());
        assert_eq!((run.problems().len(), run.errors().len()), (0, 0), "{words}: {}", run.story());
        assert_eq!(failure(&farm).get("console"), None, "{words}");
        assert_eq!(run.requests.iter().filter(|request| is_console(request)).count(), 1, "{words}: it is not repeated");
    }
}

#[test]
fn a_console_that_gives_no_answer_delays_a_removal_by_seconds_only() {
    let farm = never_joins(Some("text"));
    farm.minute();
    farm.sim.fault(Fault::new(Service::Nova, Kind::Hang).path("/action").always());
    let planned = |farm: &Installation| !farm.dry_run().report.plan.actions.is_empty();
    farm.minutes_until(20, "the removal", planned);
    let run = farm.run();
    assert!(run.lines()[0].ends_with("never_joined done"), "{}", run.story());
    assert!(farm.servers().is_empty());
    farm.sim.release();
}

#[test]
fn s8_a_dry_run_asks_no_console() {
    let farm = never_joins(Some("text"));
    farm.minute();
    farm.minutes_until(20, "the removal", |farm| !farm.dry_run().report.plan.actions.is_empty());
    let run = farm.dry_run();
    assert_eq!(run.lines().len(), 1, "{}", run.story());
    assert!(!farm.sim.requests().iter().any(is_console));
}

#[test]
fn the_console_of_a_server_that_is_retired_for_idleness_is_nobodys_business() {
    let farm = Setup::trusty().start();
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm.minutes_until(30, "the node goes", |farm| farm.built().len() == 1 && farm.servers().is_empty());
    assert!(!farm.sim.requests().iter().any(is_console));
    assert_eq!(farm.state()["failures"], serde_json::json!({}));
}
