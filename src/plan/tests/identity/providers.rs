//! A server belongs to the provider that shows it now: providers that were renamed, and two that reach one project.

use crate::config::Boot;
use crate::domain::state::AddressMemory;
use crate::domain::world::*;
use crate::plan::model::Change;
use crate::plan::sightings::{floating_ips, volumes};
use crate::plan::tests::situation::*;

/// The operator renames the provider `os` to `cloud1`.
fn rename(s: &mut Situation) {
    s.config.providers[0].name = "cloud1".into();
    let cloud = s.world.clouds.remove(&"os".into()).unwrap();
    s.world.clouds.insert("cloud1".into(), cloud);
    s.ubuntu().providers[0] = "cloud1".into();
}

#[test]
fn s5_a_server_of_a_renamed_provider_is_removed_through_the_new_name() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "40m");
    rename(&mut s);
    s.runs(
        "
        | - ubuntu+10.0.0.1  cloud1  s1  idle: 40m, grace 40m
        |   node ubuntu+10.0.0.1  idle: 40m, grace 40m
        |   server s1  ubuntu  idle: 40m, grace 40m
    ",
    );
    assert_eq!(s.memory("s1").provider.as_str(), "cloud1");
}

#[test]
fn s4_a_server_of_a_renamed_provider_counts_in_the_limit_of_the_new_name() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    rename(&mut s);
    s.config.providers[0].max = Some(1);
    s.project(1, "amd64");
    s.runs(
        "
        |   job 1  job1  limit: needs amd64: provider cloud1 has its max of 1
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
}

#[test]
fn l6_what_vanished_while_a_provider_was_renamed_is_looked_for_under_the_new_name() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.lose_server("s2");
    s.lost_order("m3", "6m");
    rename(&mut s);
    // Nobody asked the new name for it yet.
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 1m, grace 40m
        |   server m3  ubuntu  gone: ordered 6m ago and never seen: given up
        |   server s1  ubuntu  kept: idle 1m, grace 40m
        |   server s2  ubuntu  not_seen: provider cloud1 gave no answer about it
    ",
    );
    assert_eq!(s.memory("s2").provider.as_str(), "cloud1");
    s.after("1m").run().after("1m").run();
    assert!(s.state.gone_servers.contains_key(&"s2".into()));
    assert_eq!(s.state.servers.len(), 1);
}

/// What each run says of one server at the provider `os`, which is no longer configured.
fn told(forgets: &str) -> String {
    format!(
        "provider os: no longer configured, and 1 server of ours is remembered there, so mita cannot see it and leaves it and the \
         nodes alone: configure it again, under this name, or delete it there and the nodes in Jenkins; then {forgets} makes mita \
         forget it, as a day without a node does"
    )
}

const IS_THERE: &str = "not_seen: it is at provider os, which is no longer configured";

#[test]
fn s2_a_provider_that_shows_nothing_of_a_former_one_is_not_taken_for_it() {
    for known in [true, false] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        // Another project, or one of which only the region is known, as that of another cloud has it, too.
        let project = known.then(|| "p1".to_owned());
        (s.memory("s1").project, s.memory("s1").site) = (project, Some(Site::Region("RegionOne".to_owned())));
        s.lose_server("s1");
        rename(&mut s);
        let cloud = s.cloud("cloud1");
        (cloud.project, cloud.site) = (known.then(|| "p2".to_owned()), Some(Site::Region("RegionOne".to_owned())));
        cloud.by_id.insert("s1".into(), Lookup::Gone);
        for _ in 0..3 {
            s.after("1h").runs(&format!(
                "
                | ! {}
                |   server s1  ubuntu  {IS_THERE}, and has no node: mita retire s1 forgets it
            ",
                told("mita retire s1")
            ));
        }
    }
}

#[test]
fn l4_what_is_in_the_place_of_a_renamed_provider_is_looked_for_under_the_new_name() {
    let mut s = Situation::new();
    (s.cloud("os").project, s.cloud("os").site) = (Some("p1".to_owned()), Some(Site::Region("R1".to_owned())));
    s.active("s1", "ubuntu", "10.0.0.1");
    s.run();
    s.lose_server("s1");
    rename(&mut s);
    // Nobody asked the new name for it yet.
    s.after("1m").runs("|   server s1  ubuntu  not_seen: provider cloud1 gave no answer about it");
    assert_eq!(s.memory("s1").provider.as_str(), "cloud1");
    s.cloud("cloud1").by_id.insert("s1".into(), Lookup::Gone);
    s.after("1m").run().after("1m").run();
    assert!(s.state.servers.is_empty() && s.state.gone_servers.contains_key(&"s1".into()));
}

#[test]
fn l1_a_server_that_a_former_provider_left_fills_no_limit_once_its_agent_is_gone() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.lost_order("m2", "1m");
    rename(&mut s);
    s.cloud("cloud1").servers = Listing::Complete(vec![]);
    s.ubuntu().max = Some(2);
    s.project(1, "amd64");
    s.project(2, "amd64");
    s.node("ubuntu+10.0.0.1").idle = false;
    s.node("ubuntu+10.0.0.1").idle_executors = 0;
    let orders = |s: &Situation| s.plan().actions.len();
    assert_eq!(orders(&s), 1, "its agent is there");
    s.node("ubuntu+10.0.0.1").idle = true;
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    assert_eq!(orders(&s), 2);
    s.lose_node("ubuntu+10.0.0.1");
    s.queue().clear();
    for _ in 0..24 {
        s.after("1h").run();
        assert_eq!(s.state.servers.len(), 1, "its order is given up");
    }
    s.after("1h").run();
    assert!(s.state.servers.is_empty() && s.state.gone_servers.is_empty());
    assert_eq!(s.plan().problems, []);
}

