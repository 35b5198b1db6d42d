//! Nodes that mita makes, for servers of a real cloud.

use super::cloud;
use super::site::{Site, image, size};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use std::time::Duration;

fn site(cloud: &str, test: &str, lines: &str) -> Site {
    Site::with(cloud, test, &format!("image_name = \"{}\"\nsize = \"{}\"\n{lines}", image(), size()))
}

#[test]
fn live_a_server_that_runs_gets_its_node_by_ssh_and_goes_with_it() {
    let Some(cloud) = cloud() else { return };
    let site = site(&cloud, "ssh", "register = \"ssh\"\ncredentials_id = \"jenkins-agent\"");
    site.queue("ceph-build");
    let id = site.ordered(&site.run());
    let server = site.becomes(&id, "ACTIVE");
    let address = server["addresses"].as_object().unwrap().values().next().unwrap()[0]["addr"].as_str().unwrap();
    let node = format!("live+{address}");
    site.run_until_something_is_done().did(&[&format!("create_node {node} register done")]);
    let target = site.sim.jenkins().node(&node).and_then(|node| node.ssh.clone()).unwrap();
    assert_eq!((target.host.as_str(), target.port), (address, 22));
    assert_eq!(site.run().rule(Subject::Node, &node), Rule::Connecting);
    site.sim.jenkins().connect(&node);
    site.sim.advance(Duration::from_secs(1));
    assert_eq!(site.run().rule(Subject::Node, &node), Rule::Busy);
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} idle done")]);
    assert!(!site.sim.jenkins().node_names().contains(&node), "node {node} is still there");
    site.vanishes(&id);
}

#[test]
fn live_an_agent_that_calls_in_has_its_node_before_its_server_and_goes_with_it() {
    let Some(cloud) = cloud() else { return };
    let script = "script = \"#!/bin/sh\\nstart ${MITA_AGENT_NAME} ${MITA_AGENT_SECRET}\\n\"";
    let site = site(&cloud, "inbound", &format!("register = \"inbound\"\nsingle_use = true\n{script}"));
    site.queue("ceph-build");
    let first = site.run();
    let node = format!("live-{}", Site::order_id(&first));
    first.did(&["create_server live demand done", &format!("create_node {node} register done")]);
    let servers = site.cloud.servers_of(&site.owner);
    assert_eq!((servers.len(), servers[0]["name"].as_str()), (1, Some(node.as_str())));
    let id = servers[0]["id"].as_str().unwrap().to_owned();
    site.becomes(&id, "ACTIVE");
    assert_eq!(site.run().rule(Subject::Node, &node), Rule::Connecting);
    site.sim.jenkins().connect(&node);
    site.sim.advance(Duration::from_secs(1));
    site.run().did(&[&format!("drain_node {node} single_use done")]);
    site.sim.advance(Duration::from_secs(700));
    site.run_until_something_is_done().did(&[&format!("retire_node {node} single_use done")]);
    assert!(!site.sim.jenkins().node_names().contains(&node), "node {node} is still there");
    site.vanishes(&id);
}
