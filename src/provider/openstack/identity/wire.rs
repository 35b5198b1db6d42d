//! The parts of Keystone's JSON that mita reads.

use serde::Deserialize;

/// `roles` of a token.
#[derive(Deserialize)]
pub(crate) struct Role {
    pub(crate) name: String,
}

/// An entry of `catalog` (Identity API v3).
#[derive(Deserialize)]
pub(crate) struct CatalogueEntryV3 {
    #[serde(rename = "type")]
    pub(crate) service_type: String,
    pub(crate) endpoints: Option<Vec<EndpointV3>>,
}

#[derive(Deserialize)]
pub(crate) struct EndpointV3 {
    pub(crate) interface: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) region_id: Option<String>,
    pub(crate) url: Option<String>,
}

/// An entry of `serviceCatalog` (Identity API v2.0).
#[derive(Deserialize)]
pub(crate) struct CatalogueEntryV2 {
    #[serde(rename = "type")]
    pub(crate) service_type: String,
    pub(crate) endpoints: Option<Vec<EndpointV2>>,
}

#[derive(Deserialize)]
pub(crate) struct EndpointV2 {
    pub(crate) region: Option<String>,
    #[serde(rename = "publicURL")]
    pub(crate) public_url: Option<String>,
    #[serde(rename = "internalURL")]
    pub(crate) internal_url: Option<String>,
    #[serde(rename = "adminURL")]
    pub(crate) admin_url: Option<String>,
}
