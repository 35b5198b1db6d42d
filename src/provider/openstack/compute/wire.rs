//! The parts of Nova's JSON that mita reads, but for servers. Only what an answer is useless without is required.

use crate::provider::openstack::api::number;
use serde::Deserialize;

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
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_total_instances: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_instances_used: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_total_cores: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_cores_used: Option<i64>,
    #[serde(rename = "maxTotalRAMSize", default, deserialize_with = "number")]
    pub(crate) max_total_ram_size: Option<i64>,
    #[serde(rename = "totalRAMUsed", default, deserialize_with = "number")]
    pub(crate) total_ram_used: Option<i64>,
    /// Metadata items of each server.
    #[serde(default, deserialize_with = "number")]
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
