//! What a person does with one node: hold it, release it, have it retired.

use crate::harness::{Installation, Setup, TRUSTY, minutes, seconds};
use mita::domain::rule::Rule;
use mita::operator::{Answer, Consent, Ended, Request};
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, JoinRule, Kind, Service, World};

const RELEASE: Request = Request::Release;
const RETIRE: Request = Request::Retire { when_idle: false };
const RETIRE_WHEN_IDLE: Request = Request::Retire { when_idle: true };

fn hold(reason: &str) -> Request {
    Request::Hold { reason: Some(reason.to_owned()) }
}

#[track_caller]
fn assert_ended(answer: &Answer, ended: Ended, words: &str) {
    assert_eq!(answer.ended, ended, "{}", answer.reason);
    assert!(answer.reason.contains(words), "{}", answer.reason);
}

/// What Jenkins shows as the reason of a node that is set offline.
fn cause(it: &Installation, node: &str) -> Option<String> {
    let jenkins = it.sim.jenkins();
    let node = jenkins.nodes.iter().find(|known| known.name == node).expect("the node");
    node.temporarily_offline.then(|| node.mark.as_ref().map_or(String::new(), |mark| mark.message.clone()))
}

#[test]
fn s7_a_node_that_was_held_by_hand_stays_until_it_is_released_by_hand() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let answer = it.by_hand(&node, &hold("disk swap : <ask> me & \"only\" me"));
    assert_ended(&answer, Ended::Done, &format!("until `mita release {node}`"));
    assert_eq!(answer.server_id.as_ref().map(|id| id.as_str()), Some(it.server().id.as_str()));
    let shown = cause(&it, &node).expect("a cause");
    assert!(shown.starts_with("held by adeza with mita: disk swap <ask> me"), "{shown}");
    for _ in 0..15 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Node, &node), Rule::Held);
        it.sim.advance(minutes(4));
    }
    assert_ended(&it.by_hand(&node, &Request::Hold { reason: None }), Ended::AlreadySo, "disk swap");
    assert_ended(&it.by_hand(&node, &RELEASE), Ended::Done, "takes builds again");
    assert_eq!(cause(&it, &node), None);
    it.minutes(10).did_nothing();
    it.minutes_until(2, "the node goes after a new grace time", |it| it.nodes().is_empty());
}

#[test]
fn s7_a_hold_by_hand_is_remembered_before_any_run_and_outlives_the_connection() {
    let it = Setup::trusty().jenkins(|jenkins| jenkins.version = Version::new(2, 481)).with_idle_node();
    let node = it.node();
    it.by_hand(&node, &hold("mine"));
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "gone for lunch");
    for _ in 0..40 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.rule(Subject::Node, &node), Rule::Held, "{}", run.story());
    }
}

#[test]
fn a_hold_that_jenkins_did_not_take_leaves_everything_as_it_was() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let fault = Fault::new(Service::Jenkins, Kind::Html(500)).method("POST").path("changeOfflineCause").always();
    let fault = it.sim.numbered_fault(fault);
    assert_ended(&it.by_hand(&node, &hold("mine")), Ended::Failed, "500");
    it.sim.mend(fault);
    assert_eq!(it.minute().rule(Subject::Node, &node), Rule::Kept);
}

#[test]
fn an_idle_node_is_retired_at_once_and_nothing_else_is_done() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::freestyle("rpm-build").label("centos"));
    let before = it.orders();
    let answer = it.by_hand(&node, &RETIRE);
    assert_ended(&answer, Ended::Done, "its server is being deleted");
    assert_eq!((it.nodes().len(), it.servers().len(), it.orders()), (0, 0, before));
    it.minutes(3).did_nothing();
}

#[test]
fn l4_a_retirement_by_hand_that_was_cut_off_is_finished_by_the_next_run() {
    for (service, method, part) in [
        (Service::Jenkins, "POST", "changeOfflineCause"),
        (Service::Jenkins, "POST", "doDelete"),
        (Service::Nova, "DELETE", "/servers/"),
    ] {
        for kind in [Kind::DropBefore, Kind::DropAfter] {
            let it = Setup::trusty().with_idle_node();
            let node = it.node();
            it.sim.fault(Fault::new(service, kind).method(method).path(part));
            let answer = it.by_hand(&node, &RETIRE);
            assert_ended(&answer, Ended::Failed, "the next run goes on with it");
            it.minute();
            assert_eq!((it.nodes().len(), it.servers().len()), (0, 0), "{method} {part}");
            it.minutes(3).did_nothing();
        }
    }
}

