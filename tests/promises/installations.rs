//! Two installations with one owner, by accident: a configuration that was copied for a second Jenkins, a machine that was
//! cloned, and a Jenkins that has a new URL.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::reconcile::{Permits, RunError};
use mita::store::StoreError;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Server;
use std::fs;

/// A second installation with the same owner and a Jenkins of its own, in the cloud of the first.
fn second(first: &Installation) -> Installation {
    let second = Setup::trusty().start();
    let (own, shared) = (second.sim.auth_url("openstack"), first.sim.auth_url("openstack"));
    second.edit_config(|text| text.replace(&own, &shared));
    // Orders are named by the time: so that the two tests' clocks do not show the same.
    second.sim.advance(seconds(17));
    first.sim.world().rules.controllers.push(controller(&second));
    second
}

fn controller(it: &Installation) -> String {
    it.sim.jenkins_url().trim_start_matches("http://").to_owned()
}

fn builds(it: &Installation, number: usize, length: u64) {
    for job in 0..number {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{job}")).label("trusty").lasting(minutes(length)));
    }
}

/// The servers in the cloud of the first whose mark names the controller of one of the two.
fn servers_of(first: &Installation, it: &Installation) -> Vec<Server> {
    let controller = controller(it);
    let mut servers = first.servers();
    servers.retain(|server| server.metadata.get("mita_controller") == Some(&controller));
    servers
}

#[test]
fn s1_two_installations_with_one_owner_leave_each_others_servers_alone_and_say_so() {
    let first = Setup::trusty().top("max_servers = 6").start();
    let second = second(&first);
    builds(&first, 6, 300);
    first.minutes(4);
    assert_eq!(first.sim.jenkins().waiting(), 0);
    assert_eq!(servers_of(&first, &first).len(), 6);
    builds(&second, 1, 200);
    second.minute().did(&["create_server trusty demand done"]);
    assert_eq!(servers_of(&first, &second).len(), 1, "the servers of the first are not in its way");
    let run = first.minute();
    assert!(run.problems().iter().any(|problem| problem.contains(&controller(&second))), "{}", run.story());
    for minute in 0..180 {
        first.minute();
        let run = second.minute();
        let told = |problem: &String| problem.contains("jenkins.former_urls") && problem.contains("6 servers have");
        assert!(run.problems().iter().any(told), "minute {minute}: {}", run.story());
        assert_eq!(servers_of(&first, &first).len(), 6, "minute {minute}: {}", run.story());
    }
    assert_eq!(first.killed(), [""; 0]);
}

#[test]
fn l1_two_installations_that_share_a_project_share_its_quota() {
    let first = Setup::trusty().top("max_servers = 6").start();
    first.sim.cloud("openstack").quota_mut("ceph-ci").instances = Some(6);
    let second = second(&first);
    second.edit_config(|text| text.replace("owner = \"ceph-ci\"", "owner = \"ceph-lab\""));
    first.sim.world().rules.owners.push("ceph-lab".to_owned());
    builds(&first, 6, 20);
    first.minutes(2);
    builds(&second, 3, 5);
    // The quota is used up by the other: that is no failure, and the job is told why it waits.
    let run = second.minute();
    assert_eq!((run.orders(), run.problems()), (0, vec![]), "{}", run.story());
    let waits = run.report.plan.verdicts.iter().filter(|verdict| verdict.rule == Rule::Quota).count();
    assert_eq!(waits, 3, "{}", run.story());
    let (mut most, mut minute) = (0, 0);
    while most < 3 {
        let (one, other) = (first.minute(), second.minute());
        assert!(first.servers().len() <= 6, "minute {minute}: {}{}", one.story(), other.story());
        assert_eq!(one.problems(), [""; 0], "minute {minute}");
        // Nothing that the second has will ever make room.
        let told = |problem: &String| minute >= 12 && problem.contains("mita has no server there that could make room");
        assert!(other.problems().iter().all(told), "minute {minute}: {}", other.story());
        most = servers_of(&first, &second).len();
        minute += 1;
        assert!(minute < 60, "the second gets what the first gives back");
    }
    assert_eq!(first.built().len(), 6);
    assert_eq!(first.killed(), [""; 0]);
}

#[test]
fn s1_servers_that_an_older_mita_ordered_for_another_jenkins_are_held_back_by_the_brake() {
    let first = Setup::trusty().start();
    let second = second(&first);
    builds(&first, 6, 300);
    first.minutes(4);
    first.sim.cloud("openstack").servers.iter_mut().for_each(|server| drop(server.metadata.remove("mita_controller")));
    let mut held_back = 0;
    for _ in 0..60 {
        first.minute();
        held_back = second.minute().report.plan.held_back.len();
    }
    assert_eq!((held_back, first.servers().len(), first.killed()), (6, 6, vec![]));
}

