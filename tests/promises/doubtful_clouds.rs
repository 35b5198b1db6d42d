//! Clouds whose answers are old, come from somebody in front of them, or ask for fewer requests.

use crate::harness::{Installation, Setup, is_order, minutes};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Server};
use mita_sim::{Fault, Kind, Service};

const ONE_SERVER: &str = "/compute/v2.1/servers/*";

const NO_SERVER: &str = r#"{"itemNotFound": {"code": 404, "message": "Instance could not be found."}}"#;

const FAULT: &str = r#"{"computeFault": {"code": 500, "message": "Unexpected API Error. CinderConnectionFailed"}}"#;

fn waits(it: &Installation, number: usize) {
    for number in 1..=number {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(60)));
    }
}

fn order(kind: Kind) -> Fault {
    Fault::new(Service::Nova, kind).on("openstack").method("POST").path("/servers")
}

/// The first cloud answers from a replica that knows of no server.
fn lags(it: &Installation) {
    it.sim
        .fault(Fault::new(Service::Nova, Kind::Status(404, NO_SERVER.into())).method("GET").shape(ONE_SERVER).always());
    it.sim.fault(Fault::new(Service::Nova, Kind::EmptyLists).method("GET").path("/servers/detail").always());
}

fn clouds() -> Installation {
    let lines = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"backup\"]";
    Setup::new().top("concurrency = 2").node("trusty", lines).cloud("backup", "").start()
}

#[test]
fn s4_a_replica_that_lags_costs_one_more_order_and_is_told() {
    let it = Setup::trusty().top("max_servers = 3").start();
    it.sim.world().rules.max_servers = Some(3);
    it.sim.cloud("openstack").default_fate = Fate::BootsIn(minutes(9));
    waits(&it, 1);
    lags(&it);
    let mut warnings = Vec::new();
    for _ in 0..7 {
        warnings.extend(it.minute().report.plan.warnings);
    }
    assert_eq!(it.orders(), 2);
    assert_eq!(warnings.iter().filter(|warning| warning.contains("vanished before its node joined")).count(), 1);
    it.sim.heal();
    it.minutes_until(20, "the job runs", |it| it.sim.jenkins().waiting() == 0);
    it.minutes_until(60, "one server is left", |it| it.servers().len() == 1);
}

#[test]
fn s1_s2_the_volume_of_a_server_that_the_cloud_calls_gone_is_left_alone_while_its_agent_is_connected() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10").with_idle_node();
    let (server, node) = (it.server(), it.node());
    lags(&it);
    let told: Vec<String> = (0..30)
        .flat_map(|_| {
            let run = it.minute();
            assert_eq!(run.count(Service::Cinder, "DELETE", ""), 0, "{}", run.story());
            run.problems()
        })
        .collect();
    assert!(told.iter().any(|it| it.contains("find out where the agent of that node runs")), "L6: {told:?}");
    assert!(!told.iter().any(|it| it.contains("attachment delete")), "{told:?}");
    it.sim.heal();
    assert_eq!(it.minute().rule(Subject::Server, &server.id), Rule::Idle);
    it.minutes_until(5, "all goes", |it| it.servers().is_empty() && it.sim.cloud("openstack").volumes.is_empty());
    assert!(!it.nodes().contains(&node));
}

#[test]
fn s4_servers_that_something_deletes_at_once_are_ordered_ever_more_rarely() {
    for register in ["", "\nregister = \"inbound\"\nscript = \"${MITA_AGENT_SECRET}\""] {
        let it = Setup::new().node("trusty", &format!("labels = \"amd64 trusty\"{register}")).start();
        waits(&it, 1);
        for _ in 0..60 {
            it.run();
            it.sim.cloud("openstack").servers.clear();
            it.sim.advance(minutes(1));
        }
        assert!((4..=7).contains(&it.orders()), "{} orders in an hour", it.orders());
        assert!(it.nodes().len() <= 1, "{:?}", it.nodes());
        it.minutes_until(80, "the job runs", |it| it.sim.jenkins().waiting() == 0);
    }
}

