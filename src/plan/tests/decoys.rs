//! Agents that are made to look like the node of a server of ours: they count for nothing once that one has another name.

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

#[test]
fn s1_a_decoy_takes_no_server_from_its_renamed_node_while_a_build_runs_there() {
    for decoy in ["ubuntu", "s1", "s1+1.2.3.4", "lab+10.0.0.1"] {
        let mut s = renamed_beside(decoy);
        for _ in 0..40 {
            let plan = s.plan();
            assert!(plan.actions.is_empty(), "{decoy}: {}", whole(&plan));
            s.run().after("5m");
        }
    }
}

#[test]
fn s7_a_decoy_takes_no_server_from_its_renamed_node_while_a_person_holds_it() {
    for decoy in ["ubuntu", "s1", "s1+1.2.3.4", "lab+10.0.0.1"] {
        let mut s = renamed_beside(decoy);
        let node = s.node("anns");
        (node.idle, node.presence) = (true, set_offline(USER, "mine"));
        node.builds.clear();
        for _ in 0..40 {
            let plan = s.plan();
            assert!(plan.actions.is_empty(), "{decoy}: {}", whole(&plan));
            s.run().after("5m");
        }
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
