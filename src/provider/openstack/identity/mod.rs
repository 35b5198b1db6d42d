//! Keystone (Identity API v3 and v2.0).

pub(crate) mod access_rules;
mod catalogue;
mod keystone;
mod log_in;
mod refusal;
mod wire;

pub(crate) use keystone::{NOT_KEYSTONE, describes_itself, is_keystone};
pub(crate) use log_in::{Identity, Login, log_in};
