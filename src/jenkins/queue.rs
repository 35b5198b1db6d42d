//! The build queue (hudson/model/Queue.java), from Jenkins 1.x on.
//!
//! An item that can only be read in part is kept with what could be read: one odd item must not hide the others, nor
//! itself.

use super::client::{Jenkins, Reading};
use super::error::JenkinsError;
use super::wire::{flag, list, number, percent_decode, text};

use crate::domain::world::{Queue, QueueItem, Stage, Task};
use jiff::Timestamp;
use serde_json::Value;

const PATH: &str = "queue/api/json";
const TREE: &str = "items[id,why,blocked,buildable,pending,inQueueSince,timestamp,\
                    task[name,fullName,fullDisplayName,url,labelExpression]],discoverableItems[task[name]]";

/// A `node` block (workflow-durable-task-step, ExecutorStepExecution.java).
const PIPELINE: &str = "ExecutorStepExecution$PlaceholderTask";
/// A matrix project itself (matrix-project, MatrixProject.java).
const MATRIX_PARENT: &str = "hudson.matrix.MatrixProject";
/// A combination (matrix-project, MatrixConfiguration.java).
const MATRIX: &str = "hudson.matrix.MatrixConfiguration";

impl Jenkins {
    /// The build queue as this user may see it: without Job/Read it is empty (Queue.getItems, SECURITY-186), and only
    /// [`Queue::discoverable`] may show that there are items.
    pub fn queue(&self) -> Result<Reading<Queue>, JenkinsError> {
        self.read(PATH, TREE, "the build queue")?.try_map(|root| {
            read_queue(&root)
                .ok_or_else(|| self.unexpected(PATH, "wanted the build queue, and the answer has no items".to_owned()))
        })
    }
}

pub(super) fn read_queue(root: &Value) -> Option<Queue> {
    let mut items = Vec::new();
    for item in list(root, "items")? {
        match read_item(item) {
            Some(item) => items.push(item),
            None => log::info!("left out a queue item without a number: {item}"),
        }
    }
    let discoverable = list(root, "discoverableItems").map_or(0, <[Value]>::len);
    Some(Queue { items, discoverable: u32::try_from(discoverable).unwrap_or(u32::MAX) })
}

fn read_item(item: &Value) -> Option<QueueItem> {
    let id = u64::try_from(number(item, "id")?).ok()?;
    let task = item.get("task").unwrap_or(&Value::Null);
    Some(QueueItem {
        id,
        job: job_name(task).unwrap_or_else(|| format!("queue item {id}")),
        task: read_task(task),
        stage: read_stage(item),
        in_queue_since: number(item, "inQueueSince")
            .filter(|ms| *ms > 0)
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        why: text(item, "why").map(str::to_owned),
    })
}

/// From the class; before Jenkins 2.2, which does not export it, from the fields that only one of the classes exports.
fn read_stage(item: &Value) -> Stage {
    let is = |key| flag(item, key) == Some(true);
    let class = text(item, "_class").and_then(|class| class.strip_prefix("hudson.model.Queue$"));
    let buildable = if is("pending") { Stage::Pending } else { Stage::Buildable };
    match class {
        Some("WaitingItem") => Stage::Waiting,
        Some("BlockedItem") => Stage::Blocked,
        Some("BuildableItem") => buildable,
        _ if is("buildable") => buildable,
        _ if is("blocked") => Stage::Blocked,
        // It has a `timestamp`, the end of its quiet period, or no field at all: it needs no server.
        _ => Stage::Waiting,
    }
}

