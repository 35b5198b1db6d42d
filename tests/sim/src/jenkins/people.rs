//! What people, agents and plugins do to the controller, as a test plays them.

use crate::jenkins::nodes::{Cause, CauseKind, Node};
use crate::jenkins::queue::Build;
use crate::jenkins::{Jenkins, Refusal};

impl Jenkins {
    /// Adds an agent that is online and belongs to nobody in particular.
    pub fn add_agent(&mut self, name: &str, label_string: &str, executors: usize) {
        self.add_node(Node::new(name, label_string, executors).online());
    }

    /// Adds a node, or replaces the one of that name, as `Jenkins.addNode` does.
    pub fn add_node(&mut self, node: Node) {
        self.nodes.retain(|n| n.name != node.name);
        let place = self.nodes.partition_point(|n| n.name < node.name);
        let name = node.name.clone();
        self.nodes.insert(place, node);
        self.relabel(Some(&name));
        self.dirty = true;
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    /// The node of this name, to be changed.
    pub fn node_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.dirty = true;
        self.nodes.iter_mut().find(|n| n.name == name)
    }

    /// The names of all agents.
    pub fn node_names(&self) -> Vec<String> {
        self.nodes.iter().filter(|n| !n.is_built_in()).map(|n| n.name.clone()).collect()
    }

    /// The builds that run on a node.
    pub fn running_on(&self, name: &str) -> Vec<&Build> {
        let node = self.node(name);
        node.into_iter().flat_map(|n| &n.executors).filter_map(|e| e.build.as_ref()).collect()
    }

    /// A person marks a node offline by hand: mita must leave it alone.
    pub fn hold(&mut self, name: &str, message: &str) {
        let cause = Cause::new(CauseKind::User, message, self.now);
        if let Some(node) = self.node_mut(name) {
            node.mark_with(cause);
            node.held = true;
        }
    }

    /// A node monitor marks a node offline.
    pub fn monitor_marks(&mut self, name: &str, message: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.mark_offline(CauseKind::DiskSpace, message, now);
        }
    }

    /// A person (or monitor) takes the mark away.
    pub fn release(&mut self, name: &str) {
        if let Some(node) = self.node_mut(name) {
            node.clear_mark();
        }
    }

    /// The connection to an agent ends; its builds die with it, except the blocks of pipelines, which keep their
    /// executor until they end or the controller restarts.
    pub fn disconnect(&mut self, name: &str, kind: CauseKind, message: &str) {
        self.tear_builds(name);
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.disconnect(kind, message, now);
        }
        self.nodes.retain(|n| !n.removed || !n.idle());
    }

    /// A person disconnects the agent of a node by hand: mita must leave it alone until the agent connects again.
    pub fn cut(&mut self, name: &str, message: &str) {
        self.disconnect(name, CauseKind::User, message);
        if let Some(node) = self.node_mut(name) {
            node.held = true;
        }
    }

    /// The controller launches an agent that is not connected, as it does each minute, and the launch fails
    /// (hudson/slaves/SlaveComputer.java, `_connect`): its cause takes the place of what was there.
    pub fn launch_fails(&mut self, name: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name).filter(|node| !node.connected) {
            node.disconnect(CauseKind::LaunchFailed, "This agent is offline because Jenkins failed to launch it", now);
        }
    }

    /// The connection ends, and Jenkins still counts the builds as running.
    pub fn disconnect_while_busy(&mut self, name: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.disconnect(CauseKind::ChannelTermination, LOST, now);
        }
    }

    /// An agent closes its connection regularly: its builds die, and Jenkins shows no cause.
    pub fn close(&mut self, name: &str) {
        self.tear_builds(name);
        if let Some(node) = self.node_mut(name) {
            node.close();
        }
    }

    /// An agent connects.
    pub fn connect(&mut self, name: &str) {
        if let Some(node) = self.node_mut(name) {
            node.connect();
        }
    }

    /// A plugin refuses a job on a node, in these words.
    pub fn refuse(&mut self, job: &str, node: &str, message: &str) {
        let (job, node, message) = (job.to_string(), node.to_string(), message.to_string());
        self.refusals.push(Refusal { job, node, message });
        self.dirty = true;
    }

    /// Prepares to shut down, or no more.
    pub fn quiet_down(&mut self, on: bool) {
        self.quieting_down = on;
        self.dirty = true;
    }

    /// Deletes a node, with what runs on it. A computer on which a pipeline's block ran stays for five minutes, without
    /// a node. False when there is none of that name.
    pub fn delete_node(&mut self, name: &str) -> bool {
        let known = self.nodes.iter().any(|n| n.name == name && !n.is_built_in() && !n.removed);
        if known {
            self.abandon_builds(name);
            self.drop_node(name, CauseKind::ChannelTermination, LOST);
        }
        self.dirty = true;
        known
    }

    /// Deletes a node whose builds take a while to die: it stays listed without
    /// labels and with 0 executors until they end.
    pub fn delete_node_lingering(&mut self, name: &str) {
        self.drop_node(name, CauseKind::Removed, "Node is being removed");
    }

    fn drop_node(&mut self, name: &str, kind: CauseKind, message: &str) {
        let now = self.now;
        if let Some(node) = self.node_mut(name) {
            node.clear_mark();
            node.disconnect(kind, message, now);
            node.removed = true;
            node.configured = 0;
            node.description = Some(String::new());
            node.label_set.clear();
        }
        self.circle.forget(name);
        self.nodes.retain(|n| !n.removed || n.executors.iter().any(|e| e.build.is_some()));
    }

    /// A person renames a node. Its agent has the old name and does not connect again.
    pub fn rename(&mut self, name: &str, to: &str) {
        if let Some(mut node) = self.node(name).cloned() {
            node.name = to.to_string();
            self.replace_node(name, node);
        }
    }

    /// Puts this configuration in the place of a node's (`Nodes.replaceNode`). Under another name it is another
    /// computer, on which nothing runs.
    pub(crate) fn replace_node(&mut self, name: &str, mut node: Node) {
        let new_name = node.name.clone();
        if new_name == name {
            if let Some(old) = self.node_mut(name) {
                *old = node;
            }
        } else {
            self.delete_node_lingering(name);
            node.close();
            node.executors.clear();
            node.one_off.clear();
            node.set_executors(node.configured);
            self.add_node(node);
        }
        self.relabel(Some(&new_name));
        self.dirty = true;
    }
}

/// What Jenkins writes when a connection broke.
pub(crate) const LOST: &str = "Connection was broken";
