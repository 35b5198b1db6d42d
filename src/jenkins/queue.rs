//! The build queue (hudson/model/Queue.java), from Jenkins 1.x on.
//!
//! An item that can only be read in part is kept with what could be read: one odd item must not hide the others, nor
//! itself.

use super::client::Jenkins;
use super::error::JenkinsError;
use super::flow_graph::is_run;
use super::reading::Reading;
use crate::domain::address::percent_decode;
use crate::domain::world::{Queue, QueueItem, Stage, Task};
use crate::http::lenient::{Exported, Field, Lenient, object};
use jiff::Timestamp;
use serde::de::MapAccess;
use std::cell::LazyCell;

const PATH: &str = "queue/api/json";
/// A job is named by its full name, a `node` block of a pipeline, which has none, by its URL.
const TREE: &str = "items[id,why,blocked,buildable,pending,inQueueSince,task[fullName,url,labelExpression]],\
                    discoverableItems[task[name]]";

/// The same without the field that Jenkins cannot export for some jobs.
const TREE_WITHOUT_LABELS: &str = "items[id,why,blocked,buildable,pending,inQueueSince,task[fullName,url]]";

/// The same with nothing but plain values: a cloud plugin that fails keeps Jenkins from telling why items wait
/// (hudson/model/Label.java, isEmpty).
const TREE_OF_ALL: &str = "items[id,blocked,buildable,pending,inQueueSince,task[fullName,url]]";

/// A `node` block (workflow-durable-task-step, ExecutorStepExecution.java).
const PIPELINE: &str = "ExecutorStepExecution$PlaceholderTask";
/// Tasks that take no executor of their node (implementations of hudson.model.Queue.FlyweightTask), those with a label of
/// their own: a matrix project itself, and a build flow.
const FLYWEIGHTS: &[&str] = &["hudson.matrix.MatrixProject", "com.cloudbees.plugins.flow.BuildFlow"];
/// Such tasks that export no label, and have none: a pipeline itself, and the scans of folders whose jobs a plugin computes
/// (cloudbees-folder, ComputedFolder.java), which the built-in node does.
const FLYWEIGHTS_WITHOUT_LABEL: &[&str] = &[
    "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
    "jenkins.branch.OrganizationFolder",
];
/// A combination (matrix-project, MatrixConfiguration.java).
const MATRIX: &str = "hudson.matrix.MatrixConfiguration";

impl Jenkins {
    /// The build queue as this user may see it: without Job/Read it is empty (Queue.getItems, SECURITY-186), and only
    /// [`Queue::discoverable`] may show that there are items.
    pub fn queue(&self) -> Result<Reading<Queue>, JenkinsError> {
        self.read_queue(TREE)
    }

    /// The queue without the labels of jobs. A job whose whole label expression is in double quotes is in this list alone:
    /// Jenkins leaves out what it fails to export (hudson/model/AbstractProject.java, getAssignedLabelString).
    pub fn queue_without_labels(&self) -> Result<Reading<Queue>, JenkinsError> {
        self.read_queue(TREE_WITHOUT_LABELS)
    }

    /// All items, with neither the labels of jobs nor why they wait: nothing that Jenkins fails to export leaves one out.
    pub fn whole_queue(&self) -> Result<Reading<Queue>, JenkinsError> {
        self.read_queue(TREE_OF_ALL)
    }

    fn read_queue(&self, tree: &str) -> Result<Reading<Queue>, JenkinsError> {
        let reading = self.read(PATH, tree, "the build queue")?;
        let read_at = reading.date;
        reading.try_map(|Field(root): Field<Root>| {
            let queue = root.queue().map(|queue| Queue { read_at, ..queue });
            queue.ok_or_else(|| self.unexpected(PATH, "wanted the build queue, and the answer has no items".to_owned()))
        })
    }
}

object!(
    /// The answer.
    Root {
        "items" => items: Option<Vec<Entry>>,
        "discoverableItems" => discoverable: Option<Vec<Option<bool>>>,
    }
);

object!(Item {
    "_class" => class: Option<String>,
    "id" => id: Option<i64>,
    "why" => why: Option<String>,
    "blocked" => blocked: Option<bool>,
    "buildable" => buildable: Option<bool>,
    "pending" => pending: Option<bool>,
    "inQueueSince" => in_queue_since: Option<i64>,
    "task" => task: Exporter,
});

object!(
    /// What waits, as its class exports it.
    Exporter {
        "_class" => class: Option<String>,
        "fullName" => full_name: Option<String>,
        "url" => url: Option<String>,
        "labelExpression" => label: Exported,
    }
);

/// An entry of the list of items; nothing if it has no number.
#[derive(Default)]
struct Entry(Option<QueueItem>);

impl Lenient for Entry {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self(Item::object(object)?.read()))
    }
}

