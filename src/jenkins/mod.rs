//! The Jenkins controller's remote API: the queue, the nodes, making them and setting them offline.
//!
//! Turns Jenkins' JSON of any version into [`crate::world`], and the few writes into requests; decides nothing. What it
//! cannot vouch for it reports as an error: an answer of something other than Jenkins, a node list that hides
//! a node. Jenkins answers in the language that it is asked in, so every request asks for English.

mod client;
mod crumb;
mod error;
mod lifecycle;
mod nodes;
mod queue;
mod registration;
mod rights;
#[cfg(test)]
mod tests;
mod wire;

pub use client::{Jenkins, Reading};
pub use error::{ErrorKind, JenkinsError};
pub use lifecycle::{Change, Restoration};
pub use registration::{Launcher, NewNode};
pub use rights::{Right, Rights};
