//! OpenStack's JSON, as far as it is read. Services leave out fields or send null by release, cell and policy, so that
//! only what nothing can be said without is required.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// `POST /v3/auth/tokens` (Identity API v3).
#[derive(Deserialize)]
pub(super) struct TokenV3 {
    pub(super) token: TokenV3Body,
}

#[derive(Deserialize)]
pub(super) struct TokenV3Body {
    pub(super) catalog: Option<Vec<CatalogueEntryV3>>,
    pub(super) project: Option<Project>,
    pub(super) roles: Option<Vec<Role>>,
    pub(super) user: Option<UserV3>,
    pub(super) application_credential: Option<Project>,
}

#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct UserV3 {
    pub(super) id: Option<String>,
    pub(super) password_expires_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CatalogueEntryV3 {
    #[serde(rename = "type")]
    pub(super) service_type: String,
    pub(super) endpoints: Option<Vec<EndpointV3>>,
}

#[derive(Deserialize)]
pub(super) struct EndpointV3 {
    pub(super) interface: Option<String>,
    pub(super) region: Option<String>,
    pub(super) region_id: Option<String>,
    pub(super) url: Option<String>,
}

/// `GET /v3/users/ID/application_credentials/ID` (Identity API v3).
#[derive(Deserialize)]
pub(super) struct OneCredential {
    pub(super) application_credential: Credential,
}

#[derive(Deserialize)]
pub(super) struct Credential {
    pub(super) expires_at: Option<String>,
}

/// `POST /v2.0/tokens` (Identity API v2.0).
#[derive(Deserialize)]
pub(super) struct TokenV2 {
    pub(super) access: AccessV2,
}

#[derive(Deserialize)]
pub(super) struct AccessV2 {
    pub(super) token: TokenV2Id,
    #[serde(rename = "serviceCatalog")]
    pub(super) service_catalog: Option<Vec<CatalogueEntryV2>>,
    pub(super) user: Option<UserV2>,
}

#[derive(Deserialize)]
pub(super) struct UserV2 {
    pub(super) roles: Option<Vec<Role>>,
}

#[derive(Deserialize)]
pub(super) struct TokenV2Id {
    pub(super) id: String,
    pub(super) tenant: Option<Project>,
}

#[derive(Deserialize)]
pub(super) struct CatalogueEntryV2 {
    #[serde(rename = "type")]
    pub(super) service_type: String,
    pub(super) endpoints: Option<Vec<EndpointV2>>,
}

#[derive(Deserialize)]
pub(super) struct EndpointV2 {
    pub(super) region: Option<String>,
    #[serde(rename = "publicURL")]
    pub(super) public_url: Option<String>,
    #[serde(rename = "internalURL")]
    pub(super) internal_url: Option<String>,
    #[serde(rename = "adminURL")]
    pub(super) admin_url: Option<String>,
}

/// A link to the next page.
#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) rel: Option<String>,
    pub(super) href: Option<String>,
}

/// `GET /servers/detail` (Compute API).
#[derive(Deserialize)]
pub(super) struct Servers {
    pub(super) servers: Vec<Server>,
    pub(super) servers_links: Option<Vec<Link>>,
}

/// `GET /volumes/detail` (Block Storage API v3).
#[derive(Deserialize)]
pub(super) struct Volumes {
    pub(super) volumes: Vec<Volume>,
    pub(super) volumes_links: Option<Vec<Link>>,
}

/// `GET /volumes/ID` (Block Storage API v3).
#[derive(Deserialize)]
pub(super) struct OneVolume {
    pub(super) volume: Volume,
}

#[derive(Deserialize)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) metadata: Option<BTreeMap<String, serde_json::Value>>,
    pub(super) attachments: Option<Vec<serde_json::Value>>,
}

/// `GET /servers/ID` (Compute API).
/// `os-getConsoleOutput`.
#[derive(Deserialize)]
pub(super) struct Console {
    pub(super) output: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OneServer {
    pub(super) server: Server,
}

#[derive(Deserialize)]
pub(super) struct Server {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    #[serde(rename = "OS-EXT-STS:task_state")]
    pub(super) task_state: Option<String>,
    pub(super) metadata: Option<BTreeMap<String, serde_json::Value>>,
    pub(super) created: Option<String>,
    /// Null until the hypervisor has started it (nova/compute/manager.py, `_build_and_run_instance`).
    #[serde(rename = "OS-SRV-USG:launched_at", default, deserialize_with = "present")]
    pub(super) launched_at: Option<Option<String>>,
    pub(super) addresses: Option<BTreeMap<String, Option<Vec<Address>>>>,
    pub(super) fault: Option<Fault>,
    /// Since microversion 2.9.
    pub(super) locked: Option<bool>,
}

/// Tells a field that is null from one that is not there.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) addr: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    pub(super) message: Option<String>,
}

/// `POST /servers` (Compute API).
#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) server: CreatedServer,
}

#[derive(Deserialize)]
pub(super) struct CreatedServer {
    pub(super) id: String,
    #[serde(rename = "adminPass")]
    pub(super) admin_pass: Option<String>,
}

/// `GET /flavors/detail` (Compute API).
#[derive(Deserialize)]
pub(super) struct Flavors {
    pub(super) flavors: Vec<Flavor>,
    pub(super) flavors_links: Option<Vec<Link>>,
}

