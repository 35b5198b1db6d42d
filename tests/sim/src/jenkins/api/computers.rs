//! The computers (hudson/model/{Computer,ComputerSet}.java).

use serde_json::{Value, json};

use crate::jenkins::Jenkins;
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::nodes::{BUILT_IN_CLASS, Cause, CauseKind, Node};
use crate::jenkins::web::auth::{Caller, Permission};

impl Jenkins {
    pub(crate) fn computers_json(&self, tree: &Tree, caller: &Caller) -> Value {
        let online = || self.nodes.iter().filter(|n| !n.offline());
        let busy: usize = online().map(|n| n.executors.len() - n.parked()).sum();
        let total: usize = online().map(|n| n.executors.len()).sum();
        // An agent without executors has no computer; the built-in node always has one (hudson.model.Hudson$MasterComputer).
        let computers = self.nodes.iter().filter(|n| n.is_built_in() || !n.executors.is_empty());
        Bean::of(tree, self.typed("hudson.model.ComputerSet"))
            .set("busyExecutors", busy)
            .list("computer", computers, |t, n| self.computer_json(t.whole(), n, caller))
            .set("displayName", "Nodes")
            .set("totalExecutors", total)
            .done()
    }

    pub(crate) fn computer_json(&self, tree: &Tree, node: &Node, caller: &Caller) -> Value {
        let sees = caller.may(Permission::AgentConnect);
        let cause = node.cause(self.options.version);
        let reads = caller.may(Permission::JobRead);
        let agent = node.class != BUILT_IN_CLASS;
        let one_off = self.one_off(node);
        let icon = icon(node);
        let reason = cause.map_or("", |cause| cause.reason());
        let escaped = self.options.version.escapes_offline_reason();
        let once_more = |text: &str| match cause {
            Some(Cause { kind: CauseKind::User, .. }) if self.options.version.escapes_user_causes() => escape(text),
            Some(_) | None => text.to_string(),
        };
        let reason = once_more(reason);
        let mut bean = Bean::of(tree, self.typed(&node.class))
            .nest("actions", |_| json!([]))
            .set("description", if agent { node.description.as_deref() } else { Some(BUILT_IN) })
            .set("displayName", self.computer_name(node, self.words(caller.language)))
            .list("executors", node.executors.iter().enumerate(), |t, (n, e)| self.executor_json(t, n, e, reads))
            .set("icon", icon)
            .set("iconClassName", icon)
            .set("idle", node.executors.iter().all(|e| e.idle()) && one_off.is_empty())
            .set("jnlpAgent", agent && !node.launch_supported)
            .set("launchSupported", node.launch_supported || !agent)
            .nest("loadStatistics", |t| {
                let statistics = Bean::of(t, self.typed("hudson.model.Label$1"));
                let latest = |t: &Tree| Bean::plain(t).set("latest", node.busy_average).done();
                let series = |t: &Tree| Bean::plain(t).nest("sec10", latest).done();
                statistics.nest("busyExecutors", series).done()
            })
            .set("manualLaunchAllowed", true)
            .nest("monitorData", |_| if sees { self.monitor_data(node) } else { json!({}) })
            .set("numExecutors", if node.removed { 0 } else { node.configured })
            .set("offline", node.offline())
            .nest("offlineCause", |t| {
                let Some(cause) = cause else { return Value::Null };
                let bean = Bean::of(t, self.typed(cause.kind.class())).set("timestamp", cause.at);
                let bean = match cause.description() {
                    Some(description) => bean.set("description", once_more(&description)),
                    None => bean,
                };
                let disk = cause.kind == CauseKind::DiskSpace;
                if disk { bean.set("path", "/var").set("size", 123_456_789) } else { bean }.done()
            })
            .set("offlineCauseReason", if escaped { escape(&reason) } else { reason })
            .list("oneOffExecutors", &one_off, |t, build| self.one_off_json(t, build))
            .set("temporarilyOffline", node.temporarily_offline);
        if self.exports_labels() {
            bean =
                bean.list("assignedLabels", &node.label_set, |t, l| Bean::plain(t).always("name", l.as_str()).done());
        }
        if agent {
            bean = bean.set("absoluteRemotePath", (sees && node.connected).then(|| directory(node)));
        }
        bean.done()
    }

    /// What runs beside a node's executors: matrix projects, and on the built-in node the runs of pipelines.
    fn one_off(&self, node: &Node) -> Vec<Value> {
        let mut builds: Vec<Value> =
            node.one_off.iter().map(|build| self.executable_json(&Tree::Default, build)).collect();
        if node.is_built_in() {
            let runs = self.pipeline_runs().into_iter();
            builds.extend(runs.map(|(name, number)| self.run_json(&name, number)));
        }
        builds
    }

    /// A monitor's value is null for a node that it has not reached.
    fn monitor_data(&self, node: &Node) -> Value {
        let (reached, now) = (node.connected, self.now);
        let value = |value: Value| if reached { value } else { Value::Null };
        let disk = |path: &str| {
            json!({"_class": "hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace", "timestamp": now,
                   "path": path, "size": 73_824_526_336_u64})
        };
        json!({
            "hudson.node_monitors.SwapSpaceMonitor": value(json!({
                "_class": "hudson.node_monitors.SwapSpaceMonitor$MemoryUsage2",
                "availablePhysicalMemory": 14_198_878_208_u64, "availableSwapSpace": 0,
                "totalPhysicalMemory": 25_276_510_208_u64, "totalSwapSpace": 0})),
            "hudson.node_monitors.TemporarySpaceMonitor": value(disk("/tmp")),
            "hudson.node_monitors.DiskSpaceMonitor": value(disk(directory(node))),
            "hudson.node_monitors.ArchitectureMonitor": value("Linux (amd64)".into()),
            "hudson.node_monitors.ResponseTimeMonitor": value(json!({
                "_class": "hudson.node_monitors.ResponseTimeMonitor$Data", "timestamp": now, "average": 12})),
            "hudson.node_monitors.ClockMonitor": value(json!({"_class": "hudson.util.ClockDifference", "diff": 0})),
        })
    }
}

const BUILT_IN: &str = "the Jenkins controller's built-in node";

fn directory(node: &Node) -> &str {
    if node.remote_fs.is_empty() { "/home/jenkins" } else { &node.remote_fs }
}

fn icon(node: &Node) -> &'static str {
    let by_user = node.mark.as_ref().is_some_and(|mark| mark.kind == CauseKind::User);
    match node.offline() || !node.accepting {
        true if node.temporarily_offline && by_user => "symbol-computer-disconnected",
        true => "symbol-computer-offline",
        false => "symbol-computer",
    }
}

/// `Util.escape`, which the offline reason goes through since 2.483.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#039;"),
            c => out.push(c),
        }
    }
    out
}
