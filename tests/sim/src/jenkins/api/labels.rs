//! `label/EXPRESSION/api/json` (hudson/model/Label.java): any text is a label.

use serde_json::Value;

use crate::jenkins::Jenkins;
use crate::jenkins::api::tree::{Bean, Tree};
use crate::jenkins::labels::Label;
use crate::jenkins::nodes::Node;

impl Jenkins {
    pub(crate) fn label_json(&self, tree: &Tree, text: &str) -> Value {
        let label = Label::get(text);
        let nodes = self.nodes_of(&label);
        let online = nodes.iter().filter(|node| !node.offline());
        let total: usize = online.clone().map(|node| node.executors.len()).sum();
        let idle: usize = online.map(|node| node.parked()).sum();
        Bean::of(tree, self.typed(label.class()))
            .set("busyExecutors", total - idle)
            .set("idleExecutors", idle)
            .set("name", label.name())
            .list("nodes", &nodes, |t, node| self.node_json(t, node))
            .set("offline", nodes.iter().all(|node| node.offline()))
            .set("totalExecutors", total)
            .done()
    }

    fn node_json(&self, tree: &Tree, node: &Node) -> Value {
        let class = if node.is_built_in() { "hudson.model.Hudson" } else { "hudson.slaves.DumbSlave" };
        let mode = node.mode.name();
        Bean::of(tree, self.typed(class))
            .set("mode", mode)
            .always("nodeName", node.name.as_str())
            .set("numExecutors", node.configured)
            .done()
    }
}
