//! The client: attempts, retries and the deadline.

use super::clock;
use super::error::{HttpError, Kind};
use super::failure::{self, CONNECT_TIMEOUT, Failed, LARGEST_BODY, LONGEST_ANSWER, TransportError};
use super::network::{Network, Trust};
use super::proxy::Proxies;
use super::repair::Repair;
use super::request::Request;
use super::response::Response;
use super::sent;
use super::tls::{read_client_cert, read_roots};
use crate::secret::{Secret, redact_answer};
use jiff::{SignedDuration, Timestamp};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Uri};
use ureq::tls::RootCerts;
use ureq::tls::TlsConfig;
use ureq::{Agent, Proxy};

/// The longest that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection that was idle for longer is not reused. Apache closes it after 5 s, others later, and a request that is sent
/// while the service closes it has no known outcome.
const IDLE_CONNECTION: Duration = Duration::from_secs(2);
/// What a connection reads at once. The headers of an answer must be shorter: services and the proxies in front of them
/// write 8 to 16 KiB at most. A busy run has forty connections.
const INPUT_BUFFER: usize = 32 << 10;
/// What a connection writes at once. A header of a request must fit in it: the longest has a token.
const OUTPUT_BUFFER: usize = 16 << 10;
/// The pauses between the attempts of a read.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];
/// If a service asks for a longer pause, the next run tries again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

const NO_TIME: &str = "no time is left before the run's deadline";
const NO_TIME_TO_READ: &str = "no time is left to read it: the rest of the run's deadline is for what the run does";

/// The options of a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientOptions<'a> {
    /// The service in messages: `jenkins`, `provider openstack`.
    pub service: &'a str,
    /// A PEM file with the certificate authorities to trust instead of the system's.
    pub cacert: Option<PathBuf>,
    /// PEM files with the client certificate and its chain, and with its key.
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// The proxy, `http://[USER:PASSWORD@]HOST:PORT`; `None` for that of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
    /// `NO_PROXY`).
    pub proxy: Option<Secret>,
    /// When the run ends: no request is under way after it.
    pub deadline: Instant,
    /// What it shares with the other clients of the run.
    pub network: &'a Network,
}

/// A client of one service. Threads share it by reference; connections are reused.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    service: String,
    proxies: Proxies,
    deadline: Instant,
    network: Network,
    sent: AtomicU64,
    clock: Mutex<Option<clock::Reading>>,
    failed: AtomicU64,
}

