//! The pages of pipelines' runs: they show the labels of blocks where the queue does not.

use crate::concurrency::parallel_map;
use crate::config::Config;
use crate::domain::need::Need;
use crate::domain::state::State;
use crate::domain::why::Why;
use crate::domain::world::{Node, Queue, QueueItem, Stage};
use crate::jenkins::Jenkins;
use crate::plan::demand::need::{self, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// How many pages are read in a run.
const PAGES: usize = 5;

/// Reads the labels of some blocks from the pages of their runs. What cannot be read stays unknown.
pub(super) fn read_labels(jenkins: &Jenkins, queue: &mut Queue, nodes: &[Node], config: &Config, state: &State) {
    let index = NodeIndex::new(nodes);
    let is_asked = |item: &&QueueItem| item.stage == Stage::Buildable && hides_its_label(item, &index, config, state);
    let hidden: BTreeSet<u64> = queue.items.iter().filter(is_asked).map(|item| item.id).collect();
    if hidden.is_empty() {
        return;
    }
    // The page shows every block of a run, so every one counts, whatever else is known of it.
    let mut runs: BTreeMap<&String, Vec<u64>> = BTreeMap::new();
    for item in &queue.items {
        if let Some(run) = &item.run {
            runs.entry(run).or_default().push(item.id);
        }
    }
    runs.retain(|_, items| items.iter().any(|item| hidden.contains(item)));
    let runs: Vec<(&String, Vec<u64>)> = runs.into_iter().collect();
    let pages = in_turn(&runs, state.run).collect();
    let read = parallel_map(config.concurrency, pages, |(run, items)| match jenkins.waiting_labels(run) {
        Ok(labels) => in_order(items, labels.unwrap_or_default()),
        Err(error) => {
            log::debug!("the label that {run} waits for is not known: {error}");
            Vec::new()
        }
    });
    let shown = read.into_iter().flatten().filter(|(item, _)| hidden.contains(item)).collect();
    queue.shown_labels = shown;
}

/// Whether only the page of its run tells what a block asks for: Jenkins has no agents and names no label, or it names the one
/// node that fits, and no node type has all that this one can be asked for.
fn hides_its_label(item: &QueueItem, nodes: &NodeIndex<'_>, config: &Config, state: &State) -> bool {
    let known = state.queue.get(&item.id).filter(|known| !known.is_of_another(item));
    let known = known.and_then(|known| known.need.as_ref());
    if item.run.is_none() || matches!(known, Some(Need::Label(_) | Need::Anywhere)) {
        return false;
    }
    match Why::read(item.why.as_deref()) {
        Why::NextExecutor => !nodes.has_agents() && known.is_none(),
        Why::NodeOffline(name) | Why::WaitingOn(name) => {
            nodes.find(&name).is_some_and(|node| need::hides_label(node, &config.node_types))
        }
        _ => false,
    }
}

/// So many runs as pages are read at once, others in each run of mita: a page that cannot be read keeps no other from it.
fn in_turn<T>(runs: &[T], run: u64) -> impl Iterator<Item = &T> {
    let turns = runs.len().div_ceil(PAGES).max(1) as u64;
    let first = usize::try_from(run % turns).unwrap_or(0) * PAGES;
    runs.iter().cycle().skip(first).take(PAGES.min(runs.len()))
}

/// The blocks of a run with their labels. Several are told apart by their order alone.
fn in_order(items: &[u64], labels: Vec<String>) -> Vec<(u64, String)> {
    let mut items = items.to_vec();
    items.sort_unstable();
    if items.len() == labels.len() { items.into_iter().zip(labels).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_turn() {
        for number in 0..23 {
            let runs: Vec<usize> = (0..number).collect();
            let turns = 5;
            let read: BTreeSet<usize> = (100..100 + turns).flat_map(|run| in_turn(&runs, run)).copied().collect();
            assert_eq!(read.len(), number, "{number}");
            assert!((0..9).all(|run| in_turn(&runs, run).count() == number.min(PAGES)), "{number}");
        }
    }

    #[test]
    fn several_blocks_of_a_run_are_told_apart_by_their_order_if_the_page_shows_as_many() {
        let labels = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(in_order(&[9, 7], labels()), [(7, "a".to_owned()), (9, "b".to_owned())]);
        assert_eq!(in_order(&[7], labels()), []);
    }
}
