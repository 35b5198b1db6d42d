//! No order in vain twice: what is learnt from an idle node beside a waiting job.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A job that waits for `amd64` in a run that just ordered a server for it, and that server up and idle, with what
/// labels it came.
fn joined_for_a_job(labels: &[&str]) -> Situation {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.run();
    s.after("3m").joins("new1", "10.0.0.1").labels = names(labels);
    s
}

#[test]
fn a_job_that_its_own_idle_server_does_not_take_has_none_ordered_again() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
    ",
    );
    s.after("9s").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 9s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 9s, grace 40m; kept for job1 (queue item 1)
    ",
    );
    s.after("1s").runs("
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
        |   node ubuntu+10.0.0.1  kept: idle 10s, grace 40m
        |   server new1  ubuntu  kept: idle 10s, grace 40m
        | ? job job1 (queue item 1) needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
    ");
    s.after("1m").runs("
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 59m
        |   node ubuntu+10.0.0.1  kept: idle 1m 10s, grace 40m
        |   server new1  ubuntu  kept: idle 1m 10s, grace 40m
    ");
}

#[test]
fn a_server_that_came_without_its_label_is_told_and_no_second_one_is_ordered() {
    let mut s = joined_for_a_job(&["typo"]);
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        | ? node ubuntu+10.0.0.1 lacks the label amd64 that nodes.ubuntu promises: jobs that need it will not run there
    ",
    );
    s.after("10s").runs("
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
        |   node ubuntu+10.0.0.1  kept: idle 10s, grace 40m
        |   server new1  ubuntu  kept: idle 10s, grace 40m
        | ? job job1 (queue item 1) needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
    ");
}

#[test]
fn servers_that_came_without_their_label_at_once_bring_no_further_orders() {
    let mut s = Situation::new();
    s.projects(3, "amd64");
    s.run().after("3m");
    for (server, address) in [("new1", "10.0.0.1"), ("new2", "10.0.0.2"), ("new3", "10.0.0.3")] {
        s.joins(server, address).labels = names(&["typo"]);
    }
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 2  job2  idle_executor: needs amd64: node ubuntu+10.0.0.2 has an idle executor
        |   job 3  job3  idle_executor: needs amd64: node ubuntu+10.0.0.3 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   node ubuntu+10.0.0.2  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
        |   node ubuntu+10.0.0.3  kept_for_jobs: idle 0s, grace 40m; kept for job3 (queue item 3)
        |   server new1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server new2  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
        |   server new3  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job3 (queue item 3)
        | ? node ubuntu+10.0.0.1 lacks the label amd64 that nodes.ubuntu promises: jobs that need it will not run there
        | ? node ubuntu+10.0.0.2 lacks the label amd64 that nodes.ubuntu promises: jobs that need it will not run there
        | ? node ubuntu+10.0.0.3 lacks the label amd64 that nodes.ubuntu promises: jobs that need it will not run there
    ",
    );
}

#[test]
fn l1_a_job_that_an_older_server_lacks_the_label_for_has_one_ordered_at_once() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m").labels = names(&["old"]);
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  kept: idle 5m, grace 40m
        |   server s1  ubuntu  kept: idle 5m, grace 40m
        | ? node ubuntu+10.0.0.1 lacks the label amd64 that nodes.ubuntu promises: jobs that need it will not run there
    ",
    );
}

#[test]
fn it_holds_for_an_hour() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.run().after("10s").run();
    let before = s.state.mismatches.clone();
    s.after("59m 59s").run();
    assert_eq!(s.state.mismatches, before);
    s.lose_server("new1");
    s.lose_node("ubuntu+10.0.0.1");
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T130310Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T130310Z-1 is ordered for it
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn another_job_and_another_need_are_not_concerned() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.run().after("10s").run();
    s.lose_node("ubuntu+10.0.0.1");
    s.lose_server("new1");
    let now = s.now;
    s.project(2, "amd64").in_queue_since = Some(now);
    s.project(3, "ubuntu").job = "job1".to_owned();
    s.runs("
        | + ubuntu  os  20261121T120310Z-1  job1 (3) needs ubuntu
        | + ubuntu  os  20261121T120310Z-2  job2 (2) needs amd64
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120310Z-2 is ordered for it
        |   job 3  job1  demand: needs ubuntu: ubuntu server 20261121T120310Z-1 is ordered for it
        |   server new1  ubuntu  gone: its cloud does not know it any more (404)
    ");
}

