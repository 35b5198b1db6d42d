//! The remote API of the Jenkins controller: its queue, its nodes, and the few writes to nodes.
//!
//! It turns the JSON of any Jenkins version into [`crate::domain::world`] and decides nothing. An answer that cannot be
//! trusted is an error: one that does not come from Jenkins, or a list of nodes that may hide one. Jenkins answers in
//! the language of the request, so every request asks for English.

mod ahead;
mod builds;
mod cause;
mod client;
mod closing;
mod crumb;
mod error;
mod flow_graph;
mod html;
mod lifecycle;
mod load;
mod look;
mod nodes;
mod permissions;
mod queue;
mod reading;
mod registration;
#[cfg(test)]
mod tests;

pub use client::{Jenkins, page_of_jenkins, probe};
pub use closing::{NodeConfig, closed_values, loses_assigned_items, with_values};
pub use error::{ErrorKind, JenkinsError};
pub use lifecycle::{NodeChange, Restoration};
pub use permissions::{Permission, Permissions, shows_marks};
pub use reading::Reading;
pub use registration::{Launcher, NewNode};
