//! The ordinary life of a server: ordered for a job, joined, busy, idle, retired.

use crate::harness::{Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::{JoinRule, Record};

fn job(name: &str) -> Job {
    Job::freestyle(name).label("amd64 && trusty").lasting(minutes(5))
}

#[test]
fn l1_a_waiting_job_has_its_server_ordered_in_the_first_run_that_sees_it_and_once_only() {
    let it = Setup::trusty().start();
    it.minute().did_nothing();
    let id = it.sim.jenkins().submit(job("ceph-build"));
    let run = it.minute();
    run.did(&["create_server trusty demand done"]);
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::Demand);
    let run = it.run();
    run.did_nothing();
    assert_eq!(run.rule(Subject::QueueItem, &id.to_string()), Rule::OnItsWay);
    it.sim.advance(minutes(1));
    it.minutes(3).did_nothing();
    assert_eq!(it.orders(), 1);
    assert_eq!(it.server().name, "trusty");
}

#[test]
fn s2_a_server_carries_the_mark_and_what_was_configured_from_its_order_on() {
    let lines = "labels = \"amd64\"\nstorage = 10\nnetworks = [\"ci-net\"]\nsecurity_groups = [\"ssh\"]\n\
                 metadata = { team = \"infra\" }\nconfig_drive = true\navailability_zone = \"nova\"\n\
                 script = \"#!/bin/sh\\nregister ${MITA_NODE}+$IP '${MITA_LABELS}' ${JENKINS_URL} ${HOME}\"";
    let it = Setup::new().node("trusty", lines).start();
    it.sim.cloud("openstack").add_security_group("ssh");
    it.sim.jenkins().submit(job("ceph-build"));
    it.minute().did(&["create_server trusty demand done"]);
    let server = it.server();
    let metadata: Vec<(&str, &str)> = server.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let id = "20260105T080000Z-1";
    let url = it.sim.jenkins_url();
    let controller = url.trim_start_matches("http://");
    let mark = [
        ("mita_controller", controller),
        ("mita_id", id),
        ("mita_node", "trusty"),
        ("mita_owner", "ceph-ci"),
        ("team", "infra"),
    ];
    assert_eq!(metadata, mark);
    assert_eq!((server.key_name.as_deref(), server.zone.as_deref()), (Some("jenkins-slave"), Some("nova")));
    assert_eq!(
        (server.security_groups, server.config_drive, server.flavor),
        (vec!["ssh".to_owned()], true, "2".into())
    );
    let script = String::from_utf8(server.user_data.expect("user data")).unwrap();
    assert_eq!(script, format!("#!/bin/sh\nregister trusty+$IP 'amd64  trusty' {url}/ ${{HOME}}"));
}

#[test]
fn two_jobs_of_a_type_get_two_servers_in_one_run_and_a_third_job_later_a_third() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(job("one"));
    it.sim.jenkins().submit(job("two"));
    it.minute().did(&["create_server trusty demand done", "create_server trusty demand done"]);
    it.sim.jenkins().submit(job("three"));
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(10);
    let mut built = it.built();
    built.sort();
    assert_eq!(built, ["one", "three", "two"]);
    assert_eq!(it.orders(), 3);
}

#[test]
fn one_server_with_two_executors_serves_two_jobs() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nexecutors = 2").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty").executors(2));
    it.sim.jenkins().submit(job("one"));
    it.sim.jenkins().submit(job("two"));
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(9).did_nothing();
    assert_eq!(it.built().len(), 2);
}

#[test]
fn l2_an_idle_executor_comes_before_a_new_server() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("static-1", "amd64 trusty", 1);
    it.minute();
    it.sim.jenkins().submit(job("one"));
    it.minute().did_nothing();
    assert_eq!(it.orders(), 0);
    it.sim.jenkins().submit(job("two"));
    it.minute().did(&["create_server trusty demand done"]);
}

#[test]
fn l3_a_node_goes_when_its_observed_idle_time_reaches_the_grace_time_the_node_before_the_server() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(job("ceph-build"));
    it.minutes_until(10, "the build ends", |it| it.built() == ["ceph-build"]);
    let node = it.node();
    assert!(node.starts_with("trusty+192.168.1."), "{node}");
    let first = it.minute();
    assert_eq!(first.rule(Subject::Node, &node), Rule::Kept);
    for _ in 1..10 {
        it.minute().did_nothing();
    }
    let run = it.minute();
    run.did(&[&format!("retire_node {node} idle done")]);
    assert_eq!(run.verdict(Subject::Node, &node).reason, "idle 10m, grace 10m");
    let steps: Vec<String> = run.requests.iter().filter(|request| is_step(request, &node)).map(step).collect();
    assert_eq!(
        steps,
        [
            "GET computer",
            "GET NODE",
            "POST changeOfflineCause",
            "GET NODE",
            "POST doDelete",
            "GET computer",
            "GET SERVER",
            "DELETE SERVER"
        ]
    );
    assert!(it.nodes().is_empty());
    for _ in 0..5 {
        it.minute().did_nothing();
    }
    assert!(it.sim.cloud("openstack").servers.is_empty());
    assert_eq!(it.state()["servers"], serde_json::json!({}));
}

fn is_step(request: &Record, node: &str) -> bool {
    let path = request.path.replace("%2B", "+");
    path.contains(node) || path.contains("/computer/") || path.contains("/servers/") && !path.ends_with("detail")
}

fn step(request: &Record) -> String {
    let path = request.path.strip_suffix("/api/json").unwrap_or(&request.path);
    let last = path.rsplit('/').next().unwrap_or_default();
    let what = if path.contains("/servers/") {
        "SERVER"
    } else if last.starts_with("trusty") {
        "NODE"
    } else {
        last
    };
    format!("{} {what}", request.method)
}

