//! Nodes that mita makes itself: for servers that Jenkins connects to, and for servers whose agents call in.

use crate::harness::{Installation, Run, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::Mode;
use mita_sim::jenkins::queue::Job;
use mita_sim::jenkins::{Permission, User, Version};
use mita_sim::openstack::Fate;
use mita_sim::{Fault, Kind, Service};

const SSH: &str = "labels = \"amd64 trusty\"\nregister = \"ssh\"\ncredentials_id = \"jenkins-agent\"";

const INBOUND: &str = "labels = \"amd64 trusty\"\nregister = \"inbound\"\n\
    script = \"#!/bin/sh\\nstart ${JENKINS_URL} ${MITA_AGENT_NAME} ${MITA_AGENT_SECRET} ${MITA_AGENT_OPTIONS}\\n\"";

fn ssh() -> Setup {
    Setup::new().node("trusty", SSH)
}

fn inbound() -> Setup {
    Setup::new().node("trusty", INBOUND)
}

fn job(name: &str) -> Job {
    Job::freestyle(name).label("amd64 && trusty").lasting(minutes(2))
}

/// An installation with a job, after the run that ordered a server for it.
fn ordered(setup: Setup) -> (Installation, Run) {
    let farm = setup.start();
    farm.sim.jenkins().submit(job("ceph-build"));
    let run = farm.minute();
    (farm, run)
}

/// The user data that the one server was given.
fn user_data(farm: &Installation) -> String {
    String::from_utf8(farm.server().user_data.expect("user data")).expect("UTF-8")
}

/// What the agent of the one server has to show.
fn secret(farm: &Installation) -> String {
    let node = farm.server().name;
    farm.sim.jenkins().agent_secret(&node)
}

#[test]
fn a_node_for_ssh_is_made_with_the_floating_ip_of_its_server() {
    let (farm, _) = ordered(Setup::new().node("trusty", &format!("{SSH}\nfloating_ip_pool = \"public\"")));
    farm.minutes_until(6, "its node is there", |farm| !farm.nodes().is_empty());
    let address = farm.sim.cloud("openstack").floating_ips[0].address.clone();
    assert_eq!(farm.nodes(), [format!("trusty+{address}")]);
    farm.minutes_until(8, "built", |farm| farm.built() == ["ceph-build"]);
}

#[test]
fn a_server_that_runs_gets_its_node_by_ssh_works_and_is_retired_with_it() {
    let lines = "mode = \"exclusive\"\nremote_fs = \"/srv/agent\"\nexecutors = 2\nssh_port = 2222\n\
                 host_key_verification = \"non-verifying\"\nenvironment = { CCACHE_DIR = \"/cache\" }";
    let (farm, first) = ordered(Setup::new().node("trusty", &format!("{SSH}\n{lines}")));
    first.did(&["create_server trusty demand done"]);
    let second = farm.minute();
    let address = farm.server().addresses[0].addr.clone();
    let name = format!("trusty+{address}");
    second.did(&[&format!("create_node {name} register done")]);
    let verdict = second.verdict(Subject::Server, "trusty");
    assert!(verdict.rule == Rule::Connecting && verdict.reason.ends_with("; its node is made now"), "{verdict:?}");
    {
        let jenkins = farm.sim.jenkins();
        let node = jenkins.node(&name).expect("the node");
        assert_eq!((node.labels.as_str(), node.executors.len(), node.mode), ("amd64  trusty", 2, Mode::Exclusive));
        assert_eq!(
            (node.remote_fs.as_str(), &node.environment[..]),
            ("/srv/agent", &[("CCACHE_DIR".into(), "/cache".into())][..])
        );
        let target = node.ssh.as_ref().expect("an SSH launcher");
        assert_eq!(
            (target.host.as_str(), target.port, target.credentials.as_str()),
            (address.as_str(), 2222, "jenkins-agent")
        );
        assert_eq!(target.verifier, "NonVerifyingKeyVerificationStrategy");
    }
    farm.minutes_until(40, "the server is gone", |farm| farm.servers().is_empty());
    assert_eq!((farm.built(), farm.orders()), (vec!["ceph-build".to_owned()], 1));
    assert_eq!(farm.nodes(), [""; 0]);
    farm.minutes(2).did_nothing();
}

#[test]
fn an_agent_that_calls_in_gets_its_node_before_its_server_and_its_secret_with_it() {
    let (farm, first) = ordered(inbound());
    let server = farm.server();
    let name = server.name.clone();
    first.did(&["create_server trusty demand done", &format!("create_node {name} register done")]);
    assert_eq!(name, format!("trusty-{}", server.metadata["mita_id"]));
    let secret = farm.sim.jenkins().agent_secret(&name);
    let url = farm.sim.jenkins_url();
    assert_eq!(user_data(&farm), format!("#!/bin/sh\nstart {url}/ {name} {secret} -webSocket\n"));
    let posts: Vec<usize> = ["computer/doCreateItem", "/servers"]
        .map(|path| {
            first.requests.iter().position(|r| r.method == "POST" && r.path.ends_with(path)).expect("a request")
        })
        .into();
    assert!(posts[0] < posts[1], "the node is there before its server");
    farm.minutes_until(40, "the server is gone", |farm| farm.servers().is_empty());
    assert_eq!((farm.built(), farm.orders()), (vec!["ceph-build".to_owned()], 1));
    assert_eq!(farm.nodes(), [""; 0]);
    farm.minutes(2).did_nothing();
}

#[test]
fn an_agent_over_tcp_is_told_no_web_socket_and_an_old_jenkins_has_the_older_start_file() {
    let setup = Setup::new().node("trusty", &format!("{INBOUND}\nweb_socket = false"));
    let (farm, _) = ordered(setup.jenkins(|options| options.version = Version::new(2, 263)));
    let secret = secret(&farm);
    assert!(user_data(&farm).ends_with(&format!("{secret} \n")), "{}", user_data(&farm));
}

#[test]
fn s9_the_secret_of_an_agent_is_in_no_file_plan_record_or_log() {
    let farm = inbound().start();
    farm.sim.jenkins().submit(job("ceph-build"));
    let (run, record) = farm.recorded_run();
    let secret = secret(&farm);
    assert!(user_data(&farm).contains(&secret));
    let mut texts = vec![run.story(), format!("{:?}", run.report.plan), serde_json::to_string(&record).expect("JSON")];
    texts.extend(farm.files().into_values().map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned()));
    for text in texts {
        assert!(!text.contains(&secret), "{text}");
    }
}

