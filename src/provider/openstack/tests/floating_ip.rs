//! Floating IPs: what is asked and sent for them. Answers are shaped as Neutron 21 gave them.

use super::{cloud, count};
use crate::domain::world::{AddressMark, Lookup};
use crate::http::loopback::{Answer, Loopback};
use crate::provider::{AddressOrder, Deletion, Failure, FailureKind, Provider};
use serde_json::{Value, json};

const PUBLIC: &str = "958a5b52-c564-40e7-94c7-c43bb4a0fc53";

const PORTS: &str = r#"{"ports":[
    {"id":"port-6","network_id":"net-a","fixed_ips":[{"subnet_id":"s","ip_address":"2001:db8::1"}]},
    {"id":"port-b","network_id":"net-b","fixed_ips":[{"subnet_id":"s","ip_address":"10.0.0.1"}]},
    {"id":"port-a","network_id":"95367c29-738f-4fef-bf5c-f8df87d126ec",
     "fixed_ips":[{"subnet_id":"s","ip_address":"2001:db8::2"},{"subnet_id":"s","ip_address":"192.168.1.9"}]}]}"#;

const GONE: &str =
    r#"{"NeutronError":{"type":"FloatingIPNotFound","message":"Floating IP f1 could not be found","detail":""}}"#;

fn mark() -> AddressMark {
    AddressMark {
        owner: crate::domain::names::Owner::new("ceph-ci").unwrap(),
        id: "m1".into(),
        server: "s1".into(),
        controller: None,
    }
}

fn network(answer: Answer) -> (Loopback, Box<dyn Provider>) {
    cloud(move |seen| {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        match (seen.method.as_str(), path) {
            ("GET", "/network/v2.0/networks") if query == "name=public&router%3Aexternal=true" => {
                Some(Answer::json(200, &format!(r#"{{"networks":[{{"id":"{PUBLIC}","name":"public"}}]}}"#)))
            }
            ("GET", "/network/v2.0/ports") if query == "device_id=s1" => Some(Answer::json(200, PORTS)),
            (_, path) if path.starts_with("/network/v2.0/floatingips") => Some(answer.clone()),
            _ => None,
        }
    })
}

fn assign(provider: &dyn Provider, networks: &[String], known: Option<&str>) -> Result<(), Failure> {
    let (mark, known) = (mark(), known.map(Into::into));
    provider.attachments().unwrap().assign_floating_ip(&AddressOrder {
        pool: "public",
        mark: &mark,
        networks,
        known: known.as_ref(),
    })
}

fn last_body(server: &Loopback) -> (String, Value) {
    let last = server.seen().pop().unwrap();
    (last.line(), serde_json::from_str(&last.body).unwrap())
}

#[test]
fn one_request_makes_a_floating_ip_with_its_mark_at_the_port_on_the_first_network() {
    let (server, provider) = network(Answer::json(201, r#"{"floatingip":{"id":"f1"}}"#));
    assign(&*provider, &["ci-net".to_owned()], None).unwrap();
    let (line, body) = last_body(&server);
    assert_eq!(line, "POST /network/v2.0/floatingips");
    assert_eq!(
        body,
        json!({"floatingip": {"floating_network_id": PUBLIC, "port_id": "port-a",
            "description": "mita owner=ceph-ci id=m1 server=s1"}})
    );
    assign(&*provider, &[], None).unwrap();
    assert_eq!(last_body(&server).1["floatingip"]["port_id"], "port-a", "the first by its id that has IPv4");
    assert_eq!(count(&server, "GET", "router"), 1, "the pool is asked for once");
}

#[test]
fn a_known_one_is_led_to_the_port_again() {
    let (server, provider) = network(Answer::json(200, r#"{"floatingip":{"id":"f1"}}"#));
    assign(&*provider, &[], Some("f1")).unwrap();
    let (line, body) = last_body(&server);
    assert_eq!(
        (line.as_str(), body),
        ("PUT /network/v2.0/floatingips/f1", json!({"floatingip": {"port_id": "port-a"}}))
    );
}

#[test]
fn a_used_up_quota_is_reported_as_such_and_an_answer_that_is_lost_leaves_it_open() {
    let quota = r#"{"NeutronError":{"type":"OverQuota","message":"Quota exceeded for resources: ['floatingip'].","detail":""}}"#;
    for (answer, kind) in [
        (Answer::json(409, quota), FailureKind::Quota),
        (
            Answer::json(404, r#"{"NeutronError":{"type":"PortNotFound","message":"x","detail":""}}"#),
            FailureKind::Wrong,
        ),
        (Answer::json(500, "{}"), FailureKind::UnknownOutcome),
        (Answer::json(201, "<html><title>fine</title></html>"), FailureKind::UnknownOutcome),
        (Answer::Cut(Vec::new()), FailureKind::UnknownOutcome),
    ] {
        let (server, provider) = network(answer);
        assert_eq!(assign(&*provider, &[], None).unwrap_err().kind, kind);
        assert_eq!(count(&server, "POST", "floatingips"), 1, "sent once");
    }
}

#[test]
fn s2_only_those_with_a_mark_are_listed_in_whole_pages() {
    let list = r#"{"floatingips":[
        {"id":"f1","floating_ip_address":"203.0.113.7","port_id":"p","description":"mita owner=ceph-ci id=m1 server=s1"},
        {"id":"f2","floating_ip_address":"203.0.113.8","port_id":null,"description":"mita owner=other id=m1 server=s1"},
        {"id":"f3","floating_ip_address":"203.0.113.9","port_id":null,"description":"a person's"},
        {"id":"f4","floating_ip_address":"203.0.113.10","port_id":null}]}"#;
    let (_server, provider) = network(Answer::json(200, list));
    let listed = provider.attachments().unwrap().floating_ips().unwrap();
    let shown: Vec<_> = listed.iter().map(|ip| (ip.id.as_str(), ip.mark.owner.as_str(), ip.attached)).collect();
    assert_eq!(shown, [("f1", "ceph-ci", true), ("f2", "other", false)]);
    assert_eq!(listed[0].address, "203.0.113.7".parse().ok());
    for broken in ["{}", "<html>", r#"{"floatingips":[],"floatingips_links":[{"rel":"next","href":"/x"}]}"#] {
        let (_server, provider) = network(Answer::json(200, broken));
        assert!(provider.attachments().unwrap().floating_ips().is_err(), "{broken}");
    }
}

#[test]
fn s3_only_neutrons_own_words_say_that_one_is_missing() {
    let look = |status: u16, body: &'static str| {
        let (_server, provider) = network(Answer::json(status, body));
        (
            provider.attachments().unwrap().floating_ip(&"f1".into()),
            provider.attachments().unwrap().release_floating_ip(&"f1".into()).map_err(|failure| failure.kind),
        )
    };
    let (gone, released) = look(404, GONE);
    assert_eq!((gone, released), (Lookup::Gone, Ok(Deletion::AlreadyGone)));
    let unknown_path =
        r#"{"NeutronError":{"type":"HTTPNotFound","message":"The resource could not be found.","detail":""}}"#;
    for body in [unknown_path, "<html>", "", "{}"] {
        let (found, released) = look(404, body);
        assert!(matches!(found, Lookup::Unavailable(_)), "{body}");
        assert_eq!(released, Err(FailureKind::Unavailable), "{body}");
    }
    let (found, released) = look(200, r#"{"floatingip":{"id":"f1","description":""}}"#);
    assert_eq!((found, released), (Lookup::Found(None), Ok(Deletion::Accepted)));
}
