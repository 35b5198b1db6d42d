//! A budget of machine-hours: counted in each run, reported, and at its end nothing more is ordered.

use crate::config::{Budget, Period};
use crate::domain::state::Spending;
use crate::domain::world::*;
use crate::plan::tests::situation::*;
use jiff::SignedDuration;

/// The beginning of the week.
const MONDAY: &str = "2026-11-16T00:00:00Z";

/// A Saturday noon: 5.5 days of the week have passed.
fn with_budget(used: &str) -> Situation {
    let mut s = Situation::new();
    s.ubuntu().budget = Some(budget(100));
    s.spent(used);
    s
}

fn budget(hours: u32) -> Budget {
    Budget { hours, per: Period::Week, time_zone: "UTC".to_owned().try_into().unwrap() }
}

impl Situation {
    fn spent(&mut self, used: &str) {
        let spending = Spending::default().with(MONDAY.parse().unwrap(), time(used));
        self.state.spent.node_types.insert("ubuntu".into(), spending);
    }

    fn used(&self) -> SignedDuration {
        self.state.spent.node_types.values().next().unwrap().since(MONDAY.parse().unwrap())
    }
}

#[test]
fn l1_within_the_budget_servers_are_ordered() {
    let mut s = with_budget("79h");
    s.projects(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
}

#[test]
fn s4_at_the_end_of_a_budget_nothing_is_ordered_and_nothing_that_runs_is_touched() {
    let mut s = with_budget("100h");
    s.joined("s1", "10.0.0.1");
    s.busy("s2", "10.0.0.2");
    s.projects(2, "amd64");
    s.ubuntu().min_idle = crate::config::MinIdle::Always(3);
    s.runs("
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 2  job2  budget: needs amd64: node type ubuntu has used its budget of 100h a week; ordered again from Mon 2026-11-23 00:00 UTC on
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   node ubuntu+10.0.0.2  busy: node ubuntu+10.0.0.2 runs a build
        |   server s1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.2 runs a build
        | ? the budget of node type ubuntu, 100h a week, is used up: nothing is ordered (100h of 100h used; at this rate 127h by Mon 2026-11-23 00:00 UTC)
    ");
    let again = s.after("1m").plan().warnings;
    assert!(again.iter().all(|warning| !warning.contains("budget")), "once: {again:?}");
    // Another week.
    s.now = "2026-11-23T00:00:01Z".parse().unwrap();
    let orders = s.plan().actions.iter().filter(|action| action.is_order()).count();
    assert!(orders > 0, "{}", whole(&s.plan()));
}

#[test]
fn from_four_fifths_on_a_warning_comes_once() {
    let mut s = with_budget("79h 59m");
    s.busy("s1", "10.0.0.1");
    assert_eq!(s.plan().warnings, [""; 0]);
    s.run().after("1m");
    let nearly = "the budget of node type ubuntu, 100h a week, is nearly used up (80h of 100h used; at this rate 101h by Mon 2026-11-23 00:00 UTC)";
    assert_eq!(s.plan().warnings, [nearly]);
    s.run().after("1m");
    assert_eq!(s.plan().warnings, [""; 0]);
}

#[test]
fn every_server_counts_from_its_order_on_and_a_jump_of_the_clock_counts_for_an_hour() {
    let mut s = with_budget("0s");
    s.busy("s1", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Building;
    s.memory("s2").waited = Some(time("1m"));
    s.run().after("1m").run();
    assert_eq!(s.used(), time("2m"));
    s.after("20h").run();
    assert_eq!(s.used(), time("2h 2m"));
    s.now -= time("10h");
    s.run();
    assert_eq!(s.used(), time("2h 2m"));
}

#[test]
fn the_budget_of_a_provider_leaves_the_others_open() {
    let mut s = Situation::new();
    s.add_provider("two");
    s.config.providers[0].budget = Some(budget(1));
    s.ubuntu().providers = vec!["os".into(), "two".into()];
    let spending = Spending::default().with(MONDAY.parse().unwrap(), time("1h"));
    s.state.spent.providers.insert("os".into(), spending);
    s.projects(1, "amd64");
    let plan = s.plan();
    assert!(whole(&plan).contains("+ ubuntu  two  20261121T120000Z-1"), "{}", whole(&plan));
}

#[test]
fn s4_a_clock_that_is_wrong_for_a_while_ends_no_period() {
    for days in [-400, -9, 30, 400] {
        let mut s = with_budget("100h");
        let right = s.now;
        s.now += SignedDuration::from_hours(24 * days);
        s.run();
        s.now = right + time("1m");
        s.projects(1, "amd64");
        let verdicts = s.plan().verdicts;
        let of_job = verdicts.iter().find(|verdict| verdict.id == "1").unwrap();
        assert_eq!(of_job.rule.name(), "budget", "{days}: {}", of_job.reason);
    }
}