fn read_task(task: &Value) -> Task {
    let class = text(task, "_class");
    if class.is_some_and(|class| class.contains(PIPELINE)) {
        return Task::Pipeline;
    }
    let combination = text(task, "url").map(job_path).and_then(|path| path.combination);
    if class == Some(MATRIX) || (class.is_none() && combination.is_some()) {
        let name = text(task, "name").map(str::to_owned).or(combination).unwrap_or_default();
        return Task::Matrix { axis_values: axis_values(&name) };
    }
    match task.get("labelExpression") {
        Some(_) => {
            // Jenkins trims no other white space (hudson.Util.fixEmptyAndTrim): a label may end with U+00A0.
            let label = text(task, "labelExpression").map(|label| label.trim_matches(|c| c <= ' ').to_owned());
            if class == Some(MATRIX_PARENT) { Task::Flyweight { label } } else { Task::Project { label } }
        }
        None => Task::Unknown,
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

fn job_name(task: &Value) -> Option<String> {
    let own = |key| text(task, key).map(str::to_owned);
    own("fullName")
        .or_else(|| text(task, "url").and_then(|url| job_path(url).full_name()))
        .or_else(|| own("name"))
        .or_else(|| own("fullDisplayName"))
}

/// What a task's URL says about its job. The URL is absolute for jobs and relative for `node` blocks.
struct JobPath {
    jobs: Vec<String>,
    /// The last part of `.../job/P/AXIS=value,.../`.
    combination: Option<String>,
}

impl JobPath {
    fn full_name(self) -> Option<String> {
        let names: Vec<String> = self.jobs.into_iter().chain(self.combination).collect();
        (!names.is_empty()).then(|| names.join("/"))
    }
}

fn job_path(url: &str) -> JobPath {
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
    JobPath { jobs, combination }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(task: Value) -> QueueItem {
        read_item(&json!({"id": 7, "task": task})).unwrap()
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
            (json!({"url": "queue/item/7/", "name": "b"}), "b"),
            (json!({"url": "http://h", "fullDisplayName": "part of pipe #12"}), "part of pipe #12"),
            (json!({"name": " ", "fullName": null}), "queue item 7"),
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
            (json!({"_class": MATRIX, "name": "A=x,B=y,z", "labelExpression": null}), values(&["x", "y,z"])),
            (json!({"_class": MATRIX, "url": "http://h/job/P/A=x/"}), values(&["x"])),
            (json!({"_class": MATRIX, "name": "default"}), values(&[])),
            (json!({"name": "A=x", "url": "http://h/job/P/A=x/"}), values(&["x"])),
            (json!({"name": "A=x", "url": "http://h/job/A=x/"}), Task::Unknown),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": " a && b "}), label(Some("a && b"))),
            (json!({"_class": MATRIX_PARENT, "labelExpression": "mat"}), Task::Flyweight { label: Some("mat".into()) }),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": "a\u{a0} "}), label(Some("a\u{a0}"))),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": null}), label(None)),
            (json!({"_class": "hudson.model.FreeStyleProject", "labelExpression": " "}), label(None)),
            (json!({"_class": "hudson.model.FreeStyleProject", "name": "x"}), Task::Unknown),
            (json!({"_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": "x"}), Task::Unknown),
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
            (json!({"blocked": false, "buildable": false, "timestamp": 1_766_000_000_000_i64}), Stage::Waiting),
            (json!({}), Stage::Waiting),
        ] {
            assert_eq!(read_stage(&item), stage, "{item}");
        }
    }

    #[test]
    fn one_odd_item_loses_no_other_and_a_list_without_items_is_none() {
        let queue = read_queue(&json!({"items": [
            null, {}, [], "x", {"id": "no number"}, {"id": -1},
            {"id": "12", "why": 5, "inQueueSince": {}, "task": []},
            {"id": 13, "inQueueSince": 0, "why": "", "task": {"name": "b"}},
            {"id": 14, "inQueueSince": i64::MAX},
        ]}))
        .unwrap();
        let seen: Vec<_> =
            queue.items.iter().map(|i| (i.id, i.job.as_str(), i.in_queue_since, i.why.clone())).collect();
        assert_eq!(seen, [(12, "queue item 12", None, None), (13, "b", None, None), (14, "queue item 14", None, None)]);
        for root in [json!({}), json!([]), json!({"items": null}), json!({"items": {}}), json!(null)] {
            assert_eq!(read_queue(&root), None, "{root}");
        }
    }
}
