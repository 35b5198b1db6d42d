//! What the errors of OpenStack mean.
//!
//! Status and error field decide, never a whole sentence: releases and vendors phrase theirs differently. The message of
//! the service and its request id are always shown, since operators of clouds ask for them.

use super::advice::{METADATA_ITEMS, advice};
use super::error_body::{Effect, error_body, message, says_no_disk};
use super::service::Service;
use crate::http::{HttpError, Kind, Response};
use crate::provider::failure::{Failure, FailureKind};
use crate::secret::redact_answer;
use serde_json::Value;

/// What mita is doing, for messages: "cannot DESCRIPTION".
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    description: &'a str,
    effect: Effect,
}

impl<'a> Operation<'a> {
    pub(crate) fn new(description: &'a str, effect: Effect) -> Self {
        Self { description, effect }
    }

    /// A failure with this text. Whoever shows it names the provider.
    pub(crate) fn failure(&self, kind: FailureKind, text: &str) -> Failure {
        let message = format!("cannot {}: {text}", self.description);
        Failure { kind, message: redact_answer(&message).into_owned() }
    }

    /// A request without a usable answer.
    pub(crate) fn unusable(&self, error: &HttpError) -> Failure {
        let kind = match (&error.kind, self.effect) {
            (Kind::NotSent, _) | (_, Effect::Read) => FailureKind::Unavailable,
            // A redirect, too: a service that answers a write with another address may have done it.
            (Kind::Lost | Kind::TooLarge | Kind::NotJson | Kind::Redirect, Effect::Create | Effect::Delete) => {
                FailureKind::UnknownOutcome
            }
        };
        let advice = match kind {
            FailureKind::UnknownOutcome => "; a later list shows what became of it",
            _ => "",
        };
        self.failure(kind, &format!("{error}{advice}"))
    }

    /// An answer whose status means no success.
    pub(crate) fn refused(&self, service: Service, response: &Response) -> Failure {
        let kind = self.meaning(response);
        let advice = advice(kind, self.effect, response).unwrap_or_default();
        self.refused_as(kind, &service.to_string(), response, advice)
    }

    /// An answer whose meaning the caller knows. The advice may be empty.
    pub(crate) fn refused_as(&self, kind: FailureKind, service: &str, response: &Response, advice: &str) -> Failure {
        let message = message(response);
        let id = response.request_id().map(|id| format!(", request {id}")).unwrap_or_default();
        let advice = if advice.is_empty() { String::new() } else { format!(": {advice}") };
        self.failure(
            kind,
            &format!("{service} answered {}: {message} ({}{id}){advice}", response.status, response.request()),
        )
    }

    /// Whether the error comes from an OpenStack service, and not from a proxy in front of it.
    pub(crate) fn is_json_error(&self, response: &Response) -> bool {
        error_body(response).is_some()
    }

    fn meaning(&self, response: &Response) -> FailureKind {
        let error = error_body(response);
        let text = error.as_ref().map(|error| error.message.to_lowercase()).unwrap_or_default();
        let of_quota = ["quota", "exceed", "maximum number"].iter().any(|word| text.contains(word))
            || (text.contains("limit") && !text.contains("policy"));
        match response.status {
            401 => FailureKind::Denied,
            // A limit of each server: nothing that is freed makes room for this one.
            403 if text.contains(METADATA_ITEMS) => FailureKind::Wrong,
            // Nova answers 403 where a quota of instances, cores or RAM is used up, and passes on Neutron's quota of ports.
            403 | 409 if of_quota => FailureKind::Quota,
            403 if says_no_disk(response) => FailureKind::Wrong,
            403 => FailureKind::Denied,
            // "Instance ID is locked" (nova/exception.py, InstanceIsLocked).
            409 if self.effect == Effect::Delete && text.contains("locked") => FailureKind::Locked,
            409 => FailureKind::Conflict,
            400 if self.effect == Effect::Delete => FailureKind::Conflict,
            // The caller handles Nova's own 404: what is gone needs no deletion.
            404 if self.effect == Effect::Delete => FailureKind::Unavailable,
            // Nova before 2013, and Cinder still, answer `overLimit` to both a quota and a rate; a proxy answers 413 to a
            // request that is too large.
            413 if text.contains("rate-limit") || text.contains("rate limit") => FailureKind::RateLimited,
            413 if error.is_some() && !text.contains("too large") => FailureKind::Quota,
            429 => FailureKind::RateLimited,
            500.. => match self.effect {
                Effect::Read => FailureKind::Unavailable,
                // Nova gives each request an id first. A 503 without an id comes from a proxy that found no server to pass
                // the request to; other errors of proxies (502, 504) come after they passed it on. The filter in front
                // of Nova answers 503 when it cannot check the token.
                Effect::Create | Effect::Delete
                    if response.status == 503
                        && (response.request_id().is_none() || error.as_ref().is_some_and(|error| error.by_filter)) =>
                {
                    FailureKind::Unavailable
                }
                Effect::Create | Effect::Delete => FailureKind::UnknownOutcome,
            },
            400..500 => FailureKind::Wrong,
            // Neither an error nor the expected success.
            _ => match self.effect {
                Effect::Read => FailureKind::Unavailable,
                Effect::Create | Effect::Delete => FailureKind::UnknownOutcome,
            },
        }
    }
}

