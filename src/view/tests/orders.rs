//! What `mita explain` says of whether a node type is ordered now, and of what it lacks for a label expression.

use super::scene::Scene;
use super::texts::explanation;
use mita_sim::{Fault, Kind, Service};

#[track_caller]
fn assert_closed(scene: &Scene, why: &str) {
    let text = explanation(scene, "ubuntu");
    let row = text.split("is it ordered there now?").nth(1).expect("the table of providers");
    let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(row.contains("openstack no ") && row.contains(why), "{text}");
}

#[test]
fn a_node_type_that_is_not_ordered_now_is_not_said_to_be() {
    let mut scene = Scene::with_jobs();
    assert!(explanation(&scene, "ubuntu").contains("openstack  yes "), "{}", explanation(&scene, "ubuntu"));
    scene.run();
    assert_closed(&scene, "max of ubuntu, 1, is reached");
    scene.loaded.config.node_types[0].max = Some(0);
    assert_closed(&scene, "max of ubuntu is 0");
    scene.loaded.config.node_types[0].max = None;
    scene.loaded.config.max_servers = 1;
    assert_closed(&scene, "max_servers, 1, is reached");
    scene.loaded.config.max_servers = 50;
    scene.loaded.config.providers[0].max = Some(1);
    assert_closed(&scene, "max of provider openstack, 1, is reached");
    scene.loaded.config.providers[0].max = None;
    let jenkins = scene.sim.numbered_fault(Fault::new(Service::Jenkins, Kind::Html(500)).always());
    assert_closed(&scene, "not_seen: Jenkins' queue or its list of nodes is not there");
    scene.sim.mend(jenkins);
    let cloud = Fault::new(Service::Nova, Kind::Html(500)).path("servers/detail").always();
    let cloud = scene.sim.numbered_fault(cloud);
    assert_closed(&scene, "its list of servers could not be read");
    scene.sim.mend(cloud);
    std::fs::write(&scene.loaded.config.state_file, "{").unwrap();
    assert_closed(&scene, "settling: ");
}

#[test]
fn what_must_not_be_there_is_not_lacking() {
    let scene = Scene::start();
    let row = |subject: &str| {
        let text = explanation(&scene, subject);
        let row = text.lines().find(|line| line.trim_start().starts_with("ubuntu ")).unwrap_or_default().to_owned();
        (row, text)
    };
    let (negated, text) = row("centos7 && !static");
    assert!(negated.ends_with("no    lacks centos7"), "{text}");
    assert!(text.contains("no node in Jenkins fits"), "{text}");
    let (there, text) = row("trusty && !amd64");
    assert!(there.ends_with("no    has trusty; must not have amd64"), "{text}");
}
