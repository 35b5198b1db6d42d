//! What the path of a page in Jenkins names: a job, a build, a node, a queue item.

use crate::domain::names::NodeName;

/// What a page in Jenkins is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// A job by its full name, or one of its builds.
    Job {
        /// `folder/job`, or `matrix/AXIS=value`.
        name: String,
        /// The number of the build.
        build: Option<u64>,
    },
    /// A node.
    Node(NodeName),
    /// A queue item.
    QueueItem(u64),
}

impl Page {
    /// Reads the path of a URL, or a whole URL. Whatever comes before the first `job/`, `computer/` or `queue/item/` is the
    /// root of Jenkins; whatever comes after the number of a build is a page of that build.
    pub fn of(url: &str) -> Option<Self> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let first = parts.iter().position(|part| matches!(*part, "job" | "computer" | "queue"))?;
        match &parts[first..] {
            ["computer", name, ..] => Some(Page::Node(percent_decode(name).into())),
            ["queue", "item", id, ..] => id.parse().ok().map(Page::QueueItem),
            whole @ ["job", ..] => job(whole),
            _ => None,
        }
    }
}

/// The part of a root URL before what can be the path of a page of Jenkins: that URL may be the one of a page.
pub fn above_page(url: &str) -> Option<&str> {
    const PAGES: [&str; 8] = ["/login/", "/job/", "/view/", "/computer/", "/manage/", "/user/", "/queue/", "/api/"];
    let host = url.find("://")? + "://".len();
    let path = host + url[host..].find('/')?;
    let page = PAGES.iter().filter_map(|page| url[path..].find(page)).min()?;
    Some(&url[..=path + page])
}

/// `job/folder/job/name/12`; a configuration of a matrix project has its axis values after the job.
fn job(parts: &[&str]) -> Option<Page> {
    let mut names: Vec<String> = Vec::new();
    let mut parts = parts.iter();
    while let Some(part) = parts.next() {
        match *part {
            "job" => names.push(percent_decode(parts.next()?)),
            // Pages of views lead to jobs, too: `job/folder/view/all/job/name`.
            "view" => drop(parts.next()),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Some(Page::Job { name: names.join("/"), build: number.parse().ok() });
            }
            axes if axes.contains('=') => names.push(percent_decode(axes)),
            _ => break,
        }
    }
    (!names.is_empty()).then(|| Page::Job { name: names.join("/"), build: None })
}

/// Decodes `%XX` in the path of a URL, as UTF-8. A plus stays a plus.
pub fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&piece.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(piece.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Encodes everything but letters, digits and `-._~+=,` for a segment of a path.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~+=,".contains(&byte) => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The path of a node's page, below the root of Jenkins.
pub fn node_path(name: &str) -> String {
    format!("computer/{}/", percent_encode(name))
}

/// The path of a job's page, below the root of Jenkins. A configuration of a matrix project is below its project.
pub fn job_path(full_name: &str) -> String {
    let mut path = String::new();
    for (index, part) in full_name.split('/').enumerate() {
        if index == 0 || !part.contains('=') {
            path.push_str("job/");
        }
        path.push_str(&percent_encode(part));
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, build: Option<u64>) -> Option<Page> {
        Some(Page::Job { name: name.to_owned(), build })
    }

    #[test]
    fn pages_of_jobs_builds_nodes_and_queue_items_are_told_apart() {
        for (url, page) in [
            ("https://ci.example.com/job/ceph-build/12/", job("ceph-build", Some(12))),
            ("https://ci.example.com/jenkins/job/a%20b/job/dev/3/console?x=1", job("a b/dev", Some(3))),
            ("http://ci/view/all/job/ceph/", job("ceph", None)),
            ("http://ci/job/folder/view/nightly/job/ceph/lastBuild/", job("folder/ceph", None)),
            ("http://ci/job/matrix/OS=trusty,ARCH=amd64/7/", job("matrix/OS=trusty,ARCH=amd64", Some(7))),
            ("http://ci/computer/ubuntu%2B10.0.0.5/", Some(Page::Node("ubuntu+10.0.0.5".into()))),
            ("http://ci/computer/ubuntu+10.0.0.5/builds", Some(Page::Node("ubuntu+10.0.0.5".into()))),
            ("http://ci/queue/item/4711/", Some(Page::QueueItem(4711))),
            ("http://ci/job/", None),
            ("http://ci/queue/", None),
            ("http://computer/me/", None),
            ("ceph-build", None),
        ] {
            assert_eq!(Page::of(url), page, "{url}");
        }
    }

    #[test]
    fn urls_are_decoded_as_utf8_and_a_plus_stays() {
        assert_eq!(percent_decode("a+b%20c%2Fd%C3%A9"), "a+b c/dé");
        assert_eq!(percent_decode("100%, %zz %e"), "100%, %zz %e");
        assert_eq!(percent_decode("%é"), "%é");
    }

    #[test]
    fn the_pages_that_paths_lead_to_are_those_that_they_are_read_as() {
        for name in ["ceph", "a b/größe", "matrix/OS=trusty,ARCH=amd64", "<b>\"'"] {
            assert_eq!(Page::of(&job_path(name)), job(name, None), "{}", job_path(name));
        }
        assert_eq!(Page::of(&node_path("ubuntu+10.0.0.5")), Some(Page::Node("ubuntu+10.0.0.5".into())));
        assert_eq!(job_path("a/b c"), "job/a/job/b%20c/");
    }
}