impl Client {
    /// Creates a client. Fails with [`Kind::NotSent`] if a certificate, key or proxy cannot be used.
    pub fn new(options: ClientOptions<'_>) -> Result<Client, HttpError> {
        let unusable = |text| HttpError { request: options.service.to_owned(), kind: Kind::NotSent, text };
        let roots = match &options.cacert {
            None => RootCerts::PlatformVerifier,
            Some(path) => read_roots(path).map_err(unusable)?,
        };
        let client_cert = options.client_cert.as_ref().map(|(cert, key)| read_client_cert(cert, key));
        let client_cert = client_cert.transpose().map_err(unusable)?;
        let proxies = Proxies::new(options.proxy.as_ref()).map_err(unusable)?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("mita/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .input_buffer_size(INPUT_BUFFER)
            .max_response_header_size(INPUT_BUFFER - 1)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(64)
            .max_idle_connections_per_host(32)
            .max_idle_age(IDLE_CONNECTION)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).client_cert(client_cert).build())
            .build();
        let connections =
            options.network.connections(Trust { cacert: options.cacert, client_cert: options.client_cert });
        let network = options.network.clone();
        Ok(Client {
            agent: Agent::with_parts(config, sent::WatchedConnector(connections), network.addresses.clone()),
            service: options.service.to_owned(),
            proxies,
            deadline: options.deadline,
            network,
            sent: AtomicU64::new(0),
            clock: Mutex::default(),
            failed: AtomicU64::new(0),
        })
    }

    /// Requests that left this machine, each attempt counted.
    pub fn requests_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts without a complete answer, or with a status from 400 on other than 404, which says that something is gone.
    pub fn requests_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The time left until the deadline.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(now())
    }

    /// Whether another request can be sent: the deadline, and the end of reading, are not over.
    pub fn has_time(&self) -> bool {
        !self.before_end(self.time_left(), now()).is_zero()
    }

    /// This time, if reading does not end before.
    fn before_end(&self, time: Duration, now: Instant) -> Duration {
        self.network.reads_end().map_or(time, |end| time.min(end.saturating_duration_since(now)))
    }

    /// How far the service's clock is ahead of ours, which showed `now` at `then`, in whole seconds: from the `Date` of its
    /// last answer. `None` before an answer with a `Date`.
    pub fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        let reading = *self.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        reading.map(|reading| reading.ahead_of(now, then))
    }

    /// Sends a request and reads the complete answer, whatever its status.
    ///
    /// A GET, or a request marked [`Request::retryable`], is tried up to three times after transient errors (no connection,
    /// no complete answer, 429, 502, 503, 504), with short pauses or that of `Retry-After`, and never beyond the deadline. An
    /// attempt that timed out is not retried. The last answer counts. One attempt or one pause takes at most half of the time
    /// left, so that a silent service leaves time for the others.
    pub fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut pauses = PAUSES.iter();
        loop {
            let started = now();
            let timeout = self.timeout(request, started);
            let outcome = self.attempt(request, started, timeout);
            let pause = match pauses.next() {
                Some(pause) if request.retryable && failure::is_transient(&outcome, started.elapsed(), timeout) => {
                    *pause
                }
                _ => return outcome.map_err(|failed| failed.error),
            };
            let asked_for = outcome.as_ref().ok().and_then(Response::retry_after).unwrap_or_default();
            let pause = pause.max(asked_for);
            if pause > LONGEST_PAUSE || pause >= self.before_end(self.time_left() / 2, now()) {
                return outcome.map_err(|failed| failed.error);
            }
            match &outcome {
                Ok(response) => log::debug!("{}: {}: status {}, retrying", self.service, request, response.status),
                Err(failed) => log::debug!("{}: {}, retrying", self.service, redact_answer(&failed.error.to_string())),
            }
            wait(pause);
        }
    }

    /// The timeout of an attempt that begins now.
    fn timeout(&self, request: &Request, now: Instant) -> Duration {
        let left = self.deadline.saturating_duration_since(now);
        // The run does not depend on a request with a timeout of its own.
        let share = if request.retryable || request.timeout.is_some() { left / 2 } else { left };
        self.before_end(share, now).min(request.timeout.unwrap_or(REQUEST_TIMEOUT))
    }

    fn attempt(&self, request: &Request, started: Instant, timeout: Duration) -> Result<Response, Failed> {
        if timeout.is_zero() {
            let end = self.network.reads_end().filter(|end| *end < self.deadline);
            let text = end.map_or(NO_TIME, |_| NO_TIME_TO_READ);
            return Err(Failed::permanent(request.not_sent(text)));
        }
        let uri: Uri = request.uri().map_err(Failed::permanent)?;
        let proxy = self.proxies.of(&uri).map_err(|why| Failed::permanent(request.not_sent(why)))?;
        let (outcome, was_sent) = sent::watch(|| self.exchange(request, &uri, proxy, timeout));
        if was_sent {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        let outcome = match outcome {
            Ok((status, headers, body)) => {
                if let Some(reading) = clock::Reading::of(&headers, now()) {
                    *self.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(reading);
                }
                self.answer(request, status, headers, body)
            }
            Err(failure) => Err(failure::explain(request, &uri, proxy, failure, was_sent, timeout)),
        };
        if outcome.as_ref().map_or(true, |response| response.status >= 400 && response.status != 404) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        let ms = started.elapsed().as_millis();
        match &outcome {
            Ok(response) => {
                let id = response.request_id();
                let id = id.as_deref().unwrap_or("-");
                log::trace!("{}: {request} {} in {ms} ms ({id})", self.service, response.status);
            }
            Err(failed) => log::trace!("{}: {} after {ms} ms", self.service, redact_answer(&failed.error.to_string())),
        }
        outcome
    }

    fn exchange(
        &self,
        request: &Request,
        uri: &Uri,
        proxy: Option<&Proxy>,
        timeout: Duration,
    ) -> Result<Raw, TransportError> {
        let (parts, body) = request.parts(uri)?;
        let response = match body {
            Some(body) => self.agent.run(self.configured(ureq::http::Request::from_parts(parts, body), proxy, timeout)),
            None => self.agent.run(self.configured(ureq::http::Request::from_parts(parts, ()), proxy, timeout)),
        }?;
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        let length = body.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let body = read_body(&mut body.into_reader(), is_json(&parts.headers), length.min(RESERVED));
        match body {
            Ok(Ok(body)) => Ok((status, parts.headers, body)),
            Ok(Err(largest)) => Err(TransportError::TooLarge { status, largest }),
            Err(cause) => Err(TransportError::Body { status, cause }),
        }
    }

    /// Sets the timeout and the proxy.
    fn configured<B: ureq::AsSendBody>(
        &self,
        request: ureq::http::Request<B>,
        proxy: Option<&Proxy>,
        timeout: Duration,
    ) -> ureq::http::Request<B> {
        let config = self.agent.configure_request(request).timeout_global(Some(timeout));
        config.proxy(proxy.cloned()).build()
    }

    fn answer(&self, request: &Request, status: u16, headers: HeaderMap, body: Vec<u8>) -> Result<Response, Failed> {
        let response = Response::new(request.to_string(), status, headers, body);
        if matches!(status, 301 | 302 | 303 | 307 | 308) && !request.expects_redirect {
            return Err(Failed::permanent(failure::redirected(&response)));
        }
        Ok(response)
    }
}

/// The most bytes for which there is room before they arrive: a service may tell any length.
const RESERVED: usize = 8 << 20;

type Raw = (u16, HeaderMap, Vec<u8>);

/// Whether the body may be JSON: the header may be missing.
fn is_json(headers: &HeaderMap) -> bool {
    headers.get("content-type").is_none_or(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")))
}

/// Reads a body of about this length to its end, and repairs the texts of JSON. The inner error says which size it exceeds.
fn read_body(body: &mut impl Read, json: bool, length: usize) -> io::Result<Result<Vec<u8>, usize>> {
    let (mut repair, mut plain) = (Repair::of_about(length), Vec::new());
    let mut piece = [0; 16 << 10];
    let mut arrived = 0;
    loop {
        let read = match body.read(&mut piece) {
            Ok(0) => return Ok(Ok(if json { repair.finish() } else { plain })),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        arrived += read;
        if json {
            repair.push(&piece[..read]);
        } else {
            plain.extend_from_slice(&piece[..read]);
        }
        for (size, largest) in [(arrived, LONGEST_ANSWER), (repair.len().max(plain.len()), LARGEST_BODY)] {
            if size > largest {
                return Ok(Err(largest));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline and the trace log measure elapsed time, never the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the pause between two attempts of a read")]
pub(super) fn wait(pause: Duration) {
    std::thread::sleep(pause);
}
