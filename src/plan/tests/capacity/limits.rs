//! No more servers than the limits allow, and the preferred types and providers first.

use crate::domain::offline::offline_message;
use crate::domain::rule::Rule;
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Two types that serve `amd64`, and two providers.
fn two_types() -> Situation {
    let mut s = Situation::new();
    s.add_provider("two");
    s.config.node_types.push(kind("big", &["amd64"]));
    s
}

#[test]
fn l2_older_jobs_come_first_when_there_is_not_enough() {
    let mut s = Situation::new();
    s.config.max_servers = 1;
    s.project(1, "amd64");
    s.project(2, "amd64").in_queue_since = Some(s.now - time("1h"));
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job2 (2) needs amd64
        |   job 1  job1  limit: needs amd64: older jobs take the 1 that max_servers 1 leaves
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
    ",
    );
}

#[test]
fn l2_earlier_types_come_before_later_ones_until_their_limit() {
    let mut s = two_types();
    s.ubuntu().max = Some(1);
    s.projects(2, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | + big  os  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: big server 20261121T120000Z-2 is ordered for it
    ",
    );
}

#[test]
fn l2_earlier_providers_come_before_later_ones_until_their_limit() {
    let mut s = two_types();
    s.ubuntu().providers = vec!["two".into(), "os".into()];
    s.config.providers[1].max = Some(1);
    s.projects(2, "amd64");
    s.runs(
        "
        | + ubuntu  two  20261121T120000Z-1  job1 (1) needs amd64
        | + ubuntu  os  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
    ",
    );
}

#[test]
fn s4_every_limit_holds_and_the_verdict_names_it() {
    type Change = fn(&mut Situation);
    let cases: [(Change, &str); 4] = [
        (|s| s.config.max_servers = 1, "limit: needs amd64: max_servers 1 is reached"),
        (|s| s.ubuntu().max = Some(1), "limit: needs amd64: node type ubuntu has its max of 1"),
        (|s| s.config.providers[0].max = Some(1), "limit: needs amd64: provider os has its max of 1"),
        (
            |s| {
                s.config.providers[0].max = Some(1);
                s.cloud("os").quota = Some(Quota { instances: Some(9), ..Quota::default() });
            },
            "limit: needs amd64: provider os has its max of 1",
        ),
    ];
    for (change, verdict) in cases {
        let mut s = Situation::new();
        s.busy("s1", "10.0.0.1");
        s.project(1, "amd64");
        change(&mut s);
        let shown = whole(&s.plan());
        assert!(!shown.starts_with('+'), "{shown}");
        assert!(shown.contains(&format!("job 1  job1  {verdict}\n")), "{shown}");
    }
}

#[test]
fn s4_servers_on_their_way_out_do_not_count_for_the_limits_but_those_unseen_do() {
    let mut s = Situation::new();
    s.config.max_servers = 3;
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Deleting;
    s.memory("s1").joined_at = Some(s.now);
    s.active("s2", "ubuntu", "10.0.0.2");
    s.lose_server("s2");
    s.cloud("os").by_id.insert("s2".into(), Lookup::Unavailable("timeout".to_owned()));
    s.lost_order("m3", "1m");
    s.projects(4, "amd64");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job2 (2) needs amd64
        | ! provider os: timeout
        |   job 1  job1  on_its_way: needs amd64: ubuntu server m3 is on its way
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 3  job3  limit: needs amd64: older jobs take the 1 that max_servers 3 leaves
        |   job 4  job4  limit: needs amd64: older jobs take the 1 that max_servers 3 leaves
        |   server m3  ubuntu  ordered: 1m ago, in no listing yet
        |   server s1  ubuntu  deleting: being deleted for 0s
        |   server s2  ubuntu  not_seen: provider os gave no answer about it
    ",
    );
}

#[test]
fn s4_a_server_that_its_cloud_does_not_show_counts_while_its_agent_is_connected() {
    let mut s = Situation::new();
    s.ubuntu().max = Some(2);
    s.busy("s1", "10.0.0.1");
    s.idle("s2", "10.0.0.2", "1m");
    s.run();
    // A replica that lags shows none of them.
    s.servers().clear();
    s.project(1, "amd64").why = Some("Waiting for next available executor on ‘amd64’".to_owned());
    s.node("ubuntu+10.0.0.2").idle = false;
    s.node("ubuntu+10.0.0.2").idle_executors = 0;
    s.after("30s").run().after("30s").run();
    assert_eq!(s.state.servers.len(), 0, "both are given up");
    s.after("30s").runs(
        "
        |   job 1  job1  limit: needs amd64: node type ubuntu has its max of 2
        |   node ubuntu+10.0.0.1  busy: its server s1 is gone (404 in two runs), and it still runs a build
        |   node ubuntu+10.0.0.2  busy: its server s2 is gone (404 in two runs), and it still runs a build
    ",
    );
    // The agent of one of them is really gone.
    s.node("ubuntu+10.0.0.2").idle = true;
    s.node("ubuntu+10.0.0.2").presence = Presence::Disconnected;
    s.after("30s").runs(
        "
        | + ubuntu  os  20261121T120200Z-1  job1 (1) needs amd64
        | - ubuntu+10.0.0.2  server_gone: its server s2 is gone (404 in two runs)
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120200Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  busy: its server s1 is gone (404 in two runs), and it still runs a build
        |   node ubuntu+10.0.0.2  server_gone: its server s2 is gone (404 in two runs)
    ",
    );
}