#[test]
fn s4_a_gateway_that_answers_503_may_have_passed_the_order_on_so_no_other_provider_is_asked() {
    for kind in [Kind::DoneBut(503), Kind::Html(503), Kind::Empty(503), Kind::Html(408), Kind::Empty(499)] {
        let it = clouds();
        waits(&it, 1);
        let done = matches!(kind, Kind::DoneBut(_));
        it.sim.fault(order(kind));
        it.minute().did(&["create_server trusty demand unknown"]);
        it.minutes(4).did_nothing();
        assert_eq!((it.orders(), it.sim.jenkins().waiting()), (1, usize::from(!done)));
        it.minutes_until(8, "the job runs", |it| it.sim.jenkins().waiting() == 0);
        assert_eq!(it.orders(), if done { 1 } else { 2 });
    }
}

#[test]
fn l1_a_provider_that_answers_each_order_with_an_error_leaves_the_jobs_to_the_next_one() {
    for kind in [Kind::Status(500, FAULT.into()), Kind::Html(503), Kind::DropBefore] {
        let it = clouds();
        waits(&it, 1);
        it.sim.fault(order(kind).always());
        let mut warnings = Vec::new();
        let mut minutes = 0;
        while it.sim.jenkins().waiting() > 0 {
            warnings.extend(it.minute().report.plan.warnings);
            minutes += 1;
            assert!(minutes <= 20, "no server of the healthy provider: {warnings:#?}");
        }
        assert_eq!(it.orders(), 4, "three that were given up");
        let told = |part: &str| warnings.iter().filter(|warning| warning.contains(part)).count();
        assert_eq!(
            (told("is tried with one server at a time"), told("trusty at provider openstack is not ordered")),
            (1, 1)
        );
        assert!(warnings.iter().all(|warning| warning.contains("given up; its order: ")), "{warnings:#?}");
    }
}

#[test]
fn s4_the_filter_of_nova_makes_no_server_and_another_provider_gets_the_job() {
    let it = clouds();
    waits(&it, 1);
    let body = r#"{"message": "The server is currently unavailable.", "code": "503 Service Unavailable", "title": ""}"#;
    it.sim.fault(order(Kind::Status(503, body.into())));
    it.minute().did(&["create_server trusty demand failed", "create_server trusty@backup demand done"]);
    assert_eq!(it.servers_of("backup").len(), 1);
}

#[test]
fn s4_a_node_that_a_gateway_of_jenkins_did_not_confirm_is_not_made_again() {
    let lines = "labels = \"amd64 trusty\"\nregister = \"inbound\"\nscript = \"${MITA_AGENT_SECRET}\"";
    let it = Setup::new().node("trusty", lines).start();
    waits(&it, 1);
    it.sim.fault(Fault::new(Service::Jenkins, Kind::DoneBut(503)).method("POST").path("doCreateItem"));
    let run = it.minute();
    assert_eq!(run.requests.iter().filter(|request| is_order(request)).count(), 1, "{}", run.story());
    it.minutes(3);
    assert_eq!((it.nodes().len(), it.orders()), (1, 1));
}

#[test]
fn s4_after_the_answer_429_no_more_orders_go_there_until_the_pause_is_over() {
    let it = Setup::trusty().top("concurrency = 2").start();
    waits(&it, 20);
    let fault = it.sim.numbered_fault(order(Kind::RetryAfter(600)).always());
    let first = it.minute();
    assert!(it.orders() <= 2, "{} orders", it.orders());
    let failed = first.lines().iter().filter(|line| line.ends_with("failed")).count();
    assert_eq!(failed, it.orders(), "{}", first.story());
    assert!(first.errors().iter().any(|error| error.contains("orders nothing there for a while")), "{}", first.story());
    let sent = it.orders();
    for _ in 0..8 {
        let run = it.minute();
        run.did_nothing();
        assert_eq!(run.report.plan.warnings, [""; 0]);
        let verdict = run.verdict(Subject::QueueItem, "build-1");
        assert_eq!(verdict.rule, Rule::BreakerOpen);
        assert!(verdict.reason.contains("provider openstack asks for fewer requests"), "{verdict}");
    }
    assert_eq!(it.orders(), sent);
    it.sim.mend(fault);
    it.minutes_until(4, "all are ordered", |it| it.servers().len() == 20);
    it.minute();
    assert_eq!(it.state().get("throttles"), None);
}

