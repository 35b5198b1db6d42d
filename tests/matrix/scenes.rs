//! Farms just before a run that has something to do: each scene is one of the things that mita does.
//!
//! In every scene there are strangers as well, whose names look like ours: they are to be there afterwards as they were.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Server, Status};
use mita_sim::{Fault, JoinRule, Kind, Service};
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

/// A farm, and how to set it.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) set: fn() -> Installation,
}

const SCENES: &[Scene] = &[
    Scene { name: "order", set: order },
    Scene { name: "order several", set: order_several },
    Scene { name: "join", set: join },
    Scene { name: "retire", set: retire },
    Scene { name: "retire several", set: retire_several },
    Scene { name: "retire with volume", set: retire_with_volume },
    Scene { name: "resume a drain", set: resume_a_drain },
    Scene { name: "bring a node back", set: bring_a_node_back },
    Scene { name: "a build arrives in a drain", set: a_build_arrives_in_a_drain },
    Scene { name: "an item is assigned before its node is closed", set: assigned_before_it_is_closed },
    Scene { name: "an item is assigned before the mark", set: assigned_before_the_mark },
    Scene { name: "never joined", set: never_joined },
    Scene { name: "registered and never online", set: registered_and_never_online },
    Scene { name: "ERROR", set: error },
    Scene { name: "BUILD for ever", set: build_for_ever },
    Scene { name: "node gone", set: node_gone },
    Scene { name: "node offline", set: node_offline },
    Scene { name: "server gone", set: server_gone },
    Scene { name: "stopped", set: stopped },
    Scene { name: "volume left over", set: volume_left_over },
    Scene { name: "attachment left over", set: attachment_left_over },
    Scene { name: "floating IP given", set: floating_ip_given },
    Scene { name: "floating IP left over", set: floating_ip_left_over },
    Scene { name: "breaker half open", set: breaker_half_open },
    Scene { name: "two providers", set: two_providers },
    Scene { name: "state file lost", set: state_file_lost },
    Scene { name: "order with an agent that calls in", set: order_inbound },
    Scene { name: "refused with an agent that calls in", set: refused_inbound },
    Scene { name: "retire an agent that called in", set: retire_inbound },
    Scene { name: "node made in vain", set: made_in_vain },
    Scene { name: "make the node for SSH", set: make_ssh_node },
    Scene { name: "make several nodes for SSH", set: make_ssh_nodes },
    Scene { name: "retire a node for SSH", set: retire_ssh },
    Scene { name: "drain a node for one build", set: drain_for_one_build },
    Scene { name: "retire after its one build", set: retire_after_one_build },
    Scene { name: "too old", set: too_old },
];

/// All scenes at an OpenStack, or the one that `MITA_TEST_SCENE` names.
pub(crate) fn scenes() -> Vec<Scene> {
    wanted(SCENES)
}

#[expect(clippy::disallowed_methods, reason = "the tests' own switch, no part of the program")]
pub(super) fn wanted(scenes: &[Scene]) -> Vec<Scene> {
    let wanted = std::env::var("MITA_TEST_SCENE").ok();
    let is_wanted = |scene: &&Scene| wanted.as_ref().is_none_or(|wanted| scene.name == wanted);
    scenes.iter().filter(is_wanted).copied().collect()
}

/// Short times, so that scenes are set in few runs.
fn quick(setup: Setup) -> Setup {
    let times = ["idle_grace = \"2m\"", "boot_timeout = \"4m\"", "join_timeout = \"3m\"", "order_timeout = \"2m\""];
    times.iter().fold(setup, |setup, line| setup.top(line))
}

pub(super) fn trusty() -> Setup {
    quick(Setup::trusty())
}

/// A job that outlasts every check.
pub(crate) fn long(name: &str) -> Job {
    Job::freestyle(name).label("amd64 && trusty").lasting(minutes(25))
}

fn short(name: &str) -> Job {
    Job::freestyle(name).label("amd64 && trusty").lasting(seconds(30))
}

pub(super) fn with_strangers(setup: Setup) -> Installation {
    let farm = setup.start();
    add_strangers(&farm);
    farm
}

