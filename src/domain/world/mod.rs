//! What a run saw of Jenkins and of the clouds, independent of their wire formats.
//!
//! It is plain data: [`crate::observe`] makes it, and [`crate::plan`] reads it. A listing that failed is not an empty
//! listing: [`Listing::Unavailable`] has no elements from which anything could follow.

mod cloud;
mod jenkins;
mod listing;
mod mark;
mod site;

pub use cloud::{
    Attachment, Cloud, FloatingIp, Launch, Lock, Quota, QuotaUse, Server, ServerState, Shown, Size, Volume, VolumeState,
};
pub use jenkins::{Build, Jenkins, Mode, Node, NodeKind, OfflineCause, Presence, Queue, QueueItem, Stage, Task};
pub use listing::{Listing, Lookup};
pub use mark::{AddressMark, Mark};
pub use site::Site;

use crate::domain::names::ProviderName;
use crate::domain::shared::SharedMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that one run saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The controller: its queue and its nodes.
    pub jenkins: Jenkins,
    /// The clouds, one for each configured provider.
    pub clouds: SharedMap<ProviderName, Cloud>,
}

/// What projects may still have, by the provider.
pub type Quotas = BTreeMap<ProviderName, Quota>;

impl World {
    /// The quotas that were read.
    pub fn quotas(&self) -> Quotas {
        let quotas = self.clouds.iter().filter_map(|(name, cloud)| Some((name.clone(), cloud.quota.clone()?)));
        quotas.collect()
    }

    /// Whether every provider listed its servers.
    pub fn lists_all_servers(&self) -> bool {
        self.clouds.values().all(|cloud| cloud.servers.complete().is_some())
    }

    /// Whether every server of a provider was seen.
    pub fn lists_servers_of(&self, provider: &ProviderName) -> bool {
        self.clouds.get(provider).is_some_and(|cloud| cloud.servers.complete().is_some())
    }

    /// Adds quotas that were read.
    pub fn add_quotas(&mut self, quotas: Quotas) {
        for (name, quota) in quotas {
            if let Some(cloud) = self.clouds.get_mut(&name) {
                cloud.quota = Some(quota);
            }
        }
    }

    /// That nothing at all could be read, and of whom, in a sentence: then no number of anything is known.
    pub fn unseen(&self) -> Option<String> {
        let Jenkins { queue, nodes, .. } = &self.jenkins;
        let is_seen = queue.complete().is_some()
            || nodes.complete().is_some()
            || self.clouds.values().any(|cloud| cloud.servers.complete().is_some());
        let clouds: Vec<&str> = self.clouds.keys().map(ProviderName::as_str).collect();
        let names = match clouds.split_last() {
            None => "Jenkins".to_owned(),
            Some((last, [])) => format!("Jenkins and {last}"),
            Some((last, first)) => format!("Jenkins, {} and {last}", first.join(", ")),
        };
        (!is_seen).then(|| format!("could not look: {names} cannot be read"))
    }
}
