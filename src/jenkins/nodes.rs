//! The nodes (hudson/model/Computer.java, ComputerSet.java), from Jenkins 1.x on.
//!
//! mita may remove the server of a node that is not in the list. So a list that may hide a node is an error, and a node
//! whose state cannot be read counts as busy.

use super::builds::{EXECUTABLE, Running};
use super::cause;
use super::client::Jenkins;
use super::error::{ErrorKind, JenkinsError};
use super::load::{self, BusyAverage};
use super::reading::Reading;
use crate::domain::description::{copied_mark_in, mark_in};
use crate::domain::names::NodeName;
use crate::domain::world::{Build, Node, NodeKind, OfflineCause, Presence};
use crate::http::encode_segment;
use crate::http::lenient::{Field, Lenient, Name, object};
use jiff::Timestamp;
use serde::de::MapAccess;

/// `_class` does not have to be selected. Jenkins fills in the cause only if one of its fields is selected.
fn fields() -> String {
    format!(
        "displayName,idle,offline,temporarilyOffline,numExecutors,offlineCause[description,timestamp],offlineCauseReason,\
         assignedLabels[name],executors[idle,{EXECUTABLE}],oneOffExecutors[{EXECUTABLE}],description,\
         absoluteRemotePath,{}",
        load::FIELDS
    )
}

const PATH: &str = "computer/api/json";

/// The name of the built-in node before 2.2, which does not export classes.
const MASTER: &str = "master";

impl Jenkins {
    /// Every node. Fails if the list may hide one: if an entry has no name, or if the built-in node is missing, which is in
    /// every list, even without executors (hudson/model/AbstractCIBase.java, JENKINS-7291).
    ///
    /// Before 2.94 Jenkins does not export a node's labels: each node then has only its own name.
    pub fn nodes(&self) -> Result<Reading<Vec<Node>>, JenkinsError> {
        let reading = self.read(PATH, &format!("computer[{}]", fields()), "the list of nodes")?;
        let mut reading = reading.try_map(|Field(root): Field<Root>| {
            let incomplete = |text| JenkinsError { kind: ErrorKind::Incomplete, ..self.unexpected(PATH, text) };
            root.nodes().map_err(incomplete)
        })?;
        cause::unescape_once_more(&reading.version, &mut reading.value);
        Ok(reading)
    }

    /// One node as it is now; `None` if Jenkins says that there is no such node.
    pub fn node(&self, name: &NodeName) -> Result<Reading<Option<Node>>, JenkinsError> {
        let path = format!("{}api/json", self.node_path(name)?);
        match self.read(&path, &fields(), "a node") {
            Ok(reading) => {
                let mut reading = reading.try_map(|Field(Entry(entry)): Field<Entry>| {
                    let classes = entry.as_ref().is_some_and(|(class, _)| class.is_some());
                    match entry.map(|entry| of_class(entry, classes)) {
                        Some(node) if node.name == *name => Ok(Some(node)),
                        _ => Err(self.unexpected(&path, format!("wanted the node {name}, and got something else"))),
                    }
                })?;
                cause::unescape_once_more(&reading.version, &mut reading.value);
                Ok(reading)
            }
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => {
                // This page is not part of the API, so it has no session and no version.
                Ok(Reading { value: None, session: None, version: String::new(), date: None })
            }
            Err(error) => Err(error),
        }
    }

    /// `computer/NAME/`. No node can have one of the refused names, and other software would read them as other paths.
    pub(super) fn node_path(&self, name: &NodeName) -> Result<String, JenkinsError> {
        match name.as_str() {
            "" | "." | ".." => Err(JenkinsError {
                request: self.url("computer/"),
                kind: ErrorKind::NotSent,
                text: format!("{name:?} is not the name of a node"),
            }),
            name => Ok(format!("computer/{}/", encode_segment(name))),
        }
    }
}

object!(
    /// The answer.
    Root {
        "computer" => entries: Option<Vec<Entry>>,
    }
);

object!(Computer {
    "_class" => class: Option<String>,
    "displayName" => name: Name,
    "idle" => idle: Option<bool>,
    "offline" => offline: Option<bool>,
    "temporarilyOffline" => temporarily_offline: Option<bool>,
    "numExecutors" => configured: Option<i64>,
    "offlineCause" => cause: Cause,
    "offlineCauseReason" => reason: Option<String>,
    "assignedLabels" => labels: Option<Vec<Label>>,
    "executors" => executors: Option<Vec<Executor>>,
    "oneOffExecutors" => one_off_executors: Option<Vec<Executor>>,
    "description" => description: Option<String>,
    "absoluteRemotePath" => remote_path: Option<String>,
    "loadStatistics" => load: BusyAverage,
});

