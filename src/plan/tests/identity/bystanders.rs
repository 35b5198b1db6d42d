//! Entries of Jenkins that could be a server of ours and do not hold it up while they are idle.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::SetOfflineBy;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const ASIDE: &str = "not_ours: it could be a server of ours, but is not taken for its node: it is left alone";

/// A server that has its own node, idle beyond its grace, and an entry that was there before it was ordered.
fn beside(name: &str, labels: &[&str], change: impl FnOnce(&mut Node)) -> Situation {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    let mut entry = agent(name);
    entry.labels = names(labels);
    entry.labels.extend([name.to_owned()]);
    change(&mut entry);
    s.nodes().push(entry);
    s.node_memory(name).first_seen = 1;
    s
}

fn away(node: &mut Node) {
    node.presence = Presence::Disconnected;
}

#[test]
fn l3_an_old_entry_beside_a_node_of_its_own_neither_holds_up_the_server_nor_is_touched() {
    let ours = |node: &mut Node| {
        node.presence = set_offline(USER, &offline_message(&owner(), &"gone".into(), Rule::Idle));
    };
    type Change = fn(&mut Node);
    let entries: [(&str, &[&str], Change); 6] = [
        // Of a type that is gone, of another tool, of another type, one that mita once set offline, and plain ones.
        ("precise+10.0.0.1", &["precise", "i386"], away),
        ("labbox+10.0.0.1", &["amd64"], away),
        ("debian+10.0.0.1", &["bookworm"], away),
        ("debian+10.0.0.1", &["bookworm"], ours),
        ("ubuntu", &["amd64"], away),
        ("ubuntu", &["amd64"], |_| {}),
    ];
    for (name, labels, change) in entries {
        let mut s = beside(name, labels, change);
        s.config.node_types.push(kind("debian", &["bookworm"]));
        let plan = s.plan();
        let shown = whole(&plan);
        assert!(shown.starts_with("- ubuntu+10.0.0.1  os  s1  idle: 2h, grace 40m\n"), "{name}: {shown}");
        assert!(shown.contains(&format!("  node {name}  {ASIDE}\n")), "{name}: {shown}");
        let target = plan.actions[0].removed().unwrap();
        assert_eq!(target.nodes, ["ubuntu+10.0.0.1".into()], "{name}");
    }
}

#[test]
fn s2_without_a_state_somebody_elses_idle_node_with_the_same_private_address_is_left_alone() {
    let stranger = "labbox+10.0.0.1";
    let mut s = beside(stranger, &["amd64", "trusty"], |_| {});
    s.state = crate::domain::state::State::new(owner());
    s.run().after("20m").run().after("20m");
    let plan = s.plan();
    let shown = whole(&plan);
    assert!(shown.contains(&format!("  node {stranger}  {ASIDE}\n")), "{shown}");
    let target = plan.actions.first().and_then(|action| action.removed()).unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(target.nodes, ["ubuntu+10.0.0.1".into()]);
    // A node that was the server's own before goes with it.
    s.node_memory(stranger).server = Some("s1".into());
    assert_eq!(s.plan().actions[0].removed().unwrap().nodes.len(), 2);
}

#[test]
fn l4_an_old_entry_does_not_hold_up_a_retirement_whose_node_is_gone_already() {
    for change in [away as fn(&mut Node), |_| {}] {
        let mut s = beside("debian+10.0.0.1", &["bookworm"], change);
        s.config.node_types.push(kind("debian", &["bookworm"]));
        s.run();
        s.active("s1", "ubuntu", "10.0.0.1");
        let now = s.now;
        let memory = s.memory("s1");
        memory.joined_at = Some(now - time("50m"));
        memory.retirement = Some(crate::domain::state::Retirement {
            rule: Rule::Idle,
            since: now,
            step: crate::domain::state::RetirementStep::Decided,
        });
        let shown = whole(&s.after("1m").plan());
        assert!(shown.starts_with("- ubuntu  os  s1  drain_resumed: "), "{shown}");
    }
}

#[test]
fn l1_an_entry_that_was_never_online_does_not_hold_up_a_server_that_never_joins() {
    for (name, labels) in [("precise+10.0.0.1", &["precise"]), ("labbox+10.0.0.1", &["other"])] {
        let mut s = beside(name, labels, away);
        s.lose_node("ubuntu+10.0.0.1");
        s.state.nodes.remove(&"ubuntu+10.0.0.1".into());
        let long_ago = s.now - time("15m");
        let memory = s.memory("s1");
        (memory.joined_at, memory.node, memory.active_since) = (None, None, Some(long_ago));
        let shown = whole(&s.plan());
        assert!(shown.starts_with("- ubuntu  os  s1  never_joined: "), "{name}: {shown}");
        // One that was online since may be its agent, away for a moment.
        s.node_memory(name).first_online = Some(95);
        let shown = whole(&s.plan());
        assert!(shown.contains(&format!("server s1  ubuntu  ambiguous: could be node {name}")), "{name}: {shown}");
    }
}

