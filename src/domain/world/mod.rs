//! What a run saw of Jenkins and of the clouds, independent of their wire formats.
//!
//! It is plain data: [`crate::observe`] makes it, and [`crate::plan`] reads it. A listing that failed is not an empty
//! listing: [`Listing::Unavailable`] has no elements from which anything could follow.

mod cloud;
mod jenkins;
mod listing;
mod mark;

pub use cloud::{
    Cloud, FloatingIp, Launch, Lock, Quota, QuotaUse, Server, ServerState, Shown, Size, Volume, VolumeState,
};
pub use jenkins::{Build, Jenkins, Mode, Node, NodeKind, OfflineCause, Presence, Queue, QueueItem, Stage, Task};
pub use listing::{Listing, Lookup};
pub use mark::{AddressMark, Mark};

use crate::domain::names::ProviderName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that one run saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The controller: its queue and its nodes.
    pub jenkins: Jenkins,
    /// The clouds, one for each configured provider.
    pub clouds: BTreeMap<ProviderName, Cloud>,
}
