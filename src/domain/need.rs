//! What a queue item needs.

use crate::domain::format::shortened;
use crate::domain::label::Label;
use crate::domain::names::{NodeName, NodeTypeName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How much of a label or a name is shown, in characters.
const SHOWN: usize = 300;

/// What a queue item needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A node that this label expression accepts.
    Label(Label),
    /// The one node that fits today, or one like it.
    Node {
        /// Its name.
        name: NodeName,
        /// The type of the server of ours that it is, or was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node_type: Option<NodeTypeName>,
        /// The labels it has besides its name; empty for one that is gone.
        labels: BTreeSet<String>,
    },
    /// Any node that takes jobs without a label.
    Anywhere,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Label(label) => f.write_str(&shortened(&format!("{label:#}"), SHOWN)),
            Need::Node { name, .. } => write!(f, "node {}", shortened(name.as_str(), SHOWN)),
            Need::Anywhere => f.write_str("any node"),
        }
    }
}
