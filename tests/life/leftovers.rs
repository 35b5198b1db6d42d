//! What outlives its server: volumes, found by their name, removed by it, and nobody else's ever touched; and servers that
//! their cloud keeps after their deletion.

use crate::harness::{Installation, Run, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Status, Volume};
use mita_sim::{Fault, Kind, Service, World};

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
fn s2_a_volume_that_a_person_takes_after_it_was_listed_is_left_alone() {
    type Take = fn(&mut World);
    let takes: [Take; 2] = [
        |world| volume_of(world).status = "in-use".into(),
        |world| {
            let volume = volume_of(world);
            volume.name = "mine".into();
            volume.metadata.clear();
        },
    ];
    for take in takes {
        let farm = with_storage().start();
        farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
        farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
        farm.minutes_until(6, "it is to be deleted", |farm| {
            farm.dry_run().lines().iter().any(|line| line.contains("delete_volume"))
        });
        let id = loose(&farm).remove(0);
        farm.sim.fault(
            Fault::new(Service::Cinder, Kind::Before(Box::new(take))).method("GET").path(&format!("/volumes/{id}")),
        );
        let run = farm.minute();
        assert_eq!(run.count(Service::Cinder, "DELETE", ""), 0, "{}", run.story());
        assert!(
            run.lines().iter().any(|line| line.contains("delete_volume") && line.ends_with("skipped")),
            "{}",
            run.story()
        );
    }
}

/// The one volume that there is.
fn volume_of(world: &mut World) -> &mut Volume {
    let cloud = world.clouds.get_mut("openstack").expect("the cloud");
    cloud.volumes.first_mut().expect("a volume")
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

/// An installation whose one server has been retired with a volume that outlived it, for what `set` did to the cloud
/// before that.
fn outlived(lines: &str, set: impl Fn(&mut mita_sim::openstack::Cloud)) -> Installation {
    let lines = format!("labels = \"amd64 trusty\"\nsingle_use = true\n{lines}");
    let farm = Setup::new().node("trusty", &lines).start();
    farm.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(1)));
    farm.minutes_until(10, "it is built", |farm| farm.built().len() == 1);
    set(&mut farm.sim.cloud("openstack"));
    farm.minutes_until(10, "the server is gone", |farm| farm.sim.cloud("openstack").servers.is_empty());
    farm
}

const KINDS: [&str; 2] = ["storage = 10", "boot_volume = { size = 20 }"];

fn has_snapshot(cloud: &mut mita_sim::openstack::Cloud, has: bool) {
    cloud.volumes.iter_mut().for_each(|volume| volume.has_snapshot = has);
}

#[test]
fn s2_a_volume_that_a_person_attached_to_a_server_of_theirs_is_left_alone_after_they_detach_it() {
    for lines in KINDS {
        let farm = outlived(lines, |cloud| has_snapshot(cloud, true));
        let attach = |server: Option<&str>| {
            let mut cloud = farm.sim.cloud("openstack");
            let volume = &mut cloud.volumes[0];
            volume.server = server.map(str::to_owned);
            volume.status = if server.is_some() { "in-use" } else { "available" }.to_owned();
        };
        farm.minutes(3);
        attach(Some("00000000-0000-4000-8000-00000000cafe"));
        let told = farm.minute();
        assert!(told.report.plan.warnings.iter().any(|it| it.contains("mita leaves it alone")), "{}", told.story());
        assert!(farm.minutes(20).problems().is_empty(), "what a person uses is no problem");
        has_snapshot(&mut farm.sim.cloud("openstack"), false);
        attach(None);
        let steady = farm.minutes(4);
        assert_eq!(loose(&farm).len(), 1, "{lines}: {}", steady.story());
        assert_eq!(steady.count(Service::Cinder, "", ""), 0, "nothing is left to watch for");
    }
}

