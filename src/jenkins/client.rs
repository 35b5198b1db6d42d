//! The controller: reads, and writes with a crumb if Jenkins wants one.

use super::ahead::Ahead;
use super::crumb::{self, Crumb};
use super::error::{self, ErrorKind, JenkinsError};
use super::reading::Reading;
use crate::config::JenkinsConfig;
use crate::domain::address::above_page;
use crate::domain::world::Mode;
use crate::http::lenient::{Field, object};
use crate::http::{Client, ClientOptions, Network, Request, Response, encode_query, parse_date};
use crate::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A controller. Shared by reference between threads.
#[derive(Debug)]
pub struct Jenkins {
    client: Client,
    root: String,
    authorization: Secret,
    crumb: Mutex<Option<Crumb>>,
    pub(super) ahead: Ahead,
    lacks_session: AtomicBool,
}

object!(Root {
    "quietingDown" => quieting_down: Option<bool>,
});

impl Jenkins {
    /// A controller that mita talks to until `deadline`. Sends nothing yet. Fails if `cacert` cannot be used.
    pub fn new(config: &JenkinsConfig, deadline: Instant, network: &Network) -> Result<Jenkins, JenkinsError> {
        let options = ClientOptions {
            service: "jenkins",
            cacert: config.cacert.clone(),
            client_cert: None,
            proxy: config.proxy.clone(),
            deadline,
            network,
        };
        let basic = config.token.basic(&config.user);
        Ok(Jenkins {
            client: Client::new(options)?,
            root: config.url.clone(),
            authorization: Secret::new(format!("Basic {}", basic.expose())),
            crumb: Mutex::new(None),
            ahead: Ahead::default(),
            lacks_session: AtomicBool::new(false),
        })
    }

    /// The time left until the deadline.
    pub(super) fn time_left(&self) -> Duration {
        self.client.time_left()
    }

    /// Requests that left this machine.
    pub fn requests_sent(&self) -> u64 {
        self.client.requests_sent()
    }

    /// How far the controller's clock is ahead of ours, which showed `now` at `then`; `None` before it answered.
    pub fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        self.client.clock_ahead(now, then)
    }

    /// Attempts that got no complete answer, or an error.
    pub fn requests_failed(&self) -> u64 {
        self.client.requests_failed()
    }

    /// Whether the controller starts builds (jenkins/model/Jenkins.java, `quietingDown`). No list shows it, and it counts also
    /// in a run that orders nothing: a job that waits beside an idle node proves nothing while Jenkins is quieting down.
    pub fn mode(&self) -> Result<Reading<Mode>, JenkinsError> {
        let wanted = "whether Jenkins is quieting down";
        self.read("api/json", "quietingDown", wanted)?.try_map(|Field(root): Field<Root>| match root.quieting_down {
            Some(true) => Ok(Mode::QuietingDown),
            Some(false) => Ok(Mode::Running),
            None => Err(self.unexpected("api/json", format!("wanted {wanted}, and the answer does not say"))),
        })
    }

    /// Reads JSON. `tree` selects fields by name; Jenkins skips names that its version does not know.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        tree: &str,
        wanted: &str,
    ) -> Result<Reading<T>, JenkinsError> {
        self.read_whole(&format!("{path}?{}", encode_query(&[("tree", tree)])), wanted)
    }

    /// Reads JSON with the fields that Jenkins selects.
    pub(super) fn read_whole<T: DeserializeOwned>(&self, path: &str, wanted: &str) -> Result<Reading<T>, JenkinsError> {
        let response = self.fetch(path)?;
        // Both on every answer of the API (hudson/model/Api.java), unless a proxy in front of Jenkins removes them.
        let version = response.header("x-jenkins").map(str::to_owned);
        let session = response.header("x-jenkins-session").map(str::to_owned);
        if version.is_none() && !is_of_jenkins(&response) {
            return Err(error::not_jenkins(&response));
        }
        let value = response.json(wanted)?;
        if session.is_none() {
            self.lacks_session.store(true, Ordering::Relaxed);
        }
        let date = response.header("date").and_then(parse_date);
        Ok(Reading { value, session, version: version.unwrap_or_default(), date })
    }

    /// Whether an answer of Jenkins lacked the header that names its start.
    pub fn lacks_session(&self) -> bool {
        self.lacks_session.load(Ordering::Relaxed)
    }

    /// The start of the controller, from one of its pages: the addresses of their scripts and pictures contain it, too
    /// (hudson/Functions.java, `getResourcePath`). For answers without the header. A log-in page may be that of a proxy, or
    /// lead to another service. `None` if no page shows it.
    pub fn session_of_page(&self) -> Option<String> {
        ["login", "whoAmI/"].into_iter().find_map(|page| self.session_in(page))
    }

    fn session_in(&self, page: &str) -> Option<String> {
        let page = self.fetch(page).ok()?;
        let text = String::from_utf8_lossy(&page.body);
        let (_, rest) = text.split_once("/static/")?;
        let session = rest.split(['/', '"', '\'']).next()?;
        (session.len() == 8 && session.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| session.to_owned())
    }

    /// The answer to a GET below the root, of status 200.
    pub(super) fn fetch(&self, path: &str) -> Result<Response, JenkinsError> {
        let response = self.client.send(&self.signed(Request::get(self.url(path))))?;
        match response.status {
            200 => Ok(response),
            301 | 302 | 303 | 307 | 308 => {
                let path = path.split('?').next().unwrap_or(path);
                Err(error::redirected(&response, &self.root, path))
            }
            _ => Err(error::refused(&response)),
        }
    }

    /// Sends a write to `path` below the root, and repeats it once with a crumb if Jenkins refused it for lack of one.
    pub(super) fn write(&self, path: &str, request: Request) -> Result<(), JenkinsError> {
        let response = self.send_with_crumb(self.signed(request))?;
        match response.status {
            302 | 303 if leads_to_nodes(&response, path) => Ok(()),
            301..=303 | 307 | 308 => Err(error::redirected(&response, &self.root, path)),
            200 if response.header("x-jenkins").is_some() => Ok(()),
            200 => Err(error::not_jenkins(&response)),
            _ => Err(error::refused(&response)),
        }
    }

    /// Sends a write whose answer is empty and does not say that it is Jenkins' (hudson/model/Computer.java, updateByXml).
    pub(super) fn write_silent(&self, path: &str, request: Request) -> Result<(), JenkinsError> {
        let response = self.send_with_crumb(self.signed(request))?;
        match response.status {
            200 => Ok(()),
            301..=303 | 307 | 308 => Err(error::redirected(&response, &self.root, path)),
            _ => Err(error::refused(&response)),
        }
    }

    fn send_with_crumb(&self, request: Request) -> Result<Response, JenkinsError> {
        let known = self.crumb.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let response = match known {
            Some(crumb) => self.client.send(&crumb.add_to(request.clone()))?,
            None => self.client.send(&request)?,
        };
        if !crumb::is_missing(&response) {
            return Ok(response);
        }
        match self.new_crumb()? {
            Some(crumb) => Ok(self.client.send(&crumb.add_to(request))?),
            None => Ok(response),
        }
    }

    /// Asks for a crumb; `None` if Jenkins issues none.
    fn new_crumb(&self) -> Result<Option<Crumb>, JenkinsError> {
        let path = "crumbIssuer/api/json";
        let response = match self.fetch(path) {
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => return Ok(None),
            answered => answered?,
        };
        let crumb = Crumb::read(&response)?;
        let crumb =
            crumb.ok_or_else(|| self.unexpected(path, "wanted a crumb, and the answer holds none".to_owned()))?;
        *self.crumb.lock().unwrap_or_else(PoisonError::into_inner) = Some(crumb.clone());
        Ok(Some(crumb))
    }

    /// Jenkins sends no challenge before it refuses, so the credentials go with every request.
    fn signed(&self, request: Request) -> Request {
        request
            .secret_header("Authorization", &self.authorization)
            .header("Accept-Language", "en")
            // The error for a redirect names the setting of [jenkins] to change.
            .expect_redirect()
    }

    /// The URL of a path below the root.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    pub(super) fn unexpected(&self, path: &str, text: String) -> JenkinsError {
        JenkinsError { request: format!("GET {}", self.url(path)), kind: ErrorKind::Unexpected, text }
    }
}

