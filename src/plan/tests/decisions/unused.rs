//! A limit that only servers fill which take no job starves others: that does not last in silence (L6).

use super::lasting::problems_after;
use super::paused::pause;
use crate::config::MinIdle;
use crate::domain::rule::Rule;
use crate::domain::world::{Lock, Presence, Quota};
use crate::plan::tests::situation::*;

const LOST_AND_LOCKED: &str = "1 locked, 1 whose agents are lost";

/// What is told of it after a quarter of an hour.
fn told(what: &str) -> String {
    format!(
        "node type centos: {what}, and a job waits for 15m: release the nodes that nobody needs to hold, unlock servers in their \
         cloud, want fewer servers at hand (min_idle, spare, ahead), end pauses, end builds whose agents do not come back (mita retire \
         --force NODE), or have that limit raised"
    )
}

/// One server is locked, and the agent of the other is lost in a build.
fn lost_and_locked(s: &mut Situation) {
    s.server("s1").lock = Lock::Locked;
    let node = s.node("ubuntu+10.0.0.2");
    (node.idle, node.presence) = (false, Presence::Disconnected);
}

/// Two servers of ubuntu, idle, at a limit of two; one of centos would be wanted.
fn full(limit: fn(&mut Situation)) -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("centos", &["rpm"]));
    limit(&mut s);
    s.idle("s1", "10.0.0.1", "20m");
    s.idle("s2", "10.0.0.2", "20m");
    s
}

fn hold(s: &mut Situation, node: &str) {
    s.node(node).presence = set_offline(USER, "mine");
}

#[test]
fn l6_a_job_at_a_limit_that_only_servers_fill_which_take_no_job_is_a_problem_after_a_quarter_of_an_hour() {
    type Step = fn(&mut Situation);
    let limits: [(Step, &str); 2] = [
        (|s| s.config.max_servers = 2, "max_servers 2 is reached"),
        (|s| s.config.providers[0].max = Some(2), "provider os has its max of 2"),
    ];
    let at_hand: Step = |s| s.ubuntu().min_idle = MinIdle::Always(2);
    let held: Step = |s| {
        hold(s, "ubuntu+10.0.0.1");
        hold(s, "ubuntu+10.0.0.2");
    };
    let both: Step = |s| {
        s.ubuntu().min_idle = MinIdle::Always(1);
        hold(s, "ubuntu+10.0.0.1");
    };
    for (limit, blocked) in limits {
        for (kept, counts) in [
            (at_hand, "2 kept at hand"),
            (held, "2 held"),
            (both, "1 held, 1 kept at hand"),
            (lost_and_locked, LOST_AND_LOCKED),
        ] {
            let mut s = full(limit);
            kept(&mut s);
            assert_eq!(problems_after(&mut s, 40), [""; 0], "{counts}: nobody waits");
            s.project(1, "rpm");
            s.run();
            assert_eq!(problems_after(&mut s, 3), [""; 0], "{counts}");
            assert_eq!(
                problems_after(&mut s, 2),
                [told(&format!("{blocked}, by servers that make no room ({counts})"))]
            );
        }
    }
}

#[test]
fn a_job_at_a_limit_that_a_server_at_work_helps_to_fill_waits_in_good_order() {
    let mut s = full(|s| s.config.max_servers = 2);
    s.ubuntu().min_idle = MinIdle::Always(1);
    let node = s.node("ubuntu+10.0.0.2");
    (node.idle, node.idle_executors) = (false, 0);
    s.project(1, "rpm");
    s.run();
    assert_eq!(problems_after(&mut s, 8), [""; 0]);
}

#[test]
fn l6_a_job_at_a_quota_for_which_no_server_of_ours_makes_room_is_a_problem_after_a_quarter_of_an_hour() {
    type Step = fn(&mut Situation);
    let quota: Step = |s| s.cloud("os").quota = Some(Quota { instances: Some(0), ..Quota::default() });
    let held: Step = |s| ["ubuntu+10.0.0.1", "ubuntu+10.0.0.2"].iter().for_each(|node| hold(s, node));
    let at_hand: Step = |s| s.ubuntu().min_idle = MinIdle::Always(2);
    for (kept, counts) in [(held, "2 held"), (at_hand, "2 kept at hand"), (lost_and_locked, LOST_AND_LOCKED)] {
        let mut s = full(quota);
        kept(&mut s);
        s.project(1, "rpm");
        s.run();
        assert_eq!(problems_after(&mut s, 3), [""; 0]);
        let reason = "the quota of provider os has no room for centos: instances (0 left)";
        let expected = told(&format!("{reason}, and the servers of mita there make no room ({counts})"));
        assert_eq!(problems_after(&mut s, 2), [expected]);
    }
}

