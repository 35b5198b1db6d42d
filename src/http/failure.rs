//! Why an attempt failed, and what an operator can do about it.

use super::error::{HttpError, Kind};
use super::request::{Request, origin};
use super::response::{Response, excerpt};
use jiff::Timestamp;
use std::fmt;
use std::io;
use std::time::Duration;
use ureq::http::Uri;
use ureq::{Error, Proxy, Timeout};

/// The longest that connecting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest uncompressed answer, after long texts were cut: a queue of 200,000 items has 80 MB.
pub(super) const LARGEST_BODY: usize = 128 << 20;
/// The most bytes that are read of an answer whose long texts are cut.
pub(super) const LONGEST_ANSWER: usize = 1 << 30;

/// A header that does not fit in what is written at once. Of those of mita, only a token can be so long.
const TOO_LONG_A_TOKEN: &str =
    "the token is longer than the 16 KiB that mita sends in a header: ask those who run the cloud for Fernet tokens";

const WANTS_CERTIFICATE: &str = "it wants a client certificate: set cert and key";

/// Why there is no complete answer.
pub(super) enum TransportError {
    /// There is no answer.
    Call(ureq::Error),
    /// The answer began, and its body could not be read to the end.
    Body { status: u16, cause: std::io::Error },
    /// It is larger than this many bytes.
    TooLarge { status: u16, largest: usize },
}

impl From<ureq::Error> for TransportError {
    fn from(cause: ureq::Error) -> Self {
        TransportError::Call(cause)
    }
}

/// A failed attempt.
pub(super) struct Failed {
    pub(super) error: HttpError,
    /// Whether another attempt may succeed.
    transient: bool,
}

impl Failed {
    /// A failure that another attempt would repeat.
    pub(super) fn permanent(error: HttpError) -> Self {
        Self { error, transient: false }
    }
}

/// Whether to retry after an attempt that took this long, with this timeout.
pub(super) fn is_transient(outcome: &Result<Response, Failed>, took: Duration, timeout: Duration) -> bool {
    match outcome {
        Ok(response) => matches!(response.status, 429 | 502 | 503 | 504),
        // The next run tries a service again that was silent for the whole timeout.
        Err(failed) => failed.transient && took < timeout,
    }
}

/// The error for a redirect.
pub(super) fn redirected(response: &Response) -> HttpError {
    let (status, to) = (response.status, response.location());
    let to = to.map_or_else(|| "an unknown address".to_owned(), |to| excerpt(to.as_bytes()));
    HttpError {
        request: response.request().to_owned(),
        kind: Kind::Redirect,
        text: format!("status {status} redirects to {to}; redirects are not followed: configure the final address"),
    }
}

/// The error for what ureq reports of a request through this proxy, if through any.
pub(super) fn explain(
    request: &Request,
    uri: &Uri,
    proxy: Option<&Proxy>,
    cause: TransportError,
    sent: bool,
    timeout: Duration,
) -> Failed {
    let (kind, text, transient) = match cause {
        TransportError::TooLarge { status, largest } => {
            (Kind::TooLarge, format!("the answer (status {status}) is larger than {} MiB", largest >> 20), false)
        }
        TransportError::Body { status, cause } => {
            let why = match ureq::Error::from(cause) {
                Error::Timeout(_) => format!("did not arrive completely within {}", seconds(timeout)),
                Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => "was cut off".to_owned(),
                cause => format!("could not be read: {cause}"),
            };
            (Kind::Lost, format!("the answer (status {status}) {why}"), true)
        }
        // ureq has no public name for this error.
        TransportError::Call(Error::Protocol(cause)) if cause.to_string().contains("output too small") => {
            (Kind::NotSent, TOO_LONG_A_TOKEN.to_owned(), false)
        }
        TransportError::Call(cause @ Error::LargeResponseHeader(..)) => (Kind::TooLarge, cause.to_string(), false),
        TransportError::Call(cause) if sent => (Kind::Lost, lost(request, cause, timeout), true),
        TransportError::Call(cause) => {
            let (text, transient) = match (cause, proxy) {
                (Error::ConnectProxyFailed(reason), Some(proxy)) => proxy_refused(uri, proxy, &reason),
                (cause, Some(proxy)) => {
                    let (text, transient) = not_sent(uri, proxy.host(), cause, timeout);
                    (format!("through the proxy {}: {text}", place(proxy)), transient)
                }
                (cause, None) => not_sent(uri, uri.host().unwrap_or_default(), cause, timeout),
            };
            // Every request to an unreachable host fails in the same way, so one line should report them all.
            let error = HttpError { request: origin(request.url()), kind: Kind::NotSent, text };
            return Failed { error, transient };
        }
    };
    Failed { error: HttpError { request: request.to_string(), kind, text }, transient }
}

