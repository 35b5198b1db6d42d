//! S1: what a queue item names is kept, whatever would remove it: a build goes on there.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep, Settling, SettlingCause, State};
use crate::domain::world::*;
use crate::plan::tests::situation::*;
use jiff::{SignedDuration, Timestamp};

const NODE: &str = "ubuntu+10.0.0.1";

impl Situation {
    /// Jenkins is restarted: no build is to be seen any more, no agent is there, and blocks of pipelines name their nodes.
    fn restart(&mut self, named: &[&str]) -> &mut Self {
        self.world.jenkins.session = Some("two".to_owned());
        for node in self.nodes().iter_mut().filter(|node| node.kind != NodeKind::BuiltIn) {
            (node.idle, node.idle_executors, node.presence) = (true, node.executors, Presence::Disconnected);
            node.builds.clear();
        }
        for (id, name) in (50..).zip(named) {
            self.pipeline(id, &format!("‘{name}’ is offline")).in_queue_since = Some(self.now);
        }
        self
    }

    /// What Jenkins' own clock shows from now on.
    pub(crate) fn jenkins_shows(&mut self, time: Timestamp) {
        let Listing::Complete(queue) = &mut self.world.jenkins.queue else { panic!("no queue") };
        queue.read_at = Some(time);
    }

    /// The agent of a node is back, and Jenkins has not given it a build yet.
    fn back(&mut self, name: &str) {
        self.node(name).presence = Presence::Online;
    }

    /// The block that waited for the node goes on there.
    fn goes_on(&mut self, name: &str) {
        self.queue().clear();
        let node = self.node(name);
        (node.presence, node.idle, node.idle_executors) = (Presence::Online, false, 0);
    }
}

/// A server whose node has been away for three hours.
fn long_away() -> Situation {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    let long = credit(s.now, "3h");
    s.node_memory(NODE).offline = Some(long).into();
    s
}

/// Servers whose nodes have names outside the convention, and work since they came.
fn workers(number: u8) -> Situation {
    let mut s = Situation::new();
    for n in 1..=number {
        s.active(&format!("s{n}"), "ubuntu", &format!("10.0.0.{n}"));
        s.nodes().push(Node { idle: false, idle_executors: 0, ..agent(&format!("worker-{n}")) });
    }
    s.run().minutes(60);
    s
}

