//! The Jenkins controller's remote API: the queue, the nodes, making them and setting them offline.
//!
//! Turns Jenkins' JSON of any version into [`crate::domain::world`], and the few writes into requests; decides nothing. What it
//! cannot vouch for it reports as an error: an answer of something other than Jenkins, a node list that hides
//! a node. Jenkins answers in the language that it is asked in, so every request asks for English.

mod crumb;
mod error;
mod lifecycle;
mod nodes;
mod queue;
mod registration;
mod rights;
#[cfg(test)]
mod tests;
mod wire;

pub use error::{ErrorKind, JenkinsError};
pub use lifecycle::{Change, Restoration};
pub use registration::{Launcher, NewNode};
pub use rights::{Right, Rights};

use crate::config::JenkinsConfig;
use crate::domain::world::Mode;
use crate::http::{Client, ClientOptions, Request, Response, encode_query};
use crate::secret::Secret;
use crumb::Crumb;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Mutex;
use std::time::Instant;

/// A controller. Shared by reference between threads.
#[derive(Debug)]
pub struct Jenkins {
    client: Client,
    root: String,
    authorization: Secret,
    crumb: Mutex<Option<Crumb>>,
}

/// What was read, and who answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    /// What was read.
    pub value: T,
    /// `X-Jenkins-Session`: another one at each start of the controller. Two readings with different ones are not of
    /// the same world.
    pub session: Option<String>,
    /// `X-Jenkins`, the controller's version.
    pub version: String,
}

impl<T> Reading<T> {
    fn try_map<U>(self, read: impl FnOnce(T) -> Result<U, JenkinsError>) -> Result<Reading<U>, JenkinsError> {
        Ok(Reading { value: read(self.value)?, session: self.session, version: self.version })
    }
}

impl Jenkins {
    /// A controller to talk to until `deadline`. Nothing is sent yet. Fails where `cacert` cannot be used.
    pub fn new(config: &JenkinsConfig, deadline: Instant) -> Result<Jenkins, JenkinsError> {
        let options = ClientOptions {
            service: "jenkins",
            cacert: config.cacert.clone(),
            client_cert: None,
            proxy: None,
            deadline,
        };
        let basic = config.token.basic(&config.user);
        Ok(Jenkins {
            client: Client::new(options)?,
            root: config.url.clone(),
            authorization: Secret::new(format!("Basic {}", basic.expose())),
            crumb: Mutex::new(None),
        })
    }

    /// Requests that left this machine.
    pub fn requests_sent(&self) -> u64 {
        self.client.requests_sent()
    }

    /// How far the controller's clock is ahead of ours, which showed `now` at `then`; none before it answered.
    pub fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        self.client.clock_ahead(now, then)
    }

    /// Attempts without a whole answer, or with one that says no.
    pub fn requests_failed(&self) -> u64 {
        self.client.requests_failed()
    }

    /// Whether the controller starts builds (jenkins/model/Jenkins.java, `quietingDown`).
    pub fn mode(&self) -> Result<Reading<Mode>, JenkinsError> {
        let wanted = "whether Jenkins is quieting down";
        self.read("api/json", "quietingDown", wanted)?.try_map(|root| match wire::flag(&root, "quietingDown") {
            Some(true) => Ok(Mode::QuietingDown),
            Some(false) => Ok(Mode::Running),
            None => Err(self.garbled("api/json", format!("wanted {wanted}, and the answer does not say"))),
        })
    }

    /// One read. `tree` selects fields by name; names that a version does not know are skipped by it silently.
    fn read(&self, path: &str, tree: &str, wanted: &str) -> Result<Reading<Value>, JenkinsError> {
        let url = format!("{path}?{}", encode_query(&[("tree", tree)]));
        self.understood(self.fetch(&url)?, wanted)
    }

    /// The answer to a GET below the root, of status 200.
    fn fetch(&self, path: &str) -> Result<Response, JenkinsError> {
        let response = self.client.send(&self.signed(Request::get(format!("{}{path}", self.root))))?;
        match response.status {
            200 => Ok(response),
            301 | 302 | 303 | 307 | 308 => {
                let path = path.split('?').next().unwrap_or(path);
                Err(error::redirected(&response, &self.root, path))
            }
            _ => Err(error::refused(&response)),
        }
    }

    /// The JSON of an answer that is Jenkins' own.
    fn understood(&self, response: Response, wanted: &str) -> Result<Reading<Value>, JenkinsError> {
        // On every answer of the API (hudson/model/Api.java).
        let Some(version) = response.header("x-jenkins").map(str::to_owned) else {
            return Err(error::not_jenkins(&response));
        };
        let session = response.header("x-jenkins-session").map(str::to_owned);
        Ok(Reading { value: response.json(wanted)?, session, version })
    }

    /// Sends a write once, or twice where the first one was refused for want of a crumb.
    fn write(&self, path: &str, query: &[(&str, &str)]) -> Result<Response, JenkinsError> {
        let query = if query.is_empty() { String::new() } else { format!("?{}", encode_query(query)) };
        self.send_write(Request::post(format!("{}{path}{query}", self.root)))
    }

    fn send_write(&self, request: Request) -> Result<Response, JenkinsError> {
        let request = self.signed(request);
        let crumb = self.crumb();
        let response = self.client.send(&crumb::with(request.clone(), crumb.as_ref()))?;
        if !crumb::is_missing(&response) {
            return Ok(response);
        }
        match self.new_crumb()? {
            Some(crumb) => Ok(self.client.send(&crumb::with(request, Some(&crumb)))?),
            None => Ok(response),
        }
    }

    /// Jenkins sends no challenge before it refuses, so the credentials go with every request.
    fn signed(&self, request: Request) -> Request {
        request
            .secret_header("Authorization", &self.authorization)
            .header("Accept-Language", "en")
            // A redirect is told in Jenkins' terms, not in those of HTTP.
            .expect_redirect()
    }

    fn garbled(&self, path: &str, text: String) -> JenkinsError {
        JenkinsError { request: format!("GET {}{path}", self.root), kind: ErrorKind::Garbled, text }
    }
}
