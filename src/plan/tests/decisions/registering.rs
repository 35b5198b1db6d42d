//! Nodes that mita makes: when, under which name, and what becomes of one whose order made no server.

use crate::config::{NodeSettings, NodeType, Registration, SshLauncher, Transport};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

fn ssh() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().registration = Registration::Ssh(NodeSettings::default(), SshLauncher::default());
    s
}

fn inbound() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().registration = Registration::Inbound(NodeSettings::default(), Transport::default());
    s.ubuntu().server_name = NodeType::OWN_SERVER_NAME.to_owned();
    s
}

/// A node that mita made for this order, and that nobody has connected to.
fn made(s: &mut Situation, name: &str, order: &str) {
    let mark = Some(Mark { owner: owner(), controller: None, node_type: "ubuntu".into(), id: order.into() });
    s.nodes().push(Node { mark, presence: Presence::Disconnected, idle_executors: 0, ..agent(name) });
}

#[test]
fn a_server_that_runs_gets_its_node_and_a_server_without_address_waits() {
    let mut s = ssh();
    s.active("s1", "ubuntu", "10.0.0.1 2001:db8::1");
    s.active("s2", "ubuntu", "2001:db8::2");
    s.active("s3", "ubuntu", "");
    s.active("s4", "ubuntu", "10.0.0.4").state = ServerState::Building;
    s.ubuntu().times.boot_timeout = time("2h");
    s.runs(
        "
        | + node ubuntu+10.0.0.1  os  s1  register: server s1 is active, and Jenkins connects to it at 10.0.0.1
        | + node ubuntu+2001-db8--2  os  s2  register: server s2 is active, and Jenkins connects to it at 2001:db8::2
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made now
        |   server s2  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made now
        |   server s3  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made once it has an address
        |   server s4  ubuntu  booting: ordered 1h ago, being built
    ",
    );
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  connecting: active for 11m, its node was never online yet, join_timeout 15m
        |   node ubuntu+2001-db8--2  connecting: active for 11m, its node was never online yet, join_timeout 15m
        |   server s1  ubuntu  connecting: active for 11m, its node was never online yet, join_timeout 15m
        |   server s2  ubuntu  connecting: active for 11m, its node was never online yet, join_timeout 15m
        |   server s3  ubuntu  connecting: active for 11m, not in Jenkins yet, join_timeout 15m; its node is made once it has an address
        |   server s4  ubuntu  booting: ordered 1h 1m ago, being built
    ",
    );
}

#[test]
fn a_server_with_a_name_of_its_own_has_it_in_its_node() {
    let mut s = ssh();
    s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
    s.runs(
        "
        | + node ubuntu-m1+10.0.0.1  os  s1  register: server s1 is active, and Jenkins connects to it at 10.0.0.1
        |   server s1  ubuntu-m1  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made now
    ",
    );
}

#[test]
fn s2_a_node_of_somebody_else_under_the_name_is_left_alone_and_is_a_problem_in_each_run() {
    let mut s = ssh();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    s.node_memory("ubuntu+10.0.0.1").first_online = Some(1);
    let taken = "a node ubuntu+10.0.0.1 is there already and is not the one of this server, so that its own is not made: \
                 rename or delete the one that is there";
    let expected = format!(
        "
        | ! jenkins: {taken}
        |   node ubuntu+10.0.0.1  not_ours: it was online before the server that its name resembles was ordered
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; {taken}
    "
    );
    s.runs(&expected);
}

#[test]
fn two_servers_with_one_address_cannot_both_have_the_node() {
    let mut s = ssh();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.1");
    let plan = s.plan();
    assert_eq!(plan.actions.len(), 1);
    assert!(plan.problems[0].error.contains("give them names of their own"), "{:?}", plan.problems);
}