#[test]
fn s1_a_busy_node_is_not_retired_for_the_asking() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(5)));
    let before = it.files();
    assert_ended(&it.by_hand(&node, &RETIRE), Ended::Refused, "--when-idle");
    assert_eq!(it.files()[&it.state_file()], before[&it.state_file()], "nothing is remembered of it");
    it.minutes(8);
    assert_eq!((it.killed(), it.nodes()), (vec![], vec![node]));
}

#[test]
fn s1_a_build_that_arrives_while_a_node_is_retired_by_hand_stops_it() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let name = node.clone();
    let arrives = move |world: &mut World| {
        world.jenkins.occupy(&name, Job::freestyle("quick").lasting(minutes(3)));
    };
    let fault = Fault::new(Service::Jenkins, Kind::Before(Box::new(arrives)));
    it.sim.fault(fault.method("POST").path("changeOfflineCause"));
    assert_ended(&it.by_hand(&node, &RETIRE), Ended::Refused, "build");
    it.minutes(6);
    assert_eq!((it.killed(), it.nodes()), (vec![], vec![node]), "and it is not asked for any more");
}

#[test]
fn s1_a_busy_node_takes_no_further_build_and_goes_once_it_is_idle_if_that_was_asked() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(5)));
    it.sim.jenkins().submit(Job::freestyle("next").label("trusty").lasting(minutes(1)));
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::Remembered, "no further build");
    let first = it.minute();
    first.did(&["create_server trusty demand done"]);
    assert!(first.verdict(Subject::Node, &node).reason.contains("adeza asked for it"), "{}", first.story());
    let retired = format!("retire_node {node} asked done");
    it.minutes_until(8, "the node is retired", |it| it.minute().lines().contains(&retired));
    assert_eq!(it.killed(), [""; 0]);
    it.minutes(3);
    assert_eq!(it.built(), ["first", "next", "long"], "the other job had a server of its own");
}

#[test]
fn s1_a_node_that_a_resuming_pipeline_waits_for_is_retired_once_the_pipeline_has_run_there() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::pipeline("deploy").label("trusty").lasting(minutes(4)));
    it.minutes(2);
    it.sim.jenkins().restart(minutes(1), minutes(3));
    it.minutes(3);
    let before = it.files();
    assert_ended(
        &it.by_hand(&node, &RETIRE),
        Ended::Refused,
        "a pipeline waits for this very node: `mita retire --when-idle",
    );
    assert_eq!(it.files()[&it.state_file()], before[&it.state_file()], "nothing is remembered of it");
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::Remembered, "a pipeline waits for this very node");
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::AlreadySo, "adeza asked for it");
    it.minutes(3);
    assert_eq!(it.sim.jenkins().running_on(&node).len(), 1, "it goes on where it was");
    it.minutes_until(6, "the node is retired", |it| it.nodes().is_empty());
    assert_eq!((it.killed(), it.orders()), (vec!["deploy".to_owned()], 1), "ended by the restart alone");
    assert!(it.built().contains(&"deploy".to_owned()));
}

#[test]
fn what_was_asked_can_be_taken_back() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(3)));
    it.by_hand(&node, &RETIRE_WHEN_IDLE);
    it.minute().did_nothing();
    assert_ended(&it.by_hand(&node, &RELEASE), Ended::Done, "takes builds again");
    it.minutes(8).did_nothing();
    assert_eq!(it.nodes(), [node]);
}

#[test]
fn s7_a_hold_ends_what_was_asked() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("long").lasting(minutes(3)));
    it.by_hand(&node, &RETIRE_WHEN_IDLE);
    assert_ended(&it.by_hand(&node, &hold("wait")), Ended::Done, "goes on");
    for _ in 0..10 {
        it.minute().did_nothing();
    }
    assert_ended(&it.by_hand(&node, &RETIRE), Ended::Refused, &format!("`mita release {node}` first"));
    it.by_hand(&node, &RELEASE);
    it.minute().did_nothing();
}

#[test]
fn a_node_without_connection_goes_at_once_where_a_person_asks_for_it() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "no route to host");
    it.minute().did_nothing();
    assert_ended(&it.by_hand(&node, &RETIRE), Ended::Done, "deleted");
    assert!(it.servers().is_empty());
}