#[test]
fn l6_a_pause_of_another_type_that_fills_a_limit_is_told() {
    let mut s = full(|s| s.config.max_servers = 2);
    s.state.pauses = vec![pause(Some("ubuntu"), None)];
    s.run().after("1h").run();
    s.project(1, "rpm");
    s.run();
    assert_eq!(problems_after(&mut s, 3), [""; 0]);
    assert_eq!(problems_after(&mut s, 2), [told("max_servers 2 is reached, by servers that make no room (2 paused)")]);
}

#[test]
fn l6_a_server_that_is_gone_and_held_with_its_agent_connected_fills_no_limit_in_silence() {
    let mut s = full(|s| s.config.max_servers = 1);
    s.lose_node("ubuntu+10.0.0.2");
    s.lose_server("s2");
    s.state.servers.remove(&"m2".into());
    hold(&mut s, "ubuntu+10.0.0.1");
    s.node("ubuntu+10.0.0.1").connected = true;
    s.lose_server("s1");
    s.project(1, "rpm");
    s.run().after("1m").run();
    assert_eq!(problems_after(&mut s, 3), [""; 0]);
    assert_eq!(problems_after(&mut s, 2), [told("max_servers 1 is reached, by servers that make no room (1 held)")]);
}

#[test]
fn l6_a_job_at_a_limit_that_idle_nodes_at_hand_fill_and_refuse_is_a_problem_after_a_quarter_of_an_hour() {
    type Refuse = fn(&mut Situation);
    let lacks_label: Refuse = |s| {
        s.node("ubuntu+10.0.0.1").labels = names(&["ubuntu"]);
        s.project(1, "amd64");
    };
    let has_one_more: Refuse = |s| {
        s.node("ubuntu+10.0.0.1").labels = names(&["amd64", "debug", "ubuntu"]);
        s.project(1, "amd64 && !debug");
    };
    for refuse in [lacks_label, has_one_more] {
        let mut s = Situation::new();
        (s.ubuntu().min_idle, s.ubuntu().max) = (MinIdle::Always(1), Some(1));
        s.idle("s1", "10.0.0.1", "20m");
        s.run().after("5m");
        refuse(&mut s);
        s.run().after("5m").run();
        assert_eq!(s.plan().verdicts[0].rule, Rule::InVain);
        assert_eq!(problems_after(&mut s, 2), [""; 0]);
        let told = told("node type ubuntu has its max of 1, by servers that make no room (1 kept at hand)");
        assert_eq!(problems_after(&mut s, 2), [told.replace("node type centos:", "node type ubuntu:")]);
    }
}

const TOLD: &str = "node type centos: max_servers 2 is reached, and a job has waited for longer than the idle_grace (40m) of \
    servers there, of which some were idle in each run for 15m: shorten idle_grace, retire one of these servers (mita retire NODE), \
    or have that limit raised";

#[test]
fn l6_a_job_at_a_limit_of_servers_that_short_builds_keep_from_ever_going_is_a_problem() {
    for (every, is_told) in [(6, true), (60, false)] {
        let mut s = full(|s| s.config.max_servers = 2);
        s.project(1, "rpm");
        let mut first_told = None;
        for run in 0..20 {
            // One after the other has a build of a moment.
            for (number, node) in ["ubuntu+10.0.0.1", "ubuntu+10.0.0.2"].into_iter().enumerate() {
                if s.nodes().iter().any(|there| there.name.as_str() == node) {
                    let works = run % every == number;
                    (s.node(node).idle, s.node(node).idle_executors) = (!works, u32::from(!works));
                }
            }
            if s.orders > 0 {
                break;
            }
            let problems = problems_after(&mut s, 1);
            if first_told.is_none() && !problems.is_empty() {
                assert_eq!(problems, [TOLD]);
                first_told = Some(run);
            }
            s.run().after("5m");
        }
        assert_eq!(first_told.is_some(), is_told, "a build each {every} runs: {first_told:?}");
    }
}
