//! The build queue and its maintenance (hudson/model/Queue.java): items wait,
//! are blocked, become buildable, and get an idle executor that takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Ms, millis};
use crate::jenkins::Jenkins;
use crate::jenkins::labels::Label;

/// How long a pipeline block waits for the node that it ran on before a restart
/// (`timeoutForNodeMillis` of workflow-durable-task-step).
const RESUME_LIMIT: Ms = 300_000;

/// What kind of task waits; it decides what the API tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A freestyle project: `labelExpression` is exported.
    Freestyle,
    /// A pipeline's `node` block: only `why` tells the label.
    Pipeline,
    /// A pipeline's block that goes on after a restart, on that very node.
    Resuming(String),
    /// One combination of a matrix project: `labelExpression` is null.
    MatrixConfiguration,
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job's name (for a matrix configuration, `AXIS=value,...`).
    pub name: String,
    /// The matrix parent's name, where there is one.
    pub parent: Option<String>,
    /// What kind of task it is.
    pub kind: Kind,
    /// The label text as typed; `None` for a job that roams.
    pub label: Option<String>,
    /// How long its build lasts.
    pub duration: Duration,
    /// How long it stays in the quiet period.
    pub quiet: Duration,
    /// A plugin's or a project's reason not to build it yet.
    pub blocked: Option<String>,
    /// Whether two builds of it may run at once.
    pub concurrent: bool,
    /// A label that a plugin puts in the place of the job's own (`LabelAssignmentAction`).
    pub label_override: Option<String>,
}

impl Job {
    /// A freestyle job that builds for ten minutes.
    pub fn freestyle(name: &str) -> Self {
        Job {
            name: name.to_string(),
            parent: None,
            kind: Kind::Freestyle,
            label: None,
            duration: Duration::from_secs(600),
            quiet: Duration::ZERO,
            blocked: None,
            concurrent: true,
            label_override: None,
        }
    }

    /// A pipeline's `node` block.
    pub fn pipeline(name: &str) -> Self {
        let kind = Kind::Pipeline;
        Job { kind, ..Job::freestyle(name) }
    }

    /// A block that resumes on one node after a restart.
    pub fn resuming(name: &str, node: &str) -> Self {
        let kind = Kind::Resuming(node.to_string());
        Job { kind, ..Job::freestyle(name) }.label(node)
    }

    /// A combination of the matrix project `parent`, named `AXIS=value,...`.
    pub fn matrix(parent: &str, axes: &str) -> Self {
        let kind = Kind::MatrixConfiguration;
        let parent = Some(parent.to_string());
        Job { kind, parent, ..Job::freestyle(axes) }
    }

    /// The same job with a label.
    #[must_use]
    pub fn label(mut self, text: &str) -> Self {
        self.label = Some(text.to_string());
        self
    }

    /// The same job with another length of build.
    #[must_use]
    pub fn lasting(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// The same job with a quiet period.
    #[must_use]
    pub fn quiet(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// The same job, blocked for this reason.
    #[must_use]
    pub fn blocked(mut self, why: &str) -> Self {
        self.blocked = Some(why.to_string());
        self
    }

    /// The same job, of which only one build runs at a time.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.concurrent = false;
        self
    }
}

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// In the quiet period until then.
    Waiting(Ms),
    /// Not to be built yet, for this reason.
    Blocked(String),
    /// Waits for an executor.
    Buildable,
    /// Has an executor that has not started it, or is a left-over of a restart.
    Pending,
}

/// One item of the queue.
#[derive(Debug, Clone)]
pub struct Item {
    /// The item's id.
    pub id: u64,
    /// What is to be built.
    pub job: Job,
    /// Where it stands.
    pub stage: Stage,
    /// When it entered the queue.
    pub since: Ms,
    /// When it left the quiet period.
    pub buildable_start: Ms,
    pub(crate) label: Option<Arc<Label>>,
    pub(crate) number: u64,
}

/// A build on an executor.
#[derive(Debug, Clone)]
pub struct Build {
    /// The id of the queue item that it was.
    pub item: u64,
    /// What is built.
    pub job: Job,
    /// The build's number.
    pub number: u64,
    /// When it started.
    pub started: Ms,
    /// When it ends.
    pub ends: Ms,
}

/// What became of a build, in the order of the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The job's name.
    pub job: String,
    /// The id of its queue item.
    pub item: u64,
    /// The node that built it.
    pub node: String,
    /// When it ended.
    pub at: Ms,
    /// Whether it was torn off its node (node deleted, channel lost).
    pub killed: bool,
}

impl Jenkins {
    /// Puts a job into the queue and gives the item's id.
    pub fn submit(&mut self, job: Job) -> u64 {
        self.next_item += 1;
        let id = self.next_item;
        let text = job.label_override.as_ref().or(job.label.as_ref());
        let label = text.map(|t| self.label(t));
        let number = self.builds.entry(job.name.clone()).or_default();
        *number += 1;
        let number = *number;
        let ready = self.now + millis(job.quiet);
        let item =
            Item { id, stage: Stage::Waiting(ready), since: self.now, buildable_start: ready, label, number, job };
        self.queue.push(item);
        self.dirty = true;
        id
    }

    /// A queue item by its id.
    pub fn item(&self, id: u64) -> Option<&Item> {
        self.queue.iter().find(|i| i.id == id)
    }

    /// Takes an item out of the queue, as somebody who cancels it.
    pub fn cancel(&mut self, id: u64) {
        self.queue.retain(|i| i.id != id);
        self.dirty = true;
    }

