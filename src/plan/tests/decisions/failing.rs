//! A node type of which servers are wanted and none joins after a failure: that does not last in silence, whatever the verdicts of
//! the jobs say meanwhile (L6).

use crate::config::MinIdle;
use crate::domain::world::*;
use crate::plan::model::{Plan, Subject};
use crate::plan::sightings::breaker;
use crate::plan::tests::situation::*;

/// What becomes of servers that are built.
#[derive(Clone, Copy, Debug)]
enum Fate {
    NeverJoin,
    Stop,
    Rescue,
}

use Fate::{NeverJoin, Rescue, Stop};

/// Each server at the provider that is being built is built.
fn build(s: &mut Situation, provider: &str, fate: Fate) {
    let Listing::Complete(servers) = &mut s.cloud(provider).servers else { panic!("no servers") };
    for server in servers.iter_mut().filter(|server| server.state == ServerState::Building) {
        server.state = match fate {
            NeverJoin => ServerState::Active,
            Stop => ServerState::Stopped("SHUTOFF".to_owned()),
            Rescue => ServerState::Other("RESCUE".to_owned()),
        };
    }
}

/// The server at the provider `two` that is being built joins, and its node takes a build. The one that joined before is gone.
fn join_at_two(s: &mut Situation, minute: u32) {
    s.nodes().retain(|node| node.kind == NodeKind::BuiltIn);
    let Listing::Complete(servers) = &mut s.cloud("two").servers else { panic!("no servers") };
    servers.retain(|server| server.state == ServerState::Building);
    let address = format!("10.0.1.{minute}");
    for server in servers {
        server.state = ServerState::Active;
        server.addresses = [address.parse().unwrap()].into();
    }
    s.nodes().push(Node { idle: false, idle_executors: 0, ..agent(&format!("ubuntu+{address}")) });
}

fn two_providers(s: &mut Situation) {
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
}

/// What is told of types that fail.
fn told(plan: &Plan) -> Vec<String> {
    let problems = plan.problems.iter().map(|problem| format!("{}: {}", problem.place, problem.error));
    problems.filter(|text| text.contains("one has been wanted")).collect()
}

/// Runs each minute for three hours: from a quarter of an hour after the first failure on, each run tells of it.
#[track_caller]
fn is_told_from_then_on(what: &str, s: &mut Situation, happens: fn(&mut Situation)) {
    let mut failed = None;
    for minute in 0..180 {
        let plan = s.plan();
        if !plan.state.breakers.is_empty() {
            failed.get_or_insert(minute);
        }
        let verdicts = plan.verdicts.iter().filter(|verdict| verdict.subject == Subject::QueueItem);
        let verdicts: Vec<_> = verdicts.map(|verdict| verdict.rule).collect();
        let told = told(&plan);
        let lasts = failed.is_some_and(|failed| minute >= failed + 15);
        assert_eq!(told.len(), usize::from(lasts), "{what}, minute {minute}, {verdicts:?}: {told:?}");
        s.come_true(plan);
        happens(s);
        s.after("1m");
    }
    assert!(failed.is_some(), "{what}");
}

#[test]
fn l6_a_type_whose_own_servers_fill_its_max_is_a_problem_a_quarter_of_an_hour_after_its_first_failure() {
    for max in 1..=3 {
        for at_os in [NeverJoin, Stop, Rescue] {
            let mut s = Situation::new();
            s.ubuntu().max = Some(max);
            s.project(1, "amd64");
            let happens: fn(&mut Situation) = match at_os {
                NeverJoin => |s| build(s, "os", NeverJoin),
                Stop => |s| build(s, "os", Stop),
                Rescue => |s| build(s, "os", Rescue),
            };
            is_told_from_then_on(&format!("{at_os:?}, max {max}"), &mut s, happens);
        }
    }
}

#[test]
fn l6_failures_at_one_provider_count_while_servers_at_another_do_not_join_either() {
    type Happens = fn(&mut Situation);
    let worlds: [(&str, Happens); 3] = [
        ("never join", |s| ["os", "two"].iter().for_each(|provider| build(s, provider, NeverJoin))),
        ("stop, and never join at the second", |s| {
            build(s, "os", Stop);
            build(s, "two", NeverJoin);
        }),
        ("rescued, and never asked at the second", |s| build(s, "os", Rescue)),
    ];
    for (what, happens) in worlds {
        for max in [1, 3] {
            let mut s = Situation::new();
            two_providers(&mut s);
            s.ubuntu().max = Some(max);
            s.project(1, "amd64");
            is_told_from_then_on(&format!("{what}, max {max}"), &mut s, happens);
        }
        let mut s = Situation::new();
        two_providers(&mut s);
        (s.ubuntu().max, s.ubuntu().min_idle) = (Some(1), MinIdle::Always(1));
        is_told_from_then_on(&format!("{what}, at hand"), &mut s, happens);
    }
}

#[test]
fn l6_a_limit_that_the_servers_of_the_type_fill_is_told_with_the_last_fault() {
    let mut s = Situation::new();
    two_providers(&mut s);
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    for _ in 0..16 {
        s.run().after("1m");
        build(&mut s, "os", Stop);
    }
    s.runs(
        "
        | - ubuntu  os  new1  stopped: SHUTOFF for 15m, join_timeout 15m
        | ! node type ubuntu: ubuntu failed at provider os (it was SHUTOFF before its node joined); one has been wanted for 15m: find out why (mita history shows the last ones), or let another provider serve the node type
        |   job 1  job1  limit: needs amd64: node type ubuntu has its max of 1
        |   server new1  ubuntu  stopped: SHUTOFF for 15m, join_timeout 15m
    ",
    );
}

