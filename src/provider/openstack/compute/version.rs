//! Nova: how far its microversions go.

use crate::config::NodeType;
use crate::http::Method;
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::{Call, Effect, Microversion, Service, Session};

/// The newest microversion of the cloud; `None` if it is unknown. Below a URL with the project's id, as in old
/// catalogues, the compute service shows no version; there only a refused order shows that it is too old.
pub(crate) fn newest(session: &Session) -> Result<Option<Microversion>, Failure> {
    let operation = session.operation("read the version of the compute service", Effect::Read);
    let response = session.send(&Call::new(Method::GET, Service::Compute, "/"), &operation)?;
    if response.status == 404 {
        return Ok(None);
    }
    if !response.is_success() {
        return Err(operation.refused(Service::Compute, &response));
    }
    let body = response.json_body("a version");
    let newest: Option<String> =
        body.and_then(|body| body.take("/version/version")).map_err(|error| operation.unusable(&error))?;
    let minor = |version: &str| version.strip_prefix("2.").and_then(|minor| minor.parse().ok());
    // Clouds older than microversions name none.
    Ok(Some(Microversion(newest.as_deref().and_then(minor).unwrap_or(1))))
}

/// Why a cloud with this newest microversion cannot create a server of this type; `None` if it can.
pub(crate) fn lacking(session: &Session, node_type: &NodeType, newest: Microversion) -> Option<Failure> {
    let needed = Microversion::needed(node_type).filter(|needed| *needed > newest)?;
    let description = format!("order {}", node_type.name);
    let operation = session.operation(&description, Effect::Read);
    let text = format!(
        "{} needs the compute microversion {needed}, and the cloud has up to {newest}: remove it",
        needed.reason()
    );
    Some(operation.failure(FailureKind::Wrong, &text))
}