fn lost(request: &Request, cause: Error, timeout: Duration) -> String {
    match cause {
        Error::Timeout(_) if request.retryable => format!("no answer within {}", seconds(timeout)),
        Error::Timeout(_) => format!("no answer within {}; mita does not know whether it was done", seconds(timeout)),
        Error::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed before an answer came".to_owned()
        }
        // With TLS 1.3, the service says so after the request.
        Error::Io(cause) if cause.to_string().contains("alert: CertificateRequired") => {
            format!("the service answered with a TLS alert: {WANTS_CERTIFICATE}")
        }
        Error::Io(cause) => format!("the connection broke before an answer came: {cause}"),
        Error::Protocol(cause) => format!("the answer is not HTTP: {cause}"),
        cause => format!("no answer: {cause}"),
    }
}

fn place(proxy: &Proxy) -> String {
    format!("{}:{}", proxy.host(), proxy.port())
}

/// What a proxy answered to CONNECT, as ureq tells it.
fn proxy_refused(uri: &Uri, proxy: &Proxy, reason: &str) -> (String, bool) {
    let (place, host) = (place(proxy), uri.host().unwrap_or_default());
    let status = reason.rsplit('/').next().and_then(|status| status.parse::<u16>().ok());
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    match status {
        None => (format!("the proxy {place} did not answer"), true),
        Some(407) if proxy.username().is_some() => (
            format!(
                "the proxy {place} answered 407: it refuses the user and the password in its URL, or wants another way to log \
                 in than Basic, as NTLM or Kerberos, which mita does not know"
            ),
            false,
        ),
        Some(407) => (
            format!(
                "the proxy {place} answered 407: it wants a user and a password: write them into its URL, \
                 http://USER:PASSWORD@HOST:PORT"
            ),
            false,
        ),
        Some(status @ 400..500) => (
            format!(
                "the proxy {place} answered {status}: let it allow CONNECT to port {port}, which mita uses for http, \
                 too, or reach {host} without it"
            ),
            false,
        ),
        Some(status) => (format!("the proxy {place} answered {status}: can it reach {host}?"), true),
    }
}

/// Why there is no connection to this host: that of the URL, or the proxy.
fn not_sent(uri: &Uri, host: &str, cause: Error, timeout: Duration) -> (String, bool) {
    let tls = uri.scheme_str() == Some("https");
    match cause {
        Error::HostNotFound => (no_address(host, ""), true),
        Error::Timeout(Timeout::Resolve) => {
            (format!("the name servers gave no address for {host} within {}", seconds(CONNECT_TIMEOUT)), true)
        }
        Error::Timeout(Timeout::Connect) => {
            (format!("no connection within {}: is the host up and the port open?", seconds(CONNECT_TIMEOUT)), true)
        }
        Error::Timeout(_) => (format!("no connection within {}", seconds(timeout)), true),
        Error::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            ("connection refused: is the service running, is the port right?".to_owned(), true)
        }
        Error::Io(cause) if tls && cause.kind() == io::ErrorKind::InvalidData => (not_trusted(&cause), false),
        Error::Io(cause) if tls && cause.kind() == io::ErrorKind::UnexpectedEof => {
            ("the service ended the TLS handshake: does this port speak https?".to_owned(), true)
        }
        Error::Io(cause) => match cause.to_string().strip_prefix("failed to lookup address information: ") {
            Some(why) => (no_address(host, &format!(" ({why})")), true),
            None => (format!("no connection: {cause}"), true),
        },
        cause @ (Error::Rustls(_) | Error::Tls(_) | Error::Pem(_)) => (not_trusted(&cause), false),
        cause => (format!("could not be sent: {cause}"), false),
    }
}

