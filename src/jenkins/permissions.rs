//! The user's permissions, found by reading only.
//!
//! Jenkins has no call that lists them. But a field in the JSON of a node, a form and a link on its pages are there only for
//! users who may use them.

use super::client::Jenkins;
use super::error::{ErrorKind, JenkinsError};
use super::reading::Reading;
use crate::http::lenient::{Field, Lenient, object};

use crate::domain::names::NodeName;
use crate::http::encode_segment;
use serde::de::{IgnoredAny, MapAccess};
use std::fmt;

/// The built-in node in a path, for Jenkins of every age (jenkins/model/Jenkins.java, `getComputer`).
const BUILT_IN: &str = "(master)";

/// A permission that mita needs for its nodes, besides Overall/Read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// To create a node.
    Create,
    /// To bring a node back online.
    Connect,
    /// To set a node offline.
    Disconnect,
    /// To delete a node.
    Delete,
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 4] =
        [Permission::Create, Permission::Connect, Permission::Disconnect, Permission::Delete];

    /// What mita needs it for.
    pub fn purpose(self) -> &'static str {
        match self {
            Permission::Create => "create the nodes of types with register",
            Permission::Connect => "bring a node back when a build was faster than its retirement",
            Permission::Disconnect => "set a node offline before it is retired",
            Permission::Delete => "delete a retired node",
        }
    }
}

/// The name on Jenkins' pages: `Agent/Connect`.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Create => "Agent/Create",
            Permission::Connect => "Agent/Connect",
            Permission::Disconnect => "Agent/Disconnect",
            Permission::Delete => "Agent/Delete",
        })
    }
}

/// The permissions of the user, and what else the answers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The user that Jenkins sees; `None` for anonymous.
    pub user: Option<String>,
    /// The controller's version.
    pub version: String,
    /// Whether the user sees a job. If not, there is none, or Job/Read is missing.
    pub sees_jobs: bool,
    /// What the user may not do with the node.
    pub missing: Vec<Permission>,
    /// What the answers do not show.
    pub unknown: Vec<Permission>,
}

object!(WhoAmI {
    "anonymous" => anonymous: Option<bool>,
    "name" => name: Option<String>,
});

object!(Jobs {
    "jobs" => jobs: Option<Vec<Option<String>>>,
});

object!(Computer {
    "monitorData" => monitors: Entries,
});

/// How many entries an object has.
#[derive(Default)]
struct Entries(Option<usize>);

impl Lenient for Entries {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut entries = 0;
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            entries += 1;
        }
        Ok(Self(Some(entries)))
    }
}

impl Jenkins {
    /// The user that Jenkins sees; `None` for anonymous.
    pub fn current_user(&self) -> Result<Reading<Option<String>>, JenkinsError> {
        let who: Reading<Field<WhoAmI>> = self.read_whole("whoAmI/api/json", "the current user")?;
        who.try_map(|Field(WhoAmI { anonymous, name })| Ok(name.filter(|_| anonymous != Some(true))))
    }

    /// Which of these permissions the user has, for this node; without one for the built-in node, which nobody may delete,
    /// so Agent/Delete stays unknown then.
    pub fn permissions(&self, wanted: &[Permission], node: Option<&NodeName>) -> Result<Permissions, JenkinsError> {
        let who = self.current_user()?;
        let jobs: Reading<Field<Jobs>> = self.read("api/json", "jobs[name]{0,1}", "one job")?;
        let sees_jobs = jobs.value.0.jobs.is_some_and(|jobs| !jobs.is_empty());
        let name = node.map_or_else(|| BUILT_IN.to_owned(), |node| encode_segment(node.as_str()));
        let connect = self.may_connect(&name)?;
        let page = self.offline_page(&name)?;
        let mut permissions =
            Permissions { user: who.value, version: who.version, sees_jobs, missing: Vec::new(), unknown: Vec::new() };
        for permission in wanted.iter().copied() {
            let granted = match permission {
                Permission::Create => self.may_create()?,
                Permission::Connect => connect,
                Permission::Disconnect => page.as_ref().map(|page| page.contains("changeOfflineCause")),
                Permission::Delete => page.as_ref().filter(|_| node.is_some()).map(|page| {
                    // A link before 2.405, a button since.
                    page.contains("doDelete") || page.contains("/delete\"")
                }),
            };
            match granted {
                Some(true) => {}
                Some(false) => permissions.missing.push(permission),
                None => permissions.unknown.push(permission),
            }
        }
        Ok(permissions)
    }

    /// `monitorData` has an entry for each monitor, or none without Agent/Connect (hudson/model/Computer.java; everybody saw
    /// the entries before 2.32.2).
    fn may_connect(&self, node: &str) -> Result<Option<bool>, JenkinsError> {
        let computer: Reading<Field<Computer>> = self.read_whole(&format!("computer/{node}/api/json"), "a node")?;
        let always_shown = before(&computer.version, 2, 33);
        Ok(computer.value.0.monitors.0.filter(|_| !always_shown).map(|entries| entries > 0))
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

    /// The page where a user changes why a node is offline: it has a form only with Agent/Disconnect, and a link to delete
    /// the node only with Agent/Delete (hudson/model/Computer/setOfflineCause.jelly, sidepanel.jelly). Reading it changes
    /// nothing.
    fn offline_page(&self, node: &str) -> Result<Option<String>, JenkinsError> {
        match self.fetch(&format!("computer/{node}/setOfflineCause")) {
            Ok(response) => Ok(Some(String::from_utf8_lossy(&response.body).into_owned())),
            Err(JenkinsError { kind: ErrorKind::NotFound | ErrorKind::Redirected, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Whether a version is older than this one; an unknown version is not.
pub(super) fn before(version: &str, major: u32, minor: u32) -> bool {
    numbers(version).is_some_and(|numbers| numbers < (major, minor))
}

/// The first two numbers of a version of Jenkins; none for one that is not known.
pub(super) fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-']).map(str::parse::<u32>);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// Whether a version shows the mark of a node whose agent has not connected since a restart, or since the node was renamed.
pub fn shows_marks(version: &str) -> bool {
    numbers(version).is_some_and(|numbers| numbers >= (2, 482))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(before("1.651.3", 2, 33) && before("2.9", 2, 33));
        assert!(shows_marks("2.482") && shows_marks("2.528.1") && !shows_marks("2.479.3") && !shows_marks(""));
        assert!(!before("2.33", 2, 33) && !before("2.578", 2, 33) && !before("3.0", 2, 33) && !before("odd", 2, 33));
    }
}
