//! Floating IPs: each server of a type with a pool has one of its own, which goes with it.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Status;
use mita_sim::{Fault, JoinRule, Kind, Service};

fn with_pool() -> Installation {
    let lines = "labels = \"amd64 trusty\"\nfloating_ip_pool = \"public\"";
    let farm = Setup::new().node("trusty", lines).start();
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(90), "amd64 trusty"));
    farm
}

fn job() -> Job {
    Job::freestyle("ceph-build").label("trusty").lasting(minutes(1))
}

/// The floating IPs: their description, and whether each leads anywhere.
fn addresses(farm: &Installation) -> Vec<(String, bool)> {
    let cloud = farm.sim.cloud("openstack");
    cloud.floating_ips.iter().map(|ip| (ip.description.clone(), ip.port.is_some())).collect()
}

#[test]
fn s5_a_floating_ip_comes_with_its_server_and_goes_with_it() {
    let farm = with_pool();
    farm.sim.jenkins().submit(job());
    let first = farm.minute();
    first.did(&["create_server trusty demand done"]);
    farm.minutes_until(3, "it has its address", |farm| !addresses(farm).is_empty());
    let id = farm.servers()[0].id.clone();
    let mita_id = farm.servers()[0].metadata["mita_id"].clone();
    let controller = farm.sim.jenkins_url().trim_start_matches("http://").to_owned();
    let mark = format!("mita owner=ceph-ci id={mita_id} server={id} controller={controller}");
    assert_eq!(addresses(&farm), [(mark, true)]);
    farm.minutes_until(6, "built", |farm| farm.built() == ["ceph-build"]);
    assert_eq!(addresses(&farm).len(), 1, "one for each server");
    let released =
        farm.minutes_until(20, "all is gone", |farm| farm.servers().is_empty() && addresses(farm).is_empty());
    assert!(released > 2);
    farm.minute();
    let steady = farm.minute();
    steady.did_nothing();
    assert_eq!(steady.count(Service::Neutron, "GET", ""), 1, "one request lists them");
}

#[test]
fn s5_no_server_is_ordered_that_could_never_get_its_floating_ip() {
    for pool in ["nowhere", "ci-net"] {
        let lines = format!("labels = \"amd64 trusty\"\nfloating_ip_pool = \"{pool}\"");
        let farm = Setup::new().node("trusty", &lines).start();
        farm.sim.jenkins().submit(job());
        let run = farm.minute();
        run.did(&["create_server trusty demand refused"]);
        assert!(run.errors()[0].contains("correct floating_ip_pool"), "{:?}", run.errors());
        let again = farm.minute();
        assert_eq!(again.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen, "{}", again.story());
        assert!(farm.servers().is_empty());
    }
}

#[test]
fn s4_no_more_servers_are_ordered_than_there_are_floating_ips_for() {
    let farm = with_pool();
    farm.sim.cloud("openstack").options.boot_time = minutes(3);
    farm.sim.cloud("openstack").quota_mut("ceph-ci").floating_ips = Some(3);
    let submit = |number: u32| {
        for _ in 0..number {
            farm.sim.jenkins().submit(job().lasting(minutes(90)));
        }
    };
    submit(2);
    assert_eq!(farm.minute().orders(), 2);
    // The two are still being built: Neutron counts nothing of theirs yet.
    submit(4);
    let run = farm.minute();
    assert_eq!((run.orders(), run.errors()), (1, vec![]), "{}", run.story());
    farm.minutes(8);
    assert_eq!((farm.orders(), addresses(&farm).len()), (3, 3));
    let run = farm.minute();
    assert!(run.story().contains("the quota of provider openstack has no room for trusty"), "{}", run.story());
}

#[test]
fn the_quota_of_floating_ips_is_asked_for_only_where_a_type_needs_some_and_may_be_hidden() {
    let farm = with_pool();
    let hidden = Fault::new(Service::Neutron, Kind::Status(404, "{}".into())).method("GET").path("quotas").always();
    farm.sim.fault(hidden);
    farm.sim.jenkins().submit(job());
    let run = farm.minute();
    assert_eq!((run.orders(), run.errors()), (1, vec![]), "{}", run.story());
    let farm = Setup::new().node("trusty", "labels = \"amd64 trusty\"").start();
    farm.sim.jenkins().submit(job());
    let run = farm.minute();
    assert_eq!((run.orders(), run.count(Service::Neutron, "GET", "quotas")), (1, 0), "{}", run.story());
}

