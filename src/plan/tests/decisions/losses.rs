//! Servers that were on their way and leave it by another way than joining: each is a failure of its type at its provider.

use crate::config::MinIdle;
use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::state::{Origin, Retirement, RetirementStep, RetirementStep::Decided};
use crate::domain::world::*;
use crate::plan::sightings::breaker;
use crate::plan::tests::situation::*;

type Loss = fn(&mut Situation, &str);

fn in_state(s: &mut Situation, id: &str, state: ServerState) {
    s.server(id).state = state;
}

fn loses_mark(s: &mut Situation, id: &str) {
    s.server(id).mark = None;
}

fn is_hidden_after_a_soft_deletion(s: &mut Situation, id: &str) {
    let position = s.servers().iter().position(|server| server.id.as_str() == id).unwrap();
    let server = Server { state: ServerState::Deleted, ..s.servers().remove(position) };
    s.cloud("os").by_id.insert(id.into(), Lookup::Found(server));
}

/// Each way, with the rule of the failure and what is told.
const LOSSES: [(&str, Loss, Rule, &str); 8] = [
    ("mark", loses_mark, Rule::NotOurs, "it lost its mark before its node joined"),
    (
        "shutoff",
        |s, id| in_state(s, id, ServerState::Stopped("SHUTOFF".to_owned())),
        Rule::Stopping,
        "it was SHUTOFF before its node joined",
    ),
    (
        "rescue",
        |s, id| in_state(s, id, ServerState::Other("RESCUE".to_owned())),
        Rule::UnknownState,
        "it was RESCUE before its node joined",
    ),
    (
        "deleting",
        |s, id| in_state(s, id, ServerState::Deleting),
        Rule::Deleting,
        "it was deleted before its node joined",
    ),
    ("deleted", |s, id| in_state(s, id, ServerState::Deleted), Rule::Gone, "it was deleted before its node joined"),
    ("soft-deleted", is_hidden_after_a_soft_deletion, Rule::Gone, "it was deleted before its node joined"),
    (
        "locked in error",
        |s, id| {
            s.server(id).lock = Lock::Locked;
            in_state(s, id, ServerState::Error);
        },
        Rule::Held,
        "its cloud gave it up: no reason given; somebody locked it in its cloud: mita leaves it alone until it is unlocked",
    ),
    ("error", |s, id| in_state(s, id, ServerState::Error), Rule::Error, "its cloud gave it up: no reason given"),
];

/// Lets each server that is on its way get lost.
fn lose_all(s: &mut Situation, lose: Loss) {
    let coming: Vec<ServerId> = s
        .servers()
        .iter()
        .filter(|server| server.state == ServerState::Building && server.mark.is_some())
        .map(|server| server.id.clone())
        .collect();
    coming.iter().for_each(|id| lose(s, id.as_str()));
}

#[test]
fn a_server_that_is_lost_before_it_joined_is_a_failure_of_its_type_whatever_the_loss_is_called() {
    for (name, lose, rule, why) in LOSSES {
        let mut s = Situation::new();
        s.project(1, "amd64");
        s.run();
        lose(&mut s, "new1");
        s.after("1m").run();
        let failure = &s.state.failures[&"os".into()][&"ubuntu".into()];
        assert_eq!((failure.rule, failure.reason.as_str()), (rule, why), "{name}");
        let failures = |s: &Situation| s.state.breakers[&"os".into()][&"ubuntu".into()].failures;
        assert_eq!(failures(&s), 1, "{name}");
        // Each server counts once.
        s.queue().clear();
        for _ in 0..40 {
            lose_all(&mut s, |s, id| s.lose_server(id));
            s.after("1m").run();
        }
        assert!(failures(&s) <= 2, "{name}: the second one vanished");
    }
}

#[test]
fn s4_l1_l6_orders_of_servers_that_are_lost_end_and_the_next_provider_gets_the_job() {
    for (name, lose, _, why) in LOSSES {
        let mut s = Situation::new();
        s.project(1, "amd64");
        let (mut orders, mut told) = (0, Vec::new());
        for _ in 0..30 {
            let plan = s.plan();
            orders += plan.actions.iter().filter(|action| action.is_order()).count();
            told = plan
                .problems
                .iter()
                .map(|problem| format!("{}: {}", problem.place, problem.error))
                .filter(|text| text.contains("one has been wanted"))
                .collect();
            s.run().after("1m");
            lose_all(&mut s, lose);
        }
        assert!((3..=5).contains(&orders), "{name}: {orders} orders in half an hour");
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert!(
            told[0].starts_with(&format!(
                "node type ubuntu: ubuntu failed at provider os ({why}); one has been wanted for "
            )),
            "{told:?}"
        );
        s.add_provider("two");
        s.ubuntu().providers.push("two".into());
        let plan = s.after("1m").plan();
        let shown = whole(&plan);
        assert!(shown.contains("  two  ") || shown.contains("one server is being tried"), "{name}: {shown}");
    }
}

#[test]
fn s4_orders_for_servers_at_hand_end_as_well() {
    for (name, lose, ..) in LOSSES {
        let mut s = Situation::new();
        s.ubuntu().min_idle = MinIdle::Always(1);
        let mut orders = 0;
        for _ in 0..60 {
            orders += s.plan().actions.iter().filter(|action| action.is_order()).count();
            s.run().after("30s");
            lose_all(&mut s, lose);
        }
        assert!((3..=5).contains(&orders), "{name}: {orders} orders in half an hour");
        let problems = s.plan().problems;
        assert_eq!(
            problems.iter().filter(|problem| problem.error.contains("one has been wanted")).count(),
            1,
            "{name}: {problems:?}"
        );
    }
}

