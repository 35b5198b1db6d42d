//! Neutron (Networking API v2.0).

pub(crate) mod floating_ip;
mod names;
mod wire;

pub(crate) use names::{Sort, all, resolve, security_groups, usable};
pub(crate) use wire::{Network, SecurityGroup};
