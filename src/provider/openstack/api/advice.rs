//! What to do about an answer of OpenStack that is no success. Where the cause is not certain, there is no advice.

use super::error_body::{Effect, names_kind, says, says_cannot_choose_network, says_no_disk};
use super::service::Service;
use crate::http::Response;
use crate::provider::failure::FailureKind;

/// What to do about a flavor without a disk.
pub(crate) const NO_DISK: &str = "only an administrator may order it without a volume: write boot_volume = { size = 20 }, or \
                                  choose another size";

/// For what should pass by itself. `mita check --online` shows it, too, so that it names no run.
pub(crate) const PASSES: &str = "it should pass by itself, and mita tries again";

/// What is wrong with a compute service that ignores microversions. The old API (`/v2`) drops the header, too.
pub(crate) const NO_MICROVERSION: &str = "does not answer to the header OpenStack-API-Version (a gateway drops it, or the \
                                          catalogue has the address of the old API, v2, in place of v2.1)";

/// "Maximum number of metadata items exceeds 3" (nova/exception.py, MetadataLimitExceeded).
pub(super) const METADATA_ITEMS: &str = "metadata items";

/// "No more IP addresses available on network ID." (neutron_lib, IpAddressGenerationFailure).
const NO_ADDRESS: &str = "no more ip addresses";

