//! Complete answers, and how messages quote them.

use super::clock::parse_date;
use super::error::{HttpError, Kind};
use super::request::{bare, origin};
use crate::json;
use crate::secret::{REDACTED, redact_answer};
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use ureq::http::HeaderMap;

/// How many characters of a body a message quotes.
const QUOTED: usize = 200;
/// How many bytes of a body are searched: enough to find a title, and to remove any secret from what is quoted.
const SEARCHED: usize = 32 << 10;

/// The most values of a JSON answer, each of 32 bytes in memory, with arrays and objects counted by their size: a page of
/// ten thousand servers has 3 million.
const MOST_VALUES: usize = 6_000_000;
/// How many bytes of a body are its end, in which links to the next page stand.
const END: usize = 4 << 10;
/// How many characters a message quotes on each side of a mistake in JSON.
const AROUND: usize = 20;

/// A complete answer. `Debug` does not show the body, which may contain secrets.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The uncompressed body. The odd texts of JSON are repaired in it.
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

    /// How long a busy service asks to wait, if it says so (RFC 9110, 10.2.3): in seconds, or until a time of its own clock.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
        }
        let (until, date) = (parse_date(text)?, parse_date(self.header("date")?)?);
        Some(Duration::try_from(until.duration_since(date)).unwrap_or_default())
    }

    /// The body as JSON, read straight into `T`. `wanted` names it in messages: "the build queue".
    pub fn json<'a, T: Deserialize<'a>>(&'a self, wanted: &str) -> Result<T, HttpError> {
        json::parse(&self.body).map_err(|error| self.not_json(wanted, &error))
    }

    /// The same, read by what knows more than the type tells. Fails for what would take far more memory than it has bytes.
    pub fn json_of<'a, S: DeserializeSeed<'a>>(&'a self, seed: S, wanted: &str) -> Result<S::Value, HttpError> {
        self.check_size(wanted)?;
        json::parse_with(seed, &self.body).map_err(|error| self.not_json(wanted, &error))
    }

    /// What seems to stand under this key at the very end of the body: a guess, sooner than the body is read.
    pub fn last_value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let end = String::from_utf8_lossy(&self.body[self.body.len().saturating_sub(END)..]);
        let (_, value) = end.rsplit_once(&format!("\"{key}\":"))?;
        serde_json::Deserializer::from_str(value).into_iter().next()?.ok()
    }

    /// Parts of the body, each by its JSON pointer (RFC 6901) in [`JsonBody::take`].
    pub fn json_body<'a>(&'a self, wanted: &'a str) -> Result<JsonBody<'a>, HttpError> {
        self.check_size(wanted)?;
        Ok(JsonBody { response: self, wanted, whole: self.json(wanted)? })
    }

    /// Fails for JSON that would take far more memory than it has bytes: a malicious answer can grow a hundredfold, since an
    /// empty object of two letters becomes a node of a tree.
    fn check_size(&self, wanted: &str) -> Result<(), HttpError> {
        if weight(&self.body) <= MOST_VALUES {
            return Ok(());
        }
        let text = format!("wanted {wanted}, got too many values: status {}", self.status);
        Err(HttpError { request: self.request.clone(), kind: Kind::TooLarge, text })
    }

    fn not_json(&self, wanted: &str, error: &serde_json::Error) -> HttpError {
        let found = self.description();
        let text = match error.classify() {
            Category::Data => {
                format!("wanted {wanted}, got {found}, which does not fit: {}", excerpt(error.to_string().as_bytes()))
            }
            Category::Syntax | Category::Eof | Category::Io => {
                let mistake = mistake(&self.body, error).unwrap_or_default();
                format!("wanted {wanted} as JSON, got {found}{mistake}")
            }
        };
        HttpError { request: self.request.clone(), kind: Kind::NotJson, text }
    }

    /// Status, type and beginning of the answer, for a message.
    pub fn description(&self) -> String {
        let kind = match self.header("content-type") {
            Some(kind) => redact_answer(kind).chars().take(80).flat_map(char::escape_debug).collect(),
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
    whole: Parts<'a>,
}

/// How many values a tree of this JSON has, at most, with arrays and objects counted by their size. Where that is too
/// much, what is in texts does not count.
fn weight(json: &[u8]) -> usize {
    const WEIGHTS: [(u8, usize); 4] = [(b',', 1), (b':', 2), (b'[', 5), (b'{', 22)];
    let most = WEIGHTS.map(|(byte, weight)| memchr::memchr_iter(byte, json).count() * weight).into_iter().sum();
    if most <= MOST_VALUES {
        return most;
    }
    let (mut weight, mut in_text, mut bytes) = (0, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => drop(bytes.next()),
            _ if in_text => {}
            _ => weight += WEIGHTS.iter().find(|(weighed, _)| weighed == byte).map_or(0, |(_, weight)| *weight),
        }
    }
    weight
}

/// The parts of an object, not yet read.
type Parts<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl JsonBody<'_> {
    /// The part at this pointer, which leads through objects only; the whole body for an empty one. A part that is missing
    /// counts as null.
    pub fn take<T: DeserializeOwned>(&self, pointer: &str) -> Result<T, HttpError> {
        let unreadable = |error| self.response.not_json(self.wanted, &error);
        if pointer.is_empty() {
            return self.response.json(self.wanted);
        }
        let mut keys = pointer.split('/').skip(1);
        let mut part = keys.next().and_then(|key| self.whole.get(key)).copied();
        for key in keys {
            let parts: Option<Parts<'_>> = part.and_then(|part| serde_json::from_str(part.get()).ok());
            part = parts.and_then(|parts| parts.get(key).copied());
        }
        serde_json::from_str(part.map_or("null", RawValue::get)).map_err(unreadable)
    }
}

