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
pub(crate) fn says(response: &Response, words: &str) -> bool {
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

/// Whether this is Keystone's own form of an error: `{"error": {"code", "title", "message"}}`.
pub(crate) fn is_of_keystone(response: &Response) -> bool {
    let error = serde_json::from_slice(&response.body).ok().and_then(|body: Value| body.get("error").cloned());
    error.is_some_and(|error| {
        let is_text = |key| error.get(key).is_some_and(Value::is_string);
        error["code"] == response.status && is_text("title") && is_text("message")
    })
}

/// Whether this is Keystone's sentence for every refused log-in, which the token filter of the other services writes, too
/// (keystonemiddleware).
pub(crate) fn is_generic_401(response: &Response) -> bool {
    response.status == 401 && is_of_keystone(response) && says(response, "you have made requires authentication")
}

/// Whether Keystone took the password and wants more: the answer names the methods that the user's rules require.
pub(crate) fn asks_for_methods(response: &Response) -> bool {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    response.status == 401 && body.is_some_and(|body| body["required_auth_methods"].is_array())
}
