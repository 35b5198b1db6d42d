//! The pages of pipelines' runs: they show the labels of blocks where the queue does not.

use crate::concurrency::parallel_map;
use crate::config::Config;
use crate::domain::need::Need;
use crate::domain::state::{ItemMemory, Mismatch, State};
use crate::domain::why::Why;
use crate::domain::world::{Node, Queue, QueueItem, Stage};
use crate::jenkins::Jenkins;
use crate::plan::demand::need::NodeIndex;
use crate::plan::demand::serving::hides_label;
use foldhash::{HashMap, HashSet};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many pages are read in a run, and how many of them are of runs whose page was read before, where others wait.
const PAGES: usize = 5;
const AGAIN: usize = 2;

/// Reads the labels of some blocks from the pages of their runs. What cannot be read stays unknown.
pub(super) fn read_labels(jenkins: &Jenkins, queue: &mut Queue, nodes: &[Node], config: &Config, state: &State) {
    let index = NodeIndex::new(nodes);
    let in_vain = InVain::of(state);
    let is_asked =
        |item: &&QueueItem| item.stage == Stage::Buildable && hides_its_label(item, &index, config, state, &in_vain);
    let hidden: BTreeSet<u64> = queue.items.iter().filter(is_asked).map(|item| item.id).collect();
    if hidden.is_empty() {
        return;
    }
    // The page shows every block of a run, so every one counts, whatever else is known of it.
    let mut runs: BTreeMap<&String, Vec<&QueueItem>> = BTreeMap::new();
    for item in &queue.items {
        if let Some(run) = &item.run {
            runs.entry(run).or_default().push(item);
        }
    }
    let page = |(run, items): (&'_ String, Vec<&QueueItem>)| {
        let asking = items.iter().filter(|item| hidden.contains(&item.id));
        let read_in = |item: &QueueItem| memory(state, item).and_then(|known| known.page_read_in);
        let (read_in, since, job) = asking.map(|item| (read_in(item), item.in_queue_since, &item.job)).min()?;
        let items = items.iter().map(|item| item.id).collect();
        Some(Page { run: run.clone(), items, job: job.clone(), read_in, since })
    };
    let pages = in_turn(runs.into_iter().filter_map(page).collect());
    queue.pages_read =
        pages.iter().flat_map(|page| &page.items).copied().filter(|item| hidden.contains(item)).collect();
    let read = parallel_map(config.concurrency, pages, |Page { run, items, .. }| match jenkins.waiting_labels(&run) {
        Ok(labels) => in_order(items, labels.unwrap_or_default()),
        Err(error) => {
            log::debug!("the label that {run} waits for is not known: {error}");
            Vec::new()
        }
    });
    let shown = read.into_iter().flatten().filter(|(item, _)| hidden.contains(item)).collect();
    queue.shown_labels = shown;
}

/// The page of a run of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    /// The path of the run.
    run: String,
    /// All items of the run.
    items: Vec<u64>,
    job: String,
    /// The last run of mita that read it for the item which waits the longest for that.
    read_in: Option<u64>,
    since: Option<Timestamp>,
}

/// What servers were ordered for in vain.
struct InVain<'a> {
    /// Of each job.
    needs: HashSet<(&'a str, &'a Need)>,
    /// Nodes that were the only ones that fitted.
    nodes: HashSet<&'a str>,
}

impl<'a> InVain<'a> {
    fn of(state: &'a State) -> Self {
        let mismatches = || state.mismatches.iter();
        let node = |mismatch: &'a Mismatch| match &mismatch.need {
            Need::Node { name, .. } => Some(name.as_str()),
            Need::Label(_) | Need::Anywhere => None,
        };
        Self {
            needs: mismatches().map(|mismatch| (mismatch.job.as_str(), &mismatch.need)).collect(),
            nodes: mismatches().filter_map(node).collect(),
        }
    }
}

/// What earlier runs know of the item.
fn memory<'s>(state: &'s State, item: &QueueItem) -> Option<&'s ItemMemory> {
    state.queue.get(&item.id).filter(|known| !known.is_of_another(item))
}

/// Whether only the page of its run tells what a block asks for: Jenkins has no agents and names no label; or it names the one
/// node that fits, and no node type has all that this one can be asked for, or a type like it did not serve this block, or another
/// one of which Jenkins said the same.
fn hides_its_label(
    item: &QueueItem,
    nodes: &NodeIndex<'_>,
    config: &Config,
    state: &State,
    in_vain: &InVain<'_>,
) -> bool {
    let known = memory(state, item).and_then(|known| known.need.as_ref());
    if item.run.is_none() || matches!(known, Some(Need::Label(_) | Need::Anywhere)) {
        return false;
    }
    if known.is_some_and(|need| in_vain.needs.contains(&(item.job.as_str(), need))) {
        return true;
    }
    match Why::read(item.why.as_deref()) {
        Why::NextExecutor => !nodes.has_agents() && known.is_none(),
        Why::NodeOffline(name) | Why::WaitingOn(name) => {
            in_vain.nodes.contains(&*name)
                || nodes.find(&name).is_some_and(|node| hides_label(node, &config.node_types))
        }
        _ => false,
    }
}

