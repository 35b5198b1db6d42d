//! Idle nodes kept at hand.

use crate::config::{Ahead, AutoGrace, Forecast, MinIdle};
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{BIN, Learned, Level};
use crate::domain::world::*;
use crate::plan::model::{Action, Change, Subject, Verdict};
use crate::plan::tests::situation::*;

fn at_hand(number: u32) -> Situation {
    let mut s = Situation::new();
    s.ubuntu().min_idle = MinIdle::Always(number);
    s
}

#[test]
fn servers_are_ordered_until_so_many_are_at_hand() {
    let mut s = at_hand(2);
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 2 idle nodes of ubuntu are at hand
        | + ubuntu  os  20261121T120000Z-2  min_idle: fewer than 2 idle nodes of ubuntu are at hand
    ",
    );
    s.after("1m").runs(
        "
        |   server new1  ubuntu  booting: ordered 1m ago, being built
        |   server new2  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn an_idle_node_over_its_grace_is_kept_and_those_beyond_go() {
    let mut s = at_hand(1);
    s.idle("s1", "10.0.0.1", "5h");
    s.idle("s2", "10.0.0.2", "5h");
    s.runs(
        "
        | - ubuntu+10.0.0.2  os  s2  idle: 5h, grace 40m
        |   node ubuntu+10.0.0.1  min_idle: idle 5h, grace 40m; kept at hand by min_idle
        |   node ubuntu+10.0.0.2  idle: 5h, grace 40m
        |   server s1  ubuntu  min_idle: idle 5h, grace 40m; kept at hand by min_idle
        |   server s2  ubuntu  idle: 5h, grace 40m
    ",
    );
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  min_idle: idle 5h 1m, grace 40m; kept at hand by min_idle
        |   server s1  ubuntu  min_idle: idle 5h 1m, grace 40m; kept at hand by min_idle
        |   server s2  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn s4_a_job_takes_a_node_at_hand_however_long_it_was_idle_and_one_more_is_ordered() {
    let mut s = at_hand(1);
    s.idle("s1", "10.0.0.1", "5h");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 1 idle nodes of ubuntu are at hand
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 5h, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 5h, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn s4_nodes_at_hand_keep_to_the_limits_and_come_after_jobs() {
    let mut s = at_hand(9);
    s.config.node_types.push(kind("debian", &["debian"]));
    s.config.max_servers = 2;
    s.project(1, "debian");
    s.runs(
        "
        | + debian  os  20261121T120000Z-1  job1 (1) needs debian
        | + ubuntu  os  20261121T120000Z-2  min_idle: fewer than 9 idle nodes of ubuntu are at hand
        |   job 1  job1  demand: needs debian: debian server 20261121T120000Z-1 is ordered for it
    ",
    );
}

#[test]
fn a_node_that_is_being_retired_is_not_at_hand() {
    let mut s = at_hand(1);
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::Idle));
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 1 idle nodes of ubuntu are at hand
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
    ",
    );
}

#[test]
fn a_static_node_is_not_at_hand() {
    let mut s = at_hand(1);
    s.nodes().push(agent("static"));
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 1 idle nodes of ubuntu are at hand
        |   node static  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn while_nothing_may_be_ordered_none_is_ordered_to_be_at_hand() {
    let mut s = at_hand(1);
    s.world.jenkins.mode = Listing::Complete(Mode::QuietingDown);
    s.runs("");
}

#[test]
fn with_several_executors_whole_servers_are_at_hand() {
    let mut s = at_hand(2);
    s.ubuntu().executors = 3;
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 2 idle nodes of ubuntu are at hand
        | + ubuntu  os  20261121T120000Z-2  min_idle: fewer than 2 idle nodes of ubuntu are at hand
    ",
    );
}

#[test]
fn nodes_are_kept_at_hand_in_the_hours_that_are_configured_and_let_go_after_them() {
    let mut s = Situation::new();
    // NOON is a Saturday's.
    let hours = r#"{"time_zone":"UTC","windows":[
        {"days":[false,false,false,false,false,true,false],"from":720,"until":780,"count":1}]}"#;
    s.ubuntu().min_idle = serde_json::from_str(hours).unwrap();
    let plan = s.plan();
    assert!(
        matches!(plan.actions.as_slice(), [Action { change: Change::CreateServer(_), rule: Rule::MinIdle, .. }]),
        "{}",
        whole(&plan)
    );
    s.idle("s1", "10.0.0.1", "2h");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  min_idle: idle 2h, grace 40m; kept at hand by min_idle
        |   server s1  ubuntu  min_idle: idle 2h, grace 40m; kept at hand by min_idle
    ",
    );
    let plan = s.after("1h").plan();
    assert!(
        matches!(plan.actions.as_slice(), [Action { change: Change::RetireNode(_), rule: Rule::Idle, .. }]),
        "{}",
        whole(&plan)
    );
}

