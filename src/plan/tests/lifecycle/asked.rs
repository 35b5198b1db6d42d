//! What a person asked to have retired.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A joined node whose retirement was asked for five minutes ago.
fn asked(s: &mut Situation, id: &str, address: &str) {
    s.joined(id, address);
    let since = s.now - time("5m");
    s.memory(id).asked = Some(since);
}

#[test]
fn an_idle_node_goes_before_its_grace_time_and_the_jobs_get_another_one() {
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | - ubuntu+10.0.0.1  os  s1  asked: a person asked for it at 2026-11-21T11:55:00Z
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  asked: a person asked for it at 2026-11-21T11:55:00Z
        |   server s1  ubuntu  asked: a person asked for it at 2026-11-21T11:55:00Z
    ",
    );
}

#[test]
fn s1_a_busy_node_stays_offline_until_its_build_ends() {
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    let presence = set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::Asked));
    let node = s.node("ubuntu+10.0.0.1");
    (node.presence, node.idle, node.idle_executors) = (presence, false, 0);
    s.runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build; retired as soon as it is idle: a person asked for it at 2026-11-21T11:55:00Z
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build; retired as soon as it is idle: a person asked for it at 2026-11-21T11:55:00Z
    ",
    );
    s.node("ubuntu+10.0.0.1").idle = true;
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  asked: a person asked for it at 2026-11-21T11:55:00Z
        |   node ubuntu+10.0.0.1  asked: a person asked for it at 2026-11-21T11:55:00Z
        |   server s1  ubuntu  asked: a person asked for it at 2026-11-21T11:55:00Z
    ",
    );
}

#[test]
fn what_a_person_forced_is_finished_as_the_decision_of_that_person() {
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    let since = s.now - time("5m");
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Asked, since, step: RetirementStep::Decided });
    s.lose_node("ubuntu+10.0.0.1");
    s.runs(
        "
        | - ubuntu  os  s1  asked: a person asked for it at 2026-11-21T11:55:00Z
        |   server s1  ubuntu  asked: a person asked for it at 2026-11-21T11:55:00Z
    ",
    );
}

#[test]
fn who_asked_is_told_where_the_state_knows_it() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    let now = s.now;
    s.memory("s1").ask("alice", now - time("5m"));
    s.memory("s1").ask("bob", now);
    assert_eq!(s.plan().actions[0].reason, "alice asked for it at 2026-11-21T11:55:00Z");
    s.memory("s1").withdraw();
    assert!(s.plan().actions.is_empty());
}

#[test]
fn s7_a_hold_that_came_later_comes_first() {
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    s.node("ubuntu+10.0.0.1").presence = set_offline(USER, "wait");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline: \"wait\"
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline: \"wait\"
    ",
    );
}

#[test]
fn s3_what_was_asked_waits_while_the_list_of_nodes_or_of_servers_is_not_there() {
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    s.world.jenkins.nodes = Listing::Unavailable("no answer".to_owned());
    assert!(s.plan().actions.is_empty());
    let mut s = Situation::new();
    asked(&mut s, "s1", "10.0.0.1");
    s.world.clouds.values_mut().for_each(|cloud| cloud.servers = Listing::Unavailable("no answer".to_owned()));
    assert!(s.plan().actions.is_empty());
}

#[test]
fn s2_a_server_on_which_somebody_works_stays_until_that_is_over_though_its_retirement_was_asked_for_or_has_begun() {
    type Begin = fn(&mut Situation, Rule);
    let marked: Begin = |s, rule| {
        s.node("ubuntu+10.0.0.1").presence = set_offline(USER, &offline_message(&owner(), &"s1".into(), rule));
    };
    let without_node: Begin = |s, rule| {
        s.lose_node("ubuntu+10.0.0.1");
        let since = s.now;
        s.memory("s1").retirement = Some(Retirement { rule, since, step: RetirementStep::NodesDeleted });
    };
    let cases: [(Rule, Begin); 5] = [
        (Rule::Asked, |s, _| asked(s, "s1", "10.0.0.1")),
        (Rule::SingleUse, marked),
        (Rule::MaxAge, marked),
        (Rule::Idle, marked),
        (Rule::Idle, without_node),
    ];
    for (rule, begin) in cases {
        let mut s = Situation::new();
        if rule != Rule::Asked {
            s.joined("s1", "10.0.0.1");
        }
        begin(&mut s, rule);
        s.server("s1").state = ServerState::Other("image_snapshot".to_owned());
        for _ in 0..30 {
            let plan = s.plan();
            assert!(plan.actions.is_empty(), "{rule}: {:?}", plan.actions);
            let verdict = plan.verdicts.iter().find(|verdict| verdict.id == "s1").unwrap();
            assert_eq!(verdict.reason, "in state image_snapshot, which mita leaves alone", "{rule}");
            s.come_true(plan);
            s.after("1m");
        }
        assert_eq!(s.plan().problems.len(), 1, "{rule}: {:?}", s.plan().problems);
        s.server("s1").state = ServerState::Active;
        s.run();
        assert!(s.servers().is_empty(), "{rule}");
    }
}
