//! Several clouds, limits and quotas: who gets an order, and who gets it next.

use crate::harness::{Installation, Run, Setup, minutes};
use mita::domain::rule::Rule;
use mita::operator::{Ended, Request};
use mita::plan::model::Subject;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};

const BOTH: &str = "labels = \"amd64 trusty\"\nprovider = [\"openstack\", \"second\"]";

fn two() -> Setup {
    Setup::new().cloud("second", "").node("trusty", BOTH)
}

fn waits(it: &Installation, number: usize) {
    for job in 0..number {
        it.sim.jenkins().submit(Job::freestyle(&format!("build-{job}")).label("trusty").lasting(minutes(90)));
    }
}

fn orders_at(run: &Run, cloud: &str) -> usize {
    run.requests.iter().filter(|r| r.host == cloud && r.method == "POST" && r.path.ends_with("/servers")).count()
}

#[test]
fn l2_the_first_provider_comes_first_and_the_second_when_it_is_full() {
    let it = two().provider("max = 2").start();
    waits(&it, 3);
    it.minute().did(&[
        "create_server trusty demand done",
        "create_server trusty demand done",
        "create_server trusty@second demand done",
    ]);
    it.minutes(4);
    assert_eq!(it.sim.jenkins().waiting(), 0);
}

#[test]
fn s4_the_quota_is_read_before_an_order_and_what_others_use_counts() {
    let it = two().start();
    it.sim.cloud("openstack").quota_mut("ceph-ci").instances = Some(3);
    it.sim.cloud("openstack").place_server("somebody's", &[]);
    waits(&it, 4);
    let run = it.minute();
    assert_eq!((orders_at(&run, "openstack"), orders_at(&run, "second")), (2, 2), "{}", run.story());
    assert_eq!(run.errors(), [""; 0]);
}

#[test]
fn s4_each_part_of_the_quota_is_kept() {
    type Change = fn(&mut mita_sim::openstack::Quota);
    let cases: [(&str, Change); 5] = [
        ("instances", |quota| quota.instances = Some(2)),
        ("cores", |quota| quota.cores = Some(2)),
        ("ram", |quota| quota.ram = Some(5000)),
        ("volumes", |quota| quota.volumes = Some(2)),
        ("gigabytes", |quota| quota.gigabytes = Some(25)),
    ];
    for (what, change) in cases {
        let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10").start();
        change(it.sim.cloud("openstack").quota_mut("ceph-ci"));
        waits(&it, 3);
        let run = it.minute();
        assert_eq!((run.orders(), run.errors().len()), (2, 0), "{what}: {}", run.story());
        assert_eq!(it.minute().rule(Subject::QueueItem, "build-2"), Rule::Quota, "{what}");
        it.minutes(3);
        assert_eq!(it.orders(), 2, "{what}");
    }
}

#[test]
fn a_refusal_for_quota_sends_the_order_to_the_next_provider_in_the_same_run() {
    let it = two().start();
    waits(&it, 1);
    let body = r#"{"forbidden": {"code": 403, "message": "Quota exceeded for instances: Requested 1, but already used 9 of 9 instances"}}"#;
    it.sim.fault(
        Fault::new(Service::Nova, Kind::Status(403, body.into())).on("openstack").method("POST").path("/servers"),
    );
    let run = it.minute();
    run.did(&["create_server trusty demand refused", "create_server trusty@second demand done"]);
    it.minutes(4).did_nothing();
    assert_eq!((it.orders(), it.sim.jenkins().waiting()), (2, 0));
}

#[test]
fn an_order_that_is_refused_as_wrong_goes_to_the_next_provider_in_the_same_run_and_opens_the_breaker() {
    let it = two().start();
    it.sim.cloud("openstack").users[0].keypairs.clear();
    waits(&it, 1);
    let run = it.minute();
    assert_eq!(
        run.lines().last().map(String::as_str),
        Some("create_server trusty@second demand done"),
        "{}",
        run.story()
    );
    it.minutes(3);
    it.sim.jenkins().submit(Job::freestyle("next").label("trusty").lasting(minutes(90)));
    let run = it.minute();
    assert_eq!((orders_at(&run, "openstack"), orders_at(&run, "second")), (0, 1), "{}", run.story());
}

