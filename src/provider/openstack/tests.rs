//! The provider against answers recorded from Nova 26, Glance 25, Neutron 21, Cinder 21 and Keystone 22.

use crate::config::{Auth, Backend, Domain, Identified, Interface, NodeType, OpenStackConfig, ProviderConfig, Times};
use crate::http::loopback::{Answer, Loopback, Seen, deadline};
use crate::naming::ServerId;
use crate::provider::{Access, Deletion, FailureKind, Order, Provider, open};
use crate::secret::{Secret, redact};
use crate::world::{Lookup, Quota, Size};
use jiff::SignedDuration;
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/openstack/", $name))
    };
}

/// A node type with nothing but its name, image and size.
pub(super) fn node_type(name: &str) -> NodeType {
    let time = SignedDuration::from_mins(15);
    NodeType {
        name: name.into(),
        providers: vec!["cloud".into()],
        image_name: "dup-image".into(),
        size: "m1.small".into(),
        keyname: None,
        labels: Default::default(),
        storage: None,
        executors: 1,
        max: None,
        min_idle: 0,
        unlabelled: false,
        networks: Vec::new(),
        security_groups: Vec::new(),
        availability_zone: None,
        config_drive: false,
        metadata: Default::default(),
        server_name: name.into(),
        script: String::new(),
        times: Times {
            stuck_after: time,
            idle_grace: time,
            boot_timeout: time,
            join_timeout: time,
            order_timeout: time,
        },
    }
}

fn token(answers_to: &Seen) -> Answer {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    // All services of the recorded catalogue move to this server.
    let host = answers_to.header("host").unwrap_or_default();
    let mut body: Value = serde_json::from_str(recorded!("token.json")).unwrap();
    for entry in body["token"]["catalog"].as_array_mut().unwrap() {
        let kind = entry["type"].as_str().unwrap().to_owned();
        for endpoint in entry["endpoints"].as_array_mut().unwrap() {
            endpoint["url"] = format!("http://{host}/{kind}").into();
        }
    }
    Answer::json(201, &body.to_string()).with("X-Subject-Token", &format!("token-of-a-test-{number}"))
}

/// A cloud that answers what was recorded, and what this rule says first.
fn cloud(rule: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static) -> (Loopback, Box<dyn Provider>) {
    let server = Loopback::new(move |seen| rule(seen).unwrap_or_else(|| usual(seen)));
    let provider = provider(&server, Duration::from_secs(30));
    (server, provider)
}

fn provider(server: &Loopback, time: Duration) -> Box<dyn Provider> {
    let default = || Domain::Name("Default".into());
    let auth = Auth::Password {
        user: Identified::Name { name: "mita".into(), domain: default() },
        password: Secret::new("pw-of-a-test"),
        project: Some(Identified::Name { name: "ceph-ci".into(), domain: default() }),
    };
    let backend = OpenStackConfig {
        auth_url: format!("{}/identity", server.url),
        auth,
        region: Some("RegionOne".into()),
        interface: Interface::Public,
        cacert: None,
    };
    let config = ProviderConfig { name: "cloud".into(), max: None, backend: Backend::OpenStack(backend) };
    open(&config, Access { deadline: deadline(time), concurrency: 4 }).unwrap()
}

fn usual(seen: &Seen) -> Answer {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    match (seen.method.as_str(), path) {
        ("POST", "/identity/v3/auth/tokens") => token(seen),
        ("GET", "/compute/v2.1/servers/detail") => Answer::json(200, recorded!("servers.json")),
        ("GET", "/compute/v2.1/flavors/detail") if query == "limit=1000" => {
            Answer::json(200, recorded!("flavors_page.json"))
        }
        ("GET", "/compute/v2.1/flavors/detail") => Answer::json(200, r#"{"flavors":[]}"#),
        ("GET", "/compute/v2.1/limits") => Answer::json(200, recorded!("limits.json")),
        ("GET", "/block-storage/v3/limits") => Answer::json(200, recorded!("volume_limits.json")),
        ("GET", "/image/v2/images") if query.contains("name=dup-image") => {
            Answer::json(200, recorded!("images_dup.json"))
        }
        ("GET", "/image/v2/images") if query.contains("name=") => Answer::json(200, recorded!("images_none.json")),
        ("GET", "/image/v2/images") => Answer::json(200, recorded!("images_trusty.json")),
        ("GET", "/network/v2.0/networks") if query == "name=ci-net" => Answer::json(200, recorded!("networks.json")),
        ("GET", "/network/v2.0/networks") => Answer::json(200, r#"{"networks":[]}"#),
        ("POST", "/compute/v2.1/servers") => Answer::json(202, recorded!("create_202.json")),
        ("DELETE", _) => Answer::json(204, ""),
        _ => Answer::json(404, recorded!("server_404.json")),
    }
}

fn lines(server: &Loopback) -> Vec<String> {
    server.seen().iter().map(Seen::line).collect()
}

fn count(server: &Loopback, method: &str, part: &str) -> usize {
    server.seen().iter().filter(|seen| seen.method == method && seen.target.contains(part)).count()
}

fn order(provider: &dyn Provider, node_type: &NodeType) -> Result<ServerId, crate::provider::Failure> {
    let (owner, id) = ("ceph-ci".into(), "20261121T233012Z-1".into());
    let user_data = "#!/bin/bash\n".to_owned();
    provider.create(&Order { node_type, owner: &owner, id: &id, name: "ubuntu", user_data })
}

fn failure(provider: &dyn Provider, node_type: &NodeType) -> crate::provider::Failure {
    order(provider, node_type).unwrap_err()
}

#[test]
fn one_log_in_serves_a_run_of_many_threads() {
    let (server, provider) = cloud(|_| None);
    assert!(server.seen().is_empty(), "nothing is sent before it is needed");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(provider.servers().unwrap().len(), 4));
        }
    });
    assert_eq!(count(&server, "POST", "/auth/tokens"), 1);
    assert_eq!(provider.requests_sent(), 9);
    let listing = server.seen().pop().unwrap();
    assert_eq!(listing.line(), "GET /compute/v2.1/servers/detail?limit=1000");
    assert!(listing.header("x-auth-token").unwrap().starts_with("token-of-a-test-"));
}

