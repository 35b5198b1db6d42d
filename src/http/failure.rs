//! Why an attempt failed, and what an operator can do about it.

use super::error::{HttpError, Kind};
use super::request::Request;
use super::response::{Response, excerpt};
use std::fmt;
use std::io;
use std::time::Duration;
use ureq::http::Uri;
use ureq::{Error, Timeout};

/// The longest that a connection may take to stand.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer, unpacked: a queue of ten thousand items or a page of a thousand servers stays far below it.
pub(super) const LARGEST_BODY: u64 = 64 << 20;

/// Why there is no whole answer.
pub(super) enum Broken {
    /// There is none at all.
    Call(ureq::Error),
    /// It began, and its body could not be read to the end.
    Body { status: u16, cause: std::io::Error },
    /// It is larger than [`LARGEST_BODY`].
    TooLarge { status: u16 },
}

impl From<ureq::Error> for Broken {
    fn from(cause: ureq::Error) -> Self {
        Broken::Call(cause)
    }
}

/// A failed attempt.
pub(super) struct Failed {
    pub(super) error: HttpError,
    /// Whether another attempt may end better.
    passing: bool,
}

impl Failed {
    /// A failure that another attempt would meet again.
    pub(super) fn final_(error: HttpError) -> Self {
        Self { error, passing: false }
    }
}

/// Whether an attempt that took so long, of the time that it had, is worth another one.
pub(super) fn passing(outcome: &Result<Response, Failed>, took: Duration, limit: Duration) -> bool {
    match outcome {
        Ok(response) => matches!(response.status, 429 | 502 | 503 | 504),
        // A service that was silent for so long is given its next chance in the next run.
        Err(failed) => failed.passing && took < limit,
    }
}

/// A redirect, told as an error.
pub(super) fn redirected(request: &Request, response: &Response) -> HttpError {
    let location = response.header("location").unwrap_or_default();
    let target = location.parse::<Uri>().ok();
    let host = target.as_ref().and_then(Uri::authority).map(|authority| {
        // No user info: it may be a password.
        let text = authority.as_str();
        text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned()
    });
    let scheme = target.as_ref().and_then(Uri::scheme_str).map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let path = target.as_ref().map(Uri::path).unwrap_or_default();
    let (to, place) = match host {
        Some(host) => (host.clone(), format!("{scheme}{host}{path}")),
        None => (request.host(), format!("{path} on the same host")),
    };
    let status = response.status;
    HttpError {
        request: request.to_string(),
        kind: Kind::Redirect { to },
        text: format!(
            "status {status} sends us to {}; redirects are not followed: configure the final address",
            excerpt(place.as_bytes())
        ),
    }
}

/// Sorts what ureq reports.
pub(super) fn explain(request: &Request, uri: &Uri, broken: Broken, left: bool, limit: Duration) -> Failed {
    let (kind, text, passing) = match broken {
        Broken::TooLarge { status } => {
            let text =
                format!("the answer (status {status}) is larger than {} MiB and was given up", LARGEST_BODY >> 20);
            (Kind::TooLarge, text, false)
        }
        Broken::Body { status, cause } => {
            let why = match ureq::Error::from(cause) {
                Error::Timeout(_) => format!("did not arrive whole within {}", seconds(limit)),
                Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => "was cut off".to_owned(),
                cause => format!("could not be read: {cause}"),
            };
            (Kind::Lost, format!("the answer (status {status}) {why}"), true)
        }
        Broken::Call(cause @ Error::LargeResponseHeader(..)) => (Kind::TooLarge, cause.to_string(), false),
        Broken::Call(cause) if left => (Kind::Lost, lost(cause, limit), true),
        Broken::Call(cause) => {
            let (text, passing) = not_sent(uri, cause, limit);
            // Every request to a host that cannot be reached fails alike: one line is to tell of them all.
            let error = HttpError { request: request.origin(), kind: Kind::NotSent, text };
            return Failed { error, passing };
        }
    };
    Failed { error: HttpError { request: request.to_string(), kind, text }, passing }
}

fn lost(cause: Error, limit: Duration) -> String {
    match cause {
        Error::Timeout(_) => format!("no answer within {}; whether it was done is not known", seconds(limit)),
        Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed before an answer came".to_owned()
        }
        Error::Io(cause) => format!("the connection broke before an answer came: {cause}"),
        Error::Protocol(cause) => format!("the answer is not HTTP: {cause}"),
        cause => format!("no answer: {cause}"),
    }
}

fn not_sent(uri: &Uri, cause: Error, limit: Duration) -> (String, bool) {
    let host = uri.host().unwrap_or_default();
    let tls = uri.scheme_str() == Some("https");
    match cause {
        Error::HostNotFound => (format!("the host name {host} has no address"), true),
        Error::Timeout(Timeout::Resolve) => {
            (format!("the name servers gave no address of {host} within {}", seconds(CONNECT_TIMEOUT)), true)
        }
        Error::Timeout(Timeout::Connect) => {
            (format!("no connection within {}: is the host up and the port open?", seconds(CONNECT_TIMEOUT)), true)
        }
        Error::Timeout(_) => (format!("no connection within {}", seconds(limit)), true),
        Error::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            ("connection refused: is the service running, is the port right?".to_owned(), true)
        }
        Error::Io(cause) if tls && cause.kind() == io::ErrorKind::InvalidData => (untrusted(&cause), false),
        Error::Io(cause) if tls && cause.kind() == io::ErrorKind::UnexpectedEof => {
            ("the other side ended the TLS handshake: does this port speak https?".to_owned(), true)
        }
        Error::Io(cause) => (format!("no connection: {cause}"), true),
        cause @ (Error::Rustls(_) | Error::Tls(_) | Error::Pem(_)) => (untrusted(&cause), false),
        Error::ConnectProxyFailed(words) => (format!("the proxy of the environment refused: {words}"), true),
        cause => (format!("could not be sent: {cause}"), false),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn untrusted(cause: &dyn fmt::Display) -> String {
    /// What rustls says, and what to do.
    const ADVICE: [(&str, &str); 7] = [
        (
            "UnknownIssuer",
            "it is self-signed or of an authority that is not trusted: for an authority of your own set cacert",
        ),
        ("BadSignature", "cacert holds another authority of the same name: set it to the one that signed"),
        ("not valid for name", "use a host name of the certificate in the URL"),
        ("certificate expired", "have the service's certificate renewed"),
        ("not valid yet", "is the clock of this machine right?"),
        ("No CA certificates", "install the system's certificates (ca-certificates), or set cacert"),
        ("InvalidContentType", "does this port speak https?"),
    ];
    let cause = cause.to_string();
    let advice = ADVICE.iter().find(|(words, _)| cause.contains(words)).map(|(_, advice)| format!(": {advice}"));
    format!("no trusted TLS connection: {cause}{}", advice.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_trust_says_what_to_do() {
        // As rustls words them.
        for (cause, advice) in [
            (
                "invalid peer certificate: UnknownIssuer",
                ": it is self-signed or of an authority that is not trusted: for an authority of your own set cacert",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"127.0.0.1\"",
                ": use a host name of the certificate in the URL",
            ),
            (
                "unexpected error: No CA certificates were loaded from the system",
                ": install the system's certificates (ca-certificates), or set cacert",
            ),
            ("received corrupt message of type InvalidContentType", ": does this port speak https?"),
            ("invalid peer certificate: Revoked", ""),
        ] {
            assert_eq!(untrusted(&cause), format!("no trusted TLS connection: {cause}{advice}"));
        }
    }
}
