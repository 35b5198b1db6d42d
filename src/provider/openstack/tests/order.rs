//! What is asked before an order, the order itself, and how it can end.

use super::{cloud, count, node_type, order, provider, usual};
use crate::config::{FlavorChoice, NodeType};
use crate::domain::world::{Quota, Size};
use crate::http::loopback::{Answer, Loopback};
use crate::provider::{Failure, FailureKind, Provider};
use crate::secret::redact;
use serde_json::Value;
use std::time::Duration;

fn failure(provider: &dyn Provider, node_type: &NodeType) -> Failure {
    order(provider, node_type).unwrap_err()
}

#[test]
fn a_survey_reads_quota_and_sizes_and_what_the_names_mean_once_for_the_orders_to_come() {
    let (server, provider) = cloud(|_| None);
    let mut ubuntu = node_type("ubuntu");
    ubuntu.networks = vec!["ci-net".into()];
    ubuntu.storage = Some(10);
    let survey = provider.survey(&[&ubuntu, &node_type("other")]);
    assert_eq!((&survey.problems, &survey.unfit), (&Vec::new(), &Default::default()));
    let size = Size { cores: 1, ram_mib: 2048 };
    assert_eq!(
        survey.quota,
        Some(Quota {
            instances: Some(20),
            cores: Some(100),
            ram_mib: Some(400_000),
            volumes: Some(40),
            gigabytes: Some(2000),
            floating_ips: None,
            sizes: [("ubuntu".into(), size), ("other".into(), size)].into(),
            usage: survey.quota.as_ref().map(|quota| quota.usage.clone()).unwrap_or_default(),
        })
    );
    let asked = server.seen().len();
    order(&*provider, &ubuntu).unwrap();
    let body: Value = serde_json::from_str(&server.seen()[asked].body).unwrap();
    assert_eq!(body["server"]["imageRef"], "d22b7624-f8b6-4345-bdab-6a499b05a6d9");
    assert_eq!(body["server"]["flavorRef"], "2");
    assert_eq!(body["server"]["networks"][0]["uuid"], "95367c29-738f-4fef-bf5c-f8df87d126ec");
    assert_eq!(body["server"]["user_data"], "IyEvYmluL2Jhc2gK");
    assert_eq!(server.seen().len(), asked + 1, "an order after a survey is one request");
}

#[test]
fn volumes_and_networks_are_asked_for_only_where_a_node_type_has_some() {
    let (server, provider) = cloud(|_| None);
    let survey = provider.survey(&[&node_type("ubuntu")]);
    assert_eq!(survey.quota.unwrap().volumes, None);
    assert_eq!(count(&server, "GET", "/network/") + count(&server, "GET", "/block-storage/"), 0);
}

#[test]
fn a_name_that_the_cloud_does_not_know_makes_its_type_unfit_and_no_other() {
    let (_server, provider) = cloud(|_| None);
    let mut wrong = node_type("wrong");
    wrong.image_name = "Ubuntu Trusty (2014.04) cloudimk".into();
    wrong.size = FlavorChoice::Named("m1.smal".into());
    wrong.networks = vec!["no-net".into()];
    let survey = provider.survey(&[&wrong, &node_type("right")]);
    assert_eq!(survey.problems, Vec::<String>::new());
    assert_eq!(survey.unfit.len(), 1);
    let failure = &survey.unfit[&"wrong".into()];
    assert_eq!(failure.kind, FailureKind::Wrong);
    assert_eq!(
        failure.message,
        "cannot find the flavor \"m1.smal\": no flavor has this name; nearest: \"m1.small\": \
         correct size; cannot find the image \"Ubuntu Trusty (2014.04) cloudimk\": no image has this name; \
         nearest: \"Ubuntu Trusty (2014.04) cloudimg\": correct image_name; cannot find the network \"no-net\": \
         no network has this name; there is none: correct networks"
    );
}

#[test]
fn an_image_may_be_named_by_a_pattern_of_which_the_newest_that_fits_is_taken() {
    let images = r#"{"images":[
        {"id":"old","name":"ubuntu-24.04-1","status":"active","created_at":"2026-01-01T00:00:00Z"},
        {"id":"new","name":"ubuntu-24.04-2","status":"active","created_at":"2026-02-01T00:00:00Z"},
        {"id":"coming","name":"ubuntu-24.04-3","status":"queued","created_at":"2026-03-01T00:00:00Z"},
        {"id":"arm","name":"arm-ubuntu-24.04-4","status":"active","created_at":"2026-04-01T00:00:00Z"},
        {"id":"odd","name":"what-*","status":"active","created_at":"2025-01-01T00:00:00Z"},
        {"id":"newer","name":"what-else","status":"active","created_at":"2026-01-01T00:00:00Z"}]}"#;
    let (server, provider) = cloud(move |seen| {
        let named = seen.target.contains("name=what-");
        let answer = if named { images.replace("what-else", "?") } else { images.to_owned() };
        seen.target.starts_with("/image/v2/images?").then(|| Answer::json(200, &answer))
    });
    let taken = |pattern: &str| {
        let node_type = NodeType { image_name: pattern.into(), ..node_type("ubuntu") };
        order(&*provider, &node_type).map_err(|failure| failure.message)?;
        let body: Value = serde_json::from_str(&server.seen().last().unwrap().body).unwrap();
        Ok::<_, String>(body["server"]["imageRef"].as_str().unwrap().to_owned())
    };
    assert_eq!(taken("ubuntu-24.04-*").unwrap(), "new");
    assert_eq!(taken("ubuntu-24.0?-1").unwrap(), "old");
    assert_eq!(taken("what-*").unwrap(), "odd", "a name that is there to the letter comes first");
    assert_eq!(
        taken("centos-*").unwrap_err(),
        "cannot find the image \"centos-*\": no active image has a name that matches this pattern; there are \
         \"what-*\", \"ubuntu-24.04-1\", \"ubuntu-24.04-2\", ...: correct image_name"
    );
}

