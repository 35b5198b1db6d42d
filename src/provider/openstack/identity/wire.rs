//! The parts of Keystone's JSON that mita reads.

use serde::Deserialize;

/// `POST /v3/auth/tokens` (Identity API v3).
#[derive(Deserialize)]
pub(crate) struct TokenV3 {
    pub(crate) token: TokenV3Body,
}

#[derive(Deserialize)]
pub(crate) struct TokenV3Body {
    pub(crate) catalog: Option<Vec<CatalogueEntryV3>>,
    pub(crate) project: Option<Project>,
    pub(crate) roles: Option<Vec<Role>>,
    pub(crate) user: Option<UserV3>,
    pub(crate) application_credential: Option<Project>,
}

#[derive(Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
}

#[derive(Deserialize)]
pub(crate) struct Role {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct UserV3 {
    pub(crate) id: Option<String>,
    pub(crate) password_expires_at: Option<String>,
}

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

/// `GET /v3/users/ID/application_credentials/ID` (Identity API v3).
#[derive(Deserialize)]
pub(crate) struct OneCredential {
    pub(crate) application_credential: Credential,
}

#[derive(Deserialize)]
pub(crate) struct Credential {
    pub(crate) expires_at: Option<String>,
}

/// `POST /v2.0/tokens` (Identity API v2.0).
#[derive(Deserialize)]
pub(crate) struct TokenV2 {
    pub(crate) access: AccessV2,
}

#[derive(Deserialize)]
pub(crate) struct AccessV2 {
    pub(crate) token: TokenV2Id,
    #[serde(rename = "serviceCatalog")]
    pub(crate) service_catalog: Option<Vec<CatalogueEntryV2>>,
    pub(crate) user: Option<UserV2>,
}

#[derive(Deserialize)]
pub(crate) struct UserV2 {
    pub(crate) roles: Option<Vec<Role>>,
}

#[derive(Deserialize)]
pub(crate) struct TokenV2Id {
    pub(crate) id: String,
    pub(crate) tenant: Option<Project>,
}

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
