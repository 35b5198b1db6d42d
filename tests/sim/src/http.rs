//! HTTP/1.1 heads and bodies over a plain socket. No framework stands between
//! the simulator and the wire, because several faults (half an answer, silence,
//! one byte at a time) are below what a framework would allow.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use flate2::{Compress, CompressError, Compression, Crc, FlushCompress, Status};
use serde_json::Value;

/// The largest head and body that a request may have.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;

/// One request, as it came over the wire. The path is still percent-encoded.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, without the question mark; empty when there is none.
    pub query: String,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Whether the client asked for JSON with `Accept`.
    pub fn accepts_json(&self) -> bool {
        self.header("accept").is_some_and(|a| a.contains("application/json"))
    }

    /// The parameters of the query, decoded as forms are (`+` is a space).
    pub fn query_params(&self) -> Vec<(String, String)> {
        form_pairs(&self.query)
    }

    /// The first query parameter of this name.
    pub fn query_param(&self, name: &str) -> Option<String> {
        self.query_params().into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The parameters of the query and of a form-encoded body, as a servlet sees them.
    pub fn params(&self) -> BTreeMap<String, String> {
        let mut all = self.query_params();
        let form = self.header("content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
        if form {
            all.extend(form_pairs(&String::from_utf8_lossy(&self.body)));
        }
        let mut map = BTreeMap::new();
        for (n, v) in all {
            map.entry(n).or_insert(v);
        }
        map
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// One answer. `Content-Length` is added when it is written.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers in the order in which they are written.
    pub headers: Vec<(String, String)>,
    /// The body, not compressed.
    pub body: Vec<u8>,
    /// Whether only the head is sent, as a HEAD request wants it.
    pub head_only: bool,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Vec::new(), head_only: false }
    }

    /// Whether it has a header of this name.
    pub fn is_set(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }

    /// A JSON answer.
    pub fn json(status: u16, value: &Value) -> Self {
        Response::empty(status).with("Content-Type", "application/json").body(value.to_string().into_bytes())
    }

    /// An HTML answer.
    pub fn html(status: u16, text: impl Into<String>) -> Self {
        Response::empty(status).with("Content-Type", "text/html;charset=utf-8").body(text.into().into_bytes())
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_string(), value.into()));
        self
    }

    /// The same answer with this body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Compresses the body where the client takes gzip.
    #[must_use]
    pub fn gzip_for(mut self, accept_encoding: Option<&str>) -> Self {
        let wanted = accept_encoding.is_some_and(|a| a.contains("gzip"));
        if !wanted || self.body.is_empty() {
            return self;
        }
        if let Ok(packed) = gzip(&self.body) {
            self.body = packed;
            self.headers.push(("Content-Encoding".into(), "gzip".into()));
        }
        self
    }

    /// The head as it goes over the wire, with `Content-Length` for the whole body. Headers are Latin-1: other
    /// characters become blanks.
    pub fn head(&self, keep_alive: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (n, v) in &self.headers {
            head.push_str(&format!("{n}: {v}\r\n"));
        }
        if self.status != 204 {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str(if keep_alive { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" });
        head.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b' ')).collect()
    }
}

/// Packs every answer: to make a packer takes longer than to pack what most answers hold.
static PACKER: LazyLock<Mutex<Compress>> = LazyLock::new(|| Mutex::new(Compress::new(Compression::fast(), false)));

/// One member of gzip (RFC 1952).
fn gzip(body: &[u8]) -> Result<Vec<u8>, CompressError> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
    packed.reserve(body.len() / 2 + 128);
    let mut packer = PACKER.lock().unwrap_or_else(PoisonError::into_inner);
    packer.reset();
    let mut rest = body;
    while packer.compress_vec(rest, &mut packed, FlushCompress::Finish)? != Status::StreamEnd {
        rest = &body[usize::try_from(packer.total_in()).unwrap_or(body.len())..];
        packed.reserve(packed.len());
    }
    drop(packer);
    let mut sum = Crc::new();
    sum.update(body);
    packed.extend([sum.sum(), sum.amount()].map(u32::to_le_bytes).as_flattened());
    Ok(packed)
}

