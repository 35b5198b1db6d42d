//! A person renames the node of a server of ours: while a build runs there or a person holds it, nothing removes the server.

use crate::domain::names::Owner;
use crate::domain::rule::Rule;
use crate::domain::state::{ClosedNode, Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::model::Problem;
use crate::plan::tests::situation::*;

impl Situation {
    /// A person gives a node another name.
    pub(crate) fn rename(&mut self, old: &str, new: &str) -> &mut Node {
        let node = self.node(old);
        node.name = new.into();
        let others = node.labels.iter().filter(|label| *label != old).cloned();
        node.labels = others.chain([new.to_owned()]).collect();
        self.node(new)
    }

    /// So many minutes, a run after each five of them.
    pub(crate) fn minutes(&mut self, number: u32) -> &mut Self {
        for _ in 0..number / 5 {
            self.after("5m").run();
        }
        self
    }
}

/// A joined server whose node is renamed and runs a build.
fn renamed() -> Situation {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.rename("ubuntu+10.0.0.1", "keep-for-ann");
    s
}

#[test]
fn s1_the_server_of_a_renamed_node_stays_while_a_build_runs_there() {
    let mut s = renamed();
    s.run().minutes(10).after("5m").runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 15m, join_timeout 15m; node keep-for-ann may be it and runs a build: name it ubuntu+IP so that mita can tell
        | ? server ubuntu (s1): its node is missing from Jenkins for 15m, join_timeout 15m; node keep-for-ann may be it and runs a build: name it ubuntu+IP so that mita can tell
    ");
    s.minutes(300).after("5m").runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 5h 20m, join_timeout 15m; node keep-for-ann may be it and runs a build: name it ubuntu+IP so that mita can tell
    ");
}

#[test]
fn s1_a_build_goes_on_under_a_second_name_without_labels_and_its_server_stays() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1").builds = vec![build(1)];
    s.run();
    s.rename("ubuntu+10.0.0.1", "one").labels = [].into();
    s.after("1m").run();
    s.rename("one", "two").labels = names(&["prod"]);
    s.minutes(300).after("5m").runs("
        |   node two  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 5h 5m, join_timeout 15m; node two may be it and runs a build: name it ubuntu+IP so that mita can tell
    ");
    // Also where the build is not seen any more: the node came when the one went that came when the server's own went.
    s.node("two").builds.clear();
    let shown = whole(&s.minutes(300).plan());
    assert!(shown.contains("server s1  ubuntu  other_name"), "{shown}");
    s.node("two").idle = true;
    s.minutes(180);
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn s1_of_two_servers_that_lost_their_nodes_in_one_run_both_stay_while_nobody_knows_whose_the_busy_node_is() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.run();
    s.lose_node("ubuntu+10.0.0.1");
    s.rename("ubuntu+10.0.0.2", "keep-for-ann").idle = false;
    s.after("1m").run();
    let plan = s.minutes(60).after("5m").plan();
    let shown = whole(&plan);
    for server in ["s1", "s2"] {
        let line = format!("server {server}  ubuntu  ambiguous: its node is missing from Jenkins for 1h 5m");
        assert!(shown.contains(&line), "{shown}");
        // Both count in the limits, and one of them is nobody's (L6).
        let place = format!("server ubuntu ({server})");
        let lasts =
            |problem: &Problem| problem.place == place && problem.error.contains(": rename the node, or delete");
        assert!(plan.problems.iter().any(lasts), "{:?}", plan.problems);
    }
    s.node("keep-for-ann").idle = true;
    s.minutes(120);
    assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
}

#[test]
fn s1_the_server_that_lost_its_node_when_the_new_name_came_stays_whatever_its_state_was_in_between() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.run();
    s.rename("ubuntu+10.0.0.1", "keep-for-ann").idle = false;
    s.after("1m").run();
    s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
    s.minutes(10);
    s.lose_node("ubuntu+10.0.0.2");
    s.after("1m").run();
    s.server("s1").state = ServerState::Active;
    s.minutes(20).after("5m").runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 20m, join_timeout 15m; node keep-for-ann may be it and runs a build: name it ubuntu+IP so that mita can tell
        |   server s2  ubuntu  gone: its cloud does not know it any more (404)
    ");
}