#[test]
fn s4_a_connected_agent_counts_in_the_limits_of_its_provider_and_over_all() {
    type Limit = fn(&mut Situation);
    let limits: [Limit; 2] = [|s| s.config.max_servers = 1, |s| s.config.providers[0].max = Some(1)];
    for limit in limits {
        let mut s = Situation::new();
        limit(&mut s);
        s.busy("s1", "10.0.0.1");
        s.run().servers().clear();
        s.project(1, "amd64");
        for _ in 0..4 {
            assert!(!s.after("30s").plan().actions.iter().any(|action| action.is_order()));
            s.run();
        }
    }
}

#[test]
fn s4_what_one_read_calls_gone_counts_until_a_second_one_says_so() {
    let mut s = Situation::new();
    s.ubuntu().max = Some(1);
    s.active("s1", "ubuntu", "10.0.0.1");
    s.memory("s1").waited = Some(time("1m"));
    s.project(1, "amd64");
    let server = s.servers().remove(0);
    let shown = whole(&s.plan());
    assert!(shown.contains("  job 1  job1  limit: "), "{shown}");
    // The cloud shows it again.
    s.run();
    s.servers().push(server);
    let shown = whole(&s.after("10s").plan());
    assert!(shown.contains("  job 1  job1  on_its_way: "), "{shown}");
    s.run().servers().clear();
    s.after("10s").run();
    assert!(s.servers().is_empty(), "nothing is ordered yet");
    let shown = whole(&s.after("10s").plan());
    assert!(shown.contains("  job 1  job1  demand: "), "{shown}");
}

#[test]
fn l1_a_server_that_is_gone_counts_no_more_once_its_agent_is_lost_whatever_holds_its_node() {
    type Change = fn(&mut Situation);
    let limits: [Change; 3] =
        [|s| s.ubuntu().max = Some(1), |s| s.config.max_servers = 1, |s| s.config.providers[0].max = Some(1)];
    let ends: [(&str, Change); 3] = [
        ("404", |s| s.lose_server("s1")),
        ("SOFT_DELETED", |s| s.server("s1").state = ServerState::Deleted),
        ("deleting", |s| s.server("s1").state = ServerState::Deleting),
    ];
    let held = || OfflineCause { class: Some(USER.to_owned()), reason: "mine".to_owned(), ..OfflineCause::default() };
    let ours = || set_offline(USER, &offline_message(&owner(), &"s1".into(), Rule::SingleUse));
    for limit in limits {
        for (end, happens) in ends {
            for (what, works, presence) in [
                ("a block without an agent", true, Presence::Disconnected),
                ("a block on a drained node", true, ours()),
                ("a block on a held node", true, Presence::SetOffline(held())),
                ("marked", false, Presence::SetOffline(held())),
                ("disconnected", false, Presence::DisconnectedBy(held())),
            ] {
                let mut s = Situation::new();
                limit(&mut s);
                s.busy("s1", "10.0.0.1");
                s.run();
                happens(&mut s);
                let node = s.node("ubuntu+10.0.0.1");
                (node.idle, node.presence, node.connected) = (!works, presence.clone(), true);
                s.project(1, "amd64").why = Some("Waiting for next available executor on ‘amd64’".to_owned());
                let is_ordered = |s: &Situation| s.plan().actions.iter().any(|action| action.is_order());
                let has_agent = matches!(presence, Presence::SetOffline(_));
                for _ in 0..4 {
                    let counts = has_agent && (end == "404" || works);
                    assert!(!(counts && is_ordered(s.after("30s"))), "{end}, {what}: its agent is connected");
                    if counts {
                        s.run();
                    }
                }
                s.node("ubuntu+10.0.0.1").connected = false;
                s.after("30s").run().after("30s");
                assert!(is_ordered(&s) || s.orders > 0, "{end}, {what}: {}", whole(&s.plan()));
            }
        }
    }
}