/// What came of waiting for a request.
pub enum Incoming {
    /// A whole request, and whether the connection stays open after it.
    Request(Request, bool),
    /// The client closed the connection, or the simulator stops.
    Closed,
    /// The client sent something that is no HTTP request.
    Malformed,
}

/// Reads one request. `buffer` keeps what came after it (pipelining).
pub fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>, stop: &AtomicBool) -> Incoming {
    let (mut request, head_len, length, keep_alive) = loop {
        match parse_head(buffer) {
            Ok(Some(parsed)) => break parsed,
            Ok(None) if buffer.len() < MAX_HEAD => {}
            _ => return Incoming::Malformed,
        }
        if !fill(stream, buffer, stop) {
            return Incoming::Closed;
        }
    };
    if length > MAX_BODY {
        return Incoming::Malformed;
    }
    if request.header("expect").is_some() && stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_err() {
        return Incoming::Closed;
    }
    while buffer.len() < head_len + length {
        if !fill(stream, buffer, stop) {
            return Incoming::Closed;
        }
    }
    request.body = buffer[head_len..head_len + length].to_vec();
    buffer.drain(..head_len + length);
    Incoming::Request(request, keep_alive)
}

type Parsed = (Request, usize, usize, bool);

fn parse_head(buffer: &[u8]) -> Result<Option<Parsed>, ()> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head_len) = head.parse(buffer).map_err(|_| ())? else {
        return Ok(None);
    };
    let target = head.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).trim().to_string()))
        .collect();
    let request = Request {
        method: head.method.unwrap_or("GET").to_string(),
        path: path.to_string(),
        query: query.to_string(),
        headers,
        body: Vec::new(),
    };
    if request.header("transfer-encoding").is_some() {
        return Err(());
    }
    let length = match request.header("content-length") {
        Some(text) => text.parse().map_err(|_| ())?,
        None => 0,
    };
    let keep_alive =
        head.version == Some(1) && !request.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close"));
    Ok(Some((request, head_len, length, keep_alive)))
}

/// Reads some more bytes; false when there is nothing more to come.
fn fill(stream: &mut TcpStream, buffer: &mut Vec<u8>, stop: &AtomicBool) -> bool {
    let mut chunk = [0; 16 * 1024];
    loop {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        match stream.read(&mut chunk) {
            Ok(0) => return false,
            Ok(n) => {
                buffer.extend_from_slice(&chunk[..n]);
                return true;
            }
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) => {}
            Err(_) => return false,
        }
    }
}

/// `a=1&b=x+y` as decoded pairs.
pub fn form_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (n, v) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |s: &str| percent_decode(&s.replace('+', " "));
            (decode(n), decode(v))
        })
        .collect()
}

/// Resolves `%HH` as UTF-8 and nothing else: a `+` stays a `+`.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex =
            (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes everything but unreserved characters, as query values are written.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_literal_in_paths_and_a_space_in_forms() {
        assert_eq!(percent_decode("ubuntu+1%2B2%20x"), "ubuntu+1+2 x");
        assert_eq!(form_pairs("name=a+b%2Bc&x"), [("name".into(), "a b+c".into()), ("x".into(), String::new())]);
    }

    #[test]
    fn what_is_packed_is_found_again_whatever_was_packed_before() {
        for length in [1, 100, 1 << 20, 3] {
            let numbers = (0_u32..).flat_map(|number| number.wrapping_mul(0x9e37_79b9).to_le_bytes());
            let body: Vec<u8> = numbers.take(length).collect();
            let mut found = Vec::new();
            flate2::read::GzDecoder::new(&gzip(&body).unwrap()[..]).read_to_end(&mut found).unwrap();
            assert_eq!(found, body);
        }
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%é"), "%zz%é");
    }
}
