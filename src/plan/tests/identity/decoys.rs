//! Agents that look like the node of a server of ours: they count for nothing once that one has another name, nor where they
//! are another one's under a new name.

use crate::domain::state::State;
use crate::domain::world::{Listing, Presence, Site};
use crate::plan::tests::situation::*;

/// A busy node with a decoy beside it for an hour; then the node gets another name and other labels.
fn renamed_beside(decoy: &str) -> Situation {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.run().after("1m");
    s.nodes().insert(0, agent(decoy));
    s.run().minutes(60).after("5m");
    let node = s.node("ubuntu+10.0.0.1");
    node.name = "anns".into();
    node.labels = names(&["private", "anns"]);
    s
}

/// The build on the node has ended, and a person sets it offline.
fn hold(s: &mut Situation, node: &str) {
    let node = s.node(node);
    (node.idle, node.presence) = (true, set_offline(USER, "mine"));
    node.builds.clear();
}

/// For more than three hours.
fn nothing_happens(s: &mut Situation, decoy: &str) {
    for _ in 0..40 {
        let plan = s.plan();
        assert!(plan.actions.is_empty(), "{decoy}: {}", whole(&plan));
        s.run().after("5m");
    }
}

#[test]
fn s1_a_decoy_takes_no_server_from_its_renamed_node_while_a_build_runs_there() {
    for decoy in ["ubuntu", "s1", "s1+1.2.3.4", "lab+10.0.0.1"] {
        let mut s = renamed_beside(decoy);
        nothing_happens(&mut s, decoy);
    }
}

#[test]
fn s7_a_decoy_takes_no_server_from_its_renamed_node_while_a_person_holds_it() {
    for decoy in ["ubuntu", "s1", "s1+1.2.3.4", "lab+10.0.0.1"] {
        let mut s = renamed_beside(decoy);
        hold(&mut s, "anns");
        nothing_happens(&mut s, decoy);
    }
}

#[test]
fn s2_a_decoy_stays_when_the_server_goes() {
    let mut s = renamed_beside("ubuntu");
    s.run().after("5m").run();
    s.lose_node("anns");
    let mut shown = String::new();
    while !shown.contains("- ubuntu  os  s1  node_missing") {
        shown = whole(&s.after("5m").plan());
        assert!(shown.contains("node ubuntu  not_ours"), "{shown}");
        s.run();
    }
}

/// The busy node of a server gets the name of another type's server that has no node yet.
fn renamed_to_anothers() -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("duo", &["duo"]));
    s.busy("s1", "10.0.0.1");
    s.active("s2", "duo", "10.0.0.2");
    s.run();
    let node = s.node("ubuntu+10.0.0.1");
    (node.name, node.labels) = ("duo+10.0.0.2".into(), names(&["amd64", "duo+10.0.0.2"]));
    s
}

const ASIDE: &str = "not_ours: it could be a server of ours, but is not taken for its node: it is left alone";

#[test]
fn s1_the_name_of_another_server_takes_no_server_from_its_renamed_node_while_a_build_runs_there() {
    let mut s = renamed_to_anothers();
    s.run().minutes(15).runs(&format!(
        "
        |   node duo+10.0.0.2  {ASIDE}
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 15m, join_timeout 15m; node duo+10.0.0.2 may be it and runs a build: name it ubuntu+IP so that mita can tell
        |   server s2  duo  busy: node duo+10.0.0.2 runs a build
    "
    ));
    assert_eq!(s.memory("s2").joined_at, None);
    s.node("duo+10.0.0.2").idle = true;
    s.minutes(60);
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn s7_the_name_of_another_server_takes_no_server_from_its_renamed_node_while_a_person_holds_it() {
    let mut s = renamed_to_anothers();
    let node = s.node("duo+10.0.0.2");
    (node.idle, node.presence) = (true, set_offline(USER, "mine"));
    s.run().minutes(60).runs(&format!(
        "
        |   node duo+10.0.0.2  {ASIDE}
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 1h, join_timeout 15m; node duo+10.0.0.2 may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
        |   server s2  duo  held: a person set node duo+10.0.0.2 offline: \"mine\"
    "
    ));
}

#[test]
fn a_node_that_has_the_labels_of_its_server_or_came_in_another_run_is_that_servers() {
    for labels in [&["amd64", "duo"][..], &["amd64"]] {
        let mut s = renamed_to_anothers();
        s.node("duo+10.0.0.2").labels = names(labels);
        if labels.len() == 1 {
            let node = s.nodes().pop().unwrap();
            s.run().after("1m");
            s.nodes().push(node);
        }
        s.run().minutes(20);
        let left: Vec<String> = s.servers().iter().map(|server| server.id.to_string()).collect();
        // What works may be the other one as well.
        assert_eq!(left, if labels.len() == 1 { &["s2"][..] } else { &["s1", "s2"] });
        assert_eq!(s.node_memory("duo+10.0.0.2").server, Some("s2".into()));
    }
}

/// The busy node of a server, beside another server that has a node of its own.
fn beside_another_one() -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("duo", &["duo"]));
    s.busy("s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.run().after("1m").run().after("1m");
    s
}

