//! One log-in for the whole run, shared by all threads, and every request that needs it.

use super::error_body::Effect;
use super::errors::Operation;
use super::microversion::{HEADER, LOCKS, Microversion};
use super::service::Service;
use super::values::timestamp;
use crate::config::OpenStackConfig;
use crate::domain::world::Site;
use crate::http::{Client, Method, Request, Response};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::identity::{Identity, Login, access_rules, is_keystone, log_in};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A token expires or is revoked once in a run, at most. Glance answers as if the token were wrong while Keystone is down,
/// so without a limit every image would cost a log-in.
const MOST_LOG_INS: u32 = 3;

/// The log-in to one cloud.
pub(crate) struct Session {
    config: OpenStackConfig,
    http: Client,
    state: Mutex<LogIns>,
    /// Whether the cloud has answered that it is too old to show locks.
    shows_no_locks: AtomicBool,
    /// Whether an answer lacked the microversion that the request asked for, which Nova repeats.
    ignores_microversions: AtomicBool,
}

#[derive(Default)]
struct LogIns {
    /// Also remembers a refusal: trying the same password again may lock the account.
    outcome: Option<Result<Arc<Login>, Failure>>,
    count: u32,
}

/// A request to a service, without its URL and token.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) service: Service,
    /// Path and query below the service's URL, starting with a slash.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// The longest that it may take, if the usual time is too long.
    pub(crate) timeout: Option<Duration>,
    /// The microversion of the service that it needs; `None` for the first one.
    pub(crate) microversion: Option<Microversion>,
}

impl Call {
    /// A request without a body.
    pub(crate) fn new(method: Method, service: Service, path: impl Into<String>) -> Self {
        Self { method, service, path: path.into(), body: None, timeout: None, microversion: None }
    }
}

impl Session {
    pub(crate) fn new(config: OpenStackConfig, http: Client) -> Self {
        Self {
            config,
            http,
            state: Mutex::default(),
            shows_no_locks: AtomicBool::default(),
            ignores_microversions: AtomicBool::default(),
        }
    }

    pub(crate) fn operation<'a>(&'a self, description: &'a str, effect: Effect) -> Operation<'a> {
        Operation::new(description, effect)
    }

    /// The client of the cloud, for its counters and its clock.
    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    /// Whether Keystone answers at its URL, which is asked without credentials.
    pub(crate) fn is_keystone(&self) -> bool {
        is_keystone(&self.http, &self.config)
    }

    /// Whether the compute service ignored a microversion: a gateway before it drops the header, or it is older than that.
    pub(crate) fn ignores_microversions(&self) -> bool {
        self.ignores_microversions.load(Ordering::Relaxed)
    }

    /// Who is logged in, and to which project.
    pub(crate) fn identity(&self) -> Result<Identity, Failure> {
        Ok(self.login()?.identity.clone())
    }

    /// The compute service that mita uses.
    pub(crate) fn site(&self) -> Result<Site, Failure> {
        let login = self.login()?;
        let url = self.url(&login, Service::Compute, &self.operation("find the compute service", Effect::Read))?;
        let site = Site::at(&url);
        let region = login.catalogue.region_of(Service::Compute, &site, self.config.region.as_deref());
        Ok(region.map_or(site, Site::Region))
    }

    /// The regions of the cloud, if it has several and the configuration names none.
    pub(crate) fn regions_to_choose(&self) -> Result<Vec<String>, Failure> {
        if self.config.region.is_some() {
            return Ok(Vec::new());
        }
        let regions = self.login()?.catalogue.regions(Service::Compute, self.config.interface);
        Ok(if regions.len() > 1 { regions } else { Vec::new() })
    }

    /// When the application credential that logged in expires; `None` if it does not, or if something else logged in.
    pub(crate) fn credential_expires(&self) -> Result<Option<Timestamp>, Failure> {
        let login = self.login()?;
        let Some(url) = &login.identity.credential else { return Ok(None) };
        let operation = self.operation("read when the application credential expires", Effect::Read);
        let request = Request::get(url.clone()).secret_header("X-Auth-Token", &login.token);
        let response = self.http.send(&request).map_err(|error| operation.unusable(&error))?;
        if !response.is_success() {
            let advice = "mita does not know how long it lasts";
            return Err(operation.refused_as(FailureKind::Denied, "the identity service", &response, advice));
        }
        let body = response.json_body("an application credential");
        let expires: Option<String> = body
            .and_then(|body| body.take("/application_credential/expires_at"))
            .map_err(|error| operation.unusable(&error))?;
        Ok(expires.as_deref().and_then(timestamp))
    }