/// 16 executors were in use lately: `spare` orders three idle servers, and keeps seven (2.6 times 2.8).
fn spare() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().forecast = Forecast { spare: 70, ..Forecast::default() };
    s.state.learned.usage.entry("ubuntu".into()).or_default().average = 16_000_000;
    s
}

fn orders_and_retirements(s: &mut Situation) -> (usize, usize) {
    let plan = s.plan();
    let retired = plan.actions.iter().filter(|action| matches!(action.change, Change::RetireNode(_)));
    (plan.actions.iter().filter(|action| action.is_order()).count(), retired.count())
}

#[test]
fn more_are_kept_than_wanted_but_none_is_ordered_for_that() {
    let mut s = spare();
    for number in 1..=3 {
        s.idle(&format!("s{number}"), &format!("10.0.0.{number}"), "5h");
    }
    assert_eq!(orders_and_retirements(&mut s), (0, 0), "three are wanted");
    for number in 4..=9 {
        s.idle(&format!("s{number}"), &format!("10.0.0.{number}"), "5h");
    }
    assert_eq!(orders_and_retirements(&mut s), (0, 2), "seven are kept");
}

#[test]
fn a_server_that_goes_on_the_request_of_a_person_is_not_replaced_without_a_job() {
    let mut s = spare();
    s.idle("s1", "10.0.0.1", "5m");
    assert_eq!(orders_and_retirements(&mut s), (2, 0), "three are wanted");
    s.memory("s1").asked = Some(s.now);
    assert_eq!(orders_and_retirements(&mut s), (0, 1));
}

#[test]
fn spare_orders_nothing_where_hours_are_paid_but_keeps_as_many() {
    let mut s = spare();
    s.config.providers.iter_mut().for_each(|provider| provider.billing = Some(time("1h")));
    assert_eq!(orders_and_retirements(&mut s), (0, 0));
    for number in 1..=9 {
        let id = format!("s{number}");
        s.idle(&id, &format!("10.0.0.{number}"), "5h");
        let ordered_at = s.now - time("5h58m");
        s.memory(&id).ordered_at = ordered_at;
        s.server(&id).created = Some(ordered_at);
    }
    assert_eq!(orders_and_retirements(&mut s), (0, 2), "seven are kept");
}

/// With `idle_grace = "auto"` and no gaps known, where nine servers were in use two hours ago.
fn auto(spare: u32, average: f64, change: f64) -> Situation {
    let mut s = Situation::new();
    s.ubuntu().times.idle_grace = AutoGrace::SHORTEST;
    s.ubuntu().forecast = Forecast {
        spare,
        auto: Some(AutoGrace { wait_cost: AutoGrace::WAIT_COST, at_first: time("40m") }),
        ..Forecast::default()
    };
    s.state.learned.clock = 10_000;
    let usage = s.state.learned.usage.entry("ubuntu".into()).or_default();
    (usage.average, usage.change) = ((average * 1e6) as u64, (change * 1e6) as u64);
    usage.levels = vec![Level { last: 2_000, gaps: Vec::new() }; 9];
    s
}

/// How many of nine servers that are idle for five minutes go.
fn going_of_nine(mut s: Situation) -> usize {
    (1..=9).for_each(|number| {
        s.idle(&format!("s{number}"), &format!("10.0.0.{number}"), "5m");
    });
    orders_and_retirements(&mut s).1
}

#[test]
fn where_use_changes_much_from_one_run_to_the_next_more_servers_stay() {
    assert_eq!([0.0, 0.6, 1.3].map(|change| going_of_nine(auto(0, 3.2, change))), [6, 3, 0]);
}

#[test]
fn servers_go_once_as_many_go_together_as_spare_orders() {
    assert_eq!(going_of_nine(auto(70, 6.5, 0.3)), 0, "one may go, and two are ordered as spare ones");
    assert_eq!(going_of_nine(auto(70, 4.7, 0.3)), 3);
    let mut s = auto(70, 6.5, 0.3);
    (1..=9).for_each(|number| {
        s.idle(&format!("s{number}"), &format!("10.0.0.{number}"), "5m");
    });
    let plan = s.plan();
    let waits = |verdict: &&Verdict| verdict.rule == Rule::Kept && verdict.subject == Subject::Server;
    let reasons: Vec<&str> = plan.verdicts.iter().filter(waits).map(|verdict| verdict.reason.as_str()).collect();
    assert_eq!(reasons, ["idle 5m, grace 3m; goes once as many as `spare` orders may go together"]);
}