/// A person's servers, nodes and volume, and those of another installation, with names like ours. The first run sees them.
pub(crate) fn add_strangers(farm: &Installation) {
    {
        let mut jenkins = farm.sim.jenkins();
        jenkins.add_agent("static-1", "other", 1);
        jenkins.add_agent("trusty", "other", 1);
        jenkins.add_agent("trusty+10.9.8.7", "other", 1);
        jenkins.add_agent("held+192.168.1.200", "other", 1);
        jenkins.hold("held+192.168.1.200", "disk is being replaced");
    }
    {
        let mut cloud = farm.sim.cloud("openstack");
        cloud.place_server("trusty", &[]);
        let other = [("mita_owner", "another-ci"), ("mita_node", "trusty"), ("mita_id", "20260105T075900Z-1")];
        cloud.place_server("trusty", &other);
        cloud.place_floating_ip("a person's");
        cloud.place_volume("00000000-0000-4000-8000-000000000000-blank-vol", 5, &[]);
    }
    farm.minute();
}

/// How many minutes it takes from one line of these scenes until a run would do something: found out once.
static MINUTES: Mutex<BTreeMap<(u32, String), u32>> = Mutex::new(BTreeMap::new());

/// Minutes pass until the next run would do this, as a dry run tells.
#[track_caller]
pub(crate) fn until(farm: &Installation, action: &str) {
    let key = (Location::caller().line(), action.to_owned());
    let known = MINUTES.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
    if let Some(minutes) = known {
        (0..minutes).for_each(|_| drop(farm.minute()));
        return;
    }
    for passed in 0..20 {
        if farm.dry_run().lines().iter().any(|line| line.contains(action)) {
            MINUTES.lock().unwrap_or_else(PoisonError::into_inner).insert(key, passed);
            return;
        }
        farm.minute();
    }
    panic!("no run wants to {action}\n{}", farm.dry_run().story());
}

/// A farm whose only node has done its one build.
pub(super) fn after_a_build(setup: Setup) -> Installation {
    let farm = with_strangers(setup);
    farm.sim.jenkins().submit(short("done"));
    farm.minutes_until(8, "the build ends", |farm| farm.built().len() == 1);
    farm
}

fn order() -> Installation {
    let farm = with_strangers(trusty());
    farm.sim.jenkins().submit(long("ceph-build"));
    farm
}

fn order_several() -> Installation {
    let debian = "labels = \"amd64 debian\"\nexecutors = 2\nstorage = 10\nnetworks = [\"ci-net\"]";
    let farm = with_strangers(trusty().node("debian", debian).top("max_servers = 5"));
    farm.sim.on_boot("debian", JoinRule::base_plus_ip(seconds(30), "amd64 debian").executors(2));
    farm.sim.world().rules.max_servers = Some(5);
    for number in 0..3 {
        farm.sim.jenkins().submit(long(&format!("trusty-{number}")));
    }
    for number in 0..2 {
        let job = Job::freestyle(&format!("debian-{number}")).label("debian").lasting(minutes(25));
        farm.sim.jenkins().submit(job);
    }
    farm
}

fn join() -> Installation {
    let farm = order();
    farm.minutes(2);
    assert_eq!(farm.sim.jenkins().node_names().len(), 5, "the node has just joined");
    farm
}

pub(crate) fn retire() -> Installation {
    let farm = after_a_build(trusty());
    until(&farm, "retire_node");
    farm
}

fn retire_several() -> Installation {
    let farm = with_strangers(trusty());
    for number in 0..3 {
        farm.sim.jenkins().submit(short(&format!("done-{number}")));
    }
    farm.minutes_until(8, "the builds end", |farm| farm.built().len() == 3);
    until(&farm, "retire_node");
    farm
}

