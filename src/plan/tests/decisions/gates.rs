//! When nothing is ordered, and when nothing is deleted: S3, quieting down, settling.

use crate::domain::state::{Settling, SettlingCause};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A job that needs a server, a node idle over its grace, and a server in ERROR.
fn all_sorts() -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["debian"]));
    s.idle("s1", "10.0.0.1", "41m");
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Error;
    s.project(1, "debian");
    s
}

#[test]
fn s3_without_the_queue_nothing_is_ordered_and_no_idle_node_retired() {
    let mut s = all_sorts();
    s.world.jenkins.queue = Listing::Unavailable("503 Service Unavailable".to_owned());
    s.runs(
        "
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        | ! jenkins: 503 Service Unavailable
        |   node ubuntu+10.0.0.1  not_seen: idle 41m, grace 40m; kept, since the queue could not be read
        |   server s1  ubuntu  not_seen: idle 41m, grace 40m; kept, since the queue could not be read
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
}

#[test]
fn s3_without_the_nodes_nothing_is_ordered_and_nothing_removed() {
    let mut s = all_sorts();
    s.world.jenkins.nodes = Listing::Unavailable("503 Service Unavailable".to_owned());
    s.runs(
        "
        | ! jenkins: 503 Service Unavailable
        |   job 1  job1  not_seen: needs debian: Jenkins' queue or its list of nodes is not there, or not believed
        |   server s1  ubuntu  not_seen: the list of Jenkins' nodes is not there, or not believed
        |   server s2  ubuntu  not_seen: the list of Jenkins' nodes is not there, or not believed
    ",
    );
}

#[test]
fn s3_one_cloud_that_does_not_answer_does_not_stop_the_others() {
    let mut s = all_sorts();
    s.add_provider("two");
    s.config.node_types[1].providers = vec!["two".into(), "os".into()];
    s.cloud("two").servers = Listing::Unavailable("timeout".to_owned());
    s.runs(
        "
        | + debian  os  20261121T120000Z-1  job1 (1) needs debian
        | - ubuntu+10.0.0.1  os  s1  idle: 41m, grace 40m
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        | ! provider two: timeout
        |   job 1  job1  demand: needs debian: debian server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  idle: 41m, grace 40m
        |   server s1  ubuntu  idle: 41m, grace 40m
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
    let mut s = all_sorts();
    s.cloud("os").servers = Listing::Unavailable("timeout".to_owned());
    s.runs(
        "
        | ! provider os: timeout
        |   job 1  job1  not_seen: needs debian: provider os could not be read
        |   node ubuntu+10.0.0.1  not_seen: provider os gave no answer about it
        |   server s1  ubuntu  not_seen: provider os gave no answer about it
        |   server s2  ubuntu  not_seen: provider os gave no answer about it
    ",
    );
}

#[test]
fn s3_without_the_mode_nothing_is_ordered() {
    let mut s = all_sorts();
    s.world.jenkins.mode = Listing::Unavailable("timeout".to_owned());
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 41m, grace 40m
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        | ! jenkins: timeout
        |   job 1  job1  not_seen: needs debian: whether Jenkins takes work could not be read
        |   node ubuntu+10.0.0.1  idle: 41m, grace 40m
        |   server s1  ubuntu  idle: 41m, grace 40m
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
}

#[test]
fn while_jenkins_is_quieting_down_nothing_is_ordered() {
    let mut s = all_sorts();
    s.world.jenkins.mode = Listing::Complete(Mode::QuietingDown);
    s.pipeline(2, "Jenkins is about to shut down");
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 41m, grace 40m
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        |   job 1  job1  quieting_down: needs debian: Jenkins is about to shut down
        |   job 2  job2  quieting_down: Jenkins is about to shut down
        |   node ubuntu+10.0.0.1  idle: 41m, grace 40m
        |   server s1  ubuntu  idle: 41m, grace 40m
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
}

#[test]
fn for_two_minutes_after_a_restart_of_jenkins_nothing_is_ordered_or_deleted() {
    let mut s = all_sorts();
    s.lost_gone_node();
    s.world.jenkins.session = Some("two".to_owned());
    s.runs("
        |   job 1  job1  settling: needs debian: Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   node ubuntu+10.0.0.1  settling: idle 41m, grace 40m; Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   node ubuntu+10.0.0.9  settling: its server s9 is gone (404 in two runs); Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   server s1  ubuntu  settling: idle 41m, grace 40m; Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   server s2  ubuntu  settling: its cloud gave it up: no reason given; Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   server s9  ubuntu  gone: its cloud does not know it any more (404)
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
    ");
    s.after("1m 59s").runs("
        |   job 1  job1  settling: needs debian: Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   node ubuntu+10.0.0.1  settling: idle 42m 59s, grace 40m; Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   node ubuntu+10.0.0.9  settling: its server s9 is gone (404 in two runs); Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   server s1  ubuntu  settling: idle 42m 59s, grace 40m; Jenkins was restarted: for two minutes nothing is ordered or deleted
        |   server s2  ubuntu  settling: its cloud gave it up: no reason given; Jenkins was restarted: for two minutes nothing is ordered or deleted
    ");
    s.after("1s").runs(
        "
        | + debian  os  20261121T120200Z-1  job1 (1) needs debian
        | - ubuntu+10.0.0.1  os  s1  idle: 43m, grace 40m
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        | - ubuntu+10.0.0.9  server_gone: its server s9 is gone (404 in two runs)
        |   job 1  job1  demand: needs debian: debian server 20261121T120200Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  idle: 43m, grace 40m
        |   node ubuntu+10.0.0.9  server_gone: its server s9 is gone (404 in two runs)
        |   server s1  ubuntu  idle: 43m, grace 40m
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
}

#[test]
fn an_answer_without_a_session_says_nothing_of_a_restart() {
    let mut s = all_sorts();
    s.joined("s3", "10.0.0.3").presence = set_offline(USER, "debugging");
    s.run();
    s.world.jenkins.session = None;
    s.node("ubuntu+10.0.0.3").presence = Presence::Disconnected;
    s.run();
    assert_eq!(s.state.settling, None);
    // Nor does it say that there was none: before 2.482, a mark is not shown after one.
    assert!(whole(&s.plan()).contains("server s3  ubuntu  held: a person set node ubuntu+10.0.0.3 offline; "));
    s.world.jenkins.session = Some("one".to_owned());
    s.run();
    assert_eq!(s.state.settling, None);
}

#[test]
fn the_first_session_ever_seen_is_no_restart() {
    let mut s = all_sorts();
    s.state.session = None;
    s.run();
    assert_eq!(s.state.settling, None);
}

#[test]
fn s6_after_an_unreadable_state_file_nothing_is_ordered_or_deleted_for_two_minutes() {
    let mut s = all_sorts();
    s.state = crate::domain::state::State::new(owner());
    s.state.settling = Some(Settling { since: s.now, cause: SettlingCause::StateUnreadable });
    s.runs("
        |   job 1  job1  settling: needs debian: the state file was unreadable: for two minutes nothing is ordered or deleted
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
        |   server s2  ubuntu  settling: its cloud gave it up: no reason given; the state file was unreadable: for two minutes nothing is ordered or deleted
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
    ");
    s.after("2m").runs(
        "
        | + debian  os  20261121T120200Z-1  job1 (1) needs debian
        | - ubuntu  os  s2  error: its cloud gave it up: no reason given
        |   job 1  job1  demand: needs debian: debian server 20261121T120200Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  kept: idle 2m, grace 40m
        |   server s1  ubuntu  kept: idle 2m, grace 40m
        |   server s2  ubuntu  error: its cloud gave it up: no reason given
        | ? server ubuntu (s2) is removed: its cloud gave it up: no reason given
    ",
    );
}

#[test]
fn settling_is_not_made_longer_by_a_clock_that_was_ahead() {
    let mut s = all_sorts();
    s.state.settling = Some(Settling { since: s.now + time("24h"), cause: SettlingCause::StateUnreadable });
    s.run();
    s.after("2m").run();
    assert_eq!(s.state.settling, None);
}

#[test]
fn some_items_that_could_be_discovered_beside_others_are_somebody_elses() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    let Listing::Complete(queue) = &mut s.world.jenkins.queue else { panic!() };
    queue.discoverable = 1;
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
}
