//! Nodes that are set offline: by a person, by a monitor, by us, or by who knows who.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep, SetOfflineBy, State};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// A node that was set offline by an earlier run, to retire it.
fn draining(s: &mut Situation, id: &str, address: &str) {
    let presence = set_offline(USER, &offline_message(&owner(), &id.into(), Rule::Idle));
    s.joined(id, address).presence = presence;
    s.memory(id).retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesOffline });
}

#[test]
fn s7_a_node_that_a_person_set_offline_is_left_alone_whatever_its_server_is() {
    for state in [
        ServerState::Active,
        ServerState::Error,
        ServerState::Building,
        ServerState::Stopped("SHUTOFF".to_owned()),
        ServerState::Other("RESCUE".to_owned()),
    ] {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
        let long = credit(s.now, "3h");
        s.node_memory("ubuntu+10.0.0.1").offline = Some(long).into();
        s.memory("s1").stopped = Some(long).into();
        s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::Decided });
        s.server("s1").state = state;
        s.runs(
            "
            |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline: \"disk swap\"
            |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline: \"disk swap\"
        ",
        );
    }
}

#[test]
fn s7_a_held_node_is_not_brought_back_for_a_job() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "");
    s.project(1, "amd64");
    s.pipeline(2, "‘ubuntu+10.0.0.1’ is offline");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  resuming: resumes after a restart of Jenkins and waits for node ubuntu+10.0.0.1 itself
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline
    ",
    );
}

#[test]
fn s7_a_cause_that_jenkins_forgot_is_what_the_state_remembers() {
    for by in [None, Some(SetOfflineBy::Person), Some(SetOfflineBy::Us), Some(SetOfflineBy::Monitor)] {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = set_offline("", "");
        s.node_memory("ubuntu+10.0.0.1").set_offline_by = by;
        let shown = whole(&s.plan());
        let expected = match by {
            None | Some(SetOfflineBy::Person) => "held: node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody",
            Some(SetOfflineBy::Us) => "drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it",
            Some(SetOfflineBy::Monitor) => "away: offline for 0s, join_timeout 15m",
        };
        assert!(shown.contains(&format!("  server s1  ubuntu  {expected}\n")), "{by:?}: {shown}");
    }
}

#[test]
fn s7_a_cause_that_jenkins_forgets_between_two_runs_is_remembered() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run();
    s.node("ubuntu+10.0.0.1").presence = set_offline("hudson.slaves.OfflineCause$ChannelTermination", "EOF");
    s.after("1h").runs(
        "
        |   node ubuntu+10.0.0.1  held: node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody: \"EOF\"
        |   server s1  ubuntu  held: node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody: \"EOF\"
    ",
    );
}

#[test]
fn s7_a_hold_that_jenkins_forgets_with_a_restart_ends_when_the_node_is_seen_online() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.world.jenkins.session = Some("two".to_owned());
    let held = "
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline before Jenkins was restarted or the node was renamed
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline before Jenkins was restarted or the node was renamed
    ";
    let warning = "
        | ? node ubuntu+10.0.0.1 is held, since a person set it offline before Jenkins was restarted or the node was renamed, and Jenkins shows that no more: if nobody holds it, run mita release ubuntu+10.0.0.1
    ";
    s.after("7m").runs(&format!("{held}{warning}"));
    for _ in 0..4 {
        s.after("7m").runs(held);
    }
    s.node("ubuntu+10.0.0.1").presence = Presence::Online;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
}

/// A person holds a node and renames it, and its agent does not come back: Jenkins before 2.482 shows no mark there.
fn held_and_renamed() -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run();
    s.rename("ubuntu+10.0.0.1", "anns").presence = Presence::Disconnected;
    s
}

