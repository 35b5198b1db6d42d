//! What becomes of a server by what its cloud says: each row of the table, at its boundary and before those that follow.

use crate::domain::rule::Rule;
use crate::domain::state::{Breaker, Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

#[test]
fn a_run_with_nothing_to_see_does_nothing() {
    Situation::new().runs("");
}

#[test]
fn s3_a_server_whose_cloud_did_not_answer_is_left_alone_though_idle() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.joined("s2", "10.0.0.2").presence = Presence::Disconnected;
    s.cloud("os").servers = Listing::Unavailable("503".to_owned());
    s.runs(
        "
        | ! provider os: 503
        |   node ubuntu+10.0.0.1  not_seen: provider os gave no answer about it
        |   node ubuntu+10.0.0.2  not_seen: provider os gave no answer about it
        |   server s1  ubuntu  not_seen: provider os gave no answer about it
        |   server s2  ubuntu  not_seen: provider os gave no answer about it
    ",
    );
}

#[test]
fn s3_nothing_is_removed_while_the_list_of_nodes_is_not_believed() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Error;
    s.active("s3", "ubuntu", "10.0.0.3").state = ServerState::Deleting;
    s.world.jenkins.nodes = Listing::Unavailable("the list lacks the built-in node".to_owned());
    s.runs(
        "
        | ! jenkins: the list lacks the built-in node
        |   server s1  ubuntu  not_seen: the list of Jenkins' nodes is not there, or not believed
        |   server s2  ubuntu  not_seen: the list of Jenkins' nodes is not there, or not believed
        |   server s3  ubuntu  not_seen: the list of Jenkins' nodes is not there, or not believed
    ",
    );
}

#[test]
fn s1_a_busy_node_is_in_use_whatever_its_server_is_said_to_be() {
    for state in [
        ServerState::Active,
        ServerState::Building,
        ServerState::Error,
        ServerState::Stopped("SHUTOFF".to_owned()),
        ServerState::Deleting,
        ServerState::Deleted,
        ServerState::Other("RESCUE".to_owned()),
    ] {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1");
        s.server("s1").state = state;
        s.runs(
            "
            |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
            |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
        ",
        );
    }
}

#[test]
fn s1_a_node_deleted_while_busy_protects_its_server() {
    let mut s = Situation::new();
    let node = s.busy("s1", "10.0.0.1");
    node.labels = [].into();
    node.executors = 0;
    node.presence = set_offline("hudson.slaves.OfflineCause$SimpleOfflineCause", "Node is being removed");
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesDeleted });
    s.runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn a_busy_node_forgives_the_failure_of_its_server() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.server("s1").state = ServerState::Error;
    s.memory("s1").failure_counted = true;
    let until = s.now + time("5m");
    let breaker = Breaker {
        until,
        pause: time("5m"),
        reason: "its cloud gave it up".to_owned(),
        failures: 3,
        failed_in: 0,
        joined_elsewhere: false,
    };
    s.state.breakers.entry("os".into()).or_default().insert("ubuntu".into(), breaker);
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn a_deleted_server_is_gone_and_its_node_waits_for_two_answers_by_id() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    s.server("s1").state = ServerState::Deleted;
    s.runs(
        "
        |   node ubuntu+10.0.0.1  gone: deleted
        |   server s1  ubuntu  gone: deleted
    ",
    );
    s.lose_server("s1");
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  gone: its cloud does not know it any more (404)
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  server_gone: its server s1 is gone (404 in two runs)
        |   node ubuntu+10.0.0.1  server_gone: its server s1 is gone (404 in two runs)
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
    s.after("1m").runs("");
}

#[test]
fn a_deletion_is_waited_for_and_told_when_it_lasts() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Deleting;
    s.memory("s1").joined_at = Some(s.now);
    s.runs(
        "
        |   server s1  ubuntu  deleting: being deleted for 0s
    ",
    );
    for _ in 0..2 {
        s.after("7m").run();
    }
    s.after("59s").runs(
        "
        |   server s1  ubuntu  deleting: being deleted for 14m 59s
    ",
    );
    s.after("1m").runs(
        "
        | ! server ubuntu (s1): deleting (being deleted for 15m 59s: stuck) for 15m 59s: ask the cloud's operators to bring its deletion to an end
        |   server s1  ubuntu  deleting: being deleted for 15m 59s: stuck
    ",
    );
}

