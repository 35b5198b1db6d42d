//! Freestyle projects that were made over the API (hudson/model/FreeStyleProject.java): what their `config.xml` says, and
//! how a build of one enters the queue.

use std::time::Duration;

use crate::jenkins::Jenkins;
use crate::jenkins::nodes::config::{elements, unescape};
use crate::jenkins::queue::{Item, Job, Stage};

/// The quiet period of a controller that nobody configured.
const QUIET: Duration = Duration::from_secs(5);

impl Job {
    /// The project of a posted document; none where it is no freestyle project. Its build lasts as long as the `sleep` in
    /// its shell step.
    pub(crate) fn configured(name: &str, document: &str) -> Option<Job> {
        let (root, elements) = elements(document)?;
        let text = |name: &str| elements.iter().find(|e| e.name == name).map(|e| unescape(e.inner));
        let flag = |name: &str| text(name).is_some_and(|value| value.trim() == "true");
        let mut job = Job::freestyle(name).quiet(QUIET).lasting(Duration::ZERO);
        job.label = text("assignedNode").filter(|_| !flag("canRoam"));
        job.concurrent = flag("concurrentBuild");
        let steps = text("builders").unwrap_or_default();
        if let Some((_, rest)) = steps.split_once("sleep ") {
            let seconds = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
            job.duration = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
        }
        (root == "project").then_some(job)
    }
}

impl Jenkins {
    /// Queues a build. An item of the same job that waits already is that build, too (`Queue.scheduleInternal`).
    pub(crate) fn schedule(&mut self, job: Job) -> u64 {
        let same = |i: &&Item| i.job.full_name() == job.full_name() && i.stage != Stage::Pending;
        match self.queue.iter().find(same) {
            Some(item) => item.id,
            None => self.submit(job),
        }
    }

    /// Deletes a project with what waits and runs of it.
    pub(crate) fn drop_project(&mut self, name: &str) {
        self.projects.remove(name);
        let waiting: Vec<u64> = self.queue.iter().filter(|i| i.job.name == name).map(|i| i.id).collect();
        waiting.into_iter().for_each(|id| self.cancel(id));
        let nodes: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        nodes.iter().for_each(|node| self.end_on(node, |build| build.job.name == name));
        self.finished.retain(|build| build.job != name);
    }
}
