//! Holds and marks that Jenkins shows no more, or no more whose they are; and nodes that mita closed, as far as it forgot it.

use crate::config::{MinIdle, NodeSettings, Registration, SshLauncher};
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::state::{ClosedNode, Retirement, RetirementStep, State};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const NODE: &str = "ubuntu+10.0.0.1";

#[test]
fn s7_a_monitor_that_cuts_the_connection_of_a_marked_node_does_not_say_whose_mark_it_is() {
    let cut = set_offline("hudson.node_monitors.ResponseTimeMonitor$Data", "Time out for last 5 try");
    let disk = set_offline("hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace", "full");
    let held = "
        |   node ubuntu+10.0.0.1  held: node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody: \"Time out for last 5 try\"
        |   server s1  ubuntu  held: node ubuntu+10.0.0.1 is set offline, and Jenkins names nobody: \"Time out for last 5 try\"
    ";
    let away = "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ";
    // What no run saw may be a person's.
    for (before, expected) in [(set_offline(USER, "debugging"), held), (disk, away), (Presence::Online, held)] {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = before;
        s.run();
        s.node(NODE).presence = cut.clone();
        s.runs(expected);
    }
}

#[test]
fn s7_a_hold_goes_over_to_each_new_name_of_a_node_that_mita_made() {
    let mut s = Situation::new();
    s.ubuntu().registration = Registration::Ssh(NodeSettings::default(), SshLauncher::default());
    s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
    s.node(NODE).mark = s.server("s1").mark.clone();
    s.run();
    for (before, after) in [(NODE, "anns"), ("anns", "bobs")] {
        let node = s.rename(before, after);
        (node.presence, node.connected) = (Presence::Disconnected, false);
        // Its description names the node that mita made.
        node.copied_mark = node.mark.take().map(Box::new).or(node.copied_mark.take());
        s.after("1m").run();
        s.node(after).presence = set_offline(USER, "disk swap");
        s.minutes(30);
        assert_eq!(s.servers().len(), 1, "{after}: {}", whole(&s.plan()));
    }
}

#[test]
fn s5_a_monitor_that_cuts_the_connection_of_a_node_which_mita_marked_does_not_end_its_retirement() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = set_offline("hudson.node_monitors.ResponseTimeMonitor$Data", "Time out");
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since: s.now, step: RetirementStep::Decided });
    s.runs(
        "
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run set node ubuntu+10.0.0.1 offline to retire it
    ",
    );
}

fn disconnected_by(reason: &str) -> Presence {
    Presence::DisconnectedBy(set_offline(USER, reason).cause().unwrap().clone())
}

#[test]
fn s7_a_hold_by_disconnecting_lasts_until_the_node_is_seen_online_though_jenkins_launches_its_agent_again() {
    let mut s = Situation::new();
    s.world.jenkins.shows_marks = true;
    s.joined("s1", "10.0.0.1").presence = disconnected_by("strace on it");
    s.runs(
        "
        |   node ubuntu+10.0.0.1  held: a person disconnected node ubuntu+10.0.0.1: \"strace on it\"
        |   server s1  ubuntu  held: a person disconnected node ubuntu+10.0.0.1: \"strace on it\"
    ",
    );
    s.node(NODE).presence = Presence::Disconnected;
    let held = "
        |   node ubuntu+10.0.0.1  held: a person disconnected node ubuntu+10.0.0.1, and Jenkins shows that no more
        |   server s1  ubuntu  held: a person disconnected node ubuntu+10.0.0.1, and Jenkins shows that no more
    ";
    let warning = "
        | ? node ubuntu+10.0.0.1 is held, since a person disconnected its agent, and Jenkins shows that no more: if nobody holds it, run mita release ubuntu+10.0.0.1
    ";
    s.after("1m").runs(&format!("{held}{warning}"));
    s.minutes(30).after("1m").runs(held);
    // Seen online, it is held no more.
    s.node(NODE).presence = Presence::Online;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  kept: idle 0s, grace 40m
        |   server s1  ubuntu  kept: idle 0s, grace 40m
    ",
    );
    s.node(NODE).presence = Presence::Disconnected;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
}

#[test]
fn s7_a_hold_by_disconnecting_ends_with_a_release_of_mita() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = disconnected_by("strace on it");
    s.run();
    s.node(NODE).presence = Presence::Disconnected;
    s.after("1m").run();
    s.node_memory(NODE).set_offline_by = None;
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ",
    );
    assert!(!s.node_memory(NODE).is_cut, "a mark that comes later is another one");
}

#[test]
fn s7_where_no_restart_can_be_seen_a_mark_that_is_not_shown_holds_until_the_node_is_seen_online() {
    let held = "
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline; Jenkins shows that no more, and may have been restarted
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline; Jenkins shows that no more, and may have been restarted
    ";
    let warning = "
        | ? node ubuntu+10.0.0.1 is held, since a person set it offline before Jenkins may have been restarted, and Jenkins shows that no more: if nobody holds it, run mita release ubuntu+10.0.0.1
    ";
    let away = "
        |   node ubuntu+10.0.0.1  away: offline for 0s, join_timeout 15m
        |   server s1  ubuntu  away: offline for 0s, join_timeout 15m
    ";
    for (session, shows_marks) in [(None, false), (None, true), (Some("one"), false)] {
        let mut s = Situation::new();
        s.state.session = None;
        s.world.jenkins.session = session.map(str::to_owned);
        s.world.jenkins.shows_marks = shows_marks;
        s.joined("s1", "10.0.0.1").presence = set_offline(USER, "debugging");
        s.run();
        s.node(NODE).presence = Presence::Disconnected;
        let is_held = session.is_none() && !shows_marks;
        s.after("1m").runs(&if is_held { format!("{held}{warning}") } else { away.to_owned() });
        if is_held {
            s.minutes(30).after("1m").runs(held);
            s.node(NODE).presence = Presence::Online;
            s.after("1m").run();
            s.node(NODE).presence = Presence::Disconnected;
            s.after("1m").runs(away);
        }
    }
}