#[test]
fn l6_a_type_that_fails_where_it_has_room_is_a_problem_though_another_provider_is_full_of_its_builds() {
    let mut s = Situation::new();
    two_providers(&mut s);
    s.busy("s1", "10.0.0.1");
    s.memory("s1").provider = "two".into();
    let server = s.servers().remove(0);
    let Listing::Complete(servers) = &mut s.cloud("two").servers else { panic!("no servers") };
    servers.push(server);
    s.config.providers[1].max = Some(1);
    s.project(1, "amd64");
    is_told_from_then_on("full", &mut s, |s| build(s, "os", Stop));
}

#[test]
fn l6_of_two_types_that_fail_by_turns_both_are_told() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["amd64"]));
    s.config.node_types.iter_mut().for_each(|kind| kind.max = Some(1));
    s.project(1, "amd64");
    for minute in 0..120 {
        let plan = s.plan();
        let told = told(&plan).len();
        assert!(minute < 20 || told == 2, "minute {minute}: {told} {:?}", plan.verdicts);
        s.come_true(plan);
        build(&mut s, "os", Stop);
        s.after("1m");
    }
}

#[test]
fn a_type_whose_servers_only_take_their_time_is_no_problem() {
    for max in [1, 2] {
        let mut s = Situation::new();
        s.ubuntu().max = Some(max);
        s.project(1, "amd64");
        for minute in 0..28 {
            let plan = s.plan();
            assert!(plan.problems.is_empty(), "max {max}, minute {minute}: {:?}", plan.problems);
            s.come_true(plan);
            if minute == 13 {
                build(&mut s, "os", NeverJoin);
            }
            s.after("1m");
        }
    }
}

#[test]
fn a_type_that_fails_at_one_provider_and_joins_at_another_is_no_problem() {
    let mut s = Situation::new();
    two_providers(&mut s);
    s.config.providers[1].max = Some(1);
    s.project(1, "amd64");
    for minute in 1..180 {
        let plan = s.plan();
        assert_eq!(told(&plan), [""; 0], "minute {minute}");
        s.come_true(plan);
        build(&mut s, "os", Stop);
        if minute % 5 == 0 {
            join_at_two(&mut s, minute);
        }
        s.after("1m");
    }
    assert!(s.state.breakers[&"os".into()][&"ubuntu".into()].failures > 3);
}

#[test]
fn a_type_that_failed_once_is_no_problem_while_builds_fill_its_limit() {
    let mut s = Situation::new();
    s.fail(1, 1);
    s.busy("s1", "10.0.0.1");
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    for _ in 0..30 {
        s.run().after("1m");
    }
    s.runs(
        "
        |   job 1  job1  limit: needs amd64: node type ubuntu has its max of 1
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn a_type_is_not_told_as_failing_for_a_server_that_a_person_keeps_from_joining() {
    let mut s = Situation::new();
    s.fail(1, 1);
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().push(Node { presence: set_offline(USER, "mine"), ..agent("ubuntu+10.0.0.1") });
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    for _ in 0..30 {
        s.run().after("1m");
    }
    let plan = s.plan();
    assert_eq!((told(&plan).len(), plan.problems.len()), (0, 1), "{:?}", plan.problems);
}

#[test]
fn a_type_that_fails_is_a_problem_only_for_as_long_as_one_is_wanted() {
    let mut s = Situation::new();
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    let minutes = |s: &mut Situation, number: u32| {
        (0..number).for_each(|_| {
            s.run().after("1m");
            build(s, "os", Stop);
        });
        told(&s.plan()).len()
    };
    assert_eq!(minutes(&mut s, 20), 1);
    s.queue().clear();
    assert_eq!(minutes(&mut s, 1), 0);
    s.project(2, "amd64");
    assert_eq!([minutes(&mut s, 14), minutes(&mut s, 1)], [0, 1]);
}

#[test]
fn a_type_that_fails_once_and_then_boots_in_its_usual_time_is_no_problem() {
    for took in [600, 1_080, 2_400] {
        let mut s = Situation::new();
        s.ubuntu().times.join_timeout = time("1h");
        s.state.learned.joins.entry("os".into()).or_default().insert("ubuntu".into(), vec![took; 9]);
        s.project(1, "amd64");
        for minute in 0..took / 60 + 3 {
            let plan = s.plan();
            assert_eq!(told(&plan), [""; 0], "{took} s, minute {minute}");
            s.come_true(plan);
            if minute == 0 {
                s.server("new1").state = ServerState::Error;
            }
            build(&mut s, "os", NeverJoin);
            s.after("1m");
        }
        for _ in 0..6 {
            s.run().after("1m");
        }
        assert_eq!(told(&s.plan()).len(), 1, "{took} s: it is late");
    }
}

#[test]
fn l6_where_the_quota_refuses_now_no_older_fault_is_told() {
    let mut s = Situation::new();
    s.fail(1, 1);
    s.project(1, "amd64");
    for minute in 0..60 {
        let plan = s.plan();
        let told = told(&plan);
        let refused = |text: &String| text.contains("provider os refused ubuntu for quota (no more ports)");
        assert!(told.iter().all(refused) && (minute < 20 || told.len() == 1), "minute {minute}: {told:?}");
        let orders = plan.actions.iter().any(|action| action.is_order());
        s.state = plan.state;
        if orders {
            s.state.servers = Default::default();
            breaker::quota_refused(&mut s.state, &"os".into(), &"ubuntu".into(), "no more ports", s.now);
        }
        s.after("1m");
    }
}
