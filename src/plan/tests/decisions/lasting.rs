//! L6: nothing lasts in silence.

use crate::config::{NodeSettings, Registration, Transport};
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, Restart, Retirement, RetirementStep, Session};
use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Problems of the last of so many runs, one each five minutes.
pub(super) fn problems_after(s: &mut Situation, runs: usize) -> Vec<String> {
    for _ in 1..runs {
        s.run().after("5m");
    }
    let problems = s.plan().problems.into_iter();
    problems.map(|problem| format!("{}: {}", problem.place, problem.error)).collect()
}

#[test]
fn l6_a_jenkins_that_restarts_again_and_again_is_a_problem_after_a_quarter_of_an_hour() {
    for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
        let mut s = Situation::new();
        for run in 1..runs {
            s.world.jenkins.session = Some(format!("restart {run}"));
            s.run().after("5m");
        }
        s.world.jenkins.session = Some(format!("restart {runs}"));
        let problems = s.plan().problems;
        assert_eq!(problems.len(), told, "{runs} runs: {problems:?}");
        assert!(
            problems.iter().all(|problem| problem.place == "jenkins" && problem.error.contains("for 15m")
                || problem.error.contains("for 20m")),
            "{problems:?}"
        );
    }
}

#[test]
fn l1_two_controllers_that_answer_by_turns_are_told_and_stop_nothing_for_ever() {
    let mut s = Situation::new();
    let mut warnings = Vec::new();
    for run in 0..6 {
        s.world.jenkins.session = Some(format!("replica {}", run % 2));
        warnings.extend(s.plan().warnings);
        s.run().after("1m");
    }
    s.project(1, "amd64");
    assert_eq!(s.plan().actions.len(), 1, "{:?}", s.plan().verdicts);
    let told = warnings.iter().filter(|warning| warning.contains("by turns")).count();
    assert_eq!(told, 1, "{warnings:?}");
    assert_eq!(
        s.state.session,
        Some(Session {
            id: "replica 1".to_owned(),
            earlier: vec!["one".to_owned(), "replica 0".to_owned(), "replica 1".to_owned(),],
            since: Some(s.now - time("1m")),
            unlisted: false,
            listed_in: Some(s.state.run),
            listed: Some(s.now - time("1m")),
            // Only the first answer of the second one looked like a restart.
            restart: Some(Restart {
                listed: s.now - time("6m"),
                before: Vec::new(),
                ago: Credit { first: s.now - time("5m"), last: s.now - time("1m"), credit: time("4m") },
            }),
        })
    );
}

#[test]
fn l6_an_ambiguity_is_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.active("s2", "ubuntu", "10.0.0.1");
    s.memory("s2").active_since = Some(s.now - time("15m"));
    s.nodes().push(agent("ubuntu+10.0.0.1"));
    let problems = problems_after(&mut s, 3);
    assert_eq!(problems, [""; 0]);
    let problems = problems_after(&mut s, 2);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("ambiguous") && problem.contains("rename")), "{problems:?}");
}

#[test]
fn l6_a_removal_that_never_ends_is_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Error;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Error, since: s.now, step: RetirementStep::Decided });
    for number in 1..=4 {
        let problems = s.plan().problems;
        assert_eq!(problems.len(), usize::from(number == 4), "{problems:?}");
        // The cloud refuses the deletion.
        s.state = s.plan().state;
        s.after("5m");
    }
}

