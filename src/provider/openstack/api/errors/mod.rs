//! What the errors of OpenStack mean.
//!
//! Status and error field decide, never a whole sentence: releases and vendors phrase theirs differently. The message of
//! the service and its request id are always shown, since operators of clouds ask for them.

use super::advice::{METADATA_ITEMS, advice};
use super::error_body::{Effect, ErrorBody, error_body, message, says_no_disk};
use super::service::Service;
use crate::http::{HttpError, Kind, Response, may_be_passed_on};
use crate::provider::failure::{Failure, FailureKind};
use crate::secret::redact_answer;
use jiff::SignedDuration;
use serde_json::Value;

#[cfg(test)]
mod tests;

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
        Failure::new(kind, redact_answer(&message))
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
        let advice = &advice(kind, service, self.effect, response).unwrap_or_default();
        Failure { retry_after: retry_after(response), ..self.refused_as(kind, &service.to_string(), response, advice) }
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
        // "(rule:get_quota and rule:context_is_admin) is disallowed by policy" (Neutron) is about rights.
        let of_policy = text.contains("by policy") || text.contains("policy doesn't allow");
        let of_quota = !of_policy
            && (["quota", "exceed", "maximum number"].iter().any(|word| text.contains(word))
                || (text.contains("limit") && !text.contains("policy")));
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
            409 if error.is_some() || self.effect != Effect::Create => FailureKind::Conflict,
            400 if self.effect == Effect::Delete => FailureKind::Conflict,
            _ if self.effect != Effect::Read && leaves_open(response.status, error.as_ref()) => {
                FailureKind::UnknownOutcome
            }
            // A gateway in front of the service lets no deletion through.
            405 if self.effect == Effect::Delete => FailureKind::Denied,
            // The caller handles Nova's own 404: what is gone needs no deletion.
            404 if self.effect == Effect::Delete => FailureKind::Unavailable,
            // Nova before 2013, and Cinder still, answer `overLimit` to both a quota and a rate; a proxy answers 413 to a
            // request that is too large.
            413 if text.contains("rate-limit") || text.contains("rate limit") => FailureKind::RateLimited,
            // A quota does not get free by itself: its `Retry-After` is 0.
            413 if !of_quota && retry_after(response).is_some() => FailureKind::RateLimited,
            413 if error.is_some() && !text.contains("too large") => FailureKind::Quota,
            429 => FailureKind::RateLimited,
            500.. => match self.effect {
                Effect::Read => FailureKind::Unavailable,
                // The filter in front of Nova answers 503 when it cannot check the token. Any other 503 may come from a proxy
                // that passed the request on and lost the answer, as its 502 and 504 do.
                Effect::Create | Effect::Delete
                    if response.status == 503 && error.as_ref().is_some_and(|error| error.by_filter) =>
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

/// Whether an answer below 500 leaves open what became of the request: no service wrote it, and a proxy may have passed the
/// request on. A 409 without a word of a service is no conflict that Nova saw.
fn leaves_open(status: u16, error: Option<&ErrorBody>) -> bool {
    error.is_none() && (status == 409 || may_be_passed_on(status))
}

/// For how long the service wants no such request: `Retry-After`, which old releases of Nova wrote into the body as well.
fn retry_after(response: &Response) -> Option<SignedDuration> {
    if !matches!(response.status, 413 | 429 | 503) {
        return None;
    }
    let in_header = response.retry_after().map(|time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX));
    let asked = in_header.or_else(|| error_body(response)?.retry_after);
    asked.filter(|asked| asked.is_positive())
}

/// An HTTP client that cannot be created.
pub(crate) fn unusable_client(error: &HttpError) -> Failure {
    Failure::new(FailureKind::Wrong, error.text.clone())
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
