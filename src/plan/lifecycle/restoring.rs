//! Whether a node that mita set offline can be brought back.

use crate::config::Config;
use crate::domain::offline;
use crate::domain::state::{SetOfflineBy, State};
use crate::domain::world::{Node, Presence};
use crate::plan::identity::fleet::Machine;

/// Whether mita set the node offline, for this server, and Jenkins has not refused to bring it back.
///
/// A mark that names another server is left from an address that is used again, or was written by somebody else, and
/// Jenkins before 2.482 forgets a mark with the connection: mita takes neither away, so no job may count on such a node.
pub(crate) fn can_come_back(config: &Config, state: &State, machine: &Machine<'_>, node: &Node) -> bool {
    let known = state.nodes.get(&node.name);
    let by_us = known.is_some_and(|node| node.set_offline_by == Some(SetOfflineBy::Us) && !node.restore_refused);
    by_us && names_this_server(config, machine, node)
}

fn names_this_server(config: &Config, machine: &Machine<'_>, node: &Node) -> bool {
    let Presence::SetOffline(cause) = &node.presence else { return false };
    offline::server_named_in(&cause.reason, &config.owner)
        .is_some_and(|named| machine.server_id.as_ref() == Some(&named) || machine.id.as_str() == named.as_str())
}