#[test]
fn s1_such_an_entry_keeps_the_server_while_a_build_runs_there() {
    let name = "precise+10.0.0.1";
    let mut s = beside(name, &["amd64"], |node| node.idle = false);
    assert!(whole(&s.plan()).contains(&format!("server s1  ubuntu  busy: node {name} runs a build")));
    s.node(name).presence = Presence::Disconnected;
    assert!(whole(&s.plan()).contains(&format!("server s1  ubuntu  busy: node {name} runs a build")));
}

#[test]
fn s7_such_an_entry_keeps_the_server_while_a_person_holds_it() {
    let name = "precise+10.0.0.1";
    let s = beside(name, &["precise"], |node| node.presence = set_offline(USER, "mine"));
    let shown = whole(&s.plan());
    assert!(shown.contains(&format!("server s1  ubuntu  held: a person set node {name} offline")), "{shown}");
}

fn works(node: &mut Node) {
    (node.idle, node.idle_executors) = (false, 0);
}

#[test]
fn l5_an_entry_with_the_name_of_a_type_keeps_no_server_whose_own_node_is_online() {
    let held: fn(&mut Node) = |node| node.presence = set_offline(USER, "mine");
    let held_and_connected: fn(&mut Node) = |node| {
        node.presence = set_offline(USER, "mine");
        node.connected = true;
    };
    for (what, change) in [("held", held), ("connected", held_and_connected), ("busy", works)] {
        for servers in [1, 2] {
            let mut s = beside("ubuntu", &[], change);
            // Listed before the nodes of their own, after the orders.
            s.node_memory("ubuntu").first_seen = ORDERED_IN + 1;
            let mut expected = "- ubuntu+10.0.0.1  os  s1  idle: 2h, grace 40m\n".to_owned();
            if servers == 2 {
                s.idle("s2", "10.0.0.2", "2h");
                expected += "- ubuntu+10.0.0.2  os  s2  idle: 2h, grace 40m\n";
            }
            expected += &format!("  node ubuntu  {ASIDE}\n");
            let rows = |subject: &str, name: fn(usize) -> String| -> String {
                let row = |number| format!("  {subject} {}  idle: 2h, grace 40m\n", name(number));
                (1..=servers).map(row).collect()
            };
            expected += &rows("node", |number| format!("ubuntu+10.0.0.{number}"));
            expected += &rows("server", |number| format!("s{number}  ubuntu"));
            assert_eq!(whole(&s.plan()), expected, "{what}, {servers}");
            if what != "held" {
                continue;
            }
            // A retirement that is resumed has no node of its own any more.
            s.run().after("1m");
            s.active("s1", "ubuntu", "10.0.0.1");
            let (run, now) = (s.state.run, s.now);
            let memory = s.memory("s1");
            (memory.joined_at, memory.node) = (Some(now - time("50m")), Some("ubuntu+10.0.0.1".into()));
            memory.last_connected = Some(run);
            memory.retirement = Some(crate::domain::state::Retirement {
                rule: Rule::Idle,
                since: now,
                step: crate::domain::state::RetirementStep::NodesDeleted,
            });
            let shown = whole(&s.plan());
            assert!(shown.starts_with("- ubuntu  os  s1  drain_resumed: "), "{what}: {shown}");
        }
    }
}

#[test]
fn s1_a_node_that_was_renamed_to_the_name_of_its_type_keeps_its_server() {
    for servers in [1, 2] {
        let mut s = beside("ubuntu", &["amd64"], works);
        if servers == 2 {
            s.idle("s2", "10.0.0.2", "1m");
        }
        s.state.nodes.remove(&"ubuntu".into());
        s.lose_node("ubuntu+10.0.0.1");
        for _ in 0..60 {
            let shown = whole(&s.plan());
            assert!(shown.contains("server s1  ubuntu  busy: node ubuntu runs a build\n"), "{shown}");
            s.run().after("1m");
        }
    }
}

