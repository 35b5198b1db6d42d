//! Services that cannot be read for a while: that is no time in which what they would show could have come.

use crate::domain::rule::Rule;
use crate::domain::world::*;
use crate::plan::model::Subject;
use crate::plan::tests::situation::*;
use proptest::prelude::*;

/// So many runs, a minute apart, in which Jenkins or the cloud gives no answer; the next run is a minute later.
fn outage(s: &mut Situation, jenkins: bool, cloud: bool, runs: u32) {
    let before = s.world.clone();
    if jenkins {
        s.world.jenkins.session = None;
        s.world.jenkins.mode = Listing::Unavailable("503".to_owned());
        s.world.jenkins.queue = Listing::Unavailable("503".to_owned());
        s.world.jenkins.nodes = Listing::Unavailable("503".to_owned());
    }
    if cloud {
        s.cloud("os").servers = Listing::Unavailable("503".to_owned());
    }
    for _ in 0..runs {
        s.run().after("1m");
    }
    s.world = before;
}

/// An active server that has not joined for so long.
fn connecting(s: &mut Situation, active: &str) {
    let since = s.now - time(active);
    s.active("s1", "ubuntu", "10.0.0.1");
    s.memory("s1").active_since = Some(since);
    s.run().after("1m");
}

#[test]
fn s3_no_server_is_given_up_for_the_time_in_which_jenkins_could_not_be_read() {
    let mut s = Situation::new();
    connecting(&mut s, "12m");
    outage(&mut s, true, false, 20);
    s.runs(
        "
        |   server s1  ubuntu  connecting: active for 12m, not in Jenkins yet, join_timeout 15m
    ",
    );
    s.after("2m").run().after("59s").runs(
        "
        |   server s1  ubuntu  connecting: active for 14m 59s, not in Jenkins yet, join_timeout 15m
    ",
    );
    assert_eq!(rules(&s.after("1s").plan().verdicts), [Rule::NeverJoined]);
}

#[test]
fn s3_while_jenkins_settles_no_agent_is_waited_for() {
    let mut s = Situation::new();
    connecting(&mut s, "12m");
    s.world.jenkins.session = Some("two".to_owned());
    for _ in 0..2 {
        s.run().after("1m");
    }
    s.runs(
        "
        |   server s1  ubuntu  connecting: active for 12m, not in Jenkins yet, join_timeout 15m
    ",
    );
    s.after("2m").runs(
        "
        |   server s1  ubuntu  connecting: active for 14m, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn s3_no_server_is_given_up_for_the_time_in_which_its_cloud_could_not_be_read() {
    for state in [ServerState::Building, ServerState::Active] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1").state = state;
        s.memory("s1").ordered_at = s.now - time("12m");
        s.memory("s1").active_since = None;
        s.run().after("1m");
        outage(&mut s, false, true, 20);
        assert!([[Rule::Booting], [Rule::Connecting]].contains(&rules(&s.plan().verdicts)[..].try_into().unwrap()));
        for _ in 0..30 {
            s.run().after("1m");
        }
        assert_eq!(rules(&s.plan().verdicts), [], "given up in the end");
    }
}

#[test]
fn s3_a_server_that_is_being_built_does_not_wait_for_jenkins() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "").state = ServerState::Building;
    s.memory("s1").ordered_at = s.now - time("1m");
    s.run().after("1m");
    outage(&mut s, true, false, 14);
    assert_eq!(rules(&s.plan().verdicts), [Rule::BootTimeout]);
}

#[test]
fn s4_an_order_is_given_up_after_its_time_over_lists_that_were_read() {
    let mut s = Situation::new();
    s.ubuntu().times.order_timeout = time("1m");
    s.project(1, "amd64");
    let plan = s.plan();
    s.state = plan.state;
    s.after("30s");
    outage(&mut s, false, true, 3);
    let waits = "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
    ";
    s.runs(&format!("{waits}|   server 20261121T120000Z-1  ubuntu  ordered: 3m 30s ago, in no listing yet\n"));
    s.after("59s");
    s.runs(&format!("{waits}|   server 20261121T120000Z-1  ubuntu  ordered: 4m 29s ago, in no listing yet\n"));
    let plan = s.after("30s").plan();
    assert_eq!(plan.actions.len(), 1, "{}", whole(&plan));
}