impl Root {
    fn queue(self) -> Option<Queue> {
        let entries = self.items?;
        let listed = entries.len();
        let items: Vec<QueueItem> = entries.into_iter().filter_map(|Entry(item)| item).collect();
        if items.len() < listed {
            log::info!("left out {} of {listed} queue items, which have no number", listed - items.len());
        }
        let discoverable = self.discoverable.map_or(0, |items| items.len());
        let discoverable = u32::try_from(discoverable).unwrap_or(u32::MAX);
        Some(Queue { items, discoverable, ..Queue::default() })
    }
}

impl Item {
    fn read(mut self) -> Option<QueueItem> {
        let id = u64::try_from(self.id?).ok()?;
        let stage = self.stage();
        let full_name = self.task.full_name.take();
        // Most tasks say all about themselves.
        let path = LazyCell::new(|| self.task.url.as_deref().map(JobPath::of).unwrap_or_default());
        let task = self.task.read(|| path.combination.clone());
        let run = self.task.url.clone().filter(|url| task == Task::Pipeline && is_run(url));
        Some(QueueItem {
            id,
            task,
            job: full_name.or_else(|| path.full_name()).unwrap_or_else(|| format!("queue item {id}")),
            stage,
            in_queue_since: self
                .in_queue_since
                .filter(|ms| *ms > 0)
                .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            why: self.why,
            run,
        })
    }

    /// From the class; before Jenkins 2.2, which does not export it, from the fields that only one of the classes exports.
    fn stage(&self) -> Stage {
        let is = |flag| flag == Some(true);
        let class = self.class.as_deref().and_then(|class| class.strip_prefix("hudson.model.Queue$"));
        let buildable = if is(self.pending) { Stage::Pending } else { Stage::Buildable };
        match class {
            Some("WaitingItem") => Stage::Waiting,
            Some("BlockedItem") => Stage::Blocked,
            Some("BuildableItem") => buildable,
            _ if is(self.buildable) => buildable,
            _ if is(self.blocked) => Stage::Blocked,
            // In its quiet period, or without any field: it needs no server.
            _ => Stage::Waiting,
        }
    }
}

impl Exporter {
    fn read(&self, combination: impl Fn() -> Option<String>) -> Task {
        let class = self.class.as_deref();
        if class.is_some_and(|class| class.contains(PIPELINE)) {
            return Task::Pipeline;
        }
        if class == Some(MATRIX) || (class.is_none() && combination().is_some()) {
            return Task::Matrix { axis_values: axis_values(&combination().unwrap_or_default()) };
        }
        let is_one_of = |classes: &[&str]| class.is_some_and(|class| classes.contains(&class));
        if is_one_of(FLYWEIGHTS_WITHOUT_LABEL) {
            return Task::Flyweight { label: None };
        }
        match &self.label.0 {
            Some(label) => {
                // Jenkins trims no other white space (hudson.Util.fixEmptyAndTrim): a label may end with U+00A0.
                let label = label.as_ref().map(|label| label.trim_matches(|c| c <= ' ').to_owned());
                if is_one_of(FLYWEIGHTS) { Task::Flyweight { label } } else { Task::Project { label } }
            }
            None => Task::Unknown,
        }
    }
}

/// The values of `AXIS=value,AXIS2=value2` (matrix-project, Combination.java). A value may hold a comma.
fn axis_values(name: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for part in name.split(',') {
        match (part.split_once('='), values.last_mut()) {
            (Some((_, value)), _) => values.push(value.to_owned()),
            (None, Some(before)) => before.extend([",", part]),
            (None, None) => {}
        }
    }
    values
}

/// What a task's URL says about its job. The URL is absolute for jobs and relative for `node` blocks.
#[derive(Default)]
struct JobPath {
    jobs: Vec<String>,
    /// The last part of `.../job/P/AXIS=value,.../`.
    combination: Option<String>,
}

impl JobPath {
    fn of(url: &str) -> Self {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        // The prefix of the controller comes before the first job.
        let mut words = path.split('/').filter(|word| !word.is_empty()).skip_while(|word| *word != "job");
        let mut jobs = Vec::new();
        let mut combination = None;
        while let Some(word) = words.next() {
            if word == "job" {
                jobs.extend(words.next().map(percent_decode));
            } else {
                let word = percent_decode(word);
                combination = word.contains('=').then_some(word);
                break;
            }
        }
        Self { jobs, combination }
    }

