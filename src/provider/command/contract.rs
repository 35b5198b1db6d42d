//! The contract between mita and a program that manages servers: the documents of each call, version 1.
//!
//! `examples/backend.md` explains it to authors of such programs; `examples/backends/schemas` is made from these types.
//! A key that an answer must have has no default here: an answer without it is no answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The version of the contract.
pub(crate) const VERSION: u32 = 1;

/// What mita asks the program to do: its last argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Create,
    Show,
    Delete,
    Check,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verb::List => "list",
            Verb::Create => "create",
            Verb::Show => "show",
            Verb::Delete => "delete",
            Verb::Check => "check",
        }
    }
}

/// The request of `list`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ListRequest")]
pub(crate) struct ListRequest {
    /// The version of the contract. A program that does not know it ends with status 65.
    pub(crate) version: u32,
}

/// The request of `create`: one server.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "CreateRequest")]
pub(crate) struct CreateRequest<'a> {
    /// The version of the contract. A program that does not know it ends with status 65.
    pub(crate) version: u32,
    /// The id of the order. There is at most one server of an id, ever.
    pub(crate) mita_id: &'a str,
    /// The server's name. Several servers can have the same.
    pub(crate) name: &'a str,
    /// `image_name` of the node type, if it has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) image: &'a str,
    /// `size` of the node type, if it has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) size: &'a str,
    /// To keep with the server, and to return as it is.
    pub(crate) metadata: BTreeMap<String, String>,
    /// The boot script; it can contain the secret of a Jenkins agent.
    pub(crate) user_data: &'a str,
}

/// The request of `show`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "ShowRequest")]
pub(crate) struct ShowRequest<'a> {
    /// The version of the contract. A program that does not know it ends with status 65.
    pub(crate) version: u32,
    /// The server.
    pub(crate) id: &'a str,
    /// Whether to return the end of its console, too.
    pub(crate) console: bool,
}

/// The request of `delete`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "DeleteRequest")]
pub(crate) struct DeleteRequest<'a> {
    /// The version of the contract. A program that does not know it ends with status 65.
    pub(crate) version: u32,
    /// The server.
    pub(crate) id: &'a str,
}

/// The request of `check`.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "CheckRequest")]
pub(crate) struct CheckRequest<'a> {
    /// The version of the contract. A program that does not know it ends with status 65.
    pub(crate) version: u32,
    /// The node types to check, by name; none if mita only asks what there is.
    pub(crate) node_types: BTreeMap<&'a str, Wanted<'a>>,
}

/// What a node type wants.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Wanted<'a> {
    /// Its `image_name`, if it has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) image: &'a str,
    /// Its `size`, if it has one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) size: &'a str,
}

/// The answer to `list`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "ListAnswer")]
pub(crate) struct ListAnswer {
    /// Every server that there is, of all installations.
    pub(crate) servers: Vec<Machine>,
}

/// The answer to `create`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "CreateAnswer")]
pub(crate) struct CreateAnswer {
    /// The server of this id, new or from an earlier call.
    pub(crate) server: Machine,
}

/// The answer to `show`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "ShowAnswer")]
pub(crate) struct ShowAnswer {
    /// The server; null if there is none.
    pub(crate) server: Shown,
    /// The last lines of its console, if they were asked for and there is one.
    #[serde(default)]
    pub(crate) console: Option<String>,
}

/// A server, or null. Unlike an option, it has to be there: only an answer that says so means that a server is gone.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Shown(pub(crate) Option<Machine>);

/// The answer to `delete`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "DeleteAnswer")]
pub(crate) struct DeleteAnswer {
    /// Whether there was such a server.
    pub(crate) existed: bool,
}

/// The answer to `check`.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "CheckAnswer")]
pub(crate) struct CheckAnswer {
    /// What is known of the node types that were asked for.
    #[serde(default)]
    pub(crate) node_types: BTreeMap<String, Checked>,
    /// What all servers together may use, and use.
    #[serde(default)]
    pub(crate) quota: Limits,
    /// What will stop working soon, for a person.
    #[serde(default)]
    pub(crate) hints: Vec<String>,
    /// The images that a node type can name, the best first.
    #[serde(default)]
    pub(crate) images: Vec<String>,
    /// The sizes that a node type can name, the smallest first.
    #[serde(default)]
    pub(crate) sizes: Vec<OfferedSize>,
}

/// What is known of a node type.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Checked {
    /// Why no server of it can be created, for a person; absent if one can.
    pub(crate) problem: Option<String>,
    /// Cores of one server.
    pub(crate) cores: Option<u64>,
    /// Memory of one server in MiB.
    pub(crate) ram_mib: Option<u64>,
}

/// Quotas; one that is absent has no limit.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Limits {
    /// Servers.
    pub(crate) servers: Option<Limit>,
    /// Cores.
    pub(crate) cores: Option<Limit>,
    /// Memory in MiB.
    pub(crate) ram_mib: Option<Limit>,
}

/// One quota.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) struct Limit {
    /// How much there may be.
    pub(crate) limit: u64,
    /// How much there is.
    pub(crate) used: u64,
}

/// A size that a node type can name.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct OfferedSize {
    /// Its name.
    pub(crate) name: String,
    /// Cores.
    pub(crate) cores: u64,
    /// Memory in MiB.
    pub(crate) ram_mib: u64,
}

/// A server.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Machine {
    /// Its id: never that of another server, also after it is gone.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// How far it has come.
    pub(crate) state: State,
    /// The metadata of the request that created it; empty if it is not known to this program.
    pub(crate) metadata: BTreeMap<String, serde_json::Value>,
    /// Its addresses, the one that Jenkins sees first among those of its family.
    #[serde(default)]
    pub(crate) addresses: Vec<IpAddr>,
    /// When it was created, as in 2026-11-28T21:30:00Z.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) created: Option<jiff::Timestamp>,
    /// Whether it ever ran. Absent: unknown.
    #[serde(default)]
    pub(crate) launched: Option<bool>,
    /// Whether somebody locked it against deletion. Absent: unknown.
    #[serde(default)]
    pub(crate) locked: Option<bool>,
    /// What went wrong with it, for a person.
    #[serde(default)]
    pub(crate) fault: Option<String>,
}

/// How far a server has come.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It is being created, or boots.
    Building,
    /// It runs.
    Active,
    /// It could not be created, or failed.
    Error,
    /// It does not run, and will not by itself.
    Stopped,
    /// It is being deleted.
    Deleting,
}
