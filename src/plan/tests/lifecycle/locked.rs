//! Servers that somebody locked in their cloud.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const LOCK: &str = "somebody locked it in its cloud: mita leaves it alone until it is unlocked";

#[test]
fn s7_a_locked_server_is_held_however_long_it_is_idle_and_told_once() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").lock = Lock::Locked;
    s.runs(&format!(
        "
        |   node ubuntu+10.0.0.1  held: idle 2h, grace 40m; {LOCK}
        |   server s1  ubuntu  held: idle 2h, grace 40m; {LOCK}
        | ? server ubuntu (s1): idle 2h, grace 40m; {LOCK}
    "
    ));
    s.after("1h").runs(&format!(
        "
        |   node ubuntu+10.0.0.1  held: idle 2h 20m, grace 40m; {LOCK}
        |   server s1  ubuntu  held: idle 2h 20m, grace 40m; {LOCK}
    "
    ));
    s.server("s1").lock = Lock::Open;
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 2h 21m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 2h 21m, grace 40m
        |   server s1  ubuntu  idle: 2h 21m, grace 40m
    ",
    );
}

#[test]
fn s7_a_locked_server_is_held_whatever_is_wrong_with_it() {
    type Change = fn(&mut Situation);
    let cases: [(&str, Change); 5] = [
        ("error", |s| s.server("s1").state = ServerState::Error),
        ("stopped", |s| {
            s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
            s.memory("s1").stopped = Some(credit(s.now, "1h")).into();
        }),
        ("never_joined", |s| {
            s.lose_node("ubuntu+10.0.0.1");
            s.memory("s1").joined_at = None;
            s.memory("s1").active_since = Some(s.now - time("1h"));
        }),
        ("node_missing", |s| {
            s.lose_node("ubuntu+10.0.0.1");
            s.memory("s1").missing = Some(credit(s.now, "1h")).into();
        }),
        ("asked", |s| s.memory("s1").asked = Some(s.now)),
    ];
    for (rule, change) in cases {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1");
        change(&mut s);
        let removed = s.plan().actions.iter().any(|action| action.removed().is_some() && action.rule.name() == rule);
        assert!(removed, "{rule}: as long as nobody locks it");
        s.server("s1").lock = Lock::Locked;
        let plan = s.plan();
        assert!(plan.actions.is_empty(), "{rule}: {:?}", plan.actions);
        assert!(whole(&plan).contains("server s1  ubuntu  held: "), "{rule}: {}", whole(&plan));
        assert_eq!(
            plan.state.breakers.len(),
            usize::from(rule == "never_joined"),
            "{rule}: a failure if it never joined"
        );
    }
}

#[test]
fn a_locked_server_still_serves_jobs_and_counts() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "50m");
    s.server("s1").lock = Lock::Locked;
    s.config.max_servers = 1;
    s.projects(2, "amd64");
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 2  job2  limit: needs amd64: max_servers 1 is reached
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 50m, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 50m, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn s7_a_retirement_under_way_stands_still_while_its_server_is_locked() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::Idle));
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesOffline });
    s.server("s1").lock = Lock::Locked;
    s.config.max_servers = 2;
    s.project(1, "amd64");
    s.runs(&format!(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  held: an earlier run set node ubuntu+10.0.0.1 offline to retire it; {LOCK}
        |   server s1  ubuntu  held: an earlier run set node ubuntu+10.0.0.1 offline to retire it; {LOCK}
        | ? server ubuntu (s1): an earlier run set node ubuntu+10.0.0.1 offline to retire it; {LOCK}
    "
    ));
}

#[test]
fn s7_nothing_is_set_offline_on_a_locked_server_that_runs_its_last_build() {
    let mut s = Situation::new();
    s.ubuntu().single_use = true;
    s.busy("s1", "10.0.0.1");
    assert_eq!(s.plan().actions.len(), 1);
    s.server("s1").lock = Lock::Locked;
    assert!(s.plan().actions.is_empty());
}

#[test]
fn s7_where_a_cloud_shows_no_locks_the_refusal_that_says_so_is_a_hold() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").lock = Lock::Unknown;
    s.memory("s1").lock_met = Some(s.now - time("3h"));
    s.runs("
        |   node ubuntu+10.0.0.1  held: idle 2h, grace 40m; its cloud refused to delete it 3h ago, because somebody locked it: unlock it, then mita retire its node
        |   server s1  ubuntu  held: idle 2h, grace 40m; its cloud refused to delete it 3h ago, because somebody locked it: unlock it, then mita retire its node
        | ? server ubuntu (s1): idle 2h, grace 40m; its cloud refused to delete it 3h ago, because somebody locked it: unlock it, then mita retire its node
    ");
    s.server("s1").lock = Lock::Open;
    assert!(s.plan().actions[0].removed().is_some(), "what its cloud shows counts");
}

#[test]
fn s7_an_answer_that_does_not_show_locks_unlocks_nothing() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").lock = Lock::Locked;
    s.run();
    s.server("s1").lock = Lock::Unknown;
    s.after("1m").runs("
        |   node ubuntu+10.0.0.1  held: idle 2h 1m, grace 40m; somebody locked it in its cloud, which does not show now whether that has ended: mita leaves it alone until its cloud shows it unlocked, or somebody asks mita to retire its node
        |   server s1  ubuntu  held: idle 2h 1m, grace 40m; somebody locked it in its cloud, which does not show now whether that has ended: mita leaves it alone until its cloud shows it unlocked, or somebody asks mita to retire its node
    ");
    s.server("s1").lock = Lock::Open;
    assert!(s.plan().actions[0].removed().is_some(), "what its cloud shows counts");
    // As a person who asks for its retirement does.
    s.server("s1").lock = Lock::Unknown;
    s.memory("s1").locked = false;
    assert!(s.plan().actions[0].removed().is_some(), "a person knows better");
}

#[test]
fn l4_where_a_cloud_shows_no_locks_a_server_without_nodes_is_tried_again_after_an_hour() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.server("s1").lock = Lock::Unknown;
    s.lose_node("ubuntu+10.0.0.1");
    let step = RetirementStep::NodesDeleted;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step });
    s.memory("s1").lock_met = Some(s.now);
    s.after("59m").runs("
        |   server s1  ubuntu  held: an earlier run began to retire it (idle); its cloud refused to delete it 59m ago, because somebody locked it: mita asks again every hour
        | ? server ubuntu (s1): an earlier run began to retire it (idle); its cloud refused to delete it 59m ago, because somebody locked it: mita asks again every hour
    ");
    s.after("1m").runs(
        "
        | - ubuntu  os  s1  drain_resumed: an earlier run began to retire it (idle)
        |   server s1  ubuntu  drain_resumed: an earlier run began to retire it (idle)
    ",
    );
}