fn retire_with_volume() -> Installation {
    let farm = after_a_build(quick(Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10")));
    until(&farm, "retire_node");
    farm
}

fn resume_a_drain() -> Installation {
    let farm = retire();
    farm.sim.fault(Fault::new(Service::Jenkins, Kind::Status(500, "{}".into())).method("POST").path("doDelete"));
    farm.minute();
    until(&farm, "drain_resumed");
    farm
}

fn bring_a_node_back() -> Installation {
    let farm = resume_a_drain();
    farm.sim.jenkins().submit(long("wants it"));
    until(&farm, "restore_node");
    farm
}

fn a_build_arrives_in_a_drain() -> Installation {
    let farm = retire();
    let node = farm.nodes().into_iter().find(|name| name.starts_with("trusty+192")).expect("a node of ours");
    let occupy = move |world: &mut mita_sim::World| {
        world.jenkins.occupy(&node, long("just in time"));
    };
    let fault = Fault::new(Service::Jenkins, Kind::Before(Box::new(occupy)));
    farm.sim.fault(fault.method("POST").path("changeOfflineCause"));
    farm
}

/// On a Jenkins before 2.517, which loses an item that it has just assigned to a node that goes offline: mita closes a node
/// first. A job arrives just before this request of the retirement, and starts only after the run, where it is assigned.
fn assigned_before(request: &str) -> Installation {
    let setup = trusty().jenkins(|options| options.version = Version::lts(2, 426, 3));
    let farm = after_a_build(setup);
    until(&farm, "retire_node");
    let arrive = |world: &mut mita_sim::World| {
        world.jenkins.hold_starts(true);
        world.jenkins.submit(long("just in time"));
    };
    farm.sim.fault(Fault::new(Service::Jenkins, Kind::Before(Box::new(arrive))).method("POST").path(request));
    farm
}

/// The node is opened again, and the job runs there.
fn assigned_before_it_is_closed() -> Installation {
    assigned_before("config.xml")
}

/// The node takes no job any more.
pub(crate) fn assigned_before_the_mark() -> Installation {
    assigned_before("changeOfflineCause")
}

fn never_joined() -> Installation {
    let farm = with_strangers(trusty());
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(600), "amd64 trusty"));
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "never_joined");
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty"));
    farm
}

fn registered_and_never_online() -> Installation {
    let farm = with_strangers(trusty());
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty").never_connects());
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "never_joined");
    farm.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty"));
    farm
}

fn failing(fate: Fate, rule: &str) -> Installation {
    let farm = with_strangers(trusty());
    farm.sim.cloud("openstack").next_fates.push_back(fate);
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, rule);
    farm
}

fn error() -> Installation {
    failing(Fate::no_valid_host(), "delete_server trusty error")
}

pub(crate) fn build_for_ever() -> Installation {
    failing(Fate::BuildForever, "boot_timeout")
}

pub(crate) fn our_node(farm: &Installation) -> String {
    farm.nodes().into_iter().find(|name| name.starts_with("trusty+192")).expect("a node of ours")
}

pub(crate) fn our_server(farm: &Installation) -> String {
    let ours = |server: &Server| server.metadata.get("mita_owner").is_some_and(|o| o == "ceph-ci");
    farm.servers().into_iter().find(ours).expect("a server of ours").id
}

fn node_gone() -> Installation {
    let farm = after_a_build(trusty());
    farm.minute();
    let node = our_node(&farm);
    farm.sim.jenkins().delete_node(&node);
    until(&farm, "node_missing");
    farm
}

pub(crate) fn node_offline() -> Installation {
    let farm = after_a_build(trusty());
    farm.minute();
    let node = our_node(&farm);
    farm.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "gone");
    until(&farm, "retire_node");
    farm
}

pub(crate) fn server_gone() -> Installation {
    let farm = after_a_build(trusty());
    farm.minute();
    let id = our_server(&farm);
    farm.sim.cloud("openstack").delete_server(&id);
    until(&farm, "delete_node");
    farm
}

fn stopped() -> Installation {
    let farm = after_a_build(trusty());
    farm.minute();
    let id = our_server(&farm);
    farm.sim.cloud("openstack").set_status(&id, Status::Shutoff);
    until(&farm, "retire_node");
    farm
}