#[test]
fn an_order_that_no_listing_shows_is_given_up_after_its_time() {
    let mut s = Situation::new();
    s.lost_order("m1", "4m 59s");
    s.project(1, "amd64");
    s.runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m1 is on its way
        |   server m1  ubuntu  ordered: 4m 59s ago, in no listing yet
    ",
    );
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T120001Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120001Z-1 is ordered for it
        |   server m1  ubuntu  gone: ordered 5m ago and never seen: given up
    ",
    );
}

#[test]
fn an_order_that_its_provider_answered_with_an_error_fails_when_it_is_given_up() {
    let mut s = Situation::new();
    s.lost_order("m1", "5m").fault = Some("the compute service answered 500: Unexpected API Error.".to_owned());
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   server m1  ubuntu  gone: ordered 5m ago and never seen: given up
        | ? ubuntu at provider os is tried with one server at a time, after a failure: ordered 5m ago and never seen: given up; its order: the compute service answered 500: Unexpected API Error.
    ",
    );
    assert_eq!(s.state.breakers[&"os".into()][&"ubuntu".into()].failures, 1);
}

#[test]
fn s4_an_order_is_not_given_up_while_the_list_lacks_servers_that_are_there() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.run();
    let hidden = s.servers().remove(0);
    s.cloud("os").by_id.insert("s1".into(), Lookup::Found(hidden));
    s.lost_order("m2", "5m");
    s.config.max_servers = 2;
    s.project(1, "amd64");
    s.runs(
        "
        | ! provider os: its list of servers lacks some that are there: order m2, which no list has shown, is not given up; ask the cloud's operators (is a cell down?)
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m2 is on its way
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server m2  ubuntu  not_seen: the list of provider os lacks servers that are there, and perhaps this one
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    let Some(Lookup::Found(shown)) = s.cloud("os").by_id.remove(&"s1".into()) else { panic!("not hidden") };
    s.servers().push(shown);
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server m2  ubuntu  gone: ordered 6m ago and never seen: given up
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn an_order_with_an_id_is_given_up_when_the_cloud_does_not_know_the_id() {
    let mut s = Situation::new();
    s.lost_order("m1", "10m").server_id = Some("s1".into());
    s.project(1, "amd64");
    s.cloud("os").by_id.insert("s1".into(), Lookup::Unavailable("timeout".to_owned()));
    s.runs(
        "
        | ! provider os: timeout
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m1 is on its way
        |   server s1  ubuntu  not_seen: provider os gave no answer about it
    ",
    );
    s.cloud("os").by_id.clear();
    s.queue().clear();
    s.after("1m").runs(
        "
        |   server s1  ubuntu  ordered: 11m ago, in no listing yet
    ",
    );
    s.project(1, "amd64");
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120200Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120200Z-1 is ordered for it
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud does not know it any more (404), and its node never joined
        | ? server ubuntu (s1) of provider os vanished before its node joined, and mita did not delete it: find out what deletes servers of mita there (a clean-up job?), or whether the answers of this cloud lag
    ",
    );
    assert!(s.state.servers.keys().all(|id| id.as_str() != "m1"));
}

#[test]
fn a_server_that_a_listing_lacks_and_a_read_by_id_shows_is_there() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    let server = s.server("s1").clone();
    s.lose_server("s1");
    s.cloud("os").by_id.insert("s1".into(), Lookup::Found(server));
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 5m, grace 40m
        |   server s1  ubuntu  kept: idle 5m, grace 40m
    ",
    );
}

