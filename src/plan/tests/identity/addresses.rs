//! Floating IPs: given once to each server that is to have one, and released when it is gone for certain.

use crate::domain::rule::Rule;
use crate::domain::state::{Settling, SettlingCause};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A type with a pool, whose provider lists no floating IP yet.
fn with_pool() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().boot.floating_ip_pool = Some("public".to_owned());
    s.cloud("os").floating_ips = Some(Listing::Complete(vec![]));
    s
}

/// The floating IP `f1` of server `s1`.
fn address(s: &mut Situation, attached: bool) {
    let order = s.state.servers.iter().find(|(_, known)| known.server_id == Some("s1".into()));
    let order = order.map_or_else(|| "20261121T110000Z-1".into(), |(id, _)| id.clone());
    s.has_floating_ip("os", "f1", &order, &"s1".into(), attached);
}

#[test]
fn a_server_gets_its_floating_ip_once_it_is_active_and_then_has_it() {
    let mut s = with_pool();
    s.ubuntu().times.boot_timeout = time("2h");
    s.ubuntu().times.join_timeout = time("2h");
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Building;
    let before = s.plan();
    assert!(before.actions.is_empty(), "{}", whole(&before));
    s.server("s1").state = ServerState::Active;
    s.runs(
        "
        | + floating ip for ubuntu  os  s1  floating_ip: server ubuntu is active and has no floating IP from public yet
        |   server s1  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 2h
    ",
    );
    s.after("1m").runs(
        "
        |   server s1  ubuntu  connecting: active for 11m, not in Jenkins yet, join_timeout 2h
        |   floating ip address-of-s1  203.0.113.7  in_use: leads to server s1
    ",
    );
}

#[test]
fn s4_without_the_list_of_floating_ips_none_is_given() {
    for listing in [None, Some(Listing::Unavailable("503".to_owned()))] {
        let mut s = with_pool();
        s.idle("s1", "10.0.0.1", "1m");
        s.cloud("os").floating_ips = listing.clone();
        let plan = s.plan();
        assert_eq!(plan.actions, [], "{listing:?}");
        assert_eq!(plan.problems.len(), usize::from(listing.is_some()));
    }
}

#[test]
fn one_that_leads_nowhere_is_led_to_its_server_again() {
    let mut s = with_pool();
    s.idle("s1", "10.0.0.1", "1m");
    address(&mut s, false);
    let plan = s.plan();
    let shown = whole(&plan);
    assert!(shown.contains("+ floating ip for ubuntu  os  s1  f1  floating_ip: "), "{shown}");
}

#[test]
fn a_server_that_is_being_retired_gets_none() {
    let mut s = with_pool();
    s.idle("s1", "10.0.0.1", "2h");
    let plan = s.plan();
    assert_eq!(plan.actions.len(), 1, "{}", whole(&plan));
}

#[test]
fn s5_it_is_released_in_the_second_run_that_sees_its_server_gone_with_or_without_the_memory_of_it() {
    let mut s = with_pool();
    address(&mut s, false);
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
    s.runs(
        "
        |   floating ip f1  203.0.113.7  not_seen: whether its server s1 is gone is not certain yet
    ",
    );
    s.after("1m").runs(
        "
        | - floating ip f1  os  server_gone: its server s1 is gone (404 in two runs)
        |   floating ip f1  203.0.113.7  server_gone: its server s1 is gone (404 in two runs)
    ",
    );
    s.after("1m").runs("");
    assert!(s.state.floating_ips.is_empty());
}

