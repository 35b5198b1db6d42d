//! Servers that their cloud accepted and then does not know: something deletes them, or its answers lag.

use crate::config::{NodeSettings, NodeType, Registration, Transport};
use crate::domain::names::ServerId;
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::Retirement;
use crate::domain::state::RetirementStep::Decided;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Why a server that vanished counts as a failure.
const WHY: &str = "its cloud does not know it any more (404), and its node never joined";

fn orders(s: &Situation) -> usize {
    s.plan().actions.iter().filter(|action| action.is_order()).count()
}

/// Runs for as long, one each half minute, in a cloud that shows no server ever. Gives the orders.
fn runs_without_sight(s: &mut Situation, minutes: u32) -> usize {
    let before = s.orders;
    for _ in 0..2 * minutes {
        s.run().servers().clear();
        s.after("30s");
    }
    (s.orders - before) as usize
}

#[test]
fn s4_a_server_that_was_never_seen_is_on_its_way_until_two_reads_say_that_it_is_gone() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run().servers().clear();
    s.after("30s").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   server new1  ubuntu  ordered: 30s ago, in no listing yet
    ",
    );
    s.after("30s").runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud does not know it any more (404), and its node never joined
        | ? server ubuntu (new1) of provider os vanished before its node joined, and mita did not delete it: find out what deletes servers of mita there (a clean-up job?), or whether the answers of this cloud lag
    ",
    );
    let failure = &s.state.failures[&"os".into()][&"ubuntu".into()];
    assert_eq!((failure.rule, failure.reason.as_str()), (Rule::Gone, WHY));
    assert!(s.state.gone_servers.contains_key(&ServerId::from("new1")), "what it leaves behind is known to be ours");
    // Told once.
    s.after("30s");
    assert_eq!(s.plan().warnings, Vec::<String>::new());
}

#[test]
fn s4_a_server_that_vanished_counts_in_every_limit_until_order_timeout() {
    type Limit = fn(&mut Situation);
    let limits: [Limit; 3] =
        [|s| s.config.max_servers = 1, |s| s.ubuntu().max = Some(1), |s| s.config.providers[0].max = Some(1)];
    for limit in limits {
        let mut s = Situation::new();
        limit(&mut s);
        s.project(1, "amd64");
        assert_eq!(runs_without_sight(&mut s, 5), 1);
        assert_eq!(orders(&s), 1, "after five minutes");
    }
}

#[test]
fn s4_a_cloud_that_shows_no_server_costs_some_orders_and_not_one_in_each_run() {
    let mut s = Situation::new();
    s.projects(2, "amd64");
    assert_eq!(runs_without_sight(&mut s, 5), 3, "the first is replaced once, and then one is tried at a time");
    let breaker = |s: &Situation| s.state.breakers[&"os".into()][&"ubuntu".into()].clone();
    assert_eq!((breaker(&s).failures, breaker(&s).reason.as_str()), (2, WHY));
    assert_eq!(runs_without_sight(&mut s, 3), 1);
    assert_eq!(breaker(&s).failures, 3);
    let shown = whole(&s.plan());
    assert!(shown.contains("  job 1  job1  breaker_open: "), "{shown}");
    assert!(runs_without_sight(&mut s, 52) <= 4, "an hour");
}

#[test]
fn s4_a_server_that_shows_up_after_it_was_given_up_is_ours_and_takes_the_job() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    let late = s.servers().remove(0);
    s.after("30s").run().after("30s").run();
    assert_eq!(s.servers().len(), 1, "another one");
    s.servers().push(late);
    s.project(2, "amd64");
    s.after("30s").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  on_its_way: needs amd64: ubuntu server 20261121T120100Z-1 is on its way
        |   server new1  ubuntu  booting: ordered 1m 30s ago, being built
        |   server new2  ubuntu  booting: ordered 30s ago, being built
    ",
    );
    assert!(s.state.gone_servers.is_empty());
}

