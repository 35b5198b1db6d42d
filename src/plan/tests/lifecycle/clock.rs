//! Time that is counted over sightings, and clocks that jump.

use crate::domain::rule::Rule;
use crate::domain::state::Credit;
use crate::domain::world::*;
use crate::plan::model::Subject;
use crate::plan::sightings::breaker;
use crate::plan::tests::situation::*;

#[test]
fn l3_idle_time_is_counted_over_runs_of_any_rhythm() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    for _ in 0..39 {
        s.run().after("1m");
    }
    s.run();
    s.after("59s").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 39m 59s, grace 40m
        |   server s1  ubuntu  kept: idle 39m 59s, grace 40m
    ",
    );
    s.after("1s").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn l3_a_silent_cron_counts_half_of_the_grace_at_most() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.run();
    s.after("12h").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 20m, grace 40m
        |   server s1  ubuntu  kept: idle 20m, grace 40m
    ",
    );
    s.after("12h").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn l3_a_clock_that_jumps_ahead_or_back_retires_nobody() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.run();
    s.after("8760h").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 20m, grace 40m
        |   server s1  ubuntu  kept: idle 20m, grace 40m
    ",
    );
    s.after("-8760h").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
    s.after("-10m").run();
    s.after("19m 59s").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 19m 59s, grace 40m
        |   server s1  ubuntu  kept: idle 19m 59s, grace 40m
    ",
    );
    s.after("20m").run();
    s.after("1s").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn l3_a_clock_that_was_ahead_and_is_set_right_leaves_what_was_counted_by_it() {
    let mut s = Situation::new();
    s.after("8760h");
    s.idle("s1", "10.0.0.1", "30m");
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Building;
    s.memory("s2").ordered_at = s.now - time("10m");
    s.run();
    s.after("-8760h").run();
    s.after("4m 59s").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 34m 59s, grace 40m
        |   server s1  ubuntu  kept: idle 34m 59s, grace 40m
        |   server s2  ubuntu  booting: ordered 14m 59s ago, being built
    ",
    );
}

#[test]
fn s3_a_clock_that_jumps_forth_and_back_in_turn_ends_no_time() {
    for (ahead, back) in [(1, 1), (3, 1), (1, 3), (2, 2)] {
        let mut s = Situation::new();
        s.idle("s1", "10.0.0.1", "1m");
        s.joined("s2", "10.0.0.2").presence = Presence::Disconnected;
        s.joined("s3", "10.0.0.3");
        s.lose_node("ubuntu+10.0.0.3");
        s.active("s4", "ubuntu", "10.0.0.4").state = ServerState::Building;
        s.memory("s4").ordered_at = s.now;
        s.active("s5", "ubuntu", "10.0.0.5");
        s.memory("s5").active_since = Some(s.now);
        s.lost_order("m6", "0s");
        s.run();
        for turn in 0..12 {
            for (runs, jump) in [(ahead, "3h"), (back, "-3h")] {
                s.after(jump);
                for _ in 0..runs {
                    let plan = s.after("2s").plan();
                    assert!(plan.actions.is_empty(), "turn {turn}: {}", whole(&plan));
                    s.come_true(plan);
                }
            }
        }
        assert_eq!(s.state.servers.len(), 6, "no order is given up");
    }
}

#[test]
fn l3_a_build_in_between_starts_the_time_again() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "39m");
    s.node("ubuntu+10.0.0.1").idle = false;
    s.run();
    s.node("ubuntu+10.0.0.1").idle = true;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

#[test]
fn a_run_that_cannot_read_the_nodes_does_not_start_the_time_again() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "39m");
    let nodes = std::mem::replace(&mut s.world.jenkins.nodes, Listing::Unavailable("503".to_owned()));
    s.run();
    s.world.jenkins.nodes = nodes;
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn without_any_grace_there_are_two_sightings_all_the_same() {
    let mut s = Situation::new();
    s.ubuntu().times.idle_grace = time("0s");
    s.project(1, "amd64");
    s.run().after("3m").joins("new1", "10.0.0.1");
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 0s; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 0s, grace 0s; kept for job1 (queue item 1)
    ",
    );
    s.queue().clear();
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  new1  idle: 0s, grace 0s
        |   node ubuntu+10.0.0.1  idle: 0s, grace 0s
        |   server new1  ubuntu  idle: 0s, grace 0s
    ",
    );
}

#[test]
fn an_odd_grace_is_whole_after_two_gaps() {
    let now = NOON.parse().unwrap();
    let grace = time("1s 1ns");
    let once = Credit::begin(now).seen_again(now + time("1h"), grace);
    assert!(once.credit < grace);
    assert!(once.seen_again(now + time("2h"), grace).credit >= grace);
}