object!(Cause {
    "_class" => class: Option<String>,
    "description" => description: Option<String>,
    "timestamp" => since: Option<i64>,
});

object!(Label {
    "name" => name: Option<String>,
});

object!(Executor {
    "idle" => idle: Option<bool>,
    "currentExecutable" => current: Running,
});

/// An entry of the list with its class; nothing if it has no name.
#[derive(Default)]
struct Entry(Option<(Option<String>, Node)>);

impl Lenient for Entry {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self(Computer::object(object)?.read()))
    }
}

impl Root {
    fn nodes(self) -> Result<Vec<Node>, String> {
        let entries = self.entries.ok_or("wanted the list of nodes, and the answer has none")?;
        if let Some(nameless) = entries.iter().position(|Entry(entry)| entry.is_none()) {
            let number = nameless + 1;
            return Err(format!("entry {number} of the list of nodes has no name, so the list may hide a node"));
        }
        let classes = entries.iter().any(|Entry(entry)| entry.as_ref().is_some_and(|(class, _)| class.is_some()));
        let entries = entries.into_iter().filter_map(|Entry(entry)| entry);
        let nodes: Vec<Node> = entries.map(|entry| of_class(entry, classes)).collect();
        if nodes.iter().any(|node| node.kind == NodeKind::BuiltIn) {
            Ok(nodes)
        } else {
            Err(format!(
                "the list of {} nodes lacks the built-in node, which is in every list, so it may hide other nodes",
                nodes.len()
            ))
        }
    }
}

/// The node of an entry, in an answer with classes or without.
fn of_class((class, node): (Option<String>, Node), classes: bool) -> Node {
    let kind = read_kind(class.as_deref(), &node.name, classes);
    let mark = node.mark.filter(|_| kind == NodeKind::Agent);
    Node { kind, mark, ..node }
}

impl Computer {
    fn read(self) -> Option<(Option<String>, Node)> {
        let presence = self.presence();
        let name = NodeName::from(self.name.0?);
        let labels = match self.labels {
            Some(labels) => labels.into_iter().filter_map(|label| label.name).collect(),
            None => [name.as_str().to_owned()].into(),
        };
        let executors = self.executors.unwrap_or_default();
        let free = executors.iter().filter(|executor| executor.idle == Some(true)).count();
        let taken = u32::try_from(executors.len() - free).unwrap_or(u32::MAX);
        let free = u32::try_from(free).unwrap_or(u32::MAX);
        let configured = self.configured.and_then(|n| u32::try_from(n).ok()).unwrap_or(free.saturating_add(taken));
        let one_off = self.one_off_executors.unwrap_or_default();
        // Jenkins reads its fields one after the other, and a build may begin in between.
        let works = !one_off.is_empty() || executors.iter().any(|executor| executor.idle == Some(false));
        let unclear = self.idle.is_none() || presence.is_none();
        let (idle, presence) = match (self.idle, presence) {
            (Some(idle), Some(presence)) => (idle && !works, presence),
            (_, presence) => (false, presence.unwrap_or(Presence::Disconnected)),
        };
        // After their number was lowered, there may be more executors than configured for a moment: these take no work.
        let idle_executors = match presence {
            Presence::Online => free.min(configured.saturating_sub(taken)),
            Presence::Disconnected | Presence::DisconnectedBy(_) | Presence::SetOffline(_) => 0,
        };
        let executors = executors.into_iter().chain(one_off);
        let mut builds: Vec<Build> = executors.filter_map(|executor| executor.current.0).collect();
        // Most nodes have one, and a list that grows begins with room for four.
        builds.shrink_to_fit();
        let node = Node {
            // Not exported before 2.79.
            mark: self.description.as_deref().and_then(|text| mark_in(text, &name)),
            copied_mark: self.description.as_deref().and_then(|text| copied_mark_in(text, &name)).map(Box::new),
            name,
            kind: NodeKind::Agent,
            labels,
            executors: configured,
            idle_executors,
            idle,
            presence,
            connected: self.remote_path.is_some(), // As its agent says it (hudson/slaves/SlaveComputer.java).
            busy_average: self.load.0,
            unclear,
            builds,
        };
        Some((self.class, node))
    }

