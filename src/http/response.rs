//! Complete answers, and how messages quote them.

use super::error::{HttpError, Kind};
use super::request::{bare, origin};
use crate::secret::redact;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use ureq::http::HeaderMap;

/// How many characters of a body a message quotes.
const QUOTED: usize = 200;
/// How many bytes of a body are searched: enough to find a title, and to remove any secret from what is quoted.
const SEARCHED: usize = 32 << 10;

/// The most values of a JSON answer, each of 32 bytes in memory, with arrays and objects counted by their size: ten
/// thousand nodes with ten labels each have 5 million.
const MOST_VALUES: usize = 6_000_000;
/// The longest text in a JSON answer, in bytes: a reason that names ten thousand nodes can be this long.
const LONGEST_TEXT: usize = 1 << 20;

/// A complete answer. `Debug` does not show the body, which may contain secrets.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The uncompressed body.
    pub body: Vec<u8>,
    request: String,
}

impl Response {
    pub(super) fn new(request: String, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body, request }
    }

    /// The request: its method and its URL without query.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Whether the status means success (2xx).
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header with this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The beginning of a header without secrets, for a message.
    pub fn quoted_header(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| excerpt(value.as_bytes()))
    }

    /// Where a redirect leads, without user, query and fragment.
    pub fn location(&self) -> Option<String> {
        let location = bare(self.header("location")?);
        let url = self.request.split_once(' ').map_or("", |(_, url)| url);
        Some(if location.starts_with('/') { origin(url) + &location } else { location })
    }

    /// The service's id of the request, for messages.
    pub fn request_id(&self) -> Option<String> {
        ["x-openstack-request-id", "x-compute-request-id", "x-request-id"]
            .iter()
            .filter(|name| self.header(name).is_some_and(|id| !id.is_empty()))
            .find_map(|name| self.quoted_header(name))
    }

    /// How long a busy service asks to wait, if it says so in seconds (RFC 9110, 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// The body as JSON. `wanted` names it in messages: "the build queue".
    pub fn json<T: DeserializeOwned>(&self, wanted: &str) -> Result<T, HttpError> {
        if let Err(why) = check_size(&self.body) {
            let text = format!("wanted {wanted}, got {why}: status {}", self.status);
            return Err(HttpError { request: self.request.clone(), kind: Kind::TooLarge, text });
        }
        serde_json::from_slice(&self.body).map_err(|error| self.not_json(wanted, &error))
    }

    /// Parts of the body, each by its JSON pointer (RFC 6901) in [`JsonBody::take`].
    pub fn json_body<'a>(&'a self, wanted: &'a str) -> Result<JsonBody<'a>, HttpError> {
        Ok(JsonBody { response: self, wanted, whole: self.json(wanted)? })
    }

    fn not_json(&self, wanted: &str, error: &serde_json::Error) -> HttpError {
        let found = self.description();
        let text = match error.classify() {
            serde_json::error::Category::Data => {
                format!("wanted {wanted}, got {found}, which does not fit: {}", excerpt(error.to_string().as_bytes()))
            }
            _ => format!("wanted {wanted} as JSON, got {found}"),
        };
        HttpError { request: self.request.clone(), kind: Kind::NotJson, text }
    }

    /// Status, type and beginning of the answer, for a message.
    pub fn description(&self) -> String {
        let kind = match self.header("content-type") {
            Some(kind) => redact(kind).chars().take(80).flat_map(char::escape_debug).collect(),
            None => "no content type".to_owned(),
        };
        format!("status {} ({kind}): {}", self.status, excerpt(&self.body))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} {}, {} bytes)", self.request, self.status, self.body.len())
    }
}

/// A JSON body that is taken apart.
pub struct JsonBody<'a> {
    response: &'a Response,
    wanted: &'a str,
    whole: Value,
}

impl JsonBody<'_> {
    /// The part at this pointer. A part that is missing counts as null.
    pub fn take<T: DeserializeOwned>(&mut self, pointer: &str) -> Result<T, HttpError> {
        let part = self.whole.pointer_mut(pointer).map(Value::take).unwrap_or_default();
        serde_json::from_value(part).map_err(|error| self.response.not_json(self.wanted, &error))
    }
}

/// Fails for JSON that would take far more memory than it has bytes: a malicious answer can grow a hundredfold, since an
/// empty object of two letters becomes a node of a tree.
fn check_size(json: &[u8]) -> Result<(), &'static str> {
    let (mut values, mut text_began) = (0_usize, None);
    let mut bytes = json.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (text_began, byte) {
            (Some(began), b'"') => {
                if at - began > LONGEST_TEXT {
                    return Err("a text that is too long");
                }
                text_began = None;
            }
            (Some(_), b'\\') => drop(bytes.next()),
            (Some(_), _) => {}
            (None, b'"') => text_began = Some(at),
            (None, b',') => values += 1,
            (None, b':') => values += 2,
            (None, b'[') => values += 5,
            (None, b'{') => values += 22,
            (None, _) => {}
        }
        if values > MOST_VALUES {
            return Err("too many values");
        }
    }
    Ok(())
}

