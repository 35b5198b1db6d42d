//! Servers that are in another project than the one that mita logs in to: that the latter lacks them says nothing.

use crate::domain::names::ProviderName;
use crate::domain::state::{ServerMemory, State};
use crate::domain::world::{Cloud, World};
use std::collections::BTreeMap;
use std::fmt;

/// Whether the server is in another project than the one that was read. Of one that nothing is known of, it is not.
pub(super) fn is_elsewhere(cloud: &Cloud, memory: &ServerMemory) -> bool {
    cloud.project.is_some() && memory.project.is_some() && cloud.project != memory.project
}

/// Servers of a provider in another project.
#[derive(Debug, PartialEq, Eq)]
pub struct Elsewhere<'a> {
    /// The provider.
    pub provider: &'a ProviderName,
    /// The id of the project that mita logs in to.
    project: &'a str,
    /// The id of theirs.
    theirs: &'a str,
    servers: usize,
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project, theirs, servers, .. } = self;
        let (servers, them) = match servers {
            1 => ("1 server of ours is".to_owned(), "it"),
            _ => (format!("{servers} servers of ours are"), "them"),
        };
        write!(
            f,
            "logs in to the project {project}, and {servers} in the project {theirs}, so mita cannot see {them} and leaves \
             {them} and the nodes alone: log in to {theirs} again, or delete {them} there and the nodes in Jenkins; after a day \
             without a node mita forgets {them}"
        )
    }
}

/// The servers that are remembered in other projects, where no list shows them.
pub fn elsewhere<'a>(world: &'a World, state: &'a State) -> Vec<Elsewhere<'a>> {
    let mut found: BTreeMap<(&ProviderName, &str, &str), usize> = BTreeMap::new();
    for memory in state.servers.values() {
        let Some(cloud) = world.clouds.get(&memory.provider).filter(|cloud| is_elsewhere(cloud, memory)) else {
            continue;
        };
        if let (Some(project), Some(theirs)) = (&cloud.project, &memory.project) {
            *found.entry((&memory.provider, project, theirs)).or_default() += 1;
        }
    }
    let found = found.into_iter();
    found.map(|((provider, project, theirs), servers)| Elsewhere { provider, project, theirs, servers }).collect()
}
