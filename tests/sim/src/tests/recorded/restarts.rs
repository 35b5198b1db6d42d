//! A controller that is stopped and started again.

use std::time::Duration;

use super::Scene;
use super::stage::{MARK, Stage};
use crate::http::percent_encode;
use crate::jenkins::queue::Job;

pub(super) const SCENES: &[(&str, Scene)] = &[
    ("restart-before-computers", before),
    ("restart-before-queue", before),
    ("restarted-computers-first", restarted),
    ("restarted-held", restarted),
    ("restarted-held-connected", || restarted().then(|jenkins| jenkins.connect("held"))),
    ("restarted-marked-connected", || restarted().then(|jenkins| jenkins.connect("n2"))),
    ("restarted-queue-first", restarted),
    ("starting-4", restarted),
];

/// Builds on two nodes, one of which mita has marked; a node that a person holds; four jobs.
fn before() -> Stage {
    let hour = Duration::from_secs(3600);
    let mark = format!("/computer/n2/changeOfflineCause?offlineMessage={}", percent_encode(MARK));
    Stage::new()
        .agent("gone", "y")
        .online("held", "x")
        .online("n1", "amd64")
        .online("n2", "amd64")
        .building("n1", Job::freestyle("running").one_at_a_time())
        .building("n2", Job::freestyle("other"))
        .post(&mark)
        .then(|jenkins| jenkins.hold("held", "disk swap"))
        .jobs(&[("waits", "wheezy")])
        .job(Job::freestyle("later").label("amd64").quiet(hour))
        .jobs(&[("serial", "n1")])
        .job(Job::freestyle("running").label("n1").one_at_a_time())
        .later(Duration::from_secs(1))
}

fn restarted() -> Stage {
    let stage = before().then(|jenkins| jenkins.restart(Duration::from_secs(8), Duration::from_secs(600)));
    stage.later(Duration::from_secs(8))
}
