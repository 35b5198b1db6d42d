//! What was listed, and what was read by its id.

use serde::{Deserialize, Serialize};

/// A listing is whole, or it is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing<T> {
    /// The service gave everything it has.
    Complete(T),
    /// It did not, and this is why, in words for an operator.
    Unavailable(String),
}

impl<T> Listing<T> {
    /// The contents, where the listing is whole.
    pub fn complete(&self) -> Option<&T> {
        match self {
            Listing::Complete(contents) => Some(contents),
            Listing::Unavailable(_) => None,
        }
    }
}

/// The answer to a read of one thing by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lookup<T> {
    /// It is there, whatever the listing says.
    Found(T),
    /// 404: there is no such thing.
    Gone,
    /// No answer to conclude from.
    Unavailable(String),
}
