//! What has come to Jenkins between the plan and the deletion of a server, and what keeps the server then.

use crate::domain::names::{MitaId, NodeName};
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::lifecycle::arrivals::{is_of_another, keepers};
use crate::plan::model::Plan;
use crate::plan::tests::situation::*;
use std::collections::BTreeSet;

/// The servers of a plan that stay after all, where this has become of Jenkins' nodes meanwhile and mita deleted those of the
/// servers.
fn kept(s: &Situation, change: impl FnOnce(&mut Situation)) -> Vec<String> {
    let plan = s.plan();
    let deleted = plan.actions.iter().filter_map(|action| action.removed()).flat_map(|target| &target.nodes);
    kept_beside(s, &plan, &deleted.collect(), change)
}

/// The same where mita deleted these.
fn kept_beside(
    s: &Situation,
    plan: &Plan,
    deleted: &BTreeSet<&NodeName>,
    change: impl FnOnce(&mut Situation),
) -> Vec<String> {
    let mut after = Situation { world: s.world.clone(), config: s.config.clone(), state: s.state.clone(), ..*s };
    for action in plan.actions.iter().filter_map(|action| action.removed()) {
        action.nodes.iter().for_each(|node| after.lose_node(node.as_str()));
    }
    change(&mut after);
    let kept = keepers(&s.config, plan, deleted, &s.world, &after.world);
    kept.into_iter().map(|(server, node)| format!("{server} {node}")).collect()
}

fn busy(name: &str) -> Node {
    Node { idle: false, idle_executors: 0, ..agent(name) }
}

/// An idle server beyond its grace, with its own node.
fn idle() -> Situation {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s
}

/// A server whose node is missing for long.
fn missing() -> Situation {
    let mut s = idle();
    s.lose_node("ubuntu+10.0.0.1");
    let long = credit(s.now, "3h");
    s.memory("s1").missing = Some(long).into();
    s
}

#[test]
fn s1_a_node_that_could_be_the_server_and_has_come_keeps_it() {
    for s in [idle(), missing()] {
        assert_eq!(kept(&s, |_| {}), [""; 0]);
        for node in [agent("ubuntu+10.0.0.1"), agent("m1"), agent("debian+10.0.0.1"), busy("debian+10.0.0.1")] {
            let name = node.name.clone();
            let mut s = Situation { world: s.world.clone(), config: s.config.clone(), state: s.state.clone(), ..s };
            s.config.node_types.push(kind("debian", &["bookworm"]));
            assert_eq!(kept(&s, |s| s.nodes().push(node)), [format!("m1 {name}")]);
        }
    }
}

#[test]
fn s1_a_node_that_was_renamed_meanwhile_and_works_or_is_held_keeps_its_server() {
    let mut held = agent("keep-for-ann");
    held.presence = set_offline(USER, "mine");
    for node in [busy("keep-for-ann"), held] {
        for s in [idle(), missing()] {
            assert_eq!(kept(&s, |s| s.nodes().push(node.clone())), ["m1 keep-for-ann"]);
        }
    }
    assert_eq!(kept(&missing(), |s| s.nodes().push(agent("keep-for-ann"))), [""; 0]);
}

#[test]
fn s1_a_node_that_got_the_name_of_another_server_meanwhile_and_works_keeps_its_server() {
    for (is_deleted, keepers) in [(false, &["m1 ubuntu+10.0.0.2"][..]), (true, &[])] {
        let mut s = idle();
        s.active("s2", "ubuntu", "10.0.0.2");
        let plan = s.plan();
        let own = NodeName::from("ubuntu+10.0.0.1");
        let deleted = is_deleted.then_some(&own).into_iter().collect();
        assert_eq!(kept_beside(&s, &plan, &deleted, |s| s.nodes().push(busy("ubuntu+10.0.0.2"))), keepers);
    }
}

#[test]
fn s1_a_build_that_came_to_a_stranger_meanwhile_keeps_a_server_that_had_no_node() {
    let mut s = missing();
    s.nodes().push(agent("keep-for-ann"));
    let long = credit(s.now, "3h");
    s.node_memory("keep-for-ann").idle = Some(long).into();
    let works = |s: &mut Situation| s.node("keep-for-ann").idle = false;
    assert_eq!(kept(&s, works), ["m1 keep-for-ann"]);
}

