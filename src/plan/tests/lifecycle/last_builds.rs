//! Nodes that take no further build: those for one build only, and those of servers that are too old.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

fn for_one_build() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().single_use = true;
    s
}

fn growing_old() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().times.max_age = Some(time("1h"));
    s
}

/// Sets the node offline as mita does to keep further builds away.
fn drained(s: &mut Situation, node: &str, server: &str, rule: Rule) {
    let reason = offline_message(&owner(), &server.into(), rule);
    s.node(node).presence = set_offline(USER, &reason);
}

#[test]
fn a_node_for_one_build_takes_no_other_one_and_goes_when_that_is_over() {
    let mut s = for_one_build();
    s.busy("s1", "10.0.0.1");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | v ubuntu+10.0.0.1  os  s1  single_use: its node has had a build, and is for one only
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build; no further one comes (single_use)
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build; no further one comes (single_use)
    ",
    );
    s.queue().clear();
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server new1  ubuntu  booting: ordered 1m ago, being built
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    let node = s.node("ubuntu+10.0.0.1");
    node.idle = true;
    s.project(2, "amd64");
    s.project(3, "amd64");
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120200Z-1  job3 (3) needs amd64
        | - ubuntu+10.0.0.1  os  s1  single_use: node ubuntu+10.0.0.1 was set offline so that no further build comes (single_use)
        |   job 2  job2  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 3  job3  demand: needs amd64: ubuntu server 20261121T120200Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  single_use: node ubuntu+10.0.0.1 was set offline so that no further build comes (single_use)
        |   server new1  ubuntu  booting: ordered 2m ago, being built
        |   server s1  ubuntu  single_use: node ubuntu+10.0.0.1 was set offline so that no further build comes (single_use)
    ",
    );
}

#[test]
fn a_node_for_one_build_that_has_had_none_waits_for_it() {
    let mut s = for_one_build();
    s.idle("s1", "10.0.0.1", "5m");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 5m, grace 40m
        |   server s1  ubuntu  kept: idle 5m, grace 40m
    ",
    );
}

#[test]
fn a_build_between_two_runs_is_seen_in_the_average_that_rose() {
    for (before, now, used) in [
        (Some(0), Some(53_000), true),
        (Some(53_000), Some(28_000), false),
        (Some(0), Some(0), false),
        (Some(0), None, false),
    ] {
        let mut s = for_one_build();
        s.idle("s1", "10.0.0.1", "5m").busy_average = now;
        s.node_memory("ubuntu+10.0.0.1").busy_average = before;
        let shown = whole(&s.plan());
        assert_eq!(shown.contains("- ubuntu+10.0.0.1  os  s1  single_use: its node has had a build"), used, "{shown}");
    }
}

#[test]
fn the_first_average_of_a_node_counts_unless_an_older_node_had_its_name() {
    for older in [false, true] {
        let mut s = for_one_build();
        s.idle("s1", "10.0.0.1", "0s").busy_average = Some(53_000);
        s.state.nodes.clear();
        if older {
            s.remember_gone("s0").node = Some("ubuntu+10.0.0.1".into());
        }
        assert_eq!(whole(&s.plan()).contains("single_use"), !older);
    }
}

#[test]
fn a_server_of_an_age_goes_though_it_was_idle_for_no_time_and_a_job_wants_it() {
    let mut s = growing_old();
    s.idle("s1", "10.0.0.1", "0s");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | - ubuntu+10.0.0.1  os  s1  max_age: 1h old, max_age 1h
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  max_age: 1h old, max_age 1h
        |   server s1  ubuntu  max_age: 1h old, max_age 1h
    ",
    );
}

#[test]
fn a_server_just_short_of_its_age_stays() {
    let mut s = growing_old();
    s.idle("s1", "10.0.0.1", "0s");
    s.ubuntu().times.max_age = Some(time("1h 1s"));
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
    s.after("1s").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  max_age: 1h old, max_age 1h
        |   node ubuntu+10.0.0.1  max_age: 1h old, max_age 1h
        |   server s1  ubuntu  max_age: 1h old, max_age 1h
    ",
    );
}

