//! The circuit breaker and the quota: what follows from failures and refusals.

use crate::domain::state::{Breaker, State};
use crate::domain::world::*;
use crate::plan::plan_again;
use crate::plan::sightings::breaker;
use crate::plan::tests::situation::*;
use std::collections::{BTreeMap, BTreeSet};

/// A job, and the server ordered for it in ERROR: the third failure.
fn failed() -> Situation {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    s.fail(2, s.state.run);
    s.server("new1").state = ServerState::Error;
    s.after("1m").run();
    s
}

fn pause(s: &Situation) -> Option<(String, String)> {
    let Breaker { until, pause, .. } = s.state.breakers.get(&"os".into())?.get(&"ubuntu".into())?;
    Some((format!("{:#}", until.duration_since(s.now)), format!("{pause:#}")))
}

#[test]
fn the_third_failure_opens_the_breaker_for_five_minutes_then_one_server_is_tried() {
    let mut s = failed();
    s.project(2, "amd64");
    s.after("1m").runs("
        |   job 1  job1  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); tried again in 4m
        |   job 2  job2  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); tried again in 4m
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
    ");
    s.after("3m 59s").runs("
        |   job 1  job1  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); tried again in 1s
        |   job 2  job2  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); tried again in 1s
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
    ");
    s.after("1s").runs("
        | + ubuntu  os  20261121T120600Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120600Z-1 is ordered for it
        |   job 2  job2  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); one server is being tried
    ");
    s.after("1m").runs("
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120600Z-1 is on its way
        |   job 2  job2  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); one server is being tried
        |   server new2  ubuntu  booting: ordered 1m ago, being built
    ");
}

#[test]
fn below_three_failures_one_server_is_tried_at_once() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    s.server("new1").state = ServerState::Error;
    s.project(2, "amd64");
    s.after("1m").runs("
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs amd64
        | - ubuntu  os  new1  error: its cloud gave it up: no reason given
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   job 2  job2  breaker_open: needs amd64: ubuntu failed at provider os (its cloud gave it up: no reason given); one server is being tried
        |   server new1  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (new1) is removed: its cloud gave it up: no reason given
    ");
}

#[test]
fn only_a_server_that_was_ordered_after_the_failure_is_a_try() {
    let mut s = Situation::new();
    s.projects(2, "amd64");
    s.run();
    s.server("new2").state = ServerState::Error;
    s.after("1m");
    let orders = |s: &Situation| s.plan().actions.iter().filter(|action| action.is_order()).count();
    assert_eq!(orders(&s), 1, "new1 was ordered before the failure");
    s.run().after("1m").project(3, "amd64");
    assert_eq!(orders(&s), 0, "one server is being tried");
}

#[test]
fn a_try_that_is_late_is_not_waited_for_until_the_breaker_has_opened() {
    for (failures, orders) in [(2, 1), (3, 0)] {
        let mut s = Situation::new();
        s.project(1, "amd64");
        s.fail(2, s.state.run);
        s.run();
        s.state.breakers.values_mut().flat_map(|types| types.values_mut()).for_each(|b| b.failures = failures);
        (0..5).for_each(|_| {
            s.after("1m").run();
        });
        let late = s.after("1m").plan();
        assert_eq!(late.actions.iter().filter(|action| action.is_order()).count(), orders, "{failures}");
    }
}

#[test]
fn a_server_that_is_late_is_no_supply_and_counts_in_the_limits() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    (0..5).for_each(|_| {
        s.after("1m").run();
    });
    assert_eq!(s.plan().actions, []);
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120600Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120600Z-1 is ordered for it
        |   server new1  ubuntu  booting: ordered 6m ago, being built
    ",
    );
    s.ubuntu().max = Some(2);
    (0..5).for_each(|_| {
        s.after("1m").run();
    });
    let plan = s.after("1m").plan();
    assert!(!plan.actions.iter().any(|action| action.is_order()), "both are late, and max is reached");
}