#[test]
fn s1_servers_of_nodes_outside_the_convention_stay_when_jenkins_is_restarted() {
    let mut s = workers(2);
    s.restart(&["worker-1", "worker-2"]).run();
    s.after("1m").run().after("1m").runs("
        |   job 50  job50  resuming: resumes after a restart of Jenkins and waits for node worker-1 itself
        |   job 51  job51  resuming: resumes after a restart of Jenkins and waits for node worker-2 itself
        |   node worker-1  not_ours: no server of ours carries its name or address
        |   node worker-2  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  away: active for 1h 10m, not in Jenkins yet, join_timeout 15m; node worker-2 may have been it until 2m ago
        |   server s2  ubuntu  away: active for 1h 10m, not in Jenkins yet, join_timeout 15m; node worker-1 may have been it until 2m ago
    ");
    assert!(s.state.breakers.is_empty(), "no failures of the type");
    // They have all the time that a node in the convention has.
    s.queue().clear();
    s.minutes(10).after("1m").run();
    assert_eq!(s.servers().len(), 2);
    s.after("2m").run();
    assert!(s.servers().is_empty());
}

#[test]
fn s1_six_such_servers_go_on_after_a_restart() {
    let mut s = workers(6);
    let names: Vec<String> = (1..=6).map(|n| format!("worker-{n}")).collect();
    s.restart(&names.iter().map(String::as_str).collect::<Vec<_>>()).run();
    s.after("3m").run();
    names.iter().for_each(|name| s.back(name));
    s.after("30s").run();
    names.iter().for_each(|name| s.goes_on(name));
    s.minutes(60);
    assert_eq!(s.servers().len(), 6);
}

#[test]
fn s1_a_node_that_a_block_names_keeps_every_server_that_it_may_be_longer_than_its_times_last() {
    let mut s = Situation::new();
    s.config.times.join_timeout = time("1m");
    s.ubuntu().times.join_timeout = time("1m");
    s.busy("s1", "10.0.0.1").builds = vec![build(1)];
    s.run();
    let node = s.node(NODE);
    (node.name, node.labels) = ("anns-box".into(), names(&["anns-box"]));
    s.after("1m").run().minutes(20);
    s.restart(&["anns-box"]).run();
    s.after("3m").run().after("2m").runs("
        |   job 50  job50  resuming: resumes after a restart of Jenkins and waits for node anns-box itself
        |   node anns-box  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  away: its node is missing from Jenkins for 3m, join_timeout 1m; a pipeline waits for this very node
    ");
    s.after("2m").run();
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn s1_a_node_of_another_class_or_with_an_address_that_is_lost_keeps_its_server_after_a_restart() {
    for plugin in [true, false] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        s.nodes().push(Node { idle: false, idle_executors: 0, ..agent(NODE) });
        if plugin {
            s.node(NODE).kind = NodeKind::CloudPlugin("ec2".to_owned());
        } else {
            s.server("s1").addresses = ["10.0.0.77".parse().unwrap()].into();
            s.state = State::new(owner());
        }
        s.run().minutes(60).restart(&[NODE]).run();
        s.after("2m").run().after("2m").run();
        assert!(!s.servers().is_empty(), "{plugin}: {}", whole(&s.plan()));
        s.goes_on(NODE);
        s.minutes(60);
        assert!(!s.servers().is_empty(), "{plugin}: {}", whole(&s.plan()));
    }
}

#[test]
fn s1_nothing_removes_a_server_whose_node_a_block_names() {
    type Change = fn(&mut Situation);
    let long_away = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.node_memory(NODE).offline = Some(long).into();
    };
    let never_joined = |s: &mut Situation| {
        let long_ago = s.now - time("5h");
        let memory = s.memory("s1");
        (memory.joined_at, memory.active_since) = (None, Some(long_ago));
    };
    let missing = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.memory("s1").missing = Some(long).into();
        s.lose_node(NODE);
    };
    let stopped = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
        s.memory("s1").stopped = Some(long).into();
    };
    let half_gone = |s: &mut Situation| {
        let decided = Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesDeleted };
        s.memory("s1").retirement = Some(decided);
        s.lose_node(NODE);
    };
    let asked = |s: &mut Situation| {
        let now = s.now;
        s.memory("s1").ask("alice", now);
    };
    let forgotten = |s: &mut Situation| {
        s.state.nodes.retain(|_, _| false);
        s.memory("s1").node = None;
        let long = credit(s.now, "3h");
        s.memory("s1").missing = Some(long).into();
        s.lose_node(NODE);
    };
    let changes: [(&str, Change); 8] = [
        ("away: offline for 3h", long_away),
        ("away: active for 5h", never_joined),
        ("away: its node is missing from Jenkins for 3h", missing),
        ("away: SHUTOFF for 3h", stopped),
        ("away: its cloud gave it up", |s| s.server("s1").state = ServerState::Error),
        ("wanted_again: a pipeline waits", half_gone),
        ("wanted_again: a pipeline waits", asked),
        ("away: its node is missing from Jenkins for 3h", forgotten),
    ];
    for (expected, change) in changes {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
        change(&mut s);
        assert!(!s.plan().actions.is_empty() || expected.contains("SHUTOFF"), "{expected}: {}", whole(&s.plan()));
        s.pipeline(50, &format!("‘{NODE}’ is offline"));
        let plan = s.plan();
        let shown = whole(&plan);
        assert!(plan.actions.is_empty() && shown.contains(&format!("server s1  ubuntu  {expected}")), "{shown}");
        assert!(shown.contains("a pipeline waits for this very node"), "{shown}");
    }
}

#[test]
fn s1_what_a_person_asked_for_waits_for_the_block_that_resumes_there() {
    for forgets in [false, true] {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1");
        let now = s.now;
        s.memory("s1").ask("alice", now);
        let mark = set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::Asked));
        s.node(NODE).presence = mark.clone();
        s.run().restart(&[NODE]);
        if !forgets {
            s.node(NODE).presence = mark;
        }
        let shown = whole(&s.plan());
        let kept = "server s1  ubuntu  wanted_again: a pipeline waits for this very node";
        assert_eq!(shown.starts_with("^ ubuntu+10.0.0.1  os  s1  wanted_again: "), !forgets, "{shown}");
        s.run();
        s.node(NODE).presence = Presence::Disconnected;
        let shown = whole(&s.after("2m").plan());
        assert!(shown.contains(kept) && shown.starts_with("  job 50  job50  resuming: "), "{shown}");
        s.run().back(NODE);
        let shown = whole(&s.after("20s").plan());
        assert!(shown.contains(kept) && shown.starts_with("  job 50  job50  resuming: "), "{shown}");
        // Then it takes no further build, and goes.
        s.goes_on(NODE);
        s.after("20s").runs("
            | v ubuntu+10.0.0.1  os  s1  asked: a person asked for it
            |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build; retired as soon as it is idle: alice asked for it at 2026-11-21T12:00:00Z; no further one comes (asked)
            |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build; retired as soon as it is idle: alice asked for it at 2026-11-21T12:00:00Z; no further one comes (asked)
        ");
        let node = s.node(NODE);
        (node.idle, node.idle_executors) = (true, 1);
        s.after("1m").run();
        assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
    }
}

