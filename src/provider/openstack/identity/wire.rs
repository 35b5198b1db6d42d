//! The parts of Keystone's JSON that mita reads.

use crate::provider::openstack::api::values::{Loose, loose};
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
    #[serde(default)]
    pub(crate) endpoints: Loose<Vec<Loose<EndpointV3>>>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct EndpointV3 {
    #[serde(default, deserialize_with = "loose")]
    pub(crate) interface: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) region: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) region_id: Option<String>,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) url: Option<String>,
}

/// An entry of `serviceCatalog` (Identity API v2.0).
#[derive(Deserialize)]
pub(crate) struct CatalogueEntryV2 {
    #[serde(rename = "type")]
    pub(crate) service_type: String,
    #[serde(default)]
    pub(crate) endpoints: Loose<Vec<Loose<EndpointV2>>>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct EndpointV2 {
    #[serde(default, deserialize_with = "loose")]
    pub(crate) region: Option<String>,
    #[serde(rename = "publicURL", default, deserialize_with = "loose")]
    pub(crate) public_url: Option<String>,
    #[serde(rename = "internalURL", default, deserialize_with = "loose")]
    pub(crate) internal_url: Option<String>,
    #[serde(rename = "adminURL", default, deserialize_with = "loose")]
    pub(crate) admin_url: Option<String>,
}