fn rename_to(s: &mut Situation, name: &str) {
    let node = s.node("ubuntu+10.0.0.1");
    (node.name, node.labels) = (name.into(), names(&["amd64", name]));
}

/// The busy node gets a name that leads to the other one.
fn renamed_beside_its_node(name: &str) -> Situation {
    let mut s = beside_another_one();
    rename_to(&mut s, name);
    s
}

#[test]
fn s1_s7_the_name_of_a_server_that_has_its_node_takes_no_server_from_a_renamed_node_that_works_or_is_held() {
    for name in ["s2", "s2+1.2.3.4", "duo+10.0.0.2", "lab+10.0.0.2"] {
        for held in [false, true] {
            let mut s = renamed_beside_its_node(name);
            if held {
                hold(&mut s, name);
            }
            nothing_happens(&mut s, name);
            let node = s.node(name);
            (node.idle, node.presence) = (true, Presence::Online);
            s.minutes(120);
            assert!(s.servers().is_empty(), "{name}: {}", whole(&s.plan()));
        }
    }
}

/// The list of the servers is away for half an hour, as of a cloud that is down.
fn while_the_servers_are_not_seen(s: &mut Situation, act: impl FnOnce(&mut Situation)) {
    let unavailable = Listing::Unavailable("503".to_owned());
    let servers = std::mem::replace(&mut s.cloud("os").servers, unavailable);
    act(s);
    s.run().minutes(30);
    s.cloud("os").servers = servers;
}

/// In another region, where another run logs in.
fn while_the_servers_are_elsewhere(s: &mut Situation, act: impl FnOnce(&mut Situation)) {
    let site = |region: &str| Some(Site::Region(region.to_owned()));
    s.cloud("os").site = site("one");
    s.run().after("1m");
    let servers = std::mem::take(s.servers());
    s.cloud("os").site = site("two");
    act(s);
    s.run().minutes(30);
    (s.cloud("os").site, *s.servers()) = (site("one"), servers);
}

#[test]
fn s1_s7_a_node_that_is_renamed_while_its_server_is_not_seen_keeps_it_while_it_works_or_is_held() {
    for name in ["s2", "duo+10.0.0.2", "lab+10.0.0.2", "keep-me"] {
        for (elsewhere, held) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut s = beside_another_one();
            let act = |s: &mut Situation| {
                rename_to(s, name);
                if held {
                    hold(s, name);
                }
            };
            if elsewhere {
                while_the_servers_are_elsewhere(&mut s, act);
            } else {
                while_the_servers_are_not_seen(&mut s, act);
            }
            s.minutes(200);
            let is_there = s.servers().iter().any(|server| server.id.as_str() == "s1");
            assert!(is_there, "{name}, {elsewhere}, {held}: {}", whole(&s.plan()));
        }
    }
}

#[test]
fn s1_the_plain_name_of_another_type_takes_no_server_from_its_renamed_node_while_a_build_runs_there() {
    let mut s = renamed_to_anothers();
    let node = s.node("duo+10.0.0.2");
    (node.name, node.labels) = ("duo".into(), names(&["amd64", "duo"]));
    nothing_happens(&mut s, "duo");
}

