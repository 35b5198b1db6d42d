//! The controller stops and starts again.

use std::time::Duration;

use crate::clock::millis;
use crate::jenkins::Jenkins;
use crate::jenkins::queue::{Build, Job, Stage};

/// What a controller that starts finds of its queue (`queue.xml`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedQueue {
    /// All of it, after an orderly stop.
    Whole,
    /// As it was so long before it was killed: it is saved up to a minute late. Ids count on from the highest of then.
    Before(Duration),
    /// Nothing. Ids count from 1.
    Nothing,
}

impl Jenkins {
    /// An orderly restart: 503 for `down`, then all agents are offline and come back after `reconnect`. Running pipeline
    /// blocks queue again for their node once the controller is up, other builds die. Ids count from 1 where the queue
    /// was empty.
    pub fn restart(&mut self, down: Duration, reconnect: Duration) {
        self.start_again(down, reconnect, SavedQueue::Whole);
    }

    /// The same after the controller was killed.
    pub fn crash(&mut self, down: Duration, reconnect: Duration, saved: SavedQueue) {
        self.start_again(down, reconnect, saved);
    }

    /// Whether it answers: it is not about to start.
    pub fn is_up(&self) -> bool {
        self.starting_until.is_none()
    }

    fn start_again(&mut self, down: Duration, reconnect: Duration, saved: SavedQueue) {
        let up = self.now + millis(down);
        self.session += 1;
        (self.starting_until, self.resumes_at) = (Some(up), None);
        self.quieting_down = false;
        self.crumbs.clear();
        self.left.clear();
        self.unseen.clear();
        self.nodes.retain(|node| !node.removed);
        let names: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let mut blocks = Vec::new();
        for name in names {
            let held = self.running_on(&name).into_iter().filter(|build| build.job.is_block());
            let resuming = |b: &Build| Job::resuming(&b.job.name, &name).lasting(b.job.duration).in_run(b.number);
            blocks.extend(held.map(|build| (build.item, resuming(build))));
            self.end_all_builds(&name);
        }
        blocks.sort_by_key(|(item, _)| *item);
        self.resuming.extend(blocks.into_iter().map(|(_, job)| job));
        let (version, online_again) = (self.options.version, up + millis(reconnect));
        for node in self.nodes.iter_mut().filter(|node| !node.is_built_in()) {
            let connects_at = if node.connected { Some(online_again) } else { node.connects_at };
            node.forget_channel(version);
            node.connects_at = connects_at;
            for executor in &mut node.executors {
                executor.assigned = None;
            }
        }
        self.load_queue(saved);
        self.relabel(None);
        self.dirty = true;
    }

    /// What was assigned and not started waits again, and shows `pending` until it is assigned the next time. The items
    /// are saved in the order in which the API lists them, which turns that of the buildable ones round.
    fn load_queue(&mut self, saved: SavedQueue) {
        let kept_until = match saved {
            SavedQueue::Whole => Some(self.now),
            SavedQueue::Before(age) => self.now.checked_sub(millis(age)),
            SavedQueue::Nothing => None,
        };
        self.queue.retain(|item| kept_until.is_some_and(|at| item.since <= at));
        let last = kept_until.and_then(|at| self.ids.range(..=at).next_back()).map_or(0, |(_, id)| *id);
        let empty = saved == SavedQueue::Whole && self.queue.is_empty();
        self.next_item = if empty { 0 } else { last };
        self.ids.clear();
        self.ids.insert(self.now, self.next_item);
        for item in &mut self.queue {
            item.turn = u64::MAX - item.turn;
            if item.node.take().is_some() {
                item.left_pending = true;
                item.stage = Stage::Buildable;
            }
        }
        self.queue.sort_by_key(|item| item.turn);
        for item in &mut self.queue {
            self.next_turn += 1;
            item.turn = self.next_turn;
        }
    }

    /// The controller is up, and loads what ran before.
    pub(crate) fn come_up(&mut self) {
        self.starting_until = None;
        self.resumes_at = Some(self.now + millis(self.options.resumes_after));
    }

    /// Blocks ask for the node that they ran on.
    pub(crate) fn resume(&mut self) {
        self.resumes_at = None;
        for job in std::mem::take(&mut self.resuming) {
            self.submit(job);
        }
    }
}
