//! Clouds that are set up in unusual ways: what becomes of an order there.

use crate::harness::{Installation, Setup, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Options, Snapshot};
use mita_sim::{Fault, Kind, Service};
use std::time::Duration;

fn queue(it: &Installation, label: &str) {
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label(label).lasting(minutes(1)));
}

/// An image that was made of a server with a volume.
fn of_a_snapshot(lines: &str) -> Installation {
    let it = Setup::new().node("trusty", &format!("labels = \"amd64 trusty\"\n{lines}")).start();
    let snapshot = Snapshot { id: "00000000-0000-4000-8000-00000000005a".into(), size: 20 };
    it.sim.cloud("openstack").images[0].snapshot = Some(snapshot);
    it
}

#[test]
fn s5_the_volumes_that_an_image_makes_go_with_its_servers() {
    for lines in
        ["", "storage = 10", "boot_volume = { size = 30 }", "boot_volume = { size = 5, type = \"ssd\" }\nstorage = 10"]
    {
        let it = of_a_snapshot(lines);
        queue(&it, "trusty");
        it.minutes(3);
        let volumes = it.sim.cloud("openstack").volumes.len();
        assert_eq!(volumes, 1 + usize::from(lines.contains("storage")), "{lines}");
        it.minutes_until(30, "the server is gone", |it| it.servers().is_empty());
        let left = it.sim.cloud("openstack").volumes.clone();
        assert!(left.is_empty(), "{lines}: {left:?}");
    }
}

#[test]
fn s5_a_volume_of_an_image_that_never_becomes_ready_is_removed_though_its_node_type_has_none() {
    let it = of_a_snapshot("");
    it.sim.cloud("openstack").next_fates.push_back(Fate::VolumeNeverReady);
    queue(&it, "trusty");
    it.minutes_until(40, "all is gone", |it| it.built() == ["ceph-build"] && it.servers().is_empty());
    it.minutes(5);
    let left = it.sim.cloud("openstack").volumes.clone();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn s5_a_volume_of_an_image_that_has_a_snapshot_goes_once_that_is_gone() {
    let it = of_a_snapshot("");
    let has_snapshot = |has| it.sim.cloud("openstack").volumes.iter_mut().for_each(|volume| volume.has_snapshot = has);
    queue(&it, "trusty");
    it.minutes(3);
    has_snapshot(true);
    it.minutes_until(60, "the server is gone", |it| it.servers().is_empty());
    assert_eq!(it.sim.cloud("openstack").volumes.len(), 1);
    has_snapshot(false);
    it.minutes(5);
    assert!(it.sim.cloud("openstack").volumes.is_empty());
}

#[test]
fn a_floating_ip_goes_to_the_first_port_whose_network_has_a_router() {
    let lines = "labels = \"amd64 trusty\"\nnetworks = [\"inner\", \"ci-net\"]\nfloating_ip_pool = \"public\"";
    let it = Setup::new().node("trusty", lines).start();
    let inner = it.sim.cloud("openstack").add_network("inner", "10.7.0", None);
    for network in it.sim.cloud("openstack").networks.iter_mut().filter(|network| network.id == inner) {
        network.has_router = false;
    }
    queue(&it, "trusty");
    it.minutes(1);
    it.minute().did(&["assign_floating_ip trusty floating_ip done"]);
    let cloud = it.sim.cloud("openstack");
    let port = cloud.floating_ips[0].port.clone().unwrap();
    let address = cloud.servers[0].addresses.iter().find(|address| address.port == port).unwrap();
    assert_ne!(address.network, inner);
    drop(cloud);

    it.sim.cloud("openstack").networks[0].has_router = false;
    it.sim.cloud("openstack").floating_ips.clear();
    let run = it.minute();
    let error = run.errors().join("\n");
    for part in
        ["no router leads from the network \"inner\" or \"ci-net\" to \"public\"", "is not reachable from subnet"]
    {
        assert!(error.contains(part), "{}", run.story());
    }
}

#[test]
fn an_order_for_a_flavor_without_a_disk_is_told_to_boot_from_a_volume() {
    let lines = "labels = \"amd64 trusty\"\nimage_name = \"Debian 12\"\nsize = \"diskless\"\nprovider = \"openstack\"";
    let it = Setup::new().node("trusty", lines).start();
    it.sim.cloud("openstack").add_flavor("diskless", 1, 1024, 0);
    queue(&it, "trusty");
    let run = it.minute();
    run.did(&["create_server trusty demand refused"]);
    let error = run.errors().join("\n");
    assert!(error.contains("volume-backed") && error.contains("write boot_volume = { size = 20 }"), "{error}");
}

#[test]
fn l1_a_label_with_a_blank_is_asked_for_in_quotes_and_served() {
    let it = Setup::new()
        .node(
            "trusty",
            "labels = [\"gpu lab\", \"amd64\"]\nregister = \"inbound\"\nscript = \"#!/bin/sh\\n${MITA_AGENT_SECRET}\"",
        )
        .start();
    it.sim.jenkins().add_agent("vault", "signing", 1);
    queue(&it, "\"gpu lab\"&&amd64");
    it.minute();
    let node = it.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("trusty")).unwrap();
    it.minutes(1);
    it.sim.jenkins().connect(&node);
    it.minutes_until(5, "it is built", |it| it.built() == ["ceph-build"]);
}

/// Two clouds, and a job for each.
fn with_a_cloud_beside() -> Installation {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"").start();
    it.sim.add_cloud("beside", Options::default()).expect("a free port");
    let auth_url = it.sim.auth_url("beside");
    it.edit_config(|text| {
        format!(
            "deadline = \"4s\"\n{text}\n[provider.beside]\nauth_url = \"{auth_url}\"\nusername = \"mita\"\n\
             password = \"mita-secret\"\ntenant_name = \"ceph-ci\"\nservice_region = \"RegionOne\"\n[nodes.fedora]\n\
             provider = \"beside\"\nlabels = \"fedora\"\nimage_name = \"Debian 12\"\nsize = \"m1.small\"\n"
        )
    });
    queue(&it, "trusty");
    queue(&it, "fedora");
    it
}

#[test]
fn s3_a_cloud_whose_list_never_ends_leaves_time_to_the_others() {
    let it = with_a_cloud_beside();
    let endless = Kind::EndlessList(Duration::from_millis(100));
    let fault =
        it.sim.numbered_fault(Fault::new(Service::Nova, endless).on("openstack").path("/servers/detail").always());
    let run = it.minute();
    run.did(&["create_server fedora@beside demand done"]);
    let problems = run.problems().join("\n");
    // The time may end within a page, too.
    let ends = ["the time for reading is over, and the list goes on after", "did not arrive completely within"];
    assert!(ends.iter().any(|end| problems.contains(end)), "{problems}");
    it.sim.mend(fault);
    it.minute().did(&["create_server trusty demand done"]);
}

#[test]
fn s3_a_server_that_its_cloud_shows_oddly_is_left_alone_and_stops_nobody() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"").start();
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(30)));
    it.minutes(4);
    let odd = it.servers()[0].id.clone();
    let fault = it.sim.numbered_fault(Fault::new(Service::Nova, Kind::OddEntry).path("/servers/detail").always());
    queue(&it, "trusty");
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes_until(10, "built beside it", |it| it.built() == ["ceph-build"]);
    it.sim.mend(fault);
    it.minutes_until(40, "built", |it| it.built() == ["ceph-build", "long"]);
    assert!(it.servers().iter().any(|server| server.id == odd));
}
