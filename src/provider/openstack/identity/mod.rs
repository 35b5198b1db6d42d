//! Keystone (Identity API v3 and v2.0).

mod catalogue;
mod log_in;
mod wire;

pub(crate) use log_in::{Identity, Login, is_keystone, log_in};