#[test]
fn s1_the_node_of_a_server_keeps_it_beside_a_new_one_until_its_build_ends_and_that_is_told() {
    let of_type = |s: &mut Situation| {
        s.lose_node("ubuntu+10.0.0.1");
        s.nodes().push(agent("ubuntu"));
        works(s.node("ubuntu"));
    };
    let renamed = |s: &mut Situation| {
        s.idle("s2", "10.0.0.2", "1m");
        works(s.node("ubuntu+10.0.0.1"));
        s.node("ubuntu+10.0.0.1").builds.push(build(1));
        s.run().after("1m");
        of_type(s);
        s.node("ubuntu").builds.push(build(1));
    };
    for (what, change) in [("its only node", &of_type as &dyn Fn(&mut Situation)), ("its build", &renamed)] {
        let mut s = Situation::new();
        s.idle("s1", "10.0.0.1", "2h");
        change(&mut s);
        s.run().after("1m");
        s.nodes().push(agent("ubuntu+10.0.0.1"));
        for minute in 0..60 {
            let plan = s.plan();
            let shown = whole(&plan);
            let beside = "server s1  ubuntu  ambiguous: node ubuntu runs a build, and may be it beside its own node";
            assert!(shown.contains(&format!("{beside} ubuntu+10.0.0.1\n")), "{what}: {shown}");
            assert_eq!(plan.problems.len(), usize::from(minute >= 15), "{what}: {:?}", plan.problems);
            s.run().after("1m");
        }
        let node = s.node("ubuntu");
        (node.idle, node.idle_executors) = (true, 1);
        node.builds.clear();
        let shown = whole(&s.plan());
        assert!(shown.contains(&format!("  node ubuntu  {ASIDE}\n")), "{what}: {shown}");
        assert!(shown.starts_with("- ubuntu+10.0.0.1  os  s1  idle: "), "{what}: {shown}");
    }
}

#[test]
fn s1_an_online_entry_of_another_type_protects_a_server_whose_own_node_is_away_or_gone() {
    let mut s = beside("debian+10.0.0.1", &["bookworm"], |_| {});
    s.config.node_types.push(kind("debian", &["bookworm"]));
    let long = credit(s.now, "3h");
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.node_memory("ubuntu+10.0.0.1").offline = Some(long).into();
    assert!(whole(&s.plan()).contains("server s1  ubuntu  ambiguous: could be node debian+10.0.0.1"));
    s.lose_node("ubuntu+10.0.0.1");
    s.memory("s1").missing = Some(long).into();
    assert!(whole(&s.plan()).contains("server s1  ubuntu  ambiguous: could be node debian+10.0.0.1"));
    s.node("debian+10.0.0.1").presence = Presence::Disconnected;
    assert!(whole(&s.plan()).contains("- ubuntu  os  s1  node_missing: "));
}

#[test]
fn a_name_that_says_one_server_and_an_address_of_another_does_not_hold_up_two_that_have_their_own_nodes() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "39m");
    s.idle("s2", "10.0.0.2", "1m");
    s.nodes().push(agent("m1+10.0.0.2"));
    s.after("1m").runs(&format!(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node m1+10.0.0.2  {ASIDE}
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.2  kept: idle 2m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
        |   server s2  ubuntu  kept: idle 2m, grace 40m
    "
    ));
}

#[test]
fn l3_a_plain_name_holds_up_none_of_several_servers_of_its_type() {
    let mut s = beside("ubuntu", &["amd64"], |_| {});
    s.idle("s2", "10.0.0.2", "40m");
    s.runs(&format!(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 2h, grace 40m
        | - ubuntu+10.0.0.2  os  s2  idle: 40m, grace 40m
        |   node ubuntu  {ASIDE}
        |   node ubuntu+10.0.0.1  idle: 2h, grace 40m
        |   node ubuntu+10.0.0.2  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 2h, grace 40m
        |   server s2  ubuntu  idle: 40m, grace 40m
    "
    ));
}

#[test]
fn s2_a_plain_name_that_mapped_before_the_server_joined_is_forgotten_with_it() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().push(agent("ubuntu"));
    away(s.node("ubuntu"));
    s.run();
    assert_eq!(s.node_memory("ubuntu").server, Some("s1".into()));
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    s.after("1m").run();
    assert_eq!(s.node_memory("ubuntu").server, None);
    s.lose_server("s1");
    s.lose_node("ubuntu+10.0.0.1");
    s.after("1m").run().after("1m").run().after("1m").runs(
        "
        |   node ubuntu  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn a_second_node_of_the_server_that_worked_goes_with_it() {
    let mut s = beside("builder+10.0.0.1", &["amd64"], |_| {});
    s.node_memory("builder+10.0.0.1").first_seen = 95;
    s.node_memory("builder+10.0.0.1").first_online = Some(95);
    s.node_memory("builder+10.0.0.1").set_offline_by = Some(SetOfflineBy::Us);
    away(s.node("builder+10.0.0.1"));
    let plan = s.plan();
    let target = plan.actions[0].removed().unwrap();
    assert_eq!(target.nodes.len(), 2, "{}", whole(&plan));
}
