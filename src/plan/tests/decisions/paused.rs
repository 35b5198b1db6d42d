//! A person's pause: no orders and no removals, and what is half done is finished.

use crate::domain::rule::Rule;
use crate::domain::state::{Pause, Retirement, RetirementStep, SetOfflineBy};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const WORDS: &str = "paused by alice since 2026-11-21T12:00:00Z, until `mita resume`: moving racks";

pub(super) fn pause(node_type: Option<&str>, provider: Option<&str>) -> Pause {
    Pause {
        node_type: node_type.map(Into::into),
        provider: provider.map(Into::into),
        since: NOON.parse().unwrap(),
        until: None,
        by: "alice".to_owned(),
        reason: Some("moving racks".to_owned()),
    }
}

#[test]
fn while_everything_is_paused_nothing_is_ordered_and_nothing_removed() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").state = ServerState::Active;
    s.active("s2", "ubuntu", "10.0.0.2").state = ServerState::Error;
    s.project(1, "trusty");
    s.ubuntu().labels = names(&["amd64", "trusty"]);
    s.state.pauses = vec![pause(None, None)];
    let shown = whole(&s.plan());
    for line in [
        format!("  job 1  job1  paused: needs trusty: ubuntu at provider os is {WORDS}"),
        format!("  server s1  ubuntu  paused: idle 2h, grace 40m; {WORDS}"),
        format!("  server s2  ubuntu  paused: its cloud gave it up: no reason given; {WORDS}"),
    ] {
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
    assert!(s.plan().actions.is_empty(), "{shown}");
    s.state.pauses.clear();
    let removals = s.plan().actions.iter().filter(|action| action.removed().is_some()).count();
    assert!(removals > 0, "{}", whole(&s.plan()));
}

#[test]
fn a_pause_of_one_type_or_provider_leaves_the_others_alone() {
    for (scope, paused) in [
        (pause(Some("ubuntu"), None), true),
        (pause(None, Some("os")), true),
        (pause(Some("ubuntu"), Some("os")), true),
        (pause(Some("big"), None), false),
        (pause(None, Some("two")), false),
        (pause(Some("ubuntu"), Some("two")), false),
    ] {
        let mut s = Situation::new();
        s.add_provider("two");
        s.idle("s1", "10.0.0.1", "2h");
        s.state.pauses = vec![scope.clone()];
        assert_eq!(s.plan().actions.is_empty(), paused, "{scope:?}");
    }
}

#[test]
fn what_is_half_done_is_finished_and_what_a_person_asked_for_before_waits() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.state.pauses = vec![pause(None, None)];
    s.memory("s1").asked = Some(s.now);
    assert_eq!(s.plan().actions, []);
    s.node("ubuntu+10.0.0.1").presence = set_offline(USER, "mita retires this node: owner=ci server=s1 rule=asked");
    s.node_memory("ubuntu+10.0.0.1").set_offline_by = Some(SetOfflineBy::Us);
    assert_eq!(s.plan().actions[0].rule, Rule::Asked, "{}", whole(&s.plan()));
    s.memory("s1").asked = None;
    s.lose_node("ubuntu+10.0.0.1");
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesDeleted });
    assert_eq!(s.plan().actions[0].rule, Rule::DrainResumed);
}

#[test]
fn a_pause_ends_at_its_time() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.state.pauses = vec![Pause { until: Some(s.now + time("5m")), ..pause(None, None) }];
    assert_eq!(s.plan().state.pauses.len(), 1);
    s.after("5m");
    let plan = s.plan();
    assert_eq!((plan.actions.len(), plan.state.pauses.len()), (1, 0));
}

#[test]
fn a_pause_that_began_while_the_clock_was_ahead_lasts_as_long_from_now_on() {
    let mut s = Situation::new();
    let ahead = s.now + time("8760h");
    s.state.pauses = vec![Pause { since: ahead, until: Some(ahead + time("1h")), ..pause(None, None) }];
    s.run();
    s.project(1, "amd64");
    assert!(s.after("59m").plan().actions.is_empty());
    assert_eq!(s.after("1m").plan().actions.len(), 1);
}

#[test]
fn a_pause_of_what_has_another_name_by_now_is_a_problem_in_each_run_until_it_is_ended() {
    let mut s = Situation::new();
    s.state.pauses = vec![pause(Some("ubuntu"), Some("east")), pause(Some("jammy"), None), pause(Some("ubuntu"), None)];
    for _ in 0..2 {
        s.after("1m").runs(
            "
            | ! node type ubuntu at provider east: is paused by alice since 2026-11-21T12:00:00Z, until `mita resume --type ubuntu \
                --provider east`: moving racks; it is not configured, and nothing with another name is paused: `mita pause --type NAME \
                --provider NAME` pauses the new name, then `mita resume --type ubuntu --provider east` ends this pause
            | ! node type jammy: is paused by alice since 2026-11-21T12:00:00Z, until `mita resume --type jammy`: moving racks; it is \
                not configured, and nothing with another name is paused: `mita pause --type NAME` pauses the new name, then \
                `mita resume --type jammy` ends this pause
        ",
        );
    }
}
