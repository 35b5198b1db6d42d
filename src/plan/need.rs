//! What a queue item needs.

use serde::{Deserialize, Serialize};

/// What a queue item needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Runs anywhere.
    Anywhere,
}
