//! Clouds. A provider lists, creates and deletes servers; the rest of the program knows no cloud.
//!
//! A second backend needs one folder next to [`openstack`], one variant of [`crate::config::Backend`] and one match arm in
//! [`open()`].

pub mod command;
pub mod console;
mod failure;
mod findings;
mod interface;
mod mark;
mod open;
pub mod openstack;
mod order;

pub use crate::http::Network;
pub use failure::{Failure, FailureKind};
pub use findings::{Image, Inspection, Inventory, NamedNetwork, QuotaUsage, Size, Survey};
pub use interface::{Access, Attachments, Provider};
pub use open::open;
pub use order::{AddressOrder, Deletion, Order};
