//! A person gives the node of one server a name that leads to another server of the type: it may be both while it works or is
//! held.

use crate::domain::rule::Rule;
use crate::domain::state::{ClosedNode, Origin, Retirement, RetirementStep, State};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const NODE: &str = "ubuntu+10.0.0.1";
const OTHER: &str = "ubuntu+10.0.0.2";

/// A server that joined, beside one that still waits for its node or has lost that.
fn beside_one_without_a_node(has_lost_it: bool) -> Situation {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    if has_lost_it {
        s.joined("s2", "10.0.0.2");
        s.run();
        s.lose_node(OTHER);
    } else {
        let now = s.now;
        s.active("s2", "ubuntu", "10.0.0.2");
        s.memory("s2").active_since = Some(now);
    }
    s.run();
    s
}

fn works(s: &mut Situation, name: &str) {
    let node = s.node(name);
    (node.idle, node.idle_executors) = (false, 0);
}

fn held(s: &mut Situation, name: &str) {
    s.node(name).presence = set_offline(USER, "look");
}

fn rests(s: &mut Situation, name: &str) {
    let node = s.node(name);
    (node.idle, node.idle_executors, node.presence) = (true, 1, Presence::Online);
}

fn is_there(s: &mut Situation, server: &str) -> bool {
    s.servers().iter().any(|listed| listed.id.as_str() == server)
}

#[test]
fn s1_s7_the_server_of_a_node_that_got_the_name_of_one_without_a_node_stays_while_it_works_or_is_held() {
    for has_lost_it in [false, true] {
        for name in [OTHER, "m2", "s2", "x+10.0.0.2"] {
            for act in 0..4 {
                let mut s = beside_one_without_a_node(has_lost_it);
                s.after("1m");
                match act {
                    0 => works(&mut s, NODE),
                    1 => held(&mut s, NODE),
                    _ => {}
                }
                s.run().after("1m");
                s.rename(NODE, name);
                s.run().after("1m");
                match act {
                    2 => works(&mut s, name),
                    3 => held(&mut s, name),
                    _ => {}
                }
                s.run().minutes(300);
                let shown = whole(&s.plan());
                for server in ["s1", "s2"] {
                    assert!(is_there(&mut s, server), "{has_lost_it} {name} {act} {server}: {shown}");
                }
                // It is nobody's any more, and goes as the other one's node.
                rests(&mut s, name);
                s.run().minutes(120);
                assert!(s.servers().is_empty(), "{has_lost_it} {name} {act}: {}", whole(&s.plan()));
            }
        }
    }
}

#[test]
fn s1_s4_such_a_node_is_both_servers_and_one_order_replaces_the_one_that_was_on_its_way() {
    let mut s = beside_one_without_a_node(false);
    s.project(1, "amd64");
    works(&mut s, NODE);
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m2 is on its way
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
        |   server s2  ubuntu  connecting: active for 1m, not in Jenkins yet, join_timeout 15m
    ",
    );
    s.rename(NODE, OTHER);
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120200Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120200Z-1 is ordered for it
        |   node ubuntu+10.0.0.2  busy: node ubuntu+10.0.0.2 runs a build
        |   server s1  ubuntu  away: its node is missing from Jenkins for 0s, join_timeout 15m
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.2 runs a build
    ",
    );
    s.queue().clear();
    s.lose_server("new1");
    s.minutes(10).after("5m").runs("
        |   node ubuntu+10.0.0.2  busy: node ubuntu+10.0.0.2 runs a build
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 15m, join_timeout 15m; node ubuntu+10.0.0.2 may be it and runs a build: name it ubuntu+IP so that mita can tell
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.2 runs a build
        | ? server ubuntu (s1): its node is missing from Jenkins for 15m, join_timeout 15m; node ubuntu+10.0.0.2 may be it and runs a build: name it ubuntu+IP so that mita can tell
    ");
}

#[test]
fn s1_a_node_that_worked_under_another_name_before_it_got_that_of_a_server_keeps_its_own() {
    for worked in [true, false] {
        let mut s = beside_one_without_a_node(true);
        works(&mut s, NODE);
        s.after("1m").run();
        s.rename(NODE, "anns");
        s.after("1m").run();
        s.rename("anns", OTHER);
        if !worked {
            rests(&mut s, OTHER);
        }
        s.after("1m").run();
        works(&mut s, OTHER);
        s.minutes(60);
        assert!(is_there(&mut s, "s1"), "{worked}: {}", whole(&s.plan()));
    }
}

#[test]
fn s7_a_node_that_comes_with_a_hold_is_no_agent_that_joins() {
    // A node with the address of a server is that server's: a person was quick.
    for (name, comes_held, is_kept) in [("m2", true, true), ("m2", false, false), (OTHER, true, false)] {
        let mut s = beside_one_without_a_node(false);
        s.lose_node(NODE);
        s.run().after("1m");
        s.nodes().push(agent(name));
        if comes_held {
            held(&mut s, name);
        }
        s.run().after("1m");
        held(&mut s, name);
        s.minutes(30);
        assert_eq!(is_there(&mut s, "s1"), is_kept, "{}", whole(&s.plan()));
    }
}

