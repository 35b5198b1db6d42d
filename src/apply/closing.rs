//! Closes nodes to new builds before they are set offline, on a Jenkins that would lose an item which it has just assigned,
//! and opens them again if their retirement stops.

use crate::apply::context::Context;
use crate::apply::events::Event;
use crate::apply::outcome::{NotDone, Outcome, Result};
use crate::domain::names::NodeName;
use crate::domain::state::ClosedNode;
use crate::domain::world::{Node, Presence};
use crate::jenkins::{
    ErrorKind, Jenkins, JenkinsError, NodeConfig, Reading, closed_values, loses_assigned_items, with_values,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

/// The nodes of a retirement that are closed, and what their configurations had.
pub(super) struct ClosedNodes<'a> {
    context: &'a Context<'a>,
    jenkins: &'a Jenkins,
    closed: BTreeMap<NodeName, ClosedNode>,
    /// Those that Jenkins may still close: the answer was lost.
    unsure: BTreeSet<NodeName>,
}

impl<'a> ClosedNodes<'a> {
    /// Those that an earlier run closed.
    pub(super) fn of(context: &'a Context<'a>, jenkins: &'a Jenkins, nodes: &[NodeName]) -> Self {
        let known = |node: &NodeName| Some((node.clone(), context.state.nodes.get(node)?.closed.clone()?));
        Self { context, jenkins, closed: nodes.iter().filter_map(known).collect(), unsure: BTreeSet::new() }
    }

    /// Closes a node that was read just now, where that is needed and possible. Only a node that is online is assigned items.
    /// Returns whether it was closed now, so that it has to be read again.
    pub(super) fn close(&mut self, reading: &Reading<Option<Node>>) -> Result<bool, JenkinsError> {
        let Some(seen) = reading.value.as_ref().filter(|node| node.presence == Presence::Online) else {
            return Ok(false);
        };
        if !loses_assigned_items(&reading.version) || self.context.plan.closed_nodes_draw_jobs {
            return Ok(false);
        }
        let NodeConfig::Open(document, values) = self.jenkins.node_config(&seen.name)? else { return Ok(false) };
        if !self.is_written_down(&seen.name, &values) {
            return Ok(false);
        }
        self.closed.insert(seen.name.clone(), values);
        match self.jenkins.replace_node_config(&seen.name, &with_values(&document, &closed_values())) {
            Ok(()) => Ok(true),
            // It may be closed all the same. If not, that would fail in each run, and the node would never go.
            Err(error) if error.outcome_is_unknown() => {
                self.unsure.insert(seen.name.clone());
                let now = self.jenkins.node_config(&seen.name)?;
                Ok(matches!(now, NodeConfig::Closed(_)))
            }
            // Without Agent/Configure the usual order has to do.
            Err(JenkinsError { kind: ErrorKind::Forbidden { .. } | ErrorKind::Refused { .. }, .. }) => {
                self.forget(&seen.name);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until the state is on disk.
    fn is_written_down(&self, node: &NodeName, values: &ClosedNode) -> bool {
        let (written, answer) = mpsc::sync_channel(1);
        self.context.report(Event::NodeClosing { node: node.clone(), closed: values.clone(), written });
        answer.recv().unwrap_or(false)
    }

    /// Opens a node again, if it is closed. A configuration that somebody has changed in the meantime stays. One that cannot
    /// be read is tried again in the next run.
    pub(super) fn open(&mut self, node: &NodeName) -> Result<bool> {
        let Some(values) = self.closed.get(node) else { return Ok(false) };
        let opened = match self.jenkins.node_config(node)? {
            NodeConfig::Closed(document) => {
                self.jenkins.replace_node_config(node, &with_values(&document, values))?;
                true
            }
            NodeConfig::Open(..) if self.unsure.contains(node) => return Ok(false),
            NodeConfig::Open(..) => false,
            NodeConfig::Unusable => {
                let ClosedNode { mode, label } = values;
                let reason = format!(
                    "node {node} is closed to builds, and its configuration cannot be read to open it: if that goes on, give it \
                     its usage ({mode}) and its labels ({label}) back in Jenkins"
                );
                return Err(NotDone::new(Outcome::Refused, reason));
            }
        };
        self.forget(node);
        Ok(opened)
    }

    fn forget(&mut self, node: &NodeName) {
        self.closed.remove(node);
        self.context.report(Event::NodeOpened(node.clone()));
    }
}