#[test]
fn s1_s6_s7_without_a_state_the_labels_tell_whose_a_node_is_that_works_or_is_held() {
    for held in [false, true] {
        let mut s = renamed_to_anothers();
        if held {
            let node = s.node("duo+10.0.0.2");
            (node.idle, node.presence) = (true, set_offline(USER, "mine"));
        }
        s.run().after("1m");
        s.state = State::new(owner());
        nothing_happens(&mut s, "a lost state");
    }
}

/// For more than three hours.
fn stays(s: &mut Situation, server: &str) {
    for _ in 0..40 {
        s.after("5m").run();
        assert!(s.servers().iter().any(|shown| shown.id.as_str() == server), "{}", whole(&s.plan()));
    }
}

#[test]
fn s1_s7_a_renamed_node_keeps_its_server_when_the_node_of_the_server_that_it_is_named_as_gets_another_name_too() {
    for second in ["duo", "lab+10.0.0.9", "anns"] {
        for held in [false, true] {
            let mut s = renamed_beside_its_node("s2");
            if held {
                hold(&mut s, "s2");
            }
            s.run().minutes(10).after("1m");
            let own = s.node("ubuntu+10.0.0.2");
            (own.name, own.labels, own.idle) = (second.into(), names(&["amd64", second]), false);
            s.run().minutes(10).after("1m");
            s.node(second).idle = true;
            stays(&mut s, "s1");
        }
    }
}

#[test]
fn s1_two_nodes_of_two_types_that_get_names_of_each_others_servers_one_after_the_other_keep_both() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("duo", &["duo"]));
    s.busy("s1", "10.0.0.1");
    s.active("s2", "duo", "10.0.0.2");
    s.nodes().push(agent("duo+10.0.0.2"));
    s.node("duo+10.0.0.2").labels = names(&["duo"]);
    s.run().after("1m").run().after("1m");
    let duo = s.node("duo+10.0.0.2");
    (duo.name, duo.labels, duo.idle) = ("s1".into(), names(&["duo", "s1"]), false);
    s.run().minutes(10).after("1m");
    let node = s.node("ubuntu+10.0.0.1");
    (node.name, node.labels) = ("duo".into(), names(&["amd64", "duo"]));
    s.run().after("1m");
    s.node("s1").idle = true;
    stays(&mut s, "s1");
}

#[test]
fn s1_of_two_nodes_that_came_in_one_run_the_one_with_the_address_is_the_servers_own() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.run();
    let (mut renamed, came) = (s.nodes().pop().unwrap(), s.joined("s2", "10.0.0.2").clone());
    (renamed.name, renamed.labels) = ("s2".into(), names(&["amd64", "s2"]));
    *s.nodes() = vec![renamed, came];
    s.after("1m").run().minutes(10).after("1m");
    let own = s.node("ubuntu+10.0.0.2");
    (own.name, own.labels, own.idle) = ("anns".into(), names(&["amd64", "anns"]), false);
    s.run().after("1m");
    s.node("anns").idle = true;
    stays(&mut s, "s1");
}

#[test]
fn s1_s6_s7_without_a_state_a_node_beside_the_servers_own_may_be_that_of_a_server_without_one() {
    for held in [false, true] {
        let mut s = renamed_beside_its_node("s2");
        if held {
            hold(&mut s, "s2");
        }
        s.run().after("1m");
        s.state = State::new(owner());
        nothing_happens(&mut s, "a lost state");
    }
}

#[test]
fn s1_s7_a_renamed_node_that_works_or_is_held_keeps_its_server_when_an_agent_comes_that_leads_there() {
    for name in ["ubuntu", "s1", "s1+1.2.3.4", "ubuntu+10.0.0.1", "lab+10.0.0.1"] {
        for held in [false, true] {
            let mut s = Situation::new();
            s.busy("s1", "10.0.0.1");
            s.run().after("1m");
            s.rename("ubuntu+10.0.0.1", "anns");
            if held {
                hold(&mut s, "anns");
            }
            s.run().after("1m").run().after("1m");
            s.nodes().push(agent(name));
            nothing_happens(&mut s, name);
            s.lose_node("anns");
            s.minutes(120);
            assert!(s.servers().is_empty(), "{name}: {}", whole(&s.plan()));
        }
    }
}
