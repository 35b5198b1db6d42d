//! Whether Keystone answers at auth_url. Other services of OpenStack refuse a log-in with the same words.

use crate::config::{Auth, OpenStackConfig};
use crate::http::{Client, HttpError, JsonBody, Request, Response};
use crate::provider::openstack::api::error_body::{asks_for_methods, is_generic_401, is_of_keystone};
use serde_json::Value;

/// What is wrong with an auth_url where another service answers.
pub(crate) const NOT_KEYSTONE: &str = "what answers at auth_url is not Keystone: correct auth_url";

/// Whether Keystone answers there: it describes its version to anybody. Without an answer, nothing speaks against it.
pub(crate) fn is_keystone(http: &Client, config: &OpenStackConfig) -> bool {
    // A newer Keystone has no version 2.0 to describe.
    matches!(config.auth, Auth::V2Password { .. }) || describes_itself(http, &config.auth_url).unwrap_or(true)
}

/// Whether Keystone refused this log-in. A gateway may hide its description of its version, so that its own words count more.
/// The token filter of the other services has one sentence of Keystone, and asks for a token at every address.
pub(super) fn is_from_keystone(http: &Client, config: &OpenStackConfig, response: &Response) -> bool {
    if is_generic_401(response) {
        let asks_for_token = || root(http, &config.auth_url).is_ok_and(|root| root.status == 401);
        return matches!(config.auth, Auth::V2Password { .. }) || !asks_for_token();
    }
    is_of_keystone(response) || asks_for_methods(response) || is_keystone(http, config)
}

/// Whether the answer there is Keystone's description of its version, or an error that says nothing of who answers.
///
/// # Errors
/// Why there is no answer.
pub(crate) fn describes_itself(http: &Client, auth_url: &str) -> Result<bool, HttpError> {
    let response = root(http, auth_url)?;
    if !response.is_success() {
        // A proxy that asks for a log-in, or that allows no more requests now, stands in front of anything.
        return Ok(matches!(response.status, 407 | 408 | 413 | 429 | 500..));
    }
    let is_version = |body: JsonBody<'_>| body.take("/version").is_ok_and(|version: Value| version.is_object());
    Ok(response.json_body("a version").is_ok_and(is_version))
}

fn root(http: &Client, auth_url: &str) -> Result<Response, HttpError> {
    http.send(&Request::get(format!("{}/v3", without_version(auth_url))))
}

/// Keystone's root URL, without a version.
pub(super) fn without_version(auth_url: &str) -> &str {
    let url = auth_url.trim_end_matches('/');
    ["/v3", "/v2.0"].iter().find_map(|version| url.strip_suffix(version)).unwrap_or(url).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::without_version;

    #[test]
    fn keystones_url_may_be_given_with_a_version_a_prefix_or_a_slash() {
        for url in ["http://h:5000", "http://h:5000/", "http://h:5000/v3", "http://h:5000/v3/", "http://h:5000/v2.0"] {
            assert_eq!(without_version(url), "http://h:5000", "{url}");
        }
        assert_eq!(without_version("https://h/identity/v3"), "https://h/identity");
    }
}
