//! The maintenance of the queue (`Queue.maintain`): items wait, are blocked, become buildable, are given to an
//! executor, and are sometimes given back by it.

use std::collections::HashMap;

use crate::clock::Ms;
use crate::jenkins::Jenkins;
use crate::jenkins::queue::{Item, Job, Kind, Lost, RESUME_LIMIT, Stage};

impl Jenkins {
    /// Runs the maintenance if anything changed since the last time (the real one runs on changes and every five
    /// seconds).
    pub(crate) fn settle(&mut self) {
        if self.dirty {
            self.dirty = false;
            self.maintain();
        }
    }

    fn maintain(&mut self) {
        let now = self.now;
        self.take_back();
        self.queue.retain(|i| !matches!(i.job.kind, Kind::Resuming(_)) || now < i.since + RESUME_LIMIT);
        self.begin_pipelines();
        let running = self.running_jobs();
        let mut queued: HashMap<String, u64> = HashMap::new();
        self.next_due = Ms::MAX;
        for item in &mut self.queue {
            if let Kind::Resuming(_) = item.job.kind {
                self.next_due = self.next_due.min(item.since + RESUME_LIMIT);
            }
            let ready = match item.stage {
                Stage::Waiting(until) => {
                    if until > now {
                        self.next_due = self.next_due.min(until);
                    }
                    until <= now
                }
                Stage::Blocked(_) | Stage::Buildable => true,
                Stage::Pending => false,
            };
            if !ready {
                continue;
            }
            let name = if item.job.concurrent { String::new() } else { item.job.full_name() };
            let stage = match blockage(item, running.get(&name), queued.get(&name)) {
                Some(why) => Stage::Blocked(why),
                None => {
                    if !item.job.concurrent {
                        queued.insert(name, item.id);
                    }
                    Stage::Buildable
                }
            };
            if stage == Stage::Buildable && item.stage != Stage::Buildable {
                self.next_turn += 1;
                item.turn = self.next_turn;
            }
            item.stage = stage;
        }
        if !self.quieting_down {
            self.start_flyweights();
            self.assign();
        }
        if !self.starts_held {
            self.start_assigned();
        }
    }

    /// Items whose executor went offline before it started them. Before 2.517 they are dropped: they are in no list and
    /// never built, and only the controller's log mentions them.
    fn take_back(&mut self) {
        let returns = self.options.version.returns_items_to_queue();
        for node in self.nodes.iter_mut().filter(|node| node.offline() || node.removed) {
            for executor in &mut node.executors {
                executor.assigned = None;
            }
        }
        let has = |item: &Item| {
            let node = self.nodes.iter().find(|node| Some(&node.name) == item.node.as_ref());
            node.is_some_and(|node| node.executors.iter().any(|e| e.assigned == Some(item.id)))
        };
        let gone: Vec<u64> =
            self.queue.iter().filter(|item| item.node.is_some() && !has(item)).map(|item| item.id).collect();
        for id in gone {
            let Some(place) = self.queue.iter().position(|item| item.id == id) else { continue };
            let node = self.queue[place].node.take().unwrap_or_default();
            if returns {
                self.queue[place].stage = Stage::Buildable;
            } else {
                let item = self.queue.remove(place);
                self.lost.push(Lost { job: item.job.name, item: id, node, at: self.now });
            }
        }
        self.nodes.retain(|node| !node.removed || !node.idle());
    }

    /// Pipelines whose quiet period is over run on the built-in node, and their block enters the queue.
    fn begin_pipelines(&mut self) {
        let now = self.now;
        let ready = |item: &Item| {
            item.job.kind == Kind::Pipeline
                && !item.job.quiet.is_zero()
                && matches!(item.stage, Stage::Waiting(until) if until <= now)
        };
        // A long queue is not moved for nothing.
        if !self.queue.iter().any(ready) {
            return;
        }
        let (begun, rest) = std::mem::take(&mut self.queue).into_iter().partition(ready);
        self.queue = rest;
        for item in begun {
            self.submit(Job { quiet: std::time::Duration::ZERO, run: Some(item.number), ..item.job });
        }
    }
}

/// A running build that blocks the next build of its job.
pub(crate) struct Running {
    pub(crate) number: u64,
    /// Whether an executor shows it.
    pub(crate) seen: bool,
}

/// What keeps the item back: itself, or another build of its job that runs or is queued.
fn blockage(item: &Item, running: Option<&Running>, queued: Option<&u64>) -> Option<String> {
    if let Some(why) = &item.job.blocked {
        return Some(why.clone());
    }
    if item.job.concurrent {
        return None;
    }
    if let Some(Running { number, seen }) = running {
        let eta = if *seen { " (ETA: N/A)" } else { "" };
        return Some(format!("Build #{number} is already in progress{eta}"));
    }
    let other = queued.is_some_and(|id| *id != item.id);
    other.then(|| "A build is already in progress".to_string())
}
