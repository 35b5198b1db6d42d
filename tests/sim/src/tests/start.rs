//! How a simulator starts: its ports and its clock.

use std::time::Duration;

use crate::clock::START;
use crate::jenkins::queue::Job;
use crate::{Sim, SimOptions};

#[test]
fn services_listen_on_chosen_ports_and_a_taken_one_is_named() {
    let first = Sim::start(SimOptions::default()).unwrap();
    let port: u16 = first.jenkins_url().rsplit(':').next().unwrap().parse().unwrap();
    let taken = [
        SimOptions { jenkins_port: port, ..SimOptions::default() },
        SimOptions { openstack_port: port, ..SimOptions::default() },
    ];
    for options in taken {
        let error = Sim::start(options).err().expect("the port is taken").to_string();
        assert!(error.starts_with(&format!("127.0.0.1:{port}: ")), "{error}");
    }
}

#[test]
fn a_clock_that_starts_between_two_seconds_still_strikes_each_ten_seconds() {
    let start = START + 86_400_123;
    let sim = Sim::start(SimOptions { start, ..SimOptions::default() }).unwrap();
    assert_eq!((sim.now(), sim.cloud("openstack").now), (start, start));
    sim.jenkins().add_agent("static", "", 1);
    sim.jenkins().occupy("static", Job::freestyle("long"));
    for _ in 0..40 {
        sim.advance(Duration::from_millis(300));
    }
    assert_eq!(sim.now(), start + 12_000);
    let busy = sim.jenkins().node("static").map(|node| node.busy_average);
    assert!(busy > Some(0.0), "Jenkins updates its load statistics each ten seconds: {busy:?}");
}
