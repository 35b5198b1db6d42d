//! Checks whether another installation has the same `owner` or serves the same Jenkins, or another machine has the same
//! configuration.
//!
//! The state file has every order before it is sent. If it does not have a server with our mark, the file was lost, or
//! somebody else ordered the server.

use crate::config::Config;
use crate::domain::installation::Installation;
use crate::domain::names::Owner;
use crate::domain::state::{Origin, State};
use crate::domain::world::{Server, World};
use crate::plan::identity::ownership::{is_ours, namesakes};
use crate::store;
use crate::store::Loaded;
use crate::view::document::check::Online;
use crate::view::text::plural;
use std::collections::BTreeMap;

/// At most this many servers are named.
const MOST_NAMED: usize = 5;

pub(super) fn check(online: &mut Online, config: &Config, world: &World) {
    // Read after the servers were listed, so that it has what was ordered in between.
    let state = match store::load_only(&config.state_file, &config.installation()) {
        Ok(Loaded::Known(state)) => *state,
        Ok(Loaded::Fresh | Loaded::Unreadable { .. } | Loaded::SetAside { .. }) => State::new(config.owner.clone()),
        // What is wrong with it is told without the services, too.
        Err(_) => return,
    };
    for namesakes in namesakes(config, world, &state) {
        online.fault(&format!("provider {}", namesakes.provider), namesakes.to_string());
    }
    let installation = config.installation();
    for (provider, cloud) in &world.clouds {
        let servers = cloud.servers.complete().map(Vec::as_slice).unwrap_or_default();
        let unknown = |server: &&Server| {
            is_ours(&installation, &state, server)
                && !was_ordered(&state, server)
                && !state.gone_servers.contains_key(&server.id)
        };
        let of_no_type =
            |server: &&Server| server.mark.as_ref().is_some_and(|mark| config.node_type(&mark.node_type).is_none());
        let unknown: Vec<&Server> = servers.iter().filter(unknown).collect();
        let (odd, plain): (Vec<&Server>, Vec<&Server>) = unknown.into_iter().partition(of_no_type);
        let place = format!("provider {provider}");
        let owner = config.owner.as_str();
        for (other, servers) in rivals(&installation, servers) {
            online.hint(
                &place,
                format!(
                    "{} the mark of owner {:?} for this same Jenkins, {}: two installations that serve one Jenkins \
                     order for the same jobs, twice; stop one of them, or use its owner here if it is to be replaced",
                    carry(&servers),
                    other.as_str(),
                    installation.controller,
                ),
            );
        }
        if !odd.is_empty() {
            online.fault(
                &place,
                format!(
                    "{} the mark of owner {owner:?} and a node type that is not configured here, and the state file does \
                     not know of it: does another installation use the same owner? This one would retire \
                     what is idle; set another owner at the top of the file",
                    carry(&odd),
                ),
            );
        }
        if !plain.is_empty() {
            online.hint(
                &place,
                format!(
                    "{} the mark of owner {owner:?}, and this state file did not order {}: the file was lost; or another \
                     machine runs mita with this configuration and a state file of its own, then stop one of the two, \
                     since one state file belongs to one crontab; or another installation uses the same owner, then \
                     set another owner before the first run",
                    carry(&plain),
                    if plain.len() == 1 { "it" } else { "them" },
                ),
            );
        }
    }
}

/// The servers that another owner ordered for this Jenkins.
fn rivals<'a>(us: &Installation, servers: &'a [Server]) -> BTreeMap<&'a Owner, Vec<&'a Server>> {
    let mut rivals: BTreeMap<&Owner, Vec<&Server>> = BTreeMap::new();
    for server in servers {
        let Some(mark) = server.mark.as_ref().filter(|mark| mark.owner != us.owner) else { continue };
        if mark.controller.as_ref().is_some_and(|controller| us.is_at(controller)) {
            rivals.entry(&mark.owner).or_default().push(server);
        }
    }
    rivals
}

/// Whether a run that this state remembers ordered the server.
fn was_ordered(state: &State, server: &Server) -> bool {
    let by_mark = server.mark.as_ref().and_then(|mark| state.servers.get(&mark.id));
    let by_id = || state.servers.values().find(|memory| memory.server_id.as_ref() == Some(&server.id));
    let by_mark = by_mark.filter(|memory| memory.server_id.as_ref().is_none_or(|id| *id == server.id));
    by_mark.or_else(by_id).is_some_and(|memory| matches!(memory.origin, Origin::Ordered(_)))
}

fn carry(servers: &[&Server]) -> String {
    let names: Vec<String> =
        servers.iter().take(MOST_NAMED).map(|server| format!("{} ({})", server.name, server.id)).collect();
    let more = if servers.len() > MOST_NAMED { ", ..." } else { "" };
    let verb = if servers.len() == 1 { "carries" } else { "carry" };
    format!("{}, {}{more}, {verb}", plural(servers.len(), "server"), names.join(", "))
}
