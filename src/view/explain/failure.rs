//! Servers that failed: those that are gone, and the last failures of a node type.

use crate::domain::names::{MitaId, NodeTypeName};
use crate::view::explain::finding::{Finding, Kind, What};
use crate::view::overview::{Overview, ServerView};
use crate::view::status::failures::{FailureStatus, all};

/// The failures whose servers are not there any more.
pub(super) fn of_gone_servers(overview: &Overview<'_>, servers: &[ServerView<'_>]) -> Vec<FailureStatus> {
    let mut failures = all(overview);
    failures.retain(|failure| !servers.iter().any(|view| view.order() == Some(&failure.order)));
    failures
}

/// A server that is gone and that the state has for its failure.
pub(super) fn explain(failure: &FailureStatus) -> Finding {
    let finding = Finding::new(Kind::Server, failure.id(), &failure.name);
    let mut finding = finding.decided(failure.rule, &failure.reason);
    finding.fact(What::Seen, "gone: remembered for its failure");
    add(&mut finding, failure);
    finding
}

/// Adds the failure of this order, for a server that is still there.
pub(super) fn add_of_server(overview: &Overview<'_>, finding: &mut Finding, order: &MitaId) {
    if let Some(failure) = all(overview).iter().find(|failure| failure.order == *order) {
        add(finding, failure);
    }
}

/// Adds the last failure of a node type at each provider.
pub(super) fn add_of_type(overview: &Overview<'_>, finding: &mut Finding, kind: &NodeTypeName) {
    for failure in all(overview).iter().filter(|failure| failure.node_type == *kind) {
        add(finding, failure);
    }
}

fn add(finding: &mut Finding, failure: &FailureStatus) {
    finding.fact(What::Failed, failure.sentence());
    if !failure.console.is_empty() {
        finding.fact(What::Console, failure.console.join("\n"));
    }
}
