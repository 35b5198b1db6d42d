//! Servers that failed to be built or to join Jenkins: the last one of each node type at each provider.

use crate::domain::names::{MitaId, NodeTypeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::ServerFailure;
use crate::record::clean;
use crate::view::document::Time;
use crate::view::overview::Overview;
use crate::view::text::duration;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

/// The last server of a node type that failed at a provider.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Failure")]
pub(crate) struct FailureStatus {
    pub(crate) node_type: NodeTypeName,
    pub(crate) provider: ProviderName,
    pub(crate) at: Time,
    #[serde(skip)]
    pub(crate) ago: SignedDuration,
    pub(crate) name: String,
    pub(crate) order: MitaId,
    /// Null if the cloud never gave it an id.
    pub(crate) server_id: Option<ServerId>,
    /// `error`, `boot_timeout` or `never_joined`.
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// The end of its console, oldest line first; empty if it could not be read.
    pub(crate) console: Vec<String>,
}

impl FailureStatus {
    /// When, where and how it failed, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let FailureStatus { node_type, provider, at, ago, order, server_id, rule, reason, .. } = self;
        let server = server_id.as_ref().map_or_else(String::new, |id| format!(", server {id}"));
        let ago = duration(*ago);
        format!("{ago} ago ({at}), {node_type} at provider {provider}, order {order}{server}: {}", rule.because(reason))
    }

    /// The cloud's id, or the order's if the cloud gave none.
    pub(crate) fn id(&self) -> &str {
        self.server_id.as_ref().map_or(self.order.as_str(), ServerId::as_str)
    }
}

/// All failures that the state has, by node type and provider.
pub(crate) fn all(overview: &Overview<'_>) -> Vec<FailureStatus> {
    let mut failures = Vec::new();
    for (provider, types) in &overview.state().failures {
        for (node_type, failure) in types {
            let ServerFailure { at, id, name, server_id, rule, reason, console } = failure;
            failures.push(FailureStatus {
                node_type: node_type.clone(),
                provider: provider.clone(),
                at: Time(*at),
                ago: overview.since(*at),
                name: name.clone(),
                order: id.clone(),
                server_id: server_id.clone(),
                rule: *rule,
                reason: clean::text(reason),
                console: console.iter().map(|line| clean::text(line)).collect(),
            });
        }
    }
    failures.sort_by(|a, b| (&a.node_type, &a.provider).cmp(&(&b.node_type, &b.provider)));
    failures
}
