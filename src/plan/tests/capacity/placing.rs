//! Which jobs count, and where each one gets its executor: L1, L2, S4.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Two types that serve `amd64`, the second also `gpu`; two providers.
fn two_types() -> Situation {
    let mut s = Situation::new();
    s.add_provider("two");
    s.config.node_types.push(kind("big", &["amd64", "gpu"]));
    s
}

#[test]
fn l1_each_waiting_job_has_a_server_ordered_in_the_first_run_that_sees_it() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    s.project(2, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | + ubuntu  os  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
    ",
    );
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  on_its_way: needs amd64: ubuntu server 20261121T120000Z-2 is on its way
        |   server new1  ubuntu  booting: ordered 1m ago, being built
        |   server new2  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn jobs_that_need_no_executor_are_told_and_nothing_is_ordered() {
    let mut s = Situation::new();
    s.project(1, "amd64").stage = Stage::Waiting;
    s.project(2, "amd64").stage = Stage::Blocked;
    s.item(2).why = Some("Build #1,234 is already in progress (ETA: 2 min)".to_owned());
    s.project(3, "amd64").stage = Stage::Pending;
    s.project(4, "x");
    s.item(1).why = Some("In the quiet period. Expires in 4 sec".to_owned());
    s.runs(
        "
        |   job 1  job1  quiet_period: In the quiet period. Expires in 4 sec
        |   job 2  job2  blocked: Build #1,234 is already in progress (ETA: 2 min)
        |   job 3  job3  pending: an executor is assigned to it
        |   job 4  job4  no_node_type: needs x, which no node type of the configuration has
        | ? job job4 (queue item 4) needs x, which no node type of the configuration has
    ",
    );
}

#[test]
fn an_item_that_is_pending_in_every_run_for_five_minutes_counts() {
    let mut s = Situation::new();
    s.project(1, "amd64").stage = Stage::Pending;
    s.runs(
        "
        |   job 1  job1  pending: an executor is assigned to it
    ",
    );
    s.after("4m 59s").runs(
        "
        |   job 1  job1  pending: an executor is assigned to it
    ",
    );
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T120500Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120500Z-1 is ordered for it
    ",
    );
}

#[test]
fn an_item_that_was_not_pending_in_between_begins_anew() {
    let mut s = Situation::new();
    s.project(1, "none").stage = Stage::Pending;
    s.run();
    s.item(1).stage = Stage::Blocked;
    s.after("4m").run();
    s.item(1).stage = Stage::Pending;
    s.after("1m").runs(
        "
        |   job 1  job1  pending: an executor is assigned to it
    ",
    );
    s.after("4m 59s").runs(
        "
        |   job 1  job1  pending: an executor is assigned to it
    ",
    );
    s.after("1s").runs(
        "
        |   job 1  job1  no_node_type: needs none, which no node type of the configuration has
        | ? job job1 (queue item 1) needs none, which no node type of the configuration has
    ",
    );
}

#[test]
fn a_job_counts_once_it_has_waited_for_stuck_after_of_the_type() {
    let mut s = two_types();
    s.ubuntu().times.stuck_after = time("10m");
    s.config.node_types[1].times.stuck_after = time("20m");
    s.project(1, "amd64").in_queue_since = Some(s.now - time("9m 59s"));
    s.project(2, "gpu").in_queue_since = Some(s.now - time("10m"));
    s.runs(
        "
        |   job 1  job1  too_young: needs amd64: waits for 9m 59s, which is less than stuck_after
        |   job 2  job2  too_young: needs gpu: waits for 10m, which is less than stuck_after
    ",
    );
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T120001Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120001Z-1 is ordered for it
        |   job 2  job2  too_young: needs gpu: waits for 10m 1s, which is less than stuck_after
    ",
    );
}

#[test]
fn l1_a_job_of_a_jenkins_whose_clock_is_ahead_has_waited_for_as_long_as_it_was_seen() {
    let mut s = Situation::new();
    s.ubuntu().times.stuck_after = time("1m");
    s.project(1, "amd64").in_queue_since = Some(s.now + time("10m"));
    s.project(2, "amd64").in_queue_since = None;
    s.runs(
        "
        |   job 1  job1  too_young: needs amd64: waits for 0s, which is less than stuck_after
        |   job 2  job2  too_young: needs amd64: waits for 0s, which is less than stuck_after
    ",
    );
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job1 (1) needs amd64
        | + ubuntu  os  20261121T120100Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120100Z-2 is ordered for it
    ",
    );
}

