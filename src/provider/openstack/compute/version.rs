//! Nova: how far its microversions go.

use super::wire;
use crate::config::NodeType;
use crate::http::Method;
use crate::provider::openstack::api::{Call, Microversion, Service, Session, Verb};
use crate::provider::{Failure, FailureKind};

/// The newest that the cloud has; none where it does not say: below an address with the project's id, as old catalogues
/// have it, the compute service tells no version, and a refused order does.
pub(crate) fn newest(session: &Session) -> Result<Option<Microversion>, Failure> {
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
pub(crate) fn lacking(session: &Session, node_type: &NodeType, newest: Microversion) -> Option<Failure> {
    let needed = Microversion::needed(node_type).filter(|needed| *needed > newest)?;
    let doing = format!("order {}", node_type.name);
    let task = session.task(&doing, Verb::Read);
    let text = format!(
        "{} needs the compute microversion {needed}, and the cloud has up to {newest}: remove it",
        needed.reason()
    );
    Some(task.failure(FailureKind::Wrong, &text))
}