#[test]
fn s5_the_node_of_an_order_that_was_refused_is_taken_back_in_the_same_run() {
    let farm = inbound().start();
    let full =
        r#"{"forbidden":{"code":403,"message":"Quota exceeded for instances: Requested 1, but already used 2"}}"#;
    let fault = Fault::new(Service::Nova, Kind::Status(403, full.into())).method("POST").path("/servers");
    farm.sim.fault(fault);
    farm.sim.jenkins().submit(job("ceph-build"));
    let run = farm.minute();
    assert_eq!(run.lines()[0], "create_server trusty demand refused", "{}", run.story());
    assert_eq!((farm.nodes(), farm.servers().len()), (vec![], 0), "{}", run.story());
    assert_eq!(farm.state()["servers"], serde_json::json!({}));
}

#[test]
fn s5_the_node_of_an_order_that_was_lost_is_removed_after_the_order_timeout() {
    let farm = inbound().top("order_timeout = \"2m\"").start();
    farm.sim.fault(Fault::new(Service::Nova, Kind::DropBefore).method("POST").path("/servers"));
    farm.sim.jenkins().submit(job("ceph-build"));
    let run = farm.minute();
    assert_eq!(run.lines()[0], "create_server trusty demand unknown", "{}", run.story());
    let lost = farm.node();
    assert_eq!(farm.minute().rule(Subject::Node, &lost), Rule::Ordered);
    let given_up = farm.minute();
    assert_eq!(given_up.rule(Subject::Node, &lost), Rule::Gone, "{}", given_up.story());
    assert_eq!(given_up.orders(), 1, "the job gets another server");
    let removed = farm.minute();
    assert!(removed.lines().contains(&format!("delete_node {lost} no_server done")), "{}", removed.story());
    farm.minutes_until(40, "all is over", |farm| farm.servers().is_empty() && farm.nodes().is_empty());
    assert_eq!(farm.built(), ["ceph-build"]);
}

