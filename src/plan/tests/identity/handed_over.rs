//! Entries of Jenkins that outlived their server, and servers that took one over.

use crate::domain::state::Origin;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

#[test]
fn an_address_that_is_used_again_maps_to_the_server_that_has_it_now() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.server("s1").addresses = ["10.0.0.7".parse().unwrap()].into();
    s.active("s2", "ubuntu", "10.0.0.1");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  away: its node is missing from Jenkins for 0s, join_timeout 15m
        |   server s2  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

#[test]
fn s5_a_node_whose_address_went_to_another_server_is_that_ones_though_it_was_online_before_that_one() {
    type Change = fn(&mut Situation);
    let changes: [(&str, Change); 3] = [
        ("- ubuntu  os  s1  error", |s| s.server("s1").state = ServerState::Error),
        ("server s1  ubuntu  away", |s| s.server("s1").addresses = ["10.0.0.7".parse().unwrap()].into()),
        // Its cloud may not show its address just now.
        ("server s1  ubuntu  busy", |_| {}),
    ];
    for (expected, change) in changes {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1");
        s.server("s1").addresses = [].into();
        s.active("s2", "ubuntu", "10.0.0.1");
        s.memory("s2").origin = Origin::Ordered(100);
        change(&mut s);
        let shown = whole(&s.plan());
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains("server s2  ubuntu  busy: node ubuntu+10.0.0.1 runs a build"), "{shown}");
    }
}

#[test]
fn s1_an_entry_of_somebody_that_comes_back_with_the_address_of_a_server_ordered_since_protects_that_server() {
    let name = "ubuntu+10.0.0.1";
    let scene = |last_away| {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        s.memory("s1").active_since = Some(s.now - time("15m"));
        s.nodes().push(agent(name));
        let memory = s.node_memory(name);
        (memory.first_seen, memory.first_online, memory.last_away) = (80, Some(80), last_away);
        s
    };
    scene(Some(90)).runs(
        "
        |   node ubuntu+10.0.0.1  ambiguous: was there before and has come back with the address of m1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu+10.0.0.1: nothing is touched
        | ? server ubuntu (s1): could be node ubuntu+10.0.0.1: nothing is touched
        | ? node ubuntu+10.0.0.1: was there before and has come back with the address of m1: nothing is touched; name the node base+IP, or delete it
    ",
    );
    let shown = whole(&scene(Some(89)).plan());
    assert!(shown.contains("not_ours: it was online before the server that its name resembles was ordered"), "{shown}");
    assert!(shown.contains("- ubuntu  os  s1  never_joined"), "{shown}");
}

#[test]
fn s1_the_first_run_that_sees_a_busy_entry_away_keeps_each_server_with_its_address() {
    let mut s = Situation::new();
    let node = s.busy("s1", "10.0.0.1");
    // Somebody deleted it.
    (node.presence, node.executors) = (Presence::Disconnected, 0);
    node.labels = [].into();
    s.active("s2", "ubuntu", "10.0.0.1");
    let (joined, missing) = (s.now - time("3h"), credit(s.now, "2h"));
    let server = s.memory("s2");
    (server.origin, server.joined_at, server.missing) = (Origin::Ordered(100), Some(joined), Some(missing).into());
    let shown = whole(&s.plan());
    assert!(shown.contains("server s2  ubuntu  busy: "), "{shown}");
}

#[test]
fn s1_an_entry_of_a_server_that_is_gone_whose_address_another_took_over_is_that_others_node() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.lose_server("s1");
    s.active("s2", "ubuntu", "10.0.0.1");
    s.memory("s2").origin = Origin::Ordered(100);
    s.memory("s2").active_since = Some(s.now - time("2h"));
    s.runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn s1_a_nameless_entry_of_a_server_that_is_gone_protects_its_successor_while_it_works() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1").name = "ubuntu".into();
    let memory = s.state.nodes.remove(&"ubuntu+10.0.0.1".into()).unwrap();
    s.state.nodes.insert("ubuntu".into(), memory);
    s.lose_server("s1");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").origin = Origin::Ordered(100);
    s.memory("s2").active_since = Some(s.now - time("2h"));
    s.run().after("1m").run().after("1m").runs(
        "
        |   node ubuntu  busy: node ubuntu runs a build
        |   server s2  ubuntu  busy: node ubuntu runs a build
    ",
    );
}

