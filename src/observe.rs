//! Looks at everything at once. Sends reads only, and does not fail: what could not be read is part of what was seen.

use crate::config::{Config, NodeType};
use crate::domain::installation::Installation;
use crate::domain::names::{NodeTypeName, ProviderName, ServerId};
use crate::domain::state::State;
use crate::domain::world::{Cloud, Jenkins, Listing, Lookup, Server, ServerState, World};
use crate::jenkins;
use crate::jenkins::{JenkinsError, Reading};
use crate::plan::identity::ownership::is_ours;
use crate::plan::model::{Action, Change};
use crate::plan::sightings::{floating_ips, volumes};
use crate::provider::{Failure, Provider};
use crate::workers::{at_once, finished};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// The services of a run, ready to be asked.
pub struct Services {
    /// The controller, or why it cannot be talked to.
    pub jenkins: Result<jenkins::Jenkins, String>,
    /// The clouds, or why one cannot be talked to.
    pub providers: BTreeMap<ProviderName, Result<Box<dyn Provider>, String>>,
}

impl Services {
    /// The provider, or why it cannot be talked to.
    pub fn provider(&self, name: &ProviderName) -> Result<&dyn Provider, &str> {
        match self.providers.get(name) {
            Some(Ok(provider)) => Ok(provider.as_ref()),
            Some(Err(reason)) => Err(reason),
            None => Err("no longer configured"),
        }
    }

    /// What was sent so far to each service: `jenkins`, `provider NAME`.
    pub fn traffic(&self) -> BTreeMap<String, Traffic> {
        let jenkins = self.jenkins.as_ref().map_or_else(
            |_| Traffic::default(),
            |jenkins| Traffic { requests: jenkins.requests_sent(), errors: jenkins.requests_failed() },
        );
        let providers = self.providers.iter().map(|(name, provider)| {
            let traffic = provider.as_ref().map_or_else(
                |_| Traffic::default(),
                |provider| Traffic { requests: provider.requests_sent(), errors: provider.requests_failed() },
            );
            (format!("provider {name}"), traffic)
        });
        providers.chain([("jenkins".to_owned(), jenkins)]).collect()
    }
}

/// What was sent to one service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that left this machine, repeated ones counted each time.
    pub requests: u64,
    /// Attempts that got no whole answer, or one that says no.
    pub errors: u64,
}

/// Reads Jenkins and every cloud at the same time.
pub fn observe(config: &Config, services: &Services, state: &State) -> World {
    thread::scope(|scope| {
        let clouds: Vec<_> = config
            .providers
            .iter()
            .map(|provider| {
                let name = &provider.name;
                (name.clone(), scope.spawn(move || cloud(config, services, name, state)))
            })
            .collect();
        let jenkins = controller(services);
        let clouds = clouds.into_iter().map(|(name, cloud)| (name, finished(cloud)));
        World { clouds: clouds.collect(), jenkins }
    })
}

fn controller(services: &Services) -> Jenkins {
    let jenkins = match &services.jenkins {
        Ok(jenkins) => jenkins,
        Err(reason) => {
            return Jenkins {
                session: None,
                mode: Listing::Unavailable(reason.clone()),
                queue: Listing::Unavailable(reason.clone()),
                nodes: Listing::Unavailable(reason.clone()),
            };
        }
    };
    let (mode, queue, nodes) = thread::scope(|scope| {
        let mode = scope.spawn(|| jenkins.mode());
        let queue = scope.spawn(|| jenkins.queue());
        let nodes = jenkins.nodes();
        (finished(mode), finished(queue), nodes)
    });
    let sessions = [session(&mode), session(&queue), session(&nodes)];
    let sessions: BTreeSet<&String> = sessions.into_iter().flatten().collect();
    if sessions.len() > 1 {
        let reason = "Jenkins was restarted while it was read: its answers do not belong together".to_owned();
        return Jenkins {
            session: None,
            mode: Listing::Unavailable(reason.clone()),
            queue: Listing::Unavailable(reason.clone()),
            nodes: Listing::Unavailable(reason),
        };
    }
    let session = sessions.into_iter().next().cloned();
    let mut queue = listing(queue);
    if let Listing::Complete(seen) = &queue
        && seen.items.is_empty()
        && seen.discoverable > 0
    {
        queue = Listing::Unavailable(format!(
            "the queue looks empty, but holds {} items that this user may discover and not read: grant it Job/Read",
            seen.discoverable
        ));
    }
    Jenkins { session, mode: listing(mode), queue, nodes: listing(nodes) }
}

fn session<T>(reading: &Result<Reading<T>, JenkinsError>) -> Option<&String> {
    reading.as_ref().ok().and_then(|reading| reading.session.as_ref())
}

fn listing<T>(reading: Result<Reading<T>, JenkinsError>) -> Listing<T> {
    match reading {
        Ok(reading) => Listing::Complete(reading.value),
        Err(error) => Listing::Unavailable(error.to_string()),
    }
}

