//! What the user may do, found out by reading alone.
//!
//! Jenkins has no call that lists a user's permissions. What it shows of a node tells them: a field of its JSON, a form and
//! a link of its pages are there for those who may use them, and for nobody else.

use super::wire::{flag, list, text};
use super::{ErrorKind, Jenkins, JenkinsError};
use crate::http::encode_segment;
use crate::naming::NodeName;
use std::fmt;

/// The built-in node in a path, for Jenkins of every age (jenkins/model/Jenkins.java, `getComputer`).
const BUILT_IN: &str = "(master)";

/// What mita has to be allowed in Jenkins, beside Overall/Read, to keep nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// To make a node.
    Create,
    /// To bring a node back online.
    Connect,
    /// To set a node offline.
    Disconnect,
    /// To delete a node.
    Delete,
}

impl Right {
    /// All of them.
    pub const ALL: [Right; 4] = [Right::Create, Right::Connect, Right::Disconnect, Right::Delete];

    /// What mita cannot do without it.
    pub fn purpose(self) -> &'static str {
        match self {
            Right::Create => "make the nodes of types with register",
            Right::Connect => "bring a node back when a build was faster than its retirement",
            Right::Disconnect => "set a node offline before it is retired",
            Right::Delete => "delete a retired node",
        }
    }
}

/// As Jenkins' pages call it: `Agent/Connect`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Right::Create => "Agent/Create",
            Right::Connect => "Agent/Connect",
            Right::Disconnect => "Agent/Disconnect",
            Right::Delete => "Agent/Delete",
        })
    }
}

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Who Jenkins takes us for; none for nobody in particular (anonymous).
    pub user: Option<String>,
    /// The controller's version.
    pub version: String,
    /// Whether a job can be seen. Where none can, there is none, or Job/Read is missing.
    pub sees_jobs: bool,
    /// What the user may not do with the node that was asked about.
    pub missing: Vec<Right>,
    /// What could not be found out.
    pub unknown: Vec<Right>,
}

impl Jenkins {
    /// Which of these rights the user has, with this node where it is about one; with the built-in one where none is
    /// named, which nobody may delete, so that Agent/Delete stays unknown then.
    pub fn rights(&self, wanted: &[Right], node: Option<&NodeName>) -> Result<Rights, JenkinsError> {
        let who = self.read_whole("whoAmI/api/json", "who we are")?;
        let anonymous = flag(&who.value, "anonymous").unwrap_or(false);
        let user = text(&who.value, "name").filter(|_| !anonymous).map(str::to_owned);
        let jobs = self.read("api/json", "jobs[name]{0,1}", "one job")?;
        let sees_jobs = list(&jobs.value, "jobs").is_some_and(|jobs| !jobs.is_empty());
        let name = node.map_or_else(|| BUILT_IN.to_owned(), |node| encode_segment(node.as_str()));
        let connect = self.may_connect(&name)?;
        let page = self.offline_page(&name)?;
        let mut rights = Rights { user, version: who.version, sees_jobs, missing: Vec::new(), unknown: Vec::new() };
        for right in wanted.iter().copied() {
            let granted = match right {
                Right::Create => self.may_create()?,
                Right::Connect => connect,
                Right::Disconnect => page.as_ref().map(|page| page.contains("changeOfflineCause")),
                Right::Delete => page.as_ref().filter(|_| node.is_some()).map(|page| {
                    // A link to a page before 2.405, a button since.
                    page.contains("doDelete") || page.contains("/delete\"")
                }),
            };
            match granted {
                Some(true) => {}
                Some(false) => rights.missing.push(right),
                None => rights.unknown.push(right),
            }
        }
        Ok(rights)
    }

    /// `monitorData` has an entry for each monitor, and none without Agent/Connect (hudson/model/Computer.java; since
    /// 2.32.2, before that everybody saw it).
    fn may_connect(&self, node: &str) -> Result<Option<bool>, JenkinsError> {
        let computer = self.read_whole(&format!("computer/{node}/api/json"), "a node")?;
        let always_shown = before(&computer.version, 2, 33);
        let data = computer.value.get("monitorData").and_then(serde_json::Value::as_object);
        Ok(data.filter(|_| !always_shown).map(|data| !data.is_empty()))
    }

    fn may_create(&self) -> Result<Option<bool>, JenkinsError> {
        match self.may_create_nodes() {
            Ok(()) => Ok(Some(true)),
            Err(JenkinsError { kind: ErrorKind::Forbidden { permission }, .. }) => {
                Ok((permission.as_deref() == Some("Agent/Create")).then_some(false))
            }
            Err(JenkinsError { kind: ErrorKind::NotFound | ErrorKind::Redirected, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The page on which the reason for a node's being offline is changed: its form is there with Agent/Disconnect only,
    /// and the link to delete the node with Agent/Delete only (hudson/model/Computer/setOfflineCause.jelly,
    /// sidepanel.jelly). Reading it changes nothing.
    fn offline_page(&self, node: &str) -> Result<Option<String>, JenkinsError> {
        match self.fetch(&format!("computer/{node}/setOfflineCause")) {
            Ok(response) => Ok(Some(String::from_utf8_lossy(&response.body).into_owned())),
            Err(JenkinsError { kind: ErrorKind::NotFound | ErrorKind::Redirected, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a version is older than this one; unknown versions are not.
fn before(version: &str, major: u32, minor: u32) -> bool {
    let mut parts = version.split(['.', '-']).map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(a)), Some(Ok(b))) if (a, b) < (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(before("1.651.3", 2, 33) && before("2.9", 2, 33));
        assert!(!before("2.33", 2, 33) && !before("2.578", 2, 33) && !before("3.0", 2, 33) && !before("odd", 2, 33));
    }
}
