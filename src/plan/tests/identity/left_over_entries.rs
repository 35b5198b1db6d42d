//! Entries of Jenkins that have the name or the address of servers that are ordered later: they stop nothing (L5), and no
//! server more is ordered for them (S4).

use crate::domain::world::*;
use crate::plan::model::Change;
use crate::plan::tests::situation::*;

/// Runs once a minute while one job waits, and answers with the number of servers after each run. Servers get the
/// addresses 10.0.0.1, 10.0.0.2, ... and never join.
fn servers_of(s: &mut Situation, runs: usize) -> Vec<usize> {
    let count = |s: &mut Situation| {
        s.run();
        for number in 1..=20 {
            let id = format!("new{number}");
            if let Some(server) = s.servers().iter_mut().find(|server| server.id.as_str() == id) {
                server.state = ServerState::Active;
                server.addresses = [format!("10.0.0.{number}").parse().unwrap()].into();
            }
        }
        s.after("1m");
        s.servers().len()
    };
    (0..runs).map(|_| count(s)).collect()
}

/// An entry that no agent is connected to.
fn entry(name: &str, presence: Presence, idle: bool) -> Node {
    Node { labels: names(&[]), presence, idle, ..agent(name) }
}

#[test]
fn l5_an_entry_that_stood_still_before_the_order_takes_no_server_out_of_the_supply() {
    let held = || set_offline(USER, "mine");
    let entries = [
        vec![entry("ubuntu", held(), true)],
        vec![entry("ubuntu", held(), false)],
        vec![entry("ubuntu", Presence::Disconnected, false)],
        (1..=20).map(|number| entry(&format!("ubuntu+10.0.0.{number}"), held(), true)).collect(),
        (1..=20).map(|number| entry(&format!("ubuntu+10.0.0.{number}"), Presence::Disconnected, false)).collect(),
    ];
    for entries in entries {
        let mut s = Situation::new();
        s.nodes().extend(entries);
        s.projects(1, "amd64");
        // The second one comes as the first is late.
        assert_eq!(servers_of(&mut s, 12), [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
        // One that never joins goes, whatever entry has its name; the entry stays.
        servers_of(&mut s, 12);
        let plan = s.plan();
        assert!(plan.state.breakers.values().any(|types| !types.is_empty()), "a failure was counted: {}", whole(&plan));
        assert!(plan.actions.iter().all(|action| !matches!(action.change, Change::RetireNode(_))), "{}", whole(&plan));
    }
}

#[test]
fn s7_a_held_entry_holds_the_next_server_at_its_address_once_that_is_connected_or_it_is_held_once_more() {
    type Happens = fn(&mut Node);
    let again: Happens = |node| {
        let Presence::SetOffline(cause) = &mut node.presence else { panic!("set offline") };
        cause.since = Some("2026-11-21T12:06:00Z".parse().unwrap());
    };
    // Without a connection it is what it was before the order (L5).
    let nothing: Happens = |_| {};
    let connects: Happens = |node| node.connected = true;
    let cases =
        [("nothing", nothing, true), ("its agent connects", connects, false), ("it is held again", again, false)];
    for (what, happens, removed) in cases {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = set_offline(USER, "mine");
        let Presence::SetOffline(cause) = &mut s.node("ubuntu+10.0.0.1").presence else { panic!("set offline") };
        cause.since = Some("2026-11-21T11:50:00Z".parse().unwrap());
        s.run();
        s.lose_server("s1");
        s.after("1m").run().after("1m").run();
        s.projects(1, "amd64");
        s.run();
        let new = s.server("new1");
        (new.state, new.addresses) = (ServerState::Active, ["10.0.0.1".parse().unwrap()].into());
        s.queue().clear();
        happens(s.node("ubuntu+10.0.0.1"));
        s.minutes(30);
        assert_eq!(s.servers().is_empty(), removed, "{what}: {}", whole(&s.plan()));
        assert!(s.nodes().iter().any(|node| node.name.as_str() == "ubuntu+10.0.0.1"), "{}", whole(&s.plan()));
    }
}

#[test]
fn s7_a_hold_that_came_after_the_order_holds_the_server() {
    let mut s = Situation::new();
    s.nodes().push(entry("ubuntu", Presence::Disconnected, true));
    s.projects(1, "amd64");
    s.run();
    s.node("ubuntu").presence = set_offline(USER, "mine");
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   node ubuntu  not_ours: it could be a server of ours, but is not taken for its node: it is left alone
        |   server new1  ubuntu  held: a person set node ubuntu offline: \"mine\"
    ",
    );
    // It is the first server's, and no further one's.
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120100Z-1 is on its way
        |   node ubuntu  not_ours: it could be a server of ours, but is not taken for its node: it is left alone
        |   server new1  ubuntu  held: a person set node ubuntu offline: \"mine\"
        |   server new2  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn s2_an_entry_with_the_name_of_a_type_that_was_listed_before_the_order_is_nobodys_node() {
    for labels in [&[][..], &["db"], &["amd64"]] {
        let mut s = Situation::new();
        s.nodes().push(Node { labels: names(labels), ..entry("ubuntu", Presence::Disconnected, true) });
        s.projects(1, "amd64");
        s.run();
        s.queue().clear();
        let new = s.server("new1");
        (new.state, new.addresses) = (ServerState::Active, ["10.0.0.1".parse().unwrap()].into());
        s.after("1m").run();
        s.node("ubuntu").presence = Presence::Online;
        for _ in 0..90 {
            s.after("1m").run();
        }
        // Its agent may be the server's all the same.
        let doubt =
            "does not map clearly to 20261121T120000Z-1: nothing is touched; name the node base+IP, or delete it";
        assert_eq!(
            whole(&s.plan()),
            format!(
                "! server ubuntu (new1): ambiguous (could be node ubuntu: nothing is touched) for 1h 29m: rename the node, or \
                 delete it once nothing runs there, so that mita can tell\n  node ubuntu  ambiguous: {doubt}\n  \
                 server new1  ubuntu  ambiguous: could be node ubuntu: nothing is touched\n"
            )
        );
        s.node("ubuntu").presence = Presence::Disconnected;
        for _ in 0..30 {
            s.after("1m").run();
        }
        assert_eq!(s.nodes().iter().filter(|node| node.name.as_str() == "ubuntu").count(), 1);
    }
}

#[test]
fn s1_an_entry_whose_agent_came_after_the_order_keeps_the_server() {
    let mut s = Situation::new();
    s.nodes().push(entry("ubuntu", set_offline(USER, "mine"), true));
    s.projects(1, "amd64");
    s.run();
    s.node("ubuntu").idle = false;
    let plan = s.after("1h").plan();
    assert!(whole(&plan).contains("server new1  ubuntu  busy: node ubuntu runs a build"), "{}", whole(&plan));
}

#[test]
fn s4_of_several_servers_that_a_node_could_be_all_but_one_are_on_their_way() {
    let mut s = Situation::new();
    s.projects(3, "amd64");
    s.run();
    for number in 1..=3 {
        let server = s.server(&format!("new{number}"));
        server.state = ServerState::Active;
        server.addresses = ["10.0.2.15".parse().unwrap()].into();
    }
    s.nodes().push(Node { idle: false, idle_executors: 0, ..agent("ubuntu+10.0.2.15") });
    s.queue().remove(0);
    let doubt = "fits more than one server: 20261121T120000Z-1, 20261121T120000Z-2, 20261121T120000Z-3: nothing is touched; name the node base+IP, or delete it";
    let connecting = "connecting: active for 0s, not in Jenkins yet, join_timeout 15m; node ubuntu+10.0.2.15 could be it or another server";
    s.after("1m").runs(&format!(
        "
        |   job 2  job2  on_its_way: needs amd64: ubuntu server 20261121T120000Z-2 is on its way
        |   job 3  job3  on_its_way: needs amd64: ubuntu server 20261121T120000Z-3 is on its way
        |   node ubuntu+10.0.2.15  ambiguous: {doubt}
        |   server new1  ubuntu  busy: node ubuntu+10.0.2.15 runs a build
        |   server new2  ubuntu  {connecting}
        |   server new3  ubuntu  {connecting}
        | ? node ubuntu+10.0.2.15: {doubt}
    "
    ));
}

#[test]
fn s4_a_server_with_the_address_of_another_is_on_its_way_while_that_ones_node_works() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.2.15");
    s.projects(1, "amd64");
    s.run();
    let server = s.server("new1");
    server.state = ServerState::Active;
    server.addresses = ["10.0.2.15".parse().unwrap()].into();
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   node ubuntu+10.0.2.15  busy: node ubuntu+10.0.2.15 runs a build
        |   server new1  ubuntu  connecting: active for 0s, not in Jenkins yet, join_timeout 15m
        |   server s1  ubuntu  busy: node ubuntu+10.0.2.15 runs a build
    ",
    );
}

