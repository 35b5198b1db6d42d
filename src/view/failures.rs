//! Servers that failed to be built or to join, as they are remembered once they are gone: for `status` and `explain`.

use crate::domain::names::{MitaId, NodeTypeName, ProviderName, ServerId};
use crate::domain::rule::Rule;
use crate::domain::state::ServerFailure;
use crate::view::document::{clean, to_the_second};
use crate::view::picture::Picture;
use crate::view::table::{Table, age};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// So many lines of a console are shown in a table; `explain` and the JSON have all.
const SHOWN_LINES: usize = 5;

/// The last server of a node type that failed at a provider.
#[derive(Debug, Serialize)]
pub(crate) struct FailureStatus {
    pub(crate) node_type: NodeTypeName,
    pub(crate) provider: ProviderName,
    pub(crate) at: String,
    #[serde(skip)]
    pub(crate) moment: Timestamp,
    #[serde(skip)]
    pub(crate) ago: SignedDuration,
    pub(crate) name: String,
    pub(crate) order: MitaId,
    pub(crate) server_id: Option<ServerId>,
    pub(crate) rule: Rule,
    pub(crate) reason: String,
    /// The end of its console, oldest line first; empty where it could not be read.
    pub(crate) console: Vec<String>,
}

impl FailureStatus {
    fn of(picture: &Picture<'_>, provider: &ProviderName, node_type: &NodeTypeName, failure: &ServerFailure) -> Self {
        let ServerFailure { at, id, name, server_id, rule, reason, console } = failure;
        FailureStatus {
            node_type: node_type.clone(),
            provider: provider.clone(),
            at: to_the_second(*at),
            moment: *at,
            ago: picture.since(*at),
            name: name.clone(),
            order: id.clone(),
            server_id: server_id.clone(),
            rule: *rule,
            reason: clean(reason),
            console: console.iter().map(|line| clean(line)).collect(),
        }
    }

    /// When, where and how, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        let FailureStatus { node_type, provider, at, ago, order, server_id, rule, reason, .. } = self;
        let server = server_id.as_ref().map_or_else(String::new, |id| format!(", server {id}"));
        format!("{} ago ({at}), {node_type} at provider {provider}, order {order}{server}: {rule}: {reason}", age(*ago))
    }
}

/// All that are remembered, by node type and provider.
pub(crate) fn all(picture: &Picture<'_>) -> Vec<FailureStatus> {
    let failures = picture.memory().failures.iter().flat_map(|(provider, types)| {
        types.iter().map(|(node_type, failure)| FailureStatus::of(picture, provider, node_type, failure))
    });
    let mut failures: Vec<FailureStatus> = failures.collect();
    failures.sort_by(|a, b| (&a.node_type, &a.provider).cmp(&(&b.node_type, &b.provider)));
    failures
}

pub(crate) fn table(failures: &[FailureStatus]) -> Table {
    let mut table = Table::new("Last failures", &["TYPE", "PROVIDER", " AGO", "RULE"]);
    for failure in failures {
        let FailureStatus { node_type, provider, ago, order, server_id, rule, reason, console, .. } = failure;
        let server = server_id.as_ref().map_or_else(|| order.to_string(), ServerId::to_string);
        let cells = vec![node_type.to_string(), provider.to_string(), age(*ago), rule.to_string()];
        table.row(cells, format!("{server}: {reason}"));
        table.quote(&console[console.len().saturating_sub(SHOWN_LINES)..]);
    }
    table
}