#[test]
fn s4_a_server_with_several_executors_serves_as_many_jobs() {
    let mut s = Situation::new();
    s.ubuntu().executors = 2;
    s.projects(3, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64, and 1 more
        | + ubuntu  os  20261121T120000Z-2  job3 (3) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 3  job3  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
    ",
    );
    s.after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 3  job3  on_its_way: needs amd64: ubuntu server 20261121T120000Z-2 is on its way
        |   server new1  ubuntu  booting: ordered 1m ago, being built
        |   server new2  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn l2_existing_executors_come_before_servers_on_their_way_and_those_before_new_ones() {
    let mut s = Situation::new();
    s.nodes().push(agent("static"));
    s.joined("s1", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.state.servers.get_mut(&"m2".into()).unwrap().under_way = Some(time("3m"));
    s.projects(4, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job4 (4) needs amd64
        |   job 1  job1  idle_executor: needs amd64: node static has an idle executor
        |   job 2  job2  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 3  job3  on_its_way: needs amd64: ubuntu server m2 is on its way
        |   job 4  job4  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node static  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
        |   server s1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
        |   server s2  ubuntu  connecting: active for 10m, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn l2_a_job_that_can_go_elsewhere_leaves_the_only_executor_to_one_that_cannot() {
    let mut s = two_types();
    s.config.max_servers = 1;
    s.joined("s1", "10.0.0.1").labels.extend(["gpu".to_owned()]);
    s.config.node_types[1].max = Some(0);
    s.config.max_servers = 2;
    s.project(1, "amd64");
    s.project(2, "gpu");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  idle_executor: needs gpu: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
        |   server s1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job2 (queue item 2)
    ",
    );
}

#[test]
fn a_static_node_that_stands_idle_beside_a_job_for_over_five_minutes_is_not_counted_on() {
    let mut s = Situation::new();
    s.nodes().push(agent("static"));
    s.project(1, "amd64");
    s.runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node static has an idle executor
        |   node static  not_ours: no server of ours carries its name or address
    ",
    );
    s.after("5m").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node static has an idle executor
        |   node static  not_ours: no server of ours carries its name or address
    ",
    );
    s.after("1s").runs(
        "
        | + ubuntu  os  20261121T120501Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120501Z-1 is ordered for it
        |   node static  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn a_node_that_refuses_a_job_by_name_is_not_counted_on_for_that_job() {
    let mut s = Situation::new();
    s.nodes().push(agent("static"));
    s.wait(1, Task::Project { label: Some("amd64".to_owned()) }, "‘adeza’ lacks permission to run on ‘static’");
    s.wait(2, Task::Project { label: Some("amd64".to_owned()) }, "‘static’ is not accepting tasks");
    s.project(3, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | + ubuntu  os  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
        |   job 3  job3  idle_executor: needs amd64: node static has an idle executor
        |   node static  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn a_job_that_runs_anywhere_takes_static_nodes_and_those_of_types_for_such_jobs() {
    let mut s = two_types();
    s.joined("s1", "10.0.0.1");
    s.wait(1, Task::Unknown, "Waiting for next available executor");
    s.runs(
        "
        |   job 1  job1  no_node_type: needs any node, and no node type is unlabelled
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
    s.nodes().push(agent("static"));
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs any node: node static has an idle executor
        |   node static  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.1  kept: idle 1m, grace 40m
        |   server s1  ubuntu  kept: idle 1m, grace 40m
    ",
    );
    s.ubuntu().unlabelled = true;
    s.wait(2, Task::Unknown, "Waiting for next available executor");
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs any node: node static has an idle executor
        |   job 2  job2  idle_executor: needs any node: node ubuntu+10.0.0.1 has an idle executor
        |   node static  not_ours: no server of ours carries its name or address
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 2m, grace 40m; kept for job2 (queue item 2)
        |   server s1  ubuntu  kept_for_jobs: idle 2m, grace 40m; kept for job2 (queue item 2)
    ",
    );
}

#[test]
fn s4_a_server_that_is_said_to_be_built_though_its_node_is_online_counts_once() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.server("s1").state = ServerState::Building;
    s.memory("s1").ordered_at = s.now - time("1m");
    s.projects(2, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job2 (2) needs amd64
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  booting: ordered 1m ago, being built
        |   server s1  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn the_orders_id_skips_those_that_are_known() {
    let mut s = Situation::new();
    s.lost_order("20261121T120000Z-1", "0s");
    s.active("s1", "debian", "10.0.0.1").mark.as_mut().unwrap().id = "20261121T120000Z-2".into();
    s.state.servers.retain(|id, _| id.as_str() != "m1");
    s.ubuntu().server_name = "{node}-{id}".to_owned();
    s.projects(2, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-3  ubuntu-20261121T120000Z-3  job2 (2) needs amd64
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-3 is ordered for it
        |   server 20261121T120000Z-1  ubuntu  ordered: 0s ago, in no listing yet
        |   server s1  debian  connecting: active for 0s, not in Jenkins yet, join_timeout 15m
    ",
    );
}

#[test]
fn nodes_may_have_more_executors_than_can_be_counted() {
    let mut s = Situation::new();
    for (server, address) in [("s1", "10.0.0.1"), ("s2", "10.0.0.2")] {
        let node = s.idle(server, address, "5m");
        node.executors = u32::MAX;
        node.idle_executors = u32::MAX;
    }
    s.project(1, "amd64");
    let plan = s.plan();
    assert_eq!(plan.actions, []);
}
