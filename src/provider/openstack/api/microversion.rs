//! Compute microversions: what came after the first, and how far a cloud goes (Compute API, "REST API Version History").
//!
//! A request asks for the oldest that has all it needs, so that a cloud is asked for nothing that it does not have.

use crate::config::NodeType;
use std::fmt;

/// A minor version of the Compute API v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Microversion(pub(crate) u16);

/// A server's description.
const DESCRIPTION: Microversion = Microversion(19);
/// From here on an order must say what its networks are, if only that the cloud chooses.
const NETWORKS_REQUIRED: Microversion = Microversion(37);
/// Tags in the order itself.
const TAGS: Microversion = Microversion(52);
/// The type of a volume that is made with a server.
const VOLUME_TYPE: Microversion = Microversion(67);

impl Microversion {
    /// The oldest that has all that a node type asks for; none where the first does.
    pub(crate) fn needed(node_type: &NodeType) -> Option<Self> {
        let boot = &node_type.boot;
        let typed = boot.volume.as_ref().is_some_and(|volume| volume.volume_type.is_some());
        let needs = [(typed, VOLUME_TYPE), (!boot.tags.is_empty(), TAGS), (boot.description.is_some(), DESCRIPTION)];
        needs.into_iter().filter(|(needed, _)| *needed).map(|(_, since)| since).max()
    }

    /// Whether an order must say what its networks are.
    pub(crate) fn requires_networks(self) -> bool {
        self >= NETWORKS_REQUIRED
    }

    /// What a node type asks for, with its key, by the microversion that brought it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            VOLUME_TYPE => "the type of boot_volume",
            TAGS => "tags",
            _ => "description",
        }
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}", self.0)
    }
}
