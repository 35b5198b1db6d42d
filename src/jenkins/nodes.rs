//! The nodes (hudson/model/Computer.java, ComputerSet.java), from Jenkins 1.x on.
//!
//! mita may remove the server of a node that is not in the list. So a list that may hide a node is an error, and a node
//! whose state cannot be read counts as busy.

use super::client::{Jenkins, Reading};
use super::error::{ErrorKind, JenkinsError};
use super::wire::{flag, list, number, text, unescape_html};

use crate::domain::description::mark_in;
use crate::domain::names::NodeName;
use crate::domain::world::{Node, NodeKind, OfflineCause, Presence};
use crate::http::encode_segment;
use serde_json::Value;
use std::collections::BTreeSet;

/// `_class` does not have to be selected. Jenkins fills in the cause only if one of its fields is selected.
const FIELDS: &str = "displayName,idle,offline,temporarilyOffline,numExecutors,offlineCause[description],\
                      offlineCauseReason,assignedLabels[name],executors[idle],description,\
                      loadStatistics[busyExecutors[sec10[latest]]]";
const PATH: &str = "computer/api/json";

/// The name of the built-in node before 2.2, which does not export classes.
const MASTER: &str = "master";

impl Jenkins {
    /// Every node. Fails if the list may hide one: if an entry has no name, or if the built-in node is missing, which is in
    /// every list, even without executors (hudson/model/AbstractCIBase.java, JENKINS-7291).
    ///
    /// Before 2.94 Jenkins does not export a node's labels: each node then has only its own name.
    pub fn nodes(&self) -> Result<Reading<Vec<Node>>, JenkinsError> {
        self.read(PATH, &format!("computer[{FIELDS}]"), "the list of nodes")?.try_map(|root| {
            let incomplete = |text| JenkinsError { kind: ErrorKind::Incomplete, ..self.unexpected(PATH, text) };
            read_nodes(&root).map_err(incomplete)
        })
    }

