//! What the body of an error of OpenStack says.

use crate::http::{Response, excerpt};
use jiff::SignedDuration;
use serde_json::Value;

/// The largest body that is searched for an error, in bytes. The errors of the services themselves are far shorter.
const LARGEST_ERROR: usize = 1 << 20;

/// What a request changes: it decides what a failure leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changes nothing.
    Read,
    /// It creates something.
    Create,
    /// It deletes something.
    Delete,
}

/// The body of an error.
pub(super) struct ErrorBody {
    pub(super) message: String,
    /// The one field around it, which names the kind of error; empty if there is none.
    pub(super) field: String,
    /// Whether a filter wrote it before the request reached Nova (webob.exc: `code` is a text). Nova puts its own errors in
    /// a field (nova/api/openstack/wsgi.py, `Fault`); Glance does not.
    pub(super) by_filter: bool,
    /// `retryAfter`, a number or a text.
    pub(super) retry_after: Option<SignedDuration>,
}

/// Nova, Cinder, Keystone: `{"KIND": {"code", "message"}}`. Neutron: `{"NeutronError": {"type", "message", "detail"}}`, or a
/// plain text in its place. Glance and the token filter of some services: `{"code": "401 Unauthorized", "message", "title"}`.
pub(super) fn error_body(response: &Response) -> Option<ErrorBody> {
    if response.body.len() > LARGEST_ERROR {
        return None;
    }
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let fields = body.as_object()?;
    if let Some(message) = fields.get("message").and_then(Value::as_str) {
        let code = fields.get("code").and_then(Value::as_str);
        let by_filter = code.is_some_and(|code| code.starts_with(&response.status.to_string()));
        return Some(ErrorBody { message: message.to_owned(), field: String::new(), by_filter, retry_after: None });
    }
    let inner = |(field, inner): (&String, &Value)| {
        let message = inner.get("message")?.as_str()?.to_owned();
        let asked = inner.get("retryAfter");
        let asked = asked.and_then(|asked| asked.as_i64().or_else(|| asked.as_str()?.trim().parse().ok()));
        let retry_after = asked.map(SignedDuration::from_secs);
        Some(ErrorBody { message, field: field.clone(), by_filter: false, retry_after })
    };
    // Clouds with errors of their own write texts side by side, as {"error_code", "error_msg"}.
    let texts = || {
        let texts: Vec<&str> = fields.values().filter_map(Value::as_str).collect();
        let field = fields.keys().next().filter(|_| fields.len() == 1).cloned().unwrap_or_default();
        (!texts.is_empty()).then(|| ErrorBody { message: texts.join(": "), field, by_filter: false, retry_after: None })
    };
    fields.iter().find_map(inner).or_else(texts)
}

/// The message of the service, as one line.
pub(super) fn message(response: &Response) -> String {
    match error_body(response) {
        Some(error) => format!("\"{}\"", excerpt(error.message.replace("<br />", " ").as_bytes())),
        None => excerpt(&response.body),
    }
}

/// Whether an error names its kind in the field around it, as those of the services do.
pub(super) fn names_kind(response: &Response) -> bool {
    error_body(response).is_some_and(|error| !error.field.is_empty())
}

/// Whether the text of an error has these words, in small letters.
pub(super) fn says(response: &Response, words: &str) -> bool {
    error_body(response).is_some_and(|error| error.message.to_lowercase().contains(words))
}

/// Whether a 403 of Nova is about the flavor and not about rights: "Only volume-backed servers are allowed for flavors with
/// zero disk." (nova/exception.py, BootFromVolumeRequiredForZeroDiskFlavor).
pub(super) fn says_no_disk(response: &Response) -> bool {
    response.status == 403 && says(response, "volume-backed") && says(response, "disk")
}

/// Whether a 409 of Nova is about networks: "Multiple possible networks found, use a Network ID to be more specific."
/// (nova/exception.py, NetworkAmbiguous). It says the same of security groups, and of a subnet without free addresses.
pub(super) fn says_cannot_choose_network(response: &Response) -> bool {
    says(response, "possible networks")
}

/// Whether Keystone says that a project or domain is disabled.
pub(crate) fn says_disabled(response: &Response) -> bool {
    says(response, "is disabled")
}
