//! The JSON API: the root, the queue and the computers, written through `tree`.
//! Field lists after hudson/model/{Queue,Computer,ComputerSet,Executor}.java.

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::http::Response;
use crate::jenkins::auth::{Caller, Permission};
use crate::jenkins::labels;
use crate::jenkins::nodes::{BUILT_IN_CLASS, Executor, Node};
use crate::jenkins::queue::{Build, Item, Kind, Stage};
use crate::jenkins::tree::{Bean, Tree};
use crate::jenkins::why::WhyCache;
use crate::jenkins::{Jenkins, Version};

const STEPS: &str = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution";

impl Jenkins {
    /// Answers `PATH/api/json`.
    pub(crate) fn read(&self, path: &[&str], tree: &Tree, caller: &Caller) -> Response {
        let value = match path {
            [] => self.root(tree, caller),
            ["queue"] => self.queue_json(tree, caller),
            ["queue", "item", id] => {
                let found = self.queue.iter().find(|i| i.id.to_string() == *id);
                match found.filter(|_| caller.may(Permission::JobRead)) {
                    Some(item) => self.item_json(tree, item, &mut WhyCache::default()),
                    None => return self.not_found(),
                }
            }
            ["computer"] => self.computers_json(tree, caller),
            ["computer", name] => match self.computer(name) {
                Some(node) => self.computer_json(tree, node, caller),
                None => return self.not_found(),
            },
            _ => return self.not_found(),
        };
        let body = value.to_string().into_bytes();
        Response::empty(200).with("Content-Type", "application/json;charset=utf-8").body(body)
    }

    pub(crate) fn who_am_i(&self, caller: &Caller) -> Response {
        let name = caller.name.as_deref().unwrap_or("anonymous");
        let body = json!({
            "_class": "hudson.security.WhoAmI",
            "anonymous": caller.name.is_none(),
            "authenticated": true,
            "authorities": ["authenticated"],
            "name": name,
        });
        Response::json(200, &body)
    }