    /// One node as it is now; `None` if Jenkins says that there is no such node.
    pub fn node(&self, name: &NodeName) -> Result<Reading<Option<Node>>, JenkinsError> {
        let path = format!("{}api/json", self.node_path(name)?);
        match self.read(&path, FIELDS, "a node") {
            Ok(reading) => reading.try_map(|computer| {
                let classes = has_class(&computer);
                let node = read_node(&computer, classes).filter(|node| node.name == *name);
                match node {
                    Some(node) => Ok(Some(node)),
                    None => Err(self.unexpected(&path, format!("wanted the node {name}, and got something else"))),
                }
            }),
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => {
                // This page is not part of the API, so it has no session and no version.
                Ok(Reading { value: None, session: None, version: String::new() })
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

pub(super) fn read_nodes(root: &Value) -> Result<Vec<Node>, String> {
    let entries = list(root, "computer").ok_or("wanted the list of nodes, and the answer has none")?;
    let classes = entries.iter().any(has_class);
    let mut nodes = Vec::with_capacity(entries.len());
    for entry in entries {
        let node = read_node(entry, classes)
            .ok_or_else(|| format!("the list of nodes has an entry without a name, so it may hide a node: {entry}"))?;
        nodes.push(node);
    }
    if nodes.iter().any(|node| node.kind == NodeKind::BuiltIn) {
        Ok(nodes)
    } else {
        Err(format!(
            "the list of {} nodes lacks the built-in node, which is in every list, so it may hide other nodes",
            nodes.len()
        ))
    }
}

fn has_class(entry: &Value) -> bool {
    text(entry, "_class").is_some()
}

fn read_node(entry: &Value, classes: bool) -> Option<Node> {
    let name = NodeName::from(text(entry, "displayName")?);
    let kind = read_kind(text(entry, "_class"), &name, classes);
    let labels = match list(entry, "assignedLabels") {
        Some(labels) => labels.iter().filter_map(|label| text(label, "name")).map(str::to_owned).collect(),
        None => BTreeSet::from([name.as_str().to_owned()]),
    };
    let executors = list(entry, "executors").unwrap_or_default();
    let free = executors.iter().filter(|executor| flag(executor, "idle") == Some(true)).count();
    let taken = u32::try_from(executors.len() - free).unwrap_or(u32::MAX);
    let free = u32::try_from(free).unwrap_or(u32::MAX);
    let configured = number(entry, "numExecutors").and_then(|n| u32::try_from(n).ok()).unwrap_or(free + taken);
    let (idle, presence) = match (flag(entry, "idle"), read_presence(entry)) {
        (Some(idle), Some(presence)) => (idle, presence),
        (_, presence) => (false, presence.unwrap_or(Presence::Disconnected)),
    };
    // After their number was lowered, there may be more executors than configured for a moment: these take no work.
    let idle_executors = match presence {
        Presence::Online => free.min(configured.saturating_sub(taken)),
        Presence::Disconnected | Presence::DisconnectedBy(_) | Presence::SetOffline(_) => 0,
    };
    // Not exported before 2.79.
    let mark = text(entry, "description").filter(|_| kind == NodeKind::Agent).and_then(|text| mark_in(text, &name));
    Some(Node {
        name,
        kind,
        labels,
        executors: configured,
        idle_executors,
        idle,
        presence,
        busy_average: read_busy_average(entry),
        mark,
    })
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

fn read_presence(entry: &Value) -> Option<Presence> {
    if flag(entry, "temporarilyOffline")? {
        return Some(Presence::SetOffline(read_cause(entry)));
    }
    if !flag(entry, "offline")? {
        return Some(Presence::Online);
    }
    let cause = read_cause(entry);
    Some(if cause.is_user() { Presence::DisconnectedBy(cause) } else { Presence::Disconnected })
}

/// The statistics of the node itself (hudson/model/Computer.java, getLoadStatistics).
fn read_busy_average(entry: &Value) -> Option<u32> {
    let latest = entry.get("loadStatistics")?.get("busyExecutors")?.get("sec10")?.get("latest")?.as_f64()?;
    // No node has so many executors that this overflows.
    (latest >= 0.0).then_some((latest * 1e6) as u32)
}

/// `offlineCauseReason` is a user's message, escaped for HTML since 2.483, and without what stands before its last " : ", so
/// that "keep it : mita retires ..." reads like a mark of mita's. The description of the cause has the whole message, as it
/// was written, after the name of the user.
fn read_cause(entry: &Value) -> OfflineCause {
    let cause = entry.get("offlineCause").unwrap_or(&Value::Null);
    let described = text(cause, "description");
    let whole =
        described.and_then(|text| text.strip_prefix("Disconnected by ")).and_then(|text| text.split_once(" : "));
    let whole = whole.map(|(_, message)| message.to_owned()).filter(|message| message.contains(" : "));
    let reason = whole.or_else(|| text(entry, "offlineCauseReason").map(unescape_html));
    let reason = reason.or_else(|| described.map(str::to_owned)).unwrap_or_default();
    OfflineCause { class: text(cause, "_class").map(str::to_owned), reason: reason.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn agent(fields: Value) -> Node {
        let mut entry = json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "n", "idle": true,
            "offline": false, "temporarilyOffline": false, "numExecutors": 1, "executors": [{"idle": true}]});
        for (key, value) in fields.as_object().unwrap() {
            entry[key] = value.clone();
        }
        read_node(&entry, true).unwrap()
    }

    fn cause(class: Option<&str>, reason: &str) -> Presence {
        Presence::SetOffline(OfflineCause { class: class.map(str::to_owned), reason: reason.to_owned() })
    }

    #[test]
    fn presence_and_cause_are_reported_apart() {
        for (fields, presence) in [
            (json!({}), Presence::Online),
            (json!({"offline": true}), Presence::Disconnected),
            (
                json!({"offline": true, "offlineCauseReason": "moving racks",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause"}}),
                Presence::DisconnectedBy(OfflineCause {
                    class: Some("hudson.slaves.OfflineCause$UserCause".to_owned()),
                    reason: "moving racks".to_owned(),
                }),
            ),
            (
                json!({"offline": true, "offlineCauseReason": "Connection was broken",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$ChannelTermination"}}),
                Presence::Disconnected,
            ),
            (json!({"offline": true, "temporarilyOffline": true, "offlineCause": null}), cause(None, "")),
            (
                json!({"offline": true, "temporarilyOffline": true, "offlineCauseReason": "it&#039;s &lt;broken&gt;",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause"}}),
                cause(Some("hudson.slaves.OfflineCause$UserCause"), "it's <broken>"),
            ),
            (
                json!({"offline": true, "temporarilyOffline": true, "offlineCauseReason": "mita retires this node",
                    "offlineCause": {"_class": "hudson.slaves.OfflineCause$UserCause",
                        "description": "Disconnected by a : keep &lt; : mita retires this node"}}),
                cause(Some("hudson.slaves.OfflineCause$UserCause"), "keep &lt; : mita retires this node"),
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
    }

    #[test]
    fn a_removed_node_has_no_labels_and_one_without_the_field_has_its_name() {
        let removed =
            agent(json!({"assignedLabels": [], "numExecutors": 0, "idle": false, "executors": [{"idle": false}]}));
        assert_eq!((removed.labels.len(), removed.executors, removed.idle), (0, 0, false));
        assert_eq!(agent(json!({})).labels, BTreeSet::from(["n".to_owned()]));
        let labels = agent(json!({"assignedLabels": [{"name": "b"}, {}, null, {"name": "a"}, {"name": "a"}]})).labels;
        assert_eq!(labels, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn s3_a_list_that_may_hide_a_node_is_an_error() {
        let master = json!({"_class": "hudson.model.Hudson$MasterComputer", "displayName": "Built-In Node"});
        let agent = json!({"_class": "hudson.slaves.SlaveComputer", "displayName": "a"});
        assert_eq!(read_nodes(&json!({"computer": [master, agent]})).map(|nodes| nodes.len()), Ok(2));
        for (root, reason) in [
            (json!({"computer": [agent]}), "the list of 1 nodes lacks the built-in node"),
            (json!({"computer": []}), "the list of 0 nodes lacks the built-in node"),
            (json!({"computer": [master, {}]}), "has an entry without a name"),
            (json!({"computer": [master, null]}), "has an entry without a name"),
            (json!({"computer": [master, {"displayName": ""}]}), "has an entry without a name"),
            (json!({"computer": null}), "the answer has none"),
            (json!({}), "the answer has none"),
        ] {
            let error = read_nodes(&root).unwrap_err();
            assert!(error.contains(reason), "{root}: {error}");
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
