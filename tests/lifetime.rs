//! The ordinary life of a server: ordered for a job, joined, busy, idle, retired.

use crate::harness::{Setup, minutes, seconds};
use mita::plan::{Rule, Subject};
use mita_sim::jenkins::queue::Job;
use mita_sim::{JoinRule, Service};

#[test]
fn l1_a_waiting_job_has_its_server_ordered_in_the_first_run_that_sees_it() {
    let it = Setup::trusty().start();
    it.minute().did_nothing();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("amd64 && trusty"));
    it.minute().did(&["create_server trusty demand done"]);
    let server = it.server();
    assert_eq!(server.name, "trusty");
    assert_eq!(server.metadata["mita_owner"], "ceph-ci");
    assert_eq!(server.metadata["mita_node"], "trusty");
    assert_eq!(server.metadata["mita_id"], "20260105T080100Z-1");
    for _ in 0..3 {
        it.minute().did_nothing();
    }
    assert_eq!(it.orders(), 1);
}
