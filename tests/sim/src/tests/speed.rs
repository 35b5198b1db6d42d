//! The simulator must not be what a benchmark measures: large queues and lists
//! are answered whole, in one page. No time is asserted, since tests share their
//! machine; a step that is quadratic in the queue would still be felt here.

use super::client::Client;
use crate::jenkins::nodes::Node;
use crate::jenkins::queue::Job;

const FIELDS: &str = "tree=items[id,why,stuck,blocked,buildable,pending,inQueueSince,task[name,labelExpression]]";

#[test]
fn ten_thousand_items_and_five_hundred_nodes_are_listed_at_once() {
    let c = Client::new();
    {
        let mut jenkins = c.sim.jenkins();
        for n in 0..500 {
            jenkins.add_node(Node::new(&format!("node{n}"), "linux amd64", 1).online());
            jenkins.occupy(&format!("node{n}"), Job::freestyle("busy"));
        }
        for n in 0..10_000 {
            jenkins.submit(Job::freestyle(&format!("job{n}")).label(if n % 2 == 0 { "linux" } else { "windows" }));
        }
    }
    let answer = c.get(&format!("/queue/api/json?{FIELDS}"));
    assert_eq!(answer.json()["items"].as_array().unwrap().len(), 10_000);
    let nodes = c.get("/computer/api/json?tree=computer[displayName,idle,assignedLabels[name]]").json();
    assert_eq!(nodes["computer"].as_array().unwrap().len(), 501);
}

#[test]
fn five_hundred_servers_are_listed_in_one_page() {
    let c = Client::new();
    {
        let mut cloud = c.sim.cloud("openstack");
        cloud.networks[0].prefix = "10.1".into();
        for n in 0..500 {
            cloud.place_server(&format!("s{n}"), &[("mita_owner", "ceph-ci")]);
        }
    }
    let list = c.cloud("GET", "/compute/v2.1/servers/detail").json();
    assert_eq!(list["servers"].as_array().unwrap().len(), 500);
}
