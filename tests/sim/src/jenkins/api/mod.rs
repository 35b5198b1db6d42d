//! The JSON API: which object a path names, and the root. All are written through `tree`.

mod builds;
mod computers;
mod json;
mod labels;
mod projects;
mod queue;
pub(crate) mod tree;

use serde_json::{Value, json};

use crate::http::Response;
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::queue::Job;
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::{Jenkins, Version};
pub use json::lone_surrogate;

impl Jenkins {
    /// Answers `PATH/api/json`.
    pub(crate) fn read(&self, path: &[&str], tree: &Tree, caller: &Caller) -> Response {
        let value = match path {
            [] => Some(self.root(tree, caller)),
            ["queue"] => Some(self.queue_json(tree, caller)),
            ["queue", "item", id] if caller.may(Permission::JobRead) => self.one_item(id, tree, caller),
            ["computer"] => Some(self.computers_json(tree, caller)),
            ["computer", name] => self.computer(name).map(|node| self.computer_json(tree, node, caller)),
            ["job", name] => self.project(name, caller).map(|job| self.project_json(tree, job)),
            ["label", text] => Some(self.label_json(tree, text)),
            _ => None,
        };
        value.map_or_else(|| self.not_found(), |value| self.json(&value))
    }

    pub(crate) fn who_am_i(&self, caller: &Caller) -> Response {
        let name = caller.name.as_deref().unwrap_or("anonymous");
        self.json(&json!({
            "_class": "hudson.security.WhoAmI",
            "anonymous": caller.name.is_none(),
            "authenticated": true,
            "authorities": [if caller.name.is_some() { "authenticated" } else { "anonymous" }],
            "name": name,
        }))
    }

    /// `AbstractProject.labelExpression` and `Computer.assignedLabels` are exported since 2.94.
    pub(crate) fn exports_labels(&self) -> bool {
        self.options.version >= Version::new(2, 94)
    }

    /// A run of a pipeline, as an executable.
    pub(crate) fn run_json(&self, name: &str, number: u64) -> Value {
        let job = Job::pipeline(name);
        json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "fullDisplayName": format!("{} #{number}", job.display_name()),
            "number": number,
            "url": format!("{}/{}{number}/", self.root_url(), builds::job_path(&job)),
        })
    }

    fn root(&self, tree: &Tree, caller: &Caller) -> Value {
        let built_in = self.nodes.iter().find(|n| n.is_built_in());
        let jobs = self.options.jobs.iter().chain(self.projects.keys());
        let jobs = jobs.filter(|_| caller.may(Permission::JobRead));
        Bean::of(tree, self.typed("hudson.model.Hudson"))
            .list("assignedLabels", built_in.into_iter().flat_map(|n| &n.label_set), |t, l| {
                Bean::plain(t).always("name", l.as_str()).done()
            })
            .set("mode", "NORMAL")
            .set("nodeDescription", "the Jenkins controller's built-in node")
            .set("nodeName", "")
            .set("numExecutors", self.options.built_in_executors)
            .set("description", Value::Null)
            .list("jobs", jobs, |t, name| {
                Bean::of(t, self.typed("hudson.model.FreeStyleProject")).always("name", name.as_str()).done()
            })
            .set("quietDownReason", Value::Null)
            .set("quietingDown", self.quieting_down)
            .set("slaveAgentPort", 50000)
            .set("url", format!("{}/", self.root_url()))
            .set("useCrumbs", self.options.crumbs)
            .set("useSecurity", true)
            .done()
    }
}