#[test]
fn s6_the_node_of_an_order_is_known_by_its_mark_after_the_state_was_lost() {
    let farm = inbound().top("order_timeout = \"2m\"").start();
    farm.sim.fault(Fault::new(Service::Nova, Kind::DropBefore).method("POST").path("/servers"));
    farm.sim.jenkins().submit(job("ceph-build"));
    farm.minute();
    let lost = farm.node();
    std::fs::remove_file(farm.state_file()).expect("a state file");
    let next = farm.minute();
    assert_eq!(next.rule(Subject::Node, &lost), Rule::Ordered, "{}", next.story());
    let last = farm.minute();
    assert!(last.lines().contains(&format!("delete_node {lost} no_server done")), "{}", last.story());
}

#[test]
fn s2_a_copy_of_a_node_that_mita_made_is_its_copiers() {
    let (farm, _) = ordered(inbound());
    farm.minutes_until(40, "all is over", |farm| farm.nodes().is_empty() && farm.built().len() == 1);
    {
        let mut jenkins = farm.sim.jenkins();
        let mut copy = mita_sim::jenkins::nodes::Node::new("trusty-copy", "amd64 trusty", 1);
        let words = "made by mita: owner=ceph-ci type=trusty order=20260105T080000Z-1 node=trusty-20260105T080000Z-1";
        copy.description = Some(words.into());
        jenkins.add_node(copy);
        let mut others = mita_sim::jenkins::nodes::Node::new("trusty-x", "amd64 trusty", 1);
        let words = "made by mita: owner=other-ci type=trusty order=20260105T080000Z-1 node=trusty-x";
        others.description = Some(words.into());
        jenkins.add_node(others);
    }
    let run = farm.minutes(8);
    run.did_nothing();
    assert_eq!(run.rule(Subject::Node, "trusty-copy"), Rule::NotOurs);
    assert_eq!(run.verdict(Subject::Node, "trusty-x").reason, "another installation of mita made it");
}

#[test]
fn a_node_that_was_made_though_the_answer_was_lost_is_known_again() {
    for (fault, then) in [(Kind::DropAfter, "done"), (Kind::DoneBut(500), "done"), (Kind::DropBefore, "failed")] {
        let (farm, _) = ordered(ssh());
        farm.sim.fault(Fault::new(Service::Jenkins, fault).method("POST").path("doCreateItem"));
        let run = farm.minute();
        let line = &run.lines()[0];
        assert!(line.starts_with("create_node trusty+") && line.ends_with(then), "{}", run.story());
        farm.minutes_until(40, "the server is gone", |farm| farm.built().len() == 1 && farm.servers().is_empty());
        assert_eq!((farm.nodes().len(), farm.orders()), (0, 1));
    }
}

#[test]
fn s2_a_node_of_somebody_else_under_the_name_is_not_touched_and_told() {
    let farm = ssh().start();
    farm.sim.jenkins().add_agent("trusty+192.168.1.10", "other", 1);
    farm.minute();
    farm.sim.jenkins().submit(job("ceph-build"));
    farm.minute();
    let run = farm.minute();
    run.did(&[]);
    let problems = run.problems();
    assert!(
        problems.len() == 1 && problems[0].starts_with("jenkins: a node trusty+192.168.1.10 is there already"),
        "{problems:?}"
    );
    assert!(farm.sim.jenkins().node("trusty+192.168.1.10").is_some_and(|node| !node.offline()));
}

