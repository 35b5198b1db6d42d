//! The provider against answers recorded from Nova 26, Glance 25, Neutron 21, Cinder 21 and Keystone 22.

macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/openstack/", $name))
    };
}

mod floating_ip;
mod listing;
mod logging_in;
mod order;

use crate::config::{
    Auth, Backend, Boot, Connection, Domain, FlavorChoice, Identified, Interface, MinIdle, NodeType, OpenStackConfig,
    ProviderConfig, Registration, Times,
};
use crate::domain::names::ServerId;
use crate::domain::world::Lookup;
use crate::http::loopback::{Answer, Loopback, Seen, deadline};
use crate::provider::{Access, Deletion, FailureKind, Network, Order, Provider, open};
use crate::secret::Secret;
use jiff::SignedDuration;
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A node type with nothing but its name, image and size.
pub(super) fn node_type(name: &str) -> NodeType {
    let time = SignedDuration::from_mins(15);
    NodeType {
        name: name.into(),
        providers: vec!["cloud".into()],
        image_name: "dup-image".into(),
        size: FlavorChoice::Named("m1.small".into()),
        keyname: None,
        labels: Default::default(),
        storage: None,
        executors: 1,
        max: None,
        budget: None,
        min_idle: MinIdle::Always(0),
        forecast: crate::config::Forecast::default(),
        single_use: false,
        unlabelled: false,
        networks: Vec::new(),
        security_groups: Vec::new(),
        availability_zone: None,
        config_drive: false,
        metadata: Default::default(),
        boot: Boot::default(),
        server_name: name.into(),
        script: String::new(),
        registration: Registration::Elsewhere,
        times: Times {
            stuck_after: time,
            idle_grace: time,
            boot_timeout: time,
            join_timeout: time,
            order_timeout: time,
            max_age: None,
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
        connection: Connection::default(),
    };
    let config = ProviderConfig {
        name: "cloud".into(),
        max: None,
        budget: None,
        dashboard_url: None,
        billing: None,
        backend: Backend::OpenStack(backend.into()),
    };
    open(&config, Access { deadline: deadline(time), concurrency: 4, network: &Network::default() }).unwrap()
}

fn usual(seen: &Seen) -> Answer {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    match (seen.method.as_str(), path) {
        ("POST", "/identity/v3/auth/tokens") => token(seen),
        ("GET", "/identity/v3") => Answer::json(200, r#"{"version":{"id":"v3.14","status":"stable"}}"#),
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
    let id = "20261121T233012Z-1".into();
    let owner = crate::domain::names::Owner::new("ceph-ci").unwrap();
    let controller = crate::domain::installation::Controller::at("https://ci.example.com/");
    let installation = crate::domain::installation::Installation { owner, controller, former: Vec::new() };
    let user_data = "#!/bin/bash\n".to_owned();
    provider.create(&Order { node_type, installation: &installation, id: &id, name: "ubuntu", user_data })
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
            "cannot log in: the identity service answered 401: \"The request you have made requires authentication.\""
        ),
        "{failure}"
    );
    assert_eq!(provider.servers().unwrap_err(), failure);
    assert_eq!(lines(&server), ["POST /identity/v3/auth/tokens", "GET /identity/v3"]);
}

#[test]
fn an_auth_url_that_is_not_keystones_is_a_wrong_configuration() {
    let (_server, provider) = cloud(|seen| {
        let page = Answer::Whole { status: 404, headers: Vec::new(), body: recorded!("keystone_404.html").into() };
        seen.target.starts_with("/identity").then(|| page.with("Content-Type", "text/html"))
    });
    let failure = provider.servers().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Wrong);
    let (said, request) = ("the address answered 404: ", "/auth/tokens)");
    assert!(failure.message.contains(said) && failure.message.contains(request), "{failure}");
    assert!(failure.message.ends_with(": what answers at auth_url is not Keystone: correct auth_url"), "{failure}");
}

#[test]
fn a_service_that_refuses_a_log_in_with_the_words_of_keystone_is_not_taken_for_it() {
    let (_server, provider) =
        cloud(|seen| seen.target.starts_with("/identity").then(|| Answer::json(401, recorded!("token_401.json"))));
    let failure = provider.servers().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Wrong);
    assert!(failure.message.ends_with("what answers at auth_url is not Keystone: correct auth_url"), "{failure}");
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
    assert_eq!(delete(503, ""), Err(FailureKind::UnknownOutcome));
    assert_eq!(delete(500, ""), Err(FailureKind::UnknownOutcome));
}
