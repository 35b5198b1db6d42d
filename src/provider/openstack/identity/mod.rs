//! Keystone (Identity API v3 and v2.0).

pub(crate) mod access_rules;
mod catalogue;
mod log_in;
mod wire;

pub(crate) use log_in::{Identity, Login, describes_itself, is_keystone, log_in};
