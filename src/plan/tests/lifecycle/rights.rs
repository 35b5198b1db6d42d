//! Rights that mita lacks at a cloud: what cannot be removed keeps its node.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{DeletionRefused, Retirement, RetirementStep};
use crate::plan::lifecycle::rights;
use crate::plan::tests::situation::*;

const MISSING: &str = "no rule allows DELETE";
const REFUSAL: &str = "cannot delete server s1: answered 403";

/// A situation with a server whose node an earlier run deleted, and whose deletion was refused.
fn refused() -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    let step = RetirementStep::NodesDeleted;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step });
    s.memory("s1").deletion_refused = Some(DeletionRefused { since: s.now, reason: REFUSAL.to_owned(), alone: false });
    s
}

#[test]
fn l6_what_a_cloud_is_known_to_forbid_is_not_begun_and_is_told_in_each_run() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.joined("s2", "10.0.0.2");
    s.memory("s2").missing = Some(credit(s.now, "1h")).into();
    s.lose_node("ubuntu+10.0.0.2");
    s.cloud("os").removal_forbidden = Some(MISSING.to_owned());
    for (idle, missing) in [("2h", "1h"), ("2h 1m", "1h 1m")] {
        let gone = format!("its node is missing from Jenkins for {missing}, join_timeout 15m");
        s.runs(&format!(
            "
            | ! provider os: mita cannot remove servers there, so they and their nodes stay: {MISSING}
            |   node ubuntu+10.0.0.1  held: idle {idle}, grace 40m; mita cannot remove it: {MISSING}
            |   server s1  ubuntu  held: idle {idle}, grace 40m; mita cannot remove it: {MISSING}
            |   server s2  ubuntu  held: {gone}; mita cannot remove it: {MISSING}
        "
        ));
        s.after("1m");
    }
    s.cloud("os").removal_forbidden = None;
    assert_eq!(s.plan().actions.len(), 2);
}

#[test]
fn a_node_whose_removal_is_forbidden_serves_jobs() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.joined("s2", "10.0.0.2").presence = set_offline(USER, &offline_message(&owner(), &"s2".into(), Rule::Idle));
    s.memory("s2").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesOffline });
    s.cloud("os").removal_forbidden = Some(MISSING.to_owned());
    s.projects(2, "amd64");
    s.runs(&format!(
        "
        | ^ ubuntu+10.0.0.2  os  s2  wanted_again: job2 (queue item 2) needs amd64
        | ! provider os: mita cannot remove servers there, so they and their nodes stay: {MISSING}
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 2  job2  wanted_again: needs amd64: node ubuntu+10.0.0.2 is brought back online for it
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 2h, grace 40m; kept for job1 (queue item 1)
        |   node ubuntu+10.0.0.2  wanted_again: job2 (queue item 2) needs amd64
        |   server s1  ubuntu  kept_for_jobs: idle 2h, grace 40m; kept for job1 (queue item 1)
        |   server s2  ubuntu  wanted_again: job2 (queue item 2) needs amd64
    "
    ));
}

#[test]
fn nothing_is_set_offline_for_its_last_build_where_its_removal_is_forbidden() {
    let mut s = Situation::new();
    s.ubuntu().single_use = true;
    s.busy("s1", "10.0.0.1");
    assert_eq!(s.plan().actions.len(), 1);
    s.cloud("os").removal_forbidden = Some(MISSING.to_owned());
    assert!(s.plan().actions.is_empty());
}

#[test]
fn l6_after_a_refusal_the_refused_server_is_tried_again_and_no_node_follows_it() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    s.runs(&format!(
        "
        | - ubuntu  os  s1  drain_resumed: an earlier run began to retire it (idle)
        |   node ubuntu+10.0.0.2  held: idle 2h, grace 40m; kept, since the last removal there was refused: {REFUSAL}
        |   server s1  ubuntu  drain_resumed: an earlier run began to retire it (idle)
        |   server s2  ubuntu  held: idle 2h, grace 40m; kept, since the last removal there was refused: {REFUSAL}
    "
    ));
    // A person deletes it. A second read that does not find it is the end of it, and of its refusal.
    s.after("1m").run().after("1m").runs(
        "
        | - ubuntu+10.0.0.2  os  s2  idle: 2h 2m, grace 40m
        |   node ubuntu+10.0.0.2  idle: 2h 2m, grace 40m
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  idle: 2h 2m, grace 40m
    ",
    );
}

#[test]
fn s5_an_hour_after_a_refusal_that_may_be_for_one_server_alone_one_other_node_is_tried() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    s.idle("s3", "10.0.0.3", "2h");
    let retired = |s: &Situation| s.plan().actions.iter().filter(|action| action.rule == Rule::Idle).count();
    s.after("59m");
    assert_eq!(retired(&s), 0);
    s.after("1m");
    assert_eq!(retired(&s), 1);
    // That one was deleted: the refusal is for the first alone, however often that is tried again.
    rights::granted(&mut s.state, &"os".into());
    assert_eq!(retired(&s), 2);
    assert!(s.memory("s1").deletion_refused.is_some());
}

#[test]
fn s5_the_more_servers_are_refused_the_longer_it_takes_until_another_one_is_tried() {
    let mut s = refused();
    for (id, address) in [("s2", "10.0.0.2"), ("s3", "10.0.0.3")] {
        s.idle(id, address, "2h");
    }
    s.memory("s2").deletion_refused = s.memory("s1").deletion_refused.clone();
    s.lose_node("ubuntu+10.0.0.2");
    let retired = |s: &Situation| {
        s.plan().actions.iter().any(|action| action.removed().is_some_and(|target| target.server_id.as_str() == "s3"))
    };
    s.after("1h 59m");
    assert!(!retired(&s), "{}", whole(&s.plan()));
    s.after("1m");
    assert!(retired(&s), "{}", whole(&s.plan()));
}

#[test]
fn a_refusal_that_a_clock_which_was_ahead_wrote_binds_no_longer_than_any_other() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    s.memory("s1").deletion_refused.as_mut().unwrap().since = s.now + time("9h");
    s.state = s.plan().state;
    s.after("1h");
    assert!(s.plan().actions.iter().any(|action| action.rule == Rule::Idle), "{}", whole(&s.plan()));
}

#[test]
fn a_refusal_binds_no_other_provider_and_ends_with_its_server() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    let removed = |s: &Situation| s.plan().actions.iter().filter(|action| action.removed().is_some()).count();
    assert_eq!(removed(&s), 1);
    s.memory("s1").provider = "two".into();
    s.add_provider("two");
    assert_eq!(removed(&s), 1);
}

#[test]
fn l2_what_stays_after_a_refusal_takes_jobs_before_a_server_is_ordered() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    s.project(1, "amd64");
    let plan = s.plan();
    assert!(!plan.actions.iter().any(|action| action.is_order()), "{}", whole(&plan));
    s.memory("s1").deletion_refused = None;
    assert!(s.plan().actions.iter().any(|action| action.is_order()));
}

#[test]
fn l6_a_refused_removal_is_a_problem_that_names_the_refusal_after_a_quarter_of_an_hour() {
    let mut s = refused();
    s.idle("s2", "10.0.0.2", "2h");
    for number in 1..=4 {
        let problems = s.plan().problems;
        assert_eq!(problems.len(), if number == 4 { 2 } else { 0 }, "{problems:?}");
        for problem in problems {
            assert!(problem.error.contains(REFUSAL) && problem.error.contains("the right to delete servers"));
        }
        // The cloud refuses the deletion.
        s.state = s.plan().state;
        s.after("5m");
    }
}
