//! Setting nodes offline, bringing them back online, deleting them.
//!
//! Repeating a write does no harm. Other modules decide which node is changed and when; only the toggle, which does the
//! opposite at the wrong moment, reads the node first.

use super::{ErrorKind, Jenkins, JenkinsError};
use crate::domain::names::{MitaId, NodeName, Owner, ServerId};
use crate::domain::offline::server_named_in;
use crate::domain::world::{OfflineCause, Presence};
use crate::http::{Request, encode_query};

/// The result of a write to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// Jenkins did it.
    Done,
    /// 404: Jenkins has no such node.
    NoSuchNode,
}

/// The result of bringing a node back online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restoration {
    /// Jenkins did it.
    Done,
    /// It was no longer set offline.
    NotSetOffline,
    /// Somebody else set it offline, with this reason, so it stays offline.
    Held(String),
    /// Jenkins has no such node.
    NoSuchNode,
}

impl Jenkins {
    /// Sets a node temporarily offline with this message, whether it is connected or not. Its builds continue.
    ///
    /// `changeOfflineCause` sets and never toggles (hudson/model/Computer.java). It replaces any earlier cause, also that of
    /// a person.
    pub fn set_offline(&self, node: &NodeName, message: &str) -> Result<NodeChange, JenkinsError> {
        self.change(node, "changeOfflineCause", &[("offlineMessage", message)])
    }

    /// Brings a node back online that this installation set offline for this server, or for its order while there was no
    /// server yet.
    ///
    /// Jenkins can only toggle, so mita reads the node first. If somebody else brings it back at the same moment, the toggle
    /// sets it offline again: with mita's message, so the next run corrects it.
    pub fn bring_online(
        &self,
        node: &NodeName,
        owner: &Owner,
        (server, order): (&ServerId, Option<&MitaId>),
    ) -> Result<Restoration, JenkinsError> {
        self.toggle_online(node, |cause| {
            let named = server_named_in(&cause.reason, owner);
            named.is_some_and(|named| named == *server || order.is_some_and(|order| named.as_str() == order.as_str()))
        })
    }

    /// Brings a node back online that is still set offline for this cause.
    pub fn release(&self, node: &NodeName, held: &OfflineCause) -> Result<Restoration, JenkinsError> {
        self.toggle_online(node, |cause| cause == held)
    }

    fn toggle_online(
        &self,
        node: &NodeName,
        is_meant: impl FnOnce(&OfflineCause) -> bool,
    ) -> Result<Restoration, JenkinsError> {
        let Some(seen) = self.node(node)?.value else { return Ok(Restoration::NoSuchNode) };
        let cause = match seen.presence {
            Presence::SetOffline(cause) => cause,
            Presence::Online | Presence::Disconnected | Presence::DisconnectedBy(_) => {
                return Ok(Restoration::NotSetOffline);
            }
        };
        if !is_meant(&cause) {
            return Ok(Restoration::Held(cause.reason));
        }
        match self.change(node, "toggleOffline", &[("offlineMessage", &cause.reason)])? {
            NodeChange::Done => Ok(Restoration::Done),
            NodeChange::NoSuchNode => Ok(Restoration::NoSuchNode),
        }
    }

    /// Deletes a node. Jenkins kills what runs there (jenkins/model/Nodes.java).
    pub fn delete(&self, node: &NodeName) -> Result<NodeChange, JenkinsError> {
        self.change(node, "doDelete", &[])
    }

    fn change(&self, node: &NodeName, call: &str, query: &[(&str, &str)]) -> Result<NodeChange, JenkinsError> {
        let path = format!("{}{call}", self.node_path(node)?);
        let query = if query.is_empty() { String::new() } else { format!("?{}", encode_query(query)) };
        match self.write(&path, Request::post(format!("{}{query}", self.url(&path)))) {
            Ok(()) => Ok(NodeChange::Done),
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => Ok(NodeChange::NoSuchNode),
            Err(error) => Err(error),
        }
    }
}
