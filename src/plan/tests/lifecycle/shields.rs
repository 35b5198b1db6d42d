//! Which nodes keep servers that are not clearly their own.

use crate::domain::names::Owner;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

#[test]
fn s1_a_copy_with_other_labels_keeps_the_server_whose_agent_it_took_over() {
    for labels in [&["private"][..], &["amd64", "x"], &["gpu"], &[]] {
        for listed_before in [true, false] {
            let mut s = Situation::new();
            s.ubuntu().labels = names(&["amd64", "linux"]);
            s.busy("s1", "10.0.0.1").builds = vec![build(1)];
            s.run().after("1m");
            let copy = || Node { presence: Presence::Disconnected, labels: names(labels), ..agent("anns-copy") };
            if listed_before {
                s.nodes().push(copy());
                s.run().after("1m").run().after("1m");
            }
            // The agent moves, and another build begins there.
            let old = s.node("ubuntu+10.0.0.1");
            (old.presence, old.idle, old.builds) = (Presence::Disconnected, true, Vec::new());
            if !listed_before {
                s.nodes().push(copy());
            }
            let new = s.node("anns-copy");
            (new.presence, new.idle, new.idle_executors) = (Presence::Online, false, 0);
            new.builds = vec![build(2)];
            s.run().after("1m");
            s.lose_node("ubuntu+10.0.0.1");
            s.run().minutes(60);
            let shown = whole(&s.plan());
            assert!(shown.contains("server s1  ubuntu  other_name: "), "{labels:?}, {listed_before}: {shown}");
        }
    }
}

#[test]
fn s5_a_branch_of_a_pipeline_on_another_server_keeps_none_that_lost_its_node() {
    let mut s = Situation::new();
    for (server, address) in [("s1", "10.0.0.1"), ("s2", "10.0.0.2")] {
        s.busy(server, address).builds = vec![build(7)];
    }
    s.run().after("1m").run();
    s.lose_node("ubuntu+10.0.0.1");
    s.after("1m").run().minutes(10).after("5m").runs(
        "
        | - ubuntu  os  s1  node_missing: its node is missing from Jenkins for 15m, join_timeout 15m
        |   node ubuntu+10.0.0.2  busy: node ubuntu+10.0.0.2 runs a build
        |   server s1  ubuntu  node_missing: its node is missing from Jenkins for 15m, join_timeout 15m
        |   server s2  ubuntu  busy: node ubuntu+10.0.0.2 runs a build
    ",
    );
}

#[test]
fn l5_the_node_of_a_listed_server_of_somebody_else_keeps_nothing() {
    let other = |s: &mut Situation| {
        let owner = Owner::new("other").unwrap();
        s.active("s9", "ubuntu", "10.9.0.1").mark.as_mut().unwrap().owner = owner;
        s.state.servers.retain(|order, _| order.as_str() != "m9");
    };
    let lost = |s: &mut Situation| s.server("s9").addresses = [].into();
    for is_listed in [true, false] {
        let mut s = Situation::new();
        for n in 1..=2 {
            s.active(&format!("s{n}"), "ubuntu", &format!("10.0.0.{n}"));
        }
        other(&mut s);
        if !is_listed {
            lost(&mut s);
        }
        s.nodes().push(Node { idle: false, ..agent("ubuntu+10.9.0.1") });
        s.run().minutes(30);
        // Where nothing tells whose it is, it may be each of them.
        let left = s.servers().iter().filter(|server| server.id.as_str() != "s9").count();
        assert_eq!(left, if is_listed { 0 } else { 2 }, "{}", whole(&s.plan()));
    }
}