/// The pages that this run reads. One that cannot be read, or many of one job, keep no other from it: those that no run has read
/// come first, the oldest of each job before the second of any, and some of the others, by turns.
fn in_turn(mut pages: Vec<Page>) -> Vec<Page> {
    pages.sort_by_key(|page| (page.read_in, page.since.is_none(), page.since));
    let (again, first): (Vec<Page>, Vec<Page>) = pages.into_iter().partition(|page| page.read_in.is_some());
    let again_at_most = AGAIN.max(PAGES.saturating_sub(first.len()));
    let mut pages: Vec<Page> = by_jobs(again).take(again_at_most).collect();
    let left = PAGES - pages.len();
    pages.extend(by_jobs(first).take(left));
    pages
}

/// The first of each job, then the second of each, and so on.
fn by_jobs(pages: Vec<Page>) -> impl Iterator<Item = Page> {
    let mut of_job: HashMap<String, usize> = HashMap::default();
    let mut turn = |page: Page| {
        let turn = of_job.entry(page.job.clone()).or_default();
        *turn += 1;
        (*turn, page)
    };
    let mut pages: Vec<(usize, Page)> = pages.into_iter().map(&mut turn).collect();
    pages.sort_by_key(|(turn, _)| *turn);
    pages.into_iter().map(|(_, page)| page)
}

/// The blocks of a run with their labels. Several are told apart by their order alone.
fn in_order(mut items: Vec<u64>, labels: Vec<String>) -> Vec<(u64, String)> {
    items.sort_unstable();
    if items.len() == labels.len() { items.into_iter().zip(labels).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(job: &str, number: u64) -> Page {
        let since = Timestamp::from_second(number.cast_signed()).ok();
        Page { run: format!("job/{job}/{number}/"), items: vec![number], job: job.to_owned(), read_in: None, since }
    }

    /// Notes that this run reads the pages, none of which can be read, and returns them.
    fn read_in_vain(pages: &mut [Page], run: u64) -> Vec<u64> {
        let read: Vec<u64> = in_turn(pages.to_vec()).into_iter().flat_map(|page| page.items).collect();
        pages.iter_mut().filter(|page| read.contains(&page.items[0])).for_each(|page| page.read_in = Some(run));
        read
    }

    #[test]
    fn every_page_has_its_turn() {
        for number in 0..23 {
            let mut pages: Vec<Page> = (0..number).map(|number| page("job", number)).collect();
            let most = PAGES.min(pages.len());
            let read: Vec<u64> = (100..120).flat_map(|run| read_in_vain(&mut pages, run)).collect();
            assert_eq!(read.len(), 20 * most, "{number}");
            assert!((0..number).all(|page| read.iter().filter(|read| **read == page).count() >= 3), "{read:?}");
        }
    }

    /// Somebody starts six pipelines a minute whose pages cannot be read; `of` gives the job of each.
    fn starved(of: fn(u64) -> String, minutes: u64) -> Vec<u64> {
        let mut pages: Vec<Page> = (0..8).map(|number| page(&of(number), number)).collect();
        pages.push(page("ann", 8));
        let mut read_at = Vec::new();
        for minute in 0..minutes {
            if read_in_vain(&mut pages, minute).contains(&8) {
                read_at.push(minute);
            }
            pages.extend((0..6).map(|more| 9 + minute * 6 + more).map(|number| page(&of(number), number)));
        }
        read_at
    }

    #[test]
    fn l5_pages_that_cannot_be_read_keep_nobody_elses_page_from_being_read() {
        let one_job = starved(|_| "eve".to_owned(), 130);
        assert!(one_job[0] == 0 && one_job.len() >= 60, "{one_job:?}");
        let own_jobs = starved(|number| format!("eve-{number}"), 130);
        assert!(own_jobs[0] <= 2 && own_jobs.len() >= 4, "{own_jobs:?}");
    }

    #[test]
    fn several_blocks_of_a_run_are_told_apart_by_their_order_if_the_page_shows_as_many() {
        let labels = || vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(in_order(vec![9, 7], labels()), [(7, "a".to_owned()), (9, "b".to_owned())]);
        assert_eq!(in_order(vec![7], labels()), []);
    }
}
