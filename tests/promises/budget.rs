//! How many requests a run may send, and how large the world may be.

use crate::harness::{Run, Setup, minutes};
use mita_sim::Service;
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;

/// Requests by service: Jenkins, Keystone, Nova, all others.
fn counts(run: &Run) -> [usize; 4] {
    let to = |service| run.requests.iter().filter(|request| request.service == service).count();
    let [jenkins, keystone, nova] = [Service::Jenkins, Service::Keystone, Service::Nova].map(to);
    [jenkins, keystone, nova, run.requests.len() - jenkins - keystone - nova]
}

#[test]
fn in_steady_state_a_run_costs_three_reads_of_jenkins_one_token_and_one_listing_for_each_provider() {
    let it = Setup::trusty().cloud("second", "").start();
    for number in 0..3 {
        it.sim.jenkins().submit(Job::freestyle(&format!("job-{number}")).label("trusty").lasting(minutes(60)));
    }
    it.minutes(5);
    let run = it.run();
    run.did_nothing();
    assert_eq!(counts(&run), [3, 2, 2, 0]);
    assert_eq!(run.report.requests(), 7, "what the report says is what was sent");
    let id = it.sim.jenkins().submit(Job::freestyle("unserved").label("nobody"));
    it.run();
    it.sim.jenkins().set_blocked(id, Some("for good"));
    assert_eq!(counts(&it.run()), [3, 2, 2, 0], "a job that nothing serves costs nothing");
}

#[test]
fn a_listing_of_several_pages_costs_one_request_for_each_page_and_lacks_nothing() {
    let it = Setup::trusty().top("max_servers = 9").openstack(|cloud| cloud.page_size = 4).start();
    for _ in 0..9 {
        it.sim.jenkins().submit(Job::freestyle("job").label("trusty").lasting(minutes(60)));
    }
    it.minutes(5);
    assert_eq!(it.orders(), 9);
    let run = it.run();
    run.did_nothing();
    assert_eq!(run.report.world.clouds.values().next().unwrap().servers.complete().unwrap().len(), 9);
    assert_eq!(counts(&run), [3, 1, 3, 0]);
    let mut nodes = it.nodes();
    nodes.sort();
    assert_eq!(nodes.len(), 9);
}

#[test]
fn pages_whose_links_lead_to_another_host_are_read_from_the_same_host() {
    let elsewhere = "http://127.0.0.1:9";
    let set = |cloud: &mut mita_sim::openstack::Options| {
        cloud.page_size = 2;
        cloud.links_base = Some(elsewhere.to_owned());
    };
    let it = Setup::trusty().openstack(set).start();
    for _ in 0..5 {
        it.sim.jenkins().submit(Job::freestyle("job").label("trusty").lasting(minutes(60)));
    }
    it.minutes(5);
    assert_eq!((it.orders(), it.nodes().len()), (5, 5));
}

#[test]
fn ten_thousand_waiting_jobs_get_what_the_limits_allow_and_no_more() {
    let it = Setup::trusty().top("max_servers = 12").node("debian", "labels = \"amd64 debian\"\nmax = 2").start();
    it.sim.world().rules.max_servers = Some(12);
    it.sim.world().rules.max_of_type.insert("debian".to_owned(), 2);
    {
        let mut jenkins = it.sim.jenkins();
        jenkins.add_node(Node::new("static-1", "other", 1).online());
        for number in 0..10_000 {
            let label = ["amd64 && debian", "trusty", "nobody", "amd64"][number % 4];
            jenkins.submit(Job::freestyle(&format!("job-{number}")).label(label).lasting(minutes(300)));
        }
    }
    let ended = it.program(&["reconcile", "--output", "json"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["actions"].as_array().map(Vec::len), Some(12));
    assert_eq!(document["verdicts"].as_array().map(Vec::len), Some(10_000 + 2));
    it.sim.advance(minutes(2));
    assert_eq!(it.program(&["reconcile"]).status, 0);
    assert_eq!(it.orders(), 12);
    assert_eq!(it.nodes().iter().filter(|node| node.starts_with("debian+")).count(), 2);
    assert_eq!(it.sim.jenkins().waiting(), 10_000 - 12);
}
