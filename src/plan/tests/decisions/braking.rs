//! The brake on removals that no failure of mita's own orders explains.

use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::model::Action;
use crate::plan::tests::situation::*;

/// So many servers that joined, of which the first few are offline for too long.
fn offline(away: u32, all: u32) -> Situation {
    let mut s = Situation::new();
    for number in 1..=all {
        let address = format!("10.0.0.{number}");
        s.joined(&format!("s{number}"), &address);
        if number <= away {
            let name = format!("ubuntu+{address}");
            s.node(&name).presence = Presence::Disconnected;
            let long = credit(s.now, "15m");
            s.node_memory(&name).offline = Some(long).into();
        }
    }
    s
}

fn done_and_held(s: &Situation) -> (usize, usize) {
    let plan = s.plan();
    (plan.actions.len(), plan.held_back.len())
}

#[test]
fn three_are_always_let_through_and_four_up_to_half_of_all_that_joined() {
    for (away, all, expected) in
        [(3, 3, (3, 0)), (4, 4, (0, 4)), (4, 7, (0, 4)), (4, 8, (4, 0)), (5, 9, (0, 5)), (5, 10, (5, 0))]
    {
        assert_eq!(done_and_held(&offline(away, all)), expected, "{away} of {all}");
    }
}

#[test]
fn what_is_held_back_is_shown_and_the_rest_is_done() {
    let mut s = offline(4, 4);
    s.idle("s5", "10.0.0.5", "40m");
    s.active("s6", "ubuntu", "10.0.0.6").state = ServerState::Error;
    s.runs(
        "
        | - ubuntu+10.0.0.5  os  s5  idle: 40m, grace 40m
        | - ubuntu  os  s6  error: its cloud gave it up: no reason given
        | ~ ubuntu+10.0.0.1  os  s1  offline: for 15m, join_timeout 15m
        | ~ ubuntu+10.0.0.2  os  s2  offline: for 15m, join_timeout 15m
        | ~ ubuntu+10.0.0.3  os  s3  offline: for 15m, join_timeout 15m
        | ~ ubuntu+10.0.0.4  os  s4  offline: for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.1  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.2  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.3  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.4  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.5  idle: 40m, grace 40m
        |   server s1  ubuntu  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   server s2  ubuntu  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   server s3  ubuntu  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   server s4  ubuntu  brake: held back by the brake (offline): offline for 15m, join_timeout 15m
        |   server s5  ubuntu  idle: 40m, grace 40m
        |   server s6  ubuntu  error: its cloud gave it up: no reason given
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud gave it up: no reason given
        | ? server ubuntu (s6) is removed: its cloud gave it up: no reason given
    ",
    );
    assert_eq!(s.memory("s1").retirement, None);
    s.after("1m").runs(
        "
        | ~ ubuntu+10.0.0.1  os  s1  offline: for 16m, join_timeout 15m
        | ~ ubuntu+10.0.0.2  os  s2  offline: for 16m, join_timeout 15m
        | ~ ubuntu+10.0.0.3  os  s3  offline: for 16m, join_timeout 15m
        | ~ ubuntu+10.0.0.4  os  s4  offline: for 16m, join_timeout 15m
        |   node ubuntu+10.0.0.1  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   node ubuntu+10.0.0.2  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   node ubuntu+10.0.0.3  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   node ubuntu+10.0.0.4  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   server s1  ubuntu  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   server s2  ubuntu  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   server s3  ubuntu  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   server s4  ubuntu  brake: held back by the brake (offline): offline for 16m, join_timeout 15m
        |   server s5  ubuntu  gone: its cloud does not know it any more (404)
        |   server s6  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn a_person_lets_so_many_through() {
    for (allowed, expected) in [(0, (0, 5)), (3, (3, 2)), (4, (4, 1)), (5, (5, 0)), (9, (5, 0))] {
        let mut s = offline(5, 6);
        s.allow_removals = allowed;
        assert_eq!(done_and_held(&s), expected, "{allowed}");
    }
}

#[test]
fn all_three_reasons_count_together_and_a_server_that_its_cloud_calls_stopped_does_not() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    s.joined("s2", "10.0.0.2");
    s.joined("s3", "10.0.0.3");
    s.joined("s4", "10.0.0.4").presence = Presence::Disconnected;
    let long = credit(s.now, "15m");
    s.node_memory("ubuntu+10.0.0.1").offline = Some(long).into();
    s.lose_node("ubuntu+10.0.0.2");
    s.memory("s2").missing = Some(long).into();
    s.node("ubuntu+10.0.0.3").presence = Presence::Disconnected;
    s.node_memory("ubuntu+10.0.0.3").offline = Some(long).into();
    s.joined("s5", "10.0.0.5");
    s.server("s5").state = ServerState::Stopped("SHUTOFF".to_owned());
    s.memory("s5").stopped = Some(long).into();
    s.lose_server("s4");
    s.memory("s4").gone_sightings = 1;
    let plan = s.plan();
    assert!(matches!(plan.actions.as_slice(), [Action { rule: Rule::Stopped, .. }]), "{:?}", plan.actions);
    let rules: Vec<Rule> = plan.verdicts.iter().filter(|v| v.rule == Rule::Brake).map(|v| v.rule).collect();
    assert_eq!((plan.held_back.len(), rules.len()), (4, 6));
}

#[test]
fn failures_and_idleness_are_not_held_back() {
    let mut s = Situation::new();
    for number in 1..=5 {
        s.idle(&format!("s{number}"), &format!("10.0.0.{number}"), "40m");
    }
    for number in 6..=9 {
        s.active(&format!("s{number}"), "ubuntu", "").state = ServerState::Error;
    }
    assert_eq!(done_and_held(&s), (9, 0));
}

#[test]
fn what_is_held_back_for_long_is_told_once() {
    for all in [6, 30] {
        let mut s = offline(all, all);
        for _ in 0..8 {
            s.run().after("5m");
        }
        let plan = s.plan();
        assert_eq!((plan.held_back.len(), plan.problems), (all as usize, vec![]));
    }
}

#[test]
fn what_was_held_back_for_long_is_not_called_stuck_once_a_person_allows_it() {
    let mut s = offline(6, 6);
    for _ in 0..8 {
        s.run().after("5m");
    }
    s.allow_removals = 6;
    let plan = s.plan();
    assert_eq!((plan.actions.len(), plan.held_back.len(), plan.problems), (6, 0, vec![]));
}

#[test]
fn l6_a_removal_that_does_not_end_is_told_beside_those_that_are_held_back() {
    let mut s = offline(30, 30);
    s.active("broken", "ubuntu", "10.0.9.9").state = ServerState::Error;
    let decided = Retirement { rule: Rule::Error, since: s.now, step: RetirementStep::Decided };
    s.memory("broken").retirement = Some(decided);
    for _ in 0..4 {
        // The cloud refuses the deletion.
        s.state = s.plan().state;
        s.after("5m");
    }
    let plan = s.plan();
    assert_eq!((plan.held_back.len(), plan.problems.len()), (30, 1), "{:?}", plan.problems);
    assert!(plan.problems[0].place.contains("(broken)"), "{:?}", plan.problems);
}