#[test]
fn a_node_may_carry_its_floating_ip() {
    let farm = with_pool();
    farm.sim.jenkins().submit(job());
    farm.minutes(2);
    let address = farm.sim.cloud("openstack").floating_ips[0].address.clone();
    let node = mita_sim::jenkins::nodes::Node::new(&format!("trusty+{address}"), "amd64 trusty", 1).online();
    farm.sim.jenkins().add_node(node);
    let run = farm.run();
    assert_ne!(run.rule(Subject::Node, &format!("trusty+{address}")), Rule::NotOurs, "{}", run.story());
}

#[test]
fn s4_a_lost_answer_makes_no_second_floating_ip() {
    let farm = with_pool();
    farm.sim.fault(Fault::new(Service::Neutron, Kind::DropAfter).method("POST").path("floatingips"));
    farm.sim.jenkins().submit(job());
    farm.minutes(2);
    assert_eq!(addresses(&farm).len(), 1);
    farm.minutes(2);
    assert_eq!(addresses(&farm).len(), 1);
    farm.minutes_until(20, "all is gone", |farm| farm.servers().is_empty() && addresses(farm).is_empty());
}

#[test]
fn s5_with_the_state_lost_a_floating_ip_is_known_by_its_mark() {
    let farm = with_pool();
    farm.sim.jenkins().submit(job());
    farm.minutes(2);
    let id = farm.servers()[0].id.clone();
    farm.sim.cloud("openstack").delete_server(&id);
    farm.sim.advance(seconds(10));
    std::fs::remove_file(farm.state_file()).unwrap();
    farm.minutes(2);
    let left = addresses(&farm).into_iter().filter(|(description, _)| description.contains(&id)).count();
    assert_eq!(left, 0, "two runs after its server");
}

#[test]
fn a_pool_that_is_used_up_after_the_order_is_told_and_the_server_is_used_all_the_same() {
    let farm = with_pool();
    farm.sim.jenkins().submit(job());
    farm.minutes(1);
    farm.sim.cloud("openstack").quota_mut("ceph-ci").floating_ips = Some(0);
    let run = farm.minute();
    run.did(&["assign_floating_ip trusty floating_ip refused"]);
    assert!(run.errors()[0].contains("Quota exceeded"), "{}", run.story());
    farm.minutes_until(6, "built", |farm| farm.built() == ["ceph-build"]);
}

#[test]
fn no_more_servers_are_ordered_while_one_that_is_to_join_is_refused_its_floating_ip() {
    let full = r#"{"NeutronError":{"type":"IpAddressGenerationFailure","message":"No more IP addresses available."}}"#;
    let forbidden =
        r#"{"NeutronError":{"type":"PolicyNotAuthorized","message":"(rule:create_floatingip) is disallowed"}}"#;
    for (status, body) in [(409, full), (403, forbidden)] {
        let farm = with_pool();
        farm.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(12), "amd64 trusty"));
        let refusal =
            Fault::new(Service::Neutron, Kind::Status(status, body.into())).method("POST").path("floatingips");
        farm.sim.fault(refusal.always());
        farm.sim.jenkins().submit(job());
        farm.minutes_until(3, "it is refused one", |farm| !farm.minute().errors().is_empty());
        farm.sim.jenkins().submit(job().lasting(minutes(30)));
        farm.sim.jenkins().submit(job().lasting(minutes(30)));
        // What may pass is asked for once more, and the jobs that came with it get their servers.
        if status != 409 {
            farm.minutes(1);
        }
        let before = farm.orders();
        let refusals = (0..6).filter(|_| !farm.minute().errors().is_empty()).count();
        assert!(refusals <= 3, "each server asks every five minutes, not {refusals} times");
        assert_eq!(farm.orders(), before, "no more are ordered");
        farm.minutes_until(8, "its agent connects all the same, and others are ordered", |farm| farm.orders() > 1);
        farm.minutes_until(60, "all are built", |farm| farm.built().len() == 3);
    }
}