#[test]
fn s4_servers_of_a_renamed_provider_count_while_its_new_name_does_not_answer() {
    let mut s = Situation::new();
    s.add_provider("two");
    s.ubuntu().providers.push("two".into());
    s.ubuntu().max = Some(1);
    s.active("s1", "ubuntu", "10.0.0.1");
    rename(&mut s);
    s.cloud("cloud1").servers = Listing::Unavailable("503".to_owned());
    s.project(1, "amd64");
    for _ in 0..30 {
        let plan = s.after("1h").plan();
        assert!(plan.actions.is_empty() && s.state.servers.len() == 1, "{}", whole(&plan));
        s.come_true(plan);
    }
}

#[test]
fn of_two_providers_of_one_project_the_one_that_a_server_is_remembered_at_has_it_and_the_other_where_that_is_renamed() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "40m");
    s.add_provider("two");
    let same = s.server("s1").clone();
    s.cloud("two").servers = Listing::Complete(vec![same]);
    let place = |s: &Situation| s.plan().actions[0].removed().unwrap().provider.to_string();
    assert_eq!(place(&s), "os");
    s.memory("s1").provider = "two".into();
    assert_eq!(place(&s), "two");
    rename(&mut s);
    s.memory("s1").provider = "os".into();
    assert_eq!(place(&s), "cloud1", "the first of the configuration");
    s.cloud("cloud1").servers = Listing::Unavailable("503".to_owned());
    assert_eq!(place(&s), "two", "who shows it now");
}

#[test]
fn s5_a_volume_that_a_server_of_a_renamed_provider_left_is_removed_through_the_new_name() {
    let mut s = Situation::new();
    s.remember_gone("s1");
    rename(&mut s);
    s.add_provider("other");
    assert!(volumes::wanted(&s.config, &s.state, &"cloud1".into()));
    s.cloud("other").volumes = Some(Listing::Complete(vec![]));
    for _ in 0..3 {
        s.cloud("cloud1").volumes = Some(Listing::Unavailable("503".to_owned()));
        s.after("1m").run();
    }
    let volume = Volume {
        id: "v1".into(),
        name: "s1-blank-vol".to_owned(),
        mark: None,
        state: VolumeState::Free,
        attachments: vec![],
    };
    s.cloud("cloud1").volumes = Some(Listing::Complete(vec![volume]));
    let plan = s.after("1m").plan();
    let [action] = plan.actions.as_slice() else { panic!("{:?}", plan.actions) };
    assert!(
        matches!(&action.change, Change::DeleteVolume { left_by, .. } if left_by.provider.as_str() == "cloud1"),
        "{action}"
    );
}

#[test]
fn s5_an_address_that_a_server_of_a_renamed_provider_left_is_released_through_the_new_name() {
    let mut s = Situation::new();
    let known = AddressMemory { provider: "os".into(), gone_sightings: 1, taken: false };
    s.state.floating_ips.insert("f1".into(), known.clone());
    s.state.floating_ips.insert("f2".into(), known);
    rename(&mut s);
    assert_eq!(s.ubuntu().boot, Boot::default(), "no type has a pool any more");
    assert!(floating_ips::wanted(&s.config, &s.state, &"cloud1".into()));
    s.has_floating_ip("cloud1", "f1", &"m1".into(), &"s1".into(), false);
    s.cloud("cloud1").by_id.insert("s1".into(), Lookup::Gone);
    let plan = s.plan();
    let [action] = plan.actions.as_slice() else { panic!("{:?}", plan.actions) };
    assert!(
        matches!(&action.change, Change::ReleaseFloatingIp { left_by, .. } if left_by.provider.as_str() == "cloud1"),
        "{action}"
    );
}

#[test]
fn l6_two_servers_of_two_providers_with_one_id_are_a_problem_of_each_run() {
    let mut s = Situation::new();
    s.add_provider("two");
    s.busy("s1", "10.0.0.1");
    let mut other = s.server("s1").clone();
    assert_eq!(s.plan().problems, []);
    let Listing::Complete(servers) = &mut s.cloud("two").servers else { panic!("no servers") };
    servers.push(other.clone());
    assert_eq!(s.plan().problems, [], "one server that two providers reach");
    other.mark.as_mut().unwrap().id = "m2".into();
    let Listing::Complete(servers) = &mut s.cloud("two").servers else { panic!("no servers") };
    servers[0] = other;
    let problems: Vec<String> = s.plan().problems.iter().map(|p| format!("{}: {}", p.place, p.error)).collect();
    assert_eq!(
        problems,
        [
            "provider two: lists a server with the id s1, and so does provider os, for another order: mita sees one of them \
          only; give the servers of each provider ids of their own"
        ]
    );
}