#[test]
fn a_cloud_that_wants_to_be_left_in_peace_is_and_the_next_one_gets_the_order() {
    let it = two().start();
    waits(&it, 1);
    it.sim.fault(
        Fault::new(Service::Nova, Kind::RetryAfter(30)).on("openstack").method("POST").path("/servers").always(),
    );
    let run = it.minute();
    assert_eq!((orders_at(&run, "openstack"), orders_at(&run, "second")), (1, 1), "{}", run.story());
    it.minutes(4);
    assert_eq!(it.sim.jenkins().waiting(), 0);
}

#[test]
fn s4_an_order_whose_fate_is_unknown_is_not_sent_to_the_next_provider_as_well() {
    let it = two().start();
    waits(&it, 1);
    it.sim.fault(Fault::new(Service::Nova, Kind::DoneBut(500)).on("openstack").method("POST").path("/servers"));
    it.minute().did(&["create_server trusty demand unknown"]);
    it.minutes(5).did_nothing();
    assert_eq!((it.orders(), it.servers_of("second").len()), (1, 0));
}

#[test]
fn s3_a_cloud_that_does_not_answer_does_not_stop_the_others_from_being_served() {
    for service in [Service::Keystone, Service::Nova] {
        let it = two().start();
        waits(&it, 1);
        it.minutes(4);
        let (server, node) = (it.server(), it.node());
        it.sim.fault(Fault::new(service, Kind::DropBefore).on("openstack").always());
        it.sim.jenkins().submit(Job::freestyle("next").label("trusty").lasting(minutes(1)));
        let run = it.minute();
        run.did(&["create_server trusty@second demand done"]);
        assert!(matches!(run.problems().as_slice(), [one] if one.starts_with("provider openstack")), "{}", run.story());
        assert_eq!(run.rule(Subject::Server, &server.id), Rule::NotSeen);
        // From now on without the waits between the attempts of a read.
        it.sim.heal();
        it.sim.fault(Fault::new(service, Kind::Status(500, "{}".into())).on("openstack").always());
        it.minutes(18);
        assert_eq!(it.servers_of("second").len(), 0, "what is idle there goes");
        assert_eq!((it.nodes(), it.killed().len()), (vec![node], 0));
    }
}

#[test]
fn s4_what_was_on_its_way_in_a_cloud_that_went_silent_is_counted_on_and_not_ordered_twice() {
    let it = two().start();
    waits(&it, 1);
    it.minute().did(&["create_server trusty demand done"]);
    it.sim.fault(Fault::new(Service::Nova, Kind::DropBefore).on("openstack").always());
    it.minute().did(&[]);
    assert_eq!(it.orders(), 1);
}

#[test]
fn an_application_credential_logs_in_without_a_scope() {
    let it = Setup::trusty().provider("auth_version = \"3.x_appcred\"").start();
    let id = it.sim.cloud("openstack").app_credentials[0].id.clone();
    it.edit_config(|text| {
        text.replace(
            "auth_version = \"3.x_appcred\"",
            &format!(
                "auth_version = \"3.x_appcred\"\napplication_credential_id = \"{id}\"\n\
                 application_credential_secret = \"ceph-ci-app-secret\""
            ),
        )
    });
    it.sim.cloud("openstack").users[0].keypairs = vec!["jenkins-slave".to_owned()];
    waits(&it, 1);
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes(3);
    assert_eq!(it.sim.jenkins().waiting(), 0);
}

#[test]
fn an_old_cloud_with_keystone_2_alone_is_served() {
    let lines =
        "auth_version = \"2.0_password\"\nusername = \"mita\"\npassword = \"mita-secret\"\ntenant_name = \"ceph-ci\"";
    let it = Setup::trusty().provider(lines).openstack(|cloud| cloud.keystone_v2 = true).start();
    it.edit_config(|text| text.replace("/identity/v3\"", "/identity\""));
    waits(&it, 1);
    it.minute().did(&["create_server trusty demand done"]);
}