#[test]
fn servers_that_were_there_before_the_state_do_not_say_how_long_one_takes() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").mark.as_mut().unwrap().id = "20261121T090000Z-1".into();
    s.state = State::new(owner());
    s.run();
    assert_eq!(s.state.learned.joins, BTreeMap::new());
    s.projects(2, "amd64");
    (0..3).for_each(|_| {
        s.after("1m").run();
    });
    s.after("1m").joins("new1", "10.0.0.2");
    s.run();
    let joins: Vec<&Vec<u32>> = s.state.learned.joins.values().flat_map(BTreeMap::values).collect();
    assert_eq!(joins, [&[180]]);
}

#[test]
fn s4_a_jump_of_the_clock_makes_no_server_late() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    (0..3).for_each(|_| {
        s.run().after("1m");
    });
    s.after("3h");
    assert!(!s.plan().actions.iter().any(|action| action.is_order()));
}

#[test]
fn a_success_closes_the_breaker() {
    let mut s = failed();
    s.project(2, "amd64");
    s.after("5m").run();
    s.after("3m").joins("new2", "10.0.0.2");
    s.runs(
        "
        | + ubuntu  os  20261121T120900Z-1  job2 (2) needs amd64
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.2 has an idle executor
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120900Z-1 is ordered for it
        |   node ubuntu+10.0.0.2  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
        |   server new2  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn the_pause_doubles_up_to_an_hour_with_each_further_run_that_sees_failures() {
    let mut s = failed();
    assert_eq!(pause(&s), Some(("5m".to_owned(), "5m".to_owned())));
    for (order, expected) in (2..).zip(["10m", "20m", "40m", "1h", "1h"]) {
        s.after("1h").run();
        s.server(&format!("new{order}")).state = ServerState::Error;
        s.after("1m").run();
        assert_eq!(pause(&s), Some((expected.to_owned(), expected.to_owned())));
    }
}

#[test]
fn several_failures_in_one_run_count_once_and_each_failure_counts_in_one_run() {
    let mut s = Situation::new();
    s.projects(3, "amd64");
    s.run();
    s.fail(2, s.state.run);
    s.servers().iter_mut().for_each(|server| server.state = ServerState::Error);
    let stuck = s.servers().clone();
    s.after("1m").run();
    assert_eq!(pause(&s), Some(("5m".to_owned(), "5m".to_owned())));
    *s.servers() = stuck;
    s.after("1m").run();
    assert_eq!(pause(&s), Some(("4m".to_owned(), "5m".to_owned())));
}

#[test]
fn a_failure_outweighs_a_success_of_the_same_run_whichever_comes_first() {
    for failing in ["new1", "new2"] {
        let mut s = Situation::new();
        s.projects(2, "amd64");
        s.run().after("3m");
        s.server(failing).state = ServerState::Error;
        s.joins(if failing == "new1" { "new2" } else { "new1" }, "10.0.0.2");
        s.run();
        let breaker = &s.state.breakers[&"os".into()][&"ubuntu".into()];
        assert_eq!((breaker.failures, breaker.failed_in), (1, s.state.run), "{failing}");
    }
}

#[test]
fn an_open_breaker_concerns_its_type_at_its_provider_and_nothing_else() {
    let mut s = failed();
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
    s.after("1m").runs(
        "
        | + ubuntu  two  20261121T120200Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120200Z-1 is ordered for it
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn after_a_refusal_the_second_plan_of_the_run_orders_elsewhere() {
    let mut s = Situation::new();
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
    s.project(1, "amd64");
    let first = s.plan();
    let mut state = first.state;
    state.servers.clear();
    breaker::refused(&mut state, &"os".into(), &"ubuntu".into(), "image not found", s.now);
    let second = plan_again(&s.config, &s.world, &state, &BTreeSet::new(), s.now);
    let expected = without_margin(
        "
        | + ubuntu  two  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
    assert_eq!(whole(&second), expected);
}

#[test]
fn a_server_that_joins_in_the_run_of_a_refusal_does_not_close_the_breaker_again() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run().after("3m").joins("new1", "10.0.0.1").idle = false;
    s.project(2, "amd64");
    let mut state = s.plan().state;
    state.servers.retain(|id, _| id.as_str() != "20261121T120300Z-1");
    breaker::refused(&mut state, &"os".into(), &"ubuntu".into(), "image not found", s.now);
    let second = plan_again(&s.config, &s.world, &state, &BTreeSet::new(), s.now);
    assert_eq!(second.actions, []);
    assert_eq!(second.state.breakers, state.breakers);
}

#[test]
fn s4_a_second_plan_of_the_run_counts_what_the_first_one_ordered() {
    let mut s = Situation::new();
    s.config.max_servers = 2;
    s.projects(3, "amd64");
    s.cloud("os").quota = Some(Quota { instances: Some(2), ..Quota::default() });
    let mut state = s.plan().state;
    let last = state.servers.keys().last().cloned().unwrap();
    state.servers.remove(&last);
    let second = plan_again(&s.config, &s.world, &state, &BTreeSet::new(), s.now);
    let jobs: Vec<String> = second.actions.iter().map(ToString::to_string).collect();
    assert_eq!(jobs, ["+ ubuntu  os  20261121T120000Z-2  job2 (2) needs amd64"]);
}

#[test]
fn a_refusal_for_quota_is_remembered_for_five_minutes_for_that_size() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("small", &["tiny"]));
    breaker::quota_refused(&mut s.state, &"os".into(), &"ubuntu".into(), "no more ports", s.now);
    s.project(1, "amd64");
    s.project(2, "tiny");
    s.after("4m 59s").runs(
        "
        | + small  os  20261121T120459Z-1  job2 (2) needs tiny
        |   job 1  job1  quota: needs amd64: provider os refused ubuntu for quota (no more ports); asked again in 1s
        |   job 2  job2  demand: needs tiny: small server 20261121T120459Z-1 is ordered for it
    ",
    );
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T120500Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120500Z-1 is ordered for it
        |   job 2  job2  on_its_way: needs tiny: small server 20261121T120459Z-1 is on its way
        |   server new1  small  booting: ordered 1s ago, being built
    ",
    );
}

#[test]
fn s4_a_provider_that_asks_for_fewer_orders_gets_none_until_its_pause_is_over_and_others_take_the_jobs() {
    let mut s = Situation::new();
    breaker::throttled(&mut s.state, &"os".into(), Some(time("10m")), s.now);
    s.project(1, "amd64");
    s.after("9m 59s").runs(
        "
        |   job 1  job1  breaker_open: needs amd64: provider os asks for fewer requests; servers are ordered there again in 1s
    ",
    );
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
    s.runs(
        "
        | + ubuntu  two  20261121T120959Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120959Z-1 is ordered for it
    ",
    );
    s.project(2, "amd64");
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T121000Z-1  job2 (2) needs amd64
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120959Z-1 is on its way
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T121000Z-1 is ordered for it
        |   server new1  ubuntu  booting: ordered 1s ago, being built
    ",
    );
}

