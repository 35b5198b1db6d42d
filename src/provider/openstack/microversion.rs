//! Compute microversions: what came after the first, and how far a cloud goes (Compute API, "REST API Version History").
//!
//! A request asks for the oldest that has all it needs, so that a cloud is asked for nothing that it does not have.

use crate::config::NodeType;
use crate::http::Method;
use crate::provider::openstack::catalogue::Service;
use crate::provider::openstack::errors::Verb;
use crate::provider::openstack::session::{Call, Session};
use crate::provider::openstack::wire;
use crate::provider::{Failure, FailureKind};
use std::fmt;

/// A minor version of the Compute API v2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Microversion(u16);

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
    pub(super) fn needed(node_type: &NodeType) -> Option<Self> {
        let boot = &node_type.boot;
        let typed = boot.volume.as_ref().is_some_and(|volume| volume.volume_type.is_some());
        let needs = [(typed, VOLUME_TYPE), (!boot.tags.is_empty(), TAGS), (boot.description.is_some(), DESCRIPTION)];
        needs.into_iter().filter(|(needed, _)| *needed).map(|(_, since)| since).max()
    }

    /// Whether an order must say what its networks are.
    pub(super) fn requires_networks(self) -> bool {
        self >= NETWORKS_REQUIRED
    }

    /// What a node type asks for, with its key, by the microversion that brought it.
    fn reason(self) -> &'static str {
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

/// The newest that the cloud has; none where it does not say: below an address with the project's id, as old catalogues
/// have it, the compute service tells no version, and a refused order does.
pub(super) fn newest(session: &Session) -> Result<Option<Microversion>, Failure> {
    let task = session.task("read the version of the compute service", Verb::Read);
    let call = Call {
        method: Method::GET,
        service: Service::Compute,
        path: "/".to_owned(),
        body: None,
        limit: None,
        since: None,
    };
    let response = session.send(&call, &task)?;
    if response.status == 404 {
        return Ok(None);
    }
    if !response.is_success() {
        return Err(task.refused(Service::Compute, &response));
    }
    let body: wire::ComputeVersion = response.json("a version").map_err(|error| task.broken(&error))?;
    let minor = |version: &str| version.strip_prefix("2.").and_then(|minor| minor.parse().ok());
    // Clouds from before microversions name none.
    Ok(Some(Microversion(body.version.version.as_deref().and_then(minor).unwrap_or(1))))
}

/// Why a cloud that goes so far cannot make a server of this type; none where it can.
pub(super) fn lacking(session: &Session, node_type: &NodeType, newest: Microversion) -> Option<Failure> {
    let needed = Microversion::needed(node_type).filter(|needed| *needed > newest)?;
    let doing = format!("order {}", node_type.name);
    let task = session.task(&doing, Verb::Read);
    let text = format!(
        "{} needs the compute microversion {needed}, and the cloud has up to {newest}: remove it",
        needed.reason()
    );
    Some(task.failure(FailureKind::Wrong, &text))
}