#[test]
fn s1_an_agent_that_is_just_back_for_its_block_stays_though_its_last_build_is_over() {
    for why in [format!("‘{NODE}’ is offline"), format!("Waiting for next available executor on ‘{NODE}’")] {
        for single_use in [true, false] {
            let mut s = Situation::new();
            s.joined("s1", "10.0.0.1");
            let now = s.now;
            s.memory("s1").used_at = Some(now);
            s.ubuntu().single_use = single_use;
            s.ubuntu().times.max_age = (!single_use).then(|| time("30m"));
            assert!(whole(&s.plan()).starts_with("- "));
            s.pipeline(50, &why);
            let shown = whole(&s.plan());
            let kept = "server s1  ubuntu  wanted_again: a pipeline waits for this very node";
            assert!(shown.contains(kept) && shown.starts_with("  job 50  job50  resuming: "), "{shown}");
            // Others have the name of the only node of their label: they begin there at once, or not at all.
            s.item(50).in_queue_since = Some(now - time("6m"));
            assert!(whole(&s.plan()).contains("- ubuntu+10.0.0.1"));
        }
    }
}

#[test]
fn l6_ever_new_blocks_keep_a_server_for_a_quarter_of_an_hour() {
    let mut s = long_away();
    for minutes in 0..30 {
        s.queue().clear();
        s.pipeline(100 + minutes, &format!("‘{NODE}’ is offline"));
        s.run();
        s.after("1m");
    }
    assert!(s.servers().iter().all(|server| server.id.as_str() != "s1"));
}

#[test]
fn s1_a_node_whose_server_is_gone_for_mita_stays_for_the_block_that_names_it() {
    let mut s = Situation::new();
    s.lost_gone_node();
    s.pipeline(50, "‘ubuntu+10.0.0.9’ is offline");
    let shown = whole(&s.plan());
    assert!(!shown.contains("- ubuntu+10.0.0.9"), "{shown}");
    s.queue().clear();
    assert!(whole(&s.plan()).contains("- ubuntu+10.0.0.9"));
}

#[test]
fn s1_a_block_resumes_for_six_minutes_of_jenkins_own_clock() {
    let minutes = |s: &mut Situation, number: i64, clock: Timestamp| {
        s.jenkins_shows(clock + SignedDuration::from_mins(number));
        let shown = whole(&s.plan());
        let stays = shown.contains("  server s1  ubuntu  away: offline for 3h");
        assert_eq!(stays, number < 6, "{number}: {shown}");
    };
    // Its clock is an hour behind ours, then as right as ours, then ahead of it.
    for skew in ["-1h", "0s", "1h"] {
        let mut s = long_away();
        let clock = s.now + time(skew);
        s.pipeline(50, &format!("‘{NODE}’ is offline")).in_queue_since = Some(clock);
        (0..9).rev().for_each(|number| minutes(&mut s, number, clock));
        // And ours jumps.
        s.run().after("2h");
        (1..9).for_each(|number| minutes(&mut s, number, clock));
    }
}

#[test]
fn s1_without_jenkins_clock_a_block_resumes_for_six_minutes_of_what_mita_saw() {
    let mut s = long_away();
    let clock = s.now - time("10m");
    s.pipeline(50, &format!("‘{NODE}’ is offline")).in_queue_since = Some(clock);
    for minutes in 0..9 {
        let plan = crate::plan::plan(&s.config, &s.world, &s.state, s.now);
        let shown = whole(&plan);
        assert_eq!(shown.contains("  server s1  ubuntu  away: "), minutes < 6, "{minutes}: {shown}");
        s.state.queue = plan.state.queue;
        s.after("1m");
    }
}

#[test]
fn s1_a_clock_that_jumps_ahead_does_not_end_the_quarter_of_an_hour_for_a_node() {
    let mut s = long_away();
    let clock = s.now;
    s.pipeline(50, &format!("‘{NODE}’ is offline")).in_queue_since = Some(clock);
    for (number, jump) in (0..).zip(["0s", "10m", "20m", "0s", "0s"]) {
        s.now = clock + time("1m") * number + time(jump);
        s.jenkins_shows(clock + time("1m") * number);
        s.run();
        assert_eq!(s.servers().len(), 1, "{number}");
    }
}

#[test]
fn s1_a_restart_is_compared_with_the_queue_by_one_clock() {
    for skew in ["-1h", "0s", "1h"] {
        let mut s = long_away();
        s.state.session.as_mut().unwrap().since = Some(s.now);
        s.node_memory(NODE).first_online = None;
        let clock = s.now + time(skew);
        s.pipeline(50, &format!("‘{NODE}’ is offline")).in_queue_since = Some(clock);
        s.jenkins_shows(clock);
        let shown = whole(&s.plan());
        assert!(shown.starts_with("  job 50  job50  resuming: "), "{skew}: {shown}");
    }
}