#[test]
fn s1_a_node_that_is_renamed_twice_keeps_its_server_beside_a_newer_one_that_waits_for_its_own_node() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.run();
    s.rename("ubuntu+10.0.0.1", "one");
    s.after("1m").run().minutes(10);
    let newer = s.now + time("1m");
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").active_since = Some(newer);
    s.nodes().push(Node { presence: Presence::Disconnected, ..agent("ubuntu+10.0.0.2") });
    s.after("1m").run();
    s.rename("one", "two").idle = false;
    let shown = whole(&s.after("1m").run().minutes(30).plan());
    assert!(shown.contains("server s1  ubuntu  other_name: "), "{shown}");
    assert!(!shown.contains("server s2  ubuntu  other_name: "), "{shown}");
}

#[test]
fn s5_a_node_keeps_none_of_the_servers_whose_own_nodes_it_was_beside_if_it_may_be_another_one() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.joined("s2", "10.0.0.2");
    s.run();
    s.lose_node("ubuntu+10.0.0.2");
    s.after("1m").run();
    s.nodes().push(Node { idle: false, ..agent("worker-7") });
    s.after("1m").run();
    s.lose_node("ubuntu+10.0.0.1");
    let shown = whole(&s.after("1m").run().minutes(10).after("5m").plan());
    assert!(shown.contains("- ubuntu  os  s1  node_missing: "), "{shown}");
    assert!(shown.contains("server s2  ubuntu  other_name: "), "{shown}");
}

#[test]
fn s7_the_server_of_a_renamed_node_stays_while_a_person_holds_it() {
    let mut s = renamed();
    let node = s.node("keep-for-ann");
    (node.idle, node.presence) = (true, set_offline(USER, "looking at a failed test"));
    s.run().minutes(10).after("5m").runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 15m, join_timeout 15m; node keep-for-ann may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
        | ? server ubuntu (s1): its node is missing from Jenkins for 15m, join_timeout 15m; node keep-for-ann may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
    ");
    s.minutes(300).runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 5h 15m, join_timeout 15m; node keep-for-ann may be it, and a person set it offline: name it ubuntu+IP so that mita can tell
    ");
}