#[test]
fn s2_somebody_elses_node_is_left_alone_whatever_is_asked() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().add_agent("vault", "signing", 1);
    for request in [hold("x"), RELEASE, RETIRE, RETIRE_WHEN_IDLE] {
        let before = it.sim.requests().len();
        assert_ended(&it.by_hand("vault", &request), Ended::Refused, "mita did not make it");
        assert_ended(&it.by_hand("Built-In Node", &request), Ended::Refused, "the built-in node");
        assert!(it.sim.requests().split_off(before).iter().all(|r| r.service != Service::Jenkins || !r.is_write()));
    }
    it.sim.jenkins().disconnect("vault", CauseKind::User, "mine");
    let how = "): change it in Jenkins: end the hold, or rename or delete the node";
    assert_ended(&it.by_hand("vault", &RELEASE), Ended::Refused, how);
}

#[test]
fn what_a_monitor_or_mita_itself_set_offline_no_release_brings_back() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    assert_ended(&it.by_hand(&node, &RELEASE), Ended::AlreadySo, "online");
    it.sim.jenkins().monitor_marks(&node, "Disk space is too low.");
    assert_ended(&it.by_hand(&node, &RELEASE), Ended::Refused, "Disk space is too low.");
    assert!(cause(&it, &node).is_some());
}

#[test]
fn s3_while_its_cloud_cannot_be_read_a_node_is_not_retired_and_the_cause_is_told() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(503)).method("GET").path("/servers/detail").always());
    let answer = it.by_hand(&node, &RETIRE);
    assert_ended(&answer, Ended::Failed, "provider openstack gave no answer about it, so nothing is done");
    assert_ended(&answer, Ended::Failed, "once it answers (cannot list the servers: the compute service answered 503");
}

#[test]
fn a_server_that_is_gone_once_it_is_looked_at_is_not_said_to_be_being_deleted() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let gone = r#"{"itemNotFound": {"code": 404, "message": "Instance could not be found."}}"#;
    let id = it.servers()[0].id.clone();
    it.sim.fault(Fault::new(Service::Nova, Kind::Status(404, gone.into())).method("GET").path(&id).always());
    assert_ended(&it.by_hand(&node, &RETIRE), Ended::Done, "its server is gone or being deleted already");
}

#[test]
fn s3_without_the_list_of_nodes_nothing_is_done() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(500)).method("GET").path("/computer/api/json").always());
    for request in [hold("x"), RELEASE, RETIRE, RETIRE_WHEN_IDLE] {
        let before = it.sim.requests().len();
        assert_ended(&it.by_hand(&node, &request), Ended::Failed, "500");
        assert!(
            it.sim
                .requests()
                .split_off(before)
                .iter()
                .all(|request| request.service != Service::Jenkins || !request.is_write())
        );
    }
}

#[test]
fn a_node_of_two_executors_is_asked_for_while_one_is_free() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nexecutors = 2").start();
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(10), TRUSTY).executors(2));
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(6)));
    it.minutes(4);
    let node = it.node();
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::Remembered, "idle");
    it.sim.jenkins().submit(Job::freestyle("next").label("trusty").lasting(minutes(1)));
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(10);
    assert!(!it.nodes().contains(&node));
    assert_eq!((it.killed(), it.built().len()), (vec![], 2));
}

