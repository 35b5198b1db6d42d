//! What a cloud shows.

use crate::concurrency::{join, parallel_map};
use crate::config::Config;
use crate::domain::installation::Installation;
use crate::domain::names::{ProviderName, ServerId};
use crate::domain::state::{ServerMemory, State};
use crate::domain::world::{Cloud, FloatingIp, Listing, Lookup, Server, ServerState, Shown};
use crate::observe::services::Services;
use crate::plan::identity::ownership::is_ours;
use crate::plan::sightings::{floating_ips, volumes};
use crate::provider::{Failure, Provider};
use foldhash::HashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// How many servers a run reads by id of those that their cloud keeps after their deletion.
const DELETED_READ: usize = 20;

/// Reads the servers of a cloud, and its volumes and floating IPs where some may be ours.
pub(super) fn read(config: &Config, services: &Services, name: &ProviderName, state: &State) -> Cloud {
    let provider = services.provider(name).map_err(str::to_owned);
    provider.and_then(|provider| try_read(config, provider, name, state)).unwrap_or_else(|reason| Cloud {
        servers: Listing::Unavailable(reason),
        by_id: BTreeMap::new(),
        volumes: None,
        floating_ips: None,
        quota: None,
        removal_forbidden: None,
        project: None,
        site: None,
    })
}

fn try_read(config: &Config, provider: &dyn Provider, name: &ProviderName, state: &State) -> Result<Cloud, String> {
    let (servers, volumes, floating_ips) = thread::scope(|scope| {
        let volumes = provider.attachments().filter(|_| volumes::wanted(config, state, name));
        let volumes = volumes.map(|provider| scope.spawn(|| provider.volumes()));
        let floating_ips = provider.attachments().filter(|_| floating_ips::wanted(config, state, name));
        let floating_ips = floating_ips.map(|provider| scope.spawn(|| provider.floating_ips()));
        (provider.servers(), volumes.map(join), floating_ips.map(join))
    });
    let mut servers = servers.map_err(|failure| failure.message)?;
    let (volumes, floating_ips) = (volumes.map(listing), floating_ips.map(listing));
    let missing = missing_servers(config, name, state, &servers, floating_ips.as_ref());
    let installation = config.installation();
    let failed = servers.iter().filter(|server| lacks_fault(&installation, server, state));
    let unmarked = unmarked_servers(&servers, state);
    let ids = missing.iter().chain(failed.map(|server| &server.id)).chain(&unmarked).cloned().collect();
    let answers = parallel_map(config.concurrency, ids, |id: ServerId| (id.clone(), provider.server(&id)));
    let (by_id, mut listed): (BTreeMap<ServerId, Lookup<Server>>, BTreeMap<_, _>) =
        answers.into_iter().partition(|(id, _)| missing.contains(id));
    for server in &mut servers {
        match listed.remove(&server.id) {
            Some(Lookup::Found(fresh)) if unmarked.contains(&server.id) => *server = fresh,
            Some(Lookup::Found(fresh)) => server.fault = fresh.fault,
            // Whose it is cannot be told.
            Some(Lookup::Gone | Lookup::Unavailable(_)) if unmarked.contains(&server.id) => {
                server.shown = Shown::WithoutMetadata;
            }
            Some(Lookup::Gone | Lookup::Unavailable(_)) | None => {}
        }
    }
    Ok(Cloud {
        servers: Listing::Complete(servers),
        by_id,
        volumes,
        floating_ips,
        quota: None,
        removal_forbidden: provider.removal_forbidden(),
        project: provider.project(),
        site: provider.site(),
    })
}

fn listing<T>(listing: Result<T, Failure>) -> Listing<T> {
    match listing {
        Ok(contents) => Listing::Complete(contents),
        Err(failure) => Listing::Unavailable(failure.message),
    }
}

/// Servers that the state or a floating IP of ours knows and the list lacks: they are read one by one.
fn missing_servers<'s>(
    config: &Config,
    name: &ProviderName,
    state: &'s State,
    servers: &[Server],
    floating_ips: Option<&Listing<Vec<FloatingIp>>>,
) -> BTreeSet<ServerId> {
    let listed: HashSet<&ServerId> = servers.iter().map(|server| &server.id).collect();
    let remembered = state.servers.values().filter(|server| server.provider == *name);
    let floating_ips = floating_ips.and_then(Listing::complete).into_iter().flatten();
    let installation = config.installation();
    let marks = floating_ips.map(|address| &address.mark).filter(|mark| mark.is_of(&installation));
    let (deleted, others): (Vec<_>, Vec<_>) = remembered.partition(|server| server.soft_deleted);
    let ids = |servers: Vec<&'s ServerMemory>| servers.into_iter().filter_map(|server| server.server_id.as_ref());
    let deleted: Vec<&ServerId> = ids(deleted).filter(|id| !listed.contains(id)).collect();
    let known = ids(others).chain(marks.map(|mark| &mark.server)).filter(|id| !listed.contains(id));
    known.chain(in_turn(&deleted, state.run)).cloned().collect()
}

/// Servers that the state knows and the list shows without a mark: a list that lags may lack their metadata, so they are read
/// one by one before they are no longer ours.
fn unmarked_servers(servers: &[Server], state: &State) -> BTreeSet<ServerId> {
    let unmarked: BTreeSet<&ServerId> = servers
        .iter()
        .filter(|server| server.mark.is_none() && server.shown == Shown::Whole)
        .map(|server| &server.id)
        .collect();
    let remembered = state.servers.values().filter_map(|server| server.server_id.as_ref());
    remembered.filter(|id| unmarked.contains(id)).cloned().collect()
}

/// Those of servers that their cloud keeps after their deletion which this run reads, each run others: there may be thousands.
fn in_turn<'a>(deleted: &[&'a ServerId], run: u64) -> Vec<&'a ServerId> {
    let turns = deleted.len().div_ceil(DELETED_READ).max(1);
    let turn = usize::try_from(run % turns as u64).unwrap_or_default();
    deleted.chunks(DELETED_READ).nth(turn).unwrap_or_default().to_vec()
}

/// Whether a failed server of ours has no fault, which lists leave out, and the state does not know it either.
fn lacks_fault(installation: &Installation, server: &Server, state: &State) -> bool {
    let mark = server.mark.as_ref().filter(|_| is_ours(installation, state, server));
    server.state == ServerState::Error
        && server.fault.is_none()
        && mark
            .is_some_and(|mark| state.servers.get(&mark.id).is_none_or(|known| !known.listed || known.fault.is_none()))
}
