//! Neutron (Networking API v2.0).

pub(crate) mod floating_ip;
mod networks;
mod wire;

pub(crate) use networks::{Kind, all, resolve, security_groups, usable};
pub(crate) use wire::Network;
