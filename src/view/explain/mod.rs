//! Everything about one thing, with the evidence.
//!
//! A text can name several things: a server has the name of its node type, and a job can have the name of a label. All
//! of them are explained. A text that names nothing is read as a label expression.

mod failure;
pub(crate) mod finding;
mod forecast;
mod job;
mod label;
mod node;
mod rules;
mod server;
pub(crate) mod similar;

use crate::domain::label::Label;
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::overview::{ItemView, Overview, ServerView};
use crate::view::status::failures::FailureStatus;
use finding::{Explanation, Finding};

/// At most this many queue items of a job are explained, the oldest first: the others wait for the same.
const MOST_ITEMS: usize = 10;

/// The beginning of a server's id is enough from this length on.
const ID_PREFIX: usize = 8;

/// Explains everything that the subject names.
pub(crate) fn explain(overview: &Overview<'_>, subject: &str) -> Explanation {
    let is_job = |job: &str| job == subject || job.rsplit('/').next() == Some(subject);
    let items = overview.items();
    let items: Vec<&ItemView<'_>> =
        items.iter().filter(|view| is_job(&view.item.job) || view.verdict.id == subject).collect();
    let mut found: Vec<Finding> = items.iter().take(MOST_ITEMS).map(|view| job::explain(overview, view)).collect();
    let nodes = overview.nodes();
    let nodes = nodes.iter().filter(|view| view.node.name.as_str() == subject);
    found.extend(nodes.map(|view| node::explain(overview, view)));
    let servers = overview.servers();
    let named = servers.iter().filter(|view| is_server(view, subject));
    found.extend(named.map(|view| server::explain(overview, view)));
    let gone = failure::of_gone_servers(overview, &servers);
    let gone = gone.iter().filter(|failure| is_failure(failure, subject));
    found.extend(gone.map(failure::explain));
    let expression = Label::from_jenkins(subject);
    if found.is_empty() || label::is_of_node_types(overview, &expression) {
        found.extend(label::explain(overview, expression));
    }
    let near = if found.is_empty() { similar::names(overview, subject) } else { Vec::new() };
    Explanation {
        version: VERSION,
        owner: overview.plan().owner.clone(),
        now: Time(overview.now()),
        subject: subject.to_owned(),
        found,
        more_queue_items: items.len().saturating_sub(MOST_ITEMS),
        near,
        problems: overview.plan().problems.iter().map(clean::problem).collect(),
    }
}

fn is_server(view: &ServerView<'_>, subject: &str) -> bool {
    is_id(&view.verdict.id, subject)
        || view.verdict.name == subject
        || view.order().is_some_and(|order| order.as_str() == subject)
}

fn is_failure(failure: &FailureStatus, subject: &str) -> bool {
    failure.server_id.as_ref().is_some_and(|id| is_id(id.as_str(), subject)) || failure.order.as_str() == subject
}

fn is_id(id: &str, subject: &str) -> bool {
    id == subject || subject.len() >= ID_PREFIX && id.starts_with(subject)
}