#[test]
fn after_a_clock_that_was_ahead_nothing_waits_longer_than_from_now_on() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("small", &["tiny"]));
    s.config.node_types.push(kind("other", &["other"]));
    s.after("8760h");
    s.lost_order("m1", "0s");
    breaker::refused(&mut s.state, &"os".into(), &"small".into(), "no image", s.now);
    breaker::quota_refused(&mut s.state, &"os".into(), &"other".into(), "full", s.now);
    s.project(1, "amd64");
    s.project(2, "tiny");
    s.project(3, "other").stage = Stage::Pending;
    s.active("s9", "ubuntu", "10.0.0.9");
    s.memory("s9").active_since = Some(s.now);
    s.run();
    s.after("-8760h").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m1 is on its way
        |   job 2  job2  breaker_open: needs tiny: small failed at provider os (no image); tried again in 5m
        |   job 3  job3  pending: an executor is assigned to it
        |   server m1  ubuntu  ordered: 0s ago, in no listing yet
        |   server s9  ubuntu  connecting: active for 0s, not in Jenkins yet, join_timeout 15m
    ",
    );
    s.after("2m 30s").run();
    s.after("2m 30s").runs(
        "
        | + small  os  20261121T120500Z-1  job2 (2) needs tiny
        | + other  os  20261121T120500Z-2  job3 (3) needs other
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m9 is on its way
        |   job 2  job2  demand: needs tiny: small server 20261121T120500Z-1 is ordered for it
        |   job 3  job3  demand: needs other: other server 20261121T120500Z-2 is ordered for it
        |   server m1  ubuntu  gone: ordered 5m ago and never seen: given up
        |   server s9  ubuntu  connecting: active for 5m, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn a_job_found_in_vain_under_a_clock_that_was_ahead_is_tried_again_in_an_hour() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.after("8760h");
    s.run().after("3m").joins("new1", "10.0.0.1");
    s.run().after("10s").run();
    s.after("-8760h").run();
    s.lose_node("ubuntu+10.0.0.1");
    s.after("59m 59s").run();
    assert_eq!(s.state.mismatches.len(), 1);
    s.after("1s").run();
    assert_eq!(s.state.mismatches.len(), 0);
}

#[test]
fn s4_a_clock_that_jumps_an_hour_ahead_gives_up_no_server_and_no_order() {
    let mut s = Situation::new();
    s.lost_order("m1", "1m");
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Building;
    s.memory("s2").ordered_at = s.now - time("1m");
    s.active("s3", "ubuntu", "10.0.0.3");
    s.memory("s3").active_since = Some(s.now - time("1m"));
    s.run();
    for _ in 0..2 {
        let plan = s.after("1h").plan();
        let servers = plan.verdicts.iter().filter(|verdict| verdict.subject == Subject::Server);
        let rules: Vec<Rule> = servers.map(|verdict| verdict.rule).collect();
        assert_eq!((rules, plan.actions), (vec![Rule::Ordered, Rule::Booting, Rule::Connecting], vec![]));
        s.state.last_run = Some(s.now);
    }
}

#[test]
fn a_clock_that_jumps_ahead_does_not_end_the_time_in_which_things_settle() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.world.jenkins.session = Some("two".to_owned());
    s.run();
    for (span, removals) in [("8760h", 0), ("1m 59s", 0), ("1s", 1)] {
        assert_eq!(s.after(span).plan().actions.len(), removals, "{span}");
        s.run();
        // When the restart was is not known better either.
        assert!(s.state.session.as_ref().unwrap().since >= Some(s.now - time("2m")), "{span}");
    }
}

#[test]
fn l6_with_runs_far_apart_things_settle_and_servers_grow_too_old() {
    let mut s = Situation::new();
    s.ubuntu().times.max_age = Some(time("90m"));
    s.idle("s1", "10.0.0.1", "0s");
    s.world.jenkins.session = Some("two".to_owned());
    s.run().after("15m").run();
    assert_eq!(s.servers().len(), 1);
    s.after("15m").run();
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn a_run_whose_clock_was_behind_leaves_no_server_older_than_its_cloud_shows_it() {
    let mut s = Situation::new();
    s.ubuntu().times.max_age = Some(time("1h"));
    s.busy("s1", "10.0.0.1");
    let ordered = s.now;
    s.memory("s1").ordered_at = ordered;
    s.server("s1").created = Some(ordered + time("20s"));
    s.after("1m").run();
    s.after("-3h").run();
    s.after("3h 1m").run();
    for _ in 0..50 {
        let plan = s.after("1m").plan();
        assert!(plan.actions.is_empty(), "{}", whole(&plan));
        s.come_true(plan);
    }
    assert_eq!(s.memory("s1").ordered_at, ordered + time("20s"));
    let shown = whole(&s.after("10m").plan());
    assert!(shown.contains("max_age: 1h"), "{shown}");
}
