//! What may be done to whom, told from the services' answers alone and by other code than the program's.

use super::scene::{NODES, QUEUE, SERVERS, VOLUMES};
use mita::domain::names::NodeName;
use mita::plan::model::{Action, Change, FormerServer, Plan, Proof};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The answers of one run, as far as they are JSON.
pub(super) struct Seen {
    pub(super) queue: Option<Value>,
    pub(super) nodes: Option<Value>,
    pub(super) servers: Option<Value>,
    /// Servers that the state file remembered.
    pub(super) remembered: BTreeSet<String>,
    pub(super) volumes: Option<Value>,
    /// Servers that it remembered as gone.
    pub(super) departed: BTreeSet<String>,
    /// Nodes of which it remembered that no person set them offline: that holds where Jenkins forgets the cause.
    pub(super) not_held: BTreeSet<String>,
}

/// Without what Jenkins writes though JSON has none of it: control characters and lone surrogates within texts.
fn mended(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control(), " ");
    let surrogate = regex_lite::Regex::new(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}").expect("a pattern");
    surrogate.replace_all(&text, r"\uFFFD").into_owned()
}

impl Seen {
    /// What these texts say, nothing being remembered.
    pub(super) fn of(sent: &BTreeMap<&'static str, String>) -> Self {
        let read = |end| {
            let text = sent.get(end)?;
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))).ok()
        };
        Self {
            queue: read(QUEUE),
            nodes: read(NODES),
            servers: read(SERVERS),
            volumes: read(VOLUMES),
            remembered: BTreeSet::new(),
            departed: BTreeSet::new(),
            not_held: BTreeSet::new(),
        }
    }

    /// Fails where the plan breaks a promise.
    pub(super) fn judge(&self, plan: &Plan) {
        for action in &plan.actions {
            match &action.change {
                Change::CreateServer(_) => continue,
                // The scenes list no floating IPs, and without a list of them none is given or released.
                Change::AssignFloatingIp(_) | Change::ReleaseFloatingIp { .. } => panic!("S3: {action:?}"),
                Change::CreateNode(_) | Change::DrainNode(_) => {
                    panic!("no node type is for one build, has an age, or registers its nodes here: {action:?}")
                }
                Change::RetireNode(target) | Change::DeleteServer(target) => {
                    self.is_ours(target.server_id.as_str(), action);
                    target.nodes.iter().for_each(|node| self.may_go(node.as_str(), action));
                    let with_nodes = matches!(action.change, Change::RetireNode(_));
                    assert_eq!(!target.nodes.is_empty(), with_nodes, "{action:?}");
                }
                Change::DeleteVolume { volume_id, left_by: FormerServer { server_id, .. } } => {
                    let volumes = self.volumes.as_ref().and_then(|volumes| volumes["volumes"].as_array());
                    let mut same = volumes.into_iter().flatten().filter(|volume| volume["id"] == volume_id.as_str());
                    let marked = |volume: &Value| volume["metadata"]["mita_owner"] == "ceph-ci";
                    let named = |volume: &Value| volume["name"] == format!("{server_id}-blank-vol");
                    let free = |volume: &Value| volume["attachments"].as_array().is_none_or(Vec::is_empty);
                    let fits = same.any(|volume| (marked(volume) || named(volume)) && free(volume));
                    assert!(fits && self.departed.contains(server_id.as_str()), "S2: {action:?}");
                    continue;
                }
                Change::DeleteNode { node, proof } => {
                    let Proof::Server(server_id) = proof else { panic!("no node was made here: {action:?}") };
                    assert!(self.remembered.contains(server_id.as_str()), "S2: {action:?}");
                    self.may_go(node.as_str(), action);
                }
                Change::RestoreNode(target) => {
                    let restored =
                        |node: &NodeName| assert!(!self.listed(node.as_str()).is_empty(), "not listed: {action:?}");
                    target.nodes.iter().for_each(restored);
                }
            }
            assert!(self.nodes.is_some(), "S3: the list of nodes is no JSON: {action:?}");
            assert!(self.servers.is_some(), "S3: the list of servers is no JSON: {action:?}");
        }
        let orders = plan.actions.iter().filter(|action| matches!(action.change, Change::CreateServer(_))).count();
        let items = self.queue.as_ref().and_then(|queue| queue["items"].as_array()).map_or(0, Vec::len);
        assert!(orders <= items, "S4: {orders} orders for {items} jobs");
        if self.servers.is_none() {
            assert_eq!(orders, 0, "nothing is ordered in a cloud whose list is not known");
        }
    }

    /// S2: by its mark, or remembered.
    fn is_ours(&self, id: &str, action: &Action) {
        let servers = self.servers.as_ref().and_then(|servers| servers["servers"].as_array());
        let mut same = servers.into_iter().flatten().filter(|server| server["id"] == id);
        let marked = same.any(|server| server["metadata"]["mita_owner"] == "ceph-ci");
        assert!(marked || self.remembered.contains(id), "S2: {action:?}");
    }

    fn listed(&self, name: &str) -> Vec<&Value> {
        let nodes = self.nodes.as_ref().and_then(|nodes| nodes["computer"].as_array());
        nodes.into_iter().flatten().filter(|node| node["displayName"] == name).collect()
    }

    /// S1 and S7: each node of this name is there, idle, and held by nobody.
    fn may_go(&self, name: &str, action: &Action) {
        let listed = self.listed(name);
        assert!(!listed.is_empty(), "a node that is not listed: {action:?}");
        for node in listed {
            let says = |key: &str| node[key] == true || node[key] == "true";
            assert!(says("idle"), "S1: {node} {action:?}");
            let class = node["offlineCause"]["_class"].as_str().unwrap_or_default();
            let by_monitor =
                ["hudson.node_monitors.", "hudson.plugin.versioncolumn."].iter().any(|m| class.starts_with(m));
            let words = format!("{}{}", node["offlineCauseReason"], node["offlineCause"]["description"]);
            let by_person = ["$UserCause", "$ByCLI"].iter().any(|user| class.ends_with(user));
            let excused = by_monitor || words.contains("owner=ceph-ci ") || !by_person && self.not_held.contains(name);
            let held = says("temporarilyOffline") && !excused;
            assert!(!held, "S7: {node} {action:?}");
        }
    }
}