#[test]
fn the_commands_say_what_they_did_and_end_with_a_status_of_their_own() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().add_agent("vault", "signing", 1);
    let unknown = it.program(&["hold", "trusty+192.168.1.11"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (1, ""));
    let words = format!("hold trusty+192.168.1.11: Jenkins has no node of this name; similar: {node}");
    assert!(unknown.stderr.contains(&words), "{}", unknown.stderr);
    let unknown = it.program(&["hold", "xyz"]).stderr;
    assert!(unknown.contains("no node of this name; `mita status servers` lists the nodes"), "{unknown}");
    let refused = it.program(&["retire", "vault"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (3, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("retire vault: mita did not make it ("), "{}", refused.stderr);
    let held = it.program(&["hold", &node, "--reason", "mine", "--output", "json"]);
    assert_eq!(held.status, 0, "{}", held.stderr);
    let document: serde_json::Value = serde_json::from_str(&held.stdout).expect("JSON");
    assert_eq!((document["outcome"].as_str(), document["command"].as_str()), (Some("done"), Some("hold")));
    let lock = mita::store::Store::lock(&it.state_file()).expect("the lock");
    let busy = it.program(&["release", &node]);
    assert_eq!(busy.status, 4);
    assert!(busy.stderr.contains("another run is active"), "a person reads this: {}", busy.stderr);
    // A run that ends meanwhile is waited for.
    let ends = std::thread::spawn(move || {
        a_moment();
        drop(lock);
    });
    assert_eq!(it.program(&["pause", "--type", "trusty"]).status, 0);
    ends.join().expect("the other run");
    assert_eq!(it.program(&["resume"]).status, 0);
    let released = it.program(&["release", &node]);
    assert_eq!(released.status, 0, "{}", released.stderr);
    assert!(released.stdout.starts_with(&format!("release {node}: takes builds again; ")), "{}", released.stdout);
}

#[expect(clippy::disallowed_methods, reason = "the lock of another process has no simulated clock")]
fn a_moment() {
    std::thread::sleep(std::time::Duration::from_secs(1));
}

#[test]
fn s4_a_request_that_finds_the_state_unreadable_leaves_the_wait_to_the_runs_that_follow() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    std::fs::write(it.state_file(), "{\"version\": 1, \"own").expect("its own folder");
    let answer = it.by_hand(&node, &RETIRE);
    assert_ended(&answer, Ended::Refused, "settling");
    assert_eq!(it.state()["settling"]["cause"], "state_unreadable");
    let run = it.minute();
    run.did_nothing();
    assert_eq!(run.rule(Subject::Node, &node), Rule::Kept);
}

#[test]
fn s1_a_build_is_ended_only_if_a_person_says_so() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("stuck").lasting(minutes(1_000)));
    it.minute();
    let asked = it.program(&["retire", &node, "--force"]);
    assert_eq!(asked.status, 2, "{}", asked.stderr);
    assert!(asked.stderr.contains("stuck #1") && asked.stderr.contains("--yes"), "{}", asked.stderr);
    assert_eq!(it.killed(), [""; 0]);
    it.sim.world().rules.builds_may_end_on.push(node.clone());
    assert_eq!(it.command(&["retire", &node, "--force", "--yes"]), 0);
    assert_eq!(it.killed().len(), 1);
    let history = it.program(&["history", &node]).stdout;
    assert!(history.contains("forced: ends stuck #1"), "{history}");
    it.minutes_until(3, "its server goes", |it| it.servers().is_empty());
    let history = it.program(&["history", &node]).stdout;
    assert!(history.contains("asked for it at 20") && !history.contains("drain_resumed"), "{history}");
}

#[test]
fn a_forced_retirement_ends_what_runs_on_a_node_that_was_deleted_in_jenkins() {
    for version in [Version::lts(2, 426, 3), Version::lts(2, 528, 1)] {
        let it = Setup::trusty().jenkins(|jenkins| jenkins.version = version).with_idle_node();
        let node = it.node();
        it.sim.jenkins().occupy(&node, Job::freestyle("stuck").lasting(minutes(1_000)));
        it.sim.jenkins().delete_node_lingering(&node);
        it.sim.world().rules.builds_may_end_on.push(node.clone());
        it.minute();
        assert_eq!(it.command(&["retire", &node, "--force", "--yes"]), 0, "{version}");
        it.minutes_until(10, "the server goes", |it| it.servers().is_empty());
    }
}

#[test]
fn a_person_who_does_not_want_to_end_a_build_is_told_that_nothing_is_done() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("stuck").lasting(minutes(1_000)));
    it.minute();
    let line = format!("$MITA --config {} retire {node} --force; echo ended $?", it.config_file().display());
    let mut terminal = it.terminal(&line);
    terminal.expect(&format!("{node} runs stuck #1"));
    terminal.answer("End it, and delete the node and its server? [y/N] ", "n");
    terminal.expect("nothing is done");
    terminal.expect("ended 3");
    assert_eq!(it.killed(), [""; 0]);
}

