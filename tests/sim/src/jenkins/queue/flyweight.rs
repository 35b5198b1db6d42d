//! Tasks that need a node and none of its executors (`Queue.makeFlyWeightTaskBuildable`): matrix projects, and the
//! runs of pipelines, which sit on the built-in node for as long as one of their blocks waits or runs.

use std::collections::BTreeSet;

use crate::jenkins::Jenkins;
use crate::jenkins::nodes::Node;
use crate::jenkins::queue::placement;
use crate::jenkins::queue::{Item, Kind, Stage};

impl Item {
    pub(crate) fn is_flyweight(&self) -> bool {
        self.job.kind == Kind::MatrixParent
    }
}

impl Jenkins {
    /// Starts matrix projects: on the built-in node, also one without executors, unless their label keeps them from it;
    /// else on the nodes that they may use, with the weights of their configured executors. A mode does not keep a
    /// flyweight out.
    pub(crate) fn start_flyweights(&mut self) {
        let waits = |item: &Item| item.stage == Stage::Buildable && item.is_flyweight();
        let waiting: Vec<u64> = self.queue.iter().filter(|item| waits(item)).map(|item| item.id).collect();
        for id in waiting {
            let Some(place) = self.queue.iter().position(|item| item.id == id) else { continue };
            let item = &self.queue[place];
            let takes = |node: &&Node| {
                let fits = item.label.as_ref().is_none_or(|label| label.matches(&|atom| node.has_label(atom)));
                let hosts = node.is_built_in() || node.configured > 0;
                fits && hosts && !node.offline() && !node.removed
            };
            let from = placement::hash(&item.job.display_name());
            let takers: Vec<(String, usize)> = self
                .nodes
                .iter()
                .filter(takes)
                .map(|node| (node.name.clone(), placement::weight(node.configured).max(1)))
                .collect();
            let way = |taker: &(String, usize)| (!taker.0.is_empty(), self.circle.way(from, &taker.0, taker.1));
            let Some((name, _)) = takers.into_iter().min_by_key(way) else { continue };
            let item = self.queue.remove(place);
            let build = item.build(self.now);
            if let Some(node) = self.nodes.iter_mut().find(|node| node.name == name) {
                node.one_off.push(build.clone());
            }
            self.leave(item, Some(build));
        }
    }

    /// A run of a pipeline that has no block at the moment. It never ends.
    pub fn begin_run(&mut self, name: &str, number: u64) {
        self.runs.push((name.to_string(), number));
    }

    /// The pipeline runs of which a block waits or runs, and others: name and number.
    pub(crate) fn pipeline_runs(&self) -> Vec<(String, u64)> {
        let running = self.nodes.iter().flat_map(|node| &node.executors).filter_map(|e| e.build.as_ref());
        let running = running.filter(|build| build.job.is_block()).map(|b| (b.item, b.job.name.clone(), b.number));
        let waiting = self.queue.iter().filter(|item| item.job.is_block());
        let waiting = waiting.filter(|item| !item.is_pipeline_itself());
        let mut blocks: Vec<_> = running.chain(waiting.map(|i| (i.id, i.job.name.clone(), i.number))).collect();
        blocks.sort();
        let mut seen = BTreeSet::new();
        let blocks = blocks.into_iter().map(|(_, name, number)| (name, number));
        self.runs.iter().cloned().chain(blocks).filter(|run| seen.insert(run.clone())).collect()
    }
}

impl Item {
    /// Whether it is a pipeline in its quiet period, and no block of it.
    pub(crate) fn is_pipeline_itself(&self) -> bool {
        self.job.kind == Kind::Pipeline && !self.job.quiet.is_zero()
    }
}