#[test]
fn s1_a_renamed_node_that_works_for_less_than_a_join_timeout_gives_its_server_all_of_one_from_then_on() {
    let mut s = renamed();
    s.run().minutes(10);
    s.lose_node("keep-for-ann");
    s.after("5m").runs("
        |   server s1  ubuntu  away: its node is missing from Jenkins for 15m, join_timeout 15m; node keep-for-ann may have been it until 5m ago
    ");
    s.minutes(5).after("5m").runs(
        "
        | - ubuntu  os  s1  node_missing: its node is missing from Jenkins for 25m, join_timeout 15m
        |   server s1  ubuntu  node_missing: its node is missing from Jenkins for 25m, join_timeout 15m
    ",
    );
}

#[test]
fn s5_a_renamed_node_that_is_idle_keeps_its_server_for_three_join_timeouts_from_its_last_build_on() {
    let mut s = renamed();
    s.run().minutes(60);
    let node = s.node("keep-for-ann");
    (node.idle, node.idle_executors) = (true, 1);
    s.run().minutes(40).runs("
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  other_name: its node is missing from Jenkins for 1h 40m, join_timeout 15m; node keep-for-ann may be it: name it ubuntu+IP so that mita can tell
    ");
    s.after("5m").runs(
        "
        | - ubuntu  os  s1  node_missing: its node is missing from Jenkins for 1h 45m, join_timeout 15m
        |   node keep-for-ann  not_ours: no server of ours carries its name or address
        |   server s1  ubuntu  node_missing: its node is missing from Jenkins for 1h 45m, join_timeout 15m
    ",
    );
}

#[test]
fn s1_no_reason_removes_the_server_of_a_renamed_node_that_works() {
    type Change = fn(&mut Situation);
    let resumed = |s: &mut Situation| {
        let decided = Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::NodesDeleted };
        s.memory("s1").retirement = Some(decided);
    };
    let never_joined = |s: &mut Situation| {
        let long_ago = s.now - time("5h");
        let memory = s.memory("s1");
        (memory.joined_at, memory.node, memory.active_since) = (None, None, Some(long_ago));
    };
    let stopped = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
        s.memory("s1").stopped = Some(long).into();
    };
    let offline = |s: &mut Situation| {
        let mut copied = agent("ubuntu+10.0.0.1");
        copied.presence = Presence::Disconnected;
        s.nodes().push(copied);
        let long = credit(s.now, "3h");
        s.node_memory("ubuntu+10.0.0.1").offline = Some(long).into();
    };
    let type_gone = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.memory("s1").missing = Some(long).into();
        s.config.node_types.clear();
    };
    let no_labels = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.memory("s1").missing = Some(long).into();
        s.ubuntu().labels = [].into();
        s.node("keep-for-ann").labels = names(&["keep-for-ann", "ubuntu"]);
    };
    let deleted = |s: &mut Situation| {
        let long = credit(s.now, "3h");
        s.memory("s1").missing = Some(long).into();
        let node = s.node("keep-for-ann");
        (node.executors, node.labels) = (0, names(&[]));
    };
    let changes: [(&str, Change); 8] = [
        ("an earlier run began to retire it (idle)", resumed),
        ("active for 5h, not in Jenkins yet, join_timeout 15m", never_joined),
        ("SHUTOFF for 3h, join_timeout 15m", stopped),
        ("its cloud gave it up: no reason given", |s| s.server("s1").state = ServerState::Error),
        ("offline for 3h, join_timeout 15m", offline),
        ("its node is missing from Jenkins for 3h, join_timeout 15m", type_gone),
        ("its node is missing from Jenkins for 3h, join_timeout 15m", no_labels),
        ("its node is missing from Jenkins for 3h, join_timeout 15m", deleted),
    ];
    for (reason, change) in changes {
        let mut s = renamed();
        change(&mut s);
        let plan = s.plan();
        let shown = whole(&plan);
        let kept = format!("  server s1  ubuntu  other_name: {reason}; node keep-for-ann may be it and runs a build: ");
        assert!(plan.actions.is_empty() && shown.contains(&kept), "{reason}: {shown}");
    }
}

#[test]
fn s1_of_two_servers_without_a_node_the_one_that_lost_its_own_when_the_other_name_came_is_kept() {
    for (renamed, deleted) in [("1", "2"), ("2", "1")] {
        let mut s = Situation::new();
        for number in ["1", "2"] {
            s.busy(&format!("s{number}"), &format!("10.0.0.{number}"));
        }
        s.lose_node(&format!("ubuntu+10.0.0.{deleted}"));
        s.run().after("5m");
        s.rename(&format!("ubuntu+10.0.0.{renamed}"), "keep-for-ann");
        s.run().minutes(15);
        let left: Vec<String> = s.servers().iter().map(|server| server.id.to_string()).collect();
        assert_eq!(left, [format!("s{renamed}")]);
    }
}

#[test]
fn s1_a_node_that_lost_its_labels_with_its_name_keeps_its_server() {
    let mut s = renamed();
    s.node("keep-for-ann").labels = names(&["keep-for-ann"]);
    let shown = whole(&s.run().minutes(20).plan());
    assert!(shown.contains("server s1  ubuntu  other_name: "), "{shown}");
    // One that came a run later with labels of its own is another one.
    for (labels, is_kept) in [(&["lab"][..], true), (&["lab", "linux"], false)] {
        let mut s = renamed();
        s.lose_node("keep-for-ann");
        s.run().minutes(10).after("5m");
        s.nodes().push(Node { idle: false, labels: names(labels), ..agent("lab") });
        let shown = whole(&s.plan());
        assert_eq!(shown.contains("server s1  ubuntu  other_name: "), is_kept, "{shown}");
        assert_eq!(shown.starts_with("- ubuntu  os  s1  node_missing"), !is_kept, "{shown}");
    }
}

