//! OpenStack behind the provider's verbs: Keystone for the log-in, Nova for servers, Glance, Neutron and Cinder for what
//! an order names.
//!
//! Nothing is asked before the first verb is used, one token serves the whole run, and no shape of OpenStack's JSON
//! leaves this folder.

mod api;
mod backend;
mod checks;
mod cloud;
mod compute;
mod identity;
mod image;
mod names;
mod network;
mod order;
#[cfg(test)]
mod tests;
mod volume;

pub use cloud::OpenStack;