#[test]
fn a_node_that_a_person_deleted_is_not_made_again() {
    let mut s = ssh();
    s.joined("s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    s.runs(
        "
        |   server s1  ubuntu  away: its node is missing from Jenkins for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn an_order_whose_agent_calls_in_has_its_node_made_with_it() {
    let mut s = inbound();
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  ubuntu-20261121T120000Z-1  job1 (1) needs amd64
        | + node ubuntu-20261121T120000Z-1  os  20261121T120000Z-1  register: order 20261121T120000Z-1 is to have an agent that calls in
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   node ubuntu-20261121T120000Z-1  booting: ordered 1m ago, being built
        |   server new1  ubuntu-20261121T120000Z-1  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn s5_the_node_of_an_order_that_was_given_up_goes_in_the_next_run() {
    let mut s = inbound();
    s.lost_order("m1", "5m").name = "ubuntu-m1".to_owned();
    made(&mut s, "ubuntu-m1", "m1");
    s.runs(
        "
        |   node ubuntu-m1  gone: ordered 5m ago and never seen: given up
        |   server m1  ubuntu-m1  gone: ordered 5m ago and never seen: given up
    ",
    );
    s.after("1m").runs(
        "
        | - ubuntu-m1  no_server: made for order m1, of which there is no server
        |   node ubuntu-m1  no_server: made for order m1, of which there is no server
    ",
    );
}

#[test]
fn s6_after_a_lost_state_the_node_of_an_order_waits_as_long_as_its_server_may_turn_up() {
    let mut s = inbound();
    let name = "ubuntu-20261121T115900Z-1";
    made(&mut s, name, "20261121T115900Z-1");
    let young = |age: &str| {
        format!(
            "
        |   node {name}  ordered: made for order 20261121T115900Z-1, of which there is no server yet: ordered {age} ago, order_timeout 5m
    "
        )
    };
    s.runs(&young("1m"));
    s.after("3m 59s").runs(&young("4m 59s"));
    let expected = format!(
        "
        | - {name}  no_server: made for order 20261121T115900Z-1, of which there is no server
        |   node {name}  no_server: made for order 20261121T115900Z-1, of which there is no server
    "
    );
    s.after("1s").runs(&expected);
    s.after("1m").runs("");
}

#[test]
fn s5_an_order_of_a_clock_that_was_ahead_is_waited_for_by_what_was_seen() {
    let mut s = inbound();
    made(&mut s, "ubuntu-20261122T115900Z-1", "20261122T115900Z-1");
    for _ in 0..5 {
        assert!(whole(&s.plan()).contains("  node ubuntu-20261122T115900Z-1  ordered: "));
        s.run().after("1m");
    }
    assert!(whole(&s.plan()).contains("- ubuntu-20261122T115900Z-1  no_server: "), "{}", whole(&s.plan()));
}

#[test]
fn s6_after_a_lost_state_the_server_of_an_order_still_has_its_node() {
    let mut s = inbound();
    made(&mut s, "ubuntu-m1", "m1");
    s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
    s.state.servers.clear();
    s.runs(
        "
        |   node ubuntu-m1  connecting: active for 0s, its node was never online yet, join_timeout 15m
        |   server s1  ubuntu-m1  connecting: active for 0s, its node was never online yet, join_timeout 15m
    ",
    );
}

#[test]
fn a_node_that_we_made_is_its_servers_though_the_server_has_lost_its_address_and_the_state_is_lost() {
    let mut s = ssh();
    made(&mut s, "ubuntu+10.0.0.1", "m1");
    s.active("s1", "ubuntu", "");
    s.state.servers.clear();
    s.runs(
        "
        |   node ubuntu+10.0.0.1  connecting: active for 0s, its node was never online yet, join_timeout 15m
        |   server s1  ubuntu  connecting: active for 0s, its node was never online yet, join_timeout 15m
    ",
    );
}

#[test]
fn s3_no_node_is_made_in_vain_while_a_cloud_gives_no_answer() {
    let mut s = inbound();
    made(&mut s, "ubuntu-m1", "m1");
    s.after("1m").run();
    s.cloud("os").servers = Listing::Unavailable("503".to_owned());
    s.after("1m").runs(
        "
        | ! provider os: 503
        |   node ubuntu-m1  not_seen: made for order m1, of which there is no server that was seen: provider os gave no answer
    ",
    );
}

#[test]
fn s1_s7_a_node_without_a_server_is_left_alone_while_it_works_is_online_or_is_held() {
    let mut s = inbound();
    for name in ["busy", "online", "held"] {
        made(&mut s, name, &format!("order-{name}"));
    }
    s.node("busy").idle = false;
    s.node("online").presence = Presence::Online;
    s.node("held").presence = set_offline(USER, "mine");
    s.run();
    s.after("10m").runs(
        "
        |   node busy  busy: made for order order-busy, of which there is no server, and it still runs a build
        |   node held  held: made for order order-held, of which there is no server; a person set the node offline
        |   node online  ambiguous: made for order order-online, of which there is no server, but its agent is still connected: mita leaves it alone; find out where the agent runs, then delete the node in Jenkins
    ",
    );
}

#[test]
fn s2_a_node_that_another_installation_made_is_not_ours() {
    let mut s = inbound();
    made(&mut s, "ubuntu-m1", "m1");
    let other = crate::domain::names::Owner::new("other").unwrap();
    s.node("ubuntu-m1").mark.as_mut().unwrap().owner = other;
    s.run();
    s.after("10m").runs(
        "
        |   node ubuntu-m1  not_ours: another installation of mita made it
    ",
    );
}

#[test]
fn s2_a_description_alone_proves_nothing_where_no_type_makes_nodes() {
    let mut s = Situation::new();
    for (name, order) in [("lab-1", "m0"), ("lab-2", "m1")] {
        made(&mut s, name, order);
        s.node_memory(name).first_seen = 1;
    }
    s.idle("s1", "10.0.0.1", "2h");
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 2h, grace 40m
        |   node lab-1  not_ours: no server of ours carries its name or address
        |   node lab-2  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.1  idle: 2h, grace 40m
        |   server s1  ubuntu  idle: 2h, grace 40m
    ",
    );
}

#[test]
fn s5_a_node_of_an_order_that_is_given_up_goes_also_where_no_type_makes_nodes_any_more() {
    let mut s = inbound();
    s.lost_order("m1", "1m").name = "ubuntu-m1".to_owned();
    made(&mut s, "ubuntu-m1", "m1");
    s.ubuntu().registration = Registration::Elsewhere;
    // A copy of the description proves nothing.
    made(&mut s, "lab", "m1");
    s.node("lab").mark.as_mut().unwrap().id = "m0".into();
    for _ in 0..4 {
        s.after("1m").run();
    }
    s.after("1m").runs(
        "
        | - ubuntu-m1  no_server: made for order m1, of which there is no server
        |   node lab  not_ours: no server of ours carries its name or address
        |   node ubuntu-m1  no_server: made for order m1, of which there is no server
    ",
    );
}

#[test]
fn the_node_of_a_server_that_is_gone_gives_its_name_to_the_next_one() {
    let mut s = ssh();
    made(&mut s, "ubuntu+10.0.0.1", "m0");
    s.node_memory("ubuntu+10.0.0.1").first_online = Some(1);
    s.active("s1", "ubuntu", "10.0.0.1");
    s.runs(
        "
        | - ubuntu+10.0.0.1  no_server: made for order m0, of which there is no server
        |   node ubuntu+10.0.0.1  no_server: made for order m0, of which there is no server
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; its node is made once the old node ubuntu+10.0.0.1 is gone
    ",
    );
    s.after("1m").runs(
        "
        | + node ubuntu+10.0.0.1  os  s1  register: server s1 is active, and Jenkins connects to it at 10.0.0.1
        |   server s1  ubuntu  connecting: active for 11m, not in Jenkins yet, join_timeout 15m; its node is made now
    ",
    );
}

#[test]
fn s2_a_node_of_somebody_is_not_that_of_a_newer_server_though_its_description_says_so() {
    let mut s = ssh();
    s.joined("s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    made(&mut s, "lab-1", "m1");
    s.node("lab-1").presence = Presence::Online;
    let long = credit(s.now, "2h");
    let memory = s.node_memory("lab-1");
    (memory.first_online, memory.idle) = (Some(1), Some(long).into());
    s.runs(
        "
        |   node lab-1  not_ours: it was online before the server that its description names was ordered
        |   server s1  ubuntu  away: its node is missing from Jenkins for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn s1_a_node_that_works_under_the_name_of_another_keeps_the_server_that_its_description_names() {
    let mut s = ssh();
    let mark = |s: &mut Situation, id: &str| s.server(id).mark.clone();
    s.idle("s1", "10.0.0.1", "1m");
    s.idle("s2", "10.0.0.2", "1m");
    s.run();
    // A person gives each the name of the other: their agents are reached where they were.
    for (node, server) in [("ubuntu+10.0.0.1", "s2"), ("ubuntu+10.0.0.2", "s1")] {
        let mark = mark(&mut s, server).map(Box::new);
        s.node(node).copied_mark = mark;
    }
    s.node("ubuntu+10.0.0.1").idle = false;
    let shown = whole(&s.minutes(60).plan());
    assert!(shown.contains("server s2  ubuntu  busy: node ubuntu+10.0.0.1 runs a build"), "{shown}");
    assert!(shown.contains("server s1  ubuntu  busy: "), "{shown}");
    s.node("ubuntu+10.0.0.1").idle = true;
    assert!(!whole(&s.minutes(60).plan()).contains("busy"), "idle ones keep nothing");
}

#[test]
fn s7_of_two_held_nodes_whose_names_were_swapped_each_keeps_its_own_server_and_that_of_its_description() {
    let mut s = ssh();
    let swapped = [("ubuntu+10.0.0.1", "s2"), ("ubuntu+10.0.0.2", "s1")];
    s.idle("s1", "10.0.0.1", "1m");
    s.idle("s2", "10.0.0.2", "1m");
    s.run();
    for (node, server) in swapped {
        let mark = s.server(server).mark.clone().map(Box::new);
        let node = s.node(node);
        (node.copied_mark, node.presence) = (mark, set_offline(USER, "mine"));
    }
    s.run();
    // The hold of one of them ends: the other one may have either server.
    s.node("ubuntu+10.0.0.1").presence = Presence::Online;
    let plan = s.minutes(120).plan();
    let shown = whole(&plan);
    assert!(plan.actions.is_empty(), "{shown}");
    for server in ["s1", "s2"] {
        let held = format!("server {server}  ubuntu  held: a person set node ubuntu+10.0.0.2 offline: \"mine\"");
        assert!(shown.contains(&held), "{shown}");
    }
    s.node("ubuntu+10.0.0.2").presence = Presence::Online;
    assert!(!whole(&s.minutes(120).plan()).contains("held"));
}
