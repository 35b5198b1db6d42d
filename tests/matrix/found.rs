//! What the matrices, the races and the worlds found, each as a story of its own.

use super::checks::{nothing_is_lost, sound};
use super::scenes::{
    assigned_before_the_mark, build_for_ever, long, node_offline, our_node, our_server, retire, server_gone,
};
use crate::harness::{Installation, minutes, seconds};
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Status;
use mita_sim::{Fault, Kind, Meanwhile, Service, World};

/// Something that happens just before a request to Jenkins.
fn just_before(farm: &Installation, method: &str, path: &str, skip: usize, meanwhile: impl Meanwhile + 'static) {
    let fault = Fault::new(Service::Jenkins, Kind::Before(Box::new(meanwhile)));
    farm.sim.fault(fault.method(method).path(path).after(skip));
}

/// The path of a node.
fn path(node: &str) -> String {
    format!("/computer/{}/", node.replace('+', "%2B"))
}

fn is_online(farm: &Installation, node: &str) -> bool {
    farm.sim.jenkins().node(node).is_some_and(|node| !node.offline())
}

#[test]
fn l4_a_build_that_came_before_a_run_ended_in_the_middle_of_a_drain_has_its_node_brought_back_by_the_next_run() {
    let farm = retire();
    let node = our_node(&farm);
    let on = node.clone();
    just_before(&farm, "POST", "changeOfflineCause", 0, move |world| {
        world.jenkins.occupy(&on, long("in time"));
    });
    farm.sim
        .fault(Fault::new(Service::Jenkins, Kind::Status(500, "{}".into())).method("GET").path(&path(&node)).after(1));
    farm.minute();
    assert!(!is_online(&farm, &node), "the run ended in the middle");
    farm.minute().did(&[&format!("restore_node {node} wanted_again done")]);
    assert!(is_online(&farm, &node));
    sound(&farm);
}

#[test]
fn s1_a_node_that_is_not_found_when_it_is_read_again_is_not_deleted_unseen() {
    let farm = retire();
    let node = our_node(&farm);
    let on = node.clone();
    just_before(&farm, "POST", "changeOfflineCause", 0, move |world| {
        world.jenkins.occupy(&on, long("in time"));
    });
    let html = "<html><head><title>404 Not Found</title></head></html>";
    farm.sim
        .fault(Fault::new(Service::Jenkins, Kind::Status(404, html.into())).method("GET").path(&path(&node)).after(1));
    farm.minute();
    sound(&farm);
    farm.minute();
    assert!(is_online(&farm, &node));
}

#[test]
fn s7_where_a_person_takes_one_of_two_nodes_of_a_server_the_other_does_not_stay_offline() {
    let farm = retire();
    let first = our_node(&farm);
    let server = our_server(&farm);
    farm.sim.jenkins().add_node(Node::new(&server, "amd64 trusty", 1).online().on_server("openstack", &server));
    farm.minutes(2);
    // Nodes are drained in the order of their names, and ids begin with letters or digits before "t".
    let (drained_first, taken) = if server < first { (server, first) } else { (first, server) };
    let held = taken.clone();
    just_before(&farm, "GET", &path(&taken), 0, move |world| world.jenkins.hold(&held, "mine for now"));
    let run = farm.minute();
    assert!(
        run.lines().iter().any(|line| line.starts_with("retire_node") && line.ends_with("skipped")),
        "{}",
        run.story()
    );
    assert!(is_online(&farm, &drained_first), "{}", run.story());
    assert!(!is_online(&farm, &taken));
    sound(&farm);
}

#[test]
fn an_agent_that_comes_back_just_before_its_node_is_retired_for_being_offline_stays() {
    let farm = node_offline();
    let node = our_node(&farm);
    let on = node.clone();
    just_before(&farm, "GET", &path(&node), 0, move |world| world.jenkins.connect(&on));
    farm.minute().did(&[&format!("retire_node {node} offline skipped")]);
    assert!(is_online(&farm, &node));
    farm.minute().did_nothing();
}

#[test]
fn a_server_that_becomes_active_just_before_it_is_removed_for_booting_too_long_stays() {
    let farm = build_for_ever();
    let server = our_server(&farm);
    let id = server.clone();
    let boots = move |world: &mut World| {
        world.cloud("openstack").set_status(&id, Status::Active);
    };
    let fault = Fault::new(Service::Nova, Kind::Before(Box::new(boots)));
    farm.sim.fault(fault.method("GET").path(&format!("/servers/{server}")));
    farm.minute().did(&["create_server trusty demand done", "delete_server trusty boot_timeout skipped"]);
    farm.minute().did_nothing();
    assert!(farm.servers().iter().any(|listed| listed.id == server));
}

#[test]
fn s1_a_node_is_not_deleted_where_jenkins_was_restarted_in_the_middle_of_its_drain() {
    let farm = retire();
    let node = our_node(&farm);
    let on = node.clone();
    just_before(&farm, "GET", &path(&node), 0, move |world| {
        world.jenkins.occupy(&on, Job::pipeline("resumes").lasting(minutes(10)));
        world.jenkins.restart(minutes(0), minutes(1));
        world.advance(seconds(1));
    });
    farm.minute();
    assert!(farm.nodes().contains(&node), "the pipeline goes on there");
    farm.minutes(3);
    assert!(farm.nodes().contains(&node), "the pipeline goes on there");
    farm.sim.assert_promises();
}

#[test]
fn s3_a_server_that_no_list_has_and_that_cannot_be_read_by_its_id_is_a_problem_and_nothing_else() {
    let farm = server_gone();
    farm.sim.fault(
        Fault::new(Service::Nova, Kind::Status(503, "{}".into())).method("GET").path("/servers/").after(1).always(),
    );
    let run = farm.minute();
    run.did(&[]);
    assert!(run.problems().iter().any(|problem| problem.contains("503")), "{}", run.story());
    sound(&farm);
}

#[test]
fn s5_a_node_whose_deletion_was_answered_404_and_that_is_listed_all_the_same_is_deleted_by_the_next_run() {
    let farm = server_gone();
    let node = our_node(&farm);
    farm.sim.fault(Fault::new(Service::Jenkins, Kind::Status(404, "{}".into())).method("POST").path("doDelete"));
    farm.minute().did(&[&format!("delete_node {node} server_gone done")]);
    farm.minute().did(&[&format!("delete_node {node} server_gone done")]);
    assert!(!farm.nodes().contains(&node));
    sound(&farm);
}

#[test]
fn a_node_that_is_not_found_when_it_is_to_be_closed_is_not_set_offline_and_loses_no_item() {
    let farm = assigned_before_the_mark();
    let node = our_node(&farm);
    let gone = Kind::Status(404, "{}".into());
    farm.sim.fault(Fault::new(Service::Jenkins, gone).method("GET").path(&path(&node)));
    let run = farm.minute();
    assert_eq!(run.count(Service::Jenkins, "POST", "changeOfflineCause"), 0, "{}", run.story());
    farm.minute();
    nothing_is_lost(&farm);
    farm.minutes_until(10, "the job runs", |farm| !farm.sim.jenkins().nodes.iter().all(|node| node.idle()));
    sound(&farm);
}
