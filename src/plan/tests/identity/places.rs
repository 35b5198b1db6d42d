//! Servers in another place than the one that mita logs in to: a project at a compute service.

use crate::domain::state::AddressMemory;
use crate::domain::world::*;
use crate::plan::identity::identify;
use crate::plan::identity::places::elsewhere;
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

fn region(name: &str) -> Option<Site> {
    Some(Site::Region(name.to_owned()))
}

/// The same, of a provider that uses the compute service at another site of one Keystone by now.
fn moved_site(from: Option<Site>, to: Option<Site>) -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    (s.cloud("os").project, s.cloud("os").site) = (Some("p1".to_owned()), from);
    s.run();
    s.cloud("os").site = to;
    s.lose_server("s1");
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
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
            | ! {}
            |   node ubuntu+10.0.0.1  {IS_ELSEWHERE}
            |   server s1  ubuntu  {IS_ELSEWHERE}
        ",
            told("project p2", "project p1", WITH_NODE)
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
fn s3_servers_at_another_compute_service_of_one_keystone_and_their_nodes_stay_and_each_run_says_so() {
    let (one, two) = (Site::at("http://one.example/compute"), Site::at("http://two.example/compute"));
    let moves = [
        (region("R1"), region("R2"), ["region R2", "region R1"]),
        (
            Some(one.clone()),
            Some(two),
            ["compute service at two.example/compute", "compute service at one.example/compute"],
        ),
        (region("R1"), Some(one), ["compute service at one.example/compute", "region R1"]),
    ];
    for (from, to, [here, there]) in moves {
        let mut s = moved_site(from, to);
        for _ in 0..6 {
            s.after("10m").runs(&format!(
                "
                | ! {}
                |   node ubuntu+10.0.0.1  {IS_ELSEWHERE}
                |   server s1  ubuntu  {IS_ELSEWHERE}
            ",
                told(here, there, WITH_NODE)
            ));
        }
    }
}

#[test]
fn s3_a_server_is_seen_again_once_its_provider_logs_in_to_its_place_again() {
    for project in [Some("p1"), None] {
        let mut s = moved();
        s.after("10m").run();
        s.cloud("os").project = project.map(str::to_owned);
        s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
        let shown = whole(&s.after("1m").plan());
        assert!(shown.contains("server s1  ubuntu  gone: "), "{project:?}: {shown}");
        assert!(!shown.contains("project"), "{project:?}: {shown}");
    }
    for site in [region("R1"), None] {
        let mut s = moved_site(region("R1"), region("R2"));
        s.after("10m").run();
        s.cloud("os").site.clone_from(&site);
        let shown = whole(&s.after("1m").plan());
        assert!(shown.contains("server s1  ubuntu  gone: "), "{site:?}: {shown}");
        assert!(!shown.contains("region"), "{site:?}: {shown}");
    }
}

#[test]
fn s3_of_a_server_whose_compute_service_the_state_does_not_know_a_404_counts_as_ever() {
    let mut s = moved_site(None, region("R2"));
    let shown = whole(&s.after("1m").plan());
    assert!(shown.contains("server s1  ubuntu  gone: its cloud does not know it any more (404)"), "{shown}");
}

#[test]
fn l4_a_place_that_shows_a_server_of_another_is_that_place_under_another_name() {
    let mut s = moved_site(region("R1"), Some(Site::at("https://nova.example")));
    s.idle("s2", "10.0.0.2", "1m");
    (s.memory("s2").project, s.memory("s2").site) = (Some("p1".to_owned()), region("R1"));
    let fleet = identify(&s.config, &s.world, &s.state);
    assert_eq!(elsewhere(&s.world, &s.state, &fleet), [], "check --online reports nothing either");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  gone: its cloud does not know it any more (404)
        |   node ubuntu+10.0.0.2  kept: idle 1m, grace 40m
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
        |   server s2  ubuntu  kept: idle 1m, grace 40m
    ",
    );
    assert_eq!(s.memory("s2").site, Some(Site::at("https://nova.example")));
    s.after("1m").run();
    assert!(s.state.gone_servers.contains_key(&"s1".into()), "what the renamed place does not know is gone");
}

#[test]
fn s3_of_two_providers_whose_names_are_swapped_the_one_that_is_down_keeps_its_servers() {
    let mut s = moved_site(region("R1"), region("R1"));
    s.add_provider("two");
    // The servers of R1 are remembered at `os`, which is the name of R2 from now on; R1 does not answer.
    s.cloud("os").site = region("R2");
    s.cloud("two").servers = Listing::Unavailable("503".to_owned());
    let said = told("region R2", "region R1", WITH_NODE);
    for _ in 0..3 {
        s.after("10m").runs(&format!(
            "
            | ! provider two: 503
            | ! {said}
            |   node ubuntu+10.0.0.1  {IS_ELSEWHERE}
            |   server s1  ubuntu  {IS_ELSEWHERE}
        "
        ));
    }
    // It was deleted meanwhile: only R1 can tell.
    (s.cloud("two").project, s.cloud("two").site) = (Some("p1".to_owned()), region("R1"));
    s.cloud("two").servers = Listing::Complete(vec![]);
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  not_seen: provider two gave no answer about it
        |   server s1  ubuntu  not_seen: provider two gave no answer about it
    ",
    );
    s.cloud("two").by_id.insert("s1".into(), Lookup::Gone);
    s.after("1m").run().after("1m").run();
    assert!(s.state.gone_servers.contains_key(&"s1".into()));
}

