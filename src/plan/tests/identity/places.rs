//! Servers in another place than the one that mita logs in to: a project at a compute service.

use crate::domain::state::AddressMemory;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A server in the project `p1`, whose agent Jenkins lost, of a provider that logs in to the project `p2` by now.
fn moved() -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.cloud("os").project = Some("p1".to_owned());
    s.run();
    s.cloud("os").project = Some("p2".to_owned());
    s.lose_server("s1");
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s
}

/// What each run says of it, with what makes mita forget it.
fn told(here: &str, there: &str, forgets: &str) -> String {
    format!(
        "provider os: logs in to the {here}, and 1 server of ours is in the {there}, so mita cannot see it and leaves it and the \
         nodes alone: log in there again, or delete it there and the nodes in Jenkins; then {forgets} makes mita forget it, as a \
         day without a node does"
    )
}

const WITH_NODE: &str = "mita retire with the id of a server";
const IS_ELSEWHERE: &str = "not_seen: it is in another place than the one that mita logs in to at provider os";

#[test]
fn s3_servers_of_another_project_and_their_nodes_stay_and_each_run_says_so() {
    let mut s = moved();
    for _ in 0..6 {
        s.after("10m").runs(&format!(
            "
            | ! provider os: {TOLD}
            |   node ubuntu+10.0.0.1  not_seen: it is in another project than the one that mita logs in to at provider os
            |   server s1  ubuntu  not_seen: it is in another project than the one that mita logs in to at provider os
        "
        ));
    }
    s.project(1, "amd64");
    s.run();
    assert_eq!(s.servers().len(), 1, "what is new is ordered in the new project");
    s.servers().clear();
    s.after("1m").run();
    let lost = s.after("1m").plan();
    assert!(whole(&lost).contains("server new1  ubuntu  gone: "), "{}", whole(&lost));
}

#[test]
fn s3_a_server_is_seen_again_once_its_provider_logs_in_to_its_project_again() {
    for project in [Some("p1"), None] {
        let mut s = moved();
        s.after("10m").run();
        s.cloud("os").project = project.map(str::to_owned);
        s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
        let shown = whole(&s.after("1m").plan());
        assert!(shown.contains("server s1  ubuntu  gone: "), "{project:?}: {shown}");
        assert!(!shown.contains("project"), "{project:?}: {shown}");
    }
}

#[test]
fn l6_a_server_of_another_project_that_has_no_node_for_a_day_is_forgotten() {
    let mut s = moved();
    s.lose_node("ubuntu+10.0.0.1");
    for _ in 0..24 {
        s.after("1h").run();
        assert_eq!(s.state.servers.len(), 1);
    }
    s.after("1h").run();
    assert!(s.state.servers.is_empty() && s.state.gone_servers.is_empty());
    assert_eq!(s.plan().problems, []);
}