#[test]
fn s4_l6_a_deletion_that_was_accepted_and_ended_in_error_fills_no_limit_and_is_told_with_its_fault() {
    type Limit = fn(&mut Situation);
    let limits: [Limit; 3] =
        [|s| s.config.max_servers = 1, |s| s.ubuntu().max = Some(1), |s| s.config.providers[0].max = Some(1)];
    for limit in limits {
        let mut s = Situation::new();
        limit(&mut s);
        s.joined("s1", "10.0.0.1");
        s.lose_node("ubuntu+10.0.0.1");
        s.project(1, "amd64");
        let since = s.now;
        s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::NodesDeleted });
        s.server("s1").state = ServerState::Error;
        s.server("s1").fault = Some("Failed to deallocate the network(s)".to_owned());
        assert!(!s.plan().actions.iter().any(|action| action.is_order()), "nobody accepted its deletion");
        s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::ServerDeleted });
        let stuck = s.servers().clone();
        let why = "its cloud accepted its deletion, which ended in ERROR: Failed to deallocate the network(s)";
        s.runs(&format!(
            "
            | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
            | - ubuntu  os  s1  error: {why}
            |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
            |   server s1  ubuntu  error: {why}
            | ? server ubuntu (s1) is removed: {why}
        "
        ));
        assert!(s.state.breakers.is_empty(), "it was built, and joined");
        s.queue().clear();
        for _ in 0..4 {
            *s.servers() = stuck.clone();
            s.memory("s1").retirement.as_mut().unwrap().step = RetirementStep::ServerDeleted;
            s.after("5m").run();
        }
        *s.servers() = stuck;
        let problems = s.plan().problems;
        let told = format!("its removal (error: {why}) is decided in each run and does not come to its end for 20m: ");
        assert!(problems.iter().any(|problem| problem.error.starts_with(&told)), "{problems:?}");
    }
}

#[test]
fn l6_jobs_that_wait_for_a_shutdown_of_jenkins_are_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.world.jenkins.mode = Listing::Complete(Mode::QuietingDown);
    assert_eq!(problems_after(&mut s, 5), [""; 0], "nobody waits");
    s.project(1, "amd64");
    assert_eq!(problems_after(&mut s, 3), [""; 0]);
    let problems = problems_after(&mut s, 2);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("jenkins: is about to shut down, and jobs wait for 15m"), "{problems:?}");
}

#[test]
fn l6_a_need_that_cannot_be_read_is_told_once_and_a_language_that_is_not_english_at_once() {
    let another = "Warten auf den nächsten freien Executor für ‘linux’";
    let refusal = "‘static1’ is not accepting tasks; ‘static2’ is offline";
    for (why, english, told_after, language) in
        [(another, false, 0, true), (another, true, 15, false), (refusal, false, 15, false)]
    {
        let mut s = Situation::new();
        s.nodes().push(agent("static1"));
        s.pipeline(1, why);
        if english {
            s.project(2, "nobodys");
            s.item(2).why = Some("There are no nodes with the label ‘nobodys’".to_owned());
        }
        let mut told = Vec::new();
        for minutes in (0..=40).step_by(5) {
            let warnings = s.plan().warnings.into_iter().filter(|warning| warning.contains("cannot be read"));
            told.extend(warnings.map(|warning| (minutes, warning.contains("no reason in the queue is in English"))));
            s.run().after("5m");
        }
        assert_eq!(told, [(told_after, language)], "{why}");
    }
}

#[test]
fn l6_a_volume_whose_deletion_does_not_end_is_a_problem_after_a_quarter_of_an_hour() {
    for state in [VolumeState::Deleting, VolumeState::DeletionFailed] {
        for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
            let mut s = Situation::new();
            s.remember_gone("s1");
            let name = "s1-blank-vol".to_owned();
            let volume = Volume { id: "v1".into(), name, mark: None, state: state.clone(), attachments: vec![] };
            s.cloud("os").volumes = Some(Listing::Complete(vec![volume]));
            let problems = problems_after(&mut s, runs);
            assert_eq!(problems.len(), told, "{runs} runs: {problems:?}");
            assert!(problems.iter().all(|problem| problem.contains("ask the cloud's operators")), "{problems:?}");
        }
    }
}

