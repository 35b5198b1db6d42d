//! The keys of each table: the one list behind the errors for unknown keys, the JSON Schema, the manual and the reference.
//!
//! Not derived with `schemars`: types that only describe the file would take 460 lines and 138 KB of program, and this
//! table would stay, since the errors, the manual and the reference need it.

mod budget;
mod key;
pub(super) mod nodes;
pub(super) mod provider;

pub(super) use budget::BUDGET;
pub(super) use key::{Key, Kind};
pub(super) use nodes::{BOOT_VOLUME, MIN_IDLE, NODES};
pub(super) use provider::PROVIDER;

use key::{MOST, key, refused, same};

/// At the top of the file, above the first table.
pub(super) const TOP: &[Key] = &[
    key("state_file", Kind::Path, "/var/lib/mita/state.json", "the state of mita; the lock file is beside it"),
    key(
        "metrics_file",
        Kind::Path,
        "none",
        "the file to which each run writes metrics, for node_exporter's textfile collector",
    ),
    key("html_file", Kind::Path, "none", "the file to which each run writes a status page"),
    key(
        "owner",
        Kind::Text,
        "host and path of jenkins.url, or of the first of jenkins.former_urls",
        "the mark of this installation in the metadata of its servers; two installations in one project need different owners; letters, digits and ._:/- are allowed",
    ),
    key("deadline", Kind::Time, "50s", "the maximum duration of a run"),
    key("max_servers", Kind::Number(0, MOST), "50", "the maximum number of servers at a time, over all providers"),
    key("concurrency", Kind::Number(1, 64), "24", "the maximum number of concurrent requests to one service"),
    key("journal_days", Kind::Number(1, 3650), "90", "for how many days the journal is kept, which mita history reads"),
    key("stuck_after", Kind::Time, "0s", "how long a job must wait in the queue before mita orders a server for it"),
    key(
        "idle_grace",
        Kind::TimeOrAuto,
        "40m",
        "how long a node may be idle before it is retired; auto: as long as past gaps between uses make it worth it",
    ),
    key("boot_timeout", Kind::Time, "15m", "the maximum time from the order until the server is ACTIVE"),
    key(
        "join_timeout",
        Kind::Time,
        "15m",
        "the maximum time from ACTIVE until the node is online in Jenkins; also how long a node may be offline",
    ),
    key(
        "order_timeout",
        Kind::Time,
        "5m",
        "how long an order counts if its answer was lost, or if its server is not listed yet",
    ),
    key(
        "max_age",
        Kind::Time,
        "none",
        "the age, counted from the order, at which a server takes no further build; it is retired once it is idle",
    ),
    key(
        "time_zone",
        Kind::Text,
        "UTC",
        "the time zone of the hours in min_idle and of the periods of budgets, as an IANA name",
    ),
    key("jenkins", Kind::Table(JENKINS), "", "the Jenkins controller, and the user to log in as"),
    key("provider", Kind::Tables(PROVIDER), "", "one table for each cloud project; you choose the name"),
    key(
        "defaults",
        Kind::Table(NODES),
        "",
        "keys of [nodes.NAME] for all node types; a node type's own keys take precedence",
    ),
    key(
        "nodes",
        Kind::Tables(NODES),
        "",
        "one table for each node type; its name is the name of the servers and, with +IP, of their nodes in Jenkins; if several node types fit a job, mita takes the first in the file",
    ),
];

/// `[jenkins]`
pub(super) const JENKINS: &[Key] = &[
    key("url", Kind::Url, "required", "the root URL of Jenkins, with its path if it has one"),
    key(
        "former_urls",
        Kind::Urls,
        "none",
        "root URLs that this Jenkins had before, the oldest first: mita accepts a state file and servers that name one of them",
    ),
    key("user", Kind::Text, "required", "the user to log in as"),
    key("token", Kind::Lines, "required", "the API token of that user"),
    key("token_file", Kind::Path, "", "a file that contains only the token"),
    key("token_env", Kind::Text, "", "an environment variable with the token"),
    same("password", "token"),
    same("password_file", "token_file"),
    same("password_env", "token_env"),
    key(
        "cacert",
        Kind::Path,
        "the system's",
        "a PEM file with the certificate authority to trust, in place of the system's",
    ),
    provider::PROXY,
    refused("insecure"),
];

/// Every table with its header; the top of the file has none.
pub(super) const TABLES: [(&[Key], &str); 4] =
    [(TOP, ""), (JENKINS, "[jenkins]"), (PROVIDER, "[provider.NAME]"), (NODES, "[nodes.NAME]")];

/// The names of these keys.
pub(super) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|key| key.name)
}

/// Whether a table has a key of this name.
pub(super) fn has(keys: &[Key], name: &str) -> bool {
    keys.iter().any(|key| key.name == name)
}