#[test]
fn s1_an_idle_node_that_lost_its_labels_and_is_renamed_twice_keeps_its_server_once_it_works() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    s.run();
    for (old, new) in [("ubuntu+10.0.0.1", "one"), ("one", "two")] {
        s.rename(old, new).labels = names(&[new]);
        s.after("5m").run();
    }
    s.node("two").idle = false;
    let shown = whole(&s.minutes(60).plan());
    assert!(shown.contains("server s1  ubuntu  other_name: "), "{shown}");
}

#[test]
fn s1_a_node_that_is_renamed_twice_while_it_is_closed_keeps_its_server_once_it_works() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    s.run();
    for (old, new) in [("ubuntu+10.0.0.1", "one"), ("one", "two")] {
        s.rename(old, new).labels = names(&[new, ClosedNode::LABEL]);
        s.after("5m").run();
    }
    s.node("two").idle = false;
    let shown = whole(&s.minutes(60).plan());
    assert!(shown.contains("server s1  ubuntu  other_name: "), "{shown}");
}

/// A run was killed in the middle of a retirement, and a person renames the node before the next.
fn renamed_in_a_retirement(step: RetirementStep) -> Situation {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    s.run();
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step });
    s.rename("ubuntu+10.0.0.1", "keep-for-ann");
    s
}

#[test]
fn an_idle_node_that_is_renamed_in_the_middle_of_its_retirement_keeps_its_server_as_any_other_that_is_renamed() {
    for step in [RetirementStep::Decided, RetirementStep::NodesOffline] {
        let mut s = renamed_in_a_retirement(step);
        s.after("5m").runs("
            |   node keep-for-ann  not_ours: no server of ours carries its name or address
            |   server s1  ubuntu  other_name: an earlier run began to retire it (idle); node keep-for-ann may be it: name it ubuntu+IP so that mita can tell
            | ? server ubuntu (s1): an earlier run began to retire it (idle); node keep-for-ann may be it: name it ubuntu+IP so that mita can tell
        ");
        assert!(s.minutes(40).plan().actions.is_empty(), "{}", whole(&s.plan()));
        s.minutes(10);
        assert!(s.servers().is_empty(), "for three join timeouts");
    }
}

#[test]
fn l4_where_the_node_was_deleted_or_is_set_offline_by_mita_or_was_there_before_a_retirement_goes_on_at_once() {
    let is_removed = |s: &mut Situation| {
        let shown = whole(&s.after("1m").plan());
        assert!(shown.contains("- ubuntu  os  s1  drain_resumed: "), "{shown}");
    };
    is_removed(&mut renamed_in_a_retirement(RetirementStep::NodesDeleted));
    let mut marked = renamed_in_a_retirement(RetirementStep::NodesOffline);
    let message = "mita retires this node: owner=ci server=s1 rule=idle";
    marked.node("keep-for-ann").presence = set_offline(USER, message);
    is_removed(&mut marked);
    let mut stopped = renamed_in_a_retirement(RetirementStep::NodesOffline);
    stopped.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned());
    is_removed(&mut stopped);
    let mut before = Situation::new();
    before.idle("s1", "10.0.0.1", "1m");
    before.nodes().push(agent("lab"));
    before.run();
    let since = before.now;
    before.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::NodesOffline });
    before.lose_node("ubuntu+10.0.0.1");
    is_removed(&mut before);
}

#[test]
fn a_node_that_is_renamed_in_the_middle_of_its_retirement_has_the_join_timeout_to_connect_again() {
    let mut s = renamed_in_a_retirement(RetirementStep::Decided);
    s.node("keep-for-ann").presence = Presence::Disconnected;
    assert!(s.plan().actions.is_empty(), "{}", whole(&s.plan()));
    s.run().minutes(10);
    assert!(s.plan().actions.is_empty(), "{}", whole(&s.plan()));
    s.minutes(10);
    assert!(s.servers().is_empty());
}