#[test]
fn s5_a_node_that_joins_after_another_one_was_lost_or_when_mita_deleted_that_keeps_no_second_server() {
    for deleted in [true, false] {
        let mut s = beside_one_without_a_node(false);
        s.lose_node(NODE);
        if deleted {
            let since = s.now;
            let retirement = Retirement { rule: Rule::Idle, since, step: RetirementStep::NodesDeleted };
            s.memory("s1").retirement = Some(retirement);
        } else {
            s.run().after("1m");
        }
        s.nodes().push(agent(OTHER));
        works(&mut s, OTHER);
        s.after("1m").run().minutes(20);
        assert!(!is_there(&mut s, "s1") && is_there(&mut s, "s2"), "{deleted}: {}", whole(&s.plan()));
    }
}

#[test]
fn l6_a_server_that_such_a_node_keeps_at_a_limit_or_under_a_hold_is_a_problem() {
    for act in [works, held] {
        let mut s = beside_one_without_a_node(false);
        s.config.max_servers = 2;
        s.rename(NODE, OTHER);
        act(&mut s, OTHER);
        s.project(1, "amd64");
        s.after("1m").run().minutes(35);
        let told = |s: &Situation, what: &str| {
            let problems = s.plan().problems;
            problems.iter().any(|problem| problem.place == "server ubuntu (s1)" && problem.error.contains(what))
        };
        assert!(told(&s, "it takes up the room for a server that a job waits for, for "), "{:?}", s.plan().problems);
        s.queue().clear();
        (0..25).for_each(|_| _ = s.after("1h").run());
        let is_held = s.node(OTHER).idle;
        assert_eq!(told(&s, "end the hold in Jenkins"), is_held, "{:?}", s.plan().problems);
    }
}

/// A node that no run saw under its own name has the id of a server that joined.
fn with_the_id_of_one_that_joined(act: fn(&mut Situation, &str)) -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    let now = s.now;
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").active_since = Some(now);
    s.nodes().push(agent("m1"));
    act(&mut s, "m1");
    s
}

#[test]
fn s1_s7_a_further_node_of_a_server_may_be_each_one_that_never_joined_while_it_works_or_is_held() {
    for act in [works, held] {
        let mut s = with_the_id_of_one_that_joined(act);
        s.run().minutes(150);
        // The other one loses its agent meanwhile.
        s.node(NODE).presence = Presence::Disconnected;
        s.minutes(150);
        assert!(is_there(&mut s, "s2"), "{}", whole(&s.plan()));
        rests(&mut s, "m1");
        s.run().minutes(40);
        assert!(is_there(&mut s, "s2"), "{}", whole(&s.plan()));
        s.minutes(120);
        assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
        // It was there when that one was ordered.
        let mut s = with_the_id_of_one_that_joined(act);
        s.node_memory("m1").first_seen = ORDERED_IN;
        s.run().minutes(60);
        assert!(!is_there(&mut s, "s2"), "{}", whole(&s.plan()));
    }
}

#[test]
fn s6_with_the_state_lost_a_node_that_was_there_from_the_beginning_keeps_every_server_without_one_while_it_works() {
    for act in [works, held] {
        // One with the address of a server is that server's, unless mita has taken its labels.
        let cases = [("m2", false, true), ("m2", true, true), (OTHER, true, true), (OTHER, false, false)];
        for (name, closed, is_kept) in cases {
            let mut s = beside_one_without_a_node(false);
            let node = s.rename(NODE, name);
            if closed {
                node.labels = names(&[name, ClosedNode::LABEL]);
            }
            act(&mut s, name);
            s.state = State::new(owner());
            s.run().minutes(60);
            assert_eq!(is_there(&mut s, "s1"), is_kept, "{name}, {closed}: {}", whole(&s.plan()));
        }
        // What comes later joins.
        let mut s = beside_one_without_a_node(false);
        s.lose_node(NODE);
        s.state = State::new(owner());
        s.nodes().push(Node { presence: Presence::Disconnected, ..agent("lab") });
        s.run().after("1m");
        s.nodes().push(agent("m2"));
        s.run().after("1m");
        act(&mut s, "m2");
        s.minutes(60);
        assert!(!is_there(&mut s, "s1"), "{}", whole(&s.plan()));
    }
}

#[test]
fn s7_a_node_that_was_held_when_the_state_was_lost_keeps_its_server_under_another_name_beside_one_that_boots() {
    for name in ["keep", OTHER] {
        let mut s = beside_one_without_a_node(false);
        held(&mut s, NODE);
        s.state = State::new(owner());
        s.run().after("1m").run().after("1m");
        s.active("s3", "ubuntu", "10.0.0.3");
        let (now, run) = (s.now, s.state.run);
        let booting = s.memory("s3");
        (booting.origin, booting.active_since) = (Origin::Ordered(run), Some(now));
        s.run().after("1m").run();
        s.rename(NODE, name);
        s.run().minutes(120);
        assert!(is_there(&mut s, "s1"), "{name}: {}", whole(&s.plan()));
    }
}

#[test]
fn s5_of_two_nodes_that_come_at_once_the_one_with_the_address_is_the_servers_when_the_other_goes() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().extend([agent("m1"), agent(NODE)]);
    s.run().after("1m");
    s.lose_node("m1");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 1m, grace 40m
        |   server s1  ubuntu  kept: idle 1m, grace 40m
    ",
    );
}