#[test]
fn two_providers_that_reach_the_same_project_see_each_server_once() {
    let it = Setup::trusty().start();
    it.edit_config(|text| {
        let at = text.find("[provider.openstack]").unwrap();
        let end = text.find("[nodes.").unwrap();
        let twin = text[at..end].replace("[provider.openstack]", "[provider.twin]");
        format!("{text}\n{twin}")
    });
    waits(&it, 2);
    it.minute().did(&["create_server trusty demand done"; 2]);
    let run = it.minutes(4);
    run.did_nothing();
    assert_eq!(run.report.plan.verdicts.iter().filter(|v| v.subject == Subject::Server).count(), 2);
    assert_eq!(it.sim.jenkins().waiting(), 0);
}

#[test]
fn a_provider_that_is_no_longer_configured_is_a_problem_as_long_as_servers_are_remembered_there() {
    let it = two().provider("max = 1").start();
    waits(&it, 2);
    it.minutes(4);
    assert_eq!(it.servers_of("second").len(), 1);
    let text = std::fs::read_to_string(it.config_file()).unwrap();
    it.edit_config(|text| {
        let at = text.find("[provider.second]").unwrap();
        let end = text.find("[nodes.").unwrap();
        format!("{}{}", &text[..at], &text[end..]).replace(", \"second\"", "")
    });
    for _ in 0..3 {
        let run = it.minute();
        run.did(&[]);
        assert!(matches!(run.problems().as_slice(), [one] if one.contains("provider second")), "{}", run.story());
    }
    it.edit_config(|_| text);
    it.minute().did_nothing();
}

#[test]
fn s5_nothing_is_touched_of_a_server_whose_provider_is_no_longer_configured_until_it_is_again() {
    let it = Setup::new().cloud("second", "").node("trusty", "labels = \"amd64 trusty\"\nprovider = \"second\"");
    let it = it.with_idle_node();
    let text = std::fs::read_to_string(it.config_file()).unwrap();
    it.edit_config(|text| {
        let (at, end) = (text.find("[provider.second]").unwrap(), text.find("[nodes.").unwrap());
        format!("{}{}", &text[..at], &text[end..]).replace("\"second\"", "\"openstack\"")
    });
    for _ in 0..40 {
        it.minute().did(&[]);
    }
    assert_eq!((it.nodes().len(), it.servers_of("second").len()), (1, 1));
    assert_eq!(it.sim.count(Service::Jenkins, "POST", "computer/"), 0);
    it.edit_config(|_| text);
    it.minutes_until(3, "it is retired", |it| it.servers_of("second").is_empty() && it.nodes().is_empty());
}

#[test]
fn s5_the_servers_of_a_renamed_provider_are_retired_through_its_new_name() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nstorage = 10").with_idle_node();
    it.edit_config(|text| {
        text.replace("[provider.openstack]", "[provider.cloud1]").replace("\"openstack\"", "\"cloud1\"")
    });
    let run = it.minute();
    run.did_nothing();
    assert!(run.problems().is_empty(), "{}", run.story());
    it.minutes_until(12, "it is retired", |it| it.servers().is_empty() && it.nodes().is_empty());
    let run = it.minutes(3);
    assert!(run.problems().is_empty() && it.sim.cloud("openstack").volumes.is_empty(), "{}", run.story());
    assert_eq!(it.state()["servers"], serde_json::json!({}));
}

#[test]
fn s4_max_of_a_type_of_a_provider_and_over_all_are_kept() {
    let it = Setup::new()
        .top("max_servers = 5")
        .provider("max = 4")
        .cloud("second", "max = 3")
        .node("trusty", &format!("{BOTH}\nmax = 3"))
        .node("debian", "labels = \"amd64 debian\"\nprovider = [\"openstack\", \"second\"]")
        .start();
    it.sim.world().rules.max_servers = Some(5);
    it.sim.world().rules.max_of_type.insert("trusty".to_owned(), 3);
    waits(&it, 6);
    for number in 0..6 {
        it.sim.jenkins().submit(Job::freestyle(&format!("deb-{number}")).label("debian").lasting(minutes(90)));
    }
    let run = it.minute();
    assert_eq!((orders_at(&run, "openstack"), orders_at(&run, "second")), (4, 1), "{}", run.story());
    it.minutes(5);
    assert_eq!(it.orders(), 5);
}

