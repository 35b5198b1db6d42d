//! Servers that are in another place than the one that mita logs in to, which is a project at a compute service, or at a
//! provider that is no longer configured: that what mita reads lacks them says nothing.

use crate::config::Config;
use crate::domain::format::in_shell;
use crate::domain::names::{ProviderName, ServerId};
use crate::domain::state::{ServerMemory, State};
use crate::domain::world::{Cloud, Site, World};
use crate::plan::identity::fleet::{Fleet, Machine, Sighting};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A project at a compute service, as far as both are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place<'a> {
    project: Option<&'a str>,
    site: Option<&'a Site>,
}

impl<'a> Place<'a> {
    /// Where a cloud was read.
    pub(crate) fn read(cloud: &'a Cloud) -> Self {
        Self { project: cloud.project.as_deref(), site: cloud.site.as_ref() }
    }

    /// Where a server was ordered, or last seen.
    pub(crate) fn of(memory: &'a ServerMemory) -> Self {
        Self { project: memory.project.as_deref(), site: memory.site.as_ref() }
    }

    /// Whether they are known to be two. Of what nothing is known, they are not.
    fn differs(self, other: Self) -> bool {
        self.is_in_another_project(other) || self.site.zip(other.site).is_some_and(|(one, other)| one != other)
    }

    fn is_in_another_project(self, other: Self) -> bool {
        self.project.zip(other.project).is_some_and(|(one, other)| one != other)
    }

    /// Whether project and service are known: regions of two clouds can have one name, the ids of two projects cannot be one.
    fn is_known(self) -> bool {
        self.project.is_some() && self.site.is_some()
    }

    /// What tells it from the other.
    fn beside(self, other: Self) -> String {
        match (self.project, self.site) {
            (Some(project), _) if self.is_in_another_project(other) => format!("project {project}"),
            (_, Some(site)) => site.to_string(),
            (_, None) => "another project".to_owned(),
        }
    }
}

/// What tells the place of a server elsewhere from the one that was read.
pub fn there(cloud: &Cloud, memory: &ServerMemory) -> String {
    Place::of(memory).beside(Place::read(cloud))
}

/// Whether the server is in another place than the one that was read.
pub fn is_elsewhere(cloud: &Cloud, memory: &ServerMemory) -> bool {
    Place::read(cloud).differs(Place::of(memory))
}

/// Pairs of places of which the second is the first under another name.
pub(super) type Renamed<'a> = BTreeSet<(Place<'a>, Place<'a>)>;

/// The places that show servers which are remembered in others: an endpoint or a region got another name.
pub(super) fn renamed<'a, 's: 'a>(
    world: &'a World,
    state: &'s State,
    listed: impl Iterator<Item = &'a Machine<'a>>,
) -> Renamed<'a> {
    let pair = |machine: &Machine<'_>| {
        let (cloud, memory) = (world.clouds.get(&machine.provider)?, state.servers.get(&machine.id)?);
        is_elsewhere(cloud, memory).then(|| (Place::of(memory), Place::read(cloud)))
    };
    listed.filter_map(pair).collect()
}

/// The provider that logs in to the place where the server is, where its own logs in to another or is no longer configured.
pub(super) fn at_its_place<'w>(world: &'w World, memory: &ServerMemory) -> Option<&'w ProviderName> {
    let is_left = |cloud| is_elsewhere(cloud, memory);
    let place = Place::of(memory);
    if !world.clouds.get(&memory.provider).map_or_else(|| place.is_known(), is_left) {
        return None;
    }
    world.clouds.iter().find(|(_, cloud)| Place::read(cloud) == place).map(|(provider, _)| provider)
}

/// Where a server elsewhere is, in words.
pub fn somewhere(config: &Config, provider: &ProviderName) -> String {
    if config.has_provider(provider) {
        format!("in another place than the one that mita logs in to at provider {provider}")
    } else {
        format!("at provider {provider}, which is no longer configured")
    }
}

/// Whether mita knows nothing of a server elsewhere but that it sent an order: there may be none.
pub fn is_mere_order(memory: &ServerMemory) -> bool {
    memory.server_id.is_none() && memory.joined_at.is_none()
}

