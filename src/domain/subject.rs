//! What a person names on the command line: a name, an id, an address, or the URL of a page.

use crate::domain::address::Page;
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{NodeName, ServerId};
use std::net::IpAddr;

/// The beginning of a server's id is enough from this length on.
const ID_PREFIX: usize = 8;

/// What a person names.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name or id, without the URL around it.
    pub name: String,
    ip: Option<IpAddr>,
}

impl Subject {
    /// Reads a name, or takes it out of the URL of a page of Jenkins or of a cloud's dashboard.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let name = if text.contains("://") { of_url(text) } else { without_build(text).to_owned() };
        Subject { ip: name.parse().ok(), name }
    }

    /// Why the text names nothing here, where it is the URL of a page of another Jenkins: nodes there can have the names of
    /// nodes here.
    pub fn elsewhere(text: &str, here: &Installation) -> Option<String> {
        let url = text.trim();
        Page::of(url).filter(|_| url.contains("://"))?;
        let page = Controller::at(url);
        if here.has_page(&page) {
            return None;
        }
        let (name, here) = (Self::read(text).name, &here.controller);
        Some(format!(
            "{page} is no page of the Jenkins of this configuration, {here}: use the configuration of that Jenkins, or, if \
             it is this one under another address, name {name:?} alone"
        ))
    }

    /// Whether this is a job of that name; the folders may be left out.
    pub fn is_job(&self, job: &str) -> bool {
        job == self.name || job.rsplit('/').next() == Some(&self.name)
    }

    /// Whether this is the node: its name, or the address in its name.
    pub fn is_node(&self, node: &NodeName) -> bool {
        node.as_str() == self.name || self.ip.is_some() && node.convention().ip == self.ip
    }

    /// Whether this is the server's id, or a long beginning of it.
    pub fn is_server(&self, id: &ServerId) -> bool {
        self.is_id(id.as_str())
    }

    /// As [`Self::is_server`], for an id of any kind.
    pub fn is_id(&self, id: &str) -> bool {
        id == self.name || self.name.len() >= ID_PREFIX && id.starts_with(&self.name)
    }

    /// Whether a server has this address.
    pub fn is_among<'a>(&self, addresses: impl IntoIterator<Item = &'a IpAddr>) -> bool {
        addresses.into_iter().any(|address| Some(*address) == self.ip)
    }
}

/// A job without the number of a build, as Jenkins writes both: `ceph-build #12`. No name of a job has a `#`.
fn without_build(text: &str) -> &str {
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    text.rsplit_once(" #").filter(|(_, number)| is_number(number)).map_or(text, |(job, _)| job.trim_end())
}

/// The name that a URL leads to. The last part of a dashboard's URL is the server's id.
fn of_url(url: &str) -> String {
    match Page::of(url) {
        Some(Page::Job { name, .. }) => name,
        Some(Page::Node(node)) => node.to_string(),
        Some(Page::QueueItem(id)) => id.to_string(),
        None => {
            let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Owner;

    #[test]
    fn a_url_is_as_good_as_the_name_in_it() {
        for (text, name) in [
            ("ubuntu+10.0.0.5", "ubuntu+10.0.0.5"),
            (" ceph-build ", "ceph-build"),
            ("folder/ceph-build #12", "folder/ceph-build"),
            ("ceph #twelve", "ceph #twelve"),
            ("https://ci.example.com/computer/ubuntu%2B10.0.0.5/", "ubuntu+10.0.0.5"),
            ("https://ci.example.com/job/folder/job/ceph/12/console", "folder/ceph"),
            ("https://cloud.example.com/project/instances/5d0f9aa2-0000/", "5d0f9aa2-0000"),
        ] {
            assert_eq!(Subject::read(text).name, name);
        }
    }

    #[test]
    fn s2_a_page_of_another_jenkins_names_nothing_here() {
        let here = Installation {
            owner: Owner::new("ci").unwrap(),
            controller: Controller::at("https://ci.example.com/jenkins/"),
            former: vec![Controller::at("http://old.example.com:8080/")],
        };
        for (text, is_here) in [
            ("ubuntu+10.0.0.5", true),
            ("computer/ubuntu+10.0.0.5", true),
            ("https://CI.example.com/jenkins/computer/ubuntu+10.0.0.5/", true),
            ("http://ci.example.com:80/jenkins/manage/computer/ubuntu+10.0.0.5/?x=y", true),
            ("https://jo:secret@ci.example.com/jenkins/view/all/job/ceph/3/", true),
            ("http://old.example.com:8080/computer/ubuntu+10.0.0.5/", true),
            ("https://cloud.example.com/project/instances/5d0f9aa2-0000/", true),
            ("https://ci.example.com/computer/ubuntu+10.0.0.5/", false),
            ("https://ci.example.com/jenkins2/computer/ubuntu+10.0.0.5/", false),
            ("https://ci.example.com/jenkins/staging/computer/ubuntu+10.0.0.5/", false),
            ("https://ci.example.com:8443/jenkins/computer/ubuntu+10.0.0.5/", false),
            ("http://old.example.com/computer/ubuntu+10.0.0.5/", false),
            ("https://jo:secret@elsewhere.example/jenkins/job/ceph/", false),
            ("https://elsewhere.example/queue/item/7/", false),
        ] {
            let elsewhere = Subject::elsewhere(text, &here);
            assert_eq!(elsewhere.is_none(), is_here, "{text}: {elsewhere:?}");
            assert!(!elsewhere.unwrap_or_default().contains("secret"));
        }
    }

    #[test]
    fn addresses_name_nodes_and_servers() {
        let subject = Subject::read("10.0.0.5");
        assert!(subject.is_node(&"ubuntu+10.0.0.5".into()));
        assert!(!subject.is_node(&"ubuntu+10.0.0.50".into()));
        assert!(subject.is_among(&["10.0.0.5".parse().unwrap()]));
        assert!(!Subject::read("ubuntu").is_node(&"ubuntu+10.0.0.5".into()));
        assert!(!Subject::read("ubuntu").is_node(&"vault".into()), "neither has an address");
    }
}