#[test]
fn s2_a_copied_machine_changes_nothing_and_says_what_to_do() {
    let first = Setup::trusty().with_idle_node();
    let second = second(&first);
    fs::copy(first.state_file(), second.state_file()).expect("a copy");
    let before = second.files();
    let requests = first.sim.requests().len();
    for _ in 0..3 {
        let error = second.attempt(Permits::default()).err().expect("a run that ends early");
        assert!(matches!(error, RunError::Store(StoreError::OtherController { .. })), "{error}");
        second.sim.advance(minutes(20));
    }
    assert_eq!(second.reconcile(&["--dry-run"]), 2);
    for arguments in [&["reconcile"][..], &["status"], &["hold", &first.node()], &["retire", &first.node()]] {
        let ended = second.program(arguments);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(&controller(&first)), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains("jenkins.former_urls"), "{arguments:?}: {ended:?}");
    }
    let unchanged =
        |name: &str| second.files().iter().any(|(path, file)| path.ends_with(name) && before[path] == *file);
    assert!(unchanged("state.json"));
    assert_eq!((first.sim.requests().len(), second.sim.requests().len()), (requests, 0));
}

#[test]
fn another_spelling_of_the_url_is_the_same_jenkins() {
    let it = Setup::trusty().with_idle_node();
    let url = format!("{}/", it.sim.jenkins_url());
    it.edit_config(|text| text.replace(&url, &format!("{}//", it.sim.jenkins_url().replace("http", "HTTP"))));
    let run = it.minute();
    run.did_nothing();
    assert!(run.problems().is_empty(), "{}", run.story());
}

#[test]
fn l4_a_jenkins_with_a_new_url_is_served_once_the_old_one_is_named() {
    let it = Setup::trusty().with_idle_node();
    let old = format!("{}/", it.sim.jenkins_url());
    let new = old.replace("127.0.0.1", "localhost");
    it.edit_config(|text| text.replace(&old, &new));
    let error = it.attempt(Permits::default()).err().expect("a run that ends early");
    assert!(matches!(error, RunError::Store(StoreError::OtherController { .. })), "{error}");
    it.edit_config(|text| text.replace("[jenkins]", &format!("[jenkins]\nformer_urls = [\"{old}\"]")));
    it.sim.world().rules.controllers.push(new.trim_start_matches("http://").trim_end_matches('/').to_owned());
    it.minute().did_nothing();
    assert_eq!(it.state()["controller"], new.trim_start_matches("http://").trim_end_matches('/'));
    it.minutes_until(12, "its server is retired", |it| it.servers().is_empty());
    builds(&it, 1, 1);
    it.minutes_until(10, "the next one serves", |it| it.built().len() == 2);
}

#[test]
fn a_wrong_url_in_the_first_run_does_not_bind_the_state_to_it() {
    let it = Setup::trusty().start();
    let url = it.sim.jenkins_url();
    it.edit_config(|text| text.replace(url, "http://127.0.0.1:9/"));
    assert!(!it.minute().problems().is_empty());
    assert_eq!(it.state()["controller"], "127.0.0.1:9");
    it.edit_config(|text| text.replace("http://127.0.0.1:9/", url));
    builds(&it, 1, 1);
    assert_eq!(it.minute().orders(), 1);
}

#[test]
fn s2_a_state_of_an_earlier_version_belongs_to_the_jenkins_that_reads_it_first() {
    let it = Setup::trusty().with_idle_node();
    let mut state = it.state();
    state.as_object_mut().expect("an object").remove("controller");
    fs::write(it.state_file(), state.to_string()).expect("a writable file");
    it.sim.cloud("openstack").servers.iter_mut().for_each(|server| drop(server.metadata.remove("mita_controller")));
    it.minute().did_nothing();
    assert_eq!(it.state()["controller"], controller(&it));
    it.minutes_until(12, "its server is retired", |it| it.servers().is_empty());
}

#[test]
fn s2_a_server_whose_mark_a_person_took_away_is_hers_and_counts_no_more() {
    let it = Setup::trusty().top("max_servers = 1").with_idle_node();
    let (server, node) = (it.server(), it.node());
    it.sim.cloud("openstack").server_mut(&server.id).expect("the server").metadata.clear();
    it.sim.jenkins().delete_node(&node);
    builds(&it, 1, 1);
    let run = it.minute();
    run.did(&["create_server trusty demand done"]);
    let told = |warning: &String| warning.contains(&server.id) && warning.contains("no longer carries the whole mark");
    assert_eq!(run.report.plan.warnings.iter().filter(|warning| told(warning)).count(), 1, "{}", run.story());
    for _ in 0..120 {
        let run = it.minute();
        assert!(!run.report.plan.warnings.iter().any(told), "{}", run.story());
    }
    assert_eq!(it.servers().iter().map(|server| &server.id).collect::<Vec<_>>(), [&server.id]);
}