    /// Sends a request and returns its answer, whatever the status. The status 401 means that the token is no longer valid
    /// and nothing was done: mita then gets a new token and repeats the request once, writes included.
    pub(crate) fn send(&self, call: &Call, operation: &Operation<'_>) -> Result<Response, Failure> {
        let login = self.login()?;
        let response = self.send_with(&login, call, operation)?;
        if response.status != 401 {
            return Ok(response);
        }
        if let Some(why) = self.missing_rule(&login, call.service, &call.method, &call.path, operation)? {
            return Err(operation.refused_as(FailureKind::Denied, &call.service.to_string(), &response, &why));
        }
        let response = match self.renewed(&login)? {
            Some(login) => self.send_with(&login, call, operation)?,
            None => response,
        };
        if response.status == 401 && !login.identity.access_rules.is_empty() {
            let advice = "a new token is not accepted either, and the application credential has access rules: do they have \
                          another path than this one, or does the service lack its service_type for Keystone? Try a \
                          credential without rules";
            return Err(operation.refused_as(FailureKind::Denied, &call.service.to_string(), &response, advice));
        }
        Ok(response)
    }

    /// Why the access rules of the application credential do not allow a request; `None` if they do, or if it has none.
    pub(crate) fn forbidden(&self, service: Service, method: &Method, path: &str) -> Result<Option<String>, Failure> {
        let operation = self.operation("compare the access rules", Effect::Read);
        self.missing_rule(&*self.login()?, service, method, path, &operation)
    }

    fn missing_rule(
        &self,
        login: &Login,
        service: Service,
        method: &Method,
        path: &str,
        operation: &Operation<'_>,
    ) -> Result<Option<String>, Failure> {
        let rules = &login.identity.access_rules;
        if rules.is_empty() {
            return Ok(None);
        }
        let url = format!("{}{path}", self.url(login, service, operation)?);
        Ok(access_rules::missing(rules, service, method.as_str(), &url))
    }

    /// Fails unless the catalogue has the service in this region and at this interface.
    pub(crate) fn has(&self, service: Service, operation: &Operation<'_>) -> Result<(), Failure> {
        self.url(&*self.login()?, service, operation).map(drop)
    }

    fn url(&self, login: &Login, service: Service, operation: &Operation<'_>) -> Result<String, Failure> {
        let endpoints = &self.config.connection.endpoints;
        let configured = match service {
            Service::Compute => &endpoints.compute,
            Service::Image => &endpoints.image,
            Service::Network => &endpoints.network,
            Service::Volume => &endpoints.volume,
        };
        if let Some(url) = configured {
            return Ok(overridden(url, login.identity.project.as_deref(), service));
        }
        login
            .catalogue
            .url(service, self.config.region.as_deref(), self.config.interface)
            .map_err(|why| operation.failure(FailureKind::Wrong, &why))
    }

    /// A read of servers asks whether they are locked, as long as the cloud is not known to be too old for it.
    fn send_with(&self, login: &Login, call: &Call, operation: &Operation<'_>) -> Result<Response, Failure> {
        let reads_servers = matches!((&call.method, call.service), (&Method::GET, Service::Compute))
            && call.path.starts_with("/servers/")
            && call.microversion.is_none();
        if !reads_servers || self.shows_no_locks.load(Ordering::Relaxed) {
            return self.send_at(call.microversion, login, call, operation);
        }
        let response = self.send_at(Some(LOCKS), login, call, operation)?;
        if response.status != 406 {
            return Ok(response);
        }
        self.shows_no_locks.store(true, Ordering::Relaxed);
        self.send_at(None, login, call, operation)
    }

    fn send_at(
        &self,
        microversion: Option<Microversion>,
        login: &Login,
        call: &Call,
        operation: &Operation<'_>,
    ) -> Result<Response, Failure> {
        let url = format!("{}{}", self.url(login, call.service, operation)?, call.path);
        let mut request = Request::new(call.method.clone(), url).secret_header("X-Auth-Token", &login.token);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(microversion) = microversion {
            request = request.header(HEADER, microversion.asked_of(call.service));
        }
        if let Some(timeout) = call.timeout {
            request = request.timeout(timeout);
        }
        let response = self.http.send(&request).map_err(|error| operation.unusable(&error))?;
        if let Some(microversion) = microversion.filter(|_| response.is_success() && call.service == Service::Compute)
            && !microversion.is_that_of(&response)
        {
            self.ignores_microversions.store(true, Ordering::Relaxed);
        }
        Ok(response)
    }

    fn login(&self) -> Result<Arc<Login>, Failure> {
        let mut state = self.locked();
        if let Some(outcome) = &state.outcome {
            return outcome.clone();
        }
        self.log_in_again(&mut state)
    }

    /// A newer token than this one; `None` after too many log-ins.
    fn renewed(&self, expired: &Arc<Login>) -> Result<Option<Arc<Login>>, Failure> {
        let mut state = self.locked();
        match &state.outcome {
            // Another thread logged in already.
            Some(Ok(current)) if !Arc::ptr_eq(current, expired) => Ok(Some(Arc::clone(current))),
            Some(Err(failure)) => Err(failure.clone()),
            _ if state.count >= MOST_LOG_INS => Ok(None),
            _ => self.log_in_again(&mut state).map(Some),
        }
    }

    fn log_in_again(&self, state: &mut LogIns) -> Result<Arc<Login>, Failure> {
        state.count += 1;
        let outcome = log_in(&self.http, &self.config, &self.operation("log in", Effect::Read)).map(Arc::new);
        state.outcome = Some(outcome.clone());
        outcome
    }

    fn locked(&self) -> MutexGuard<'_, LogIns> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The configured address, with the project's id filled in and with a version.
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