#[test]
fn s4_a_node_that_comes_and_goes_is_counted_on_and_retired_in_the_end() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.projects(1, "amd64");
    let mut most = 0;
    let mut first_removed = None;
    for run in 0..90 {
        s.run();
        most = most.max(s.servers().len());
        if first_removed.is_none() && !s.servers().iter().any(|server| server.id.as_str() == "s1") {
            first_removed = Some(run);
        }
        s.lose_node("ubuntu+10.0.0.1");
        if run % 2 == 1 && s.servers().iter().any(|server| server.id.as_str() == "s1") {
            s.nodes().push(agent("ubuntu+10.0.0.1"));
        }
        s.after("1m");
    }
    assert!(most <= 3, "{most} servers for one job");
    // After idle_grace and join_timeout together, in the first run in which its node is away.
    assert!(matches!(first_removed, Some(54..=57)), "{first_removed:?}");
}

#[test]
fn l1_a_node_that_goes_away_for_the_first_time_is_replaced_at_once() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    s.projects(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn l3_a_node_that_was_held_is_not_retired_for_the_time_of_its_hold() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "mine");
    for _ in 0..30 {
        s.run().after("5m");
    }
    s.node("ubuntu+10.0.0.1").presence = Presence::Online;
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

#[test]
fn l3_a_node_that_is_kept_at_hand_for_long_survives_a_moment_without_its_agent() {
    let mut s = Situation::new();
    s.ubuntu().min_idle = crate::config::MinIdle::Always(1);
    s.idle("s1", "10.0.0.1", "39m");
    for _ in 0..100 {
        s.after("5m").run();
    }
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    let shown = whole(&s.after("1m").plan());
    assert!(shown.contains("server s1  ubuntu  away: offline for 0s, join_timeout 15m"), "{shown}");
    s.run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Online;
    for _ in 0..30 {
        s.after("5m").run();
    }
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    let shown = whole(&s.after("1m").plan());
    assert!(shown.contains("server s1  ubuntu  away: offline for 0s, join_timeout 15m"), "{shown}");
}
