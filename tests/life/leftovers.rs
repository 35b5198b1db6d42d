//! What outlives its server: volumes, found by their name, removed by it, and nobody else's ever touched; and servers that
//! their cloud keeps after their deletion.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Status};
use mita_sim::{Fault, Kind, Service};

fn with_storage() -> Setup {
    Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10")
}

/// The volumes that no server has.
fn loose(farm: &Installation) -> Vec<String> {
    let cloud = farm.sim.cloud("openstack");
    let has = |id: &Option<String>| cloud.servers.iter().any(|server| Some(&server.id) == id.as_ref());
    cloud.volumes.iter().filter(|volume| !has(&volume.made_for)).map(|volume| volume.id.clone()).collect()
}

#[test]
fn s5_a_volume_that_was_never_ready_goes_two_runs_after_its_server() {
    let farm = with_storage().start();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    let person = farm.sim.cloud("openstack").place_volume("00000000-0000-4000-8000-000000000000-blank-vol", 5, &[]);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm.minute().did(&["create_server trusty demand done"]);
    farm.minutes_until(4, "the server failed", |farm| farm.run().lines().iter().any(|line| line.contains("error")));
    farm.sim.advance(seconds(10));
    assert_eq!(loose(&farm).len(), 2, "the volume outlives its server");
    let cleaned = farm.minutes_until(5, "the volume is gone", |farm| loose(farm) == [person.clone()]);
    assert!(cleaned <= 4, "{cleaned} runs");
    farm.minutes(3);
    let steady = farm.minute();
    assert_eq!(steady.count(Service::Cinder, "GET", ""), 0, "nothing is left to watch for");
}

#[test]
fn s2_a_volume_in_use_stays_though_its_name_is_that_of_a_server_of_ours() {
    let farm = with_storage().start();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm.minutes(2);
    farm.sim.cloud("openstack").volumes[0].status = "in-use".into();
    let run = farm.minutes(4);
    assert!(!run.lines().iter().any(|line| line.contains("delete_volume")), "{}", run.story());
    let volume = run.report.plan.verdicts.iter().find(|verdict| verdict.subject == Subject::Volume);
    assert_eq!(volume.map(|volume| volume.rule), Some(Rule::Attached), "{}", run.story());
}

#[test]
fn s3_volumes_that_cannot_be_listed_are_a_problem_and_nothing_else() {
    let farm = with_storage().start();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm.minutes(4);
    farm.sim.fault(Fault::new(Service::Cinder, Kind::Status(503, "{}".into())).always());
    let run = farm.minute();
    assert!(run.problems().iter().any(|problem| problem.contains("list the volumes")), "{}", run.story());
    farm.sim.heal();
    farm.minutes_until(4, "the volume is gone", |farm| loose(farm).is_empty());
}

#[test]
fn s5_a_volume_to_boot_from_that_was_never_ready_is_known_by_the_fault_of_its_server() {
    let farm = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nboot_volume = { size = 20 }").start();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    let person = farm.sim.cloud("openstack").place_volume("", 20, &[]);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    farm.minute().did(&["create_server trusty demand done"]);
    farm.minutes_until(4, "the server failed", |farm| farm.run().lines().iter().any(|line| line.contains("error")));
    farm.sim.advance(seconds(10));
    assert_eq!(loose(&farm).len(), 2, "the volume outlives its server");
    farm.minutes_until(5, "the volume is gone, and somebody else's stays", |farm| loose(farm) == [person.clone()]);
}

#[test]
fn s5_a_volume_to_boot_from_that_has_a_snapshot_is_told_and_goes_once_that_is_gone() {
    let lines = "labels = \"amd64 trusty\"\nboot_volume = { size = 20 }\nsingle_use = true";
    let farm = Setup::new().node("trusty", lines).start();
    let person = farm.sim.cloud("openstack").place_volume("", 20, &[]);
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(1)));
    farm.minutes_until(10, "it is built", |farm| farm.built().len() == 1);
    for volume in &mut farm.sim.cloud("openstack").volumes {
        volume.has_snapshot = volume.id != person;
    }
    farm.minutes_until(10, "the server is gone", |farm| farm.sim.cloud("openstack").servers.is_empty());
    assert_eq!(loose(&farm).len(), 2, "the volume outlives its server");
    farm.minutes_until(25, "it is told", |farm| {
        farm.run().problems().iter().any(|problem| problem.contains("does not come to its end"))
    });
    farm.sim.cloud("openstack").volumes.iter_mut().for_each(|volume| volume.has_snapshot = false);
    farm.minutes_until(3, "the volume is gone, and somebody else's stays", |farm| loose(farm) == [person.clone()]);
}

#[test]
fn with_the_state_lost_a_left_over_volume_is_told_once_and_stays() {
    let farm = with_storage().start();
    let lost = farm.sim.cloud("openstack").place_volume("5c0d4a2e-8f5e-4a44-9a53-b1c1c1f0aa01-blank-vol", 10, &[]);
    let told = |run: &crate::harness::Run| run.report.plan.warnings.iter().any(|warning| warning.contains(&lost));
    assert!(told(&farm.minute()));
    assert!(!told(&farm.minute()));
    farm.sim.advance(minutes(60) + seconds(1));
    farm.minutes(3);
    assert_eq!(farm.sim.cloud("openstack").volumes.len(), 1);
}

/// An installation whose cloud keeps deleted servers for three hours, with 50 that mita has deleted.
fn with_kept_servers() -> Installation {
    let farm = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10\nsingle_use = true").start();
    farm.sim.cloud("openstack").options.reclaim_time = minutes(180);
    farm.sim.cloud("openstack").quota_mut("ceph-ci").volumes = None;
    for number in 1..=50 {
        farm.sim.jenkins().submit(Job::freestyle(&format!("job-{number}")).label("trusty").lasting(minutes(1)));
    }
    let kept = |farm: &Installation| {
        let cloud = farm.sim.cloud("openstack");
        let kept = cloud.servers.iter().filter(|server| server.status == Status::SoftDeleted).count();
        kept == cloud.servers.len() && kept >= 10
    };
    farm.minutes_until(60, "all are built, and their servers deleted", |farm| farm.built().len() == 50 && kept(farm));
    farm
}

#[test]
fn l5_servers_that_their_cloud_keeps_are_not_all_read_in_each_run() {
    let farm = with_kept_servers();
    let kept = farm.sim.cloud("openstack").servers.len();
    assert!(kept > 20, "{kept}");
    farm.minutes(2);
    for _ in 0..4 {
        let run = farm.minute();
        run.did_nothing();
        assert!(run.count(Service::Nova, "GET", "/servers/") <= 21, "{}", run.story());
        assert!(run.problems().is_empty(), "{}", run.story());
    }
    // They count in no limit.
    farm.sim.jenkins().submit(Job::freestyle("late").label("trusty").lasting(minutes(1)));
    assert_eq!(farm.minute().orders(), 1);
    farm.sim.advance(minutes(180));
    farm.minutes_until(20, "all but the last one are forgotten", |farm| {
        farm.state()["servers"].as_object().expect("an object").len() == 1
    });
}

#[test]
fn s5_a_kept_server_that_a_person_restores_is_ours_again() {
    let farm = with_kept_servers();
    let id = farm.sim.cloud("openstack").servers[0].id.clone();
    if let Some(server) = farm.sim.cloud("openstack").server_mut(&id) {
        (server.status, server.gone_at) = (Status::Active, None);
    }
    farm.minute();
    farm.minutes_until(20, "it is removed, since it has no node", |farm| {
        farm.sim.cloud("openstack").server(&id).unwrap().deleting()
    });
}
