//! Two servers with one address, as private networks of two clouds give it: which nodes are clear all the same.

use crate::domain::names::Owner;
use crate::plan::tests::situation::*;

/// Two servers with the address 10.0.0.1, which both joined long ago and are ACTIVE without a node.
fn twins(first: &str, second: &str) -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["amd64"]));
    for (id, node_type) in [("s1", first), ("s2", second)] {
        s.active(id, node_type, "10.0.0.1");
        let long = credit(s.now, "15m");
        s.memory(id).joined_at = Some(s.now - time("50m"));
        s.memory(id).missing = Some(long);
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

#[test]
fn what_is_remembered_of_a_server_that_is_there_tells_more_than_the_name_of_one_that_is_not() {
    let mut s = twins("ubuntu", "ubuntu");
    s.servers().retain(|server| server.id.as_str() == "s1");
    s.server("s1").addresses.clear();
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
