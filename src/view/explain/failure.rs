//! A server that failed, told of when it is gone; and what a node type's last failures were.

use crate::domain::names::{MitaId, NodeTypeName};
use crate::view::explain::{Finding, ID_PREFIX, Kind, Picture};
use crate::view::failures::{FailureStatus, all};

/// The story of a server that is remembered for its failure alone.
pub(crate) fn tell(picture: &Picture<'_>, subject: &str) -> Vec<Finding> {
    let there = |order: &MitaId| picture.servers().iter().any(|view| view.order() == Some(order));
    let is_named = |failure: &FailureStatus| {
        let id = failure.server_id.as_ref().map_or("", |id| id.as_str());
        id == subject || subject.len() >= ID_PREFIX && id.starts_with(subject) || failure.order.as_str() == subject
    };
    let gone = all(picture).into_iter().filter(|failure| is_named(failure) && !there(&failure.order));
    gone.map(|failure| {
        let mut finding = Finding {
            kind: Kind::Server,
            id: failure.server_id.as_ref().map_or_else(|| failure.order.to_string(), ToString::to_string),
            name: failure.name.clone(),
            rule: Some(failure.rule),
            reason: Some(failure.reason.clone()),
            facts: Vec::new(),
            answers: Vec::new(),
        };
        finding.fact("seen", "gone: remembered for its failure");
        add(&mut finding, &failure);
        finding
    })
    .collect()
}

/// The console of a server that is still there.
pub(crate) fn add_of_server(picture: &Picture<'_>, finding: &mut Finding, order: &MitaId) {
    if let Some(failure) = all(picture).iter().find(|failure| failure.order == *order) {
        add(finding, failure);
    }
}

/// What a node type's last failures were, one for each provider.
pub(crate) fn add_of_type(picture: &Picture<'_>, finding: &mut Finding, kind: &NodeTypeName) {
    for failure in all(picture).iter().filter(|failure| failure.node_type == *kind) {
        add(finding, failure);
    }
}

fn add(finding: &mut Finding, failure: &FailureStatus) {
    finding.fact("failed", failure.sentence());
    if !failure.console.is_empty() {
        finding.fact("console", failure.console.join("\n"));
    }
}