#[test]
fn of_two_closed_nodes_that_were_renamed_at_once_none_is_taken_for_a_server_that_it_may_not_be() {
    for number in [1, 2] {
        let mut s = Situation::new();
        for server in 1..=number {
            s.idle(&format!("s{server}"), &format!("10.0.0.{server}"), "1m");
        }
        s.run();
        for server in 1..=number {
            let (old, new) = (format!("ubuntu+10.0.0.{server}"), format!("kept-{server}"));
            let closed = ClosedNode { mode: "NORMAL".to_owned(), label: "debian".to_owned() };
            s.node_memory(&old).closed = Some(closed);
            s.rename(&old, &new).labels = names(&[new.as_str(), ClosedNode::LABEL]);
        }
        let shown = whole(&s.after("1m").plan());
        let opened = "kept-1  os  s1  wanted_again: an earlier run closed it to new builds to retire it, and it stays";
        assert_eq!(shown.contains(opened), number == 1, "{shown}");
        assert_eq!(shown.contains("kept-1  not_ours"), number == 2, "{shown}");
    }
}

#[test]
fn s5_a_node_keeps_one_server_and_none_that_never_ran() {
    let mut s = renamed();
    s.active("s2", "ubuntu", "10.0.0.2");
    s.memory("s2").active_since = Some(s.now - time("5h"));
    let failed = s.active("s3", "ubuntu", "10.0.0.3");
    (failed.state, failed.launch) = (ServerState::Error, Launch::Never);
    let long = credit(s.now, "3h");
    s.memory("s1").missing = Some(long).into();
    let shown = whole(&s.plan());
    assert!(shown.starts_with("- ubuntu  os  s2  never_joined: "), "{shown}");
    assert!(shown.contains("- ubuntu  os  s3  error: "), "{shown}");
    assert!(shown.contains("  server s1  ubuntu  other_name: "), "{shown}");
}

#[test]
fn l3_a_stranger_that_works_does_not_keep_a_server_that_has_its_own_node() {
    for presence in [Presence::Online, set_offline(USER, "mita retires this node: owner=ci server=s1 rule=idle")] {
        let mut s = Situation::new();
        s.idle("s1", "10.0.0.1", "2h").presence = presence;
        s.nodes().push(agent("worker-7"));
        s.node("worker-7").idle = false;
        let shown = whole(&s.plan());
        assert!(shown.starts_with("- ubuntu+10.0.0.1  os  s1  "), "{shown}");
    }
}

#[test]
fn s2_a_node_that_another_installation_made_keeps_nothing() {
    let mut s = renamed();
    let other = Owner::new("other").unwrap();
    s.node("keep-for-ann").mark =
        Some(Mark { owner: other, controller: None, node_type: "ubuntu".into(), id: "m9".into() });
    let long = credit(s.now, "3h");
    s.memory("s1").missing = Some(long).into();
    assert!(whole(&s.plan()).starts_with("- ubuntu  os  s1  node_missing"));
}

#[test]
fn s1_a_build_keeps_its_server_though_name_or_description_say_that_the_node_is_anothers() {
    for (name, owner) in [("ubuntu+10.0.0.2", None), ("keep-for-ann", Some("other")), ("keep-for-ann", Some("ci"))] {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1").builds = vec![build(1)];
        s.joined("s2", "10.0.0.2");
        s.run();
        s.lose_node("ubuntu+10.0.0.2");
        s.rename("ubuntu+10.0.0.1", name).mark = owner.map(|owner| Mark {
            owner: Owner::new(owner).unwrap(),
            controller: None,
            node_type: "ubuntu".into(),
            id: "m9".into(),
        });
        let shown = whole(&s.after("1m").run().minutes(60).after("5m").plan());
        let kept = format!(
            "  server s1  ubuntu  other_name: its node is missing from Jenkins for 1h 5m, join_timeout 15m; node {name} may be it and runs a build: "
        );
        assert!(shown.contains(&kept), "{shown}");
        s.node(name).builds = vec![build(2)];
        s.run().minutes(10);
        assert!(s.servers().iter().all(|server| server.id.as_str() != "s1"), "{}", whole(&s.plan()));
    }
}