#[test]
fn a_change_of_the_configuration_forgets_it_and_two_more_sightings_are_needed() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.run().after("10s").run();
    assert_eq!(s.state.mismatches.len(), 1);
    s.config.fingerprint = "2".to_owned();
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 1m 10s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 1m 10s, grace 40m; kept for job1 (queue item 1)
    ",
    );
    s.after("10s").runs("
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
        |   node ubuntu+10.0.0.1  kept: idle 1m 20s, grace 40m
        |   server new1  ubuntu  kept: idle 1m 20s, grace 40m
        | ? job job1 (queue item 1) needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
    ");
}

#[test]
fn what_stood_idle_while_jenkins_took_no_work_says_nothing() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    s.project(1, "amd64");
    s.world.jenkins.mode = Listing::Complete(Mode::QuietingDown);
    s.run().after("1m").run();
    s.world.jenkins.mode = Listing::Complete(Mode::Running);
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 7m, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 7m, grace 40m; kept for job1 (queue item 1)
    ",
    );
    s.after("9s").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 7m 9s, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 7m 9s, grace 40m; kept for job1 (queue item 1)
    ",
    );
    s.after("1s").runs("
        |   job 1  job1  in_vain: needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
        |   node ubuntu+10.0.0.1  kept: idle 7m 10s, grace 40m
        |   server s1  ubuntu  kept: idle 7m 10s, grace 40m
        | ? job job1 (queue item 1) needs amd64: ubuntu stood idle beside it and was not taken; Jenkins says: Waiting for next available executor on ‘amd64’; tried again in 1h
    ");
}

#[test]
fn another_type_serves_the_job_that_one_turned_out_not_to_serve() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.config.node_types.push(kind("big", &["amd64"]));
    s.run();
    s.after("10s").runs(
        "
        | + big  os  20261121T120310Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: big server 20261121T120310Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  kept: idle 10s, grace 40m
        |   server new1  ubuntu  kept: idle 10s, grace 40m
    ",
    );
}

#[test]
fn an_idle_node_that_refuses_by_name_keeps_its_type_from_being_ordered() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.wait(
        1,
        Task::Project { label: Some("amd64".to_owned()) },
        "‘adeza’ lacks permission to run on ‘ubuntu+10.0.0.1’",
    );
    s.runs("
        |   job 1  job1  in_vain: needs amd64: an idle node refuses it; Jenkins says: ‘adeza’ lacks permission to run on ‘ubuntu+10.0.0.1’
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
        | ? job job1 (queue item 1) needs amd64: an idle node refuses it; Jenkins says: ‘adeza’ lacks permission to run on ‘ubuntu+10.0.0.1’
    ");
}

#[test]
fn a_reason_that_is_some_seconds_old_does_not_make_a_node_refuse() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.item(1).why = Some("‘static’ doesn’t have label ‘amd64’; ‘ubuntu+10.0.0.1’ is offline".to_owned());
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server new1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn a_node_that_has_worked_between_two_sightings_has_not_stood_idle_beside_the_job() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    s.node("ubuntu+10.0.0.1").busy_average = Some(0);
    s.run();
    s.project(1, "amd64");
    s.after("1m").run();
    s.node("ubuntu+10.0.0.1").busy_average = Some(900_000);
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: seen idle in each run for 7m, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: seen idle in each run for 7m, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn a_job_that_has_left_the_queue_while_a_node_went_to_work_is_served_again() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "5m");
    s.project(1, "amd64");
    s.run();
    s.after("1m").run();
    assert_eq!(s.state.mismatches.len(), 1);
    s.world.jenkins.queue = Listing::Complete(Queue::default());
    s.node("ubuntu+10.0.0.1").idle = false;
    s.node("ubuntu+10.0.0.1").idle_executors = 0;
    s.after("1m").run();
    assert_eq!(s.state.mismatches, []);
}

#[test]
fn s6_a_node_that_a_forgotten_run_closed_is_no_proof_that_its_type_does_not_serve() {
    let mut s = joined_for_a_job(&["amd64"]);
    s.node("ubuntu+10.0.0.1").labels = names(&["ubuntu+10.0.0.1", "mita-retiring"]);
    for _ in 0..3 {
        s.run().after("1m");
    }
    assert!(s.state.mismatches.is_empty(), "{:?}", s.state.mismatches);
    assert_eq!(s.orders, 2, "another one is ordered for the job");
}