    /// A class name, or nothing before Jenkins 2.2.
    fn typed<'a>(&self, class: &'a str) -> Option<&'a str> {
        (self.options.version >= Version::new(2, 2)).then_some(class)
    }

    /// `AbstractProject.labelExpression` and `Computer.assignedLabels` are exported since 2.94.
    fn exports_labels(&self) -> bool {
        self.options.version >= Version::new(2, 94)
    }

    fn root_url(&self) -> &str {
        self.options.root_url.as_deref().unwrap_or(&self.url)
    }

    fn root(&self, tree: &Tree, caller: &Caller) -> Value {
        let built_in = self.nodes.iter().find(|n| n.is_built_in());
        Bean::of(tree, self.typed("hudson.model.Hudson"))
            .list("assignedLabels", built_in.into_iter().flat_map(|n| &n.label_set), |t, l| label_json(t, l))
            .set("mode", "NORMAL")
            .set("nodeDescription", "the Jenkins controller's built-in node")
            .set("nodeName", "")
            .set("numExecutors", self.options.built_in_executors)
            .set("description", Value::Null)
            .list("jobs", self.options.jobs.iter().filter(|_| caller.may(Permission::JobRead)), |t, name| {
                Bean::plain(t).always("name", name.as_str()).done()
            })
            .set("quietDownReason", Value::Null)
            .set("quietingDown", self.quieting_down)
            .set("slaveAgentPort", 50000)
            .set("url", format!("{}/", self.root_url()))
            .set("useCrumbs", self.options.crumbs)
            .set("useSecurity", true)
            .done()
    }

    fn queue_json(&self, tree: &Tree, caller: &Caller) -> Value {
        let cache = RefCell::new(WhyCache::default());
        let reads = caller.may(Permission::JobRead);
        let discovers = !reads && caller.may(Permission::JobDiscover);
        // getItems: waiting, blocked, buildables reversed, pendings reversed.
        let rank = |i: &&Item| match i.stage {
            Stage::Waiting(at) => (0, at),
            Stage::Blocked(_) => (1, i.id),
            Stage::Buildable => (2, u64::MAX - i.id),
            Stage::Pending => (3, u64::MAX - i.id),
        };
        let mut items: Vec<&Item> = self.queue.iter().collect();
        items.sort_by_key(rank);
        let hidden = if discovers { items.clone() } else { Vec::new() };
        let items = if reads { items } else { Vec::new() };
        Bean::of(tree, self.typed("hudson.model.Queue"))
            .list("discoverableItems", hidden, |t, i| {
                Bean::plain(t.whole())
                    .nest("task", |t| Bean::plain(t).always("name", i.job.name.as_str()).done())
                    .done()
            })
            // Items are exported whole whatever the depth (defaultVisibility 999).
            .list("items", items, |t, i| self.item_json(t.whole(), i, &mut cache.borrow_mut()))
            .done()
    }

    fn item_json(&self, tree: &Tree, item: &Item, cache: &mut WhyCache) -> Value {
        let class = match item.stage {
            Stage::Waiting(_) => "hudson.model.Queue$WaitingItem",
            Stage::Blocked(_) => "hudson.model.Queue$BlockedItem",
            Stage::Buildable | Stage::Pending => "hudson.model.Queue$BuildableItem",
        };
        let buildable = matches!(item.stage, Stage::Buildable | Stage::Pending);
        let mut bean = Bean::of(tree, self.typed(class))
            .nest("actions", |_| json!([{}]))
            .set("blocked", matches!(item.stage, Stage::Blocked(_)))
            .set("buildable", buildable)
            .set("id", item.id)
            .set("inQueueSince", item.since)
            .set("params", "")
            .nest("stuck", |_| self.stuck(item, cache).into())
            .nest("task", |t| self.task_json(t, item))
            .set("url", format!("queue/item/{}/", item.id));
        if let Stage::Waiting(until) = item.stage {
            bean = bean.set("timestamp", until);
        } else {
            bean = bean.set("buildableStartMilliseconds", item.buildable_start);
        }
        if buildable {
            bean = bean.set("pending", item.stage == Stage::Pending);
        }
        bean.nest("why", |_| self.why(item, cache).map_or(Value::Null, Value::from)).done()
    }

    fn task_json(&self, tree: &Tree, item: &Item) -> Value {
        let job = &item.job;
        let name = job.name.as_str();
        match &job.kind {
            Kind::Pipeline | Kind::Resuming(_) => {
                let class = format!("{STEPS}$PlaceholderTask");
                let bean = Bean::of(tree, self.typed(&class));
                if !self.options.pipeline_names {
                    return bean.done();
                }
                let text = format!("part of {name} #{}", item.number);
                bean.always("fullDisplayName", text.as_str())
                    .always("name", text.as_str())
                    .always("url", format!("job/{name}/{}/", item.number))
                    .done()
            }
            Kind::Freestyle => {
                let short = name.rsplit('/').next().unwrap_or(name);
                let label = job.label.as_deref().map(|l| labels::as_expression(l).into());
                let bean = Bean::of(tree, self.typed("hudson.model.FreeStyleProject"))
                    .always("name", short)
                    .set("fullName", name)
                    .always("url", format!("{}/{}", self.root_url(), job_path(name)))
                    .always("color", "blue");
                let label = label.unwrap_or(Value::Null);
                if self.exports_labels() { bean.set("labelExpression", label) } else { bean }.done()
            }
            Kind::MatrixConfiguration => {
                let parent = job.parent.as_deref().unwrap_or("matrix");
                let bean = Bean::of(tree, self.typed("hudson.matrix.MatrixConfiguration"))
                    .always("name", name)
                    .set("fullName", format!("{parent}/{name}"))
                    .always("url", format!("{}/{}{name}/", self.root_url(), job_path(parent)))
                    .always("color", "blue");
                if self.exports_labels() { bean.set("labelExpression", Value::Null) } else { bean }.done()
            }
        }
    }

    fn computers_json(&self, tree: &Tree, caller: &Caller) -> Value {
        let busy: usize = self.nodes.iter().map(|n| n.executors.len() - n.parked()).sum();
        let total: usize = self.nodes.iter().filter(|n| !n.offline()).map(|n| n.executors.len()).sum();
        // An agent without executors has no computer; the built-in node always has one (hudson.model.Hudson$MasterComputer).
        let computers = self.nodes.iter().filter(|n| n.is_built_in() || !n.executors.is_empty());
        Bean::of(tree, self.typed("hudson.model.ComputerSet"))
            .set("busyExecutors", busy)
            .list("computer", computers, |t, n| self.computer_json(t.whole(), n, caller))
            .set("displayName", "Nodes")
            .set("totalExecutors", total)
            .done()
    }

    fn computer_json(&self, tree: &Tree, node: &Node, caller: &Caller) -> Value {
        let sees = caller.may(Permission::AgentConnect);
        let cause = node.cause();
        let reads = caller.may(Permission::JobRead);
        let agent = node.class != BUILT_IN_CLASS;
        let mut bean = Bean::of(tree, self.typed(&node.class))
            .nest("actions", |_| json!([]))
            .set("description", node.description.as_str())
            .set("displayName", self.computer_name(node))
            .list("executors", node.executors.iter().enumerate(), |t, (n, e)| self.executor_json(t, n, e, reads))
            .set("icon", "symbol-computer")
            .set("iconClassName", "symbol-computer")
            .set("idle", node.idle())
            .set("jnlpAgent", agent && !node.launch_supported)
            .set("launchSupported", node.launch_supported || !agent)
            .nest("loadStatistics", |t| {
                let statistics = Bean::of(t, self.typed("hudson.model.Label$1"));
                let latest = |t: &Tree| Bean::plain(t).set("latest", node.busy_average).done();
                let series = |t: &Tree| Bean::plain(t).nest("sec10", latest).done();
                statistics.nest("busyExecutors", series).done()
            })
            .set("manualLaunchAllowed", true)
            .nest("monitorData", |_| if sees { monitor_data(node) } else { json!({}) })
            .set("numExecutors", if node.removed { 0 } else { node.executors.len() })
            .set("offline", node.offline())
            .nest("offlineCause", |t| {
                let Some(cause) = cause else { return Value::Null };
                let bean = Bean::of(t, self.typed(cause.kind.class())).set("timestamp", cause.at);
                if cause.kind.is_simple() { bean.set("description", cause.message.as_str()) } else { bean }.done()
            })
            .set("offlineCauseReason", cause.map_or(String::new(), |c| escape(&c.message)))
            .list("oneOffExecutors", [(); 0], |_, ()| Value::Null)
            .set("temporarilyOffline", node.temporarily_offline);
        if self.exports_labels() {
            bean = bean.list("assignedLabels", &node.label_set, |t, l| label_json(t, l));
        }
        if agent {
            let path = if sees { "/home/jenkins".into() } else { Value::Null };
            bean = bean.set("absoluteRemotePath", path);
        }
        bean.done()
    }

    fn executor_json(&self, tree: &Tree, number: usize, executor: &Executor, reads: bool) -> Value {
        let build = executor.build.as_ref();
        Bean::plain(tree)
            .nest("currentExecutable", |t| match build.filter(|_| reads) {
                Some(build) => self.executable_json(t, build),
                None => Value::Null,
            })
            .set("idle", build.is_none())
            .set("likelyStuck", false)
            .set("number", number)
            .nest("progress", |_| build.map_or(-1, |b| self.progress(b)).into())
            .done()
    }

    fn progress(&self, build: &Build) -> i64 {
        let whole = build.ends.saturating_sub(build.started).max(1);
        (self.now.saturating_sub(build.started) * 100 / whole).min(99).cast_signed()
    }

    fn executable_json(&self, tree: &Tree, build: &Build) -> Value {
        let name = build.job.name.as_str();
        let (class, path) = match &build.job.kind {
            Kind::Freestyle => ("hudson.model.FreeStyleBuild".to_string(), job_path(name)),
            Kind::MatrixConfiguration => {
                let parent = build.job.parent.as_deref().unwrap_or("matrix");
                ("hudson.matrix.MatrixRun".to_string(), format!("{}{name}/", job_path(parent)))
            }
            Kind::Pipeline | Kind::Resuming(_) => {
                (format!("{STEPS}$PlaceholderTask$PlaceholderExecutable"), job_path(name))
            }
        };
        Bean::of(tree, self.typed(&class))
            .set("number", build.number)
            .set("url", format!("{}/{path}{}/", self.root_url(), build.number))
            .set("timestamp", build.started)
            .done()
    }
}

fn label_json(tree: &Tree, name: &str) -> Value {
    Bean::plain(tree).always("name", name).done()
}

fn monitor_data(node: &Node) -> Value {
    let response = if node.offline() { Value::Null } else { json!({"average": 12}) };
    json!({
        "hudson.node_monitors.ArchitectureMonitor": if node.offline() { Value::Null } else { "Linux (amd64)".into() },
        "hudson.node_monitors.ResponseTimeMonitor": response,
    })
}

/// `a/b` as `job/a/job/b/`.
fn job_path(name: &str) -> String {
    name.split('/').map(|part| format!("job/{part}/")).collect()
}

/// `Util.escape` as the offline reason goes through it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#039;"),
            c => out.push(c),
        }
    }
    out
}
