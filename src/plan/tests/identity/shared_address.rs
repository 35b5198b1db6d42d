//! Two servers with one address, as private networks of two clouds give it: which nodes are clear all the same.

use crate::domain::names::Owner;
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Two servers with the address 10.0.0.1, which both joined long ago and are ACTIVE without a node.
fn twins(first: &str, second: &str) -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["amd64"]));
    for (id, node_type) in [("s1", first), ("s2", second)] {
        s.active(id, node_type, "10.0.0.1");
        let long = credit(s.now, "15m");
        s.memory(id).joined_at = Some(s.now - time("50m"));
        s.memory(id).missing = Some(long).into();
    }
    s
}

#[test]
fn s1_a_base_that_is_the_type_of_both_is_ambiguous_though_only_one_has_it_for_a_name() {
    let mut s = twins("ubuntu", "ubuntu");
    s.server("s2").name = "ubuntu-m2".to_owned();
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    s.runs("
        |   node ubuntu+10.0.0.1  ambiguous: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu+10.0.0.1: nothing is touched
        |   server s2  ubuntu-m2  ambiguous: could be node ubuntu+10.0.0.1: nothing is touched
        | ? server ubuntu (s1): could be node ubuntu+10.0.0.1: nothing is touched
        | ? server ubuntu-m2 (s2): could be node ubuntu+10.0.0.1: nothing is touched
        | ? node ubuntu+10.0.0.1: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
    ");
}

#[test]
fn a_base_that_is_no_type_is_ambiguous_though_only_one_type_has_the_labels() {
    let mut s = twins("ubuntu", "debian");
    s.config.node_types[1].labels = names(&["bookworm"]);
    s.nodes().push(agent("builder+10.0.0.1"));
    s.runs("
        |   node builder+10.0.0.1  ambiguous: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node builder+10.0.0.1: nothing is touched
        |   server s2  debian  ambiguous: could be node builder+10.0.0.1: nothing is touched
        | ? node builder+10.0.0.1: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        | ? server ubuntu (s1): could be node builder+10.0.0.1: nothing is touched
        | ? server debian (s2): could be node builder+10.0.0.1: nothing is touched
    ");
}

#[test]
fn a_base_that_is_the_type_of_one_is_clear_and_while_it_works_the_other_is_left_alone() {
    let mut s = twins("ubuntu", "debian");
    s.nodes().push(agent("debian+10.0.0.1"));
    s.node("debian+10.0.0.1").idle = false;
    s.runs(
        "
        |   node debian+10.0.0.1  busy: node debian+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node debian+10.0.0.1 runs a build
        |   server s2  debian  busy: node debian+10.0.0.1 runs a build
    ",
    );
    s.node("debian+10.0.0.1").idle = true;
    s.after("1m").runs(
        "
        | - ubuntu  os  s1  node_missing: its node is missing from Jenkins for 16m, join_timeout 15m
        |   node debian+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  node_missing: its node is missing from Jenkins for 16m, join_timeout 15m
        |   server s2  debian  kept: idle 0s, grace 40m
    ",
    );
}

/// Two servers that share the address of their one node, which is idle for so long; neither was ever sure to have joined.
fn sharing(idle: &str) -> Situation {
    let mut s = twins("ubuntu", "ubuntu");
    let since = Some(s.now - time("1h"));
    for memory in s.state.servers.values_mut() {
        (memory.joined_at, memory.missing, memory.active_since) = (None, None.into(), since);
    }
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    let idle = credit(s.now, idle);
    let node = s.node_memory("ubuntu+10.0.0.1");
    (node.first_seen, node.first_online, node.idle) = (91, Some(91), Some(idle).into());
    s
}

#[test]
fn l3_two_servers_that_share_an_address_both_go_once_their_node_was_idle_for_the_grace_time() {
    let mut s = sharing("39m");
    s.runs("
        |   node ubuntu+10.0.0.1  ambiguous: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu+10.0.0.1: nothing is touched
        |   server s2  ubuntu  ambiguous: could be node ubuntu+10.0.0.1: nothing is touched
        | ? server ubuntu (s1): could be node ubuntu+10.0.0.1: nothing is touched
        | ? server ubuntu (s2): could be node ubuntu+10.0.0.1: nothing is touched
        | ? node ubuntu+10.0.0.1: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
    ");
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        | - ubuntu  os  s2  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
        |   server s2  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn s1_two_servers_that_share_an_address_stay_while_their_node_works_is_held_or_is_wanted() {
    type Change = fn(&mut Situation);
    let changes: [(&str, Change); 3] = [
        ("ambiguous: could be node ubuntu+10.0.0.1", |s| {
            s.node("ubuntu+10.0.0.1").presence = set_offline(USER, "mine");
        }),
        ("kept_for_jobs: idle 45m, grace 40m; kept for job1", |s| s.projects(1, "amd64")),
        ("not_seen: idle 45m, grace 40m", |s| s.world.jenkins.queue = Listing::Unavailable("503".to_owned())),
    ];
    for (verdict, change) in changes {
        let mut s = sharing("45m");
        change(&mut s);
        let plan = s.plan();
        let shown = whole(&plan);
        let both = ["s1", "s2"].iter().all(|id| shown.contains(&format!("  server {id}  ubuntu  {verdict}")));
        assert!(plan.actions.is_empty() && both, "{verdict}: {shown}");
    }
    let mut s = sharing("45m");
    s.node("ubuntu+10.0.0.1").idle = false;
    s.runs("
        |   node ubuntu+10.0.0.1  ambiguous: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
        |   server s2  ubuntu  ambiguous: node ubuntu+10.0.0.1 runs a build; it should have joined, and the node could be another server
        | ? server ubuntu (s2): node ubuntu+10.0.0.1 runs a build; it should have joined, and the node could be another server
        | ? node ubuntu+10.0.0.1: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
    ");
}

#[test]
fn l4_the_retirement_of_two_servers_that_share_an_address_is_finished() {
    let mut s = sharing("1m");
    let ours = offline_message(&owner(), &"s1".into(), Rule::Idle);
    s.node("ubuntu+10.0.0.1").presence = set_offline(USER, &ours);
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        | - ubuntu  os  s2  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s2  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
    ",
    );
}

#[test]
fn two_servers_that_share_an_address_and_whose_node_was_never_online_never_joined() {
    let mut s = sharing("1m");
    away_for(&mut s, "15m");
    s.node_memory("ubuntu+10.0.0.1").first_online = None;
    for memory in s.state.servers.values_mut() {
        memory.active_since = Some(s.now - time("15m"));
    }
    let shown = whole(&s.plan());
    assert!(shown.starts_with("- ubuntu+10.0.0.1  os  s1  never_joined: "), "{shown}");
    assert!(shown.contains("- ubuntu  os  s2  never_joined: "), "{shown}");
}

#[test]
fn l3_two_servers_that_share_an_address_both_go_once_their_node_was_away_for_the_join_timeout() {
    for (away, rule) in [("14m 59s", "ambiguous"), ("15m", "offline")] {
        let mut s = sharing("1m");
        away_for(&mut s, away);
        let shown = whole(&s.plan());
        let both = ["s1", "s2"].iter().all(|id| shown.contains(&format!("  server {id}  ubuntu  {rule}: ")));
        assert!(both, "{away}: {shown}");
    }
}

fn away_for(s: &mut Situation, span: &str) {
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    let away = credit(s.now, span);
    let node = s.node_memory("ubuntu+10.0.0.1");
    (node.idle, node.offline) = (None.into(), Some(away).into());
}

#[test]
fn what_is_remembered_of_a_server_that_is_there_tells_more_than_the_name_of_one_that_is_not() {
    let mut s = twins("ubuntu", "ubuntu");
    s.servers().retain(|server| server.id.as_str() == "s1");
    s.server("s1").addresses = [].into();
    s.nodes().push(agent("m2"));
    s.node_memory("m2").server = Some("s1".into());
    s.runs(
        "
        |   node m2  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
        |   server s2  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn s2_another_installations_server_with_the_address_changes_nothing() {
    let mut s = twins("ubuntu", "ubuntu");
    s.server("s2").mark.as_mut().unwrap().owner = Owner::new("other").unwrap();
    s.state.servers.retain(|order, _| order.as_str() == "m1");
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}
