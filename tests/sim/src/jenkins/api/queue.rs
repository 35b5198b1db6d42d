//! The queue and its items (hudson/model/Queue.java).

use std::cell::RefCell;

use serde_json::{Value, json};

use crate::jenkins::api::builds::{STEPS, job_path};
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::labels;
use crate::jenkins::queue::{Item, Job, Kind, Stage};
use crate::jenkins::web::auth::{Caller, Permission};
use crate::jenkins::why::WhyCache;
use crate::jenkins::{Jenkins, Version};

impl Jenkins {
    pub(crate) fn queue_json(&self, tree: &Tree, caller: &Caller) -> Value {
        let cache = RefCell::new(self.why_cache(caller.language));
        let reads = caller.may(Permission::JobRead);
        let discovers = !reads && caller.may(Permission::JobDiscover);
        // getItems: waiting, blocked, buildables reversed, pendings reversed.
        let rank = |i: &&Item| match i.stage {
            Stage::Waiting(at) => (0, at),
            Stage::Blocked(_) => (1, i.id),
            Stage::Buildable => (2, u64::MAX - i.turn),
            Stage::Pending => (3, u64::MAX - i.turn),
        };
        let mut items: Vec<&Item> = self.queue.iter().collect();
        items.sort_by_key(rank);
        let hidden = if discovers { items.clone() } else { Vec::new() };
        // An item whose export throws is left out.
        let shown = items.into_iter().filter(|item| reads && !self.export_throws(tree, item));
        Bean::of(tree, self.typed("hudson.model.Queue"))
            .list("discoverableItems", hidden, |t, i| {
                Bean::plain(t.whole())
                    .nest("task", |t| Bean::plain(t).always("name", i.job.name.as_str()).done())
                    .done()
            })
            // Items are exported whole whatever the depth (defaultVisibility 999).
            .list("items", shown, |t, i| self.item_json(t.whole(), i, &mut cache.borrow_mut()))
            .done()
    }

    /// Whether `task[labelExpression]` or `why`, where it is asked for, throws for this item. A reason that speaks of all nodes
    /// of a label asks each cloud (`Label.isEmpty`).
    fn export_throws(&self, tree: &Tree, item: &Item) -> bool {
        let asks_clouds =
            |label| !matches!(self.nodes_of(label)[..], [_]) && self.nodes_of(label).iter().all(|n| n.offline());
        let waits = matches!(item.stage, Stage::Buildable | Stage::Pending);
        if self.failing_cloud
            && waits
            && tree.named(&["items", "why"])
            && item.label.as_deref().is_some_and(asks_clouds)
        {
            return true;
        }
        let asked = tree.named(&["items", "task", "labelExpression"]);
        let typed = matches!(item.job.kind, Kind::Freestyle | Kind::MatrixParent);
        asked && typed && item.job.label.as_ref().is_some_and(|label| self.labels.throws(label))
    }

    /// `queue/item/ID`.
    pub(crate) fn one_item(&self, id: &str, tree: &Tree, caller: &Caller) -> Option<Value> {
        if let Some(item) = self.queue.iter().find(|i| i.id.to_string() == id) {
            return Some(self.item_json(tree, item, &mut self.why_cache(caller.language)));
        }
        let left = self.left_item(id)?;
        let bean = self.common(tree, "hudson.model.Queue$LeftItem", &left.item).set("stuck", false);
        let executable = |t: &Tree| left.build.as_ref().map_or(Value::Null, |build| self.executable_json(t, build));
        Some(bean.set("why", Value::Null).set("cancelled", left.build.is_none()).nest("executable", executable).done())
    }

