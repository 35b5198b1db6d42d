//! Whose a server is: two installations with one owner, a controller with a new URL, and a mark that a person took away.

use crate::config::{NodeSettings, Registration, Transport};
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::Owner;
use crate::domain::state::Origin;
use crate::domain::world::*;
use crate::plan::model::Change;
use crate::plan::tests::situation::*;

/// A server with the mark of our owner and of this controller, that this state never ordered.
fn of_controller(s: &mut Situation, id: &str, address: &str, controller: Option<&str>) {
    s.active(id, "ubuntu", address).mark.as_mut().unwrap().controller = controller.map(Controller::at);
    s.state.servers.remove(&id.replacen('s', "m", 1).as_str().into());
}

const STAGING: &str = "another installation, whose servers are left alone; give one of the two an owner of its own, or, \
                       if this Jenkins had that URL before, add it to jenkins.former_urls";

#[test]
fn s2_the_servers_of_another_controller_with_our_owner_are_not_ours_and_are_told_in_each_run() {
    let mut s = Situation::new();
    of_controller(&mut s, "s1", "10.0.0.1", Some("staging.example.com"));
    of_controller(&mut s, "s2", "10.0.0.2", Some("staging.example.com"));
    of_controller(&mut s, "s3", "10.0.0.3", Some("test.example.com"));
    s.config.max_servers = 1;
    s.project(1, "amd64");
    s.runs(&format!(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | ! provider os: 2 servers have the mark of owner ci at the Jenkins staging.example.com: {STAGING}
        | ! provider os: 1 server has the mark of owner ci at the Jenkins test.example.com: {STAGING}
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    "
    ));
    s.after("1h");
    let plan = s.plan();
    assert_eq!(plan.problems.len(), 2);
    assert!(!s.state.servers.keys().any(|id| ["m1", "m2", "m3"].contains(&id.as_str())));
}

#[test]
fn s2_servers_of_an_older_mita_and_of_a_former_url_are_ours() {
    for (controller, ours) in [
        (None, true),
        (Some("HTTP://CI.example.com:80/"), true),
        (Some("old.example.com:443/ci/"), true),
        (Some("old.example.com/other"), false),
        (Some("ci.example.com:8080"), false),
    ] {
        let mut s = Situation::new();
        s.config.jenkins.former_urls = vec!["https://old.example.com/ci/".to_owned()];
        of_controller(&mut s, "s1", "10.0.0.1", controller);
        let plan = s.plan();
        assert_eq!(plan.state.servers.len(), usize::from(ours), "{controller:?}");
        assert_eq!(plan.problems.len(), usize::from(!ours), "{controller:?}");
    }
}

#[test]
fn a_server_that_this_state_ordered_is_ours_whatever_controller_its_mark_names() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "40m");
    s.server("s1").mark.as_mut().unwrap().controller = Some(Controller::at("old.example.com"));
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
}

#[test]
fn s2_what_an_older_mita_adopted_from_another_installation_is_given_back() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").mark.as_mut().unwrap().controller = Some(Controller::at("staging"));
    s.memory("s1").origin = Origin::Found;
    s.after("2h").runs(&format!(
        "
        | ! provider os: 1 server has the mark of owner ci at the Jenkins staging: {STAGING}
    "
    ));
    assert!(s.state.servers.is_empty() && s.state.gone_servers.is_empty());
}

#[test]
fn s4_an_order_without_an_answer_is_not_taken_for_the_server_of_another_installation_with_its_id() {
    let mut s = Situation::new();
    s.lost_order("m1", "1m");
    of_controller(&mut s, "s9", "10.0.0.9", Some("staging"));
    s.lost_order("m1", "1m");
    s.server("s9").mark.as_mut().unwrap().id = "m1".into();
    s.runs(&format!(
        "
        | ! provider os: 1 server has the mark of owner ci at the Jenkins staging: {STAGING}
        |   server m1  ubuntu  ordered: 1m ago, in no listing yet
    "
    ));
}

