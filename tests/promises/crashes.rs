//! The process dies, or an answer is lost, between any two steps; two runs later everything is where it would have been.

use crate::harness::side_by_side::try_all;
use crate::harness::{Installation, Setup, Stage, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};

/// A request of a retirement: the service, the method, and a part of the path.
type Step = (Service, &'static str, &'static str);

const STEPS: [Step; 8] = [
    (Service::Jenkins, "GET", "/computer/trusty"),
    (Service::Jenkins, "POST", "changeOfflineCause"),
    (Service::Jenkins, "POST", "doDelete"),
    (Service::Jenkins, "GET", "/computer/api/json"),
    (Service::Nova, "GET", "/servers/detail"),
    (Service::Nova, "GET", "/compute/v2.1/servers/"),
    (Service::Nova, "DELETE", "/servers/"),
    (Service::Keystone, "POST", "/tokens"),
];

fn about_to_retire() -> Installation {
    let it = Setup::trusty().with_idle_node();
    it.minutes(9).did_nothing();
    it
}

/// Two more runs, and nothing is left; then nothing more happens.
fn everything_is_gone_in_two_runs(it: &Installation, what: &str) {
    it.sim.heal();
    it.minutes(2);
    assert!(it.nodes().is_empty(), "{what}: {:?}", it.nodes());
    assert!(it.servers().is_empty(), "{what}");
    for _ in 0..3 {
        it.minute().did_nothing();
    }
    assert_eq!(it.state()["servers"], serde_json::json!({}), "{what}");
    assert_eq!(it.orders(), 1, "{what}");
}

fn every_step_may_be_hit(kinds: &[fn() -> Kind]) {
    let farms = [Stage::new(about_to_retire()), Stage::new(about_to_retire())];
    let cases = STEPS.iter().flat_map(|step| kinds.iter().map(move |kind| (step, kind))).enumerate().collect();
    try_all(
        farms.len(),
        cases,
        |(_, ((_, method, part), _))| format!("{method} {part}"),
        |(number, ((service, method, part), kind))| {
            let it = farms[number % farms.len()].set();
            it.sim.fault(Fault::new(*service, kind()).method(method).path(part).always());
            it.minute();
            everything_is_gone_in_two_runs(&it, &format!("{method} {part}"));
            1
        },
    );
}

#[test]
fn l4_every_step_of_a_retirement_may_lose_its_answer() {
    every_step_may_be_hit(&[|| Kind::DropAfter]);
}

#[test]
fn l4_every_step_of_a_retirement_may_fail_without_being_done() {
    every_step_may_be_hit(&[
        || Kind::DropBefore,
        || Kind::Status(500, "{\"error\": \"odd\"}".into()),
        || Kind::Html(500),
    ]);
}

#[test]
fn l4_a_deletion_that_was_acknowledged_and_forgotten_is_sent_again() {
    let it = about_to_retire();
    it.sim.fault(Fault::new(Service::Nova, Kind::AckedButNotDone(204)).method("DELETE"));
    it.minute();
    assert_eq!(it.servers().len(), 1);
    everything_is_gone_in_two_runs(&it, "DELETE");
    let it = about_to_retire();
    it.sim.fault(Fault::new(Service::Jenkins, Kind::AckedButNotDone(302)).method("POST").path("doDelete"));
    it.minute();
    everything_is_gone_in_two_runs(&it, "doDelete");
}

#[test]
fn l4_a_retirement_that_the_state_file_forgot_is_finished_all_the_same() {
    for forgotten in ["changeOfflineCause", "doDelete"] {
        let it = about_to_retire();
        let before = std::fs::read(it.state_file()).unwrap();
        it.sim.fault(Fault::new(Service::Jenkins, Kind::DropAfter).method("POST").path(forgotten));
        it.minute();
        // The machine lost power before the file reached the disk: the state is that of the minute before.
        std::fs::write(it.state_file(), before).unwrap();
        it.sim.heal();
        if forgotten == "changeOfflineCause" {
            everything_is_gone_in_two_runs(&it, forgotten);
        } else {
            // All that is left to tell is that the node is missing.
            it.minutes_until(20, "the server goes", |it| it.servers().is_empty());
        }
    }
}

#[test]
fn l4_a_run_that_cannot_write_its_state_does_nothing_at_all() {
    let it = about_to_retire();
    it.sim.jenkins().submit(Job::freestyle("second").label("amd64 && !trusty").lasting(minutes(1)));
    it.edit_config(|text| text.replace("\"state.json\"", "\"/proc/1/mita/state.json\""));
    let before = it.sim.writes().len();
    assert!(it.attempt(mita::reconcile::Permits::default()).is_err());
    assert_eq!(it.sim.writes().len(), before);
}

#[test]
fn l4_a_deadline_that_passes_in_the_middle_leaves_the_rest_to_the_next_run() {
    let it = Setup::trusty().top("deadline = \"5s\"").start();
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.sim.fault(Fault::new(Service::Nova, Kind::Hang).method("POST").path("/servers"));
    let run = it.run();
    run.did(&["create_server trusty demand unknown"]);
    it.sim.heal();
    it.sim.advance(minutes(1));
    // Nothing tells whether the order arrived: it is waited for, and not sent again, until order_timeout.
    let again = it.minutes_until(8, "a second order", |it| it.servers().len() == 1);
    assert!((5..=6).contains(&again), "{again}");
    it.minutes(5);
    assert_eq!(it.built(), ["first"]);
}
