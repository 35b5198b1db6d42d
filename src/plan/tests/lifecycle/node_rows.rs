//! What becomes of a server that runs, by what its node does: the last rows of the table.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

#[test]
fn a_server_whose_node_never_came_is_removed_after_its_join_timeout() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.2");
    let mut node = agent("ubuntu+10.0.0.2");
    node.presence = Presence::Disconnected;
    s.nodes().push(node);
    s.after("4m 59s").runs(
        "
        |   node ubuntu+10.0.0.2  connecting: active for 14m 59s, its node was never online yet, join_timeout 15m
        |   server s1  ubuntu  connecting: active for 14m 59s, not in Jenkins yet, join_timeout 15m
        |   server s2  ubuntu  connecting: active for 14m 59s, its node was never online yet, join_timeout 15m
    ",
    );
    s.after("1s").runs("
        | - ubuntu+10.0.0.2  os  s2  never_joined: active for 15m, its node was never online yet, join_timeout 15m
        | - ubuntu  os  s1  never_joined: active for 15m, not in Jenkins yet, join_timeout 15m
        |   node ubuntu+10.0.0.2  never_joined: active for 15m, its node was never online yet, join_timeout 15m
        |   server s1  ubuntu  never_joined: active for 15m, not in Jenkins yet, join_timeout 15m
        |   server s2  ubuntu  never_joined: active for 15m, its node was never online yet, join_timeout 15m
        | ? ubuntu at provider os is tried with one server at a time, after a failure: active for 15m, its node was never online yet, join_timeout 15m
        | ? server ubuntu (s1) is removed: active for 15m, not in Jenkins yet, join_timeout 15m
        | ? server ubuntu (s2) is removed: active for 15m, its node was never online yet, join_timeout 15m
    ");
}

#[test]
fn l3_a_server_whose_node_went_missing_is_removed_after_its_join_timeout() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    s.runs(
        "
        |   server s1  ubuntu  away: its node is missing from Jenkins for 0s, join_timeout 15m
    ",
    );
    s.after("7m 30s").run().after("7m 29s").runs(
        "
        |   server s1  ubuntu  away: its node is missing from Jenkins for 14m 59s, join_timeout 15m
    ",
    );
    s.after("1s").runs(
        "
        | - ubuntu  os  s1  node_missing: its node is missing from Jenkins for 15m, join_timeout 15m
        |   server s1  ubuntu  node_missing: its node is missing from Jenkins for 15m, join_timeout 15m
    ",
    );
}

#[test]
fn a_node_that_is_offline_is_retired_after_its_join_timeout() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    let away = credit(s.now, "14m 59s");
    s.node_memory("ubuntu+10.0.0.1").offline = Some(away).into();
    s.runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 14m 59s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 14m 59s, join_timeout 15m
    ",
    );
    s.after("1s").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  offline: for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.1  offline: for 15m, join_timeout 15m
        |   server s1  ubuntu  offline: for 15m, join_timeout 15m
    ",
    );
}

#[test]
fn a_node_that_a_monitor_set_offline_counts_as_offline() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence =
        set_offline("hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace", "Disk space is too low");
    let away = credit(s.now, "15m");
    s.node_memory("ubuntu+10.0.0.1").offline = Some(away).into();
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  offline: for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.1  offline: for 15m, join_timeout 15m
        |   server s1  ubuntu  offline: for 15m, join_timeout 15m
    ",
    );
}

#[test]
fn l3_an_idle_node_goes_in_the_first_run_in_which_its_time_reaches_the_grace() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "39m 59s");
    s.runs(
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
fn an_idle_node_is_kept_for_waiting_jobs_for_one_grace_time_beyond_its_own() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1h 19m 59s");
    s.project(1, "amd64").in_queue_since = Some(s.now);
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 1h 19m, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 1h 19m, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn an_idle_node_goes_after_two_grace_times_whoever_waits() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1h 20m");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | - ubuntu+10.0.0.1  os  s1  idle: 1h 20m, grace 40m
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  idle: 1h 20m, grace 40m
        |   server s1  ubuntu  idle: 1h 20m, grace 40m
    ",
    );
}

#[test]
fn l1_a_node_that_was_listed_before_it_first_came_online_has_not_come_back() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    s.after("1m").joins("new1", "10.0.0.1").presence = Presence::Disconnected;
    s.run();
    s.queue().clear();
    s.after("1m").node("ubuntu+10.0.0.1").presence = Presence::Online;
    s.run();
    assert_eq!(s.memory("new1").came_back_at, None);
    s.project(2, "amd64");
    s.after("1m").node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    assert_eq!(s.plan().actions.len(), 1, "a server is ordered for the job at once");
}
