//! Names similar to one that nothing has: what a person may have meant.

use crate::view::overview::Overview;
use crate::view::text::closest;
use std::collections::BTreeSet;

/// The names of jobs, nodes, servers, providers and labels that are most similar to the text.
pub(super) fn names(overview: &Overview<'_>, text: &str) -> Vec<String> {
    let mut known: BTreeSet<String> = labels(overview).into_iter().map(str::to_owned).collect();
    known.extend(overview.items().iter().map(|view| view.item.job.clone()));
    let builds = overview.fleet.nodes.iter().flat_map(|(node, _)| &node.builds);
    known.extend(builds.filter_map(|build| build.job.clone()));
    known.extend(overview.nodes().iter().map(|view| view.node.name.to_string()));
    known.extend(overview.servers().iter().map(|view| view.verdict.name.clone()));
    known.extend(overview.config.providers.iter().map(|provider| provider.name.to_string()));
    closest(&known.iter().map(String::as_str).collect(), text)
}

/// Every label of a configured node type or of a Jenkins node.
pub(super) fn labels<'a>(overview: &'a Overview<'_>) -> BTreeSet<&'a str> {
    let types = overview.config.node_types.iter();
    let of_types = types.flat_map(|kind| kind.labels.iter().map(String::as_str).chain([kind.name.as_str()]));
    let of_nodes = overview.fleet.nodes.iter().flat_map(|(node, _)| node.labels.iter().map(String::as_str));
    of_types.chain(of_nodes).collect()
}