#[test]
fn s4_a_rate_limit_in_any_form_leaves_the_jobs_to_the_other_provider_in_the_same_run() {
    let nova = r#"{"overLimit": {"code": 413, "message": "Only 10 POST request(s) can be made.", "retryAfter": "42"}}"#;
    for kind in [Kind::RetryAfter(60), Kind::Empty(429), Kind::Status(413, nova.into())] {
        let it = clouds();
        waits(&it, 12);
        it.sim.fault(order(kind).always());
        it.minute();
        let there: Vec<Server> = it.servers_of("backup");
        assert_eq!((it.servers().len(), there.len()), (0, 12));
        assert!(it.orders() <= 12 + 2, "{}", it.orders());
    }
}

#[test]
fn after_the_answer_429_to_a_deletion_no_more_are_sent_in_that_run() {
    let it = Setup::trusty().top("concurrency = 2").start();
    for number in 1..=10 {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{number}")).label("trusty").lasting(minutes(1)));
    }
    it.minutes_until(20, "all are built", |it| it.built().len() == 10);
    it.sim.fault(Fault::new(Service::Nova, Kind::RetryAfter(60)).method("DELETE").path("/servers/").always());
    let mut runs = std::iter::from_fn(|| Some(it.minute())).take(60);
    let run = runs.find(|run| run.count(Service::Nova, "DELETE", "/servers/") > 0).expect("a deletion");
    assert!(run.count(Service::Nova, "DELETE", "/servers/") <= 2, "{}", run.story());
    assert!(run.lines().iter().filter(|line| line.ends_with("skipped")).count() > 2, "{}", run.story());
    it.sim.heal();
    it.minutes_until(5, "all are gone", |it| it.servers().is_empty());
}

#[test]
fn s5_orders_that_are_left_out_for_a_rate_limit_leave_no_nodes() {
    let lines = "labels = \"amd64 trusty\"\nregister = \"inbound\"\nscript = \"${MITA_AGENT_SECRET}\"";
    let it = Setup::new().top("concurrency = 2").node("trusty", lines).start();
    waits(&it, 12);
    it.sim.fault(order(Kind::RetryAfter(600)).always());
    let run = it.minute();
    assert_eq!(it.nodes(), [""; 0]);
    let made = run.count(Service::Jenkins, "POST", "doCreateItem");
    assert!(made <= 4, "{made} nodes for {} orders", it.orders());
    it.minutes(8).did_nothing();
    assert_eq!(it.nodes(), [""; 0]);
}

#[test]
fn s4_an_empty_list_of_servers_whose_agents_work_leads_to_no_order_beyond_the_limits() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax = 2").start();
    it.sim.world().rules.max_servers = Some(2);
    waits(&it, 2);
    it.minutes_until(5, "both run", |it| it.sim.jenkins().waiting() == 0);
    it.minute();
    lags(&it);
    waits(&it, 2);
    let run = it.minutes(6);
    assert_eq!(run.rule(Subject::QueueItem, "build-1"), Rule::Limit, "{}", run.story());
    it.sim.heal();
    it.minutes(3);
    assert_eq!((it.orders(), it.servers().len(), it.killed().len()), (2, 2, 0));
}

#[test]
fn s2_s4_servers_that_a_list_shows_without_metadata_are_read_before_they_are_forgotten() {
    for register in ["", "\nregister = \"inbound\"\nscript = \"${MITA_AGENT_SECRET}\""] {
        let node = format!("labels = \"amd64 trusty\"\nmin_idle = 2{register}");
        let it = Setup::new().top("max_servers = 2").node("trusty", &node).start();
        it.sim.world().rules.max_servers = Some(2);
        it.minutes(5);
        it.sim.fault(Fault::new(Service::Nova, Kind::BareEntries).on("openstack").path("/servers/detail").always());
        it.minutes(10);
        it.sim.heal();
        it.minutes(5);
        assert_eq!((it.orders(), it.servers().len()), (2, 2));
    }
}

#[test]
fn s3_a_server_that_is_listed_without_metadata_and_cannot_be_read_stays_known() {
    let it = Setup::trusty().top("max_servers = 1").start();
    it.sim.world().rules.max_servers = Some(1);
    waits(&it, 2);
    it.minutes(5);
    it.sim.fault(Fault::new(Service::Nova, Kind::BareEntries).on("openstack").path("/servers/detail").always());
    it.sim.fault(Fault::new(Service::Nova, Kind::Status(503, String::new())).method("GET").shape(ONE_SERVER).always());
    it.minutes(3);
    it.sim.heal();
    it.minute();
    assert_eq!((it.orders(), it.servers().len()), (1, 1));
}