#[test]
fn servers_of_which_nothing_is_known_stay_for_the_fixed_grace_time() {
    let lost = || {
        let mut s = auto(0, 0.0, 0.0);
        s.state.learned = Learned::default();
        s
    };
    assert_eq!(going_of_nine(lost()), 0);
    let mut s = lost();
    s.idle("s1", "10.0.0.1", "5m");
    let goes_after = (0..60).find(|_| {
        let goes = orders_and_retirements(&mut s) == (0, 1);
        s.run().after("1m");
        goes
    });
    assert!(goes_after.is_some_and(|minutes| (40..44).contains(&minutes)), "{goes_after:?}");
}

#[test]
fn what_is_in_use_counts_for_spare_at_once_where_nothing_else_is_known() {
    let mut s = spare();
    s.state.learned.usage.clear();
    for number in 1..=9 {
        s.busy(&format!("s{number}"), &format!("10.0.0.{number}"));
    }
    assert_eq!(orders_and_retirements(&mut s), (2, 0));
}

#[test]
fn the_first_job_of_a_new_type_gets_one_server_and_none_to_spare() {
    let mut s = spare();
    s.state.learned.usage.clear();
    s.project(1, "amd64");
    assert_eq!(orders_and_retirements(&mut s), (1, 0));
}

#[test]
fn a_day_without_the_usual_jobs_is_said_and_orders_less() {
    let mut s = Situation::new();
    s.ubuntu().forecast = Forecast { ahead: Some(Ahead::Daily), ..Forecast::default() };
    let this = s.now.as_second().div_euclid(BIN);
    let usage = s.state.learned.usage.entry("ubuntu".into()).or_default();
    let usual = |bin: i64| if (bin - this).rem_euclid(288) < 12 { 5 } else { 4 };
    (this - 590..=this).for_each(|bin| usage.peaks.note(bin, if bin < this - 100 { usual(bin) } else { 2 }, 600));
    let plan = s.plan();
    let text = "5 were in use at this time of the last two days; 3, since the last half hour was quieter";
    assert_eq!(plan.at_hand[&"ubuntu".into()].reasons.first().map(|reason| reason.text.as_str()), Some(text));
    assert_eq!(plan.actions.iter().filter(|action| action.is_order()).count(), 3);
}

/// Two servers of ubuntu that are kept at hand, and whose type got the label `jammy` in the place of `amd64` since.
fn relabelled(number: u32) -> Situation {
    let mut s = at_hand(number);
    s.ubuntu().max = Some(2);
    s.idle("s1", "10.0.0.1", "5h");
    s.idle("s2", "10.0.0.2", "5h");
    s.run().after("1m");
    s.ubuntu().labels = names(&["jammy"]);
    s.config.fingerprint = "2".to_owned();
    s
}

#[test]
fn l1_idle_nodes_that_lack_a_label_which_their_type_got_since_are_not_at_hand_and_make_room() {
    let mut s = relabelled(2);
    s.project(1, "jammy");
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 5h 1m, grace 40m
        | - ubuntu+10.0.0.2  os  s2  idle: 5h 1m, grace 40m
        |   job 1  job1  limit: needs jammy: node type ubuntu has its max of 2
        |   node ubuntu+10.0.0.1  idle: 5h 1m, grace 40m
        |   node ubuntu+10.0.0.2  idle: 5h 1m, grace 40m
        |   server s1  ubuntu  idle: 5h 1m, grace 40m
        |   server s2  ubuntu  idle: 5h 1m, grace 40m
        | ? node ubuntu+10.0.0.1 lacks the label jammy that nodes.ubuntu promises: jobs that need it will not run there
        | ? node ubuntu+10.0.0.2 lacks the label jammy that nodes.ubuntu promises: jobs that need it will not run there
    ",
    );
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120200Z-1  job1 (1) needs jammy
        | + ubuntu  os  20261121T120200Z-2  min_idle: fewer than 2 idle nodes of ubuntu are at hand
        |   job 1  job1  demand: needs jammy: ubuntu server 20261121T120200Z-1 is ordered for it
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn s4_servers_that_come_without_a_label_of_their_type_are_at_hand_all_the_same() {
    let mut s = relabelled(2);
    for _ in 0..4 {
        s.run().after("1m");
        // What boots lacks the new label as well.
        let new: Vec<(String, String)> = (s.servers().iter())
            .filter(|server| server.state == ServerState::Building)
            .map(|server| (server.id.to_string(), format!("10.0.1.{}", &server.id.as_str()[3..])))
            .collect();
        for (id, address) in new {
            let server = s.server(&id);
            server.state = ServerState::Active;
            server.addresses = [address.parse().unwrap()].into();
            s.nodes().push(agent(&format!("ubuntu+{address}")));
        }
    }
    let orders = s.orders;
    for _ in 0..100 {
        s.run().after("5m");
    }
    assert_eq!(s.orders, orders, "{}", whole(&s.plan()));
    assert_eq!(s.servers().len(), 2);
}
