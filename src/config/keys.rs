//! The keys of each table: the one list behind the errors for unknown keys, the JSON Schema, the manual and the reference.
//!
//! Not derived with `schemars`: types that only describe the file would take 460 lines and 138 KB of program, and this
//! table would stay, since the errors, the manual and the reference need it.

/// One key: its possible values, and what it means.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The default, or whether the key is required; empty if other keys decide.
    pub(super) default: &'static str,
    /// What it means, in one line for operators.
    pub(super) about: &'static str,
}

/// The possible values of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// One line of text, not empty.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Text with any number of lines.
    Lines,
    /// The root URL of a service.
    Url,
    /// The URL of a proxy, which may hold user and password.
    Proxy,
    /// A file, relative to the configuration file.
    Path,
    /// A time with units.
    Time,
    /// A whole number within these bounds.
    Number(u32, u32),
    /// `true` or `false`.
    Flag,
    /// One text or a list of them.
    Texts,
    /// One root URL, or a list of them.
    Urls,
    /// Words separated by blanks, or a list of them.
    Words,
    /// An amount of memory with its unit, as `8G`.
    Memory,
    /// A whole number, or a list of tables with these keys.
    NumberOrTables(&'static [Key]),
    /// A table of texts, with keys that the operator chooses.
    Metadata,
    /// The same, with texts and lists of texts.
    Hints,
    /// One table.
    Table(&'static [Key]),
    /// Tables with names that the operator chooses.
    Tables(&'static [Key]),
    /// Another name of a key of the same table; only one of the two may be given.
    Same(&'static str),
    /// Not supported; the error says why.
    Refused,
}

const MOST: u32 = u32::MAX;

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

const fn same(name: &'static str, other: &'static str) -> Key {
    Key { name, kind: Kind::Same(other), default: "", about: "the same under another name" }
}

const fn refused(name: &'static str) -> Key {
    Key { name, kind: Kind::Refused, default: "", about: "certificates are always verified" }
}

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
    key("idle_grace", Kind::Time, "40m", "how long a node may be idle before it is retired"),
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
    key("time_zone", Kind::Text, "UTC", "the time zone of the hours in min_idle, as an IANA name"),
    key("jenkins", Kind::Table(JENKINS), "", "the Jenkins controller, and the user to log in as"),
    key("provider", Kind::Tables(PROVIDER), "", "one table for each cloud project; you choose the name"),
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
    refused("insecure"),
];

/// `[provider.NAME]`
pub(super) const PROVIDER: &[Key] = &[
    key("type", Kind::OneOf(&["openstack"]), "openstack", "the kind of cloud"),
    key(
        "max",
        Kind::Number(0, MOST),
        "none",
        "the maximum number of servers of this provider at a time; 0: order none",
    ),
    key(
        "cloud",
        Kind::Text,
        "",
        "a cloud in clouds.yaml and secure.yaml, in place of the keys for URL and credentials; envvars: use the OS_* variables",
    ),
    key("auth_url", Kind::Url, "required without cloud", "the URL of Keystone, with or without /v3 or /v2.0"),
    key(
        "auth_version",
        Kind::OneOf(&["3.x_password", "3.x_appcred", "3.x_token", "2.0_password"]),
        "chosen by the other keys",
        "the method to log in with",
    ),
    key("username", Kind::Text, "", "the user to log in as"),
    key("user_id", Kind::Text, "", "the user's id, in place of username; needs no domain"),
    key("password", Kind::Lines, "", "the user's password"),
    key("password_file", Kind::Path, "", "a file that contains only the password"),
    key("password_env", Kind::Text, "", "an environment variable with the password"),
    key("tenant_name", Kind::Text, "the user's default project", "the project of the servers"),
    same("project_name", "tenant_name"),
    key("tenant_id", Kind::Text, "", "the project's id, in place of tenant_name; needs no domain"),
    same("project_id", "tenant_id"),
    key("user_domain_name", Kind::Text, "Default", "the user's domain"),
    key("user_domain_id", Kind::Text, "", "the user's domain, by id"),
    key("project_domain_name", Kind::Text, "Default", "the project's domain"),
    key("project_domain_id", Kind::Text, "", "the project's domain, by id"),
    key("domain_name", Kind::Text, "", "the domain of both user and project"),
    key("application_credential_id", Kind::Text, "", "the id of the application credential"),
    key("application_credential_name", Kind::Text, "", "its name, in place of its id; needs username or user_id"),
    key("application_credential_secret", Kind::Lines, "", "its secret"),
    key("application_credential_secret_file", Kind::Path, "", "a file that contains only the secret"),
    key("application_credential_secret_env", Kind::Text, "", "an environment variable with the secret"),
    key("token", Kind::Lines, "", "a Keystone token, in place of user and password"),
    key("token_file", Kind::Path, "", "a file that contains only the token"),
    key("token_env", Kind::Text, "", "an environment variable with the token"),
    key("service_region", Kind::Text, "the only one", "the region in Keystone's catalogue"),
    same("region", "service_region"),
    same("region_name", "service_region"),
    key(
        "interface",
        Kind::OneOf(&["public", "internal", "admin", "publicURL", "internalURL", "adminURL"]),
        "public",
        "which endpoints of the catalogue to use",
    ),
    key(
        "compute_endpoint_override",
        Kind::Url,
        "the catalogue's",
        "the URL of the compute service; %(project_id)s stands for the project's id",
    ),
    key("image_endpoint_override", Kind::Url, "the catalogue's", "the URL of the image service"),
    key("network_endpoint_override", Kind::Url, "the catalogue's", "the URL of the network service"),
    key("volume_endpoint_override", Kind::Url, "the catalogue's", "the URL of the volume service"),
    key(
        "proxy",
        Kind::Proxy,
        "the environment's",
        "the proxy, as http://[USER:PASSWORD@]HOST:PORT; the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
    ),
    key(
        "cacert",
        Kind::Path,
        "the system's",
        "a PEM file with the certificate authority to trust, in place of the system's",
    ),
    key("cert", Kind::Path, "none", "a PEM file with the client certificate, if the cloud requires one"),
    key("key", Kind::Path, "cert", "a PEM file with the key of that certificate, if cert does not contain it"),
    refused("insecure"),
];

/// `[nodes.NAME]`
pub(super) const NODES: &[Key] = &[
    key(
        "provider",
        Kind::Texts,
        "required",
        "the name of a provider, or a list of names; each order goes to the first that has room",
    ),
    key(
        "image_name",
        Kind::Text,
        "required",
        "the image, by name, id or a pattern with * and ?; if several match, mita takes the newest active one",
    ),
    same("image", "image_name"),
    key("size", Kind::Text, "required without min_cores and min_ram", "the flavor, by name or id"),
    same("flavor", "size"),
    key("min_cores", Kind::Number(1, MOST), "", "in place of size: the smallest flavor with at least this many cores"),
    key("min_ram", Kind::Memory, "", "in place of size: the smallest flavor with at least this much memory, as in 8G"),
    key("keyname", Kind::Text, "none", "the key pair that may log in to the servers"),
    key("labels", Kind::Words, "none", "the labels of the nodes in Jenkins; a list, or one text with blanks"),
    key(
        "storage",
        Kind::Number(1, MOST),
        "none",
        "the size in GB of an additional empty volume, attached at the first boot and deleted with the server",
    ),
    key(
        "boot_volume",
        Kind::Table(BOOT_VOLUME),
        "none",
        "boot from a volume, as in { size = 20, type = \"ssd\" }; it is deleted with the server",
    ),
    key(
        "script",
        Kind::Lines,
        "none",
        "the boot script, passed as user data; mita replaces ${MITA_NODE}, ${MITA_ID}, ${MITA_SERVER_NAME}, ${MITA_LABELS} and ${JENKINS_URL}, and leaves any other ${...} to the shell",
    ),
    key("script_file", Kind::Path, "none", "a file that contains the boot script"),
    key("executors", Kind::Number(1, 1000), "1", "the number of executors of each node, as registered in Jenkins"),
    key("max", Kind::Number(0, MOST), "none", "the maximum number of servers of this type at a time; 0: order none"),
    key(
        "min_idle",
        Kind::NumberOrTables(MIN_IDLE),
        "0",
        "how many idle nodes to keep ready: a number, or a list by the hours of the week, as in [{ days = \"mon-fri\", hours = \"8-18\", count = 3 }]",
    ),
    key("single_use", Kind::Flag, "false", "whether a node is retired after its first build; needs executors = 1"),
    key("unlabelled", Kind::Flag, "false", "whether the nodes also serve jobs without a label"),
    key("networks", Kind::Texts, "the cloud chooses", "networks, by name or id"),
    key("ports", Kind::Texts, "none", "existing ports, by name or id; needs max = 1"),
    key(
        "floating_ip_pool",
        Kind::Text,
        "none",
        "the external network, by name or id, from which each server gets a floating IP",
    ),
    key("security_groups", Kind::Texts, "the project's default", "security groups, by name or id"),
    key("availability_zone", Kind::Text, "the cloud chooses", "the availability zone"),
    key("config_drive", Kind::Flag, "false", "whether the cloud attaches a configuration drive"),
    key("server_group", Kind::Text, "none", "the server group, by name or id"),
    key("scheduler_hints", Kind::Hints, "none", "scheduler hints: texts, or lists of texts"),
    key("tags", Kind::Texts, "none", "the tags of the servers"),
    key("description", Kind::Text, "none", "the description of the servers"),
    key("metadata", Kind::Metadata, "none", "more metadata of the servers; keys that begin with mita_ are reserved"),
    key(
        "server_name",
        Kind::Text,
        "{node}",
        "the names of the servers, made of {node} and {id}; with {id} each name is unique, and the node in Jenkins may have the same name in place of base+IP",
    ),
    key(
        "register",
        Kind::OneOf(&["none", "ssh", "inbound"]),
        "none",
        "who creates the nodes in Jenkins: the boot script (none), or mita, for agents that Jenkins connects to (ssh) or that connect to Jenkins (inbound)",
    ),
    key("remote_fs", Kind::Text, "/home/jenkins", "the remote root directory of the nodes"),
    key(
        "mode",
        Kind::OneOf(&["normal", "exclusive"]),
        "normal",
        "which jobs the nodes accept; exclusive: only jobs that ask for their labels",
    ),
    key("environment", Kind::Metadata, "none", "environment variables of the builds on the nodes"),
    key(
        "credentials_id",
        Kind::Text,
        "required for ssh",
        "the id of the credentials in Jenkins that log in to the servers",
    ),
    key(
        "host_key_verification",
        Kind::OneOf(&["known-hosts", "manually-provided", "manually-trusted", "non-verifying"]),
        "manually-trusted",
        "how Jenkins verifies the host key of a server; manually-trusted: trust the first key, then refuse any other",
    ),
    key("host_key", Kind::Text, "", "the host key for manually-provided, as in ssh-ed25519 AAAA..."),
    key("ssh_port", Kind::Number(1, 65_535), "22", "the port of sshd on the servers"),
    key("java_path", Kind::Text, "found by Jenkins", "the java command on the servers"),
    key("jvm_options", Kind::Text, "none", "JVM options of the agent"),
    key(
        "web_socket",
        Kind::Flag,
        "true",
        "for inbound: whether the agent connects by WebSocket; if not, it uses the TCP port of Jenkins for inbound agents",
    ),
    key(
        "stuck_after",
        Kind::Time,
        "as at the top",
        "how long a job must wait in the queue before mita orders a server for it",
    ),
    key("idle_grace", Kind::Time, "as at the top", "how long a node may be idle before it is retired"),
    key("boot_timeout", Kind::Time, "as at the top", "the maximum time from the order until the server is ACTIVE"),
    key(
        "join_timeout",
        Kind::Time,
        "as at the top",
        "the maximum time from ACTIVE until the node is online in Jenkins; also how long a node may be offline",
    ),
    key(
        "order_timeout",
        Kind::Time,
        "as at the top",
        "how long an order counts if its answer was lost, or if its server is not listed yet",
    ),
    key(
        "max_age",
        Kind::Time,
        "as at the top",
        "the age, counted from the order, at which a server takes no further build; it is retired once it is idle",
    ),
];

/// `boot_volume`
pub(super) const BOOT_VOLUME: &[Key] = &[
    key("size", Kind::Number(1, MOST), "required", "the size in GB"),
    key("type", Kind::Text, "the cloud's own", "the volume type, by name or id"),
];

/// An entry of `min_idle`
pub(super) const MIN_IDLE: &[Key] = &[
    key("days", Kind::Text, "every day", "the days of the week, as in mon-fri or sat,sun"),
    key("hours", Kind::Text, "the whole day", "the hours of the day, as in 8-18 or 22-6"),
    key("count", Kind::Number(0, MOST), "required", "how many idle nodes to keep ready"),
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
