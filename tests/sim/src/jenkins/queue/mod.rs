//! The build queue (hudson/model/Queue.java): what is in it, and what a person or a test does to it.

mod assign;
mod builds;
mod flyweight;
pub(crate) mod left;
mod maintain;
pub(crate) mod placement;
pub(crate) mod projects;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Ms, millis};
use crate::jenkins::Jenkins;
use crate::jenkins::labels::Label;

/// How long a pipeline block waits for the node that it ran on before a restart
/// (`timeoutForNodeMillis` of workflow-durable-task-step).
pub(crate) const RESUME_LIMIT: Ms = 300_000;

/// What kind of task waits; it decides what the API shows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A freestyle project: `labelExpression` is exported.
    Freestyle,
    /// A pipeline's `node` block: only `why` shows the label.
    Pipeline,
    /// A pipeline's block that goes on after a restart, on that very node.
    Resuming(String),
    /// One combination of a matrix project: `labelExpression` is null.
    MatrixConfiguration,
    /// A matrix project itself: a flyweight, which needs a node with its label (the built-in one without a label) and no
    /// executor of it.
    MatrixParent,
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
    /// A plugin's or a project's reason not to build it yet; one without words where it is empty (`why` is null).
    pub blocked: Option<String>,
    /// Whether two builds of it may run at once.
    pub concurrent: bool,
    /// A label that a plugin puts in the place of the job's own (`LabelAssignmentAction`).
    pub label_override: Option<String>,
    /// The number of the pipeline run that the block belongs to; a new run where there is none.
    pub run: Option<u64>,
    /// The stage of the pipeline that the block is in; Jenkins names it once the block runs.
    pub stage: Option<String>,
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
            run: None,
            stage: None,
        }
    }

    /// A pipeline's `node` block. With a quiet period it is first the pipeline itself that waits; the block then enters
    /// the queue under an id of its own.
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

    /// A matrix project, which runs beside the executors of a node. Its combinations are queued by the test.
    pub fn matrix_parent(name: &str) -> Self {
        let kind = Kind::MatrixParent;
        Job { kind, ..Job::freestyle(name) }
    }

    /// The same block in a run that other blocks belong to.
    #[must_use]
    pub fn in_run(mut self, number: u64) -> Self {
        self.run = Some(number);
        self
    }

    /// The same block inside a stage.
    #[must_use]
    pub fn in_stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.to_string());
        self
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

    /// The job's full name: folders and a matrix parent before it.
    pub(crate) fn full_name(&self) -> String {
        match &self.parent {
            Some(parent) => format!("{parent}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// `fullDisplayName` of the job. A matrix configuration shows the values of its axes only.
    pub(crate) fn display_name(&self) -> String {
        let folders = |name: &str| name.replace('/', " » ");
        match &self.parent {
            Some(parent) => {
                let value = |axis: &'_ str| axis.split_once('=').map_or(axis, |(_, value)| value).to_string();
                let values: Vec<String> = self.name.split(',').map(value).collect();
                format!("{} » {}", folders(parent), values.join(","))
            }
            None => folders(&self.name),
        }
    }

    pub(crate) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Pipeline | Kind::Resuming(_))
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
    /// Has an executor that has not started it.
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
    /// The node of the executor that it was given and that has not started it.
    pub(crate) node: Option<String>,
    /// Whether it shows `pending: true` though it has no executor, as after a restart.
    pub(crate) left_pending: bool,
    /// Its place among the buildable items, which are served in the order in which they became so.
    pub(crate) turn: u64,
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
    /// When it is aborted, since its node was removed.
    pub(crate) aborts: Option<Ms>,
}

/// What became of a build, in the order of the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The job's name.
    pub job: String,
    /// The id of its queue item.
    pub item: u64,
    /// The build's number.
    pub number: u64,
    /// The node that built it.
    pub node: String,
    /// When it started.
    pub started: Ms,
    /// When it ended.
    pub at: Ms,
    /// Whether it was torn off its node (node deleted, channel lost).
    pub killed: bool,
}

/// An item that vanished: an executor had it and gave it back, and Jenkins before 2.517 dropped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The job's name.
    pub job: String,
    /// The id of the item.
    pub item: u64,
    /// The node whose executor had it.
    pub node: String,
    /// When.
    pub at: Ms,
}

impl Jenkins {
    /// Puts a job into the queue and gives the item's id.
    pub fn submit(&mut self, job: Job) -> u64 {
        let id = self.next_id();
        let text = job.label_override.as_ref().or(job.label.as_ref());
        let label = text.map(|t| self.labels.get(t));
        let number = self.run_number(&job);
        let ready = self.now + millis(job.quiet);
        self.queue.push(Item {
            id,
            stage: Stage::Waiting(ready),
            since: self.now,
            buildable_start: ready,
            label,
            number,
            node: None,
            left_pending: false,
            turn: 0,
            job,
        });
        self.dirty = true;
        id
    }

    fn next_id(&mut self) -> u64 {
        self.next_item += 1;
        self.ids.insert(self.now, self.next_item);
        self.next_item
    }

    fn run_number(&mut self, job: &Job) -> u64 {
        let last = self.builds.entry(job.full_name()).or_default();
        let number = job.run.unwrap_or(*last + 1);
        *last = number.max(*last);
        number
    }

    /// A queue item by its id.
    pub fn item(&self, id: u64) -> Option<&Item> {
        self.queue.iter().find(|i| i.id == id)
    }

    /// Takes an item out of the queue, as somebody who cancels it.
    pub fn cancel(&mut self, id: u64) {
        if let Some(place) = self.queue.iter().position(|i| i.id == id) {
            let item = self.queue.remove(place);
            self.leave(item, None);
        }
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
            item.left_pending = true;
        }
    }

    /// Starts a build on a node at once, past the queue. False when it has no
    /// parked executor.
    pub fn occupy(&mut self, node: &str, job: Job) -> bool {
        let now = self.now;
        let (item, number) = (self.next_id(), self.run_number(&job));
        let ends = now + millis(job.duration);
        let slot = self.node_mut(node).and_then(|n| n.executors.iter_mut().find(|e| e.idle()));
        let Some(slot) = slot else { return false };
        slot.build = Some(Build { item, job, number, started: now, ends, aborts: None });
        self.dirty = true;
        true
    }

    /// While on, executors take items and do not start them, as in the milliseconds before an executor's first locked
    /// step; a node that goes offline in that time gives its items back. When switched off, and as soon as the clock
    /// moves, they start what they have.
    pub fn hold_starts(&mut self, on: bool) {
        self.starts_held = on;
        self.dirty = true;
    }
}
