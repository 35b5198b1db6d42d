//! What is on offer to jobs, and the classes of jobs that it tells apart.

use crate::config::Config;
use crate::domain::selection::Selection;
use crate::plan::capacity::acceptance::Acceptance;
use crate::plan::capacity::assignment::input::JobClass;
use crate::plan::capacity::pool::{ExecutorPool, Sample};
use foldhash::HashMap;

/// The pools by what decides which jobs they accept. They are called by their indices.
pub(crate) struct Offer<'a> {
    pub(crate) nodes: Acceptance<'a>,
    /// Servers on their way, by the index of their node type.
    pub(crate) coming: Vec<Selection>,
    pub(crate) long_free: Selection,
    pub(crate) overdue: Selection,
    pub(crate) fresh: Selection,
}

impl<'a> Offer<'a> {
    pub(crate) fn new(config: &'a Config, pools: &[ExecutorPool<'a>]) -> Self {
        let all = |is: fn(&ExecutorPool<'_>) -> bool| (0..pools.len()).filter(|&pool| is(&pools[pool])).collect();
        let nodes = Acceptance::new(config, pools.iter().map(ExecutorPool::node));
        let mut coming = vec![Selection::default(); config.node_types.len()];
        for (number, pool) in pools.iter().enumerate() {
            if let Sample::Type(kind) = pool.sample
                && let Some(index) = nodes.index_of(&kind.name)
            {
                coming[index].add(number);
            }
        }
        let (long_free, overdue, fresh) =
            (all(|pool| pool.standing.long_free), all(|pool| pool.standing.overdue), all(|pool| pool.standing.fresh));
        Self { nodes, coming, long_free, overdue, fresh }
    }
}

/// How much all classes may take, in words of 8 bytes. 10,000 nodes that are all different and as many jobs that are, too,
/// take a tenth of it.
const MOST_WORDS: usize = 16 * 1024 * 1024;

/// Classes of jobs, each once: jobs that the same executors and node types accept are equal, whatever they ask for.
#[derive(Default)]
pub(crate) struct Classes {
    numbers: HashMap<JobClass, usize>,
    words: usize,
    too_many_from: Option<usize>,
}

impl Classes {
    /// The number of a job's class. Once there are too many, that of one that nothing accepts.
    pub(crate) fn number_of(&mut self, job: usize, class: impl FnOnce() -> JobClass) -> usize {
        let class = if self.words < MOST_WORDS {
            class()
        } else {
            self.too_many_from.get_or_insert(job);
            JobClass::default()
        };
        let (next, words) = (self.numbers.len(), class.slots.len_in_words() + class.types.len());
        *self.numbers.entry(class).or_insert_with(|| {
            self.words += words;
            next
        })
    }

    /// The first job that came when there were too many already.
    pub(crate) fn too_many_from(&self) -> Option<usize> {
        self.too_many_from
    }

    /// The classes, in the order of their numbers.
    pub(crate) fn into_jobs(self) -> Vec<JobClass> {
        let mut jobs: Vec<(JobClass, usize)> = self.numbers.into_iter().collect();
        jobs.sort_unstable_by_key(|(_, number)| *number);
        jobs.into_iter().map(|(class, _)| class).collect()
    }
}
