//! The builds that run on a node (hudson/model/Executor.java, `currentExecutable`).
//!
//! For people alone. Jenkins shows none of a job that this user may not read, and none of pipelines with plugins of before
//! August 2018: whether a node is busy, `idle` tells.

use super::wire::{list, number, text};
use crate::domain::address::Page;
use crate::domain::world::Build;
use jiff::Timestamp;
use serde_json::Value;

/// The fields of an executor that this file reads.
pub(super) const EXECUTABLE: &str = "currentExecutable[fullDisplayName,number,url,timestamp]";

/// No display name needs more.
const LONGEST_NAME: usize = 300;

/// Every build on the executors of a node, flyweight ones included.
pub(super) fn read(node: &Value) -> Vec<Build> {
    let executors = [list(node, "executors"), list(node, "oneOffExecutors")];
    executors.into_iter().flatten().flatten().filter_map(|executor| build(executor.get("currentExecutable")?)).collect()
}

fn build(executable: &Value) -> Option<Build> {
    let url = text(executable, "url").filter(|url| is_page(url)).map(str::to_owned);
    let (job, of_url) = match url.as_deref().and_then(Page::of) {
        Some(Page::Job { name, build }) => (Some(name), build),
        Some(Page::Node(_) | Page::QueueItem(_)) | None => (None, None),
    };
    let number = number(executable, "number").and_then(|number| u64::try_from(number).ok()).or(of_url);
    let name = match (text(executable, "fullDisplayName"), &job, number) {
        (Some(name), _, _) => name.chars().take(LONGEST_NAME).collect(),
        (None, Some(job), Some(number)) => format!("{job} #{number}"),
        (None, Some(job), None) => job.clone(),
        (None, None, _) => return None,
    };
    let since = self::number(executable, "timestamp").and_then(|at| Timestamp::from_millisecond(at).ok());
    Some(Build { name, job, number, url, since })
}

/// A link to it is shown to people: nothing but a page of a web server.
fn is_page(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn builds_are_named_by_job_number_page_and_time() {
        let node = json!({"executors": [
            {"idle": true, "currentExecutable": null},
            {"idle": false, "currentExecutable": {"_class": "hudson.model.FreeStyleBuild", "number": 12,
                "fullDisplayName": "folder » ceph #12", "timestamp": 1_767_600_000_000_i64,
                "url": "http://ci/job/folder/job/ceph/12/"}},
            {"currentExecutable": {"url": "http://ci/job/dev/3/"}},
            {"currentExecutable": {"fullDisplayName": "part of x #1", "url": "javascript:alert(1)"}},
            {"currentExecutable": {}},
        ], "oneOffExecutors": [{"currentExecutable": {"fullDisplayName": "matrix #1"}}, {}]});
        let shown: Vec<_> = read(&node)
            .into_iter()
            .map(|build| (build.name, build.job, build.number, build.url.is_some(), build.since.is_some()))
            .collect();
        let job = |name: &str| Some(name.to_owned());
        assert_eq!(
            shown,
            [
                ("folder » ceph #12".to_owned(), job("folder/ceph"), Some(12), true, true),
                ("dev #3".to_owned(), job("dev"), Some(3), true, false),
                ("part of x #1".to_owned(), None, None, false, false),
                ("matrix #1".to_owned(), None, None, false, false),
            ]
        );
        assert!(read(&json!({"executors": null})).is_empty());
    }
}
