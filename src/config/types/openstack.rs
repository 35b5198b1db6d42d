//! `[provider.NAME]` of type "openstack": which cloud, and who logs in.

use crate::secret::Secret;
use std::path::PathBuf;

/// An OpenStack project.
#[derive(Clone, Debug)]
pub struct OpenStackConfig {
    /// Keystone's URL, with or without a version, ending in `/`.
    pub auth_url: String,
    /// How to log in.
    pub auth: Auth,
    /// The region in the catalogue; `None` if it has only one.
    pub region: Option<String>,
    /// Which URL of an endpoint.
    pub interface: Interface,
    /// The certificate authorities to trust instead of the system's.
    pub cacert: Option<PathBuf>,
    /// How to reach its services.
    pub connection: Connection,
}

/// How to reach the services of a cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The client certificate for TLS.
    pub client_cert: Option<ClientCertificate>,
    /// The proxy, `http://[USER:PASSWORD@]HOST:PORT`; `None` for that of the environment.
    pub proxy: Option<Secret>,
    /// Addresses instead of those in the catalogue.
    pub endpoints: Endpoints,
}

/// A client certificate with its key, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, with its chain.
    pub cert: PathBuf,
    /// Its key; the same file may hold both.
    pub key: PathBuf,
}

/// Addresses of services, without a slash at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Nova.
    pub compute: Option<String>,
    /// Glance.
    pub image: Option<String>,
    /// Neutron.
    pub network: Option<String>,
    /// Cinder.
    pub volume: Option<String>,
}

/// Ways to log in to Keystone.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `3.x_password`
    Password {
        /// The user.
        user: Identified,
        /// The password.
        password: Secret,
        /// The project; `None` for the user's default project.
        project: Option<Identified>,
    },
    /// `3.x_appcred`
    ApplicationCredential {
        /// The credential, by id or by its name and user.
        credential: CredentialId,
        /// Its secret.
        secret: Secret,
    },
    /// `3.x_token`
    Token {
        /// A Keystone token.
        token: Secret,
        /// The project; `None` for that of the token.
        project: Option<Identified>,
    },
    /// `2.0_password`
    V2Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
        /// `tenantName`
        tenant: Option<String>,
    },
}

/// A user or a project: by id, or by name within a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// By id.
    Id(String),
    /// By name.
    Name {
        /// The name.
        name: String,
        /// Its domain.
        domain: Domain,
    },
}

/// A domain of Keystone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// By id.
    Id(String),
    /// By name.
    Name(String),
}

/// The domain that every Keystone has, by its name there.
impl Default for Domain {
    fn default() -> Self {
        Domain::Name("Default".to_owned())
    }
}

/// An application credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialId {
    /// By id.
    Id(String),
    /// By name, which is unique only for one user.
    Name {
        /// The credential's name.
        name: String,
        /// Its user.
        user: Identified,
    },
}

/// Which URL of a catalogue's endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// For everybody.
    Public,
    /// In the cloud's own network.
    Internal,
    /// For administrators.
    Admin,
}

impl Interface {
    /// What a configuration can call each: the name of Keystone v3, and that of v2.0.
    pub(crate) const NAMES: [(&str, Interface); 6] = [
        ("public", Interface::Public),
        ("internal", Interface::Internal),
        ("admin", Interface::Admin),
        ("publicURL", Interface::Public),
        ("internalURL", Interface::Internal),
        ("adminURL", Interface::Admin),
    ];

    /// The interface with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, interface)| *interface)
    }

    /// Its name in Keystone v3.
    pub fn name(self) -> &'static str {
        match self {
            Interface::Public => "public",
            Interface::Internal => "internal",
            Interface::Admin => "admin",
        }
    }
}