#[test]
fn s2_s3_it_stays_while_its_server_may_be_there_or_it_is_in_use_or_somebody_elses() {
    type Change = fn(&mut Situation);
    let cases: [(&str, Rule, Change); 5] = [
        ("its server is listed", Rule::InUse, |s| {
            s.idle("s1", "10.0.0.1", "1m");
            address(s, true);
        }),
        ("no answer", Rule::NotSeen, |s| {
            s.cloud("os").by_id.insert("s1".into(), Lookup::Unavailable("503".to_owned()));
        }),
        ("attached all the same", Rule::Attached, |s| address(s, true)),
        ("leads elsewhere", Rule::NotOurs, |s| lead_to(s, "persons")),
        ("settling", Rule::Settling, |s| {
            let cause = SettlingCause::JenkinsRestarted;
            s.state.settling = Some(Settling { since: s.now, cause });
        }),
    ];
    for (what, rule, change) in cases {
        let mut s = with_pool();
        address(&mut s, false);
        s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
        change(&mut s);
        for _ in 0..3 {
            let plan = s.plan();
            s.state = plan.state.clone();
            assert!(plan.actions.is_empty(), "{what}: {}", whole(&plan));
            if s.state.run > 102 {
                let about = plan.verdicts.iter().find(|verdict| verdict.id == "f1");
                assert_eq!(about.map(|verdict| verdict.rule), Some(rule), "{what}");
            }
        }
    }
    let mut s = with_pool();
    address(&mut s, false);
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
    if let Some(Listing::Complete(addresses)) = &mut s.cloud("os").floating_ips {
        addresses[0].mark.owner = crate::domain::names::Owner::new("somebody-else").unwrap();
    }
    for _ in 0..3 {
        s.runs("");
    }
}

fn lead_to(s: &mut Situation, server: &str) {
    let Some(Listing::Complete(addresses)) = &mut s.cloud("os").floating_ips else { panic!() };
    (addresses[0].attached, addresses[0].leads_to) = (!server.is_empty(), Some(server.into()));
}

#[test]
fn s2_one_that_a_person_attached_elsewhere_is_left_alone_for_good_and_that_is_told_once() {
    for while_it_runs in [true, false] {
        let mut s = with_pool();
        s.idle("s1", "10.0.0.1", "1m");
        address(&mut s, true);
        s.run().after("1m");
        if while_it_runs {
            lead_to(&mut s, "persons");
            let plan = s.plan();
            assert_eq!(plan.actions, [], "the server gets no other one");
            assert_eq!(
                plan.warnings,
                [
                    "floating ip 203.0.113.7 at provider os: was made for server s1, and a person attached it elsewhere: \
                 mita leaves it alone"
                ]
            );
            s.come_true(plan);
        }
        s.lose_server("s1");
        s.lose_node("ubuntu+10.0.0.1");
        lead_to(&mut s, "persons");
        for _ in 0..3 {
            s.after("1m").run();
        }
        let Some(Listing::Complete(addresses)) = &mut s.cloud("os").floating_ips else { panic!() };
        (addresses[0].attached, addresses[0].leads_to) = (false, None);
        for _ in 0..3 {
            s.after("1m").runs(
                "
                |   floating ip f1  203.0.113.7  not_ours: was made for server s1, and a person attached it elsewhere: mita leaves it alone
                ",
            );
        }
    }
}

#[test]
fn s2_where_its_cloud_does_not_tell_where_it_leads_one_that_leads_anywhere_after_its_server_is_gone_is_a_persons() {
    let mut s = with_pool();
    address(&mut s, true);
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
    let set = |s: &mut Situation, attached: bool| {
        let Some(Listing::Complete(addresses)) = &mut s.cloud("os").floating_ips else { panic!() };
        (addresses[0].attached, addresses[0].leads_to) = (attached, None);
    };
    set(&mut s, true);
    s.run().run();
    set(&mut s, false);
    for _ in 0..3 {
        assert_eq!(s.plan().actions, []);
        s.run();
    }
}

#[test]
fn two_providers_of_one_project_count_and_release_a_floating_ip_once() {
    let mut s = with_pool();
    s.add_provider("two");
    address(&mut s, false);
    s.cloud("os").by_id.insert("s1".into(), Lookup::Gone);
    let same = s.cloud("os").clone();
    *s.cloud("two") = same;
    let plan = s.plan();
    assert!(plan.actions.is_empty(), "{}", whole(&plan));
    s.state = plan.state;
    let plan = s.plan();
    assert_eq!(plan.actions.len(), 1, "{}", whole(&plan));
}
