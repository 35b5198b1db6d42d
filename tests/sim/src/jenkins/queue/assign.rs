//! Which executor gets which item.

use std::collections::BTreeSet;

use crate::clock::millis;
use crate::jenkins::Jenkins;
use crate::jenkins::queue::placement::{self, Placement};
use crate::jenkins::queue::{Build, Item, Stage};

impl Jenkins {
    /// Gives parked executors to buildable items, in their turn.
    pub(crate) fn assign(&mut self) {
        let mut free: Vec<usize> =
            (0..self.nodes.len()).filter(|&n| self.nodes[n].parked() > 0 && self.takes_tasks(&self.nodes[n])).collect();
        let waits = |item: &Item| item.stage == Stage::Buildable && !item.is_flyweight();
        let mut order: Vec<usize> = (0..self.queue.len()).filter(|&i| waits(&self.queue[i])).collect();
        order.sort_by_key(|&i| self.queue[i].turn);
        // Items whose label no free node has, so that a long queue is not tried node by node.
        let mut hopeless = BTreeSet::new();
        for index in order {
            if free.is_empty() {
                break;
            }
            let item = &self.queue[index];
            let label = item.label.as_ref().map(|l| l.name().to_string());
            if hopeless.contains(&label) {
                continue;
            }
            let fits = |n: usize| match &item.label {
                Some(l) => l.matches(&|atom| self.nodes[n].has_label(atom)),
                None => true,
            };
            let fitting: Vec<usize> = free.iter().copied().filter(|&n| fits(n)).collect();
            if fitting.is_empty() {
                hopeless.insert(label);
                continue;
            }
            let Some(chosen) = self.choose(&fitting, index) else { continue };
            let (id, node) = (self.queue[index].id, &mut self.nodes[chosen]);
            if let Some(slot) = node.executors.iter_mut().find(|e| e.idle()) {
                slot.assigned = Some(id);
            }
            self.queue[index].stage = Stage::Pending;
            self.queue[index].node = Some(node.name.clone());
            if node.parked() == 0 {
                free.retain(|&n| n != chosen);
            }
        }
    }

    /// The node that gets an item, of those that fit its label.
    fn choose(&mut self, fitting: &[usize], item: usize) -> Option<usize> {
        let item = &self.queue[item];
        let takes = |n: &usize| self.refusal(&self.nodes[*n], item).is_none();
        let mut takers = fitting.iter().copied().filter(takes);
        match self.options.placement {
            Placement::FirstOfList => takers.next(),
            Placement::ConsistentHash => {
                let takers: Vec<usize> = takers.collect();
                let from = placement::hash(&item.job.display_name());
                let (circle, nodes) = (&mut self.circle, &self.nodes);
                let way = |n: &usize| circle.way(from, &nodes[*n].name, placement::weight(nodes[*n].parked()));
                takers.into_iter().min_by_key(way)
            }
        }
    }

    /// Executors start what they were given.
    pub(crate) fn start_assigned(&mut self) {
        let given = |item: &Item| item.stage == Stage::Pending && item.node.is_some();
        if !self.queue.iter().any(given) {
            return;
        }
        let (started, rest) = std::mem::take(&mut self.queue).into_iter().partition::<Vec<Item>, _>(given);
        self.queue = rest;
        for item in started {
            let build = item.build(self.now);
            let executors = self.nodes.iter_mut().flat_map(|node| &mut node.executors);
            if let Some(executor) = executors.into_iter().find(|e| e.assigned == Some(item.id)) {
                executor.assigned = None;
                executor.build = Some(build.clone());
            }
            self.leave(item, Some(build));
        }
    }
}

impl Item {
    /// The build that the item becomes.
    pub(crate) fn build(&self, now: u64) -> Build {
        Build {
            item: self.id,
            job: self.job.clone(),
            number: self.number,
            started: now,
            ends: now + millis(self.job.duration),
            aborts: None,
        }
    }
}