#[test]
fn s5_a_stranger_that_works_as_before_does_not_keep_a_server_whose_own_node_is_deleted() {
    let mut s = idle();
    s.nodes().push(busy("worker-7"));
    assert_eq!(kept(&s, |_| {}), [""; 0]);
}

#[test]
fn s5_an_old_entry_that_the_plan_knew_does_not_keep_a_server_until_it_works() {
    // What was online beside the server's own node, under a name that all of its type have, is another machine's.
    for (name, keeper) in [("debian+10.0.0.1", &["m1 debian+10.0.0.1"][..]), ("ubuntu", &[])] {
        let mut s = idle();
        s.config.node_types.push(kind("debian", &["bookworm"]));
        s.nodes().push(agent(name));
        assert_eq!(kept(&s, |_| {}), [""; 0], "{name}");
        assert_eq!(kept(&s, |s| s.node(name).idle = false), keeper);
    }
    for node in [busy("ubuntu"), agent("ubuntu")] {
        assert_eq!(kept(&idle(), |s| s.nodes().push(node)), ["m1 ubuntu"], "its own one was renamed");
    }
}

#[test]
fn s5_the_node_that_keeps_one_server_in_the_plan_keeps_no_other_in_the_end() {
    let mut s = missing();
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").active_since = Some(s.now - time("5h"));
    s.nodes().push(busy("keep-for-ann"));
    assert!(whole(&s.plan()).starts_with("- ubuntu  os  s2  never_joined"));
    assert_eq!(kept(&s, |_| {}), [""; 0]);
    assert!(kept(&s, |s| s.nodes().push(busy("worker-8")))[0].starts_with("m2 "));
}

#[test]
fn s5_a_stranger_that_works_does_not_keep_a_server_that_never_ran() {
    let mut s = missing();
    let server = s.server("s1");
    (server.state, server.launch) = (ServerState::Error, Launch::Never);
    s.nodes().push(busy("worker-7"));
    assert!(whole(&s.plan()).starts_with("- ubuntu  os  s1  error"));
    assert_eq!(kept(&s, |_| {}), [""; 0]);
}

#[test]
fn s1_a_shared_node_that_could_not_be_deleted_keeps_both_servers() {
    let mut s = Situation::new();
    for id in ["s1", "s2"] {
        s.active(id, "ubuntu", "10.0.0.1");
    }
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    let long = credit(s.now, "1h");
    let node = s.node_memory("ubuntu+10.0.0.1");
    (node.first_seen, node.first_online, node.idle) = (91, Some(91), Some(long).into());
    assert_eq!(kept(&s, |_| {}), [""; 0]);
    let back = |s: &mut Situation| s.nodes().push(agent("ubuntu+10.0.0.1"));
    assert_eq!(kept(&s, back), ["m1 ubuntu+10.0.0.1", "m2 ubuntu+10.0.0.1"]);
}

#[test]
fn s5_the_last_name_of_a_server_that_is_another_servers_by_now_is_not_its_node() {
    let mut s = missing();
    s.server("s1").addresses = [].into();
    let node = busy("ubuntu+10.0.0.1");
    let m1 = MitaId::from("m1");
    assert!(!is_of_another(&s.config, &s.world, &s.state, &node, &m1));
    s.active("s2", "ubuntu", "10.0.0.1");
    assert!(is_of_another(&s.config, &s.world, &s.state, &node, &m1));
}

#[test]
fn s5_a_server_whose_last_name_another_has_goes_though_that_one_works() {
    let mut s = missing();
    let server = s.server("s1");
    (server.state, server.addresses) = (ServerState::Error, [].into());
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Error, since: s.now, step: RetirementStep::Decided });
    s.active("s2", "ubuntu", "10.0.0.1");
    s.nodes().push(busy("ubuntu+10.0.0.1"));
    s.node_memory("ubuntu+10.0.0.1").server = Some("s1".into());
    let shown = whole(&s.plan());
    assert!(shown.contains("- ubuntu  os  s1  drain_resumed: "), "{shown}");
    assert_eq!(kept(&s, |_| {}), [""; 0]);
}