#[test]
fn s1_nodes_of_two_clouds_with_one_address_are_told_of_and_neither_server_is_touched() {
    let it = two().provider("max = 1").start();
    it.sim.cloud("second").networks[0].prefix = "192.168.1".to_owned();
    it.sim.world().rules.max_servers = Some(2);
    it.edit_config(|text| format!("max_servers = 2\n{text}"));
    waits(&it, 2);
    it.minutes(4);
    let node = it.node();
    let run = it.run();
    assert_eq!(run.rule(Subject::Node, &node), Rule::Ambiguous, "{}", run.story());
    for number in 0..20 {
        let run = it.minute();
        assert!(run.report.plan.actions.is_empty(), "{}", run.story());
        // The server that cannot join is no secret for ever.
        assert_eq!(run.problems().len(), usize::from(number >= 4), "run {number}: {}", run.story());
        it.sim.advance(minutes(9));
    }
    assert_eq!((it.servers().len(), it.servers_of("second").len()), (1, 1));
}

#[test]
fn s3_in_another_region_of_one_keystone_no_server_counts_as_gone_and_a_person_can_have_it_forgotten() {
    let regions = ["RegionOne", "RegionTwo"];
    let two = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nmax = 1");
    let it = two.openstack(|cloud| cloud.regions = regions.map(str::to_owned).to_vec()).with_idle_node();
    let (server, node) = (it.server().id, it.node());
    let log_in_to = |region: &str| {
        let line = |region: &str| format!("service_region = {region:?}");
        it.edit_config(|text| regions.iter().fold(text, |text, other| text.replace(&line(other), &line(region))));
    };
    log_in_to("RegionTwo");
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    waits(&it, 1);
    let told = "logs in to the region RegionTwo, and 1 server of ours is in the region RegionOne";
    for _ in 0..20 {
        let run = it.minute();
        run.did(&[]);
        assert!(matches!(run.problems().as_slice(), [one] if one.contains(told)), "{}", run.story());
        assert_eq!(
            (run.rule(Subject::Server, &server), run.rule(Subject::Node, &node)),
            (Rule::NotSeen, Rule::NotSeen)
        );
        assert_eq!(run.rule(Subject::QueueItem, "build-0"), Rule::Limit);
    }
    let checked = it.program(&["check", "--online"]);
    assert!(
        checked.status == 1 && format!("{}{}", checked.stdout, checked.stderr).contains("RegionOne"),
        "{}",
        checked.stdout
    );
    let retire = Request::Retire { when_idle: false };
    let refused = it.by_hand(&node, &retire);
    assert!(refused.ended == Ended::Refused && refused.reason.contains("is in the region RegionOne"), "{refused:?}");
    it.sim.jenkins().delete_node(&node);
    it.minute().did(&[]);
    let cure = format!("mita retire {server}");
    let explained = it.program(&["explain", "build-0"]);
    assert!(
        explained.stdout.replace("\n ", " ").split_whitespace().collect::<Vec<_>>().join(" ").contains(&cure),
        "{}",
        explained.stdout
    );
    let kept = it.by_hand(&server, &Request::Release);
    assert!(kept.ended == Ended::Refused && kept.reason.contains(&cure), "{kept:?}");
    let forgotten = it.by_hand(&server, &retire);
    assert!(forgotten.ended == Ended::Done && forgotten.reason.contains("not deleted"), "{forgotten:?}");
    let run = it.minute();
    assert!(run.orders() == 1 && !run.story().contains("RegionOne"), "{}", run.story());
    let history = it.program(&["history", &server]);
    assert!(history.stdout.contains("forgotten"), "{}", history.stdout);
    log_in_to("RegionOne");
    let run = it.minute();
    assert_ne!(run.rule(Subject::Server, &server), Rule::NotSeen, "it is known again: {}", run.story());
    assert_eq!((it.servers().len(), it.killed().len()), (1, 0));
}
