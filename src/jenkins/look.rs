//! Nodes that are read before they are needed.
//!
//! A retirement begins with a look at its nodes. Where a run also orders something, they are read while the clouds are
//! asked for their quotas, so that the retirement does not take longer for it.

use super::client::Jenkins;
use super::error::JenkinsError;
use super::reading::Reading;
use crate::domain::names::NodeName;
use crate::domain::world::Node;
use std::time::Duration;

/// An older reading is read again.
pub(super) const FRESH: Duration = Duration::from_secs(1);

impl Jenkins {
    /// Reads a node for a [`Self::look_at`] that follows. What fails is read again then.
    pub fn look_ahead(&self, name: &NodeName) {
        let left = self.time_left();
        match self.node(name) {
            Ok(reading) => drop(self.ahead.readings().insert(name.clone(), (left, reading))),
            Err(error) => log::debug!("node {name} was not read ahead: {error}"),
        }
    }

    /// A node as it is now, or was less than a second ago, if it was read ahead. Only the first look may be such an old one.
    pub fn look_at(&self, name: &NodeName) -> Result<Reading<Option<Node>>, JenkinsError> {
        let known = self.ahead.readings().remove(name);
        match known.filter(|(left, _)| left.saturating_sub(self.time_left()) < FRESH) {
            Some((_, reading)) => Ok(reading),
            None => self.node(name),
        }
    }
}