    fn full_name(&self) -> Option<String> {
        let names: Vec<&str> = self.jobs.iter().chain(&self.combination).map(String::as_str).collect();
        (!names.is_empty()).then(|| names.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: Lenient>(json: Value) -> T {
        serde_json::from_value::<Field<T>>(json).unwrap().0
    }

    fn item(task: Value) -> QueueItem {
        read::<Entry>(json!({"id": 7, "task": task})).0.unwrap()
    }

    #[test]
    fn the_jobs_name_comes_from_the_first_field_that_has_it() {
        for (task, job) in [
            (json!({"name": "b", "fullName": "a/b", "url": "http://h/job/x/job/y/"}), "a/b"),
            (json!({"name": "b", "url": "http://h/job/a/job/b/"}), "a/b"),
            (json!({"url": "https://ci.example.com/jenkins/job/a%20b/job/%C3%A9+1/"}), "a b/é+1"),
            (json!({"url": "job/folder/job/pipe/12/"}), "folder/pipe"),
            (json!({"url": "https://h/job/P/ARCH=x86_64,DIST=el%209/"}), "P/ARCH=x86_64,DIST=el 9"),
            (json!({"url": "job/job/job/P/"}), "job/P"),
            (json!({"url": "queue/item/7/"}), "queue item 7"),
            (json!({"url": "http://h"}), "queue item 7"),
            (json!({"fullName": null}), "queue item 7"),
            (json!({}), "queue item 7"),
            (json!(null), "queue item 7"),
        ] {
            assert_eq!(item(task.clone()).job, job, "{task}");
        }
    }

    #[test]
    fn the_class_and_the_exported_label_decide_the_kind_of_task() {
        let values = |values: &[&str]| Task::Matrix { axis_values: values.iter().map(|v| (*v).to_owned()).collect() };
        let label = |label: Option<&str>| Task::Project { label: label.map(str::to_owned) };
        let placeholder = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask";
        for (task, kind) in [
            (json!({"_class": placeholder}), Task::Pipeline),
            (
                json!({"_class": MATRIX, "url": "http://h/job/P/A=x,B=y,z/", "labelExpression": null}),
                values(&["x", "y,z"]),
            ),
            (json!({"_class": MATRIX, "url": "http://h/job/P/A=x/"}), values(&["x"])),
            (json!({"_class": MATRIX, "url": "http://h/job/P/default/"}), values(&[])),
            (json!({"_class": MATRIX}), values(&[])),
            (json!({"name": "A=x", "url": "http://h/job/P/A=x/"}), values(&["x"])),
            (json!({"name": "A=x", "url": "http://h/job/A=x/"}), Task::Unknown),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": " a && b "}), label(Some("a && b"))),
            (
                json!({"_class": "hudson.matrix.MatrixProject", "labelExpression": "mat"}),
                Task::Flyweight { label: Some("mat".into()) },
            ),
            (
                json!({"_class": "com.cloudbees.plugins.flow.BuildFlow", "labelExpression": null}),
                Task::Flyweight { label: None },
            ),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": "a\u{a0} "}), label(Some("a\u{a0}"))),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": null}), label(None)),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": " "}), label(None)),
            (json!({"_class": "hudson.model.FreeStyleProject", "name": "x"}), Task::Unknown),
            (
                json!({"_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": "x"}),
                Task::Flyweight { label: None },
            ),
            (json!({"_class": "jenkins.branch.OrganizationFolder", "name": "x"}), Task::Flyweight { label: None }),
            (json!(null), Task::Unknown),
        ] {
            assert_eq!(item(task.clone()).task, kind, "{task}");
        }
    }

    #[test]
    fn the_class_decides_the_stage_and_before_2_2_the_fields() {
        for (item, stage) in [
            (json!({"_class": "hudson.model.Queue$WaitingItem"}), Stage::Waiting),
            (json!({"_class": "hudson.model.Queue$BlockedItem", "blocked": true, "buildable": false}), Stage::Blocked),
            (json!({"_class": "hudson.model.Queue$BuildableItem", "pending": false}), Stage::Buildable),
            (json!({"_class": "hudson.model.Queue$BuildableItem", "pending": true}), Stage::Pending),
            (json!({"_class": "org.example.OddItem", "buildable": true}), Stage::Buildable),
            (json!({"blocked": false, "buildable": true, "pending": true}), Stage::Pending),
            (json!({"blocked": false, "buildable": true}), Stage::Buildable),
            (json!({"blocked": true, "buildable": false}), Stage::Blocked),
            (json!({"blocked": false, "buildable": false}), Stage::Waiting),
            (json!({}), Stage::Waiting),
        ] {
            assert_eq!(read::<Item>(item.clone()).stage(), stage, "{item}");
        }
    }

    #[test]
    fn one_odd_item_loses_no_other_and_a_list_without_items_is_none() {
        let queue = read::<Root>(json!({"items": [
            null, {}, [], "x", {"id": "no number"}, {"id": -1},
            {"id": "12", "why": 5, "inQueueSince": {}, "task": []},
            {"id": 13, "inQueueSince": 0, "why": "", "task": {"fullName": "b"}},
            {"id": 14, "inQueueSince": i64::MAX},
        ]}))
        .queue()
        .unwrap();
        let seen: Vec<_> =
            queue.items.iter().map(|i| (i.id, i.job.as_str(), i.in_queue_since, i.why.clone())).collect();
        assert_eq!(seen, [(12, "queue item 12", None, None), (13, "b", None, None), (14, "queue item 14", None, None)]);
        for root in [json!({}), json!([]), json!({"items": null}), json!({"items": {}}), json!(null)] {
            assert_eq!(read::<Root>(root.clone()).queue(), None, "{root}");
        }
    }
}
