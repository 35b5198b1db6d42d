//! The marks of an installation.

use crate::domain::names::{MitaId, NodeTypeName, Owner, ServerId};
use serde::{Deserialize, Serialize};

/// `mita_owner`, `mita_node` and `mita_id` of a server's metadata; the same in the description of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The installation.
    pub owner: Owner,
    /// The node type.
    pub node_type: NodeTypeName,
    /// The order.
    pub id: MitaId,
}

/// The mark of a floating IP, which has no metadata: its description, `mita owner=OWNER id=ID server=SERVER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMark {
    /// The installation.
    pub owner: Owner,
    /// The order of the server.
    pub id: MitaId,
    /// The server that it was made for.
    pub server: ServerId,
}

impl std::fmt::Display for AddressMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let AddressMark { owner, id, server } = self;
        write!(f, "mita owner={owner} id={id} server={server}")
    }
}

impl AddressMark {
    /// The mark that a description holds, where it is one to the letter.
    pub fn read(description: &str) -> Option<Self> {
        let (owner, rest) = description.strip_prefix("mita owner=")?.split_once(" id=")?;
        let (id, server) = rest.split_once(" server=")?;
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        let mark = Self { owner: Owner::new(owner).ok()?, id: MitaId::from(id), server: ServerId::from(server) };
        (plain(id) && plain(server)).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_the_mark_of_an_address_is_read_as_it_was_written_and_nothing_else_is_one() {
        let text =
            "mita owner=jenkins.example.com/ci id=20261121T233012Z-1 server=5c0d4a2e-8f5e-4a44-9a53-b1c1c1f0aa01";
        assert_eq!(AddressMark::read(text).map(|mark| mark.to_string()).as_deref(), Some(text));
        for other in [
            "",
            "mita",
            "mita owner=ci",
            "mita owner=ci id=1 server=",
            "mita owner= id=1 server=2",
            "mita owner=ci id=1 server=2 3",
            "a mita owner=ci id=1 server=2",
            "mita owner=c i id=1 server=2",
        ] {
            assert_eq!(AddressMark::read(other), None, "{other}");
        }
    }
}