#[test]
fn s7_a_hold_goes_over_to_the_new_name_of_its_node_until_that_is_seen_online() {
    let mut s = held_and_renamed();
    s.after("1m").runs("
        |   node anns  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  away: its node, which a person held, is missing from Jenkins for 0s, join_timeout 15m
        | ? node anns is held, since a person set it offline before Jenkins was restarted or the node was renamed, and Jenkins shows that no more: if nobody holds it, run mita release anns
        | ? server ubuntu (s1): its node, which a person held, is missing from Jenkins for 0s, join_timeout 15m; mita removes it then, if nothing else keeps it
    ");
    s.minutes(60).runs("
        |   node anns  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node, which a person held, is missing from Jenkins for 1h, join_timeout 15m; node anns may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
    ");
    s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
    s.minutes(60).runs("
        |   node anns  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: SHUTOFF for 55m, join_timeout 15m; node anns may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
    ");
    s.server("s1").state = ServerState::Active;
    s.rename("anns", "bobs");
    assert_eq!(s.minutes(60).servers().len(), 1, "renamed once more");
    s.node("bobs").presence = Presence::Online;
    s.minutes(5);
    s.node("bobs").presence = Presence::Disconnected;
    s.minutes(60);
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn s7_a_hold_goes_over_to_what_came_when_its_node_went_if_that_has_all_labels_or_nothing_else_came() {
    type Change = fn(&mut Situation);
    let lab = |s: &mut Situation| s.nodes().push(Node { labels: names(&["lab"]), ..agent("lab") });
    let cases: [(Change, bool); 5] = [
        (|s| s.node("anns").labels = names(&["anns"]), true),
        (lab, true),
        (|s| s.node("anns").name = "box+10.0.0.1".into(), true),
        (
            |s| {
                s.node("anns").labels = names(&["anns"]);
                s.nodes().push(Node { labels: names(&["lab"]), ..agent("lab") });
            },
            false,
        ),
        (
            |s| {
                let node = s.nodes().pop().unwrap();
                s.run().after("1m");
                s.nodes().push(node);
            },
            false,
        ),
    ];
    for (number, (change, is_kept)) in cases.into_iter().enumerate() {
        let mut s = held_and_renamed();
        change(&mut s);
        s.after("1m").run().minutes(60);
        assert_eq!(s.servers().len() == 1, is_kept, "{number}: {}", whole(&s.plan()));
    }
}

#[test]
fn s5_a_mark_that_jenkins_would_show_does_not_go_over_to_what_came_when_its_node_went() {
    for is_cut in [false, true] {
        let mut s = Situation::new();
        s.world.jenkins.shows_marks = true;
        let held = set_offline(USER, "disk swap");
        let cut = Presence::DisconnectedBy(held.cause().unwrap().clone());
        s.joined("s1", "10.0.0.1").presence = if is_cut { cut } else { held };
        s.run();
        s.rename("ubuntu+10.0.0.1", "anns").presence = Presence::Disconnected;
        s.after("1m").run().minutes(60);
        assert_eq!(s.servers().len() == 1, is_cut, "{}", whole(&s.plan()));
    }
}

#[test]
fn s5_a_hold_that_a_person_ended_while_the_agent_was_away_is_over() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn s7_a_person_who_disconnects_an_agent_holds_its_node() {
    let mut s = Situation::new();
    let cause =
        OfflineCause { class: Some(USER.to_owned()), reason: "moving racks".to_owned(), ..OfflineCause::default() };
    s.joined("s1", "10.0.0.1").presence = Presence::DisconnectedBy(cause);
    for _ in 0..5 {
        s.after("7m").runs(
            "
            |   node ubuntu+10.0.0.1  held: a person disconnected node ubuntu+10.0.0.1: \"moving racks\"
            |   server s1  ubuntu  held: a person disconnected node ubuntu+10.0.0.1: \"moving racks\"
        ",
        );
    }
}

#[test]
fn s5_our_own_mark_whose_cause_jenkins_forgot_with_the_connection_is_no_hold() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline("hudson.slaves.OfflineCause$ChannelTermination", "EOF");
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::Decided });
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
    ",
    );
}

#[test]
fn l1_a_node_whose_mark_names_another_server_is_no_supply() {
    let mut s = Situation::new();
    let message = offline_message(&owner(), &"somebody-else".into(), Rule::Idle);
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, &message);
    s.project(1, "amd64");
    let plan = s.plan();
    let changes: Vec<&str> = plan.actions.iter().map(|action| action.change.kind()).collect();
    assert_eq!(changes, ["create_server", "retire_node"], "{}", whole(&plan));
}

#[test]
fn l1_a_node_that_jenkins_refused_to_bring_back_is_no_supply() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.project(1, "amd64");
    assert_eq!(s.plan().actions[0].change.kind(), "restore_node");
    s.node_memory("ubuntu+10.0.0.1").set_offline_by = Some(SetOfflineBy::Us);
    s.node_memory("ubuntu+10.0.0.1").restore_refused = true;
    assert_eq!(s.plan().actions[0].change.kind(), "create_server");
}

#[test]
fn s2_the_mark_of_another_installation_is_a_persons() {
    let mut s = Situation::new();
    let other = crate::domain::names::Owner::new("other").unwrap();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, &offline_message(&other, &"s1".into(), Rule::Idle));
    s.runs("
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline: \"mita retires this node: owner=other server=s1 rule=idle\"
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline: \"mita retires this node: owner=other server=s1 rule=idle\"
    ");
}

#[test]
fn s7_time_that_a_person_held_a_node_does_not_count_as_offline() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.run().after("7m").run().after("7m").run().after("7m").run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Online;
    s.after("1m").run();
    s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn l4_a_retirement_that_was_begun_is_finished() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
    ",
    );
    s.after("1m").runs(
        "
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
    s.after("1m").runs(
        "
        |   server s1  ubuntu  gone: its cloud does not know it any more (404)
    ",
    );
}

#[test]
fn l4_a_retirement_whose_node_is_deleted_already_is_finished() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    s.project(1, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | - ubuntu  os  s1  drain_resumed: an earlier run began to retire it (idle)
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   server s1  ubuntu  drain_resumed: an earlier run began to retire it (idle)
    ",
    );
}

#[test]
fn l4_a_retirement_of_which_nothing_was_sent_is_forgotten_with_its_node_online() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "39m").idle = true;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::Decided });
    s.runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 39m, grace 40m
        |   server s1  ubuntu  kept: idle 39m, grace 40m
    ",
    );
    assert_eq!(s.memory("s1").retirement, None);
}

