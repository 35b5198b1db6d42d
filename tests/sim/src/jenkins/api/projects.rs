//! Projects and their builds (hudson/model/{Job,Run,AbstractBuild}.java), as far as somebody asks who waits for a build.

use serde_json::Value;

use crate::jenkins::Jenkins;
use crate::jenkins::api::builds::job_path;
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::queue::Job;

/// How many builds `builds` shows (`Job.getNewBuilds`).
const SHOWN: usize = 100;

/// A build that runs, or that ended with a result.
struct Run<'a> {
    number: u64,
    item: u64,
    node: &'a str,
    result: Option<&'static str>,
}

impl Jenkins {
    /// `job/NAME`.
    pub(crate) fn project_json(&self, tree: &Tree, job: &Job) -> Value {
        let url = format!("{}/{}", self.root_url(), job_path(job));
        Bean::of(tree, self.typed("hudson.model.FreeStyleProject"))
            .set("buildable", true)
            .list("builds", self.runs_of(&job.name).into_iter().take(SHOWN), |t, run| self.run_of(t, &url, &run))
            .set("fullName", job.name.as_str())
            .set("inQueue", self.queue.iter().any(|item| item.job.name == job.name))
            .set("name", job.name.as_str())
            .set("url", url.as_str())
            .done()
    }

    fn run_of(&self, tree: &Tree, url: &str, run: &Run<'_>) -> Value {
        Bean::of(tree, self.typed("hudson.model.FreeStyleBuild"))
            .set("building", run.result.is_none())
            .set("builtOn", run.node)
            .always("number", run.number)
            .set("queueId", run.item)
            .set("result", run.result)
            .always("url", format!("{url}{}/", run.number))
            .done()
    }

    /// Newest first. A build whose channel is lost fails.
    fn runs_of(&self, name: &str) -> Vec<Run<'_>> {
        let builds = self.nodes.iter().flat_map(|node| node.executors.iter().map(move |e| (node, e.build.as_ref())));
        let running = builds.filter_map(|(node, build)| Some((node, build.filter(|build| build.job.name == name)?)));
        let running = running.map(|(node, b)| Run { number: b.number, item: b.item, node: &node.name, result: None });
        let ended = self.finished.iter().filter(|build| build.job == name).map(|b| Run {
            number: b.number,
            item: b.item,
            node: &b.node,
            result: Some(if b.killed { "FAILURE" } else { "SUCCESS" }),
        });
        let mut runs: Vec<Run<'_>> = running.chain(ended).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.number));
        runs
    }
}
