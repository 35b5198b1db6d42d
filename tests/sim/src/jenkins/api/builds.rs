//! Executors and what they run (hudson/model/Executor.java).

use serde_json::Value;

use crate::http::percent_encode;
use crate::jenkins::Jenkins;
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::nodes::Executor;
use crate::jenkins::queue::{Build, Job, Kind};

pub(crate) const STEPS: &str = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution";

impl Jenkins {
    pub(crate) fn executor_json(&self, tree: &Tree, number: usize, executor: &Executor, reads: bool) -> Value {
        let build = executor.build.as_ref();
        Bean::plain(tree)
            .nest("currentExecutable", |t| match build.filter(|_| reads) {
                Some(build) => self.executable_json(t, build),
                None => Value::Null,
            })
            .set("idle", executor.idle())
            .set("likelyStuck", false)
            .set("number", number)
            .nest("progress", |_| build.map_or(-1, |b| self.progress(b)).into())
            .done()
    }

    pub(crate) fn one_off_json(&self, tree: &Tree, build: &Value) -> Value {
        Bean::plain(tree)
            .nest("currentExecutable", |t| t.pick(build))
            .set("idle", false)
            .set("likelyStuck", false)
            .set("number", -1)
            .set("progress", -1)
            .done()
    }

    /// How far a build is, where builds of its job have been timed before: never for what the simulator runs, as on a
    /// controller on which everything runs for the first time.
    fn progress(&self, build: &Build) -> i64 {
        if self.now < build.ends { -1 } else { 99 }
    }

    pub(crate) fn executable_json(&self, tree: &Tree, build: &Build) -> Value {
        let job = &build.job;
        let class = match &job.kind {
            Kind::Freestyle => "hudson.model.FreeStyleBuild".to_string(),
            Kind::MatrixConfiguration => "hudson.matrix.MatrixRun".to_string(),
            Kind::MatrixParent => "hudson.matrix.MatrixBuild".to_string(),
            Kind::Pipeline | Kind::Resuming(_) => format!("{STEPS}$PlaceholderTask$PlaceholderExecutable"),
        };
        let name = match (&job.kind, &job.stage) {
            (Kind::Pipeline | Kind::Resuming(_), Some(stage)) => {
                format!("{} #{} ({stage})", job.display_name(), build.number)
            }
            (Kind::Pipeline | Kind::Resuming(_), None) => format!("part of {} #{}", job.display_name(), build.number),
            _ => format!("{} #{}", job.display_name(), build.number),
        };
        let url = format!("{}/{}{}/", self.root_url(), job_path(job), build.number);
        let bean = Bean::of(tree, self.typed(&class))
            .set("displayName", name.as_str())
            .set("fullDisplayName", name.as_str())
            .always("number", build.number)
            .set("timestamp", build.started)
            .always("url", url);
        // hudson/model/Run.java exports it; a part of a pipeline is no run.
        match job.kind {
            Kind::Pipeline | Kind::Resuming(_) => bean.done(),
            _ => bean.set("queueId", build.item).done(),
        }
    }

    pub(crate) fn root_url(&self) -> &str {
        self.options.root_url.as_deref().unwrap_or(&self.url)
    }
}

/// `a/b` as `job/a/job/b/`; a matrix configuration stands below its parent.
pub(crate) fn job_path(job: &Job) -> String {
    let jobs = |name: &str| -> String { name.split('/').map(|part| format!("job/{}/", path_segment(part))).collect() };
    match &job.parent {
        Some(parent) => format!("{}{}/", jobs(parent), path_segment(&job.name)),
        None => jobs(&job.name),
    }
}

/// `Util.rawEncode`: more characters stay than in a query.
fn path_segment(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_.~!$&'()*+,=:@".contains(c);
    text.chars().map(|c| if kept(c) { c.to_string() } else { percent_encode(&c.to_string()) }).collect()
}
