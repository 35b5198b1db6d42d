//! A limit that only servers fill which take no job starves others: that does not last in silence (L6).

use super::lasting::problems_after;
use crate::config::MinIdle;
use crate::domain::world::Quota;
use crate::plan::tests::situation::*;

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
        for (kept, counts) in
            [(at_hand, "0 held, 2 kept at hand"), (held, "2 held, 0 kept at hand"), (both, "1 held, 1 kept at hand")]
        {
            let mut s = full(limit);
            kept(&mut s);
            assert_eq!(problems_after(&mut s, 40), [""; 0], "{counts}: nobody waits");
            s.project(1, "rpm");
            s.run();
            assert_eq!(problems_after(&mut s, 3), [""; 0], "{counts}");
            let expected = format!(
                "node type centos: {blocked}, by servers that take no job ({counts}), and a job waits for 15m: release the \
                 nodes that nobody needs to hold, want fewer servers at hand (min_idle, spare, ahead), or raise that limit"
            );
            assert_eq!(problems_after(&mut s, 2), [expected]);
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
fn held_servers_are_not_blamed_for_a_quota_that_others_use_as_well() {
    let mut s = full(|s| s.cloud("os").quota = Some(Quota { instances: Some(0), ..Quota::default() }));
    hold(&mut s, "ubuntu+10.0.0.1");
    hold(&mut s, "ubuntu+10.0.0.2");
    s.project(1, "rpm");
    s.run();
    assert_eq!(problems_after(&mut s, 8), [""; 0]);
}