/// The beginning of a body as one line, without secrets and control characters; of an HTML page the title.
pub fn excerpt(body: &[u8]) -> String {
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    // Cut after redaction, since a part of a secret is not recognized. Leading white space is removed first, or it could
    // fill what is searched up to the beginning of a secret.
    let body = body.trim_ascii_start();
    let text = String::from_utf8_lossy(&body[..body.len().min(SEARCHED)]);
    let text = redact(&text);
    let beginning = text.trim();
    let lower = beginning.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<head>") {
        return match title(beginning, &lower) {
            Some(title) => format!("an HTML page titled \"{title}\""),
            None => "an HTML page".to_owned(),
        };
    }
    let quoted: String = beginning.chars().take(QUOTED).collect();
    let more = if beginning.chars().nth(QUOTED).is_some() { "..." } else { "" };
    format!("{}{more}", one_line(&quoted))
}

fn title(beginning: &str, lower: &str) -> Option<String> {
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = one_line(&beginning[start..end].chars().take(QUOTED).collect::<String>());
    (!title.is_empty()).then_some(title)
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use serde::Deserialize;

    fn response(content_type: &str, body: &[u8]) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        Response::new("GET http://h/x".to_owned(), 200, headers, body.to_vec())
    }

    #[derive(Debug, Deserialize)]
    struct Wanted {
        #[expect(dead_code, reason = "only its type matters here")]
        number: u32,
    }

    #[test]
    fn html_instead_of_json_is_quoted_by_its_title() {
        let page = b"\n<!DOCTYPE html><html><head><TITLE lang=en>\n Starting\x07  Jenkins </TITLE></head><body>x";
        let error = response("text/html;charset=utf-8", page).json::<Wanted>("the build queue").unwrap_err();
        assert_eq!(
            error.to_string(),
            "GET http://h/x: wanted the build queue as JSON, got status 200 (text/html;charset=utf-8): \
             an HTML page titled \"Starting\\u{7} Jenkins\""
        );
        assert_eq!(error.kind, Kind::NotJson);
    }

    #[test]
    fn json_of_another_shape_says_where_it_does_not_fit() {
        let error = response("application/json", br#"{"number":"x"}"#).json::<Wanted>("a number").unwrap_err();
        assert_eq!(
            error.text,
            "wanted a number, got status 200 (application/json): {\"number\":\"x\"}, which does not fit: \
             invalid type: string \"x\", expected u32 at line 1 column 13"
        );
    }

    #[test]
    fn a_body_is_quoted_from_its_beginning_only() {
        let long = "é".repeat(300);
        assert_eq!(excerpt(long.as_bytes()), format!("{}...", "é".repeat(200)));
        assert_eq!(excerpt(b""), "an empty body");
        assert_eq!(excerpt(b"a\r\n\x1b[31mb \xff"), "a \\u{1b}[31mb \u{fffd}");
    }

    #[test]
    fn s9_a_body_that_repeats_a_secret_is_quoted_without_it() {
        let _secret = Secret::new("excerpt-secret-1");
        let body = format!("{}excerpt-secret-1", "x".repeat(195));
        assert!(excerpt(body.as_bytes()).ends_with("x[secr..."));
    }

    #[test]
    fn s9_a_secret_at_the_edge_of_what_is_searched_is_not_quoted_in_part() {
        let _secret = Secret::new("edge-of-the-excerpt-1");
        for before in SEARCHED - 21..=SEARCHED {
            let body = format!("{}edge-of-the-excerpt-1", " ".repeat(before));
            assert_eq!(excerpt(body.as_bytes()), "[secret]");
        }
        let kind = format!("text/{}edge-of-the-excerpt-1", "x".repeat(65));
        let described = response(&kind, b"").description();
        assert!(!described.contains("edge"), "{described}");
    }

    #[test]
    fn the_size_of_json_is_checked_before_it_is_read() {
        let array = |piece: &str, number: usize| format!("[{}]", vec![piece; number].join(","));
        assert_eq!(check_size(array("0", MOST_VALUES - 10).as_bytes()), Ok(()));
        for heavy in [
            array("0", MOST_VALUES + 10),
            array("[]", MOST_VALUES / 6 + 10),
            array("{}", MOST_VALUES / 23 + 10),
            array(r#"{"a":0}"#, MOST_VALUES / 25 + 10),
        ] {
            assert_eq!(check_size(heavy.as_bytes()), Err("too many values"));
        }
        assert_eq!(check_size(format!("[\"{}\"]", r#"[,{\"\\"#.repeat(50_000)).as_bytes()), Ok(()));
        let long = format!("[\"{}\"]", "x".repeat(LONGEST_TEXT + 1));
        assert_eq!(check_size(long.as_bytes()), Err("a text that is too long"));
        let error = response("application/json", long.as_bytes()).json::<Vec<String>>("texts").unwrap_err();
        assert_eq!(error.kind, Kind::TooLarge);
    }

    #[test]
    fn retry_after_counts_in_seconds_only() {
        let mut answer = response("text/plain", b"");
        answer.headers.insert("retry-after", "7".parse().unwrap());
        assert_eq!(answer.retry_after(), Some(Duration::from_secs(7)));
        answer.headers.insert("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT".parse().unwrap());
        assert_eq!(answer.retry_after(), None);
    }
}
