//! Which node is which server, and what is touched where that is not clear.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A server whose node this could be, idle far over its grace; and what is thought of both.
fn server_and_node(node: &str, change: impl FnOnce(&mut Situation)) -> Situation {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().push(agent(node));
    change(&mut s);
    s
}

#[test]
fn a_node_maps_by_the_order_the_servers_id_or_its_unique_name_as_a_whole_or_as_base() {
    for name in [
        "m1",
        "m1+10.0.0.1",
        "m1+somewhere",
        "s1",
        "s1+10.0.0.1",
        "ubuntu-m1",
        "ubuntu-m1+10.0.0.1",
        "ubuntu+10.0.0.1",
        "ubuntu",
    ] {
        let s = server_and_node(name, |s| {
            if name.starts_with("ubuntu-") {
                s.server("s1").name = "ubuntu-m1".to_owned();
            }
        });
        let shown = whole(&s.plan());
        let maps = format!("  node {name}  kept: idle 0s, grace 40m\n");
        assert_eq!(shown.contains(&maps), name != "m1+somewhere", "{name}: {shown}");
    }
}

#[test]
fn the_addresss_family_and_spelling_do_not_matter() {
    for (name, address) in [
        ("ubuntu+2001-db8--1", "2001:db8::1"),
        ("ubuntu+2001-db8-0-0-0-0-0-1", "2001:db8::1"),
        ("ubuntu+2001-DB8--1", "2001:db8::1"),
        ("ubuntu+10.0.0.1", "10.0.0.1"),
        ("ubuntu+203.0.113.9", "10.0.0.1 203.0.113.9"),
    ] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", address);
        s.nodes().push(agent(name));
        let shown = whole(&s.plan());
        assert!(shown.contains("server s1  ubuntu  kept: idle 0s"), "{name}: {shown}");
    }
}