/// What to do about an answer that means this.
pub(super) fn advice(kind: FailureKind, service: Service, effect: Effect, response: &Response) -> Option<String> {
    let says = |words| says(response, words);
    let creates = effect == Effect::Create;
    // Old versions of Nova ask to wait for nothing where a quota is used up.
    let is_told_to_wait = || response.retry_after().is_some_and(|pause| !pause.is_zero());
    let text = match (kind, response.status) {
        (FailureKind::RateLimited, _) if creates && service == Service::Compute => {
            "mita orders nothing there for a while (mita status shows how long)"
        }
        // Whoever says when to come back minds the number of requests, and not this one.
        (_, 413 | 429 | 503) if kind != FailureKind::UnknownOutcome && is_told_to_wait() => PASSES,
        (FailureKind::Quota, _) => "free some of the project's quota or have it raised",
        (_, 402) => "ask those who run the cloud whether the project is paid for",
        (FailureKind::Wrong, 413) if creates => {
            "the request is too large: shorten the script or the metadata of the node type"
        }
        (FailureKind::Wrong, _) if creates && says_no_disk(response) => NO_DISK,
        (FailureKind::Wrong, _) if creates && says(METADATA_ITEMS) => {
            "mita itself writes four: write fewer in metadata, or have the limit metadata_items raised"
        }
        (FailureKind::Wrong | FailureKind::Conflict, _) if creates && says(NO_ADDRESS) => {
            "release addresses there that nobody uses, or name another network or pool"
        }
        // Nova names the field that its schema refuses, and the check knows nothing of that.
        (FailureKind::Wrong, 400) if creates && says("invalid input for field") => "correct the node type",
        // Nova names the kind of its errors; a gateway in front of it knows nothing of node types.
        (FailureKind::Wrong, 400 | 403 | 404 | 422) if creates && names_kind(response) => {
            "correct the node type; `mita check --online` shows what the cloud has"
        }
        (FailureKind::Wrong, _) if says("marker") => {
            "what the next page was to begin with is gone: mita reads the list anew"
        }
        // A list of versions, or a version that the service no longer has.
        (FailureKind::Unavailable, 300) | (FailureKind::Wrong, 404 | 405 | 410) => {
            let key = service.override_key();
            return Some(format!(
                "the address is wrong: have the catalogue corrected, or write the right one as {key}"
            ));
        }
        (FailureKind::Wrong, _) => return None,
        (FailureKind::Denied, 401) => {
            "it refuses a token that the identity service has just given: does it use the same Keystone, and is its clock right?"
        }
        // The address is right: mita has just read from it.
        (FailureKind::Denied, 405) => {
            "a gateway before it allows no DELETE: have it allowed by those who run the cloud"
        }
        (FailureKind::Denied, _) => "the user may not do this: give the user a role that may",
        (FailureKind::Conflict, _) if creates && says_cannot_choose_network(response) => {
            "write the networks of the node type in networks, since the cloud cannot choose"
        }
        (FailureKind::Conflict, _) if creates && says("matches found") => {
            "`mita check --online` shows what the cloud has"
        }
        (FailureKind::Conflict, _) if creates && says("in use") => {
            "free it there, or name another one in the node type"
        }
        (FailureKind::Conflict, _) if creates => return None,
        (FailureKind::Conflict, _) => "its state does not allow it now; mita tries again",
        (FailureKind::Locked, _) => "somebody locked it: unlock it there to let mita delete it",
        (FailureKind::RateLimited | FailureKind::Unavailable, _) => PASSES,
        (FailureKind::UnknownOutcome, _) => "a later list shows what became of it",
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::http::loopback::{Answer, Loopback};
    use crate::http::{Method, Request};
    use crate::provider::openstack::api::{Effect, Operation, Service};
    use std::time::Duration;

    fn refusal(effect: Effect, answer: Answer) -> String {
        let server = Loopback::new(move |_| answer.clone());
        let request = Request::new(Method::PUT, format!("{}/servers", server.url));
        let response = server.client(Duration::from_secs(10)).send(&request).unwrap();
        Operation::new("do it", effect).refused(Service::Compute, &response).message
    }

    #[test]
    fn each_answer_gets_the_advice_that_fits_it_or_none() {
        use Effect::{Create, Delete, Read};
        let html = "<html><head><title>413 Request Entity Too Large</title></head></html>";
        for (effect, status, body, advice) in [
            (Create, 413, html, "shorten the script or the metadata"),
            (Create, 413, r#"{"overLimit":{"code":413,"message":"Request is too large."}}"#, "shorten the script"),
            (Create, 402, r#"{"error":{"message":"suspended for non-payment"}}"#, "whether the project is paid for"),
            (
                Create,
                400,
                r#"{"badRequest":{"message":"No more IP addresses available on network x."}}"#,
                "addresses there",
            ),
            (Create, 400, r#"{"badRequest":{"message":"Invalid key_name"}}"#, "`mita check --online` shows"),
            (Create, 404, "<html>", "the address is wrong"),
            (Read, 300, r#"{"versions":[]}"#, "or write the right one as compute_endpoint_override"),
            (Delete, 405, "<html>", "a gateway before it allows no DELETE"),
            (Create, 409, r#"{"conflictingRequest":{"message":"Port 1 is still in use."}}"#, "free it there"),
            (Read, 400, r#"{"badRequest":{"message":"marker [x] not found"}}"#, "mita reads the list anew"),
            (Read, 404, "", "the address is wrong"),
            (Read, 401, "{}", "a token that the identity service has just given: does it use the same Keystone"),
            (Read, 403, "{}", "give the user a role that may"),
            (Read, 500, "{}", "mita tries again"),
            (Delete, 409, "{}", "mita tries again"),
            (Create, 500, "{}", "a later list shows what became of it"),
        ] {
            let message = refusal(effect, Answer::json(status, body));
            assert!(message.contains(advice), "{message}");
        }
        for (effect, status, body) in [
            (Read, 400, r#"{"badRequest":{"message":"odd"}}"#),
            (Create, 400, r#"{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication information"}"#),
            (Create, 451, ""),
            (Create, 409, r#"{"conflictingRequest":{"message":"a conflict"}}"#),
        ] {
            let message = refusal(effect, Answer::json(status, body));
            assert!(message.ends_with("/servers)"), "{message}");
        }
    }

    #[test]
    fn a_value_that_novas_schema_refuses_is_in_the_node_type_and_nowhere_in_the_cloud() {
        let text = "Invalid input for field/attribute group. Value: x. 'x' is not a 'uuid'";
        let body = format!(r#"{{"badRequest":{{"message":"{text}"}}}}"#);
        let message = refusal(Effect::Create, Answer::json(400, &body));
        assert!(message.ends_with("/servers): correct the node type"), "{message}");
    }

    #[test]
    fn an_answer_that_says_when_to_come_back_is_about_nothing_else() {
        for status in [413, 429] {
            let answer = || Answer::json(status, "<html>").with("Retry-After", "600");
            assert!(refusal(Effect::Delete, answer()).ends_with("mita tries again"));
            assert!(refusal(Effect::Create, answer()).contains("mita orders nothing there for a while"));
        }
        let full = Answer::json(413, r#"{"overLimit":{"message":"Quota exceeded for cores","retryAfter":0}}"#);
        let message = refusal(Effect::Create, full.with("Retry-After", "0"));
        assert!(message.ends_with("free some of the project's quota or have it raised"), "{message}");
    }

    #[test]
    fn an_error_in_fields_of_their_own_is_shown_with_its_code_and_its_text() {
        let body = r#"{"error_code":"Ecs.0219","error_msg":"The flavor is sold out."}"#;
        let message = refusal(Effect::Create, Answer::json(400, body));
        assert!(message.contains("Ecs.0219") && message.contains("The flavor is sold out."), "{message}");
    }
}