#[test]
fn a_right_that_is_missing_is_named_and_the_server_goes_as_one_that_never_joined() {
    let user = User::new("mita", "jenkins-api-token").without(Permission::AgentCreate);
    let (farm, _) = ordered(ssh().user(user).top("join_timeout = \"3m\"").top("max_servers = 1"));
    let run = farm.minute();
    assert!(run.lines()[0].ends_with(" register refused"), "{}", run.story());
    assert!(run.errors()[0].contains("lacks the permission Agent/Create"), "{:?}", run.errors());
    let gone = |farm: &Installation| farm.servers().is_empty();
    farm.minutes_until(6, "the server is removed", gone);
}

#[test]
fn an_order_whose_node_is_refused_is_not_sent_and_not_tried_each_minute() {
    for (permission, words) in [
        (Permission::AgentCreate, "lacks the permission Agent/Create"),
        (Permission::AgentConnect, "lacks the permission Agent/Connect"),
    ] {
        let user = User::new("mita", "jenkins-api-token").without(permission);
        let (farm, run) = ordered(inbound().user(user));
        assert_eq!(run.lines()[0], "create_server trusty demand failed", "{}", run.story());
        assert!(run.errors().iter().any(|error| error.contains(words)), "{:?}", run.errors());
        assert_eq!((farm.orders(), farm.nodes()), (0, vec![]), "{}", run.story());
        let next = farm.minute();
        next.did(&[]);
        assert_eq!(next.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen);
    }
}

#[test]
fn l5_an_agent_without_a_usable_secret_costs_jenkins_no_node_in_each_run() {
    let html = "<html>Please log in</html>".to_owned();
    let moved = || Kind::Redirect(302, "/login".into());
    for kind in [Kind::Status(200, html), Kind::Status(200, "<argument>short</argument>".into()), moved()] {
        let farm = inbound().start();
        farm.sim.fault(Fault::new(Service::Jenkins, kind).path("agent.jnlp").times(100));
        farm.sim.jenkins().submit(job("ceph-build"));
        let run = farm.minute();
        assert_eq!(run.lines()[0], "create_server trusty demand failed", "{}", run.story());
        let next = farm.minute();
        next.did(&[]);
        assert_eq!(next.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen);
        assert_eq!((farm.orders(), farm.nodes()), (0, vec![]), "{}", run.story());
    }
}

#[test]
fn s5_nodes_that_cannot_be_taken_back_do_not_pile_up() {
    let farm = inbound().user(User::new("mita", "jenkins-api-token").without(Permission::AgentDelete)).start();
    // As the filter in front of Nova says that it cannot check the token.
    let body = r#"{"message": "The server is currently unavailable.", "code": "503 Service Unavailable", "title": ""}"#;
    let unavailable = Kind::Status(503, body.into());
    farm.sim.fault(Fault::new(Service::Nova, unavailable).method("POST").path("/servers").times(100));
    farm.sim.jenkins().submit(job("ceph-build"));
    farm.minute();
    let next = farm.minute();
    assert_eq!(next.rule(Subject::QueueItem, "ceph-build"), Rule::BreakerOpen, "{}", next.story());
    farm.minutes(20);
    assert!(farm.nodes().len() <= 3, "{:?}", farm.nodes());
}

#[test]
fn s4_no_more_servers_are_ordered_for_nodes_that_jenkins_refuses() {
    let user = User::new("mita", "jenkins-api-token").without(Permission::AgentCreate);
    let (farm, _) = ordered(ssh().user(user));
    farm.minute();
    for number in 2..=20 {
        farm.sim.jenkins().submit(job(&format!("job-{number}")));
    }
    let next = farm.minute();
    assert_eq!((farm.orders(), next.rule(Subject::QueueItem, "job-20")), (1, Rule::BreakerOpen), "{}", next.story());
    farm.minutes(10);
    assert_eq!(farm.orders(), 2, "one is tried after five minutes");
    farm.sim.jenkins().options.users[0].permissions = Permission::ALL.into();
    farm.minutes_until(30, "all are built", |farm| farm.built().len() == 20);
}

