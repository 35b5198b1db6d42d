//! Everything about one thing, with the evidence.
//!
//! A text can name several things: a job can have the name of a label or of a node type. All of them are explained, but not
//! each server of a node type, which has its name. A text that names nothing is read as a label expression.

mod failure;
pub(crate) mod finding;
mod forecast;
mod job;
mod label;
mod node;
mod node_type;
mod provider;
mod rules;
mod server;
pub(crate) mod similar;

use crate::config::NodeType;
use crate::domain::label::Label;
use crate::domain::subject::Subject;
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::overview::{ItemView, Overview, ServerView};
use crate::view::status::failures::FailureStatus;
use finding::{Explanation, Finding};

/// At most this many queue items of a job are explained, the oldest first: the others wait for the same.
const MOST_ITEMS: usize = 10;

/// Explains everything that the subject names.
pub(crate) fn explain(overview: &Overview<'_>, subject: &str) -> Explanation {
    let named = Subject::read(subject);
    let subject = named.name.as_str();
    let items = overview.items();
    let items: Vec<&ItemView<'_>> =
        items.iter().filter(|view| named.is_job(&view.item.job) || view.verdict.id == subject).collect();
    let servers = overview.servers();
    let types: Vec<&NodeType> =
        overview.config.node_types.iter().filter(|kind| kind.name.as_str() == subject).collect();
    let mut found: Vec<Finding> = types.iter().map(|kind| node_type::explain(overview, kind, &servers)).collect();
    found.extend(job::running(overview, &named));
    let jobs = items.iter().take(MOST_ITEMS).map(|view| job::explain(overview, view));
    found.extend(jobs);
    let nodes = overview.nodes();
    let nodes = nodes.iter().filter(|view| named.is_node(&view.node.name));
    found.extend(nodes.map(|view| node::explain(overview, view)));
    // The servers of a type have its name: each by itself is explained by its id.
    let of_name = servers.iter().filter(|view| is_server(view, &named));
    let of_name = of_name.filter(|view| types.is_empty() || view.verdict.name != subject);
    found.extend(of_name.map(|view| server::explain(overview, view)));
    let gone = failure::of_gone_servers(overview, &servers);
    let gone = gone.iter().filter(|failure| is_failure(failure, &named));
    found.extend(gone.map(failure::explain));
    let providers = overview.config.providers.iter().filter(|provider| provider.name.as_str() == subject);
    found.extend(providers.map(|config| provider::explain(overview, config, &servers)));
    let expression = Label::from_jenkins(subject);
    if found.is_empty() || label::is_of_others(overview, &expression, &types) {
        found.extend(label::explain(overview, expression));
    }
    let found_nothing = found.is_empty();
    let near = if found_nothing { similar::names(overview, subject) } else { Vec::new() };
    Explanation {
        version: VERSION,
        owner: overview.plan().owner.clone(),
        now: Time(overview.now()),
        subject: subject.to_owned(),
        found,
        more_queue_items: items.len().saturating_sub(MOST_ITEMS),
        mistake: if found_nothing { Label::mistake(subject) } else { None },
        near,
        history: Vec::new(),
        has_not_run: overview.has_not_run(),
        problems: overview.plan().problems.iter().map(clean::problem).collect(),
    }
}

fn is_server(view: &ServerView<'_>, subject: &Subject) -> bool {
    let addresses = view.machine.and_then(|machine| machine.server()).map(|server| &server.addresses);
    subject.is_id(&view.verdict.id)
        || view.verdict.name == subject.name
        || view.order().is_some_and(|order| order.as_str() == subject.name)
        || subject.is_among(addresses.into_iter().flatten())
}

fn is_failure(failure: &FailureStatus, subject: &Subject) -> bool {
    failure.server_id.as_ref().is_some_and(|id| subject.is_server(id)) || failure.order.as_str() == subject.name
}