#[test]
fn the_pause_of_a_provider_grows_while_it_refuses_is_bounded_and_ends_with_an_order_that_it_accepts() {
    let mut s = Situation::new();
    let os = "os".into();
    let mut pauses = Vec::new();
    for asked in [Some("42s"), None, Some("1s"), Some("30m"), None, Some("5h")] {
        let asked = asked.map(time);
        breaker::throttled(&mut s.state, &os, asked, s.now);
        // The second answer of one run.
        breaker::throttled(&mut s.state, &os, Some(time("1s")), s.now);
        breaker::accepted(&mut s.state, &os, &"ubuntu".into(), s.now);
        pauses.push(format!("{:#}", s.state.throttles[&os].pause));
        s.now = s.state.throttles[&os].until;
    }
    assert_eq!(pauses, ["42s", "5m", "10m", "30m", "1h", "1h"]);
    breaker::accepted(&mut s.state, &os, &"ubuntu".into(), s.now);
    assert!(s.state.throttles.is_empty());
    // What nobody asks for any more is forgotten.
    breaker::throttled(&mut s.state, &os, None, s.now);
    s.after("1h").run();
    assert_eq!(s.state.throttles.len(), 1);
    s.after("6m").run();
    assert!(s.state.throttles.is_empty());
}

#[test]
fn s4_the_clouds_quota_holds_in_each_of_its_units() {
    let quota = Quota {
        sizes: [("ubuntu".into(), Size { cores: 4, ram_mib: 8192 })].into(),
        instances: Some(10),
        cores: Some(100),
        ram_mib: Some(100_000),
        volumes: Some(10),
        gigabytes: Some(100),
        floating_ips: Some(10),
        ..Quota::default()
    };
    for (quota, orders) in [
        (Quota { instances: Some(2), ..quota.clone() }, 2),
        (Quota { cores: Some(11), ..quota.clone() }, 2),
        (Quota { ram_mib: Some(8191), ..quota.clone() }, 0),
        (Quota { volumes: Some(1), ..quota.clone() }, 1),
        (Quota { gigabytes: Some(29), ..quota.clone() }, 2),
        (Quota { floating_ips: Some(3), ..quota.clone() }, 3),
        (Quota { cores: None, ram_mib: None, ..quota.clone() }, 4),
        (quota, 4),
    ] {
        let mut s = Situation::new();
        s.ubuntu().storage = Some(10);
        s.ubuntu().boot.floating_ip_pool = Some("public".to_owned());
        s.projects(4, "amd64");
        s.cloud("os").quota = Some(quota.clone());
        let plan = s.plan();
        assert_eq!(plan.actions.len(), orders, "{quota:?}");
        let shown = whole(&plan);
        let refused = "quota: needs amd64: the quota of provider os has no room for ubuntu: \
                       RAM (8191 MiB left, one takes 8192 MiB)\n";
        assert_eq!(shown.contains(refused), orders == 0, "{shown}");
    }
}