#[test]
fn a_log_in_that_keystone_refuses_is_not_tried_again() {
    let (server, provider) =
        cloud(|seen| seen.target.contains("/auth/tokens").then(|| Answer::json(401, recorded!("token_401.json"))));
    let failure = provider.servers().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(
        failure.message.starts_with(
            "cloud: cannot log in: the identity service answered 401: \"The request you have made requires authentication.\""
        ),
        "{failure}"
    );
    assert_eq!(provider.servers().unwrap_err(), failure);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn an_auth_url_that_is_not_keystones_is_a_wrong_configuration() {
    let (_server, provider) = cloud(|seen| {
        let page = Answer::Whole { status: 404, headers: Vec::new(), body: recorded!("keystone_404.html").into() };
        seen.target.contains("/auth/tokens").then(|| page.with("Content-Type", "text/html"))
    });
    let failure = provider.servers().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Wrong);
    assert!(failure.message.contains("an HTML page titled \"404 Not Found\""), "{failure}");
    assert!(failure.message.ends_with("auth_url is not that of Keystone, or it has no such version"), "{failure}");
}

#[test]
fn a_token_that_is_no_longer_good_is_renewed_once_for_reads_and_writes() {
    let spent = AtomicU32::new(0);
    let (server, provider) = cloud(move |seen| {
        let creates = seen.line() == "POST /compute/v2.1/servers";
        (creates && spent.fetch_add(1, Ordering::Relaxed) == 0).then(|| Answer::json(401, recorded!("server_401.json")))
    });
    let id = order(&*provider, &node_type("ubuntu")).unwrap();
    assert_eq!(id.as_str(), "18345ce9-4699-4b2b-ac70-0b491448bc6f");
    assert_eq!(count(&server, "POST", "/auth/tokens"), 2);
    let tokens: Vec<_> = server
        .seen()
        .iter()
        .filter(|seen| seen.line() == "POST /compute/v2.1/servers")
        .map(|seen| seen.header("x-auth-token").unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
}

#[test]
fn a_service_that_takes_no_token_at_all_does_not_make_us_log_in_for_ever() {
    let (server, provider) =
        cloud(|seen| seen.target.starts_with("/compute").then(|| Answer::json(401, recorded!("server_401.json"))));
    for _ in 0..5 {
        assert_eq!(provider.servers().unwrap_err().kind, FailureKind::Denied);
    }
    assert_eq!(count(&server, "POST", "/auth/tokens"), 3);
}

fn page(ids: &[&str], next: Option<&str>) -> Answer {
    let servers: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id, "name": "n"})).collect();
    let mut body = serde_json::json!({"servers": servers});
    if let Some(href) = next {
        body["servers_links"] = serde_json::json!([{"rel": "next", "href": href}]);
    }
    Answer::json(200, &body.to_string())
}

/// The listing of a cloud whose answers depend on the marker that is asked for.
fn listing(rule: impl Fn(&str) -> Answer + Send + Sync + 'static) -> (Loopback, Result<Vec<String>, String>) {
    let (server, provider) = cloud(move |seen| {
        let query = seen.target.strip_prefix("/compute/v2.1/servers/detail?")?;
        Some(rule(query))
    });
    let servers = provider.servers();
    let ids = servers.map(|servers| servers.into_iter().map(|server| server.id.to_string()).collect());
    (server, ids.map_err(|failure| failure.message))
}

#[test]
fn pages_are_followed_by_their_query_and_never_to_their_host() {
    let other = Loopback::new(|_| page(&["stolen"], None));
    let elsewhere = format!("{}/v2.1/servers/detail?limit=2&marker=b", other.url);
    let (server, ids) = listing(move |query| match query {
        "limit=1000" => page(&["b", "a"], Some(&elsewhere)),
        "limit=2&marker=b" => page(&["b", "c"], Some("?marker=c")),
        _ => page(&[], None),
    });
    assert_eq!(ids.unwrap(), ["a", "b", "c"]);
    assert!(other.seen().is_empty());
    assert_eq!(lines(&server)[3], "GET /compute/v2.1/servers/detail?marker=c");
}