#[test]
fn what_mita_or_a_person_through_mita_does_is_no_failure_and_neither_is_what_had_joined_or_was_found() {
    type Change = fn(&mut Situation);
    let changes: [(&str, Change); 4] = [
        ("retired", |s| {
            let since = s.now;
            s.memory("s1").retirement = Some(Retirement { rule: Rule::Asked, since, step: Decided });
        }),
        ("asked", |s| {
            let now = s.now;
            s.memory("s1").ask("ann", now);
        }),
        ("joined", |s| s.memory("s1").joined_at = Some(s.now)),
        ("found", |s| s.memory("s1").origin = Origin::Found),
    ];
    for (what, change) in changes {
        for (name, lose, rule, _) in LOSSES {
            if rule == Rule::Error || what == "found" && rule == Rule::Held {
                continue;
            }
            let mut s = Situation::new();
            s.active("s1", "ubuntu", "10.0.0.1");
            change(&mut s);
            lose(&mut s, "s1");
            s.run();
            assert!(s.state.failures.is_empty(), "{what} {name}: {:?}", s.state.failures);
        }
    }
}

#[test]
fn a_server_whose_node_a_person_holds_before_it_joined_is_no_failure() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    let mut node = agent("ubuntu+10.0.0.1");
    node.presence = set_offline(USER, "mine");
    s.nodes().push(node);
    s.server("s1").lock = Lock::Locked;
    for _ in 0..40 {
        s.run().after("1m");
    }
    assert!(s.state.failures.is_empty(), "{:?}", s.state.failures);
}

#[test]
fn a_server_that_stopped_before_it_joined_and_joins_later_ends_the_failures() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    s.server("new1").state = ServerState::Stopped("SHUTOFF".to_owned());
    s.after("1m").run();
    s.after("1m").joins("new1", "10.0.0.2");
    s.run();
    assert!(s.state.breakers.is_empty(), "{:?}", s.state.breakers);
}

#[test]
fn l6_refusals_for_a_quota_that_is_not_read_are_a_problem_after_a_quarter_of_an_hour_and_in_each_run_from_then_on() {
    let mut s = Situation::new();
    s.cloud("os").quota = Some(Quota { instances: Some(20), ..Quota::default() });
    s.project(1, "amd64");
    for minute in 0..=40 {
        let plan = s.plan();
        let orders = plan.actions.iter().any(|action| action.is_order());
        assert_eq!(orders, minute % 5 == 0, "{minute}");
        let told: Vec<&str> = plan.problems.iter().map(|problem| problem.error.as_str()).collect();
        assert_eq!(told.len(), usize::from(minute > 15), "{minute}: {told:?}");
        let words = "provider os refused ubuntu for quota (Maximum number of ports exceeded); one has been wanted for ";
        assert!(told.iter().all(|text| text.starts_with(words)), "{told:?}");
        s.state = plan.state;
        if orders {
            s.state.servers = Default::default();
            let answer = "Maximum number of ports exceeded";
            breaker::quota_refused(&mut s.state, &"os".into(), &"ubuntu".into(), answer, s.now);
        }
        s.after("1m");
    }
    breaker::accepted(&mut s.state, &"os".into(), &"ubuntu".into(), s.now);
    assert!(s.state.quota_answers.is_empty());
}

#[test]
fn a_deletion_that_a_person_asked_for_and_that_ends_in_error_is_no_failure_of_the_type() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Error;
    let (since, memory) = (s.now, s.memory("s1"));
    memory.asked = Some(since);
    memory.retirement = Some(Retirement { rule: Rule::Asked, since, step: RetirementStep::ServerDeleted });
    s.run().after("1m").run();
    assert!(s.state.breakers.is_empty(), "{:?}", s.state.breakers);
}

#[test]
fn l6_a_provider_that_asks_for_fewer_orders_at_each_try_is_a_problem_also_in_the_run_that_tries() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    for minute in 0..60 {
        let plan = s.plan();
        let told = plan.problems.iter().any(|problem| problem.error.contains("asks for fewer requests"));
        assert_eq!(told, minute >= 16, "minute {minute}: {:?}", plan.problems);
        let is_tried = plan.actions.iter().any(|action| action.is_order());
        s.state = plan.state;
        if is_tried {
            s.state.servers = Default::default();
            breaker::throttled(&mut s.state, &"os".into(), None, s.now);
        }
        s.after("1m");
    }
}

#[test]
fn an_order_that_was_refused_for_quota_is_no_problem_once_nothing_is_wanted_but_what_is_on_its_way() {
    let mut s = Situation::new();
    s.ubuntu().times.join_timeout = time("2h");
    s.active("s1", "ubuntu", "10.0.0.1");
    s.project(1, "amd64");
    let refused = [("ubuntu".into(), "too many ports".to_owned())].into();
    s.state.quota_answers.insert("os".into(), refused);
    for _ in 0..30 {
        let plan = s.after("1m").plan();
        assert!(plan.problems.is_empty(), "{:?}", plan.problems);
        s.come_true(plan);
    }
}
