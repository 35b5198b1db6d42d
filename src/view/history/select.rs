//! The entries that are about a subject, with the whole story of the servers in them.

use crate::domain::journal::Entry;
use crate::domain::names::MitaId;
use crate::domain::subject::Subject;
use std::collections::BTreeSet;

/// As [`select`], without what is only about its node type or provider.
pub(crate) fn story(subject: &Subject, entries: Vec<Entry>) -> Vec<Entry> {
    let whole = orders(subject, &entries);
    entries.into_iter().filter(|entry| is_about(subject, entry) || is_of(&whole, entry)).collect()
}

/// The entries about a subject. An order has no node yet, and a removal no job any more: whoever names one gets the whole
/// story of the server. The others are given as well.
pub(crate) fn select(subject: &Subject, entries: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    let whole = orders(subject, &entries);
    let is_wanted = |entry: &Entry| is_about(subject, entry) || is_of_place(subject, entry) || is_of(&whole, entry);
    entries.into_iter().partition(is_wanted)
}

/// The names of jobs, nodes, node types and providers.
pub(crate) fn names(entries: &[Entry]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for entry in entries {
        names.extend(entry.jobs.iter().map(|job| job.job.as_str()));
        names.extend(entry.node.as_ref().map(|node| node.as_str()));
        names.extend(entry.node_type.as_ref().map(|name| name.as_str()));
        names.extend(entry.provider.as_ref().map(|name| name.as_str()));
    }
    names
}

/// The orders of the servers that the entries about a subject are about.
fn orders(subject: &Subject, entries: &[Entry]) -> BTreeSet<MitaId> {
    entries.iter().filter(|entry| is_about(subject, entry)).filter_map(|entry| entry.order.clone()).collect()
}

fn is_of(orders: &BTreeSet<MitaId>, entry: &Entry) -> bool {
    entry.order.as_ref().is_some_and(|order| orders.contains(order))
}

/// Whether it is about this job, queue item, node, server, volume or floating IP.
fn is_about(subject: &Subject, entry: &Entry) -> bool {
    let is_job =
        |job: &str, id: Option<u64>| subject.is_job(job) || id.is_some_and(|id| id.to_string() == subject.name);
    entry.node.as_ref().is_some_and(|node| subject.is_node(node))
        || entry.server_id.as_ref().is_some_and(|id| subject.is_server(id))
        || entry.order.as_ref().is_some_and(|order| order.as_str() == subject.name)
        || entry.resource.as_ref().is_some_and(|resource| subject.is_id(resource))
        || entry.jobs.iter().any(|job| is_job(&job.job, Some(job.queue_id)))
        || entry.build.as_ref().and_then(|build| build.job.as_deref()).is_some_and(|job| is_job(job, None))
}

/// Whether it is about a server of this node type or provider.
fn is_of_place(subject: &Subject, entry: &Entry) -> bool {
    entry.node_type.as_ref().is_some_and(|name| name.as_str() == subject.name)
        || entry.provider.as_ref().is_some_and(|name| name.as_str() == subject.name)
}