#[test]
fn groups_and_ports_are_found_by_name_or_id_and_what_two_have_is_no_name() {
    let (server, provider) = cloud(|seen| {
        let id = "95367c29-738f-4fef-bf5c-f8df87d126ec";
        match seen.target.as_str() {
            "/compute/v2.1/os-server-groups" => Some(Answer::json(
                200,
                r#"{"server_groups":[{"id":"g1","name":"near"},{"id":"g2","name":"twin"},{"id":"g3","name":"twin"}]}"#,
            )),
            "/network/v2.0/ports?name=eth" => {
                Some(Answer::json(200, &format!(r#"{{"ports":[{{"id":"{id}","name":"eth"}}]}}"#)))
            }
            target if target.contains("/ports") => Some(Answer::json(200, r#"{"ports":[]}"#)),
            _ => None,
        }
    });
    let mut ubuntu = node_type("ubuntu");
    ubuntu.boot.server_group = Some("near".into());
    ubuntu.boot.ports = vec!["eth".into()];
    order(&*provider, &ubuntu).unwrap();
    let body: Value = serde_json::from_str(&server.seen().last().unwrap().body).unwrap();
    assert_eq!(body["os:scheduler_hints"]["group"], "g1");
    assert_eq!(body["server"]["networks"][0]["port"], "95367c29-738f-4fef-bf5c-f8df87d126ec");
    ubuntu.boot.server_group = Some("g3".into());
    order(&*provider, &ubuntu).unwrap();
    ubuntu.boot.server_group = Some("twin".into());
    ubuntu.boot.ports = vec!["eth9".into()];
    let survey = provider.survey(&[&ubuntu]);
    assert_eq!(
        survey.unfit[&"ubuntu".into()].message,
        "cannot find the port \"eth9\": no port has this name; there is none: correct ports; cannot \
         find the server group \"twin\": 2 server groups have this name: use the id of one instead: g2, g3"
    );
}

#[test]
fn a_cloud_without_the_microversion_that_a_node_type_needs_is_no_place_for_it() {
    let answers = |body: &'static str, status: u16| {
        let (server, provider) =
            cloud(move |seen| (seen.target == "/compute/v2.1/").then(|| Answer::json(status, body)));
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.tags = vec!["ci".into()];
        let unfit = provider.survey(&[&ubuntu]).unfit.remove(&"ubuntu".into()).map(|failure| failure.message);
        order(&*provider, &ubuntu).unwrap();
        let asked = server.seen().last().unwrap().header("openstack-api-version").map(str::to_owned);
        assert_eq!(asked.as_deref(), Some("compute 2.52"));
        unfit
    };
    assert_eq!(answers(r#"{"version":{"id":"v2.1","version":"2.93","min_version":"2.1"}}"#, 200), None);
    assert_eq!(answers("<html>", 404), None, "if it is unknown, the order shows it");
    for old in [r#"{"version":{"version":"2.51"}}"#, r#"{"version":{"version":""}}"#] {
        let unfit = answers(old, 200).unwrap();
        assert!(unfit.starts_with("cannot order ubuntu: tags needs the compute microversion 2.52"), "{unfit}");
    }
}

#[test]
fn what_cannot_be_read_is_a_problem_and_no_wrong_name() {
    let (_server, provider) = cloud(|seen| {
        (seen.target.starts_with("/image") || seen.target.contains("/limits")).then(|| Answer::json(500, "{}"))
    });
    let survey = provider.survey(&[&node_type("ubuntu")]);
    assert_eq!(survey.quota, None);
    assert_eq!(survey.unfit[&"ubuntu".into()].kind, FailureKind::Unavailable);
    assert_eq!(survey.problems.len(), 2);
    assert!(survey.problems[0].starts_with("cannot find the image \"dup-image\": the image service answered 500"));
    assert!(survey.problems[1].starts_with("cannot read the quota: the compute service answered 500"));
}

#[test]
fn s9_the_password_of_a_new_server_is_known_as_a_secret() {
    let (_server, provider) = cloud(|_| None);
    order(&*provider, &node_type("ubuntu")).unwrap();
    assert_eq!(redact("made-up-pass"), "[secret]");
}

#[test]
fn s4_an_order_without_a_clear_answer_has_an_unknown_outcome_and_is_sent_once() {
    let cut = Answer::Cut(b"HTTP/1.1 202 Accepted\r\nContent-Length: 300\r\n\r\n{\"server\"".to_vec());
    let answers = [
        Answer::Cut(Vec::new()),
        cut,
        Answer::json(202, "{}"),
        Answer::json(202, "<html><title>fine</title></html>"),
        Answer::json(500, r#"{"computeFault":{"code":500,"message":"Unexpected API Error."}}"#),
        Answer::json(502, ""),
        Answer::json(504, ""),
        Answer::json(307, "").with("Location", "https://elsewhere.example/servers"),
    ];
    for answer in answers {
        let shown = format!("{answer:?}");
        let (server, provider) =
            cloud(move |seen| (seen.line() == "POST /compute/v2.1/servers").then(|| answer.clone()));
        assert_eq!(failure(&*provider, &node_type("ubuntu")).kind, FailureKind::UnknownOutcome, "{shown}");
        assert_eq!(count(&server, "POST", "/compute/v2.1/servers"), 1, "{shown}");
    }
}

#[test]
fn a_write_that_never_left_is_no_unknown_outcome() {
    let (nobody, _) = cloud(|_| None);
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Loopback::new(move |seen| {
        let mut answer = usual(seen);
        if let (true, Answer::Whole { body, .. }) = (seen.target.contains("/auth/tokens"), &mut answer) {
            let host = seen.header("host").unwrap();
            let compute = format!("{host}/compute");
            *body = String::from_utf8_lossy(body).replace(&compute, &format!("{refusing}/compute")).into_bytes();
        }
        answer
    });
    let failure = provider(&server, Duration::from_secs(30)).delete(&"id-1".into()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.message.contains("connection refused"), "{failure}");

    let late = provider(&nobody, Duration::ZERO);
    assert_eq!(self::failure(&*late, &node_type("ubuntu")).kind, FailureKind::Unavailable);
    assert!(nobody.seen().is_empty());
}

#[test]
fn a_refused_order_says_what_novas_words_are_and_what_to_do() {
    let (_server, provider) = cloud(|seen| {
        let answer = Answer::json(403, recorded!("create_403_quota.json")).with("X-Openstack-Request-Id", "req-77");
        (seen.line() == "POST /compute/v2.1/servers").then_some(answer)
    });
    let failure = failure(&*provider, &node_type("ubuntu"));
    assert_eq!(failure.kind, FailureKind::Quota);
    assert!(
        failure.message.starts_with(
            "cannot order ubuntu (20261121T233012Z-1): the compute service answered 403: \"Quota exceeded for \
             instances: Requested 30, but already used 0 of 20 instances\" (POST http://127.0.0.1:"
        ),
        "{failure}"
    );
    assert!(
        failure
            .message
            .ends_with("/compute/v2.1/servers, request req-77): free some of the project's quota or have it raised"),
        "{failure}"
    );
}

#[test]
fn a_cloud_that_is_too_old_for_keys_of_the_node_type_is_reported_with_these_keys() {
    for (range, keys) in [
        ("", "tags and description"),
        (" Minimum is 2.1 and maximum is 2.18.", "tags and description"),
        (" Minimum is 2.1 and maximum is 2.38.", "tags"),
    ] {
        let (_server, provider) = cloud(move |seen| {
            let text = format!("Version 2.52 is not supported by the API.{range}");
            let too_old = format!(r#"{{"computeFault":{{"code":406,"message":"{text}"}}}}"#);
            (seen.method == "POST" && seen.target.ends_with("/servers")).then(|| Answer::json(406, &too_old))
        });
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.tags = vec!["ci".into()];
        ubuntu.boot.description = Some("for ceph".into());
        let failure = failure(&*provider, &ubuntu);
        assert_eq!(failure.kind, FailureKind::Wrong);
        assert!(failure.message.contains(&format!("too old for {keys} (microversion 2.52)")), "{failure}");
    }
}

#[test]
fn an_order_that_a_cloud_refuses_because_it_ignores_microversions_is_reported_with_that() {
    let refused = |repeats: bool| {
        let (_server, provider) = cloud(move |seen| {
            let text = "Invalid input for field/attribute networks. Value: auto. 'auto' is not of type 'array'";
            let body = format!(r#"{{"badRequest":{{"code":400,"message":"{text}"}}}}"#);
            let list = || Answer::json(200, recorded!("servers.json"));
            match seen.line().as_str() {
                "POST /compute/v2.1/servers" => Some(Answer::json(400, &body)),
                "GET /compute/v2.1/servers/detail?limit=1000" if repeats => {
                    Some(list().with("OpenStack-API-Version", "compute 2.9"))
                }
                _ => None,
            }
        });
        provider.servers().unwrap();
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.tags = vec!["ci".into()];
        failure(&*provider, &ubuntu).message
    };
    let dropped = refused(false);
    assert!(dropped.contains("does not answer to the header OpenStack-API-Version"), "{dropped}");
    assert!(dropped.ends_with(", or leave tags out of the node type"), "{dropped}");
    assert!(refused(true).contains(": correct the node type"), "the answer to the list had the header");
}
