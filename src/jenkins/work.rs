//! What runs on a node.

use super::client::Jenkins;
use super::error::JenkinsError;
use super::lenient::{Field, Lenient, object};
use super::reading::Reading;
use crate::domain::names::NodeName;

object!(Work {
    "executors" => executors: Option<Vec<Slot>>,
    "oneOffExecutors" => one_off: Option<Vec<Slot>>,
});

object!(Slot {
    "currentExecutable" => build: Build,
});

object!(Build {
    "fullDisplayName" => name: Option<String>,
    "url" => url: Option<String>,
});

impl Jenkins {
    /// What runs on a node, one-off builds included: the name and the URL of each build.
    pub fn builds_on(&self, name: &NodeName) -> Result<Vec<String>, JenkinsError> {
        const EXECUTABLE: &str = "[currentExecutable[fullDisplayName,url]]";
        let tree = format!("executors{EXECUTABLE},oneOffExecutors{EXECUTABLE}");
        let work: Reading<Field<Work>> = self.read(&format!("{}api/json", self.node_path(name)?), &tree, "a node")?;
        let Field(Work { executors, one_off }) = work.value;
        let all = executors.into_iter().chain(one_off).flatten();
        let shown = |Slot { build: Build { name, url } }: Slot| {
            let name = name?;
            Some(url.map_or_else(|| name.clone(), |url| format!("{name} ({url})")))
        };
        Ok(all.filter_map(shown).collect())
    }
}