#[test]
fn l6_a_node_without_its_server_whose_agent_stays_connected_is_a_problem_after_a_quarter_of_an_hour() {
    // A server that is gone for mita alone, as after a change of the project; and a node that mita made for an order.
    let gone = |s: &mut Situation| {
        s.joined("s1", "10.0.0.1");
        s.run();
        s.servers().clear();
        s.remember_gone("s1");
        s.state.servers.clear();
    };
    let made = |s: &mut Situation| {
        s.ubuntu().registration = Registration::Inbound(NodeSettings::default(), Transport::default());
        let mark = Some(Mark { owner: owner(), controller: None, node_type: "ubuntu".into(), id: "m0".into() });
        s.nodes().push(Node { mark, ..agent("ubuntu+10.0.0.1") });
    };
    for lose in [&gone as &dyn Fn(&mut Situation), &made] {
        for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
            let mut s = Situation::new();
            lose(&mut s);
            let problems = problems_after(&mut s, runs);
            assert_eq!(problems.len(), told, "{runs} runs: {problems:?}");
            assert!(problems.iter().all(|it| it.starts_with("node ubuntu+10.0.0.1: its server is")), "{problems:?}");
            s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
            assert_eq!(s.plan().problems, [], "the node is removed");
        }
    }
}

#[test]
fn l6_a_second_read_of_the_queue_that_always_fails_is_a_problem_after_a_quarter_of_an_hour() {
    for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
        let mut s = Situation::new();
        let Listing::Complete(queue) = &mut s.world.jenkins.queue else { panic!("no queue") };
        queue.left_out_unknown = Some("502 from a proxy".to_owned());
        let problems = problems_after(&mut s, runs);
        assert_eq!(problems.iter().filter(|text| text.contains("502 from a proxy")).count(), told, "{problems:?}");
        assert!(s.state.lasting.contains_key(crate::domain::state::LEFT_OUT_UNKNOWN), "it is asked again in each run");
    }
}

#[test]
fn l6_a_node_whose_server_a_person_deleted_and_its_cloud_keeps_is_told() {
    for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
        let mut s = Situation::new();
        s.idle("s1", "10.0.0.1", "1m");
        s.run().after("1m");
        s.server("s1").state = ServerState::Deleted;
        s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
        let problems = problems_after(&mut s, runs);
        assert_eq!(problems.len(), told, "{problems:?}");
        assert!(problems.iter().all(|text| text.starts_with("node ubuntu+10.0.0.1: gone (deleted)")), "{problems:?}");
    }
}

#[test]
fn l6_a_node_of_which_jenkins_does_not_say_whether_it_works_is_told() {
    for (runs, told) in [(3, 0), (4, 1), (5, 1)] {
        let mut s = Situation::new();
        let node = s.busy("s1", "10.0.0.1");
        node.unclear = true;
        let problems = problems_after(&mut s, runs);
        assert_eq!(problems.len(), told, "{problems:?}");
        assert!(whole(&s.plan()).contains("busy: Jenkins does not say whether node ubuntu+10.0.0.1 works"));
    }
}

#[test]
fn l6_a_server_that_its_cloud_shows_without_metadata_is_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "2h");
    (s.server("s1").mark, s.server("s1").shown) = (None, Shown::WithoutMetadata);
    assert_eq!(problems_after(&mut s, 3), [""; 0]);
    let problems = problems_after(&mut s, 2);
    assert!(s.plan().actions.is_empty());
    assert_eq!(
        problems,
        [
            "server ubuntu (s1): its cloud shows it without metadata, so that mita leaves it alone, for 15m: ask the cloud's \
          operators why, or delete the server there if nothing runs on it"
        ]
    );
}

/// A quota of which everybody together uses all.
fn full() -> Quota {
    let usage = [("instances".to_owned(), QuotaUse { used: 7, limit: Some(7) })].into();
    Quota { instances: Some(0), usage, ..Quota::default() }
}

#[test]
fn l6_a_job_starved_by_what_others_use_of_a_quota_is_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.cloud("os").quota = Some(full());
    s.project(1, "amd64");
    assert_eq!(problems_after(&mut s, 3), [""; 0]);
    assert_eq!(
        problems_after(&mut s, 2),
        [
            "node type ubuntu: the quota of provider os has no room for ubuntu: instances (7 of 7 in use). mita has no server \
          there that could make room, and a job waits for 15m: free some of the quota, have it raised, or let another \
          provider serve the node type"
        ]
    );
}

