//! Requests.

use super::error::{HttpError, Kind};
use crate::secret::Secret;
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use ureq::http::request::Parts;
use ureq::http::{HeaderName, HeaderValue, Method, Uri};

/// A request. `Display` and `Debug` show only its method and its URL without query and user.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: String,
    headers: Vec<(String, HeaderText)>,
    body: Option<Body>,
    pub(super) retryable: bool,
    pub(super) expects_redirect: bool,
    pub(super) timeout: Option<Duration>,
}

#[derive(Clone)]
enum HeaderText {
    Plain(String),
    Secret(Secret),
}

#[derive(Clone)]
struct Body {
    content_type: &'static str,
    bytes: Vec<u8>,
}

impl Request {
    /// A request without a body. A POST then has `Content-Length: 0`.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let retryable = matches!(method, Method::GET | Method::HEAD);
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            retryable,
            expects_redirect: false,
            timeout: None,
        }
    }

    /// A read.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A write.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), HeaderText::Plain(value.into())));
        self
    }

    /// Adds a header whose value no log may show.
    pub fn secret_header(mut self, name: &str, value: &Secret) -> Self {
        self.headers.push((name.to_owned(), HeaderText::Secret(value.clone())));
        self
    }

    /// Sends this value as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // Only maps with keys other than texts could fail here, and there are none.
        let bytes = serde_json::to_vec(body).unwrap_or_default();
        self.body = Some(Body { content_type: "application/json", bytes });
        self
    }

    /// Sends these fields as a form.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let bytes = encode_query(fields).into_bytes();
        self.body = Some(Body { content_type: "application/x-www-form-urlencoded", bytes });
        self
    }

    /// Sends this XML document.
    pub fn xml(mut self, document: &str) -> Self {
        self.body = Some(Body { content_type: "application/xml", bytes: document.as_bytes().to_vec() });
        self
    }

    /// Allows to retry a request that changes nothing although it is not a GET, such as a log-in.
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Returns a redirect as an answer, not as an error. It is not followed.
    pub fn expect_redirect(mut self) -> Self {
        self.expects_redirect = true;
        self
    }

    /// Sets a timeout that is shorter than the usual one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn not_sent(&self, text: impl Into<String>) -> HttpError {
        HttpError { request: self.to_string(), kind: Kind::NotSent, text: text.into() }
    }

    pub(super) fn uri(&self) -> Result<Uri, HttpError> {
        let uri: Uri = self.url.parse().map_err(|error| self.not_sent(format!("not a URL: {error}")))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
            _ => Err(self.not_sent("not a URL of http:// or https:// with a host")),
        }
    }

    pub(super) fn parts(&self, uri: &Uri) -> Result<(Parts, Option<&[u8]>), ureq::Error> {
        let mut parts = ureq::http::Request::new(()).into_parts().0;
        parts.method = self.method.clone();
        parts.uri = uri.clone();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| ureq::Error::Http(error.into()))?;
            let (text, secret) = match value {
                HeaderText::Plain(text) => (text.as_str(), false),
                HeaderText::Secret(secret) => (secret.expose(), true),
            };
            let mut value =
                HeaderValue::from_bytes(text.as_bytes()).map_err(|error| ureq::Error::Http(error.into()))?;
            value.set_sensitive(secret);
            parts.headers.append(name, value);
        }
        if let Some(body) = &self.body {
            parts.headers.insert("content-type", HeaderValue::from_static(body.content_type));
        }
        let takes_body = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        let body = self.body.as_ref().map(|body| body.bytes.as_slice());
        Ok((parts, if takes_body { Some(body.unwrap_or_default()) } else { body }))
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, bare(&self.url))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({self})")
    }
}

/// Scheme, host and port of a URL.
pub(super) fn origin(url: &str) -> String {
    let url = bare(url);
    let authority = url.find("://").map_or(0, |scheme| scheme + 3);
    let end = url[authority..].find('/').map_or(url.len(), |path| authority + path);
    url[..end].to_owned()
}

/// The URL without user, query and fragment.
pub(super) fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// A text as one segment of a URL's path (RFC 3986): everything but unreserved characters is written as `%XX`.
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Encodes names and values as a query or a form, without a question mark.
pub fn encode_query(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", encode_segment(name), encode_segment(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s9_a_request_is_shown_without_user_query_and_headers() {
        let request = Request::get("https://u:hidden-word@h.example:8443/a/b?token=hidden-word#x")
            .secret_header("X-Auth-Token", &Secret::new("hidden-word"))
            .json(&"hidden-word");
        assert_eq!(request.to_string(), "GET https://h.example:8443/a/b");
        assert_eq!(format!("{request:?}"), "Request(GET https://h.example:8443/a/b)");
        assert_eq!(bare("http://h?a@b"), "http://h");
    }

    #[test]
    fn a_node_name_with_plus_slash_blank_and_umlaut_is_one_segment() {
        assert_eq!(encode_segment("a+b/c d.é~1"), "a%2Bb%2Fc%20d.%C3%A9~1");
        assert_eq!(encode_query(&[("q", "a&b=c"), ("r", "")]), "q=a%26b%3Dc&r=");
    }

    #[test]
    fn what_is_no_address_of_a_service_is_not_sent() {
        for url in ["", "h.example/x", "ftp://h.example/", "http://", "http://a b/", "https://[::1"] {
            let error = Request::get(url).uri().unwrap_err();
            assert_eq!(error.kind, Kind::NotSent, "{url}");
        }
        assert_eq!(Request::get("http://[::1]:5000/v3").uri().unwrap().host(), Some("[::1]"));
    }
}
