//! The client: one attempt, the attempts of a read, and the deadline.

use super::clock;
use super::error::{HttpError, Kind};
use super::failure::{self, Broken, CONNECT_TIMEOUT, Failed, LARGEST_BODY};
use super::request::Request;
use super::response::Response;
use super::sent;
use super::tls::{read_client_cert, read_roots};
use crate::secret::{Secret, redact};
use jiff::{SignedDuration, Timestamp};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Uri};
use ureq::tls::RootCerts;
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Proxy};

/// The longest that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// A connection idle for longer is not used again. Apache closes after 5 s, others later: a request that is sent while
/// the other side closes has no known outcome.
const IDLE_CONNECTION: Duration = Duration::from_secs(2);
/// The waits between the attempts of a read.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];
/// A service that asks for a longer wait is asked again by the next run.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a [`Client`] is made of.
#[derive(Clone, Debug)]
pub struct ClientOptions<'a> {
    /// The service in messages: `jenkins`, `provider openstack`.
    pub service: &'a str,
    /// A PEM file of the certificate authorities to trust instead of the system's.
    pub cacert: Option<PathBuf>,
    /// PEM files of the certificate, with its chain, and of the key that this side shows of itself in TLS.
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// The proxy, `http://[USER:PASSWORD@]HOST:PORT`; that of the environment (`HTTPS_PROXY`, `NO_PROXY`) where there is none.
    pub proxy: Option<Secret>,
    /// When the run ends: no request is under way after it.
    pub deadline: Instant,
}

/// A client of one service. Shared by reference between threads; connections are kept and used again.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    service: String,
    /// Whether the proxy was asked for, and did not merely stand in the environment.
    proxied: bool,
    deadline: Instant,
    sent: AtomicU64,
    clock: Mutex<Option<clock::Reading>>,
    failed: AtomicU64,
}

impl Client {
    /// Makes a client. Fails, as [`Kind::NotSent`], where `cacert` cannot be read or holds no certificate.
    pub fn new(options: ClientOptions<'_>) -> Result<Client, HttpError> {
        let unusable = |text| HttpError { request: options.service.to_owned(), kind: Kind::NotSent, text };
        let roots = match &options.cacert {
            None => RootCerts::PlatformVerifier,
            Some(path) => read_roots(path).map_err(unusable)?,
        };
        let client_cert = options.client_cert.as_ref().map(|(cert, key)| read_client_cert(cert, key));
        let client_cert = client_cert.transpose().map_err(unusable)?;
        let proxy = options.proxy.as_ref().map(|proxy| Proxy::new(proxy.expose()));
        // Its words could quote the address, and a password with it.
        let proxy = proxy.transpose().map_err(|_| unusable("the proxy is no http://HOST:PORT".to_owned()))?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("mita/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_connections(64)
            .max_idle_connections_per_host(32)
            .max_idle_age(IDLE_CONNECTION)
            .tls_config(TlsConfig::builder().root_certs(roots).client_cert(client_cert).build());
        let config = match proxy.clone() {
            Some(proxy) => config.proxy(Some(proxy)).build(),
            None => config.build(),
        };
        Ok(Client {
            agent: Agent::with_parts(config, sent::WatchedConnector::default(), DefaultResolver::default()),
            service: options.service.to_owned(),
            proxied: proxy.is_some(),
            deadline: options.deadline,
            sent: AtomicU64::new(0),
            clock: Mutex::default(),
            failed: AtomicU64::new(0),
        })
    }

    /// Requests that left this machine, repeated ones counted each time.
    pub fn requests_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Attempts that got no whole answer, a connection that never stood included, or one of status 400 and above but for
    /// 404, which is how a service says that something is gone.
    pub fn requests_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// What is left of the run.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(now())
    }