#[test]
fn a_quota_that_is_full_beside_servers_of_ours_and_a_max_are_told_by_no_problem() {
    let mut s = Situation::new();
    s.cloud("os").quota = Some(full());
    s.busy("s1", "10.0.0.1");
    s.project(1, "amd64");
    assert_eq!(problems_after(&mut s, 6), [""; 0]);
    let mut s = Situation::new();
    s.ubuntu().max = Some(0);
    s.project(1, "amd64");
    assert_eq!(problems_after(&mut s, 6), [""; 0]);
}

#[test]
fn l6_a_job_that_waits_beside_ever_new_idle_nodes_is_a_problem_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.project(1, "amd64");
    let mut told = Vec::new();
    for minute in 0..18 {
        if minute % 4 == 0 {
            s.nodes().retain(|node| node.kind == NodeKind::BuiltIn);
            s.nodes().push(Node { labels: names(&["amd64"]), ..agent(&format!("box-{minute}")) });
        }
        let plan = s.plan();
        assert!(plan.actions.is_empty(), "{}", whole(&plan));
        told.extend(plan.problems.into_iter().map(|problem| (minute, problem.place, problem.error)));
        s.run().after("1m");
    }
    assert_eq!(told.iter().map(|(minute, ..)| *minute).collect::<Vec<_>>(), [15, 16, 17], "{told:?}");
    let (_, place, error) = &told[0];
    assert_eq!(place, "job job1 (1)");
    let expected =
        "idle_executor (needs amd64: node box-12 has an idle executor) for 15m: each run saw an idle executor";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn l6_a_job_that_waits_at_a_limit_which_a_server_in_doubt_fills_is_a_problem_after_a_quarter_of_an_hour() {
    type Limit = fn(&mut Situation);
    let limits: [(Limit, &str); 4] = [
        (|s| s.ubuntu().max = Some(1), "limit: needs amd64: node type ubuntu has its max of 1"),
        (|s| s.config.max_servers = 1, "limit: needs amd64: max_servers 1 is reached"),
        (|s| s.config.providers[0].max = Some(1), "limit: needs amd64: provider os has its max of 1"),
        (
            |s| s.cloud("os").quota = Some(full()),
            "quota: needs amd64: the quota of provider os has no room for ubuntu: instances (7 of 7 in use)",
        ),
    ];
    let never_joined: Limit = |s| {
        s.active("s1", "ubuntu", "10.0.0.1");
    };
    let renamed: Limit = |s| {
        s.joined("s1", "10.0.0.1");
        s.run().after("1m");
        s.lose_node("ubuntu+10.0.0.1");
    };
    for (limit, blocked) in limits {
        for (server, evidence) in [(never_joined, "active for"), (renamed, "its node is missing")] {
            for (waits, busy) in [(true, true), (false, true), (true, false)] {
                let mut s = Situation::new();
                limit(&mut s);
                server(&mut s);
                s.nodes().push(Node { idle: !busy, idle_executors: u32::from(!busy), ..agent("eve") });
                s.node("eve").labels = names(&["amd64", "eve"]);
                s.minutes(40);
                if waits {
                    s.project(1, "amd64");
                }
                assert_eq!(s.plan().problems, [], "{blocked}");
                s.run().minutes(15);
                let plan = s.plan();
                let told = usize::from(waits && busy);
                assert_eq!(plan.problems.len(), told, "{blocked}, {waits}, {busy}: {}", whole(&plan));
                if told == 1 {
                    let shown = whole(&plan);
                    let rows: Vec<&str> = shown.lines().collect();
                    assert!(rows[0].starts_with(&format!("! server ubuntu (s1): {evidence}")), "{shown}");
                    assert!(rows[0].contains("node eve may be it and runs a build"), "{shown}");
                    assert!(rows[0].contains("the room for a server that a job waits for, for 15m: if that node"));
                    assert_eq!(rows[1], format!("  job 1  job1  {blocked}"));
                    assert!(rows[2].starts_with("  node eve  not_ours: "), "{shown}");
                    assert!(rows[3].starts_with("  server s1  ubuntu  other_name: "), "{shown}");
                }
            }
        }
    }
}