/// The command with which a person has mita forget a server elsewhere that has no node in Jenkins.
pub fn forgetting(machine: &Machine<'_>) -> Option<String> {
    let is_alone = machine.nodes.is_empty() && machine.doubts.is_empty();
    (matches!(machine.sighting, Sighting::Elsewhere) && is_alone).then(|| {
        let id = machine.server_id.as_ref().map_or(machine.id.as_str(), ServerId::as_str);
        format!("mita retire {}", in_shell(id))
    })
}

/// Whether it is at a provider that is no longer configured, and serves nothing: its cloud may be gone for good.
pub(crate) fn is_out_of_use(config: &Config, machine: &Machine<'_>) -> bool {
    let is_former = !config.has_provider(&machine.provider);
    is_former && matches!(machine.sighting, Sighting::Elsewhere) && !machine.has_agent()
}

/// Servers of a provider in another place.
#[derive(Debug, PartialEq, Eq)]
pub struct Elsewhere<'a> {
    /// The provider.
    pub provider: &'a ProviderName,
    /// Where mita logs in, and where they are; none of a provider that is no longer configured.
    places: Option<(String, String)>,
    servers: usize,
    /// Orders of which nothing shows whether they made one.
    orders: usize,
    /// Those without a node, which mita forgets at a person's word.
    forgettable: usize,
    /// The command for the first of them.
    forgetting: Option<String>,
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, servers, orders, forgettable, forgetting, .. } = self;
        let (begin, to, are, again) = match places {
            Some((here, there)) => (
                format!("logs in to the {here}"),
                format!("to the {there}"),
                format!("in the {there}"),
                "log in there again",
            ),
            None => (
                "no longer configured".to_owned(),
                "there".to_owned(),
                "remembered there".to_owned(),
                "configure it again, under this name",
            ),
        };
        write!(f, "{begin}, and ")?;
        if *orders > 0 {
            let (orders, they, them) = match orders {
                1 => ("1 order without an answer".to_owned(), "it", "it"),
                _ => (format!("{orders} orders without an answer"), "they", "them"),
            };
            write!(
                f,
                "{orders} went {to}, so mita cannot see what {they} made and gives {them} up after order_timeout: \
                 look there for what carries the mark of mita"
            )?;
        }
        if *servers == 0 {
            return Ok(());
        }
        let (servers, them) = match servers {
            1 => ("1 server of ours is".to_owned(), "it"),
            _ => (format!("{servers} servers of ours are"), "them"),
        };
        let and = if *orders > 0 { "; " } else { "" };
        let forgets = match (forgetting, forgettable) {
            (None, _) => "mita retire with the id of a server".to_owned(),
            (Some(command), 1) => command.clone(),
            (Some(command), _) => format!("{command} (and so on)"),
        };
        write!(
            f,
            "{and}{servers} {are}, so mita cannot see {them} and leaves {them} and the nodes alone: {again}, or delete {them} \
             there and the nodes in Jenkins; then {forgets} makes mita forget {them}, as a day without a node does"
        )
    }
}

/// The servers that are in other places, where no list shows them.
pub fn elsewhere<'a>(world: &'a World, state: &'a State, fleet: &Fleet<'_>) -> Vec<Elsewhere<'a>> {
    let mut found: BTreeMap<(&ProviderName, Option<Place<'_>>), Elsewhere<'a>> = BTreeMap::new();
    for machine in fleet.machines.iter().filter(|machine| matches!(machine.sighting, Sighting::Elsewhere)) {
        let Some(memory) = state.servers.get(&machine.id) else { continue };
        let here = world.clouds.get(&machine.provider).map(Place::read);
        let there = Place::of(memory);
        let elsewhere = found.entry((&memory.provider, here.map(|_| there))).or_insert_with(|| Elsewhere {
            provider: &memory.provider,
            places: here.map(|here| (here.beside(there), there.beside(here))),
            servers: 0,
            orders: 0,
            forgettable: 0,
            forgetting: None,
        });
        if is_mere_order(memory) {
            elsewhere.orders += 1;
            continue;
        }
        elsewhere.servers += 1;
        if let Some(command) = forgetting(machine) {
            elsewhere.forgettable += 1;
            elsewhere.forgetting.get_or_insert(command);
        }
    }
    found.into_values().collect()
}