    /// Blocks an item, or lets it go on.
    pub fn set_blocked(&mut self, id: u64, why: Option<&str>) {
        if let Some(item) = self.queue.iter_mut().find(|i| i.id == id) {
            item.job.blocked = why.map(str::to_string);
        }
        self.dirty = true;
    }

    /// Makes a waiting item show `pending: true` though it has no executor, as
    /// after a restart (`isPending` is saved with the queue).
    pub fn leave_pending(&mut self, id: u64) {
        if let Some(item) = self.queue.iter_mut().find(|i| i.id == id) {
            item.stage = Stage::Pending;
        }
    }

    /// Starts a build on a node at once, past the queue. False when it has no
    /// parked executor.
    pub fn occupy(&mut self, node: &str, job: Job) -> bool {
        let now = self.now;
        self.next_item += 1;
        let item = self.next_item;
        let number = self.builds.entry(job.name.clone()).or_default();
        *number += 1;
        let number = *number;
        let ends = now + millis(job.duration);
        let slot = self.node_mut(node).and_then(|n| n.executors.iter_mut().find(|e| e.build.is_none()));
        let Some(slot) = slot else { return false };
        slot.build = Some(Build { item, job, number, started: now, ends });
        self.dirty = true;
        true
    }

    /// Runs the maintenance if anything changed since the last time
    /// (`Queue.maintain`; the real one runs on changes and every five seconds).
    pub(crate) fn settle(&mut self) {
        if self.dirty {
            self.dirty = false;
            self.maintain();
        }
    }

    fn maintain(&mut self) {
        let now = self.now;
        let running = self.running_jobs();
        self.queue.retain(|i| !matches!(i.job.kind, Kind::Resuming(_)) || now < i.since + RESUME_LIMIT);
        let mut queued: BTreeMap<String, u64> = BTreeMap::new();
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
            item.stage = match blockage(item, running.get(&item.job.name), &queued) {
                Some(why) => Stage::Blocked(why),
                None => {
                    if !item.job.concurrent {
                        queued.insert(item.job.name.clone(), item.id);
                    }
                    Stage::Buildable
                }
            };
        }
        if !self.quieting_down {
            self.assign();
        }
    }

    /// Gives parked executors to buildable items, oldest first.
    fn assign(&mut self) {
        let mut free: Vec<usize> =
            (0..self.nodes.len()).filter(|&n| self.nodes[n].parked() > 0 && self.takes_tasks(&self.nodes[n])).collect();
        let mut order: Vec<usize> =
            (0..self.queue.len()).filter(|&i| self.queue[i].stage == Stage::Buildable).collect();
        order.sort_by_key(|&i| (self.queue[i].since, self.queue[i].id));
        let mut started = BTreeSet::new();
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
            let fits = |n: &&usize| match &item.label {
                Some(l) => l.matches(&|atom| self.nodes[**n].has_label(atom)),
                None => true,
            };
            if !free.iter().any(|n| fits(&n)) {
                hopeless.insert(label);
                continue;
            }
            let chosen = free.iter().position(|&n| self.refusal(&self.nodes[n], item).is_none());
            let Some(position) = chosen else { continue };
            let build = Build {
                item: item.id,
                job: item.job.clone(),
                number: item.number,
                started: self.now,
                ends: self.now + millis(item.job.duration),
            };
            started.insert(item.id);
            let node = &mut self.nodes[free[position]];
            if let Some(slot) = node.executors.iter_mut().find(|e| e.build.is_none()) {
                slot.build = Some(build);
            }
            if node.parked() == 0 {
                free.remove(position);
            }
        }
        self.queue.retain(|i| !started.contains(&i.id));
    }

    /// Ends the builds whose time has come.
    pub(crate) fn end_builds(&mut self) {
        let now = self.now;
        let mut over = Vec::new();
        for node in &mut self.nodes {
            for executor in &mut node.executors {
                if let Some(build) = executor.build.take_if(|b| b.ends <= now) {
                    over.push(finished(build, &node.name, now, false));
                }
            }
        }
        if !over.is_empty() {
            self.finished.append(&mut over);
            self.nodes.retain(|n| !n.removed || !n.idle());
            self.dirty = true;
        }
    }

    /// Tears all builds off a node, as a closed channel does.
    pub(crate) fn kill_builds(&mut self, name: &str) {
        let now = self.now;
        let mut over = Vec::new();
        if let Some(node) = self.node_mut(name) {
            for executor in &mut node.executors {
                over.extend(executor.build.take().map(|b| finished(b, name, now, true)));
            }
        }
        self.finished.append(&mut over);
        self.dirty = true;
    }

    /// When the oldest running build of each job began, and its number.
    fn running_jobs(&self) -> BTreeMap<String, u64> {
        let builds = self.nodes.iter().flat_map(|n| &n.executors).filter_map(|e| e.build.as_ref());
        builds.filter(|b| !b.job.concurrent).map(|b| (b.job.name.clone(), b.number)).collect()
    }
}

fn finished(build: Build, node: &str, at: Ms, killed: bool) -> Finished {
    Finished { job: build.job.name, item: build.item, node: node.to_string(), at, killed }
}

fn blockage(item: &Item, running: Option<&u64>, queued: &BTreeMap<String, u64>) -> Option<String> {
    if let Some(why) = &item.job.blocked {
        return Some(why.clone());
    }
    if item.job.concurrent {
        return None;
    }
    if let Some(number) = running {
        return Some(format!("Build #{number} is already in progress (ETA: N/A)"));
    }
    let other = queued.get(&item.job.name).is_some_and(|id| *id != item.id);
    other.then(|| "A build is already in progress".to_string())
}
