//! One log-in for the whole run, shared by all threads, and every request that needs it.

use super::errors::{Task, Verb};
use super::microversion::Microversion;
use super::service::Service;
use super::values::timestamp;
use crate::config::OpenStackConfig;
use crate::http::{Client, Method, Request, Response};
use crate::naming::ProviderName;
use crate::provider::openstack::identity::{self, Identity, Pass, log_in};
use crate::provider::{Failure, FailureKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A token expires or is revoked once in a run, at most. Glance takes an outage of Keystone for a wrong token, so without
/// a limit every image would cost a log-in.
const MOST_LOG_INS: u32 = 3;

/// The log-in to one cloud.
pub(crate) struct Session {
    name: ProviderName,
    config: OpenStackConfig,
    http: Client,
    state: Mutex<LogIns>,
}

#[derive(Default)]
struct LogIns {
    /// A refusal is remembered, too: asking again with the same password may lock the account.
    outcome: Option<Result<Arc<Pass>, Failure>>,
    count: u32,
}

/// A request to a service, without its URL and token.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    /// Path and query below the service's URL, starting with a slash.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// The longest that it may take, where the usual time is too long.
    pub(crate) limit: Option<Duration>,
    /// The compute microversion that brought what is asked, where it is not there from the first on.
    pub(crate) since: Option<Microversion>,
}

impl Session {
    pub(crate) fn new(name: ProviderName, config: OpenStackConfig, http: Client) -> Self {
        Self { name, config, http, state: Mutex::default() }
    }

    pub(crate) fn task<'a>(&'a self, doing: &'a str, verb: Verb) -> Task<'a> {
        Task::new(&self.name, doing, verb)
    }

    pub(crate) fn requests_sent(&self) -> u64 {
        self.http.requests_sent()
    }

    pub(crate) fn clock_ahead(&self, now: Timestamp, then: Instant) -> Option<SignedDuration> {
        self.http.clock_ahead(now, then)
    }

    /// Who is logged in, and where.
    pub(crate) fn identity(&self) -> Result<Identity, Failure> {
        Ok(self.pass()?.identity.clone())
    }

    pub(crate) fn requests_failed(&self) -> u64 {
        self.http.requests_failed()
    }

    /// When the application credential that logged in expires; none where it does not, or none logged in.
    pub(crate) fn credential_expires(&self) -> Result<Option<Timestamp>, Failure> {
        let pass = self.pass()?;
        let Some(url) = &pass.identity.credential else { return Ok(None) };
        let task = self.task("read when the application credential expires", Verb::Read);
        let request = Request::get(url.clone()).secret_header("X-Auth-Token", &pass.token);
        let response = self.http.send(&request).map_err(|error| task.broken(&error))?;
        if !response.is_success() {
            let advice = "it is not known how long it lasts";
            return Err(task.refused_as(FailureKind::Denied, "the identity service", &response, advice));
        }
        let body: identity::OneCredential =
            response.json("an application credential").map_err(|error| task.broken(&error))?;
        Ok(body.application_credential.expires_at.as_deref().and_then(timestamp))
    }

    /// Sends a read, and takes success for granted.
    pub(crate) fn read(&self, service: Service, path: String, task: &Task<'_>) -> Result<Response, Failure> {
        let response =
            self.send(&Call { method: Method::GET, service, path, body: None, limit: None, since: None }, task)?;
        if response.is_success() { Ok(response) } else { Err(task.refused(service, &response)) }
    }

    /// Sends a request and gives its answer, whatever the status. An answer of 401 says that the token is no longer good and
    /// nothing was done: then a new one is asked for, and the request repeated once, writes included.
    pub(crate) fn send(&self, call: &Call, task: &Task<'_>) -> Result<Response, Failure> {
        let pass = self.pass()?;
        let response = self.send_with(&pass, call, task)?;
        if response.status != 401 {
            return Ok(response);
        }
        match self.renewed(&pass)? {
            Some(pass) => self.send_with(&pass, call, task),
            None => Ok(response),
        }
    }

    /// Whether the catalogue has the service where it is looked for; if not, why.
    pub(crate) fn has(&self, service: Service, task: &Task<'_>) -> Result<(), Failure> {
        self.url(&*self.pass()?, service, task).map(drop)
    }

    fn url(&self, pass: &Pass, service: Service, task: &Task<'_>) -> Result<String, Failure> {
        let endpoints = &self.config.connection.endpoints;
        let instead = match service {
            Service::Compute => &endpoints.compute,
            Service::Image => &endpoints.image,
            Service::Network => &endpoints.network,
            Service::Volume => &endpoints.volume,
        };
        if let Some(url) = instead {
            return Ok(overridden(url, pass.identity.project.as_deref(), service));
        }
        pass.catalogue
            .url(service, self.config.region.as_deref(), self.config.interface)
            .map_err(|why| task.failure(FailureKind::Wrong, &why))
    }

    fn send_with(&self, pass: &Pass, call: &Call, task: &Task<'_>) -> Result<Response, Failure> {
        let url = format!("{}{}", self.url(pass, call.service, task)?, call.path);
        let mut request = Request::new(call.method.clone(), url).secret_header("X-Auth-Token", &pass.token);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(since) = call.since {
            request = request.header("OpenStack-API-Version", format!("compute {since}"));
        }
        if let Some(limit) = call.limit {
            request = request.within(limit);
        }
        self.http.send(&request).map_err(|error| task.broken(&error))
    }

    fn pass(&self) -> Result<Arc<Pass>, Failure> {
        let mut state = self.locked();
        if let Some(outcome) = &state.outcome {
            return outcome.clone();
        }
        self.log_in_again(&mut state)
    }

    /// Another token than this one; none where enough were asked for.
    fn renewed(&self, spent: &Arc<Pass>) -> Result<Option<Arc<Pass>>, Failure> {
        let mut state = self.locked();
        match &state.outcome {
            // Another thread was faster.
            Some(Ok(current)) if !Arc::ptr_eq(current, spent) => Ok(Some(Arc::clone(current))),
            Some(Err(failure)) => Err(failure.clone()),
            _ if state.count >= MOST_LOG_INS => Ok(None),
            _ => self.log_in_again(&mut state).map(Some),
        }
    }

    fn log_in_again(&self, state: &mut LogIns) -> Result<Arc<Pass>, Failure> {
        state.count += 1;
        let outcome = log_in(&self.http, &self.config, &self.task("log in", Verb::Read)).map(Arc::new);
        state.outcome = Some(outcome.clone());
        outcome
    }

    fn locked(&self) -> MutexGuard<'_, LogIns> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The address that is configured, with the project's id where it asks for one, and with a version.
fn overridden(url: &str, project: Option<&str>, service: Service) -> String {
    let project = project.unwrap_or_default();
    let url = ["%(project_id)s", "%(tenant_id)s"].iter().fold(url.to_owned(), |url, name| url.replace(name, project));
    service.versioned(&url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_configuration_takes_the_projects_id_and_a_version() {
        let cases = [
            ("http://h/v2.1", Service::Compute, "http://h/v2.1"),
            ("http://h/nova", Service::Compute, "http://h/nova/v2.1"),
            ("http://h:9696", Service::Network, "http://h:9696/v2.0"),
            ("http://h/v3/%(project_id)s", Service::Volume, "http://h/v3/p1"),
            ("http://h/v3/%(tenant_id)s", Service::Volume, "http://h/v3/p1"),
        ];
        for (written, service, url) in cases {
            assert_eq!(overridden(written, Some("p1"), service), url);
        }
    }
}