#[test]
fn s3_a_listing_with_a_page_that_fails_is_no_listing() {
    let (_server, ids) = listing(|query| match query {
        "limit=1000" => page(&["a"], Some("/x?marker=a")),
        _ => Answer::json(500, r#"{"computeFault":{"code":500,"message":"Unexpected API Error."}}"#),
    });
    assert!(ids.unwrap_err().contains("answered 500: \"Unexpected API Error.\""));
}

#[test]
fn s3_a_listing_that_goes_round_in_a_circle_or_on_for_ever_is_no_listing() {
    let (_server, ids) = listing(|query| match query {
        "limit=1000" => page(&["a"], Some("/x?marker=a")),
        "marker=a" => page(&["b"], Some("/x?marker=b")),
        _ => page(&["c"], Some("/x?marker=a")),
    });
    assert!(ids.unwrap_err().contains("the pages lead round in a circle"));

    let (_server, ids) = listing(|query| page(&["a"], Some(&format!("/x?{query}1"))));
    assert!(ids.unwrap_err().contains("a page repeats what came before"));

    let (_server, ids) = listing(|_| page(&["a"], Some("/x")));
    assert!(ids.unwrap_err().contains("names no marker"));
}

#[test]
fn s3_an_answer_that_is_no_list_is_no_listing() {
    for body in ["{}", r#"{"servers":null}"#, r#"{"servers":[{"name":"without id"}]}"#, "<html>", ""] {
        let (_server, ids) = listing(move |_| Answer::json(200, body));
        assert!(ids.unwrap_err().contains("wanted a page of servers"), "{body}");
    }
}

#[test]
fn s3_only_novas_own_404_says_that_a_server_is_gone() {
    let look = |status: u16, body: &'static str| {
        let (_server, provider) =
            cloud(move |seen| seen.target.contains("/servers/id-1").then(|| Answer::json(status, body)));
        provider.server(&"id-1".into())
    };
    assert_eq!(look(404, recorded!("server_404.json")), Lookup::Gone);
    let Lookup::Found(server) = look(200, recorded!("server_error.json")) else { panic!("it is there") };
    assert_eq!(server.fault.as_deref(), Some("No valid host was found."));
    for (status, body) in [
        (404, recorded!("route_404.json")),
        (404, recorded!("keystone_404.html")),
        (404, ""),
        (401, ""),
        (500, ""),
        (200, "{}"),
    ] {
        assert!(matches!(look(status, body), Lookup::Unavailable(_)), "{status} {body}");
    }
}

#[test]
fn a_deletion_is_accepted_already_done_or_refused() {
    let delete = |status: u16, body: &'static str| {
        let (server, provider) = cloud(move |seen| (seen.method == "DELETE").then(|| Answer::json(status, body)));
        let outcome = provider.delete(&"a/b".into()).map_err(|failure| failure.kind);
        assert_eq!(count(&server, "DELETE", "/compute/v2.1/servers/a%2Fb"), 1, "sent once");
        outcome
    };
    assert_eq!(delete(204, ""), Ok(Deletion::Accepted));
    assert_eq!(delete(404, recorded!("server_404.json")), Ok(Deletion::AlreadyGone));
    assert_eq!(delete(404, "<html>"), Err(FailureKind::Unavailable), "a proxy knows of no server");
    assert_eq!(delete(409, recorded!("server_409.json")), Err(FailureKind::Conflict));
    assert_eq!(delete(503, ""), Err(FailureKind::Unavailable));
    assert_eq!(delete(500, ""), Err(FailureKind::UnknownOutcome));
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
            sizes: [("ubuntu".into(), size), ("other".into(), size)].into(),
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
    wrong.size = "m1.smal".into();
    wrong.networks = vec!["no-net".into()];
    let survey = provider.survey(&[&wrong, &node_type("right")]);
    assert_eq!(survey.problems, Vec::<String>::new());
    assert_eq!(survey.unfit.len(), 1);
    let failure = &survey.unfit[&"wrong".into()];
    assert_eq!(failure.kind, FailureKind::Wrong);
    assert_eq!(
        failure.message,
        "cloud: cannot find the size \"m1.smal\": no size has this name; nearest: \"m1.small\": \
         correct size; cloud: cannot find the image \"Ubuntu Trusty (2014.04) cloudimk\": no image has this name; \
         nearest: \"Ubuntu Trusty (2014.04) cloudimg\": correct image_name; cloud: cannot find the network \"no-net\": \
         no network has this name; there is none at all: correct networks"
    );
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
    assert!(
        survey.problems[0].starts_with("cloud: cannot find the image \"dup-image\": the image service answered 500")
    );
    assert!(survey.problems[1].starts_with("cloud: cannot read the quota: the compute service answered 500"));
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
            "cloud: cannot order ubuntu (20261121T233012Z-1): the compute service answered 403: \"Quota exceeded for \
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