    /// How far the service's clock is ahead of ours, which showed `now` at `then`: by the `Date` of its last answer, which
    /// tells whole seconds. None before an answer that has one.
    pub fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        let reading = *self.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        reading.map(|reading| reading.ahead_of(now, then))
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// A GET, or a request marked [`Request::repeatable`], is tried up to three times when it fails in passing (no
    /// connection, no whole answer, 429, 502, 503, 504), with short waits or that of `Retry-After`, and never beyond
    /// the deadline. What took the whole time of a request is not tried again. The last answer counts. One attempt, or one
    /// wait, may take half of what is left of the run: a service that is silent must not take all of it from the others.
    pub fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut pauses = PAUSES.iter();
        loop {
            let started = now();
            let limit = self.limit(request, started);
            let outcome = self.attempt(request, started, limit);
            let pause = match pauses.next() {
                Some(pause) if request.is_repeatable() && failure::passing(&outcome, started.elapsed(), limit) => {
                    *pause
                }
                _ => return outcome.map_err(|failed| failed.error),
            };
            let asked_for = outcome.as_ref().ok().and_then(Response::retry_after).unwrap_or_default();
            let pause = pause.max(asked_for);
            if pause > LONGEST_PAUSE || pause >= self.time_left() / 2 {
                return outcome.map_err(|failed| failed.error);
            }
            match &outcome {
                Ok(response) => log::debug!("{}: {}: status {}, once more", self.service, request, response.status),
                Err(failed) => log::debug!("{}: {}, once more", self.service, redact(&failed.error.to_string())),
            }
            wait(pause);
        }
    }

    /// The longest that an attempt may take which begins now.
    fn limit(&self, request: &Request, now: Instant) -> Duration {
        let left = self.deadline.saturating_duration_since(now);
        // What has a limit of its own is nothing that the run depends on.
        let share = if request.is_repeatable() || request.limit().is_some() { left / 2 } else { left };
        share.min(request.limit().unwrap_or(REQUEST_TIMEOUT))
    }

    fn attempt(&self, request: &Request, started: Instant, limit: Duration) -> Result<Response, Failed> {
        if limit.is_zero() {
            return Err(Failed::final_(request.not_sent("no time is left before the run's deadline")));
        }
        let uri: Uri = request.uri().map_err(Failed::final_)?;
        let (outcome, left_the_machine) = sent::watch(|| self.exchange(request, &uri, limit));
        if left_the_machine {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        let outcome = match outcome {
            Ok((status, headers, body)) => {
                if let Some(reading) = clock::Reading::of(&headers, now()) {
                    *self.clock.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(reading);
                }
                self.answer(request, status, headers, body)
            }
            Err(failure) => Err(failure::explain(request, &uri, failure, left_the_machine, limit)),
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
            Err(failed) => log::trace!("{}: {} after {ms} ms", self.service, redact(&failed.error.to_string())),
        }
        outcome
    }

    fn exchange(&self, request: &Request, uri: &Uri, limit: Duration) -> Result<Raw, Broken> {
        let (parts, body) = request.parts(uri)?;
        let response = match body {
            Some(body) => self.agent.run(self.timed(ureq::http::Request::from_parts(parts, body), uri, limit)),
            None => self.agent.run(self.timed(ureq::http::Request::from_parts(parts, ()), uri, limit)),
        }?;
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        let mut bytes = Vec::new();
        match body.into_reader().take(LARGEST_BODY + 1).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > LARGEST_BODY => Err(Broken::TooLarge { status }),
            Ok(_) => Ok((status, parts.headers, bytes)),
            Err(cause) => Err(Broken::Body { status, cause }),
        }
    }

    /// Gives the request its own time limit, and keeps proxies of the environment away from this very machine.
    fn timed<B: ureq::AsSendBody>(
        &self,
        request: ureq::http::Request<B>,
        uri: &Uri,
        limit: Duration,
    ) -> ureq::http::Request<B> {
        let config = self.agent.configure_request(request).timeout_global(Some(limit));
        if is_loopback(uri) && !self.proxied { config.proxy(None).build() } else { config.build() }
    }

    fn answer(&self, request: &Request, status: u16, headers: HeaderMap, body: Vec<u8>) -> Result<Response, Failed> {
        let response = Response::new(request.to_string(), status, headers, body);
        if matches!(status, 301 | 302 | 303 | 307 | 308) && !request.expects_redirect() {
            return Err(Failed::final_(failure::redirected(request, &response)));
        }
        Ok(response)
    }
}

type Raw = (u16, HeaderMap, Vec<u8>);

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[expect(clippy::disallowed_methods, reason = "the deadline and the trace log measure elapsed time, never the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the pause between two attempts of a read")]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}
