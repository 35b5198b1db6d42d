//! A provider lists, creates and deletes servers. The rest of the program knows nothing of any cloud.
//!
//! A second backend is one folder beside [`openstack`], one variant of [`crate::config::Backend`], one match arm here.

pub mod console;
mod failure;
mod findings;
mod interface;
mod open;
pub mod openstack;
mod order;

pub use failure::{Failure, FailureKind};
pub use findings::{Allotment, Image, Inspection, Inventory, Size, Survey};
pub use interface::{Access, Provider};
pub use open::open;
pub use order::{AddressOrder, Deletion, Order};