fn volume_left_over() -> Installation {
    let farm = with_strangers(quick(Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10")));
    farm.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "delete_volume");
    farm
}

/// The volume service was down when Nova deleted the server.
fn attachment_left_over() -> Installation {
    let farm = after_a_build(quick(Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10")));
    farm.sim.cloud("openstack").options.volumes_down = true;
    until(&farm, "retire_node");
    farm.minutes(3);
    farm.sim.cloud("openstack").options.volumes_down = false;
    until(&farm, "delete_volume");
    farm
}

/// A server that is ACTIVE gets its address in this run.
fn floating_ip_given() -> Installation {
    let farm = with_strangers(with_pool());
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "assign_floating_ip");
    farm
}

/// The server went in earlier runs, and its address goes in this one.
fn floating_ip_left_over() -> Installation {
    let farm = after_a_build(with_pool());
    until(&farm, "release_floating_ip");
    farm
}

fn with_pool() -> Setup {
    quick(Setup::new().node("trusty", "labels = \"amd64 trusty\"\nfloating_ip_pool = \"public\""))
}

fn breaker_half_open() -> Installation {
    let farm = failing(Fate::no_valid_host(), "delete_server trusty error");
    // Three runs that see a failure open the breaker.
    farm.sim.cloud("openstack").next_fates.extend([Fate::no_valid_host(), Fate::no_valid_host()]);
    farm.minute();
    farm.minute();
    farm.minute();
    until(&farm, "create_server");
    farm
}

/// The first provider has no quota left: the order goes to the second in the same run.
fn two_providers() -> Installation {
    let both = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"backup\"]";
    let farm = with_strangers(quick(Setup::new().node("trusty", both).cloud("backup", "")));
    let full =
        r#"{"forbidden":{"code":403,"message":"Quota exceeded for instances: Requested 1, but already used 2"}}"#;
    let fault =
        Fault::new(Service::Nova, Kind::Status(403, full.into())).on("openstack").method("POST").path("/servers");
    farm.sim.fault(fault.always());
    farm.sim.jenkins().submit(long("ceph-build"));
    farm
}

fn state_file_lost() -> Installation {
    let farm = retire();
    std::fs::remove_file(farm.state_file()).expect("a state file");
    // Without memory nobody can tell that a node of exactly this name was there before our server was.
    farm.sim.jenkins().delete_node("trusty");
    farm.sim.jenkins().submit(long("one"));
    farm.sim.jenkins().submit(long("two"));
    farm
}

const INBOUND: &str = "labels = \"amd64 trusty\"\nregister = \"inbound\"\n\
    script = \"#!/bin/sh\\nstart ${MITA_AGENT_NAME} ${MITA_AGENT_SECRET}\\n\"";

const SSH: &str = "labels = \"amd64 trusty\"\nregister = \"ssh\"\ncredentials_id = \"jenkins-agent\"";

fn registering(lines: &str) -> Installation {
    with_strangers(quick(Setup::new().node("trusty", lines)))
}

fn order_inbound() -> Installation {
    let farm = registering(INBOUND);
    farm.sim.jenkins().submit(long("ceph-build"));
    farm
}

/// The first provider has no quota left: its node is taken back, and the next order gets another one.
fn refused_inbound() -> Installation {
    let both = format!("{INBOUND}\nprovider = [\"openstack\", \"backup\"]");
    let farm = with_strangers(quick(Setup::new().node("trusty", &both).cloud("backup", "")));
    let full =
        r#"{"forbidden":{"code":403,"message":"Quota exceeded for instances: Requested 1, but already used 2"}}"#;
    let fault = Fault::new(Service::Nova, Kind::Status(403, full.into())).on("openstack");
    farm.sim.fault(fault.method("POST").path("/servers").always());
    farm.sim.jenkins().submit(long("ceph-build"));
    farm
}

#[track_caller]
fn retired(farm: Installation) -> Installation {
    farm.sim.jenkins().submit(short("done"));
    farm.minutes_until(8, "the build ends", |farm| farm.built().len() == 1);
    until(&farm, "retire_node");
    farm
}

fn retire_inbound() -> Installation {
    retired(registering(INBOUND))
}

/// The node was made, and the order for its server never came to anything.
fn made_in_vain() -> Installation {
    let farm = registering(INBOUND);
    farm.sim.fault(Fault::new(Service::Nova, Kind::DropBefore).method("POST").path("/servers"));
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "no_server");
    farm
}

fn make_ssh_node() -> Installation {
    let farm = registering(SSH);
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "create_node");
    farm
}

fn make_ssh_nodes() -> Installation {
    let farm = registering(SSH);
    for number in 0..3 {
        farm.sim.jenkins().submit(long(&format!("ceph-build-{number}")));
    }
    until(&farm, "create_node");
    farm
}

fn retire_ssh() -> Installation {
    retired(registering(SSH))
}

const FOR_ONE_BUILD: &str = "labels = \"amd64 trusty\"\nsingle_use = true";

fn drain_for_one_build() -> Installation {
    let farm = registering(FOR_ONE_BUILD);
    farm.sim.jenkins().submit(long("ceph-build"));
    until(&farm, "drain_node");
    farm
}

fn retire_after_one_build() -> Installation {
    let farm = registering(FOR_ONE_BUILD);
    farm.sim.jenkins().submit(Job::freestyle("done").label("amd64 && trusty").lasting(minutes(2)));
    until(&farm, "retire_node");
    farm
}

fn too_old() -> Installation {
    let farm = registering("labels = \"amd64 trusty\"\nmax_age = \"10m\"\nidle_grace = \"30m\"");
    farm.sim.jenkins().submit(short("done"));
    until(&farm, "retire_node");
    farm
}
