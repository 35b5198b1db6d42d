//! Setting nodes offline, bringing them back, deleting them.
//!
//! Each write is harmless when repeated. Which node may be written to, and in which order, is decided elsewhere; only
//! the one write that would do the opposite at a wrong moment, the toggle, looks before it acts.

use super::{ErrorKind, Jenkins, JenkinsError};
use crate::http::{Request, encode_query};
use crate::naming::{MitaId, NodeName, Owner, ServerId};
use crate::offline::is_ours;
use crate::world::{OfflineCause, Presence};

/// What became of a write to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Jenkins did it.
    Done,
    /// 404: Jenkins has no such node.
    NoSuchNode,
}

/// What became of bringing a node back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restoration {
    /// Jenkins did it.
    Done,
    /// It was not set offline any more.
    NotSetOffline,
    /// Somebody else set it offline, with this reason: it is left so.
    Held(String),
    /// Jenkins has no such node.
    NoSuchNode,
}

impl Jenkins {
    /// Sets a node temporarily offline with this message, whether it is connected or not. What runs there goes on.
    ///
    /// `changeOfflineCause` sets and never toggles (hudson/model/Computer.java). It replaces a cause that is there, a
    /// person's, too.
    pub fn set_offline(&self, node: &NodeName, message: &str) -> Result<Change, JenkinsError> {
        self.change(node, "changeOfflineCause", &[("offlineMessage", message)])
    }

    /// Brings a node back online that this installation set offline for this server, or for its order, which is named while
    /// there is no server.
    ///
    /// Jenkins offers no call for this but one that toggles, so the node is read before. Should somebody else bring it
    /// back at the same moment, the toggle sets it offline once more: with our message, so that the next run mends it.
    pub fn bring_online(
        &self,
        node: &NodeName,
        owner: &Owner,
        (server, order): (&ServerId, Option<&MitaId>),
    ) -> Result<Restoration, JenkinsError> {
        self.toggle_online(node, |cause| {
            let named = is_ours(&cause.reason, owner);
            named.is_some_and(|named| named == *server || order.is_some_and(|order| named.as_str() == order.as_str()))
        })
    }

    /// Brings a node back online that was set offline for this cause and is so still.
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
            Presence::Online | Presence::Disconnected => return Ok(Restoration::NotSetOffline),
        };
        if !is_meant(&cause) {
            return Ok(Restoration::Held(cause.reason));
        }
        match self.change(node, "toggleOffline", &[("offlineMessage", &cause.reason)])? {
            Change::Done => Ok(Restoration::Done),
            Change::NoSuchNode => Ok(Restoration::NoSuchNode),
        }
    }

    /// Deletes a node. Jenkins does not ask whether something runs there: it is killed (jenkins/model/Nodes.java).
    pub fn delete(&self, node: &NodeName) -> Result<Change, JenkinsError> {
        self.change(node, "doDelete", &[])
    }

    fn change(&self, node: &NodeName, call: &str, query: &[(&str, &str)]) -> Result<Change, JenkinsError> {
        let path = format!("{}{call}", self.node_path(node)?);
        let query = if query.is_empty() { String::new() } else { format!("?{}", encode_query(query)) };
        match self.write(&path, Request::post(format!("{}{query}", self.url(&path)))) {
            Ok(()) => Ok(Change::Done),
            Err(JenkinsError { kind: ErrorKind::NotFound, .. }) => Ok(Change::NoSuchNode),
            Err(error) => Err(error),
        }
    }
}
