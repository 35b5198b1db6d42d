//! The builds that run on a node (hudson/model/Executor.java, `currentExecutable`).
//!
//! For people alone. Jenkins shows none of a job that this user may not read, and none of pipelines with plugins of before
//! August 2018: whether a node is busy, `idle` tells.

use crate::domain::address::Page;
use crate::domain::world::Build;
use crate::http::lenient::{Lenient, object};
use jiff::Timestamp;
use serde::de::MapAccess;

/// The fields of an executor that this file reads.
pub(super) const EXECUTABLE: &str = "currentExecutable[fullDisplayName,number,url,timestamp,queueId]";

/// No display name needs more.
const LONGEST_NAME: usize = 300;

object!(Executable {
    "fullDisplayName" => name: Option<String>,
    "number" => number: Option<i64>,
    "queueId" => item: Option<i64>,
    "url" => url: Option<String>,
    "timestamp" => began: Option<i64>,
});

/// What an executor runs, if it says so.
#[derive(Default)]
pub(super) struct Running(pub(super) Option<Build>);

impl Lenient for Running {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self(Executable::object(object)?.build()))
    }
}

impl Executable {
    fn build(self) -> Option<Build> {
        let url = self.url.filter(|url| is_page(url));
        let (job, of_url) = match url.as_deref().and_then(Page::of) {
            Some(Page::Job { name, build }) => (Some(name), build),
            Some(Page::Node(_) | Page::QueueItem(_)) | None => (None, None),
        };
        let number = self.number.and_then(|number| u64::try_from(number).ok()).or(of_url);
        let name = match (self.name, &job, number) {
            (Some(mut name), _, _) => {
                let end = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(end, _)| end);
                name.truncate(end);
                name
            }
            (None, Some(job), Some(number)) => format!("{job} #{number}"),
            (None, Some(job), None) => job.clone(),
            (None, None, _) => return None,
        };
        let since = self.began.and_then(|at| Timestamp::from_millisecond(at).ok());
        // A build of before Jenkins 1.601 has -1.
        let queue_id = self.item.and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0);
        Some(Build { name, job, number, queue_id, url, since })
    }
}

/// A link to it is shown to people: nothing but a page of a web server.
fn is_page(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://")) && !url.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::lenient::Field;
    use serde_json::json;

    #[test]
    fn builds_are_named_by_job_number_page_and_time() {
        let executables = json!([
            null,
            {"_class": "hudson.model.FreeStyleBuild", "number": 12, "queueId": 71, "fullDisplayName": "folder » ceph #12",
                "timestamp": 1_767_600_000_000_i64, "url": "http://ci/job/folder/job/ceph/12/"},
            {"url": "http://ci/job/dev/3/", "queueId": -1},
            {"fullDisplayName": "part of x #1", "url": "javascript:alert(1)"},
            {},
            [7],
        ]);
        let read: Vec<Field<Running>> = serde_json::from_value(executables).unwrap();
        let shown: Vec<_> = read
            .into_iter()
            .filter_map(|Field(Running(build))| build)
            .map(|build| {
                (build.name, build.job, build.number, build.url.is_some(), build.since.is_some(), build.queue_id)
            })
            .collect();
        let job = |name: &str| Some(name.to_owned());
        assert_eq!(
            shown,
            [
                ("folder » ceph #12".to_owned(), job("folder/ceph"), Some(12), true, true, Some(71)),
                ("dev #3".to_owned(), job("dev"), Some(3), true, false, None),
                ("part of x #1".to_owned(), None, None, false, false, None),
            ]
        );
    }
}