#[test]
fn a_controller_without_the_plugin_is_told_which_one_it_needs() {
    let (farm, _) = ordered(ssh().jenkins(|options| options.ssh_build_agents = false));
    let run = farm.minute();
    assert!(run.lines()[0].ends_with(" register failed"), "{}", run.story());
    assert!(run.errors()[0].contains("SSH Build Agents"), "{:?}", run.errors());
    // A page of an agent that calls in has nothing to do with it.
    let farm = inbound().start();
    farm.sim.fault(Fault::new(Service::Jenkins, Kind::Html(500)).path("agent.jnlp"));
    farm.sim.jenkins().submit(job("ceph-build"));
    let errors = farm.minute().errors().join("\n");
    assert!(errors.contains("status 500") && !errors.contains("SSH"), "{errors}");
}

#[test]
fn a_server_that_fails_takes_its_node_along() {
    let farm = inbound().top("max_servers = 1").start();
    farm.sim.cloud("openstack").next_fates.push_back(Fate::no_valid_host());
    farm.sim.jenkins().submit(job("ceph-build"));
    farm.minute();
    let node = farm.node();
    let run = farm.minute();
    assert_eq!(run.lines()[0], format!("retire_node {node} error done"), "{}", run.story());
    assert!(!farm.nodes().contains(&node));
}

#[test]
fn s4_a_node_that_never_comes_online_is_no_second_server() {
    let (farm, _) = ordered(
        ssh().jenkins(|options| options.credentials.clear()).top("join_timeout = \"5m\"").top("max_servers = 1"),
    );
    farm.minutes(4);
    assert_eq!((farm.orders(), farm.nodes().len()), (1, 1));
    farm.minutes_until(6, "server and node are removed", |farm| farm.servers().is_empty() && farm.nodes().is_empty());
    farm.sim.advance(seconds(1));
}

#[test]
fn the_check_names_the_permission_that_registering_needs() {
    let farm = ssh().user(User::new("mita", "jenkins-api-token").without(Permission::AgentCreate)).start();
    let checked = farm.program(&["check", "--online"]);
    let words = "jenkins: mita lacks the permission Agent/Create, so that mita cannot create the nodes of types with register: grant it";
    assert!(checked.stderr.contains(words) && checked.status != 0, "{}{}", checked.stdout, checked.stderr);
    farm.sim.jenkins().options.users[0].permissions = Permission::ALL.into();
    let checked = farm.program(&["check", "--online"]);
    assert!(!checked.stderr.contains("Agent/Create") && checked.status == 0, "{}", checked.stderr);
    assert_eq!(farm.nodes(), [""; 0]);
}

#[test]
fn s8_a_dry_run_shows_the_node_that_would_be_made_and_makes_none() {
    let farm = inbound().start();
    farm.sim.jenkins().submit(job("ceph-build"));
    let dry = farm.program(&["reconcile", "--dry-run"]);
    assert_eq!(dry.status, 0, "{}", dry.stderr);
    let line = dry.stdout.lines().find(|line| line.starts_with("+ node trusty-")).unwrap_or_default();
    assert!(
        line.contains("  register: order ") && line.ends_with("is to have an agent that calls in"),
        "{}",
        dry.stdout
    );
    assert!(dry.stdout.contains("1 to order, 1 to register; seen:"), "{}", dry.stdout);
    assert_eq!((farm.nodes(), farm.servers().len()), (vec![], 0));
    assert!(farm.sim.requests().iter().all(|request| !request.is_write() || request.path.ends_with("/tokens")));
}