fn no_address(host: &str, why: &str) -> String {
    format!("the host name {host} has no address{why}: is it right, and does this machine reach its name servers?")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn not_trusted(cause: &dyn fmt::Display) -> String {
    /// Messages of rustls, and what to do.
    const ADVICE: [(&str, &str); 12] = [
        (
            "UnknownIssuer",
            "it is self-signed or from an authority that is not trusted: for an authority of your own set cacert; if that is \
             set and right, the service does not send the certificates of intermediate authorities: add them to cacert",
        ),
        (
            "CaUsedAsEndEntity",
            "the service shows a certificate of an authority (CA:TRUE) as its own: make it one that `openssl req -x509` \
             writes with -addext basicConstraints=critical,CA:FALSE",
        ),
        (
            "BadSignature",
            "cacert has another authority with the same name (set it to the one that signed), or the certificate has a key \
             that mita does not take, as RSA with less than 2048 bits",
        ),
        ("alert: ProtocolVersion", "the service has to speak TLS 1.2 or 1.3: have it updated"),
        (
            "alert: HandshakeFailure",
            "it takes none of the ways of encryption that mita knows, or wants a client certificate: set cert and key",
        ),
        ("alert: CertificateRequired", WANTS_CERTIFICATE),
        ("not valid for name", "use a host name of the certificate in the URL"),
        ("is not valid after", EXPIRED),
        ("peer certificate: Expired", EXPIRED),
        ("is not valid before", "is the clock of this machine right?"),
        ("No CA certificates", "install the system's certificates (ca-certificates), or set cacert"),
        ("InvalidContentType", "does this port speak https? If not, write http:// in the URL"),
    ];
    const EXPIRED: &str = "have it renewed, or set this machine's clock";
    let cause = cause.to_string();
    let advice = ADVICE.iter().find(|(message, _)| cause.contains(message)).map(|(_, advice)| format!(": {advice}"));
    let cause = with_date(&cause).unwrap_or(cause);
    format!("no trusted TLS connection: {cause}{}", advice.unwrap_or_default())
}

/// What rustls says of the time of a certificate, with the date in place of seconds since 1970.
fn with_date(cause: &str) -> Option<String> {
    let since = |mark| Some((mark, cause.split_once(mark)?.1.split(' ').next()?.parse().ok()?));
    let (mark, seconds) = since("is not valid after ").or_else(|| since("is not valid before "))?;
    let date = Timestamp::from_second(seconds).ok()?.strftime("%Y-%m-%d %H:%M UTC");
    Some(format!("the certificate of the service {mark}{date}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_without_an_address_is_named() {
        let uri = Uri::from_static("https://ci.example.com/");
        let failed = io::Error::other("failed to lookup address information: Name or service not known");
        for (cause, why) in [(Error::HostNotFound, ""), (Error::Io(failed), " (Name or service not known)")] {
            let (text, _) = not_sent(&uri, "ci.example.com", cause, Duration::ZERO);
            assert!(
                text.starts_with(&format!("the host name ci.example.com has no address{why}: is it right")),
                "{text}"
            );
        }
    }

    #[test]
    fn a_failure_of_trust_says_what_to_do() {
        // As rustls writes them.
        for (cause, advice) in [
            (
                "invalid peer certificate: UnknownIssuer",
                ": it is self-signed or from an authority that is not trusted: for an authority of your own set cacert; if that \
                 is set and right, the service does not send the certificates of intermediate authorities: add them to cacert",
            ),
            ("received fatal alert: CertificateRequired", ": it wants a client certificate: set cert and key"),
            ("received fatal alert: ProtocolVersion", ": the service has to speak TLS 1.2 or 1.3: have it updated"),
            (
                "invalid peer certificate: certificate not valid for name \"127.0.0.1\"",
                ": use a host name of the certificate in the URL",
            ),
            (
                "unexpected error: No CA certificates were loaded from the system",
                ": install the system's certificates (ca-certificates), or set cacert",
            ),
            (
                "received corrupt message of type InvalidContentType",
                ": does this port speak https? If not, write http:// in the URL",
            ),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                ": the service shows a certificate of an authority (CA:TRUE) as its own: make it one that `openssl req \
                 -x509` writes with -addext basicConstraints=critical,CA:FALSE",
            ),
            ("invalid peer certificate: Expired", ": have it renewed, or set this machine's clock"),
            ("received fatal alert: CertificateExpired", ""),
            ("invalid peer certificate: Revoked", ""),
        ] {
            assert_eq!(not_trusted(&cause), format!("no trusted TLS connection: {cause}{advice}"));
        }
    }

    #[test]
    fn a_certificate_says_since_when_it_is_not_valid() {
        // As rustls writes them.
        let late = "invalid peer certificate: certificate expired: verification time 1796040000 (UNIX), but certificate is \
                    not valid after 1577836800 (218203200 seconds ago)";
        let early = "invalid peer certificate: certificate not valid yet: verification time 1796040000 (UNIX), but \
                     certificate is not valid before 3786912000 (1990872000 seconds in future)";
        for (cause, said) in [
            (late, "after 2020-01-01 00:00 UTC: have it renewed, or set this machine's clock"),
            (early, "before 2090-01-01 00:00 UTC: is the clock of this machine right?"),
        ] {
            let start = "no trusted TLS connection: the certificate of the service is not valid ";
            assert_eq!(not_trusted(&cause), format!("{start}{said}"));
        }
    }
}
