//! OpenStack: Keystone for the log-in, Nova for servers, Glance, Neutron and Cinder for what an order names.
//!
//! Nothing is sent before the first operation, one token serves the whole run, and no other folder knows the JSON of
//! OpenStack.

mod api;
mod backend;
mod checks;
mod cloud;
mod compute;
mod disks;
mod identity;
mod image;
mod names;
mod network;
mod order;
#[cfg(test)]
mod tests;
mod volume;

pub use checks::probe;
pub use cloud::OpenStack;
