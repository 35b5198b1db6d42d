//! What mita asks a cloud to create or delete.

use crate::config::NodeType;
use crate::domain::installation::Installation;
use crate::domain::names::{FloatingIpId, MitaId};
use crate::domain::world::AddressMark;

/// One server to order. Its mark is part of the request.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The node type.
    pub node_type: &'a NodeType,
    /// The installation, for the server's mark.
    pub installation: &'a Installation,
    /// The order's id.
    pub id: &'a MitaId,
    /// The server's name.
    pub name: &'a str,
    /// The user data with everything filled in; never logged.
    pub user_data: String,
}

/// A floating IP for a server.
#[derive(Clone, Copy, Debug)]
pub struct AddressOrder<'a> {
    /// The external network that it comes from, by name or id.
    pub pool: &'a str,
    /// The installation and the server that it is for.
    pub mark: &'a AddressMark,
    /// The networks of the server's node type, by name or id: it points to the port on the first of them.
    pub networks: &'a [String],
    /// One that was created for the server before.
    pub known: Option<&'a FloatingIpId>,
}

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The cloud accepted it.
    Accepted,
    /// It was gone already.
    AlreadyGone,
}
