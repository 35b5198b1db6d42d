//! The parts of Nova's JSON that mita reads. Nova leaves out fields or sends null by release, cell and policy, so only
//! what an answer is useless without is required, and what is of another type counts as left out: one odd server hides
//! nothing but itself.

use crate::provider::openstack::api::{Loose, loose};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `GET /servers/detail`, `GET /servers/ID` (Compute API).
#[derive(Deserialize)]
pub(crate) struct Server {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) status: Option<String>,
    #[serde(rename = "OS-EXT-STS:task_state", default, deserialize_with = "loose")]
    pub(crate) task_state: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) metadata: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) created: Option<String>,
    /// Null until the hypervisor has started the server (nova/compute/manager.py, `_build_and_run_instance`).
    #[serde(rename = "OS-SRV-USG:launched_at", default, deserialize_with = "present")]
    pub(crate) launched_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) addresses: Option<BTreeMap<String, Loose<Vec<Loose<Address>>>>>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) fault: Option<Fault>,
    /// Since microversion 2.9.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) locked: Option<bool>,
}

/// Distinguishes a field that is null from one that is missing, or of another type.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Ok(serde_json::from_str(Box::<RawValue>::deserialize(field)?.get()).ok())
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Address {
    #[serde(default, deserialize_with = "loose")]
    pub(crate) addr: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Fault {
    #[serde(default, deserialize_with = "loose")]
    pub(crate) message: Option<String>,
}

/// `POST /servers` (Compute API).
#[derive(Deserialize)]
pub(crate) struct CreatedServer {
    pub(crate) id: String,
    #[serde(rename = "adminPass")]
    pub(crate) admin_pass: Option<String>,
}

/// `GET /limits` (Compute API).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComputeLimits {
    pub(crate) max_total_instances: Option<i64>,
    pub(crate) total_instances_used: Option<i64>,
    pub(crate) max_total_cores: Option<i64>,
    pub(crate) total_cores_used: Option<i64>,
    #[serde(rename = "maxTotalRAMSize")]
    pub(crate) max_total_ram_size: Option<i64>,
    #[serde(rename = "totalRAMUsed")]
    pub(crate) total_ram_used: Option<i64>,
    /// Metadata items of each server.
    pub(crate) max_server_meta: Option<i64>,
}

/// `GET /os-keypairs` (Compute API).
#[derive(Deserialize)]
pub(crate) struct KeyPairEntry {
    pub(crate) keypair: KeyPair,
}

#[derive(Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) name: String,
}

/// `GET /os-availability-zone` (Compute API).
#[derive(Deserialize)]
pub(crate) struct Zone {
    #[serde(rename = "zoneName")]
    pub(crate) name: String,
    #[serde(rename = "zoneState")]
    pub(crate) state: Option<ZoneState>,
}

#[derive(Deserialize)]
pub(crate) struct ZoneState {
    pub(crate) available: Option<bool>,
}