#[test]
fn a_node_that_is_not_there_is_told_as_such_whatever_is_to_be_done_to_it() {
    let it = Setup::trusty().start();
    for options in [&[][..], &["--force"], &["--force", "--yes"], &["--when-idle"]] {
        let ended = it.program(&[&["retire", "trusty+10.0.0.9"], options].concat());
        assert_eq!(ended.status, 1, "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("Jenkins has no node of this name"), "{options:?}: {}", ended.stderr);
    }
}

#[test]
fn while_everything_is_paused_the_status_announces_no_removal() {
    let it = Setup::trusty().with_idle_node();
    // The program has the real time, at which no run was made yet.
    assert_eq!(it.program(&["reconcile"]).status, 0);
    assert!(it.program(&["status"]).stdout.contains("retired at "), "without a pause");
    it.command(&["pause"]);
    let status = it.program(&["status", "-o", "wide"]).stdout;
    assert!(status.contains("Paused") && !status.contains("retired"), "{status}");
}

#[test]
fn a_status_for_another_program_is_not_cut() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().submit(Job::freestyle(&"a-long-name-".repeat(20)).label(&"label-".repeat(30)));
    let status = it.program(&["status"]).stdout;
    assert!(status.contains(&"a-long-name-".repeat(20)) && !status.contains('…'), "{status}");
}

#[test]
fn s3_a_cloud_that_cannot_be_seen_is_not_shown_as_an_empty_one() {
    let it = Setup::trusty().with_idle_node();
    it.sim.fault(Fault::new(Service::Keystone, Kind::Status(503, "{}".into())).always());
    let status = it.program(&["status"]).stdout;
    assert!(status.contains("servers, without those of openstack, which cannot be seen; Jenkins has"), "{status}");
}

#[test]
fn a_node_whose_agent_died_under_a_build_is_shown_with_its_age() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::pipeline("stuck").lasting(minutes(1_000)));
    it.minute();
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    it.minute();
    let run = it.minutes(20);
    let reason = &run.verdict(Subject::Node, &node).reason;
    assert!(reason.contains("has had no connection for 20m"), "{reason}");
    assert!(reason.contains(&format!("mita retire --force {node}")), "{reason}");
}

#[test]
fn an_order_or_a_server_is_as_good_a_name_as_that_of_its_node_once_it_has_one() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(60)));
    it.run();
    let order = it.state()["servers"].as_object().expect("the servers").keys().next().expect("an order").clone();
    let answer = it.by_hand(&order, &hold("look"));
    assert_ended(&answer, Ended::Failed, "its server has no node in Jenkins: if it is still to join");
    assert!(answer.reason.contains("`mita pause --type trusty`"), "{}", answer.reason);
    let silence = it.sim.numbered_fault(Fault::new(Service::Keystone, Kind::Status(503, "{}".into())).always());
    assert_ended(
        &it.by_hand(&order, &hold("look")),
        Ended::Failed,
        "provider openstack gave no answer about its server",
    );
    it.sim.mend(silence);
    it.minutes_until(10, "its node is there", |it| !it.nodes().is_empty());
    it.minute();
    let node = it.node();
    assert_ended(&it.by_hand(&order, &hold("look")), Ended::Done, &format!("until `mita release {node}`"));
    assert_eq!(cause(&it, &node).as_deref(), Some("held by adeza with mita: look"));
    let server = it.server().id;
    assert_ended(&it.by_hand(&server, &hold("look")), Ended::AlreadySo, "it is held by adeza already: look");
    assert_ended(&it.by_hand(&server, &RELEASE), Ended::Done, "takes builds again");
    let answer = it.by_hand(&server, &Request::EndBuild(Consent::GivenForThisName));
    assert!(matches!(answer.ended, Ended::NoSuchNode(_)), "nobody was asked about the builds of that node");
}

#[test]
fn who_asked_for_a_retirement_is_told_until_it_is_done() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(30)));
    it.minutes_until(5, "a build runs", |it| {
        it.sim.jenkins().nodes.iter().any(|known| !known.idle() && !known.is_built_in())
    });
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::Remembered, "takes no further build");
    it.sim.advance(minutes(5));
    let run = it.run();
    let told = run.report.plan.verdicts.iter().find(|verdict| verdict.rule == Rule::Busy).expect("a busy server");
    assert!(told.reason.contains("retired as soon as it is idle: adeza asked for it at 20"), "{}", told.reason);
    assert_ended(&it.by_hand(&node, &RETIRE_WHEN_IDLE), Ended::AlreadySo, "adeza asked for it 5m ago");
}

#[test]
fn a_server_that_a_person_has_retired_is_not_had_back_without_a_job() {
    let it = Setup::trusty().top("idle_grace = \"auto\"").with_idle_node();
    assert_ended(&it.by_hand(&it.node(), &RETIRE), Ended::Done, "is gone from Jenkins");
    it.minutes(4);
    assert_eq!(it.orders(), 1, "for the first job");
}
