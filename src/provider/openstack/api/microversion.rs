//! Microversions of Nova and Cinder: what came after the first one (Compute API and Block Storage API, "REST API Version
//! History").
//!
//! A request names the oldest microversion that has all it needs, so that it works with old clouds, too.

use super::service::Service;
use crate::config::NodeType;
use crate::http::Response;
use std::fmt;

/// The header in which a request asks for one, and which the answer repeats.
pub(super) const HEADER: &str = "OpenStack-API-Version";

/// A minor version of the Compute API v2, or of the Block Storage API v3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Microversion(pub(crate) u16);

/// Whether a server is locked.
pub(crate) const LOCKS: Microversion = Microversion(9);
/// Deletion of attachments of volumes, of Cinder.
pub(crate) const ATTACHMENTS: Microversion = Microversion(27);
/// A server's description.
const DESCRIPTION: Microversion = Microversion(19);
/// From here on an order has to say which networks it wants, if only that the cloud chooses.
const NETWORKS_REQUIRED: Microversion = Microversion(37);
/// Tags in the order itself.
const TAGS: Microversion = Microversion(52);
/// The type of a volume that is created with a server.
const VOLUME_TYPE: Microversion = Microversion(67);

impl Microversion {
    /// The oldest one that an order of this node type works with; `None` if the first one does.
    pub(crate) fn needed(node_type: &NodeType) -> Option<Self> {
        needs(node_type).into_iter().max()
    }

    /// How a request asks a service for it.
    pub(super) fn asked_of(self, service: Service) -> String {
        match service {
            Service::Volume => format!("volume 3.{}", self.0),
            Service::Compute | Service::Image | Service::Network => format!("compute {self}"),
        }
    }

    /// Whether the compute service answered in this version.
    pub(super) fn is_that_of(self, response: &Response) -> bool {
        response.header(HEADER).is_some_and(|said| said.ends_with(&format!(" {self}")))
    }

    /// Whether an order has to say which networks it wants.
    pub(crate) fn requires_networks(self) -> bool {
        self >= NETWORKS_REQUIRED
    }

    /// The keys of this node type that need a microversion.
    pub(crate) fn keys(node_type: &NodeType) -> Vec<&'static str> {
        Self::keys_beyond(node_type, Microversion(1))
    }

    /// The keys of this node type that a cloud with this newest microversion does not know.
    pub(crate) fn keys_beyond(node_type: &NodeType, newest: Self) -> Vec<&'static str> {
        needs(node_type).into_iter().filter(|needed| *needed > newest).map(Self::reason).collect()
    }

    /// The newest one that a refusal names: "Version 2.67 is not supported by the API. Minimum is 2.1 and maximum is 2.53."
    pub(crate) fn newest_in(refusal: &Response) -> Option<Self> {
        let text = String::from_utf8_lossy(&refusal.body);
        let rest = text.split_once("maximum is 2.")?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok().map(Self)
    }

    /// The configuration key that needs this microversion.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            VOLUME_TYPE => "the type of boot_volume",
            TAGS => "tags",
            _ => "description",
        }
    }
}

/// What an order of this node type needs beyond the first version.
fn needs(node_type: &NodeType) -> Vec<Microversion> {
    let boot = &node_type.boot;
    let typed = boot.volume.as_ref().is_some_and(|volume| volume.volume_type.is_some());
    let needs = [(typed, VOLUME_TYPE), (!boot.tags.is_empty(), TAGS), (boot.description.is_some(), DESCRIPTION)];
    needs.into_iter().filter(|(needed, _)| *needed).map(|(_, since)| since).collect()
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}", self.0)
    }
}