/// An HTTP client that cannot be created.
pub(crate) fn unusable_client(error: &HttpError) -> Failure {
    Failure { kind: FailureKind::Wrong, message: error.text.clone() }
}

/// Whether Nova says that there is no such server: `itemNotFound`. A 404 in any other form comes from a proxy, another
/// service, or a path that Nova does not know, and says nothing about the server.
pub(crate) fn says_no_server(response: &Response) -> bool {
    response.status == 404 && error_body(response).is_some_and(|error| error.field == "itemNotFound")
}

/// Whether Cinder says that there is no such volume.
pub(crate) fn says_no_volume(response: &Response) -> bool {
    says_no_server(response)
}

/// Whether Neutron says that there is no such floating IP. For a path that it does not know it says `HTTPNotFound`.
pub(crate) fn says_no_floating_ip(response: &Response) -> bool {
    response.status == 404 && neutron_type(response).as_deref() == Some("FloatingIPNotFound")
}

/// Whether Neutron says that no router leads from a port's network to the network of floating IPs.
pub(crate) fn says_not_reachable(response: &Response) -> bool {
    neutron_type(response).as_deref() == Some("ExternalGatewayForFloatingIPNotFound")
}

/// The kind of an error of Neutron.
fn neutron_type(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    Some(body.get("NeutronError")?.get("type")?.as_str()?.to_owned())
}

/// Whether Glance says that there is no such image.
pub(crate) fn says_no_image(response: &Response) -> bool {
    response.status == 404 && error_body(response).is_some_and(|error| error.by_filter)
}

#[cfg(test)]
mod tests {
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
            (403, include_str!("../../../../tests/fixtures/openstack/create_403_quota.json"), Quota),
            (403, include_str!("../../../../tests/fixtures/openstack/create_403_ports.json"), Quota),
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
            (400, include_str!("../../../../tests/fixtures/openstack/create_400_flavor.json"), Wrong),
            (404, include_str!("../../../../tests/fixtures/openstack/image_404.json"), Wrong),
            (401, include_str!("../../../../tests/fixtures/openstack/server_401.json"), Denied),
            (409, include_str!("../../../../tests/fixtures/openstack/server_409.json"), Conflict),
            (
                409,
                r#"{"NeutronError":{"type":"OverQuota","message":"Quota exceeded for resources","detail":""}}"#,
                Quota,
            ),
            (429, "", RateLimited),
            (500, r#"{"computeFault":{"code":500,"message":"Unexpected API Error."}}"#, UnknownOutcome),
            (502, "", UnknownOutcome),
            (503, "", UnknownOutcome),
            (503, r#"{"serviceUnavailable":{"code":503,"message":"x"}}"#, UnknownOutcome),
            (503, include_str!("../../../../tests/fixtures/openstack/token_filter_503.json"), Unavailable),
            (504, "", UnknownOutcome),
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
        assert_eq!(meaning(Effect::Delete, 500, "{}"), FailureKind::UnknownOutcome);
    }

    #[test]
    fn a_read_that_fails_leaves_nothing_open() {
        assert_eq!(meaning(Effect::Read, 500, "{}"), FailureKind::Unavailable);
        assert_eq!(meaning(Effect::Read, 403, POLICY), FailureKind::Denied);
    }

    #[test]
    fn a_proxy_that_found_no_server_passed_nothing_on() {
        let page = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>";
        let response = respond(Answer::json(503, page));
        assert_eq!(
            Operation::new("order ubuntu", Effect::Create).refused(Service::Compute, &response).kind,
            FailureKind::Unavailable
        );
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
        let nova = include_str!("../../../../tests/fixtures/openstack/server_404.json");
        let unknown_path = include_str!("../../../../tests/fixtures/openstack/route_404.json");
        let keystone = include_str!("../../../../tests/fixtures/openstack/keystone_404.html");
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
        let glance = include_str!("../../../../tests/fixtures/openstack/image_404.json");
        assert!(says_no_image(&respond(Answer::json(404, glance))));
        assert!(!says_no_image(&respond(Answer::json(404, "<html>"))));
    }
}
