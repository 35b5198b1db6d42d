//! Errors as the services and the proxies in front of them write them.

use super::*;
use crate::http::loopback::{Answer, Loopback};
use crate::http::{Method, Request};
use crate::secret::Secret;
use std::time::Duration;

fn respond(answer: Answer) -> Response {
    let server = Loopback::new(move |_| answer.clone());
    let request = Request::new(Method::PUT, format!("{}/servers", server.url));
    server.client(Duration::from_secs(10)).send(&request).unwrap()
}

fn meaning(effect: Effect, status: u16, body: &str) -> FailureKind {
    let response = respond(Answer::json(status, body).with("X-Openstack-Request-Id", "req-1"));
    Operation::new("do it", effect).refused(Service::Compute, &response).kind
}

const POLICY: &str =
    r#"{"forbidden":{"code":403,"message":"Policy doesn't allow os_compute_api:limits to be performed."}}"#;

#[test]
fn an_order_refused_by_nova_is_reported_by_status_and_field() {
    use FailureKind::*;
    let cases = [
        (403, include_str!("../../../../../tests/fixtures/openstack/create_403_quota.json"), Quota),
        (403, include_str!("../../../../../tests/fixtures/openstack/create_403_ports.json"), Quota),
        (403, POLICY, Denied),
        (
            403,
            r#"{"forbidden":{"code":403,"message":"Only volume-backed servers are allowed for flavors with zero disk."}}"#,
            Wrong,
        ),
        (403, r#"{"forbidden":{"code":403,"message":"Maximum number of metadata items exceeds 3"}}"#, Wrong),
        (413, r#"{"overLimit":{"code":413,"message":"Quota exceeded for cores","retryAfter":0}}"#, Quota),
        (413, r#"{"overLimitFault":{"code":413,"message":"This request was rate-limited."}}"#, RateLimited),
        (413, "<html><head><title>413 Request Entity Too Large</title></head></html>", Wrong),
        (400, include_str!("../../../../../tests/fixtures/openstack/create_400_flavor.json"), Wrong),
        (404, include_str!("../../../../../tests/fixtures/openstack/image_404.json"), Wrong),
        (401, include_str!("../../../../../tests/fixtures/openstack/server_401.json"), Denied),
        (409, include_str!("../../../../../tests/fixtures/openstack/server_409.json"), Conflict),
        (409, r#"{"NeutronError":{"type":"OverQuota","message":"Quota exceeded for resources","detail":""}}"#, Quota),
        (
            413,
            r#"{"overLimit":{"code":413,"message":"Only 10 POST request(s) can be made every minute.","retryAfter":"42"}}"#,
            RateLimited,
        ),
        (429, "", RateLimited),
        (500, r#"{"computeFault":{"code":500,"message":"Unexpected API Error."}}"#, UnknownOutcome),
        (502, "", UnknownOutcome),
        (503, "", UnknownOutcome),
        (503, r#"{"serviceUnavailable":{"code":503,"message":"x"}}"#, UnknownOutcome),
        (503, include_str!("../../../../../tests/fixtures/openstack/token_filter_503.json"), Unavailable),
        (503, r#"{"message":"no healthy upstream","code":14}"#, UnknownOutcome),
        (504, "", UnknownOutcome),
        (408, "<html>", UnknownOutcome),
        (409, "<html>", UnknownOutcome),
        (425, "", UnknownOutcome),
        (499, "", UnknownOutcome),
        (507, "", UnknownOutcome),
        (520, "", UnknownOutcome),
        (403, "<html>", Denied),
        (404, "<html>", Wrong),
        (200, "{}", UnknownOutcome),
    ];
    for (status, body, kind) in cases {
        assert_eq!(meaning(Effect::Create, status, body), kind, "{status} {body}");
    }
}

#[test]
fn a_conflict_of_an_order_gets_the_advice_that_fits_it() {
    for (text, advice) in [
        ("Multiple possible networks found, use a Network ID to be more specific.", "in networks, since the cloud"),
        ("Multiple security_group matches found for name 'x', use an ID to be more specific.", "check --online"),
        ("No more IP addresses available on network 4711.", "name another network or pool"),
    ] {
        let body = format!(r#"{{"conflictingRequest": {{"code": 409, "message": "{text}"}}}}"#);
        let failure = Operation::new("order ubuntu", Effect::Create)
            .refused(Service::Compute, &respond(Answer::json(409, &body)));
        assert!(failure.message.contains(advice), "{failure}");
        assert_eq!(failure.message.contains("in networks"), text.contains("networks found"), "{failure}");
    }
}

#[test]
fn a_deletion_that_the_servers_state_forbids_is_a_conflict() {
    assert_eq!(meaning(Effect::Delete, 409, "{}"), FailureKind::Conflict);
    assert_eq!(meaning(Effect::Delete, 400, "{}"), FailureKind::Conflict);
    let locked = r#"{"conflictingRequest":{"code":409,"message":"Instance 5c0d4a2e is locked"}}"#;
    assert_eq!(meaning(Effect::Delete, 409, locked), FailureKind::Locked);
    assert_eq!(meaning(Effect::Delete, 403, POLICY), FailureKind::Denied);
    assert_eq!(meaning(Effect::Delete, 405, "<html>"), FailureKind::Denied);
    assert_eq!(meaning(Effect::Delete, 500, "{}"), FailureKind::UnknownOutcome);
}

#[test]
fn a_read_that_fails_leaves_nothing_open() {
    assert_eq!(meaning(Effect::Read, 500, "{}"), FailureKind::Unavailable);
    assert_eq!(meaning(Effect::Read, 403, POLICY), FailureKind::Denied);
    let quota =
        r#"{"NeutronError":{"type":"PolicyNotAuthorized","message":"(rule:get_quota) is disallowed by policy"}}"#;
    assert_eq!(meaning(Effect::Read, 403, quota), FailureKind::Denied, "to read a quota is a right");
}

#[test]
fn s4_a_503_of_a_gateway_leaves_open_whether_a_server_was_made() {
    for page in [
        "<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>",
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
        r#"{"message":"failure to get a peer from the ring-balancer"}"#,
        "",
    ] {
        // Without the id that Nova gives each request.
        let response = respond(Answer::json(503, page));
        for effect in [Effect::Create, Effect::Delete] {
            let failure = Operation::new("order ubuntu", effect).refused(Service::Compute, &response);
            assert_eq!(failure.kind, FailureKind::UnknownOutcome, "{page}");
        }
    }
}

#[test]
fn a_cloud_that_asks_for_a_pause_says_for_how_long() {
    let nova = |seconds: &str| {
        format!(r#"{{"overLimit":{{"code":413,"message":"This request was rate-limited.","retryAfter":{seconds}}}}}"#)
    };
    let with = |answer: Answer, value: &str| answer.with("Retry-After", value);
    for (answer, seconds) in [
        (with(Answer::json(429, ""), "600"), Some(600)),
        (with(Answer::json(413, "<html>"), "30"), Some(30)),
        (with(Answer::json(503, "<html>"), "120"), Some(120)),
        (Answer::json(413, &nova("42")), Some(42)),
        (Answer::json(413, &nova("\"42\"")), Some(42)),
        (with(Answer::json(413, &nova("0")), "0"), None),
        (with(Answer::json(429, ""), "soon"), None),
        (with(Answer::json(500, ""), "30"), None),
    ] {
        let failure =
            Operation::new("order ubuntu", Effect::Create).refused(Service::Compute, &respond(answer.clone()));
        assert_eq!(failure.retry_after, seconds.map(SignedDuration::from_secs), "{failure}");
    }
}

#[test]
fn s9_a_refusal_shows_the_services_words_without_secrets_its_request_and_what_to_do() {
    let _secret = Secret::new("pw-in-an-error");
    let body = r#"{"badRequest":{"code":400,"message":"Invalid key_name\nprovided: pw-in-an-error"}}"#;
    let response = respond(Answer::json(400, body).with("X-Openstack-Request-Id", "req-1"));
    let failure = Operation::new("order ubuntu", Effect::Create).refused(Service::Compute, &response);
    assert_eq!(
        failure.message,
        format!(
            "cannot order ubuntu: the compute service answered 400: \"Invalid key_name provided: [secret]\" \
             ({}, request req-1): correct the node type; `mita check --online` shows what the cloud has",
            response.request()
        )
    );
}

#[test]
fn s3_only_novas_own_words_say_that_a_server_is_missing() {
    let nova = include_str!("../../../../../tests/fixtures/openstack/server_404.json");
    let unknown_path = include_str!("../../../../../tests/fixtures/openstack/route_404.json");
    let keystone = include_str!("../../../../../tests/fixtures/openstack/keystone_404.html");
    let another = r#"{"error":{"code":404,"message":"The resource could not be found.","title":"Not Found"}}"#;
    for (status, body, missing) in [
        (404, nova, true),
        (404, unknown_path, false),
        (404, another, false),
        (404, keystone, false),
        (404, "", false),
        (404, "[]", false),
        (410, nova, false),
    ] {
        assert_eq!(says_no_server(&respond(Answer::json(status, body))), missing, "{status} {body}");
    }
}

#[test]
fn glance_says_that_an_image_is_missing_in_a_form_of_its_own() {
    let glance = include_str!("../../../../../tests/fixtures/openstack/image_404.json");
    assert!(says_no_image(&respond(Answer::json(404, glance))));
    assert!(!says_no_image(&respond(Answer::json(404, "<html>"))));
}
