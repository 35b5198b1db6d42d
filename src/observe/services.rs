//! The services that a run talks to.

use crate::config::Config;
use crate::domain::names::ProviderName;
use crate::jenkins::Jenkins;
use crate::provider;
use crate::provider::{Access, Network, Provider};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The services that a run talks to.
pub struct Services {
    /// The controller, or why it cannot be used.
    pub jenkins: Result<Jenkins, String>,
    /// The clouds, or why one cannot be used.
    pub providers: BTreeMap<ProviderName, Result<Box<dyn Provider>, String>>,
    network: Network,
    started: Instant,
    deadline: Duration,
}

/// The part of the deadline at whose end something that only reads has to be done, in sixths.
#[derive(Clone, Copy)]
pub(super) enum ReadBy {
    /// Jenkins and the clouds.
    World = 4,
    /// What orders depend on.
    Survey = 5,
}

/// What was sent to one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that left this machine, repeated ones counted each time.
    pub requests: u64,
    /// Attempts that got no complete answer, or a refusal.
    pub errors: u64,
}

impl Services {
    /// All services of the configuration, for a program that started at `started`. Nothing is sent yet.
    pub fn open(config: &Config, started: Instant) -> Self {
        let length = config.deadline.unsigned_abs();
        let deadline = started + length;
        let network = Network::default();
        let access = Access { deadline, concurrency: config.concurrency, network: &network };
        let providers = config.providers.iter().map(|provider| {
            let opened = provider::open(provider, access).map_err(|failure| failure.message);
            (provider.name.clone(), opened)
        });
        Self {
            jenkins: Jenkins::new(&config.jenkins, deadline, &network).map_err(|error| error.to_string()),
            providers: providers.collect(),
            network,
            started,
            deadline: length,
        }
    }

    /// Does what only reads, and leaves a part of the deadline to what follows.
    pub(super) fn reading<T>(&self, by: ReadBy, read: impl FnOnce() -> T) -> T {
        self.network.reading_until(self.started + self.deadline * by as u32 / 6, read)
    }

    /// The provider, or why it cannot be used.
    pub fn provider(&self, name: &ProviderName) -> Result<&dyn Provider, &str> {
        match self.providers.get(name) {
            Some(Ok(provider)) => Ok(provider.as_ref()),
            Some(Err(reason)) => Err(reason),
            None => Err("no longer configured"),
        }
    }

    /// What was sent so far to each service: `jenkins`, `provider NAME`.
    pub fn traffic(&self) -> BTreeMap<String, Traffic> {
        let jenkins = self.jenkins.as_ref().map(|jenkins| (jenkins.requests_sent(), jenkins.requests_failed()));
        let providers = self.providers.iter().map(|(name, provider)| {
            let sent = provider.as_ref().map(|provider| (provider.requests_sent(), provider.requests_failed()));
            (format!("provider {name}"), sent.unwrap_or_default())
        });
        let all = providers.chain([("jenkins".to_owned(), jenkins.unwrap_or_default())]);
        all.map(|(service, (requests, errors))| (service, Traffic { requests, errors })).collect()
    }
}
