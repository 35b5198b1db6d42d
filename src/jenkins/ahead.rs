//! Nodes that were read ahead, for the look at them that follows.

use super::reading::Reading;
use crate::domain::names::NodeName;
use crate::domain::world::Node;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The nodes that were read ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Readings>);

/// Each with the time that was left to the deadline when it was requested.
pub(super) type Readings = BTreeMap<NodeName, (Duration, Reading<Option<Node>>)>;

impl Ahead {
    pub(super) fn readings(&self) -> MutexGuard<'_, Readings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
