//! The parts of Neutron's JSON that mita reads.

use crate::provider::openstack::api::{loose, number};
use serde::Deserialize;

/// `GET /v2.0/networks` and, of ports only ids and names, `GET /v2.0/ports` (Networking API v2.0).
#[derive(Deserialize)]
pub(crate) struct Network {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) name: Option<String>,
    #[serde(rename = "router:external", default, deserialize_with = "loose")]
    pub(crate) external: Option<bool>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) shared: Option<bool>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) project_id: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) tenant_id: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) subnets: Option<Vec<serde_json::Value>>,
}

/// One quota in `GET /quotas/PROJECT/details.json` (Networking API v2.0).
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct NeutronQuota {
    #[serde(default, deserialize_with = "number")]
    pub(crate) limit: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) used: Option<i64>,
}

impl Network {
    /// Whether ordinary users may attach servers to it. Some clouds have an external network that everybody may use; Nova
    /// refuses the others (nova/network/neutron.py, `_check_external_network_attach`).
    pub(crate) fn takes_servers(&self) -> bool {
        self.external != Some(true) || self.shared == Some(true)
    }

    /// Its name for messages: a network may have none.
    pub(crate) fn title(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.id)
    }
}

/// `GET /v2.0/floatingips` (Networking API v2.0).
#[derive(Deserialize)]
pub(crate) struct FloatingIp {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) floating_ip_address: Option<String>,
    /// Of any type: whatever stands there may be a port.
    pub(crate) port_id: Option<serde_json::Value>,
    /// Since Rocky (extension `fip-port-details`).
    #[serde(default, deserialize_with = "loose")]
    pub(crate) port_details: Option<PortDetails>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) description: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PortDetails {
    /// The server whose port it is; empty if it is nobody's.
    #[serde(default, deserialize_with = "loose")]
    pub(crate) device_id: Option<String>,
}

/// `GET /v2.0/ports?device_id=SERVER` (Networking API v2.0).
#[derive(Deserialize)]
pub(crate) struct ServerPort {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) network_id: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) fixed_ips: Option<Vec<FixedIp>>,
}

#[derive(Deserialize)]
pub(crate) struct FixedIp {
    #[serde(default, deserialize_with = "loose")]
    pub(crate) ip_address: Option<String>,
}