#[test]
fn s2_a_node_that_another_installation_made_for_its_server_is_not_ours_though_it_names_our_owner() {
    let mut s = Situation::new();
    s.ubuntu().registration = Registration::Inbound(NodeSettings::default(), Transport::default());
    of_controller(&mut s, "s7", "10.0.0.7", Some("staging"));
    let mark = Some(Mark { owner: owner(), controller: None, node_type: "ubuntu".into(), id: "m7".into() });
    s.nodes().push(Node { mark, presence: Presence::Disconnected, ..agent("ubuntu-m7") });
    for _ in 0..3 {
        s.after("1h").runs(&format!(
            "
            | ! provider os: 1 server has the mark of owner ci at the Jenkins staging: {STAGING}
            |   node ubuntu-m7  not_ours: made for a server of another installation
        "
        ));
    }
}

#[test]
fn s2_volumes_and_addresses_of_another_installation_are_left_alone_whatever_became_of_their_servers() {
    let mut s = Situation::new();
    let of =
        |controller: &str| Installation { owner: owner(), controller: Controller::at(controller), former: Vec::new() };
    let mark = |controller: &str, server: &str| AddressMark::new(&of(controller), "m7".into(), server.into());
    let old = |server: &str| AddressMark { controller: None, ..mark("ci.example.com", server) };
    let address = |id: &str, mark| FloatingIp { id: id.into(), address: None, mark, attached: false, leads_to: None };
    // Of the one, the server is gone. Of the other it is there, and an older mita made the address.
    s.cloud("os").floating_ips = Some(Listing::Complete(vec![
        address("f1", mark("staging", "s7")),
        address("f2", old("s8")),
        address("f3", mark("ci.example.com", "s9")),
    ]));
    of_controller(&mut s, "s8", "10.0.0.8", Some("staging"));
    for id in ["s7", "s9"] {
        s.cloud("os").by_id.insert(id.into(), Lookup::Gone);
    }
    s.remember_gone("s6");
    let volume = |id: &str, controller: &str| {
        let mark = Mark {
            owner: owner(),
            controller: Some(Controller::at(controller)),
            node_type: "ubuntu".into(),
            id: "m6".into(),
        };
        Volume { id: id.into(), name: String::new(), mark: Some(mark), state: VolumeState::Free, attachments: vec![] }
    };
    s.cloud("os").volumes = Some(Listing::Complete(vec![volume("v1", "staging"), volume("v2", "ci.example.com")]));
    s.run();
    s.cloud("os").volumes = Some(Listing::Complete(vec![volume("v1", "staging")]));
    let plan = s.after("1m").plan();
    let removed: Vec<String> = plan
        .actions
        .iter()
        .map(|action| match &action.change {
            Change::ReleaseFloatingIp { floating_ip_id, .. } => floating_ip_id.to_string(),
            Change::DeleteVolume { volume_id, .. } => volume_id.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(removed, ["f3"]);
    assert!(!plan.verdicts.iter().any(|verdict| ["f1", "f2", "v1"].contains(&verdict.id.as_str())));
}

#[test]
fn s1_servers_that_never_joined_here_and_that_this_state_did_not_order_are_held_back_by_the_brake() {
    let mut s = Situation::new();
    for number in 1..=4 {
        s.active(&format!("s{number}"), "ubuntu", &format!("10.0.0.{number}"));
    }
    s.after("15m");
    let plan = s.plan();
    assert_eq!((plan.actions.len(), plan.held_back.len()), (4, 0), "ordered by this state");
    for memory in s.state.servers.values_mut() {
        memory.origin = Origin::Found;
    }
    let plan = s.plan();
    assert_eq!((plan.actions.len(), plan.held_back.len()), (0, 4));
    s.memory("s1").origin = Origin::Ordered(1);
    let plan = s.plan();
    assert_eq!((plan.actions.len(), plan.held_back.len()), (4, 0), "three are always let through");
}

#[test]
fn s2_a_server_whose_mark_a_person_took_away_is_forgotten_and_told_once() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").mark = None;
    s.config.max_servers = 1;
    s.wait(1, Task::Project { label: Some("amd64".to_owned()) }, "‘ubuntu+10.0.0.1’ is offline; ...");
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  not_ours: its server no longer carries our mark
        | ? server ubuntu (s1) no longer carries the whole mark of ci (mita_owner, mita_node, mita_id): it is left alone and forgotten; delete it in its cloud if nobody needs it
    ",
    );
    s.after("1h").queue().clear();
    let plan = s.plan();
    assert!(plan.warnings.iter().all(|warning| !warning.contains("no longer carries")), "{:?}", plan.warnings);
    assert!(!plan.state.servers.contains_key(&"m1".into()) && plan.state.gone_servers.is_empty());
    s.run().lose_server("s1");
    let plan = s.after("1h").plan();
    let deletes_node = plan.actions.iter().any(|action| matches!(action.change, Change::DeleteNode { .. }));
    assert!(!deletes_node, "its node is not ours either: {:?}", plan.actions);
}