#[test]
fn s1_a_busy_server_of_an_age_is_drained_and_never_removed() {
    let mut s = growing_old();
    s.busy("s1", "10.0.0.1");
    s.runs(
        "
        | v ubuntu+10.0.0.1  os  s1  max_age: 1h old, max_age 1h
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build; no further one comes (max_age)
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build; no further one comes (max_age)
    ",
    );
    s.after("3h").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn s7_a_person_who_holds_the_node_or_takes_it_over_keeps_it() {
    let mut s = growing_old();
    s.busy("s1", "10.0.0.1").presence = set_offline(USER, "debugging");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    s.node("ubuntu+10.0.0.1").idle = true;
    s.after("1h").runs(
        "
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline: \"debugging\"
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline: \"debugging\"
    ",
    );
}

#[test]
fn a_pipeline_that_resumes_on_its_last_node_gets_it_back() {
    let mut s = for_one_build();
    s.joined("s1", "10.0.0.1");
    drained(&mut s, "ubuntu+10.0.0.1", "s1", Rule::SingleUse);
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: a pipeline waits for this very node
        |   job 1  job1  resuming: resumes after a restart of Jenkins and waits for node ubuntu+10.0.0.1 itself
        |   node ubuntu+10.0.0.1  wanted_again: a pipeline waits for this very node
        |   server s1  ubuntu  wanted_again: a pipeline waits for this very node
    ",
    );
}

#[test]
fn s3_without_the_queue_no_node_goes_for_its_age() {
    let mut s = growing_old();
    s.idle("s1", "10.0.0.1", "0s");
    s.world.jenkins.queue = Listing::Unavailable("503".to_owned());
    s.runs(
        "
        | ! jenkins: 503
        |   node ubuntu+10.0.0.1  not_seen: 1h old, max_age 1h; kept, since the queue could not be read
        |   server s1  ubuntu  not_seen: 1h old, max_age 1h; kept, since the queue could not be read
    ",
    );
}

#[test]
fn an_old_jenkins_that_forgets_why_a_node_is_offline_changes_nothing() {
    let mut s = for_one_build();
    s.busy("s1", "10.0.0.1");
    s.run();
    s.after("1m").run();
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle) = (set_offline("", ""), true);
    s.project(1, "amd64");
    let shown = whole(&s.after("1m").plan());
    assert!(shown.contains("- ubuntu+10.0.0.1  os  s1  single_use"), "{shown}");
}

#[test]
fn a_server_has_worked_no_longer_than_it_is_known_to_be_online() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    let (now, first) = (s.now, s.now - time("20s"));
    s.state.last_run = Some(now - time("5m"));
    for (joined, worked) in [(None, "0s"), (Some(first), "20s"), (Some(now - time("2h")), "5m")] {
        s.memory("s1").joined_at = joined;
        let memory = &s.plan().state.servers;
        assert_eq!(memory.values().next().map(|server| server.work.time), Some(time(worked)), "{joined:?}");
    }
    // What Jenkins says of the build counts, but not that a pipeline began before its part did.
    for (began, joined, worked) in [("3m", None, "3m"), ("3m", Some(now - time("2h")), "3m"), ("10m", None, "0s")] {
        let since = Some(now - time(began));
        s.node("ubuntu+10.0.0.1").builds =
            vec![Build { name: "ceph #1".to_owned(), job: None, number: None, queue_id: None, url: None, since }];
        s.memory("s1").joined_at = joined;
        let memory = &s.plan().state.servers;
        assert_eq!(memory.values().next().map(|server| server.work.time), Some(time(worked)), "{began} {joined:?}");
    }
}

#[test]
fn one_run_by_a_clock_that_is_ahead_makes_no_server_too_old() {
    let mut s = growing_old();
    s.ubuntu().times.max_age = Some(time("2h"));
    s.busy("s1", "10.0.0.1");
    s.run().after("8760h").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    s.after("-8760h").run().after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    // After a silence of cron, the next run tells.
    s.after("2h").run();
    assert_eq!(s.after("1m").plan().actions.len(), 1);
}
