//! What an operator reads in every run for as long as it lasts.

use crate::config::Config;
use crate::domain::names::{MitaId, ProviderName, ServerId};
use crate::domain::state::{ServerMemory, State};
use crate::domain::world::{Cloud, Listing, Lookup, World};
use crate::plan::identity::fleet::Fleet;
use crate::plan::identity::ownership::namesakes;
use crate::plan::identity::places::elsewhere;
use crate::plan::lifecycle::rights;
use crate::plan::model::Problem;
use crate::plan::sightings::servers::order_is_given_up;
use crate::plan::text::waiting::unconfigured_pauses;
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeSet;

/// Of servers that cannot be read, so many are told one by one.
const MOST_ALIKE: usize = 20;

/// What could not be seen.
pub(crate) fn problems(config: &Config, world: &World, state: &State, fleet: &Fleet<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |place: String, error: &str| problems.push(Problem { place, error: error.to_owned() });
    let jenkins = &world.jenkins;
    let reads = [unavailable(&jenkins.queue), unavailable(&jenkins.nodes), unavailable(&jenkins.mode)];
    let errors: BTreeSet<&str> = reads.into_iter().flatten().collect();
    errors.into_iter().for_each(|error| problem("jenkins".to_owned(), error));
    for provider in &config.providers {
        let cloud = world.clouds.get(&provider.name);
        let servers = cloud.and_then(|cloud| unavailable(&cloud.servers));
        let volumes = cloud.and_then(|cloud| cloud.volumes.as_ref()).and_then(unavailable);
        let addresses = cloud.and_then(|cloud| cloud.floating_ips.as_ref()).and_then(unavailable);
        let by_id = cloud.into_iter().flat_map(|cloud| cloud.by_id.values());
        let unread: BTreeSet<&str> = by_id.filter_map(unread).collect();
        // A cell of a cloud that is down answers for none of its servers.
        let more = unread.len().saturating_sub(MOST_ALIKE);
        let more = (more > 0).then(|| format!("{more} more servers cannot be read (mita status shows all)"));
        let told = unread.into_iter().take(MOST_ALIKE).chain(more.as_deref());
        for error in [servers, volumes, addresses].into_iter().flatten().chain(told) {
            problem(format!("provider {}", provider.name), error);
        }
        if let Some(why) = rights::forbidden(world, &provider.name) {
            let error = format!("mita cannot remove servers there, so they and their nodes stay: {why}");
            problem(format!("provider {}", provider.name), &error);
        }
        let hides = cloud.is_some_and(Cloud::hides_servers);
        if let Some((order, _)) =
            state.servers.iter().find(|(_, server)| hides && is_kept_for(config, server, &provider.name))
        {
            let error = format!(
                "its list of servers lacks some that are there: order {order}, which no list has shown, is not given up; \
                 ask the cloud's operators (is a cell down?)"
            );
            problem(format!("provider {}", provider.name), &error);
        }
    }
    for elsewhere in elsewhere(world, state, fleet) {
        problem(format!("provider {}", elsewhere.provider), &elsewhere.to_string());
    }
    for (scope, error) in unconfigured_pauses(config, state) {
        problem(scope, &error);
    }
    for namesakes in namesakes(config, world, state) {
        problem(format!("provider {}", namesakes.provider), &namesakes.to_string());
    }
    problems.extend(shared_ids(config, world));
    problems
}

/// Whether this is an order without an answer that is kept only because the list cannot be believed.
fn is_kept_for(config: &Config, server: &ServerMemory, provider: &ProviderName) -> bool {
    server.provider == *provider && server.server_id.is_none() && order_is_given_up(config, server)
}

/// Servers of two providers that have one id, and are not the same: programs may number theirs from 1.
fn shared_ids(config: &Config, world: &World) -> Vec<Problem> {
    let mut known: HashMap<&ServerId, (&ProviderName, Option<&MitaId>)> = HashMap::new();
    let mut problems = Vec::new();
    for provider in &config.providers {
        let servers = world.clouds.get(&provider.name).and_then(|cloud| cloud.servers.complete());
        for server in servers.into_iter().flatten() {
            let order = server.mark.as_ref().map(|mark| &mark.id);
            match known.get(&server.id) {
                Some((first, other)) if *other != order => problems.push(Problem {
                    place: format!("provider {}", provider.name),
                    error: format!(
                        "lists a server with the id {}, and so does provider {first}, for another order: mita sees one of \
                         them only; give the servers of each provider ids of their own",
                        server.id
                    ),
                }),
                Some(_) => {}
                None => {
                    known.insert(&server.id, (&provider.name, order));
                }
            }
        }
    }
    problems
}

fn unread<T>(lookup: &Lookup<T>) -> Option<&str> {
    match lookup {
        Lookup::Found(_) | Lookup::Gone => None,
        Lookup::Unavailable(error) => Some(error),
    }
}

fn unavailable<T>(listing: &Listing<T>) -> Option<&str> {
    match listing {
        Listing::Complete(_) => None,
        Listing::Unavailable(error) => Some(error),
    }
}
