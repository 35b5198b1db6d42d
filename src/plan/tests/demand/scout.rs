//! Jenkins without any agents names no label: one server is tried.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

const NAMELESS: &str = "Waiting for next available executor";

fn nameless(number: u64) -> Situation {
    let mut s = Situation::new();
    for id in 1..=number {
        s.pipeline(id, NAMELESS);
    }
    s
}

#[test]
fn one_scout_is_ordered_for_all_jobs_whose_label_is_not_told() {
    let mut s = nameless(3);
    s.runs("
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs a label that Jenkins does not tell
        |   job 1  job1  scout: Jenkins has no agents and names no label: server 20261121T120000Z-1 is ordered to learn it
        |   job 2  job2  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   job 3  job3  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
    ");
    s.after("1m").runs(
        "
        |   job 1  job1  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   job 2  job2  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   job 3  job3  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   server new1  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn a_scout_is_of_the_first_type_for_jobs_without_a_label_else_of_the_first() {
    let mut s = nameless(1);
    s.config.node_types.push(kind("any", &["small"]));
    s.config.node_types[1].unlabelled = true;
    s.runs("
        | + any  os  20261121T120000Z-1  job1 (1) needs a label that Jenkins does not tell
        |   job 1  job1  scout: Jenkins has no agents and names no label: server 20261121T120000Z-1 is ordered to learn it
    ");
}

#[test]
fn there_is_no_scout_while_a_server_is_ordered_or_on_its_way() {
    let mut s = nameless(1);
    s.project(2, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job2 (2) needs amd64
        |   job 1  job1  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
    s.queue().retain(|item| item.id == 1);
    s.after("1m").runs(
        "
        |   job 1  job1  unknown_need: Jenkins has no agents and names no label, until a server of ours has joined
        |   server new1  ubuntu  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn there_is_no_scout_for_a_need_that_is_remembered() {
    let mut s = Situation::new();
    s.config.max_servers = 0;
    s.pipeline(1, "There are no nodes with the label ‘x’");
    s.run();
    s.config.max_servers = 9;
    s.item(1).why = Some(NAMELESS.to_owned());
    s.runs(
        "
        |   job 1  job1  no_node_type: needs x, which no node type of the configuration has
    ",
    );
}

#[test]
fn once_its_node_is_listed_jenkins_names_the_labels() {
    let mut s = nameless(2);
    s.run();
    s.after("3m").joins("new1", "10.0.0.1").presence = Presence::Disconnected;
    s.item(1).why = Some("‘ubuntu+10.0.0.1’ is offline".to_owned());
    s.item(2).why = Some("There are no nodes with the label ‘x’".to_owned());
    s.runs(
        "
        |   job 1  job1  on_its_way: needs node ubuntu+10.0.0.1: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  no_node_type: needs x, which no node type of the configuration has
        |   node ubuntu+10.0.0.1  connecting: active for 0s, its node was never online yet, join_timeout 15m
        |   server new1  ubuntu  connecting: active for 0s, its node was never online yet, join_timeout 15m
        | ? job job2 (queue item 2) needs x, which no node type of the configuration has
    ",
    );
}

#[test]
fn a_scout_that_cannot_be_ordered_is_told_with_what_stands_in_its_way() {
    let mut s = nameless(1);
    s.config.max_servers = 0;
    s.runs(
        "
        |   job 1  job1  limit: Jenkins has no agents and names no label; max_servers 0 is reached
    ",
    );
}

#[test]
fn an_offline_agent_is_an_agent() {
    let mut s = nameless(1);
    let mut permanent = agent("permanent");
    permanent.presence = Presence::Disconnected;
    s.nodes().push(permanent);
    s.runs(
        "
        |   job 1  job1  no_node_type: needs any node, and no node type is unlabelled
        |   node permanent  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn what_is_left_of_a_removed_node_is_no_agent() {
    let mut s = nameless(1);
    let mut removed = agent("static");
    removed.executors = 0;
    removed.labels = [].into();
    removed.presence = Presence::Disconnected;
    removed.idle = false;
    s.nodes().push(removed);
    s.runs("
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs a label that Jenkins does not tell
        |   job 1  job1  scout: Jenkins has no agents and names no label: server 20261121T120000Z-1 is ordered to learn it
        |   node static  not_ours: no server of ours carries its name or address
    ");
}
