//! Holds and marks that Jenkins shows no more, or no more whose they are.

use crate::domain::rule::Rule;
use crate::domain::state::{Retirement, RetirementStep};
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