/// A node that a run closed to builds and did not come to setting offline, and a state that knows nothing of it.
fn closed_and_forgotten() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().min_idle = MinIdle::Always(1);
    s.joined("s1", "10.0.0.1").labels = names(&[NODE, ClosedNode::LABEL]);
    s.state = State::new(owner());
    s
}

#[test]
fn s6_a_closed_node_that_a_lost_state_knew_alone_is_retired_once_it_is_idle_whatever_would_keep_it() {
    let mut s = closed_and_forgotten();
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  min_idle: fewer than 1 idle nodes of ubuntu are at hand
        | - ubuntu+10.0.0.1  os  s1  drain_resumed: an earlier run closed node ubuntu+10.0.0.1 to builds to retire it
        |   node ubuntu+10.0.0.1  drain_resumed: an earlier run closed node ubuntu+10.0.0.1 to builds to retire it
        |   server s1  ubuntu  drain_resumed: an earlier run closed node ubuntu+10.0.0.1 to builds to retire it
    ",
    );
}

#[test]
fn s1_a_closed_node_that_a_lost_state_knew_alone_stays_while_it_works_or_a_person_holds_it() {
    let mut s = closed_and_forgotten();
    s.ubuntu().min_idle = MinIdle::Always(0);
    (s.node(NODE).idle, s.node(NODE).idle_executors) = (false, 0);
    s.runs(
        "
        |   node ubuntu+10.0.0.1  busy: node ubuntu+10.0.0.1 runs a build
        |   server s1  ubuntu  busy: node ubuntu+10.0.0.1 runs a build
    ",
    );
    (s.node(NODE).idle, s.node(NODE).presence) = (true, set_offline(USER, "look"));
    s.after("1m").runs(
        "
        |   node ubuntu+10.0.0.1  held: a person set node ubuntu+10.0.0.1 offline: \"look\"
        |   server s1  ubuntu  held: a person set node ubuntu+10.0.0.1 offline: \"look\"
    ",
    );
}

/// The same, with another name since.
fn closed_forgotten_and_renamed(name: &str) -> Situation {
    let mut s = closed_and_forgotten();
    s.ubuntu().min_idle = MinIdle::Always(0);
    s.rename(NODE, name).labels = names(&[name, ClosedNode::LABEL]);
    s
}

#[test]
fn s1_s7_a_closed_node_that_a_lost_state_knew_alone_keeps_its_server_under_another_name_while_it_works_or_is_held() {
    for name in ["anns", "amd64", "ubuntu+10.0.0.99"] {
        for works in [true, false] {
            let mut s = closed_forgotten_and_renamed(name);
            if works {
                (s.node(name).idle, s.node(name).idle_executors) = (false, 0);
            } else {
                s.node(name).presence = set_offline(USER, "look");
            }
            s.run().minutes(60);
            let shown = whole(&s.plan());
            assert!(shown.contains("server s1  ubuntu  other_name: active for "), "{name} {works}: {shown}");
            let node = s.node(name);
            (node.idle, node.idle_executors, node.presence) = (true, 1, Presence::Online);
            s.run().minutes(60);
            assert!(s.servers().is_empty(), "{}", whole(&s.plan()));
        }
    }
}

#[test]
fn l6_a_closed_node_that_nobody_opens_is_a_problem_after_a_quarter_of_an_hour() {
    let told = |s: &Situation| -> Vec<String> {
        let problems = s.plan().problems;
        let closed = problems.iter().filter(|problem| problem.error.contains(ClosedNode::LABEL));
        closed.map(|problem| format!("{}: {}", problem.place, problem.error)).collect()
    };
    let mut s = closed_forgotten_and_renamed("anns");
    s.run().minutes(10);
    assert_eq!(told(&s), [""; 0]);
    s.minutes(5);
    assert_eq!(
        told(&s),
        ["node anns: it has the label mita-retiring, which keeps all builds away, and mita does not know what it had \
          before, for 15m: give it its labels and its usage back on its page in Jenkins, or delete it there if nobody \
          needs it"]
    );
    // A copy has the mark of this installation, too.
    s.node("anns").presence = set_offline(USER, &offline_message(&owner(), &"s7".into(), Rule::SingleUse));
    s.after("1m").run();
    assert_eq!(told(&s).len(), 1);
    s.node("anns").labels = names(&["anns", "amd64"]);
    assert_eq!(told(&s), [""; 0]);
    // Another installation retires it.
    let mut s = closed_forgotten_and_renamed("anns");
    s.node("anns").presence = set_offline(USER, "mita retires this node: owner=other server=s1 rule=single_use");
    s.run().minutes(60);
    assert_eq!(told(&s), [""; 0]);
}
