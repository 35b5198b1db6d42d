//! The names and ids of the two services, each a type of its own.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(/// A node type: a key of `[nodes.NAME]`.
    NodeTypeName);
name_type!(/// A provider: a key of `[provider.NAME]`.
    ProviderName);
name_type!(/// The id that a cloud gave to a server.
    ServerId);
name_type!(/// The id of an order, in the server's metadata as `mita_id`.
    MitaId);
name_type!(/// The name of a node in Jenkins.
    NodeName);
name_type!(/// The installation whose mark a server carries.
    Owner);