#[test]
fn a_node_maps_by_its_address_where_its_base_is_no_type_and_it_carries_all_labels() {
    let mut s = server_and_node("builder+10.0.0.1", |_| {});
    s.runs(
        "
        |   node builder+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
    let mut s = server_and_node("builder+10.0.0.1", |s| {
        s.node("builder+10.0.0.1").labels = names(&["arm64"]);
    });
    s.runs("
        |   node builder+10.0.0.1  ambiguous: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node builder+10.0.0.1: nothing is touched
        | ? node builder+10.0.0.1: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        | ? server ubuntu (s1): could be node builder+10.0.0.1: nothing is touched
    ");
}

#[test]
fn s2_a_type_without_labels_takes_no_node_by_its_address_alone() {
    let mut s = server_and_node("gpu-lab+10.0.0.1", |s| s.ubuntu().labels = [].into());
    s.node("gpu-lab+10.0.0.1").labels = names(&["gpu", "gpu-lab+10.0.0.1"]);
    s.runs("
        |   node gpu-lab+10.0.0.1  ambiguous: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node gpu-lab+10.0.0.1: nothing is touched
        | ? node gpu-lab+10.0.0.1: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        | ? server ubuntu (s1): could be node gpu-lab+10.0.0.1: nothing is touched
    ");
}

#[test]
fn s1_a_node_of_any_class_keeps_the_server_that_has_its_name_or_address_while_it_works() {
    for name in ["ubuntu+10.0.0.1", "debian+10.0.0.1", "ubuntu", "m1"] {
        let mut s = server_and_node(name, |s| s.memory("s1").active_since = Some(s.now - time("2h")));
        s.node(name).kind = NodeKind::CloudPlugin("jclouds".to_owned());
        let shown = whole(&s.plan());
        assert!(shown.starts_with("- ubuntu  os  s1  never_joined"), "{name}: {shown}");
        s.node(name).idle = false;
        let shown = whole(&s.plan());
        assert!(shown.contains(&format!("server s1  ubuntu  busy: node {name} runs a build")), "{name}: {shown}");
        let node = s.node(name);
        (node.idle, node.presence) = (true, set_offline(USER, "mine"));
        let shown = whole(&s.plan());
        assert!(
            shown.contains(&format!("server s1  ubuntu  held: a person set node {name} offline")),
            "{name}: {shown}"
        );
        // What was online before the server was ordered is another machine.
        s.node(name).idle = false;
        s.node_memory(name).first_online = Some(90);
        let shown = whole(&s.plan());
        assert_eq!(shown.contains("server s1  ubuntu  busy"), name == "m1", "{name}: {shown}");
    }
}

#[test]
fn a_base_that_names_another_type_does_not_map_and_protects_the_server() {
    let mut s = server_and_node("debian+10.0.0.1", |s| {
        s.config.node_types.push(kind("debian", &["amd64"]));
        s.memory("s1").active_since = Some(s.now - time("2h"));
    });
    s.runs("
        |   node debian+10.0.0.1  ambiguous: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node debian+10.0.0.1: nothing is touched
        | ? node debian+10.0.0.1: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        | ? server ubuntu (s1): could be node debian+10.0.0.1: nothing is touched
    ");
}

#[test]
fn an_old_entry_with_another_address_does_not_lead_to_the_only_server_of_its_type() {
    let mut s = server_and_node("ubuntu+10.0.0.99", |_| {});
    s.runs(
        "
        |   node ubuntu+10.0.0.99  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn s2_a_static_node_of_the_same_name_that_was_online_before_is_somebody_elses() {
    for name in ["ubuntu", "ubuntu+10.0.0.1"] {
        let mut s = server_and_node(name, |s| {
            s.node_memory(name).first_online = Some(89);
            s.memory("s1").active_since = Some(s.now - time("15m"));
        });
        s.node(name).idle = false;
        s.node(name).labels = [].into();
        let shown = whole(&s.plan());
        assert!(shown.contains(&format!("node {name}  not_ours: it was online before the server")), "{shown}");
        assert!(shown.contains("- ubuntu  os  s1  never_joined"), "{shown}");
    }
}

#[test]
fn s2_a_node_that_was_online_in_the_very_run_that_ordered_the_server_was_there_before() {
    let mut s = server_and_node("ubuntu", |s| s.node_memory("ubuntu").first_online = Some(90));
    s.runs(
        "
        |   node ubuntu  not_ours: it was online before the server that its name resembles was ordered
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn s6_after_a_lost_state_a_name_without_address_does_not_map() {
    let mut s = server_and_node("ubuntu", |s| {
        s.state.servers.clear();
        s.server("s1").mark.as_mut().unwrap().id = "20261121T100000Z-1".into();
    });
    s.runs("
        |   node ubuntu  ambiguous: does not map clearly to 20261121T100000Z-1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu: nothing is touched
        | ? server ubuntu (s1): could be node ubuntu: nothing is touched
        | ? node ubuntu: does not map clearly to 20261121T100000Z-1: nothing is touched; name the node base+IP, or delete it
    ");
}

/// After a lost state: one without address that is being built, beside a node of the same name with one.
fn built_for_ever(launch: Launch) -> Situation {
    let mut s = Situation::new();
    let server = s.active("s1", "ubuntu", "");
    (server.state, server.launch) = (ServerState::Building, launch);
    s.state.servers.clear();
    s.nodes().push(agent("ubuntu+10.9.8.7"));
    s
}

#[test]
fn s5_after_a_lost_state_a_server_that_never_ran_is_no_stranger_whose_name_carries_an_address() {
    built_for_ever(Launch::Never).runs(
        "
        | - ubuntu  os  s1  boot_timeout: still being built 1h after its order, boot_timeout 15m
        |   node ubuntu+10.9.8.7  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  boot_timeout: still being built 1h after its order, boot_timeout 15m
        | ? ubuntu at provider os is tried with one server at a time, after a failure: still being built 1h after its order, boot_timeout 15m
        | ? server ubuntu (s1) is removed: still being built 1h after its order, boot_timeout 15m
    ",
    );
    built_for_ever(Launch::Unknown).runs(
        "
        |   node ubuntu+10.9.8.7  ambiguous: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu+10.9.8.7: nothing is touched
        | ? server ubuntu (s1): could be node ubuntu+10.9.8.7: nothing is touched
        | ? node ubuntu+10.9.8.7: does not map clearly to m1: nothing is touched; name the node base+IP, or delete it
    ",
    );
}

#[test]
fn s6_after_a_lost_state_a_name_with_the_address_maps() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").mark.as_mut().unwrap().id = "20261121T100000Z-1".into();
    s.state = crate::domain::state::State::new(owner());
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

#[test]
fn a_name_that_says_one_server_and_an_address_of_another_is_ambiguous() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.nodes().push(agent("m1+10.0.0.2"));
    s.runs("
        |   node m1+10.0.0.2  ambiguous: its name says server m1, its address m2: nothing is touched; rename or delete the node
        |   server s1  ubuntu  ambiguous: could be node m1+10.0.0.2: nothing is touched
        |   server s2  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; node m1+10.0.0.2 could be it or another server
        | ? node m1+10.0.0.2: its name says server m1, its address m2: nothing is touched; rename or delete the node
        | ? server ubuntu (s1): could be node m1+10.0.0.2: nothing is touched
    ");
}

#[test]
fn s1_a_busy_node_of_an_ambiguous_name_protects_every_server_that_it_could_be() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.idle("s2", "10.0.0.2", "2h");
    let mut busy = agent("m1+10.0.0.2");
    busy.idle = false;
    s.nodes().push(busy);
    s.runs("
        |   node m1+10.0.0.2  ambiguous: its name says server m1, its address m2: nothing is touched; rename or delete the node
        |   node ubuntu+10.0.0.1  busy: node m1+10.0.0.2 runs a build
        |   node ubuntu+10.0.0.2  busy: node m1+10.0.0.2 runs a build
        |   server s1  ubuntu  busy: node m1+10.0.0.2 runs a build
        |   server s2  ubuntu  busy: node m1+10.0.0.2 runs a build
        | ? node m1+10.0.0.2: its name says server m1, its address m2: nothing is touched; rename or delete the node
    ");
}

#[test]
fn two_servers_of_one_name_leave_a_node_without_address_ambiguous() {
    let mut s = server_and_node("ubuntu", |s| {
        s.active("s2", "ubuntu", "10.0.0.2");
    });
    s.runs("
        |   node ubuntu  ambiguous: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu  ambiguous: could be node ubuntu: nothing is touched
        |   server s2  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m; node ubuntu could be it or another server
        | ? server ubuntu (s1): could be node ubuntu: nothing is touched
        | ? node ubuntu: fits more than one server: m1, m2: nothing is touched; name the node base+IP, or delete it
    ");
}

#[test]
fn two_servers_of_one_order_are_both_ours_and_their_nodes_are_told_by_address() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    let mut twin = s.server("s1").clone();
    twin.id = "s9".into();
    twin.addresses = ["10.0.0.9".parse().unwrap()].into();
    s.servers().push(twin);
    s.nodes().push(agent("ubuntu+10.0.0.9"));
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   node ubuntu+10.0.0.9  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
        |   server s9  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

#[test]
fn s1_two_servers_of_one_order_with_a_unique_name_are_not_told_by_that_name() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
    let mut twin = s.server("s1").clone();
    twin.id = "s9".into();
    twin.addresses = ["10.0.0.9".parse().unwrap()].into();
    s.servers().push(twin);
    s.memory("s1").active_since = Some(s.now - time("2h"));
    let mut node = agent("ubuntu-m1");
    node.idle = false;
    s.nodes().push(node);
    s.runs("
        |   node ubuntu-m1  ambiguous: fits more than one server: m1, s9: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu-m1  busy: node ubuntu-m1 runs a build
        |   server s9  ubuntu-m1  connecting: active for 0s, not in Jenkins yet, join_timeout 15m; node ubuntu-m1 could be it or another server
        | ? node ubuntu-m1: fits more than one server: m1, s9: nothing is touched; name the node base+IP, or delete it
    ",
    );
    s.after("15m").runs("
        |   node ubuntu-m1  ambiguous: fits more than one server: m1, s9: nothing is touched; name the node base+IP, or delete it
        |   server s1  ubuntu-m1  busy: node ubuntu-m1 runs a build
        |   server s9  ubuntu-m1  connecting: active for 7m 30s, not in Jenkins yet, join_timeout 15m; node ubuntu-m1 could be it or another server
    ");
}

#[test]
fn a_server_that_two_providers_show_is_one_server() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    s.add_provider("two");
    let same = s.server("s1").clone();
    s.cloud("two").servers = Listing::Complete(vec![same]);
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 5m, grace 40m
        |   server s1  ubuntu  kept: idle 5m, grace 40m
    ",
    );
    s.cloud("os").servers = Listing::Unavailable("503".to_owned());
    s.after("1m").runs(
        "
        | ! provider os: 503
        |   node ubuntu+10.0.0.1  kept: idle 6m, grace 40m
        |   server s1  ubuntu  kept: idle 6m, grace 40m
    ",
    );
}

#[test]
fn s2_servers_and_nodes_of_others_are_not_touched_whatever_their_names() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").mark = None;
    s.active("s2", "ubuntu", "10.0.0.2").mark.as_mut().unwrap().owner =
        crate::domain::names::Owner::new("other").unwrap();
    s.state.servers.clear();
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    s.nodes().push(agent("ubuntu+10.0.0.2"));
    let mut jclouds = agent("ubuntu+10.0.0.3");
    jclouds.kind = NodeKind::CloudPlugin("jenkins.plugins.openstack.compute.JCloudsComputer".to_owned());
    s.active("s3", "ubuntu", "10.0.0.3");
    s.nodes().push(jclouds);
    s.after("5m").runs("
        | - ubuntu  os  s3  never_joined: active for 15m, not in Jenkins yet, join_timeout 15m
        |   node ubuntu+10.0.0.1  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.2  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.3  not_ours: a cloud plugin made it
        |   server s3  ubuntu  never_joined: active for 15m, not in Jenkins yet, join_timeout 15m
        | ? ubuntu at provider os is tried with one server at a time, after a failure: active for 15m, not in Jenkins yet, join_timeout 15m
        | ? server ubuntu (s3) is removed: active for 15m, not in Jenkins yet, join_timeout 15m
    ");
}

#[test]
fn s1_a_node_that_names_another_order_and_was_this_servers_keeps_it_while_a_build_runs_there() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Error;
    s.active("s2", "ubuntu", "10.0.0.2");
    let mut node = agent("m2+10.0.0.1");
    (node.idle, node.idle_executors) = (false, 0);
    s.nodes().push(node);
    let memory = s.node_memory("m2+10.0.0.1");
    (memory.first_online, memory.server) = (Some(ORDERED_IN), Some("s1".into()));
    let plan = s.plan();
    assert!(plan.actions.is_empty(), "{}", whole(&plan));
}