/// Where the JSON of a body is wrong, and what stands there; `None` for a body that does not even begin like JSON.
fn mistake(body: &[u8], error: &serde_json::Error) -> Option<String> {
    body.trim_ascii_start().first().filter(|byte| matches!(byte, b'{' | b'['))?;
    let (line, column) = (error.line(), error.column());
    if error.is_eof() {
        return Some(format!(", which ends too early at line {line}, column {column}"));
    }
    let line_began: usize = body.split_inclusive(|byte| *byte == b'\n').take(line - 1).map(<[u8]>::len).sum();
    let at = (line_began + column).saturating_sub(1).min(body.len());
    let before = String::from_utf8_lossy(&body[at.saturating_sub(SEARCHED / 2)..at]);
    let behind = String::from_utf8_lossy(&body[at..body.len().min(at + SEARCHED / 2)]);
    let skipped = before.chars().count().saturating_sub(AROUND);
    let around: String = before.chars().skip(skipped).chain(behind.chars().take(AROUND)).collect();
    // A secret at this place would be quoted in part.
    let searched = format!("{before}{behind}");
    let stands = if redact_answer(&searched) == searched { one_line(&around) } else { REDACTED.to_owned() };
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    Some(format!(", which is not JSON at line {line}, column {column}, at \"{stands}\": {reason}"))
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
    let text = redact_answer(&text);
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
    use serde_json::Value;

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
    fn the_size_of_json_is_checked_before_a_tree_is_made_of_it() {
        let of = |body: String| response("application/json", body.as_bytes());
        let objects = |number: usize| of(format!("{{\"a\": [{}0]}}", "{},".repeat(number)));
        let most = (MOST_VALUES - 22 - 2 - 5) / 23;
        assert!(objects(most).json_body("a tree").is_ok());
        assert!(of(format!("{{\"{}\": 0}}", r#"{[,{\"\\"#.repeat(most))).json_body("a tree").is_ok());
        let error = objects(most + 1).json_body("a tree").err().unwrap();
        assert_eq!(
            (error.kind, error.text.as_str()),
            (Kind::TooLarge, "wanted a tree, got too many values: status 200")
        );
    }

    #[test]
    fn what_is_not_json_is_quoted_where_it_is_wrong() {
        for (body, message) in [
            (
                "{\"a\": [1, 2],\n \"b\": [\"good\", bad, \"more than is quoted\"]}",
                ", which is not JSON at line 2, column 16, at \"2], \"b\": [\"good\", bad, \"more than is q\": expected value",
            ),
            ("[1 2]", ", which is not JSON at line 1, column 4, at \"[1 2]\": expected `,` or `]`"),
            ("[\"\\q\"]", ", which is not JSON at line 1, column 4, at \"[\"\\q\"]\": invalid escape"),
            ("{\"a\": 1}{}", ", which is not JSON at line 1, column 9, at \"{\"a\": 1}{}\": trailing characters"),
            ("{\"a\":\n [1,", ", which ends too early at line 2, column 4"),
            ("Sign in", ""),
            ("", ""),
        ] {
            let error = response("application/json", body.as_bytes()).json::<Value>("a list").unwrap_err();
            assert_eq!(error.kind, Kind::NotJson);
            assert!(error.text.ends_with(&format!("{}{message}", excerpt(body.as_bytes()))), "{body}: {error}");
        }
    }

    #[test]
    fn s9_a_secret_where_json_is_wrong_is_not_quoted_in_part() {
        let _secret = Secret::new("quote\"in-a-secret-1");
        let error = response("application/json", br#"["quote"in-a-secret-1"]"#).json::<Value>("a list").unwrap_err();
        assert!(error.text.contains(", at \"[secret]\": expected") && !error.text.contains("in-a"), "{error}");
    }

    #[test]
    fn parts_are_taken_by_their_pointers_and_missing_ones_are_null() {
        let answer = response("application/json", br#"{"a": {"b\u0020c": [1]}, "d": null, "d": 2}"#);
        let body = answer.json_body("a document").unwrap();
        assert_eq!(body.take::<Vec<u8>>("/a/b c").unwrap(), [1]);
        assert_eq!(body.take::<Value>("").unwrap()["d"], 2);
        assert_eq!(body.take::<Option<u8>>("/d").unwrap(), Some(2));
        for missing in ["/x", "/a/x", "/d/x", "/a/b c/0"] {
            assert_eq!(body.take::<Option<u8>>(missing).unwrap(), None, "{missing}");
        }
        let error = body.take::<u8>("/a").unwrap_err();
        assert!(error.text.contains("which does not fit: invalid type: map, expected u8"), "{error}");
    }

    #[test]
    fn retry_after_counts_in_seconds_or_names_a_time_of_the_service() {
        let mut answer = response("text/plain", b"");
        answer.headers.insert("retry-after", "7".parse().unwrap());
        assert_eq!(answer.retry_after(), Some(Duration::from_secs(7)));
        answer.headers.insert("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT".parse().unwrap());
        assert_eq!(answer.retry_after(), None);
        for (date, pause) in [("Fri, 31 Dec 1999 23:59:50 GMT", 9), ("Sat, 01 Jan 2000 00:00:00 GMT", 0)] {
            answer.headers.insert("date", date.parse().unwrap());
            assert_eq!(answer.retry_after(), Some(Duration::from_secs(pause)));
        }
        for (text, pause) in [("-5", None), ("", None), ("soon", None), ("99999999999999999999", Some(Duration::MAX))] {
            answer.headers.insert("retry-after", text.parse().unwrap());
            assert_eq!(answer.retry_after(), pause, "{text}");
        }
    }
}
