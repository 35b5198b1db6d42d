//! The names and ids of both services, each with a type of its own.
//!
//! Whatever registers a server in Jenkins names the node `base+IP`. That name is the only link from a node to a server,
//! so only this module writes and reads it. [`crate::plan`] decides which server it leads to.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Whether a text can be an id in OpenStack.
pub(crate) fn is_uuid(text: &str) -> bool {
    let digits = text.chars().filter(|c| *c != '-').count();
    digits == 32 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[serde(deserialize_with = "text")] Arc<str>);

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
        text_access!($name);
    };
}

macro_rules! text_access {
    ($name:ident) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// Reads a text without a copy in between: a large state has tens of thousands of names.
fn text<'de, D: Deserializer<'de>>(text: D) -> Result<Arc<str>, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Arc<str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(text.into())
        }
    }
    text.deserialize_str(Text)
}

name_type!(/// A node type: a key of `[nodes.NAME]`.
    NodeTypeName);
name_type!(/// A provider: a key of `[provider.NAME]`.
    ProviderName);
name_type!(/// The id that a cloud gave to a server.
    ServerId);
name_type!(/// The id that a cloud gave to a volume.
    VolumeId);
name_type!(/// The id that a cloud gave to the attachment of a volume.
    AttachmentId);
name_type!(/// The id that a cloud gave to a floating IP.
    FloatingIpId);
name_type!(/// The id of an order, in the server's metadata as `mita_id`.
    MitaId);
name_type!(/// The name of a node in Jenkins.
    NodeName);

impl MitaId {
    /// The id of a run's order: the time to the second, in UTC, and a number, `20261121T233012Z-1`. The caller takes
    /// the next ordinal where an id is known already.
    pub fn new(now: Timestamp, ordinal: u32) -> Self {
        Self(format!("{}-{ordinal}", now.strftime("%Y%m%dT%H%M%SZ")).into())
    }

    /// When the order was made, to the second; `None` for a text that [`MitaId::new`] does not write.
    pub fn ordered_at(&self) -> Option<Timestamp> {
        let (time, ordinal) = self.0.rsplit_once('-')?;
        let time = time.parse().ok()?;
        // The parser takes many ways to write a time, and of those only one is an id.
        (Self::new(time, ordinal.parse().ok()?) == *self).then_some(time)
    }
}

/// A node's name, taken apart by the convention `base+IP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention<'a> {
    /// The text before the address: a node type, an order's id, a server's name; the whole name if there is no address.
    pub base: &'a str,
    /// The address, if the name carries one. An IPv4 address written as IPv6 (`--ffff-1.2.3.4`) stays an
    /// IPv6 address, different from the plain one: clouds list addresses in their own family.
    pub ip: Option<IpAddr>,
}

impl NodeName {
    /// Takes the name apart at its last `+`, if an address follows: IPv4, or IPv6 with dashes in place of the
    /// colons, which Jenkins does not allow in a name (`Jenkins.checkGoodName`). All spellings of an address are the
    /// same address. Any other name is a base without an address.
    pub fn convention(&self) -> Convention<'_> {
        let parted = self.0.rsplit_once('+').and_then(|(base, address)| Some((base, parse_address(address)?)));
        parted.map_or(Convention { base: &self.0, ip: None }, |(base, ip)| Convention { base, ip: Some(ip) })
    }

    /// The text before the first `+`; the whole name if there is none.
    pub fn before_plus(&self) -> &str {
        self.0.split_once('+').map_or(&self.0, |(before, _)| before)
    }
}

fn parse_address(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Some(ip.into());
    }
    let dashed = !text.contains(':');
    dashed.then(|| text.replace('-', ":").parse::<Ipv6Addr>().ok())?.map(IpAddr::from)
}

/// The name that the convention gives to the node of a server with this address.
pub fn node_name(base: &str, ip: IpAddr) -> NodeName {
    NodeName(format!("{base}+{}", ip.to_string().replace(':', "-")).into())
}

/// The installation whose mark a server carries, in its metadata as `mita_owner`: ASCII letters, digits and `._:/-`, not
/// empty, and no longer than a value of server metadata may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Owner(Arc<str>);

text_access!(Owner);

/// The longest value of server metadata, in characters (Nova API reference, `metadata`).
const METADATA_VALUE: usize = 255;

/// Why a text cannot be an owner. No message shows the text, which may be a URL with a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerError {
    /// No character at all.
    #[error("owner is empty: give this installation a name of letters, digits and `._:/-`")]
    Empty,
    /// A character that is not allowed.
    #[error("owner contains {0:?}: use only letters without accents, digits and `._:/-`")]
    Character(char),
    /// Longer than server metadata can hold.
    #[error("owner has {0} characters: server metadata holds {METADATA_VALUE} at most")]
    TooLong(usize),
    /// A URL without a host that can be found in it.
    #[error("no owner can be made from jenkins.url, which has no plain host: set owner, or correct jenkins.url")]
    NoHost,
}

impl Owner {
    /// Takes a name as an owner.
    ///
    /// # Errors
    ///
    /// Fails if it is empty, too long, or has a character that is not allowed.
    pub fn new(name: impl Into<String>) -> Result<Self, OwnerError> {
        let name = name.into();
        if name.is_empty() {
            return Err(OwnerError::Empty);
        }
        if let Some(wrong) = name.chars().find(|&c| !is_allowed(c)) {
            return Err(OwnerError::Character(wrong));
        }
        if name.len() > METADATA_VALUE {
            return Err(OwnerError::TooLong(name.len()));
        }
        Ok(Self(name.into()))
    }

    /// The owner of an installation that names none: host, port and path of its Jenkins' URL, the host in lower case,
    /// with `-` in place of characters that are not allowed. Scheme, user, password, query and closing slashes are left
    /// out.
    ///
    /// # Errors
    ///
    /// Fails if the URL has no host, has something else than a port behind it, or if the result is too long.
    pub fn from_jenkins_url(url: &str) -> Result<Self, OwnerError> {
        let url = url.trim();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host_and_port, ""),
        };
        // Digits only: a slash in a password that is not percent-encoded would else bring a part of it here.
        if host.is_empty() || !port.chars().all(|c| c.is_ascii_digit()) {
            return Err(OwnerError::NoHost);
        }
        let text = format!("{}{}", host_and_port.to_lowercase(), path.trim_end_matches('/'));
        Self::new(text.replace(|c| !is_allowed(c), "-"))
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._:/-".contains(c)
}

impl TryFrom<String> for Owner {
    type Error = OwnerError;

    fn try_from(name: String) -> Result<Self, OwnerError> {
        Self::new(name)
    }
}
