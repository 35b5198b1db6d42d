//! A build that waits for an agent which does not come back: Jenkins waits until somebody deletes the node (L6).

use super::lasting::problems_after;
use crate::config::{NodeSettings, Registration, Transport};
use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

const NODE: &str = "ubuntu+10.0.0.1";
const CURE: &str = "mita retire --force NODE ends the build, and then mita removes what is left";

/// A build runs there, and this happens to its server and its agent.
fn lost(happens: fn(&mut Situation), presence: Presence) -> Situation {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    s.run();
    happens(&mut s);
    s.node(NODE).presence = presence;
    s.after("1m").run();
    s
}

#[test]
fn l6_a_build_whose_agent_is_lost_with_its_server_is_a_problem_after_a_quarter_of_an_hour() {
    type Change = fn(&mut Situation);
    let ends: [(Change, &str); 6] = [
        (|s| s.lose_server("s1"), "gone"),
        (|s| s.server("s1").state = ServerState::Deleted, "gone"),
        (|s| s.server("s1").state = ServerState::Error, "in ERROR"),
        (|s| s.server("s1").state = ServerState::Deleting, "being deleted"),
        (|s| s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned()), "SHUTOFF"),
        (|s| s.server("s1").state = ServerState::Other("RESCUE".to_owned()), "RESCUE"),
    ];
    let drained = || set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::SingleUse));
    for (happens, end) in ends {
        for presence in [Presence::Disconnected, drained()] {
            let mut s = lost(happens, presence);
            assert_eq!(problems_after(&mut s, 3), [""; 0], "{end}");
            let expected =
                format!("node {NODE}: its server is {end}, and a build there has waited for its agent for 15m: {CURE}");
            assert_eq!(problems_after(&mut s, 2), [expected]);
            // It stays a problem for as long as it lasts, also once the state would forget the server.
            for _ in 0..40 {
                s.after("24h").run();
            }
            let problems = problems_after(&mut s, 1);
            assert!(problems.len() == 1 && problems[0].contains(CURE), "{end}: {problems:?}");
            s.node(NODE).presence = Presence::Online;
            assert!(!problems_after(&mut s, 1).iter().any(|problem| problem.contains(CURE)), "its agent is back");
        }
    }
}

#[test]
fn a_server_that_boots_again_has_its_join_timeout_before_its_lost_agent_is_told() {
    let mut s = lost(|s| s.server("s1").state = ServerState::Stopped("SHUTOFF".to_owned()), Presence::Disconnected);
    s.ubuntu().times.join_timeout = time("40m");
    assert_eq!(problems_after(&mut s, 7), [""; 0]);
    assert_eq!(problems_after(&mut s, 3).len(), 1);
}

#[test]
fn l6_a_build_whose_agent_is_lost_is_a_problem_after_a_day_though_its_server_runs_or_a_person_holds_it() {
    let held = || set_offline(USER, "mine");
    let gone: fn(&mut Situation) = |s| s.lose_server("s1");
    let release = "if nobody holds that node any more, run mita release NODE, then mita retire --force NODE, which ends the build";
    for (happens, presence, cure) in [(|_: &mut Situation| {}, Presence::Disconnected, CURE), (gone, held(), release)]
        as [(fn(&mut Situation), _, _); 2]
    {
        let mut s = lost(happens, presence);
        for _ in 0..23 {
            s.after("1h").run();
        }
        assert_eq!(problems_after(&mut s, 1), [""; 0]);
        let problems = problems_after(s.after("1h").run().after("1h"), 1);
        assert!(problems.len() == 1 && problems[0].ends_with(cure), "{problems:?}");
    }
}

#[test]
fn s1_of_a_node_that_works_and_was_made_for_an_order_nobody_is_told_to_end_the_build_while_a_cloud_is_silent() {
    for silent in [true, false] {
        let mut s = Situation::new();
        s.ubuntu().registration = Registration::Inbound(NodeSettings::default(), Transport::default());
        let mark = Some(Mark { owner: owner(), controller: None, node_type: "ubuntu".into(), id: "m1".into() });
        let presence = Presence::Disconnected;
        s.nodes().push(Node { mark, presence, idle: false, idle_executors: 0, ..agent(NODE) });
        if silent {
            s.cloud("os").servers = Listing::Unavailable("503".to_owned());
        }
        let told = problems_after(&mut s, 6);
        assert_eq!(told.iter().any(|problem| problem.contains("mita retire --force")), !silent, "{told:?}");
    }
}