#[derive(Deserialize)]
pub(super) struct Flavor {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) vcpus: u64,
    #[serde(default)]
    pub(super) ram: u64,
    #[serde(default)]
    pub(super) disk: u64,
    #[serde(default, rename = "OS-FLV-DISABLED:disabled")]
    pub(super) disabled: bool,
}

/// `GET /limits` (Compute API, Block Storage API). -1 is unlimited.
#[derive(Deserialize)]
pub(super) struct Limits<T> {
    pub(super) limits: Absolute<T>,
}

#[derive(Deserialize)]
pub(super) struct Absolute<T> {
    pub(super) absolute: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComputeLimits {
    pub(super) max_total_instances: Option<i64>,
    pub(super) total_instances_used: Option<i64>,
    pub(super) max_total_cores: Option<i64>,
    pub(super) total_cores_used: Option<i64>,
    #[serde(rename = "maxTotalRAMSize")]
    pub(super) max_total_ram_size: Option<i64>,
    #[serde(rename = "totalRAMUsed")]
    pub(super) total_ram_used: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VolumeLimits {
    pub(super) max_total_volumes: Option<i64>,
    pub(super) total_volumes_used: Option<i64>,
    pub(super) max_total_volume_gigabytes: Option<i64>,
    pub(super) total_gigabytes_used: Option<i64>,
}

/// `GET /v2/images` (Image API v2).
#[derive(Deserialize)]
pub(super) struct Images {
    pub(super) images: Vec<Image>,
    /// A path, with the query of the next page.
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Image {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) created_at: Option<String>,
    /// In MB.
    pub(super) min_ram: Option<u64>,
    /// In GB.
    pub(super) min_disk: Option<u64>,
}

/// `GET /os-keypairs` (Compute API).
#[derive(Deserialize)]
pub(super) struct KeyPairs {
    pub(super) keypairs: Vec<KeyPairEntry>,
}

#[derive(Deserialize)]
pub(super) struct KeyPairEntry {
    pub(super) keypair: KeyPair,
}

#[derive(Deserialize)]
pub(super) struct KeyPair {
    pub(super) name: String,
}

/// `GET /os-availability-zone` (Compute API).
#[derive(Deserialize)]
pub(super) struct Zones {
    #[serde(rename = "availabilityZoneInfo")]
    pub(super) zones: Vec<Zone>,
}

#[derive(Deserialize)]
pub(super) struct Zone {
    #[serde(rename = "zoneName")]
    pub(super) name: String,
    #[serde(rename = "zoneState")]
    pub(super) state: Option<ZoneState>,
}

#[derive(Deserialize)]
pub(super) struct ZoneState {
    pub(super) available: Option<bool>,
}

/// `GET /v2.0/security-groups` (Networking API v2.0).
#[derive(Deserialize)]
pub(super) struct SecurityGroups {
    pub(super) security_groups: Vec<SecurityGroup>,
}

#[derive(Deserialize)]
pub(super) struct SecurityGroup {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// `GET /v2.0/networks` (Networking API v2.0).
#[derive(Deserialize)]
pub(super) struct Networks {
    pub(super) networks: Vec<Network>,
}

#[derive(Deserialize)]
pub(super) struct Network {
    pub(super) id: String,
    pub(super) name: Option<String>,
    #[serde(rename = "router:external")]
    pub(super) external: Option<bool>,
    pub(super) shared: Option<bool>,
    pub(super) project_id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) subnets: Option<Vec<serde_json::Value>>,
}

/// `GET /v2.0/ports`, and every other list of Neutron's of which names and ids count.
#[derive(Deserialize)]
pub(super) struct Ports {
    pub(super) ports: Vec<Network>,
}

/// `GET /os-server-groups` (Compute API).
#[derive(Deserialize)]
pub(super) struct ServerGroups {
    pub(super) server_groups: Vec<ServerGroup>,
}

#[derive(Deserialize)]
pub(super) struct ServerGroup {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

/// `GET /v2.1/` (Compute API, "Show Details of Specific API Version").
#[derive(Deserialize)]
pub(super) struct ComputeVersion {
    pub(super) version: ComputeVersionRange,
}

#[derive(Deserialize)]
pub(super) struct ComputeVersionRange {
    /// The newest microversion.
    pub(super) version: Option<String>,
}

/// `GET /v2.0/floatingips` (Networking API v2.0).
#[derive(Deserialize)]
pub(super) struct FloatingIps {
    pub(super) floatingips: Vec<FloatingIp>,
    pub(super) floatingips_links: Option<Vec<Link>>,
}

/// `GET /v2.0/floatingips/ID` (Networking API v2.0).
#[derive(Deserialize)]
pub(super) struct OneFloatingIp {
    pub(super) floatingip: FloatingIp,
}

#[derive(Deserialize)]
pub(super) struct FloatingIp {
    pub(super) id: String,
    pub(super) floating_ip_address: Option<String>,
    pub(super) port_id: Option<String>,
    pub(super) description: Option<String>,
}

/// `GET /v2.0/ports?device_id=SERVER` (Networking API v2.0).
#[derive(Deserialize)]
pub(super) struct ServerPorts {
    pub(super) ports: Vec<ServerPort>,
}

#[derive(Deserialize)]
pub(super) struct ServerPort {
    pub(super) id: String,
    pub(super) network_id: Option<String>,
    pub(super) fixed_ips: Option<Vec<FixedIp>>,
}

#[derive(Deserialize)]
pub(super) struct FixedIp {
    pub(super) ip_address: Option<String>,
}