#[test]
fn a_node_that_is_being_retired_is_brought_back_for_a_job_that_fits() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.project(1, "amd64");
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: job1 (queue item 1) needs amd64
        |   job 1  job1  wanted_again: needs amd64: node ubuntu+10.0.0.1 is brought back online for it
        |   node ubuntu+10.0.0.1  wanted_again: job1 (queue item 1) needs amd64
        |   server s1  ubuntu  wanted_again: job1 (queue item 1) needs amd64
    ",
    );
    s.after("1m").runs(
        "
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.1 has an idle executor
        |   node ubuntu+10.0.0.1  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn an_idle_executor_comes_before_one_that_is_being_retired() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.project(1, "amd64");
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   job 1  job1  idle_executor: needs amd64: node ubuntu+10.0.0.2 has an idle executor
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.2  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s2  ubuntu  kept_for_jobs: idle 0s, grace 40m; kept for job1 (queue item 1)
    ",
    );
}

#[test]
fn a_node_that_is_being_retired_is_brought_back_though_the_reason_calls_it_offline() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.wait(
        1,
        Task::Project { label: Some("amd64".to_owned()) },
        "‘Jenkins’ doesn’t have label ‘amd64’; ‘ubuntu+10.0.0.1’ is offline",
    );
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: job1 (queue item 1) needs amd64
        |   job 1  job1  wanted_again: needs amd64: node ubuntu+10.0.0.1 is brought back online for it
        |   node ubuntu+10.0.0.1  wanted_again: job1 (queue item 1) needs amd64
        |   server s1  ubuntu  wanted_again: job1 (queue item 1) needs amd64
    ",
    );
}

#[test]
fn a_pipeline_that_resumes_brings_its_node_back() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: a pipeline waits for this very node
        |   job 1  job1  resuming: resumes after a restart of Jenkins and waits for node ubuntu+10.0.0.1 itself
        |   node ubuntu+10.0.0.1  wanted_again: a pipeline waits for this very node
        |   server s1  ubuntu  wanted_again: a pipeline waits for this very node
    ",
    );
}

#[test]
fn a_pipeline_that_resumes_brings_its_node_back_after_six_minutes_too() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    let long_ago = s.now - time("6m");
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(long_ago);
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: job1 (queue item 1) needs node ubuntu+10.0.0.1
        |   job 1  job1  wanted_again: needs node ubuntu+10.0.0.1: node ubuntu+10.0.0.1 is brought back online for it
        |   node ubuntu+10.0.0.1  wanted_again: job1 (queue item 1) needs node ubuntu+10.0.0.1
        |   server s1  ubuntu  wanted_again: job1 (queue item 1) needs node ubuntu+10.0.0.1
    ",
    );
}

#[test]
fn s3_a_node_that_is_being_retired_stays_while_the_queue_cannot_be_read() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    draining(&mut s, "s2", "10.0.0.2");
    s.lose_node("ubuntu+10.0.0.2");
    s.world.jenkins.queue = Listing::Unavailable("503".to_owned());
    s.runs("
        | - ubuntu  os  s2  drain_resumed: an earlier run began to retire it (idle)
        | ! jenkins: 503
        |   node ubuntu+10.0.0.1  not_seen: an earlier run set node ubuntu+10.0.0.1 offline to retire it; left as it is, since the queue could not be read
        |   server s1  ubuntu  not_seen: an earlier run set node ubuntu+10.0.0.1 offline to retire it; left as it is, since the queue could not be read
        |   server s2  ubuntu  drain_resumed: an earlier run began to retire it (idle)
    ");
}

#[test]
fn a_server_with_two_nodes_one_of_them_set_offline_by_a_monitor() {
    let mut s = Situation::new();
    draining(&mut s, "s1", "10.0.0.1");
    let mut second = agent("m1");
    second.presence = set_offline("hudson.node_monitors.ClockMonitor", "clock");
    s.nodes().push(second);
    s.project(1, "amd64");
    s.runs(
        "
        | ^ ubuntu+10.0.0.1  os  s1  wanted_again: job1 (queue item 1) needs amd64
        |   job 1  job1  wanted_again: needs amd64: node ubuntu+10.0.0.1 is brought back online for it
        |   node m1  wanted_again: job1 (queue item 1) needs amd64
        |   node ubuntu+10.0.0.1  wanted_again: job1 (queue item 1) needs amd64
        |   server s1  ubuntu  wanted_again: job1 (queue item 1) needs amd64
    ",
    );
}

#[test]
fn s7_time_that_a_person_held_a_node_does_not_count_as_waiting_for_it() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.state = State::new(owner());
    s.run();
    for _ in 0..8 {
        s.after("5m").run();
    }
    s.lose_node("ubuntu+10.0.0.1");
    s.after("1m").runs(
        "
        |   server s1  ubuntu  connecting: active for 1m, not in Jenkins yet, join_timeout 15m
    ",
    );
}