/// Asks without credentials whether Jenkins answers at this root URL. A proxy in front of it that asks for a log-in may hide
/// that it does: then nothing speaks against it.
pub fn probe(root: &str, deadline: Instant) -> Result<(), JenkinsError> {
    let network = &Network::default();
    let options = ClientOptions { service: "jenkins", cacert: None, client_cert: None, proxy: None, deadline, network };
    let path = "api/json";
    let response = Client::new(options)?.send(&Request::get(format!("{root}{path}")).expect_redirect())?;
    match response.status {
        404 if response.header("x-jenkins").is_some() => Err(error::refused(&response)),
        301 | 302 | 303 | 307 | 308 if response.location().is_some_and(|to| to.ends_with("/api/json")) => {
            Err(error::redirected(&response, root, path))
        }
        300..=399 | 401 | 403 | 500.. => Ok(()),
        _ if response.header("x-jenkins").is_some() => Ok(()),
        _ => Err(error::not_jenkins(&response)),
    }
}

/// What to say of a URL that is that of a page of Jenkins, copied from a browser; none if it is not. Asks without credentials.
pub fn page_of_jenkins(url: &str, deadline: Instant) -> Option<String> {
    let root = above_page(url)?;
    probe(root, deadline).is_ok().then(|| format!("is the address of a page; the URL of Jenkins itself is {root}"))
}

/// Whether this is what Jenkins exports: each object names its Java class.
fn is_of_jenkins(response: &Response) -> bool {
    #[derive(Deserialize)]
    struct Exported {
        #[serde(rename = "_class")]
        class: String,
    }
    let exported = response.json::<Exported>("an answer of Jenkins");
    exported.is_ok_and(|exported| ["hudson.", "jenkins."].iter().any(|package| exported.class.starts_with(package)))
}

/// Jenkins answers a write that it did with a redirect to the node or to the list of nodes. A redirect to the same
/// address on another host, or to a log-in page, means that nothing was done.
fn leads_to_nodes(response: &Response, path: &str) -> bool {
    let to = response.location().unwrap_or_default();
    let call = path.rsplit('/').next().unwrap_or(path);
    to.starts_with('.') || (to.contains("/computer") && !to.ends_with(call))
}