#[test]
fn s1_a_date_that_is_ahead_does_not_end_the_wait_of_a_block_that_the_queue_lacked_a_moment_ago() {
    for (ahead, jumps) in [("7m", ["0s", "0s"]), ("2h", ["0s", "0s"]), ("2h", ["1h", "0s"]), ("2h", ["10m", "20m"])] {
        let mut s = long_away();
        let clock = s.now + time("1m");
        s.state.since_queue = s.plan().state.since_queue;
        s.pipeline(50, &format!("‘{NODE}’ is offline")).in_queue_since = Some(clock);
        for (number, jump) in (0..).zip(["0s", jumps[0], jumps[1], "0s", "0s", "0s"]) {
            s.jenkins_shows(clock + time("1m") * number + time(ahead));
            s.now = clock + time("1m") * number + time(jump);
            let plan = s.plan();
            let shown = whole(&plan);
            assert_eq!(shown.contains("  server s1  ubuntu  away: "), number < 5, "{ahead} {jump} {number}: {shown}");
            (s.state.queue, s.state.since_queue) = (plan.state.queue, plan.state.since_queue);
            (s.state.learned, s.state.last_run) = (plan.state.learned, plan.state.last_run);
        }
    }
}

/// A node that mita has set offline under its build, for each reason that it does that for.
fn drained_at_work(why: usize) -> Situation {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.ubuntu().single_use = why == 0;
    s.ubuntu().times.max_age = (why == 1).then(|| time("30m"));
    let now = s.now;
    if why == 2 {
        s.memory("s1").ask("alice", now);
    }
    s.run();
    assert!(s.node(NODE).presence != Presence::Online, "{why}");
    s.after("1m").run();
    s
}

#[test]
fn s1_a_node_that_mita_set_offline_at_work_waits_for_its_block_that_is_late_after_a_restart() {
    for why in 0..3 {
        for forgets in [false, true] {
            let mut s = drained_at_work(why);
            let mark = s.node(NODE).presence.clone();
            s.after("1m").restart(&[]);
            if !forgets {
                s.node(NODE).presence = mark;
            }
            s.run();
            s.after("3m").run();
            let shown = whole(&s.after("2m 59s").plan());
            let kept = "; it worked until Jenkins was restarted, and its build may go on there\n";
            assert!(
                shown.contains("server s1  ubuntu  settling: ") && shown.ends_with(kept),
                "{why} {forgets}: {shown}"
            );
            assert!(s.after("1s").run().servers().is_empty(), "{why} {forgets}: {}", whole(&s.plan()));
        }
    }
}

#[test]
fn s1_a_second_restart_of_jenkins_within_minutes_gives_such_a_block_as_much_time_again() {
    for why in 0..3 {
        for sessions in [&["two", "three"][..], &["two", "three", "four", "five"]] {
            let mut s = drained_at_work(why);
            for session in sessions {
                s.after("1m").restart(&[]);
                s.world.jenkins.session = Some((*session).to_owned());
                s.run().after("3m").run();
                assert_eq!(s.servers().len(), 1, "{why} {session}: {}", whole(&s.plan()));
            }
            let shown = whole(&s.after("2m 59s").plan());
            assert!(shown.contains("server s1  ubuntu  settling: "), "{why}: {shown}");
            assert!(s.after("1s").run().servers().is_empty(), "{why}: {}", whole(&s.plan()));
        }
        // Six minutes after the first one it had no chance any more.
        let mut s = drained_at_work(why);
        s.after("1m").restart(&[]).run();
        s.state.settling = Some(Settling { since: s.now, cause: SettlingCause::StateUnreadable });
        s.after("3m").run().after("3m");
        s.world.jenkins.session = Some("three".to_owned());
        s.run().after("2m").run();
        assert!(s.servers().is_empty(), "{why}: {}", whole(&s.plan()));
    }
}

#[test]
fn l3_a_node_that_did_not_work_before_a_restart_or_has_worked_since_goes_as_before() {
    // Its build ended before Jenkins was restarted.
    let mut s = drained_at_work(2);
    s.node(NODE).idle = true;
    s.state.settling = Some(Settling { since: s.now, cause: SettlingCause::JenkinsRestarted });
    s.after("1m").run();
    s.after("30s").restart(&[]).run();
    assert!(s.after("2m").run().servers().is_empty(), "{}", whole(&s.plan()));
    // The block has gone on, and is over.
    let mut s = drained_at_work(0);
    s.after("1m").restart(&[NODE]).run();
    s.back(NODE);
    s.after("1m").run();
    s.goes_on(NODE);
    s.after("30s").run();
    (s.node(NODE).idle, s.node(NODE).idle_executors) = (true, 1);
    assert!(s.after("30s").run().servers().is_empty(), "{}", whole(&s.plan()));
}