#[test]
fn an_old_entry_of_a_server_that_is_gone_is_removed_beside_its_successor() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    s.lose_server("s1");
    s.joined("s2", "10.0.0.2");
    s.memory("s2").origin = Origin::Ordered(100);
    s.run().after("1m").runs(
        "
        | - ubuntu+10.0.0.1  server_gone: its server s1 is gone (404 in two runs)
        |   node ubuntu+10.0.0.1  server_gone: its server s1 is gone (404 in two runs)
        |   node ubuntu+10.0.0.2  kept: idle 1m, grace 40m
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  kept: idle 1m, grace 40m
    ",
    );
}

#[test]
fn nothing_comes_back_to_a_server_that_is_gone_though_another_of_its_nodes_works() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.nodes().push(agent("s1"));
    s.node("s1").idle = false;
    s.node_memory("s1").server = Some("s1".into());
    let ours = "mita retires this node: owner=ci server=s1 rule=idle";
    s.node("ubuntu+10.0.0.1").presence = set_offline("hudson.slaves.OfflineCause$UserCause", ours);
    s.lose_server("s1");
    s.memory("s1").gone_sightings = 1;
    let shown = whole(&s.plan());
    assert!(!shown.contains("wanted_again"), "{shown}");
    assert!(shown.contains("- ubuntu+10.0.0.1  server_gone"), "{shown}");
}

#[test]
fn s7_an_old_entry_that_a_person_holds_protects_the_server_that_has_its_address_now() {
    let scene = |reason| {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        s.nodes().push(agent("m1+10.0.0.1"));
        s.node_memory("m1+10.0.0.1").server = Some("s1".into());
        s.node("m1+10.0.0.1").presence = set_offline("hudson.slaves.OfflineCause$UserCause", reason);
        s.lose_server("s1");
        s.memory("s1").gone_sightings = 1;
        s.run();
        s.after("1m").run();
        s.active("s2", "ubuntu", "10.0.0.1");
        s.nodes().push(agent("m2+10.0.0.1"));
        s.node_memory("m2+10.0.0.1").server = Some("s2".into());
        s.node_memory("m2+10.0.0.1").idle = Some(credit(s.now, "2h")).into();
        whole(&s.plan())
    };
    let shown = scene("mine for now");
    assert!(shown.contains("server s2  ubuntu  held: a person set node m1+10.0.0.1 offline"), "{shown}");
    let ours = scene("mita retires this node: owner=ci server=s1 rule=idle");
    assert!(ours.contains("- m2+10.0.0.1  os  s2  idle"), "{ours}");
}

#[test]
fn s1_an_agent_whose_build_goes_on_stays_where_it_was_though_another_server_has_its_address_now() {
    for (first, second) in [("10.0.0.7", "10.0.0.1"), ("10.0.0.2", "10.0.0.1")] {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1").builds = vec![build(1)];
        s.joined("s2", "10.0.0.2");
        s.run();
        s.server("s1").addresses = [first.parse().unwrap()].into();
        s.server("s2").addresses = [second.parse().unwrap()].into();
        for _ in 0..120 {
            s.after("1m").run();
        }
        let shown = whole(&s.plan());
        for server in ["s1", "s2"] {
            let busy = format!("  server {server}  ubuntu  busy: node ubuntu+10.0.0.1 runs a build");
            assert!(shown.contains(&busy), "{shown}");
        }
        // With the next build its name counts again.
        s.node("ubuntu+10.0.0.1").builds = vec![build(2)];
        assert!(!whole(&s.after("1m").plan()).contains("server s1  ubuntu  busy"));
    }
}

#[test]
fn s1_an_agent_whose_build_is_not_named_stays_where_it_was_as_long_as_it_is_at_work_in_each_run() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.run();
    s.server("s1").addresses = ["10.0.0.7".parse().unwrap()].into();
    s.server("s2").addresses = ["10.0.0.1".parse().unwrap()].into();
    for _ in 0..120 {
        s.after("1m").run();
    }
    let busy = "server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build";
    assert!(whole(&s.plan()).contains(busy), "{}", whole(&s.plan()));
    // Idle once, it is the node of the server that has its address.
    let node = s.node("ubuntu+10.0.0.1");
    (node.idle, node.idle_executors) = (true, node.executors);
    s.after("1m").run();
    let node = s.node("ubuntu+10.0.0.1");
    (node.idle, node.idle_executors) = (false, 0);
    assert!(!whole(&s.after("1m").plan()).contains("server s1  ubuntu  busy"));
}