#[test]
fn a_server_in_error_is_removed_with_the_clouds_own_words() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Error;
    s.server("s1").fault = Some("No valid host was found.\nThere are not enough hosts".to_owned());
    s.runs("
        | - ubuntu  os  s1  error: its cloud gave it up: No valid host was found. There are not enough hosts
        |   server s1  ubuntu  error: its cloud gave it up: No valid host was found. There are not enough hosts
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: No valid host was found. There are not enough hosts
        | ? server ubuntu (s1) is removed: its cloud gave it up: No valid host was found. There are not enough hosts
    ");
}

#[test]
fn a_server_that_is_built_for_too_long_is_removed() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "").state = ServerState::Building;
    s.memory("s1").ordered_at = s.now - time("14m 59s");
    s.runs(
        "
        |   server s1  ubuntu  booting: ordered 14m 59s ago, being built
    ",
    );
    s.after("1s").runs("
        | - ubuntu  os  s1  boot_timeout: still being built 15m after its order, boot_timeout 15m
        |   server s1  ubuntu  boot_timeout: still being built 15m after its order, boot_timeout 15m
        | ? ubuntu at provider os is tried with one server at a time, after a failure: still being built 15m after its order, boot_timeout 15m
        | ? server ubuntu (s1) is removed: still being built 15m after its order, boot_timeout 15m
    ");
}

#[test]
fn a_stopped_server_is_removed_after_its_join_timeout_counted_over_sightings() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
    s.runs(
        "
        |   node ubuntu+10.0.0.1  stopping: SHUTOFF for 0s, join_timeout 15m
        |   server s1  ubuntu  stopping: SHUTOFF for 0s, join_timeout 15m
    ",
    );
    s.after("1h").runs(
        "
        |   node ubuntu+10.0.0.1  stopping: SHUTOFF for 7m 30s, join_timeout 15m
        |   server s1  ubuntu  stopping: SHUTOFF for 7m 30s, join_timeout 15m
    ",
    );
    s.after("7m 29s").runs(
        "
        |   node ubuntu+10.0.0.1  stopping: SHUTOFF for 14m 59s, join_timeout 15m
        |   server s1  ubuntu  stopping: SHUTOFF for 14m 59s, join_timeout 15m
    ",
    );
    s.after("1s").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  stopped: SHUTOFF for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.1  stopped: SHUTOFF for 15m, join_timeout 15m
        |   server s1  ubuntu  stopped: SHUTOFF for 15m, join_timeout 15m
    ",
    );
}

#[test]
fn a_server_in_any_other_state_is_left_alone_and_shown() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "3h");
    s.server("s1").state = ServerState::Other("RESCUE".to_owned());
    s.runs(
        "
        |   node ubuntu+10.0.0.1  unknown_state: in state RESCUE, which mita leaves alone
        |   server s1  ubuntu  unknown_state: in state RESCUE, which mita leaves alone
        | ? server ubuntu (s1): in state RESCUE, which mita leaves alone
    ",
    );
}

#[test]
fn servers_of_a_type_that_is_no_longer_configured_go_the_same_way() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "40m");
    s.active("s2", "ubuntu", "").state = ServerState::Building;
    s.memory("s2").ordered_at = s.now - time("1m");
    s.config.node_types[0] = kind("debian", &["debian"]);
    s.project(1, "amd64");
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 40m, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 40m, grace 40m; kept for job1 (queue item 1)
        |   server s2  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn servers_of_a_provider_that_is_no_longer_configured_are_a_problem_until_there_are_none() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.config.providers.clear();
    s.world.clouds.clear();
    s.add_provider("new");
    for _ in 0..2 {
        s.after("1m").runs(
            "
            | ! provider os: no longer configured, and 2 servers of ours are remembered there, so mita cannot see them and leaves \
                them and the nodes alone: configure it again, under this name, or delete them there and the nodes in Jenkins; then \
                mita retire s2 makes mita forget them, as a day without a node does
            |   node ubuntu+10.0.0.1  not_seen: it is at provider os, which is no longer configured
            |   server s1  ubuntu  not_seen: it is at provider os, which is no longer configured
            |   server s2  ubuntu  not_seen: it is at provider os, which is no longer configured, and has no node: mita retire s2 forgets it
        ",
        );
    }
}