#[test]
fn a_server_that_was_seen_and_deleted_before_it_joined_is_a_failure_and_two_close_nothing() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    for deleted in 1..=2 {
        s.run().after("30s").run();
        let id = format!("new{deleted}");
        assert!(s.servers().iter().any(|server| server.id.as_str() == id));
        s.lose_server(&id);
        // The first answer is enough for another one, as far as the limits allow.
        assert_eq!(orders(s.after("30s")), 1);
        s.run().after("30s").run();
        assert_eq!(s.state.breakers[&"os".into()][&"ubuntu".into()].failures, deleted);
    }
    let breaker = &s.state.breakers[&"os".into()][&"ubuntu".into()];
    assert!(breaker.until <= s.now, "nothing is closed");
}

#[test]
fn a_server_that_mita_removed_or_that_had_joined_does_not_vanish() {
    type Change = fn(&mut Situation);
    let changes: [Change; 3] = [
        |s| {
            let since = s.now;
            s.memory("s1").retirement = Some(Retirement { rule: Rule::Asked, since, step: Decided });
        },
        |s| s.memory("s1").joined_at = Some(s.now),
        |s| s.memory("s1").failure_counted = true,
    ];
    for change in changes {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        change(&mut s);
        s.lose_server("s1");
        s.run().after("30s").run();
        assert!(s.state.servers.is_empty());
        assert_eq!((s.state.breakers.len(), s.state.failures.len()), (0, 0));
    }
}

#[test]
fn the_node_of_an_order_whose_server_vanished_is_removed_and_one_whose_agent_called_in_is_kept() {
    let inbound = |kind: &mut NodeType| {
        kind.registration = Registration::Inbound(NodeSettings::default(), Transport::default());
        kind.server_name = "{node}-{id}".to_owned();
    };
    let mut s = Situation::new();
    inbound(s.ubuntu());
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    s.run().servers().clear();
    s.after("30s").run().after("30s").runs(
        "
        | - ubuntu-20261121T120000Z-1  server_gone: its server new1 is gone (404 in two runs)
        |   job 1  job1  limit: needs amd64: node type ubuntu has its max of 1
        |   node ubuntu-20261121T120000Z-1  server_gone: its server new1 is gone (404 in two runs)
        |   server new1  ubuntu-20261121T120000Z-1  gone: its cloud does not know it any more (404)
        | ? ubuntu at provider os is tried with one server at a time, after a failure: its cloud does not know it any more (404), and its node never joined
        | ? server ubuntu-20261121T120000Z-1 (new1) of provider os vanished before its node joined, and mita did not delete it: find out what deletes servers of mita there (a clean-up job?), or whether the answers of this cloud lag
    ",
    );
    let mut s = Situation::new();
    inbound(s.ubuntu());
    s.ubuntu().max = Some(1);
    s.project(1, "amd64");
    s.run().servers().clear();
    s.node("ubuntu-20261121T120000Z-1").presence = Presence::Online;
    s.project(2, "amd64");
    for _ in 0..20 {
        let plan = s.after("30s").plan();
        assert_eq!(plan.actions, [], "{}", whole(&plan));
        let shown = whole(&plan);
        assert!(shown.contains("  job 2  job2  limit: "), "{shown}");
        s.run();
    }
    assert!(s.state.failures.is_empty());
}

#[test]
fn s3_a_server_that_no_list_showed_yet_is_not_removed_for_a_mark_on_its_node_after_one_404() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    let node = s.node("ubuntu+10.0.0.1");
    node.name = "s1".into();
    node.presence = set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::Idle));
    let memory = s.memory("s1");
    (memory.listed, memory.joined_at, memory.node) = (false, None, None);
    s.lose_server("s1");
    let plan = s.plan();
    assert!(plan.actions.is_empty(), "{}", whole(&plan));
    assert!(whole(&plan).contains("server s1  ubuntu  ordered: "), "{}", whole(&plan));
}