/// The servers of a cloud; those that the listing lacks are asked for by id, and failed ones for their fault, which
/// listings leave out.
fn cloud(config: &Config, services: &Services, name: &ProviderName, state: &State) -> Cloud {
    let unavailable = |reason: String| Cloud {
        servers: Listing::Unavailable(reason),
        by_id: BTreeMap::new(),
        volumes: None,
        floating_ips: None,
        quota: None,
    };
    let provider = match services.provider(name) {
        Ok(provider) => provider,
        Err(reason) => return unavailable(reason.to_owned()),
    };
    let (servers, volumes, addresses) = thread::scope(|scope| {
        let volumes = volumes::wanted(config, state, name).then(|| scope.spawn(|| provider.volumes()));
        let addresses = floating_ips::wanted(config, state, name).then(|| scope.spawn(|| provider.floating_ips()));
        (provider.servers(), volumes.map(finished), addresses.map(finished))
    });
    let mut servers = match servers {
        Ok(servers) => servers,
        Err(failure) => return unavailable(failure.message),
    };
    let volumes = volumes.map(whole);
    let floating_ips = addresses.map(whole);
    let listed: BTreeSet<&ServerId> = servers.iter().map(|server| &server.id).collect();
    let remembered = state.servers.values().filter(|server| server.provider == *name);
    let addressed = floating_ips.as_ref().and_then(|listing| listing.complete()).into_iter().flatten();
    let installation = config.installation();
    let addressed = addressed.filter(|address| address.mark.is_of(&installation)).map(|address| &address.mark.server);
    let known = remembered.filter_map(|server| server.server_id.as_ref()).chain(addressed);
    let missing: BTreeSet<&ServerId> = known.filter(|id| !listed.contains(id)).collect();
    let failed: Vec<ServerId> =
        servers.iter().filter(|server| lacks_fault(&installation, server, state)).map(|s| s.id.clone()).collect();
    let asked = missing.len();
    let ids: Vec<ServerId> = missing.into_iter().cloned().chain(failed).collect();
    let mut answers =
        at_once(config.concurrency, ids, |id| (provider.server(&id), id)).into_iter().map(|(answer, id)| (id, answer));
    let by_id: BTreeMap<ServerId, Lookup<Server>> = answers.by_ref().take(asked).collect();
    let faults: BTreeMap<ServerId, Lookup<Server>> = answers.collect();
    for server in &mut servers {
        if let Some(Lookup::Found(fresh)) = faults.get(&server.id) {
            server.fault.clone_from(&fresh.fault);
        }
    }
    Cloud { servers: Listing::Complete(servers), by_id, volumes, floating_ips, quota: None }
}

fn whole<T>(listing: Result<T, Failure>) -> Listing<T> {
    match listing {
        Ok(contents) => Listing::Complete(contents),
        Err(failure) => Listing::Unavailable(failure.message),
    }
}

/// Whether a failed server of ours has no fault in the listing and none remembered.
fn lacks_fault(installation: &Installation, server: &Server, state: &State) -> bool {
    let mark = server.mark.as_ref().filter(|_| is_ours(installation, state, server));
    server.state == ServerState::Error
        && server.fault.is_none()
        && mark.is_some_and(|mark| state.servers.get(&mark.id).is_none_or(|known| known.fault.is_none()))
}

/// What only an order needs to know: quotas, and what names mean. Asked only of providers that `actions` order from.
/// Returns what could not be read, in words, by provider.
pub fn survey(
    config: &Config,
    services: &Services,
    world: &mut World,
    actions: &[Action],
) -> Vec<(ProviderName, String)> {
    let mut wanted: BTreeSet<&ProviderName> = BTreeSet::new();
    let mut ordered: BTreeSet<&NodeTypeName> = BTreeSet::new();
    for action in actions {
        if let Change::CreateServer(order) = &action.change {
            wanted.insert(&order.provider);
            ordered.insert(&order.node_type);
        }
    }
    // A type that one provider refuses goes to the next: that one's quota counts as well.
    for kind in config.node_types.iter().filter(|kind| ordered.contains(&kind.name)) {
        wanted.extend(&kind.providers);
    }
    let seen = |name: &ProviderName| world.clouds.get(name).is_some_and(|cloud| cloud.servers.complete().is_some());
    let wanted: Vec<&ProviderName> = wanted.into_iter().filter(|name| seen(name)).collect();
    let surveys = thread::scope(|scope| {
        let threads: Vec<_> = wanted
            .iter()
            .filter_map(|name| services.provider(name).ok().map(|provider| (*name, provider)))
            .map(|(name, provider)| {
                let serves = |kind: &&NodeType| kind.providers.contains(name);
                let types: Vec<&NodeType> = config.node_types.iter().filter(serves).collect();
                (name, scope.spawn(move || provider.survey(&types)))
            })
            .collect();
        threads.into_iter().map(|(name, survey)| (name, finished(survey))).collect::<Vec<_>>()
    });
    let mut problems = Vec::new();
    for (name, survey) in surveys {
        problems.extend(survey.problems.into_iter().map(|problem| (name.clone(), problem)));
        if let Some(cloud) = world.clouds.get_mut(name) {
            cloud.quota = survey.quota;
        }
    }
    problems
}
