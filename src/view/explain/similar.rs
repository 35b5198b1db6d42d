//! Names similar to one that nothing has: what a person may have meant.

use crate::view::overview::Overview;
use std::collections::BTreeSet;

/// At most this many names are a hint.
const SHOWN: usize = 3;

/// The names of jobs, nodes, servers, providers and labels that are most similar to the text.
pub(super) fn names(overview: &Overview<'_>, text: &str) -> Vec<String> {
    let mut known: BTreeSet<String> = labels(overview).into_iter().map(str::to_owned).collect();
    known.extend(overview.items().iter().map(|view| view.item.job.clone()));
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

/// Those that differ in few letters, the closest first, or that contain the text.
pub(crate) fn closest(known: &BTreeSet<&str>, text: &str) -> Vec<String> {
    let wanted = text.to_lowercase();
    let mut close: Vec<(usize, &str)> = Vec::new();
    for name in known {
        let lower = name.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &wanted);
        if distance <= 1 + wanted.chars().count() / 4 {
            close.push((distance, name));
        } else if wanted.len() >= 3 && lower.contains(&wanted) {
            close.push((lower.len(), name));
        }
    }
    close.sort_unstable();
    close.into_iter().take(SHOWN).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_names_come_first_and_strangers_not_at_all() {
        let known = BTreeSet::from(["trusty", "trustee", "xenial", "amd64", "trusty-large-memory"]);
        assert_eq!(closest(&known, "trustyy"), ["trusty", "trustee"]);
        assert_eq!(closest(&known, "TRUSTY"), ["trusty", "trustee", "trusty-large-memory"]);
        assert!(closest(&known, "solaris").is_empty());
    }
}
