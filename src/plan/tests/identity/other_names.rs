//! Nodes under names outside the convention, each of which may be a server that seems to have no node.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A server that is ACTIVE for half an hour without a node, and a node under another name that came after it was ordered, idle as long.
fn other_name() -> Situation {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.memory("s1").active_since = Some(s.now - time("30m"));
    s.nodes().push(agent("worker-7"));
    let idle = credit(s.now, "30m");
    let node = s.node_memory("worker-7");
    (node.first_seen, node.idle) = (91, Some(idle).into());
    s
}

#[test]
fn s1_such_a_node_keeps_one_server_for_three_join_timeouts() {
    let mut s = other_name();
    s.runs("
        |   node worker-7  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: active for 30m, not in Jenkins yet, join_timeout 15m; node worker-7 may be it: name it ubuntu+IP so that mita can tell
        | ? server ubuntu (s1): active for 30m, not in Jenkins yet, join_timeout 15m; node worker-7 may be it: name it ubuntu+IP so that mita can tell
    ");
    s.after("7m 30s").run();
    s.after("7m 29s").runs("
        |   node worker-7  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: active for 44m 59s, not in Jenkins yet, join_timeout 15m; node worker-7 may be it: name it ubuntu+IP so that mita can tell
    ");
    s.after("1s").runs("
        | - ubuntu  os  s1  never_joined: active for 45m, not in Jenkins yet, join_timeout 15m
        |   node worker-7  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  never_joined: active for 45m, not in Jenkins yet, join_timeout 15m
        | ? ubuntu at provider os is tried with one server at a time, after a failure: active for 45m, not in Jenkins yet, join_timeout 15m
        | ? server ubuntu (s1) is removed: active for 45m, not in Jenkins yet, join_timeout 15m
    ");
}

#[test]
fn it_must_be_online_an_agent_carry_all_labels_and_have_come_after_the_order() {
    type Change = fn(&mut Situation);
    let changes: [Change; 4] = [
        |s| s.node("worker-7").presence = Presence::Disconnected,
        |s| s.node("worker-7").kind = NodeKind::CloudPlugin("x".to_owned()),
        |s| s.node("worker-7").labels = names(&["worker-7", "arm64"]),
        |s| s.node_memory("worker-7").first_seen = 90,
    ];
    for change in changes {
        let mut s = other_name();
        change(&mut s);
        let shown = whole(&s.plan());
        assert!(shown.starts_with("- ubuntu  os  s1  never_joined"), "{shown}");
    }
}

#[test]
fn one_such_node_keeps_one_server_of_several() {
    let mut s = other_name();
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").active_since = Some(s.now - time("30m"));
    let shown = whole(&s.plan());
    assert!(shown.starts_with("- ubuntu  os  s2  never_joined"), "{shown}");
    assert!(shown.contains("server s1  ubuntu  other_name"), "{shown}");
}

#[test]
fn s1_two_such_nodes_keep_two_servers_whichever_each_could_be() {
    let mut s = other_name();
    s.config.node_types.push(kind("debian", &["debian"]));
    s.active("s2", "debian", "10.0.0.2");
    s.memory("s2").active_since = Some(s.now - time("30m"));
    s.node("worker-7").labels = names(&["amd64", "debian"]);
    s.nodes().push(agent("worker-8"));
    s.node_memory("worker-8").first_seen = 91;
    s.runs("
        |   node worker-7  not_ours: no server of ours carries its name or address
        |   node worker-8  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: active for 30m, not in Jenkins yet, join_timeout 15m; node worker-8 may be it: name it ubuntu+IP so that mita can tell
        |   server s2  debian  other_name: active for 30m, not in Jenkins yet, join_timeout 15m; node worker-7 may be it: name it debian+IP so that mita can tell
        | ? server ubuntu (s1): active for 30m, not in Jenkins yet, join_timeout 15m; node worker-8 may be it: name it ubuntu+IP so that mita can tell
        | ? server debian (s2): active for 30m, not in Jenkins yet, join_timeout 15m; node worker-7 may be it: name it debian+IP so that mita can tell
    ");
}
