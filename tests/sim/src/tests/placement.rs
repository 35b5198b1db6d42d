//! Which node gets a build.

use std::collections::BTreeSet;
use std::time::Duration;

use super::client::Client;
use crate::SimOptions;
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, Placement};

fn with(placement: Placement) -> Client {
    let c = Client::with(SimOptions { jenkins: Options { placement, ..Options::default() }, ..SimOptions::default() });
    for n in 1..=8 {
        c.sim.jenkins().add_agent(&format!("n{n}"), "amd64", 1);
    }
    c
}

/// The node on which each of these jobs is built, one after the other on idle nodes.
fn homes(c: &Client, jobs: &[&str]) -> Vec<String> {
    let built = |job: &&str| {
        c.sim.jenkins().submit(Job::freestyle(job).label("amd64").lasting(Duration::from_secs(30)));
        c.sim.advance(Duration::from_secs(31));
        c.sim.jenkins().finished.last().unwrap().node.clone()
    };
    jobs.iter().map(built).collect()
}

const JOBS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[test]
fn builds_are_spread_and_each_job_goes_where_it_was() {
    let c = with(Placement::ConsistentHash);
    let first = homes(&c, &JOBS);
    assert!(first.iter().collect::<BTreeSet<_>>().len() > 3, "{first:?}");
    assert_eq!(homes(&c, &JOBS), first);
    c.sim.jenkins().occupy(&first[0], Job::freestyle("in the way"));
    assert_ne!(homes(&c, &["a"])[0], first[0], "its node is busy");
    c.sim.advance(Duration::from_secs(600));
    assert_eq!(homes(&c, &["a"])[0], first[0]);
}

#[test]
fn the_first_of_the_list_takes_all() {
    let c = with(Placement::FirstOfList);
    assert_eq!(homes(&c, &JOBS), vec!["n1"; 6]);
}

#[test]
fn a_pipeline_has_one_home_whatever_the_number_of_its_run() {
    let c = with(Placement::ConsistentHash);
    let built = |c: &Client| {
        c.sim.jenkins().submit(Job::pipeline("p").label("amd64").lasting(Duration::from_secs(30)));
        c.sim.advance(Duration::from_secs(31));
        c.sim.jenkins().finished.last().unwrap().node.clone()
    };
    let home = built(&c);
    assert_eq!([built(&c), built(&c)], [home.clone(), home]);
}