    fn common<'t>(&self, tree: &'t Tree, class: &str, item: &Item) -> Bean<'t> {
        Bean::of(tree, self.typed(class))
            .nest("actions", |t| self.actions_json(t, &item.job, item.number))
            .set("blocked", matches!(item.stage, Stage::Blocked(_)) && class.ends_with("BlockedItem"))
            .set("buildable", class.ends_with("BuildableItem"))
            .set("id", item.id)
            .set("inQueueSince", item.since)
            .set("params", "")
            .nest("task", |t| self.task_json(t, item))
            .set("url", format!("queue/item/{}/", item.id))
    }

    fn item_json(&self, tree: &Tree, item: &Item, cache: &mut WhyCache) -> Value {
        let class = match item.stage {
            Stage::Waiting(_) => "hudson.model.Queue$WaitingItem",
            Stage::Blocked(_) => "hudson.model.Queue$BlockedItem",
            Stage::Buildable | Stage::Pending => "hudson.model.Queue$BuildableItem",
        };
        let mut bean = self.common(tree, class, item).nest("stuck", |_| self.stuck(item, cache).into());
        if let Stage::Waiting(until) = item.stage {
            bean = bean.set("timestamp", until);
        } else {
            bean = bean.set("buildableStartMilliseconds", item.buildable_start);
        }
        if matches!(item.stage, Stage::Buildable | Stage::Pending) {
            bean = bean.set("pending", item.stage == Stage::Pending || item.left_pending);
        }
        bean.nest("why", |_| self.why(item, cache).map_or(Value::Null, Value::from)).done()
    }

    /// Who started it; a pipeline's block has no actions.
    fn actions_json(&self, tree: &Tree, job: &Job, number: u64) -> Value {
        let tree = tree.whole();
        let cause = |class: &str, text: String| {
            let cause = |t: &Tree| {
                let t = t.whole();
                let cause = Bean::of(t, self.typed(class)).set("shortDescription", text.as_str());
                let user = class.ends_with("UserIdCause");
                if user { cause.set("userId", "alice").set("userName", "alice") } else { cause }.done()
            };
            Bean::of(tree, self.typed("hudson.model.CauseAction")).list("causes", [()], |t, ()| cause(t)).done()
        };
        match (&job.kind, &job.parent) {
            (Kind::Pipeline, _) if !job.quiet.is_zero() => {
                json!([cause("hudson.model.Cause$UserIdCause", "Started by user alice".into())])
            }
            (Kind::Pipeline | Kind::Resuming(_), _) => json!([]),
            (Kind::MatrixConfiguration, Some(parent)) => {
                let text = format!("Started by upstream project \"{parent}\" build number {number}");
                json!([{}, cause("hudson.model.Cause$UpstreamCause", text)])
            }
            (Kind::Freestyle | Kind::MatrixParent | Kind::MatrixConfiguration, _) => {
                json!([cause("hudson.model.Cause$UserIdCause", "Started by user alice".into())])
            }
        }
    }

    fn task_json(&self, tree: &Tree, item: &Item) -> Value {
        let job = &item.job;
        let class = match &job.kind {
            Kind::Pipeline if item.is_pipeline_itself() => "org.jenkinsci.plugins.workflow.job.WorkflowJob",
            Kind::Pipeline | Kind::Resuming(_) => return self.block_json(tree, item),
            Kind::Freestyle => "hudson.model.FreeStyleProject",
            Kind::MatrixConfiguration => "hudson.matrix.MatrixConfiguration",
            Kind::MatrixParent => "hudson.matrix.MatrixProject",
        };
        let short =
            if job.parent.is_some() { job.name.as_str() } else { job.name.rsplit('/').next().unwrap_or_default() };
        let bean = Bean::of(tree, self.typed(class))
            .set("fullDisplayName", job.display_name())
            .set("fullName", job.full_name())
            .always("name", short)
            .always("url", format!("{}/{}", self.root_url(), job_path(job)))
            .always("color", "notbuilt");
        let project = job.kind != Kind::Pipeline && self.exports_labels();
        let label = match &job.kind {
            Kind::MatrixConfiguration => None,
            _ => job.label.as_deref().map(labels::as_expression),
        };
        if project { bean.set("labelExpression", label) } else { bean }.done()
    }

    /// `ExecutorStepExecution.PlaceholderTask`, which names its run and nothing of its label.
    fn block_json(&self, tree: &Tree, item: &Item) -> Value {
        let bean = Bean::of(tree, self.typed(&format!("{STEPS}$PlaceholderTask")));
        if !self.options.pipeline_names {
            return bean.done();
        }
        let text = format!("part of {} #{}", item.job.display_name(), item.number);
        bean.set("fullDisplayName", text.as_str())
            .set("name", text.as_str())
            .set("url", format!("{}{}/", job_path(&item.job), item.number))
            .done()
    }

    /// A class name, or nothing before Jenkins 2.2.
    pub(crate) fn typed<'a>(&self, class: &'a str) -> Option<&'a str> {
        (self.options.version >= Version::new(2, 2)).then_some(class)
    }
}