#[test]
fn l2_a_quota_that_has_room_for_one_more_of_another_provider_is_used() {
    let mut s = Situation::new();
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
    s.cloud("os").quota = Some(Quota { instances: Some(1), ..Quota::default() });
    s.cloud("two").quota = Some(Quota { instances: Some(1), ..Quota::default() });
    s.projects(3, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | + ubuntu  two  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
        |   job 3  job3  limit: needs amd64: older jobs take the 50 that max_servers 50 leaves, or what the quota leaves
    ",
    );
}

#[test]
fn s3_a_server_that_a_short_list_had_hidden_for_long_is_no_longer_gone_once_it_is_listed_again() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    let server = s.server("s1").clone();
    s.lose_server("s1");
    for _ in 0..3 {
        s.run().after("1m");
    }
    s.servers().push(server);
    s.run().after("1m");
    let node = s.node("ubuntu+10.0.0.1");
    (node.idle, node.presence) = (true, Presence::Disconnected);
    s.runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn l5_a_long_fault_is_remembered_and_told_as_far_as_a_person_reads() {
    let mut s = failed();
    s.project(2, "amd64");
    s.after("1h").run();
    let server = s.servers().last().unwrap().id.clone();
    s.server(server.as_str()).state = ServerState::Error;
    s.server(server.as_str()).fault = Some("no host ".repeat(20_000));
    let plan = s.after("1m").plan();
    assert!(plan.warnings.iter().any(|warning| warning.contains("no host")), "{:?}", plan.warnings);
    assert!(plan.warnings.iter().all(|warning| warning.len() < 3_000), "{:?}", plan.warnings);
    let kept = serde_json::to_string(&plan.state).unwrap();
    assert!(kept.len() < 20_000, "{} bytes", kept.len());
}

#[test]
fn a_refused_order_is_told_by_the_run_that_sent_it_and_by_no_other() {
    let mut s = Situation::new();
    breaker::refused(&mut s.state, &"os".into(), &"ubuntu".into(), "cannot order ubuntu: no such key pair", s.now);
    assert_eq!(s.after("1m").plan().warnings, [""; 0]);
    // What only a later run can know is told by that run.
    breaker::failed(&mut s.state, &"os".into(), &"debian".into(), "it did not join", s.now);
    assert_eq!(s.plan().warnings.len(), 1);
}