    fn presence(&self) -> Option<Presence> {
        if self.temporarily_offline? {
            return Some(Presence::SetOffline(self.offline_cause()));
        }
        if !self.offline? {
            return Some(Presence::Online);
        }
        let cause = self.offline_cause();
        Some(if cause.is_user() { Presence::DisconnectedBy(cause) } else { Presence::Disconnected })
    }

    fn offline_cause(&self) -> OfflineCause {
        let Cause { class, description, since } = &self.cause;
        let since = since.and_then(|since| Timestamp::from_millisecond(since).ok());
        OfflineCause { since, ..cause::read(class.as_deref(), description.as_deref(), self.reason.as_deref()) }
    }
}

fn read_kind(class: Option<&str>, name: &NodeName, classes: bool) -> NodeKind {
    match class {
        Some("hudson.slaves.SlaveComputer") => NodeKind::Agent,
        Some(class) if class.ends_with("$MasterComputer") => NodeKind::BuiltIn,
        Some(class) => NodeKind::CloudPlugin(class.to_owned()),
        None if classes => NodeKind::CloudPlugin("without a class".to_owned()),
        None if name.as_str() == MASTER => NodeKind::BuiltIn,
        None => NodeKind::Agent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn agent(fields: Value) -> Node {
        let mut entry = json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "n", "idle": true,
            "offline": false, "temporarilyOffline": false, "numExecutors": 1, "executors": [{"idle": true}]});
        for (key, value) in fields.as_object().unwrap() {
            entry[key] = value.clone();
        }
        let Field(Entry(read)) = serde_json::from_value(entry).unwrap();
        of_class(read.unwrap(), true)
    }

    fn read_nodes(root: &Value) -> Result<Vec<Node>, String> {
        let Field(root) = serde_json::from_value::<Field<Root>>(root.clone()).unwrap();
        root.nodes()
    }

    fn cause(class: Option<&str>, reason: &str) -> Presence {
        let class = class.map(str::to_owned);
        Presence::SetOffline(OfflineCause { class, reason: reason.to_owned(), ..OfflineCause::default() })
    }

    fn by_user(reason: &str, by: Option<&str>) -> OfflineCause {
        let class = Some("hudson.slaves.OfflineCause$UserCause".to_owned());
        OfflineCause { class, reason: reason.to_owned(), by: by.map(str::to_owned), since: None }
    }

    #[test]
    fn presence_and_cause_are_reported_apart() {
        let since = Timestamp::from_millisecond(1_500).ok();
        for (fields, presence) in [
            (json!({}), Presence::Online),
            (json!({"offline": true}), Presence::Disconnected),
            (
                json!({"offline": true, "offlineCauseReason": "moving racks",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause", "timestamp": 1_500}}),
                Presence::DisconnectedBy(OfflineCause { since, ..by_user("moving racks", None) }),
            ),
            (
                json!({"offline": true, "offlineCauseReason": "Connection was broken",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$ChannelTermination"}}),
                Presence::Disconnected,
            ),
            (json!({"offline": true, "temporarilyOffline": true, "offlineCause": null}), cause(None, "")),
            (
                json!({"offline": true, "temporarilyOffline": true, "offlineCauseReason": "it&#039;s &lt;broken&gt;",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause",
                        "description": "Disconnected by a : b"}}),
                Presence::SetOffline(by_user("it's <broken>", Some("a"))),
            ),
            (
                json!({"offline": true, "temporarilyOffline": true, "offlineCauseReason": "mita retires this node",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause",
                        "description": "Disconnected by a : keep &lt; : mita retires this node"}}),
                Presence::SetOffline(by_user("keep &lt; : mita retires this node", Some("a"))),
            ),
            (
                json!({"offline": true, "temporarilyOffline": true, "offlineCauseReason": "",
                    "offlineCause": {"description": "Disk space is too low"}}),
                cause(None, "Disk space is too low"),
            ),
        ] {
            assert_eq!(agent(fields.clone()).presence, presence, "{fields}");
        }
    }

    #[test]
    fn idle_executors_are_counted_online_only_and_never_beyond_the_configured_number() {
        let three = json!([{"idle": true}, {"idle": false}, {"idle": true}]);
        for (fields, idle) in [
            (json!({"numExecutors": 3, "executors": three}), 2),
            (json!({"numExecutors": 2, "executors": three}), 1),
            (json!({"numExecutors": 1, "executors": three}), 0),
            (json!({"numExecutors": 3, "executors": three, "offline": true}), 0),
            (json!({"numExecutors": 3, "executors": three, "offline": true, "temporarilyOffline": true}), 0),
            (json!({"numExecutors": 2, "executors": [{}, null, {"idle": true}]}), 0),
            (json!({"executors": null}), 0),
        ] {
            assert_eq!(agent(fields.clone()).idle_executors, idle, "{fields}");
        }
        assert_eq!(agent(json!({"numExecutors": null, "executors": three})).executors, 3);
    }

    #[test]
    fn s1_what_cannot_be_read_of_a_node_is_read_as_work() {
        for field in ["idle", "offline", "temporarilyOffline"] {
            for value in [json!(null), json!({}), json!(1)] {
                assert!(!agent(json!({ field: value })).idle, "{field}: {value}");
            }
        }
        for running in [json!({"executors": [{"idle": true}, {"idle": false}]}), json!({"oneOffExecutors": [{}]})] {
            assert!(!agent(running.clone()).idle, "{running}");
        }
    }

    #[test]
    fn a_removed_node_has_no_labels_and_one_without_the_field_has_its_name() {
        let removed =
            agent(json!({"assignedLabels": [], "numExecutors": 0, "idle": false, "executors": [{"idle": false}]}));
        assert_eq!((removed.labels.len(), removed.executors, removed.idle), (0, 0, false));
        assert_eq!(agent(json!({})).labels, ["n".to_owned()].into());
        let labels = agent(json!({"assignedLabels": [{"name": "b"}, {}, null, {"name": "a"}, {"name": "a"}]})).labels;
        assert_eq!(labels, ["a".to_owned(), "b".to_owned()].into());
    }

    #[test]
    fn s3_a_list_that_may_hide_a_node_is_an_error() {
        let master = json!({"_class": "hudson.model.Hudson$MasterComputer", "displayName": "Built-In Node"});
        let agent = json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "a"});
        assert_eq!(read_nodes(&json!({"computer": [master, agent]})).map(|nodes| nodes.len()), Ok(2));
        for (root, reason) in [
            (json!({"computer": [agent]}), "the list of 1 nodes lacks the built-in node"),
            (json!({"computer": []}), "the list of 0 nodes lacks the built-in node"),
            (json!({"computer": [master, {}]}), "entry 2 of the list of nodes has no name"),
            (json!({"computer": [master, null]}), "entry 2 of the list of nodes has no name"),
            (json!({"computer": [{"displayName": ""}, master]}), "entry 1 of the list of nodes has no name"),
            (json!({"computer": null}), "the answer has none"),
            (json!({}), "the answer has none"),
        ] {
            let error = read_nodes(&root).unwrap_err();
            assert!(error.contains(reason), "{root}: {error}");
        }
    }

    #[test]
    fn s3_a_name_of_blanks_is_a_name() {
        for name in ["\u{a0}", "\u{3000}", "\u{2003}\u{2003}", " "] {
            assert_eq!(agent(json!({"displayName": name})).name.as_str(), name);
        }
    }

    #[test]
    fn the_class_decides_the_kind_and_without_classes_the_name_master() {
        let kinds = |computer: Value| -> Vec<NodeKind> {
            read_nodes(&json!({ "computer": computer })).unwrap().into_iter().map(|node| node.kind).collect()
        };
        let kubernetes = "org.csanchez.jenkins.plugins.kubernetes.KubernetesComputer";
        assert_eq!(
            kinds(json!([
                {"_class": "hudson.model.Hudson$MasterComputer", "displayName": "Integrierter Knoten"},
                {"_class": "hudson.slaves.SlaveComputer", "displayName": "master"},
                {"_class": kubernetes, "displayName": "pod"},
                {"displayName": "odd"},
            ])),
            [
                NodeKind::BuiltIn,
                NodeKind::Agent,
                NodeKind::CloudPlugin(kubernetes.to_owned()),
                NodeKind::CloudPlugin("without a class".to_owned())
            ]
        );
        assert_eq!(
            kinds(json!([{"displayName": "master"}, {"displayName": "ubuntu+10.0.0.7"}])),
            [NodeKind::BuiltIn, NodeKind::Agent]
        );
    }
}