#[test]
fn an_outage_makes_no_server_late_and_teaches_nothing_about_joining() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run().after("1m");
    s.server("new1").state = ServerState::Active;
    s.run().after("1m");
    outage(&mut s, true, true, 20);
    s.runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   server new1  ubuntu  connecting: active for 0s, not in Jenkins yet, join_timeout 15m
    ",
    );
    s.after("1m");
    outage(&mut s, true, false, 3);
    s.joins("new1", "10.0.0.1");
    s.run();
    assert!(s.memory("new1").joined_at.is_some());
    assert!(s.state.learned.joins.is_empty(), "nobody saw how long it took: {:?}", s.state.learned.joins);
}

#[test]
fn s4_an_item_that_is_pending_before_and_after_an_outage_was_not_pending_all_the_time() {
    let mut s = Situation::new();
    s.project(1, "amd64").stage = Stage::Pending;
    s.run().after("1m");
    outage(&mut s, true, false, 10);
    let pending = "
        |   job 1  job1  pending: an executor is assigned to it
    ";
    s.runs(pending).after("4m 59s").runs(pending);
    assert_eq!(s.after("1s").plan().actions.len(), 1);
}

/// The rules of the verdicts on servers.
fn rules(verdicts: &[crate::plan::model::Verdict]) -> Vec<Rule> {
    let servers = verdicts.iter().filter(|verdict| verdict.subject == Subject::Server);
    servers.map(|verdict| verdict.rule).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Services that go and come back as chance will have it, and a clock that is right or hours ahead from run to run.
    #[test]
    fn s3_no_outage_and_no_clock_that_flaps_ends_a_time(
        steps in prop::collection::vec((any::<bool>(), any::<bool>(), 0..3_i64), 1..24),
    ) {
        let mut s = Situation::new();
        s.idle("s1", "10.0.0.1", "0s");
        s.joined("s2", "10.0.0.2").presence = Presence::Disconnected;
        s.joined("s3", "10.0.0.3");
        s.lose_node("ubuntu+10.0.0.3");
        for (id, state) in [("s4", ServerState::Building), ("s5", ServerState::Active), ("s6", ServerState::Stopped("SHUTOFF".to_owned()))] {
            s.active(id, "ubuntu", "").state = state;
            s.memory(id).ordered_at = s.now;
            s.memory(id).active_since = (id != "s4").then_some(s.now);
        }
        s.lost_order("m7", "0s");
        s.run();
        let begin = s.now;
        for (number, (jenkins, cloud, ahead)) in steps.iter().enumerate() {
            // Five seconds each: two minutes at most.
            s.now = begin + time("5s") * (i32::try_from(number).unwrap() + 1) + time("3h") * i32::try_from(*ahead % 2).unwrap();
            if *ahead == 2 && (*jenkins || *cloud) {
                let now = s.now;
                outage(&mut s, *jenkins, *cloud, 1);
                s.now = now;
            } else {
                let plan = s.plan();
                prop_assert!(plan.actions.is_empty(), "{}", whole(&plan));
                s.come_true(plan);
            }
        }
        prop_assert_eq!(s.state.servers.len(), 7);
    }
}

#[test]
fn s7_a_hold_that_jenkins_forgets_lasts_where_the_first_list_of_nodes_after_the_restart_failed() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run().after("1m");
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.world.jenkins.session = Some("two".to_owned());
    let nodes = std::mem::replace(&mut s.world.jenkins.nodes, Listing::Unavailable("500".to_owned()));
    s.run().after("1m").run().after("1m");
    s.world.jenkins.nodes = nodes;
    for _ in 0..5 {
        let plan = s.plan();
        assert!(plan.actions.is_empty() && whole(&plan).contains("server s1  ubuntu  held"), "{}", whole(&plan));
        s.run().after("7m");
    }
}