#[test]
fn s2_a_server_that_another_installation_marks_is_that_installations() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    s.server("s1").mark.as_mut().unwrap().owner = Owner::new("other").unwrap();
    s.runs(
        "
        |   node ubuntu+10.0.0.1  not_ours: its server no longer carries our mark
        | ? server ubuntu (s1) no longer carries the whole mark of ci (mita_owner, mita_node, mita_id): it is left alone and forgotten; delete it in its cloud if nobody needs it
    ",
    );
}

#[test]
fn s3_a_server_without_any_metadata_in_a_listing_is_unknown_and_not_forgotten() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    let whole = s.server("s1").clone();
    (s.server("s1").mark, s.server("s1").shown) = (None, Shown::WithoutMetadata);
    s.runs(
        "
        |   node ubuntu+10.0.0.1  not_seen: provider os shows it without metadata, so nothing says whose it is now
        |   server s1  ubuntu  not_seen: provider os shows it without metadata, so nothing says whose it is now
    ",
    );
    *s.server("s1") = whole;
    s.after("1m").runs(
        "
        | - ubuntu+10.0.0.1  os  s1  idle: 2h 1m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 2h 1m, grace 40m
        |   server s1  ubuntu  idle: 2h 1m, grace 40m
    ",
    );
}

#[test]
fn s4_a_server_whose_mark_names_another_type_before_it_joined_is_one_of_the_type_that_was_ordered() {
    for other in ["debian", "gone"] {
        let mut s = Situation::new();
        s.config.node_types.push(kind("debian", &["x"]));
        s.project(1, "amd64");
        s.run();
        s.server("new1").mark.as_mut().unwrap().node_type = other.into();
        s.after("1m").runs(&format!(
            "
            |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
            |   server new1  ubuntu  booting: ordered 1m ago, being built
            | ? server ubuntu (new1) was ordered as ubuntu, and its mita_node says {other} now: it stays one of ubuntu
        "
        ));
        let mut orders = 1;
        for _ in 2..60 {
            orders += s.after("1m").plan().actions.iter().filter(|action| action.is_order()).count();
            s.run();
            s.servers().iter_mut().for_each(|server| server.mark.as_mut().unwrap().node_type = other.into());
        }
        assert!(orders <= 6, "{other}: {orders} orders in an hour");
        assert!(s.state.failures[&"os".into()].contains_key(&"ubuntu".into()), "{other}: {:?}", s.state.failures);
    }
}

#[test]
fn s1_a_server_that_joined_stays_one_of_the_type_that_was_ordered_whatever_type_its_mark_names_later() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["x"]));
    s.config.node_types[1].times.idle_grace = time("1m");
    s.idle("s1", "10.0.0.1", "39m");
    s.server("s1").mark.as_mut().unwrap().node_type = "debian".into();
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 39m, grace 40m
        |   server s1  ubuntu  kept: idle 39m, grace 40m
        | ? server ubuntu (s1) was ordered as ubuntu, and its mita_node says debian now: it stays one of ubuntu
    ",
    );
    assert!(whole(&s.after("1m").plan()).starts_with("- ubuntu+10.0.0.1  os  s1  idle: 40m, grace 40m"));
}

#[test]
fn a_server_that_this_state_did_not_order_is_one_of_the_type_that_its_mark_names_now() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["x"]));
    s.busy("s1", "10.0.0.1");
    s.memory("s1").origin = Origin::Found;
    s.server("s1").mark.as_mut().unwrap().node_type = "debian".into();
    s.config.node_types.iter_mut().for_each(|kind| kind.max = Some(1));
    s.project(1, "amd64");
    s.project(2, "x");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  limit: needs x: node type debian has its max of 1
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
        | ? node ubuntu+10.0.0.1 lacks the label x that nodes.debian promises: jobs that need it will not run there
    ",
    );
}