#[test]
fn s3_a_floating_ip_stays_whose_server_another_compute_service_does_not_know() {
    let mut s = moved_site(region("R1"), region("R2"));
    s.has_floating_ip("os", "f1", &"m1".into(), &"s1".into(), false);
    for _ in 0..3 {
        s.after("1m").run();
        assert_eq!(
            s.state.floating_ips[&"f1".into()],
            AddressMemory { provider: "os".into(), gone_sightings: 0, taken: false }
        );
    }
}

#[test]
fn l4_an_order_remembers_the_place_where_it_is_sent() {
    let mut s = Situation::new();
    s.cloud("os").project = Some("p1".to_owned());
    s.cloud("os").site = region("R1");
    s.project(1, "amd64");
    let state = s.plan().state;
    let order = state.servers.values().next().expect("an order");
    assert_eq!((&order.project, &order.site), (&Some("p1".to_owned()), &region("R1")));
}

#[test]
fn l4_an_order_without_an_answer_in_a_place_that_was_left_is_no_supply_and_is_given_up_as_ever() {
    let mut s = Situation::new();
    s.cloud("os").project = Some("p2".to_owned());
    let order = s.lost_order("m1", "1m");
    (order.project, order.fault) = (Some("p1".to_owned()), Some("502 Bad Gateway".to_owned()));
    s.project(1, "amd64");
    let told = "provider os: logs in to the project p2, and 1 order without an answer went to the project p1, so mita cannot see \
                what it made and gives it up after order_timeout: look there for what carries the mark of mita";
    s.runs(&format!(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | ! {told}
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   server m1  ubuntu  not_seen: ordered 1m ago in another place than the one that mita logs in to at provider os, and never seen
    "
    ));
    s.queue().clear();
    s.servers().clear();
    s.state.servers.retain(|order, _| order.as_str() == "m1");
    for _ in 0..3 {
        s.after("1m").run();
    }
    s.ubuntu().max = Some(1);
    s.project(2, "amd64");
    s.after("50s").runs(&format!(
        "
        | ! {told}
        |   job 2  job2  limit: needs amd64: node type ubuntu has its max of 1; 1 in another place, without a node: mita retire m1 forgets one there
        |   server m1  ubuntu  not_seen: ordered 4m 50s ago in another place than the one that mita logs in to at provider os, and never seen
    "
    ));
    s.after("10s").runs(
        "
        | + ubuntu  os  20261121T120400Z-1  job2 (2) needs amd64
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120400Z-1 is ordered for it
        |   server m1  ubuntu  gone: ordered 5m ago in another place than the one that mita logs in to at provider os, and never seen: given up
    ",
    );
    assert!(s.state.breakers.is_empty(), "that is no failure of the new place");
}

#[test]
fn l1_a_server_without_a_node_in_a_place_that_was_left_is_no_supply_and_the_verdicts_name_the_cure() {
    let mut s = moved_site(region("R1"), region("R2"));
    s.lose_node("ubuntu+10.0.0.1");
    let ordered_at = s.now - time("2m");
    let known = s.memory("s1");
    (known.joined_at, known.ordered_at, known.active_since) = (None, ordered_at, None);
    s.project(1, "amd64");
    let told = told("region R2", "region R1", "mita retire s1");
    s.runs(&format!(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | ! {told}
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   server s1  ubuntu  {IS_ELSEWHERE}, and has no node: mita retire s1 forgets it
    "
    ));
    s.servers().clear();
    s.state.servers.retain(|_, known| known.server_id.as_ref().is_some_and(|id| id.as_str() == "s1"));
    s.ubuntu().max = Some(1);
    s.after("1m").runs(&format!(
        "
        | ! {told}
        |   job 1  job1  limit: needs amd64: node type ubuntu has its max of 1; 1 in another place, without a node: mita retire s1 forgets one there
        |   server s1  ubuntu  {IS_ELSEWHERE}, and has no node: mita retire s1 forgets it
    "
    ));
}

#[test]
fn l6_a_server_of_another_project_that_has_no_node_for_a_day_is_forgotten() {
    let mut s = moved();
    s.lose_node("ubuntu+10.0.0.1");
    for _ in 0..24 {
        s.after("1h").run();
        assert_eq!(s.state.servers.len(), 1);
    }
    let shown = whole(&s.after("1h").plan());
    assert!(
        shown.contains("in another place than the one that mita logs in to at provider os, and forgotten"),
        "{shown}"
    );
    s.run();
    assert!(s.state.servers.is_empty() && s.state.gone_servers.is_empty());
    assert_eq!(s.plan().problems, []);
}