#[test]
fn s2_a_storage_volume_that_a_person_asked_to_keep_is_left_alone() {
    let keep = |cloud: &mut mita_sim::openstack::Cloud| cloud.volumes[0].delete_on_termination = false;
    for lines in KINDS {
        let farm = outlived(lines, keep);
        farm.minutes(20);
        assert_eq!(loose(&farm).len(), 1, "{lines}");
    }
}

#[test]
fn s5_a_volume_whose_service_was_down_when_its_server_was_deleted_is_freed_and_deleted() {
    for lines in KINDS {
        let farm = outlived(lines, |cloud| cloud.options.volumes_down = true);
        assert!(farm.minutes(3).problems().iter().any(|problem| problem.contains("list the volumes")));
        farm.sim.cloud("openstack").options.volumes_down = false;
        let status = farm.sim.cloud("openstack").volumes[0].status.clone();
        assert_eq!(status, "in-use", "{lines}: Nova leaves the attachment behind");
        farm.minutes_until(2, "the volume is gone", |farm| farm.sim.cloud("openstack").volumes.is_empty());
    }
}

#[test]
fn l6_an_attachment_that_the_cloud_does_not_let_mita_delete_is_told_with_the_command_that_does() {
    let farm = outlived("storage = 10", |cloud| cloud.options.volumes_down = true);
    farm.sim.cloud("openstack").options.volumes_down = false;
    let policy =
        r#"{"forbidden":{"code":403,"message":"Policy doesn't allow volume:attachment_delete to be performed."}}"#;
    farm.sim.fault(
        Fault::new(Service::Cinder, Kind::Status(403, policy.into())).method("DELETE").path("/attachments/").always(),
    );
    let command = format!("openstack volume attachment delete {}", farm.sim.cloud("openstack").volumes[0].id);
    let tries = |farm: &Installation| farm.run().errors().iter().any(|error| error.contains(&command));
    farm.minutes_until(4, "it is tried", tries);
    assert!(tries(&farm), "it is told in each run");
    farm.sim.heal();
    farm.minutes_until(2, "the volume is gone", |farm| farm.sim.cloud("openstack").volumes.is_empty());
}

#[test]
fn after_the_answer_429_to_the_deletion_of_a_volume_no_other_one_is_deleted_there_in_that_run_and_servers_go() {
    let farm = Setup::new()
        .top("concurrency = 2")
        .node("trusty", "labels = \"amd64 trusty\"\nsingle_use = true\nstorage = 10")
        .start();
    for number in 1..=8 {
        farm.sim.jenkins().submit(Job::freestyle(&format!("job-{number}")).label("trusty").lasting(minutes(1)));
    }
    let all_are_built = |farm: &Installation| {
        has_snapshot(&mut farm.sim.cloud("openstack"), true);
        farm.built().len() == 8
    };
    farm.minutes_until(20, "all are built", all_are_built);
    farm.minutes_until(10, "all servers are gone", |farm| farm.sim.cloud("openstack").servers.is_empty());
    has_snapshot(&mut farm.sim.cloud("openstack"), false);
    farm.sim.jenkins().submit(Job::freestyle("late").label("trusty").lasting(minutes(1)));
    farm.sim.fault(Fault::new(Service::Cinder, Kind::RetryAfter(300)).method("DELETE").always());
    let deletes = |run: &Run| run.count(Service::Cinder, "DELETE", "") > 0;
    let slowed = (0..4).map(|_| farm.minute()).find(deletes).expect("a deletion");
    assert!((1..=2).contains(&slowed.count(Service::Cinder, "DELETE", "")), "{}", slowed.story());
    farm.minutes_until(10, "its server goes all the same", |farm| farm.built().len() == 9 && farm.nodes().is_empty());
    farm.sim.heal();
    farm.minutes_until(5, "all is gone", |farm| {
        let cloud = farm.sim.cloud("openstack");
        cloud.volumes.is_empty() && cloud.servers.is_empty()
    });
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