#[test]
fn the_storage_volume_comes_with_the_server_and_goes_with_it() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10").start();
    it.sim.jenkins().submit(job("ceph-build"));
    it.minutes_until(10, "the build ends", |it| it.built().len() == 1);
    let server = it.server();
    {
        let cloud = it.sim.cloud("openstack");
        let volumes: Vec<_> = cloud.volumes.iter().map(|v| (v.name.clone(), v.size, v.server.clone())).collect();
        assert_eq!(volumes, [(format!("{}-blank-vol", server.id), 10, Some(server.id.clone()))]);
    }
    it.minutes_until(15, "the server goes", |it| it.sim.cloud("openstack").servers.is_empty());
    assert_eq!(it.sim.cloud("openstack").volumes.len(), 0);
}

#[test]
fn a_node_that_jobs_keep_using_is_never_retired_and_its_clock_starts_again_after_each_build() {
    let it = Setup::trusty().start();
    for number in 0..4 {
        it.sim.jenkins().submit(job(&format!("build-{number}")));
        it.minutes(13);
    }
    assert_eq!(it.orders(), 1);
    assert_eq!(it.built().len(), 4);
    it.minutes_until(14, "the node goes", |it| it.nodes().is_empty());
}

#[test]
fn a_second_job_keeps_an_idle_node_from_being_retired_though_it_has_not_started_yet() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(job("one"));
    it.minutes_until(10, "the build ends", |it| it.built().len() == 1);
    it.minutes(10);
    let node = it.node();
    // The next run would retire the node; the job is blocked until just after that run.
    let id = it.sim.jenkins().submit(job("two").blocked("waits for its turn"));
    it.sim.jenkins().set_blocked(id, None);
    it.minute().did_nothing();
    it.minutes(6);
    assert_eq!((it.nodes(), it.built().len(), it.orders()), (vec![node], 2, 1));
}

#[test]
fn what_else_a_node_type_asks_of_its_cloud_is_in_the_order() {
    let lines = "labels = \"amd64 trusty\"\nmax = 1\nboot_volume = { size = 20, type = \"ssd\" }\nports = [\"eth-1\"]\n\
        networks = [\"ci-net\"]\nserver_group = \"near\"\nscheduler_hints = { query = \"any\" }\ntags = [\"ci\"]\n\
        description = \"for ceph\"";
    let it = Setup::new().node("trusty", lines).start();
    let (group, port) = {
        let mut cloud = it.sim.cloud("openstack");
        let network = cloud.networks[0].id.clone();
        (cloud.add_server_group("near"), cloud.add_port("eth-1", &network, "192.168.1.250"))
    };
    it.sim.jenkins().submit(Job::freestyle("build").label("trusty").lasting(minutes(1)));
    it.minute().did(&["create_server trusty demand done"]);
    let server = it.server();
    assert_eq!(
        (server.image.as_str(), server.tags, server.description.as_deref()),
        ("", vec!["ci".to_owned()], Some("for ceph"))
    );
    assert_eq!(server.hints, serde_json::json!({"group": group, "query": "any"}));
    assert_eq!(server.ports, [port]);
    it.minutes(1);
    {
        let cloud = it.sim.cloud("openstack");
        let volumes: Vec<_> = cloud.volumes.iter().map(|v| (v.name.as_str(), v.size, v.volume_type.as_str())).collect();
        assert_eq!(volumes, [("", 20, "ssd")]);
        assert!(cloud.addresses(&server.id).contains(&"192.168.1.250".to_owned()));
    }
    it.minutes_until(20, "all is gone", |it| it.servers().is_empty());
    assert!(it.sim.cloud("openstack").volumes.is_empty());
}

#[test]
fn min_idle_keeps_nodes_at_hand_before_any_job_waits() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmin_idle = 2").start();
    it.minute().did(&["create_server trusty min_idle done", "create_server trusty min_idle done"]);
    it.minutes(20).did_nothing();
    assert_eq!(it.nodes().len(), 2);
    it.sim.jenkins().submit(job("one"));
    it.minute().did(&["create_server trusty min_idle done"]);
    it.minutes_until(30, "one too many goes", |it| it.nodes().len() == 2 && it.servers().len() == 2);
    it.minutes(30).did_nothing();
    assert_eq!(it.orders(), 3);
}

#[test]
fn a_node_type_that_is_no_longer_configured_loses_its_servers_when_they_are_idle() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.jenkins().submit(job("one"));
    it.minutes_until(10, "the build ends", |it| it.built().len() == 1);
    it.edit_config(|text| {
        let at = text.find("[nodes.\"trusty\"]").unwrap();
        let end = text.find("[nodes.\"debian\"]").unwrap();
        format!("{}{}", &text[..at], &text[end..])
    });
    let id = it.sim.jenkins().submit(job("two"));
    it.minutes(6);
    assert_eq!(it.built(), ["one", "two"], "what is there is used");
    it.minutes_until(12, "the server goes", |it| it.servers().is_empty());
    let third = it.sim.jenkins().submit(job("three"));
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::QueueItem, &third.to_string()), Rule::NoNodeType);
    assert!(third > id);
}

#[test]
fn a_job_that_no_type_serves_orders_nothing_and_is_told_once() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    let id = it.sim.jenkins().submit(Job::freestyle("rpm-build").label("centos9"));
    let run = it.minute();
    run.did_nothing();
    let verdict = run.verdict(Subject::QueueItem, &id.to_string());
    assert_eq!((verdict.rule, verdict.reason.contains("centos9")), (Rule::NoNodeType, true));
    assert_eq!(run.report.plan.warnings.len(), 1, "{}", run.story());
    assert!(it.minute().report.plan.warnings.is_empty());
}