/// A server that never joined, beside an agent of a person with the name of its type: it works, or is held.
fn beside_an_agent_of_a_person(is_busy: bool) -> Situation {
    let mut s = Situation::new();
    s.ubuntu().max = Some(1);
    s.active("s1", "ubuntu", "10.0.0.1");
    s.nodes().push(Node { labels: names(&["db", "ubuntu"]), ..agent("ubuntu") });
    let node = s.node("ubuntu");
    if is_busy {
        (node.idle, node.idle_executors) = (false, 0);
    } else {
        node.presence = set_offline(USER, "mine");
    }
    s
}

#[test]
fn l6_an_agent_of_a_person_with_the_name_of_a_type_fills_a_limit_in_silence_for_a_quarter_of_an_hour() {
    for (is_busy, why) in [(true, "node ubuntu runs a build"), (false, "a person set node ubuntu offline: \"mine\"")] {
        let mut s = beside_an_agent_of_a_person(is_busy);
        assert_eq!(problems_after(&mut s, 40), [""; 0], "{why}");
        s.project(1, "amd64");
        s.run();
        assert_eq!(problems_after(&mut s, 3), [""; 0], "{why}");
        let problems = problems_after(&mut s, 2);
        let expected =
            format!("{why}, and it takes up the room for a server that a job waits for, for 15m: if that node");
        assert!(problems.len() == 1 && problems[0].contains(&expected), "{problems:?}");
    }
}

/// What is a problem after so many hours.
fn problems_after_hours(s: &mut Situation, hours: u32) -> Vec<String> {
    (0..hours).for_each(|_| _ = s.after("1h").run());
    s.plan().problems.iter().map(|problem| format!("{}: {}", problem.place, problem.error)).collect()
}

#[test]
fn l6_a_hold_that_only_mita_remembers_or_that_names_nobody_or_of_a_node_that_is_not_clearly_a_servers_own_is_a_problem_after_a_day()
 {
    let held = || {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = set_offline(USER, "disk swap");
        s.run();
        s
    };
    let hidden = || {
        let mut s = held();
        s.world.jenkins.session = Some("two".to_owned());
        s.node("ubuntu+10.0.0.1").presence = Presence::Disconnected;
        s
    };
    let without_server = |mut s: Situation| {
        s.run();
        s.lose_server("s1");
        s.run();
        s
    };
    let of_class = |class: &str| {
        let mut s = Situation::new();
        s.joined("s1", "10.0.0.1").presence = set_offline(class, "");
        s
    };
    let nameless = of_class("");
    let unknown = of_class("org.jenkinsci.plugins.inodesnodemonitor.InodesMonitor$Inodes");
    let mut renamed = held();
    renamed.rename("ubuntu+10.0.0.1", "keep");
    let remembered = "if nobody holds that node any more, run mita release NODE, or delete the node in Jenkins";
    let shown = "end the hold in Jenkins if nobody needs it any more, or rename or delete the node there";
    let cases = [
        (hidden(), remembered),
        (without_server(hidden()), remembered),
        (without_server(held()), shown),
        (nameless, remembered),
        (unknown, remembered),
        (renamed, shown),
        (beside_an_agent_of_a_person(false), shown),
    ];
    for (mut s, cure) in cases {
        s.run();
        assert_eq!(problems_after_hours(&mut s, 23), [""; 0]);
        // A node under another name keeps the server once that would be removed.
        let problems = problems_after_hours(&mut s, 3);
        assert!(problems.len() == 1 && problems[0].ends_with(cure), "{problems:?}");
    }
    assert_eq!(problems_after_hours(&mut held(), 72), [""; 0], "an ordinary hold");
}

#[test]
fn s4_a_server_that_was_in_error_before_its_deletion_counts_until_it_is_gone() {
    let mut s = Situation::new();
    s.config.max_servers = 1;
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Error;
    let since = s.now;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Error, since, step: RetirementStep::ServerDeleted });
    s.project(1, "amd64");
    assert!(!s.plan().actions.iter().any(|action| action.is_order()), "{}", whole(&s.plan()));
}