#[test]
fn l1_a_floating_ip_that_is_refused_in_passing_keeps_no_server_from_jobs() {
    let farm = with_pool();
    let passing =
        Kind::Status(404, r#"{"NeutronError":{"type":"PortNotFound","message":"Port could not be found"}}"#.into());
    farm.sim.fault(Fault::new(Service::Neutron, passing).method("POST").path("floatingips").times(1));
    farm.sim.jenkins().submit(job().lasting(minutes(30)));
    farm.minutes(1);
    let is_refused = |farm: &Installation| farm.state().to_string().contains("floating_ip_refused");
    farm.minutes_until(3, "it is refused one", is_refused);
    farm.sim.jenkins().submit(job().lasting(minutes(30)));
    farm.minutes(1);
    assert_eq!((farm.orders(), addresses(&farm).len()), (2, 1), "asked again at once, and another is ordered");
}

#[test]
fn l1_a_refused_floating_ip_counts_for_nothing_once_the_type_has_no_pool() {
    let farm = with_pool();
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(12), "amd64 trusty"));
    farm.sim.jenkins().submit(job().lasting(minutes(30)));
    farm.minutes(1);
    farm.sim.cloud("openstack").quota_mut("ceph-ci").floating_ips = Some(0);
    farm.minutes_until(3, "it is refused one", |farm| !farm.minute().errors().is_empty());
    farm.edit_config(|text| {
        text.lines().filter(|line| !line.starts_with("floating_ip_pool")).collect::<Vec<_>>().join("\n")
    });
    farm.sim.jenkins().submit(job().lasting(minutes(30)));
    farm.minutes(1);
    assert_eq!(farm.orders(), 2);
}

#[test]
fn a_refused_floating_ip_is_assigned_once_there_is_one() {
    let farm = with_pool();
    let full = Kind::Status(409, "{}".into());
    farm.sim.fault(Fault::new(Service::Neutron, full).method("POST").path("floatingips").times(2));
    farm.sim.jenkins().submit(job().lasting(minutes(30)));
    farm.minutes_until(3, "it is refused one", |farm| !farm.minute().errors().is_empty());
    farm.minutes_until(11, "it has one", |farm| !addresses(farm).is_empty());
}

#[test]
fn s2_other_floating_ips_are_never_touched() {
    let farm = with_pool();
    let other = |description: &str| {
        let mut cloud = farm.sim.cloud("openstack");
        cloud.place_floating_ip(description);
    };
    other("a person's");
    other("mita owner=another-ci id=20260105T080100Z-1 server=00000000-0000-4000-8000-000000000000");
    other("mita owner=ceph-ci");
    farm.minutes(4);
    assert_eq!(addresses(&farm).len(), 3);
}

/// A cloud that keeps deleted servers for hours, and one whose server mita has just deleted.
fn with_kept_server() -> Installation {
    let farm = with_pool();
    farm.sim.cloud("openstack").options.reclaim_time = minutes(600);
    farm.sim.jenkins().submit(job());
    farm.minutes_until(30, "its server is deleted, and kept", |farm| {
        farm.sim.cloud("openstack").servers.iter().any(|server| server.status == Status::SoftDeleted)
    });
    farm
}

#[test]
fn s5_a_floating_ip_goes_although_the_cloud_keeps_its_server() {
    let farm = with_kept_server();
    farm.minutes(3);
    assert_eq!(addresses(&farm), []);
    assert_eq!(farm.sim.cloud("openstack").servers.len(), 1, "it is still kept");
    farm.minute().did_nothing();
}

#[test]
fn s2_a_floating_ip_of_a_kept_server_that_a_person_points_elsewhere_stays_for_good_and_is_told_once() {
    let farm = with_kept_server();
    {
        let mut cloud = farm.sim.cloud("openstack");
        cloud.place_server("a person's", &[]);
        let port = cloud.servers.last().unwrap().addresses[0].port.clone();
        cloud.floating_ips[0].port = Some(port);
    }
    let told = farm.minute();
    assert!(told.report.plan.warnings.iter().any(|it| it.contains("mita leaves it alone")), "{}", told.story());
    let told = farm.minutes(30);
    assert!(told.problems().is_empty() && told.report.plan.warnings.is_empty(), "{}", told.story());
    farm.sim.cloud("openstack").floating_ips[0].port = None;
    farm.minutes(5);
    assert_eq!(addresses(&farm).len(), 1, "they detached it");
}

#[test]
fn l1_a_server_without_its_floating_ip_is_no_supply_where_another_cloud_has_one() {
    let lines = "labels = \"amd64 trusty\"\nfloating_ip_pool = \"public\"\nprovider = [\"openstack\", \"backup\"]";
    let farm = Setup::new().node("trusty", lines).cloud("backup", "").start();
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(12), "amd64 trusty"));
    farm.sim.jenkins().submit(job());
    farm.minutes(1);
    farm.sim.cloud("openstack").quota_mut("ceph-ci").floating_ips = Some(0);
    farm.minutes_until(3, "it is refused one", |farm| !farm.minute().errors().is_empty());
    farm.minute();
    assert_eq!((farm.servers().len(), farm.servers_of("backup").len()), (1, 1));
    farm.minutes(3);
    assert_eq!((farm.servers().len(), farm.servers_of("backup").len()), (1, 1), "one more is enough");
}
